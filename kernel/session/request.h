/* One request of a front end, however it travelled: decoded, verified, with what is needed to
 * answer it. Knows no sockets. */
#pragma once
#include "base/str.h"
#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>

enum channel { CHANNEL_SHELL, CHANNEL_CONTROL, CHANNEL_STDIN, CHANNEL_IOPUB };

/* Where a request came from. Counted and never changed, so that outputs which come late still go to
 * the right cell of the right client. */
struct origin {
    _Atomic int refs;
    enum channel channel;
    struct text header; /* JSON; the parent_header of every answer */
    struct text *ids;   /* routing frames, outermost first */
    int n_ids;
};

struct request {
    struct origin *origin;
    const char *type;                    /* lies in `header` */
    json_t *header, *metadata, *content; /* objects; content {} when it could not be read */
    struct text *buffers;
    int n_buffers;
    const char *fault;    /* why it cannot be served; NULL = it can */
    const char *subshell; /* lies in `header`; NULL = the parent shell */
    int64_t received_ns;  /* CLOCK_MONOTONIC */
    bool answered;        /* a reply has been sent */
    void *lane;           /* whose queue it came through (wire's business) */
};

struct origin *origin_new(enum channel channel, struct str header, const struct str *ids, int n);
struct origin *origin_ref(struct origin *o); /* NULL stays NULL */
void origin_unref(struct origin *o);
void request_free(struct request *r);
int64_t now_ns(void); /* CLOCK_MONOTONIC */
