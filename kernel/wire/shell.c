/* The thread that owns the shell and stdin sockets. */
#include "wire/shell.h"
#include "wire/dispatch.h"
#include "wire/kernel.h"
#include "wire/socket.h"
#include "session/json_text.h"
#include "session/log.h"
#include "base/pool.h"

struct shell {
    struct kernel *kernel;
    void *shell, *stdin_;
    struct post_queue queue;
    pthread_t thread;
    _Atomic bool stopping;
};

struct post_queue *shell_queue(struct shell *s) {
    return &s->queue;
}

static void sort_request(struct kernel *k, struct request *r) {
    struct lane *lane = kernel_find_lane(k, r->subshell);
    if (lane) {
        lane_add(lane, r);
        lane_unref(lane);
    } else {
        r->fault = "there is no subshell of this id";
        dispatch(k, r);
    }
}

static void drain_shell(struct shell *s) {
    bool more = true;
    while (more) {
        struct request *r = kernel_receive(s->kernel, s->shell, CHANNEL_SHELL, &more);
        if (r) sort_request(s->kernel, r);
    }
}

/* Answers count only while a question is open; others are dropped by the session. */
static void drain_stdin(struct shell *s) {
    bool more = true;
    while (more) {
        struct request *r = kernel_receive(s->kernel, s->stdin_, CHANNEL_STDIN, &more);
        struct str value = {"", 0};
        if (r && json_field_text(r->content, "value", &value)) {
            session_answer(&s->kernel->session, value);
        }
        request_free(r);
    }
}

static void send_one(struct shell *s, const struct post *p) {
    void *socket = p->channel == CHANNEL_STDIN ? s->stdin_ : s->shell;
    struct encoded m;
    enum send_result result = SEND_FAILED;
    if (message_encode(&s->kernel->encoder, p, &m)) {
        result = socket_send(socket, m.frames, m.n_frames);
    }
    encoded_clear(&m);
    if (result == SEND_DONE) return;
    log_note("%s could not be sent: the client is gone", p->type.p);
    if (p->channel == CHANNEL_STDIN) session_nobody_answers(&s->kernel->session);
}

static void send_all(struct shell *s) {
    struct post *list = post_queue_take_all(&s->queue);
    while (list) {
        struct post *p = list;
        list = p->next;
        if (p->mark) {
            drain_shell(s);
            lane_add_mark(p->mark);
            lane_unref(p->mark);
        } else {
            send_one(s, p);
        }
        post_free(p);
    }
}

static void *run(void *user) {
    struct shell *s = user;
    for (;;) {
        bool stopping = atomic_load(&s->stopping);
        send_all(s);
        if (stopping) return NULL;
        zmq_pollitem_t items[3] = {{.socket = s->shell, .events = ZMQ_POLLIN},
                                   {.socket = s->stdin_, .events = ZMQ_POLLIN},
                                   {.fd = s->queue.wake, .events = ZMQ_POLLIN}};
        zmq_poll(items, 3, -1);
        if (items[1].revents) drain_stdin(s);
        if (items[0].revents) drain_shell(s);
    }
}

bool shell_start(struct kernel *k, void *shell_socket, void *stdin_socket, struct err *e) {
    struct shell *s = pool_need(sizeof *s, e);
    if (!s) return false;
    int yes = 1;
    zmq_setsockopt(stdin_socket, ZMQ_ROUTER_MANDATORY, &yes, sizeof yes);
    s->kernel = k;
    s->shell = shell_socket;
    s->stdin_ = stdin_socket;
    k->shell = s; /* before the thread, which may answer at once */
    if (post_queue_init(&s->queue, e) && pthread_create(&s->thread, NULL, run, s) == 0) {
        pthread_setname_np(s->thread, "shell");
        return true;
    }
    k->shell = NULL;
    pool_free(s);
    return err_set(e, ERR_MEMORY, "cannot start a thread");
}

void shell_stop(struct shell *s) {
    if (!s) return;
    atomic_store(&s->stopping, true);
    post_queue_wake(&s->queue);
    pthread_join(s->thread, NULL);
    post_queue_clear(&s->queue);
    pool_free(s);
}
