/* The broadcast channel: an XPUB socket with manual subscriptions, so that the welcome is the first
 * message a subscriber gets, and without dropping, so that a late reader gets everything. A reader
 * that never reads would stop the others; after STALL_MS dropping is allowed until somebody leaves,
 * and messages are paced so that the good readers keep up. Stream text goes out at once when
 * nothing was sent lately, otherwise 20 times a second (servers cut off kernels that send more). */
#include "wire/iopub.h"
#include "wire/socket.h"
#include "session/json_text.h"
#include "session/log.h"
#include "base/pool.h"
#include <errno.h>
#include <stdatomic.h>
#include <time.h>

enum { STALL_MS = 2000, LAST_MS = 200, RETRY_MS = 2, STREAM_MS = 50, STREAM_NOW_BYTES = 64 << 10 };
/* Messages sent before subscriptions are looked at again; the same per millisecond when pacing. */
enum { AT_ONCE = 64, PACE = 4 };

struct iopub {
    void *socket;
    struct encoder *enc;
    struct post_queue queue;
    pthread_t thread;
    _Atomic bool stopping;
    _Atomic bool hurry;       /* hold nothing back until all is sent */
    struct post *head, *tail; /* taken from the queue, not yet sent */
    int64_t stream_ns;        /* when the last stream message went out */
    int64_t stalled_ns;       /* since when there has been no room; 0 = there is */
    bool may_drop;            /* a reader is stuck */
    pthread_mutex_t lock;     /* has_subscriber */
    pthread_cond_t changed;
    bool has_subscriber;
};

struct post_queue *iopub_queue(struct iopub *p) {
    return &p->queue;
}

static bool send_post(struct iopub *p, const struct post *post) {
    struct encoded m;
    enum send_result result = SEND_FAILED;
    if (message_encode(p->enc, post, &m)) result = socket_send(p->socket, m.frames, m.n_frames);
    encoded_clear(&m);
    return result != SEND_AGAIN;
}

/* Before everything that waits. Takes the message. */
static void send_first(struct iopub *p, struct post *post) {
    if (send_post(p, post)) {
        post_free(post);
        return;
    }
    post->next = p->head;
    p->head = post;
    if (!p->tail) p->tail = post;
}

static void welcome(struct iopub *p, struct str topic) {
    json_t *name = json_stringn(topic.n ? topic.p : "", topic.n);
    if (!name) return; /* not UTF-8: no welcome */
    struct post *post = post_new(CHANNEL_IOPUB, NULL, STR("iopub_welcome"));
    json_t *content = json_object();
    json_object_set_new(content, "subscription", name);
    if (post) {
        json_write(content, &post->content);
        text_add(&post->topic, topic);
        post->has_topic = true;
        send_first(p, post);
    }
    json_decref(content);
}

static void note_subscriber(struct iopub *p) {
    pthread_mutex_lock(&p->lock);
    p->has_subscriber = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void iopub_wait_subscriber(struct iopub *p, int ms) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&p->lock);
    while (!p->has_subscriber) {
        if (pthread_cond_timedwait(&p->changed, &p->lock, &until) == ETIMEDOUT) break;
    }
    pthread_mutex_unlock(&p->lock);
}

static void set_dropping(struct iopub *p, bool may_drop) {
    int nodrop = !may_drop;
    zmq_setsockopt(p->socket, ZMQ_XPUB_NODROP, &nodrop, sizeof nodrop);
    p->may_drop = may_drop;
    p->stalled_ns = 0;
}

static void take_subscriptions(struct iopub *p) {
    struct inbound in;
    while (socket_receive(p->socket, &in)) {
        struct str body = in.frames[0];
        if (body.n && (body.p[0] == 0 || body.p[0] == 1)) {
            struct str topic = {body.p + 1, body.n - 1};
            int option = body.p[0] ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE;
            zmq_setsockopt(p->socket, option, topic.p, topic.n);
            if (body.p[0]) {
                welcome(p, topic);
                note_subscriber(p);
            } else if (p->may_drop) {
                set_dropping(p, false);
            }
        }
        inbound_clear(&in);
    }
}

static bool join_streams(struct post *tail, struct post *next) {
    bool same = tail && tail->is_stream && next->is_stream && tail->parent == next->parent &&
                tail->is_error == next->is_error &&
                tail->content.n + next->content.n <= STREAM_NOW_BYTES;
    return same && text_add(&tail->content, text_str(&next->content));
}

/* Move the queue behind what is unsent; nothing is taken while there is no room on the socket, so
 * that writers feel it. */
static void take_queue(struct iopub *p) {
    struct post *next = post_queue_take_all(&p->queue);
    while (next) {
        struct post *post = next;
        next = post->next;
        post->next = NULL;
        if (join_streams(p->tail, post)) {
            post_queue_sent(&p->queue, post_bytes(post) - post->content.n);
            post_free(post);
            continue;
        }
        if (p->tail) p->tail->next = post;
        else p->head = post;
        p->tail = post;
    }
}

/* How long the message may still wait for more text of its stream, in ms. */
static int hold_ms(const struct iopub *p, const struct post *post) {
    bool is_last = post == p->tail && !atomic_load(&p->stopping) && !atomic_load(&p->hurry);
    if (!post->is_stream || !is_last || post->content.n >= STREAM_NOW_BYTES) return 0;
    int64_t left = p->stream_ns + STREAM_MS * 1000000LL - now_ns();
    return left > 0 ? (int)(left / 1000000) + 1 : 0;
}

static void note_stall(struct iopub *p) {
    int64_t now = now_ns();
    if (!p->stalled_ns) p->stalled_ns = now;
    int64_t patience = atomic_load(&p->stopping) ? LAST_MS : STALL_MS;
    if (now - p->stalled_ns < patience * 1000000LL) return;
    log_warn("iopub", "a subscriber does not read; it will miss messages");
    set_dropping(p, true);
}

/* Send what can be sent. Returns how long to wait before trying again, -1 = until woken. */
static int send_some(struct iopub *p) {
    int n_left = p->may_drop && !atomic_load(&p->stopping) ? PACE : AT_ONCE;
    while (p->head) {
        if (n_left-- == 0) return p->may_drop;
        struct post *post = p->head;
        int wait = hold_ms(p, post);
        if (wait) return wait;
        if (!send_post(p, post)) {
            note_stall(p);
            return RETRY_MS;
        }
        p->stalled_ns = 0;
        if (post->is_stream) p->stream_ns = now_ns();
        p->head = post->next;
        if (!p->head) p->tail = NULL;
        if (!post->has_topic) post_queue_sent(&p->queue, post_bytes(post));
        post_free(post);
    }
    atomic_store(&p->hurry, false);
    return -1;
}

void iopub_hurry(struct iopub *p) {
    atomic_store(&p->hurry, true);
    post_queue_wake(&p->queue);
}

static void *run(void *user) {
    struct iopub *p = user;
    for (;;) {
        bool stopping = atomic_load(&p->stopping);
        take_subscriptions(p);
        bool take = !p->head || p->head == p->tail;
        if (take) take_queue(p);
        int wait = send_some(p);
        if (stopping && take && !p->head) return NULL;
        bool is_held = wait > 0 && p->head == p->tail && !p->stalled_ns;
        bool listen = wait < 0 || is_held;
        if (is_held) post_queue_quiet(&p->queue);
        zmq_pollitem_t items[2] = {{.socket = p->socket, .events = ZMQ_POLLIN},
                                   {.fd = p->queue.wake, .events = ZMQ_POLLIN}};
        zmq_poll(items, listen ? 2 : 1, wait);
    }
}

struct iopub *iopub_start(void *socket, struct encoder *enc, struct err *e) {
    struct iopub *p = pool_need(sizeof *p, e);
    if (!p) return NULL;
    p->socket = socket;
    p->enc = enc;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    if (post_queue_init(&p->queue, e) && pthread_create(&p->thread, NULL, run, p) == 0) {
        pthread_setname_np(p->thread, "iopub");
        return p;
    }
    pool_free(p);
    err_set(e, ERR_MEMORY, "cannot start a thread");
    return NULL;
}

void iopub_stop(struct iopub *p) {
    if (!p) return;
    post_queue_close(&p->queue);
    atomic_store(&p->stopping, true);
    post_queue_wake(&p->queue);
    pthread_join(p->thread, NULL);
    post_queue_clear(&p->queue);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    pool_free(p);
}
