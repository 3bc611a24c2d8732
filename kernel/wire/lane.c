/* A queue of shell requests and the thread that answers them. */
#include "wire/lane.h"
#include "wire/dispatch.h"
#include "wire/kernel.h"
#include "base/pool.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Idle time after which typed lines are written to the history file. */
enum { HISTORY_AFTER_MS = 400 };

struct lane_item {
    struct lane_item *next;
    struct request *request; /* NULL = a mark */
};

struct lane *lane_new(struct kernel *k, const char *id) {
    struct lane *l = pool_zalloc(sizeof *l);
    if (!l) return NULL;
    l->kernel = k;
    l->n_users = 1;
    snprintf(l->id, sizeof l->id, "%s", id);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    return l;
}

struct lane *lane_ref(struct lane *l) {
    atomic_fetch_add(&l->n_users, 1);
    return l;
}

void lane_unref(struct lane *l) {
    if (!l || atomic_fetch_sub(&l->n_users, 1) > 1) return;
    while (l->head) {
        struct lane_item *item = l->head;
        l->head = item->next;
        request_free(item->request);
        pool_free(item);
    }
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    pool_free(l);
}

static void add(struct lane *l, struct request *r) {
    struct lane_item *item = pool_zalloc(sizeof *item);
    if (!item) {
        request_free(r);
        return;
    }
    item->request = r;
    if (r) r->lane = l;
    pthread_mutex_lock(&l->lock);
    if (l->tail) l->tail->next = item;
    else l->head = item;
    l->tail = item;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

void lane_add(struct lane *l, struct request *take) {
    add(l, take);
}

bool lane_has_later(struct lane *l, const struct request *r,
                    bool (*supersedes)(void *by, const struct request *r,
                                       const struct request *later),
                    void *by) {
    bool found = false;
    pthread_mutex_lock(&l->lock);
    for (const struct lane_item *item = l->head; item && !found; item = item->next)
        found = item->request && !item->request->fault && supersedes(by, r, item->request);
    pthread_mutex_unlock(&l->lock);
    return found;
}

void lane_add_mark(struct lane *l) {
    add(l, NULL);
}

void lane_expect_mark(struct lane *l) {
    l->n_marks++;
}

void lane_close(struct lane *l, bool abandon) {
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    l->abandon = l->abandon || abandon;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

/* Needs the lock; gives it up while waiting. After a while without work the history is saved. */
static void wait_for_work(struct lane *l) {
    struct history *h = l->kernel->session.history;
    if (l->id[0] || !history_is_pending(h)) {
        pthread_cond_wait(&l->changed, &l->lock);
        return;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += HISTORY_AFTER_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (pthread_cond_timedwait(&l->changed, &l->lock, &until) != ETIMEDOUT) return;
    pthread_mutex_unlock(&l->lock);
    history_flush(h);
    pthread_mutex_lock(&l->lock);
}

static struct lane_item *next_item(struct lane *l) {
    pthread_mutex_lock(&l->lock);
    while (!l->head && !l->closing) wait_for_work(l);
    struct lane_item *item = l->abandon ? NULL : l->head;
    if (item) l->head = item->next;
    if (!l->head) l->tail = NULL;
    pthread_mutex_unlock(&l->lock);
    return item;
}

void lane_run(struct lane *l) {
    struct lane_item *item;
    while ((item = next_item(l))) {
        struct request *r = item->request;
        pool_free(item);
        if (!r) l->n_marks--;
        else if (l->n_marks > 0 && strcmp(r->type, "execute_request") == 0) {
            dispatch_aborted(l->kernel, r);
        } else dispatch(l->kernel, r);
    }
}
