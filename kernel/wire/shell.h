/* The thread that owns the shell and stdin sockets: sorts requests into lanes, brings answers of
 * the user to the session, and sends replies and questions. */
#pragma once
#include "wire/post_queue.h"

struct kernel;
struct shell;

/* Sets k->shell, before the thread runs. */
bool shell_start(struct kernel *k, void *shell_socket, void *stdin_socket, struct err *e);
/* What was handed over is sent first. */
void shell_stop(struct shell *s);
/* Where replies on shell and questions on stdin go. */
struct post_queue *shell_queue(struct shell *s);
