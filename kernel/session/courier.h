/* The session's way out: what it asks of whoever carries its messages. All functions may be called
 * from any thread, copy what they are given, and never wait for a front end (except `stream` and
 * `publish` while a great deal is still unsent). */
#pragma once
#include "session/request.h"

struct courier {
    void *user;
    /* On iopub. `metadata` may be NULL. */
    void (*publish)(void *user, struct origin *parent, const char *type, const json_t *content,
                    const json_t *metadata, const struct text *buffers, int n_buffers);
    /* A piece of stdout or stderr; neighbouring pieces may be put together. */
    void (*stream)(void *user, struct origin *parent, bool is_error, struct str utf8);
    /* To whom the request came from, on the channel it came on. `metadata` may be NULL. */
    void (*reply)(void *user, struct request *r, const json_t *content, const json_t *metadata);
    /* input_request to the client of `to`. The answer comes through session_answer. */
    void (*question)(void *user, struct origin *to, const json_t *content);
    /* The executes that wait behind `r` now shall be aborted. */
    void (*abort_queued)(void *user, struct request *r);
    /* Does a request `later` that makes `r` superfluous wait behind it? NULL = never. */
    bool (*has_later)(void *user, const struct request *r,
                      bool (*supersedes)(void *by, const struct request *r,
                                         const struct request *later),
                      void *by);
};
