/* The thread that must always answer. Signals come as data (signalfd), so no handler runs at a bad
 * moment; the parent's death comes through a descriptor too, where the system has those. */
#include "wire/control.h"
#include "wire/dispatch.h"
#include "wire/kernel.h"
#include "wire/parent.h"
#include "wire/socket.h"
#include "session/log.h"
#include "base/pool.h"
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* An interrupt is repeated a few times: one that comes while the cell is just starting would
 * otherwise be cleared together with older ones. */
enum { REPEAT_MS = 3, REPEATS = 4, PARENT_MS = 1000, PATIENCE_MS = 400 };

struct control {
    struct kernel *kernel;
    void *socket;
    int signals, wake;
    struct parent parent;
    pthread_t thread;
    _Atomic int n_repeats;      /* engine_stop calls still to make */
    _Atomic uint32_t stop_cell; /* for this cell only */
};

void control_wake(struct control *c) {
    uint64_t one = 1;
    if (write(c->wake, &one, sizeof one) < 0) return; /* full: awake already */
}

void control_interrupt(struct control *c) {
    struct session *s = &c->kernel->session;
    uint32_t cell = atomic_load(&s->cell_serial);
    if (!session_interrupt(s)) return;
    atomic_store(&c->stop_cell, cell);
    atomic_store(&c->n_repeats, REPEATS);
    control_wake(c);
}

void control_send(struct control *c, const struct post *p) {
    struct encoded m;
    if (message_encode(&c->kernel->encoder, p, &m) &&
        socket_send(c->socket, m.frames, m.n_frames) != SEND_DONE) {
        log_note("%s could not be sent: the client is gone", p->type.p);
    }
    encoded_clear(&m);
}

static void drain_requests(struct control *c) {
    bool more = true;
    while (more && !atomic_load(&c->kernel->shutdown_asked)) {
        struct request *r = kernel_receive(c->kernel, c->socket, CHANNEL_CONTROL, &more);
        if (r) dispatch(c->kernel, r);
    }
}

static void drain_signals(struct control *c) {
    struct signalfd_siginfo info;
    while (read(c->signals, &info, sizeof info) == sizeof info) {
        log_note("signal %u", info.ssi_signo);
        if (info.ssi_signo == SIGINT) control_interrupt(c);
        else atomic_store(&c->kernel->shutdown_asked, true);
    }
}

static void repeat_interrupt(struct control *c) {
    if (atomic_load(&c->n_repeats) <= 0) return;
    atomic_fetch_sub(&c->n_repeats, 1);
    session_repeat_interrupt(&c->kernel->session, atomic_load(&c->stop_cell));
}

static int poll_ms(const struct control *c) {
    if (atomic_load(&c->n_repeats) > 0) return REPEAT_MS;
    return parent_needs_poll(&c->parent) ? PARENT_MS : -1;
}

static void wait_for_something(struct control *c) {
    uint64_t n;
    zmq_pollitem_t items[4] = {{.socket = c->socket, .events = ZMQ_POLLIN},
                               {.fd = c->signals, .events = ZMQ_POLLIN},
                               {.fd = c->wake, .events = ZMQ_POLLIN},
                               {.fd = c->parent.fd, .events = ZMQ_POLLIN}};
    int count = c->parent.fd >= 0 ? 4 : 3;
    zmq_poll(items, count, poll_ms(c));
    if (items[2].revents && read(c->wake, &n, sizeof n) < 0) n = 0;
    if (items[1].revents) drain_signals(c);
    if (items[0].revents) drain_requests(c);
    if (parent_is_gone(&c->parent)) {
        log_note("the parent process is gone");
        atomic_store(&c->kernel->shutdown_asked, true);
    }
}

/* The main thread may sit in something that does not listen; the process ends all the same, with
 * everything already said sent out. */
static void leave_without_main(struct kernel *k) {
    for (int i = 0; i < PATIENCE_MS && !atomic_load(&k->main_done); i += 5) {
        if (i % 20 == 0)
            session_repeat_interrupt(&k->session, atomic_load(&k->session.cell_serial));
        usleep(5000);
    }
    if (atomic_load(&k->main_done)) return;
    log_note("the running cell did not stop; ending anyway");
    iopub_stop(k->iopub);
    history_flush(k->session.history);
    _exit(0);
}

static void *run(void *user) {
    struct control *c = user;
    struct kernel *k = c->kernel;
    while (!atomic_load(&k->shutdown_asked)) {
        wait_for_something(c);
        repeat_interrupt(c);
    }
    children_end();
    kernel_finish(k);
    leave_without_main(k);
    return NULL;
}

bool control_start(struct kernel *k, void *socket, struct err *e) {
    struct control *c = pool_need(sizeof *c, e);
    if (!c) return false;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    c->kernel = k;
    c->socket = socket;
    c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    parent_init(&c->parent);
    k->control = c; /* requests may wait at the door: the thread answers them at once */
    if (pthread_create(&c->thread, NULL, run, c) == 0) {
        pthread_setname_np(c->thread, "control");
        return true;
    }
    k->control = NULL;
    pool_free(c);
    return err_set(e, ERR_MEMORY, "cannot start a thread");
}

void control_join(struct control *c) {
    if (!c) return;
    pthread_join(c->thread, NULL);
    parent_clear(&c->parent);
    close(c->signals);
    close(c->wake);
    pool_free(c);
}
