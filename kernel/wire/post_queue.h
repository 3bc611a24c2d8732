/* Messages on their way from any thread to the one that owns a socket. Wakes its poll through an
 * event descriptor. */
#pragma once
#include "wire/message.h"
#include <pthread.h>

struct post_queue {
    pthread_mutex_t lock;
    pthread_cond_t room; /* the queue got shorter */
    struct post *head, *tail;
    size_t n_bytes; /* added and not yet reported as sent */
    int wake;       /* eventfd, readable while something waits to be looked at */
    bool closed;    /* nobody waits for room any more */
    bool quiet;     /* stream text need not wake the reader */
};

bool post_queue_init(struct post_queue *q, struct err *e);
void post_queue_clear(struct post_queue *q);
void post_queue_wake(struct post_queue *q);
/* Takes the message. */
void post_queue_add(struct post_queue *q, struct post *take);
/* The whole list, in order; the queue is empty then. */
struct post *post_queue_take_all(struct post_queue *q);
/* So many bytes (post_bytes) of what was taken are gone: there is room for others. */
void post_queue_sent(struct post_queue *q, size_t bytes);

/* iopub: a stream piece joins the last message when that is the same stream of the same cell; an
 * update of a display replaces one that still waits. Waits while too much is unsent. */
void post_queue_add_iopub(struct post_queue *q, struct post *take);
void post_queue_add_stream(struct post_queue *q, struct origin *parent, bool is_error,
                           struct str utf8);
/* The reader will look again soon by itself: stream text does not wake it until it takes the list.
 */
void post_queue_quiet(struct post_queue *q);
/* No more waiting for room: the reader is about to end. */
void post_queue_close(struct post_queue *q);
