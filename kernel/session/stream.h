/* Stream text of the running cell: whose it is, whether it is wanted, and how much is too much.
 * Called by the thread that runs the cell and by the one that reads captured output. */
#pragma once
#include "session/courier.h"

struct stream;

struct stream *stream_new(const struct courier *courier);
void stream_free(struct stream *s);
/* A cell starts: text belongs to `origin` until the next one starts. */
void stream_begin(struct stream *s, struct origin *origin, bool silent);
void stream_write(struct stream *s, bool is_error, struct str utf8);
/* The cell is over: says what was left out, if anything. Later text (of background threads) still
 * goes to the same cell. */
void stream_end(struct stream *s);
