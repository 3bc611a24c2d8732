/* Messages on their way from any thread to the one that owns a socket. */
#include "wire/post_queue.h"
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Stream messages grow to this size; a queue with more than QUEUE_MAX unsent bytes makes its
 * writers wait; an update looks this many messages back for one to replace. */
enum { STREAM_PIECE_MAX = 64 << 10, QUEUE_MAX = 64 << 20, LOOK_BACK = 64 };

bool post_queue_init(struct post_queue *q, struct err *e) {
    memset(q, 0, sizeof *q);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->room, NULL);
    q->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return q->wake >= 0 || err_set(e, ERR_BUG, "no event descriptor is left");
}

static void free_list(struct post *p) {
    while (p) {
        struct post *next = p->next;
        post_free(p);
        p = next;
    }
}

void post_queue_clear(struct post_queue *q) {
    free_list(q->head);
    close(q->wake);
    pthread_cond_destroy(&q->room);
    pthread_mutex_destroy(&q->lock);
}

void post_queue_wake(struct post_queue *q) {
    uint64_t one = 1;
    if (write(q->wake, &one, sizeof one) < 0) return; /* full: it is awake already */
}

/* Needs the lock. */
static void append(struct post_queue *q, struct post *p) {
    p->next = NULL;
    if (q->tail) q->tail->next = p;
    else q->head = p;
    q->tail = p;
    q->n_bytes += post_bytes(p);
}

void post_queue_add(struct post_queue *q, struct post *take) {
    if (!take) return;
    pthread_mutex_lock(&q->lock);
    append(q, take);
    pthread_mutex_unlock(&q->lock);
    post_queue_wake(q);
}

struct post *post_queue_take_all(struct post_queue *q) {
    uint64_t n;
    if (read(q->wake, &n, sizeof n) < 0) n = 0; /* nothing was announced */
    pthread_mutex_lock(&q->lock);
    struct post *list = q->head;
    q->head = q->tail = NULL;
    q->quiet = false;
    pthread_mutex_unlock(&q->lock);
    return list;
}

void post_queue_sent(struct post_queue *q, size_t bytes) {
    pthread_mutex_lock(&q->lock);
    q->n_bytes -= bytes;
    if (q->n_bytes <= QUEUE_MAX) pthread_cond_broadcast(&q->room);
    pthread_mutex_unlock(&q->lock);
}

void post_queue_quiet(struct post_queue *q) {
    pthread_mutex_lock(&q->lock);
    q->quiet = true;
    pthread_mutex_unlock(&q->lock);
}

/* Needs the lock. */
static void wait_for_room(struct post_queue *q) {
    while (q->n_bytes > QUEUE_MAX && !q->closed) pthread_cond_wait(&q->room, &q->lock);
}

static bool is_same_display(const struct post *a, const struct post *b) {
    return a->display_id.n && a->parent == b->parent &&
           str_same(text_str(&a->display_id), text_str(&b->display_id));
}

/* Needs the lock. The update that waits among the last LOOK_BACK messages, or NULL. */
static struct post *waiting_update(struct post_queue *q, const struct post *p) {
    struct post *found = NULL;
    int n = 0;
    if (!p->display_id.n) return NULL;
    for (struct post *x = q->head; x; x = x->next, n++) {
        if (is_same_display(x, p)) found = x;
        if (n == LOOK_BACK) return NULL; /* a long queue is not searched to its end */
    }
    return found;
}

/* Needs the lock. `old` waits in the queue and says what `fresh` says. */
static void swap_content(struct post_queue *q, struct post *old, struct post *fresh) {
    struct text content = old->content, metadata = old->metadata;
    q->n_bytes -= post_bytes(old);
    old->content = fresh->content;
    old->metadata = fresh->metadata;
    q->n_bytes += post_bytes(old);
    fresh->content = content;
    fresh->metadata = metadata;
}

/* Only outputs wait: the control thread, which sends statuses, must answer at any time. */
static bool is_output(const struct post *p) {
    return !str_is(text_str(&p->type), "status") && !str_is(text_str(&p->type), "shutdown_reply");
}

void post_queue_add_iopub(struct post_queue *q, struct post *take) {
    if (!take) return;
    pthread_mutex_lock(&q->lock);
    if (is_output(take)) wait_for_room(q);
    struct post *old = waiting_update(q, take);
    if (old) swap_content(q, old, take);
    else append(q, take);
    pthread_mutex_unlock(&q->lock);
    if (old) post_free(take);
    post_queue_wake(q);
}

static bool can_join(const struct post *tail, const struct origin *parent, bool is_error,
                     size_t bytes) {
    return tail && tail->is_stream && tail->parent == parent && tail->is_error == is_error &&
           tail->content.n + bytes <= STREAM_PIECE_MAX;
}

void post_queue_add_stream(struct post_queue *q, struct origin *parent, bool is_error,
                           struct str utf8) {
    pthread_mutex_lock(&q->lock);
    wait_for_room(q);
    bool joined = can_join(q->tail, parent, is_error, utf8.n);
    if (joined) {
        text_add(&q->tail->content, utf8);
        q->n_bytes += utf8.n;
    } else {
        struct post *p = post_new(CHANNEL_IOPUB, parent, STR("stream"));
        if (p) {
            p->is_stream = true;
            p->is_error = is_error;
            text_add(&p->content, utf8);
            append(q, p);
        }
    }
    bool wake = !joined && !q->quiet;
    pthread_mutex_unlock(&q->lock);
    if (wake) post_queue_wake(q);
}

void post_queue_close(struct post_queue *q) {
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->room);
    pthread_mutex_unlock(&q->lock);
}
