/* The broadcast channel: one thread owns the socket, every other hands messages over. A new
 * subscriber is welcomed before it sees anything else; nothing is lost while subscribers read. */
#pragma once
#include "wire/post_queue.h"

struct iopub;

struct iopub *iopub_start(void *socket, struct encoder *enc, struct err *e);
/* Everything handed over is sent (slow readers get a fifth of a second), then the thread ends. */
void iopub_stop(struct iopub *p);
struct post_queue *iopub_queue(struct iopub *p);
/* What is held back for more text goes out now: the user is about to be asked something. */
void iopub_hurry(struct iopub *p);
/* Wait until somebody has subscribed, at most `ms`. */
void iopub_wait_subscriber(struct iopub *p, int ms);
