/* What C libraries and child processes write to file descriptors 1 and 2. */
#include "session/capture.h"
#include "session/json_text.h"
#include "base/pool.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20, READ_BYTES = 64 << 10 };

struct tap {
    int fd;    /* 1 or 2 */
    int saved; /* what it was before */
    int read_end;
    char rest[4]; /* the first bytes of a character whose end has not come yet */
    size_t n_rest;
};

struct capture {
    struct tap taps[2];
    int wake;
    pthread_t thread;
    pthread_mutex_t lock; /* taps' rests, buffer, deliver */
    void (*deliver)(void *user, bool is_error, struct str utf8);
    void *user;
    char buffer[READ_BYTES + 4];
};

static void deliver(struct capture *c, struct tap *t, struct str bytes) {
    if (!bytes.n) return;
    struct text fixed = {0};
    utf8_repair(bytes, &fixed);
    c->deliver(c->user, t->fd == 2, text_str(&fixed));
    text_clear(&fixed);
}

/* One read of at most `limit` bytes; 0 when there was nothing. Needs the lock. */
static size_t read_some(struct capture *c, struct tap *t, size_t limit) {
    memcpy(c->buffer, t->rest, t->n_rest);
    ssize_t got = read(t->read_end, c->buffer + t->n_rest, limit < READ_BYTES ? limit : READ_BYTES);
    if (got <= 0) return 0;
    size_t n = t->n_rest + (size_t)got;
    size_t whole = utf8_whole((struct str){c->buffer, n});
    t->n_rest = n - whole;
    memcpy(t->rest, c->buffer + whole, t->n_rest);
    deliver(c, t, (struct str){c->buffer, whole});
    return (size_t)got;
}

/* Only what is in the pipe now: a child that keeps writing must not hold the cell open. */
static void drain_tap(struct capture *c, struct tap *t) {
    int waiting = 0;
    if (ioctl(t->read_end, FIONREAD, &waiting) != 0) return;
    size_t left = waiting > 0 ? (size_t)waiting : 0;
    while (left) {
        size_t got = read_some(c, t, left);
        if (!got) return;
        left -= got < left ? got : left;
    }
}

void capture_drain(struct capture *c) {
    if (!c) return;
    fflush(stdout);
    fflush(stderr);
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < 2; i++) drain_tap(c, &c->taps[i]);
    pthread_mutex_unlock(&c->lock);
}

static void *run(void *user) {
    struct capture *c = user;
    struct pollfd fds[3] = {{.fd = c->taps[0].read_end, .events = POLLIN},
                            {.fd = c->taps[1].read_end, .events = POLLIN},
                            {.fd = c->wake, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 3, -1) < 0 && errno != EINTR) return NULL;
        if (fds[2].revents) return NULL;
        pthread_mutex_lock(&c->lock);
        for (int i = 0; i < 2; i++) {
            if (fds[i].revents & POLLIN) read_some(c, &c->taps[i], READ_BYTES);
            if (fds[i].revents & (POLLHUP | POLLERR)) fds[i].fd = -1;
        }
        pthread_mutex_unlock(&c->lock);
    }
}

static bool tap_open(struct tap *t, int fd, struct err *e) {
    int ends[2];
    t->fd = fd;
    t->saved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set(e, ERR_FILE, "cannot open a pipe: %s", strerror(errno));
    }
    t->read_end = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* a smaller pipe works as well */
    bool ok = dup2(ends[1], fd) == fd;
    close(ends[1]);
    return ok || err_set(e, ERR_FILE, "cannot redirect output: %s", strerror(errno));
}

static void tap_close(struct tap *t) {
    if (t->saved >= 0) {
        dup2(t->saved, t->fd);
        close(t->saved);
    }
    if (t->read_end >= 0) close(t->read_end);
}

struct capture *capture_start(void (*deliver_to)(void *user, bool is_error, struct str utf8),
                              void *user, struct err *e) {
    struct capture *c = pool_need(sizeof *c, e);
    if (!c) return NULL;
    c->deliver = deliver_to;
    c->user = user;
    c->taps[0].saved = c->taps[1].saved = c->taps[0].read_end = c->taps[1].read_end = -1;
    pthread_mutex_init(&c->lock, NULL);
    c->wake = eventfd(0, EFD_CLOEXEC);
    bool ok = tap_open(&c->taps[0], 1, e) && tap_open(&c->taps[1], 2, e);
    if (ok) setvbuf(stdout, NULL, _IOLBF, 0);
    if (ok && pthread_create(&c->thread, NULL, run, c) == 0) return c;
    if (ok) err_set(e, ERR_MEMORY, "cannot start a thread");
    for (int i = 0; i < 2; i++) tap_close(&c->taps[i]);
    close(c->wake);
    pool_free(c);
    return NULL;
}

int capture_real_stderr(const struct capture *c) {
    return c ? c->taps[1].saved : 2;
}

void capture_stop(struct capture *c) {
    if (!c) return;
    capture_drain(c);
    uint64_t one = 1;
    if (write(c->wake, &one, sizeof one) == sizeof one) pthread_join(c->thread, NULL);
    for (int i = 0; i < 2; i++) tap_close(&c->taps[i]);
    close(c->wake);
    pthread_mutex_destroy(&c->lock);
    pool_free(c);
}
