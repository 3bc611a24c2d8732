/* The thread that must always answer: control requests, signals, the death of the parent process.
 */
#pragma once
#include "base/err.h"

struct kernel;
struct control;
struct post;

/* Sets k->control, before the thread runs. */
bool control_start(struct kernel *k, void *socket, struct err *e);
/* Waits for the thread; it ends by itself after a shutdown request, a signal, or kernel_finish. */
void control_join(struct control *c);
void control_wake(struct control *c);
/* Send a reply; only from the control thread. */
void control_send(struct control *c, const struct post *p);
/* An interrupt was asked for (any thread). */
void control_interrupt(struct control *c);
