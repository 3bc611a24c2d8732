/* The thread behind %timeout. */
#include "timeout.h"
#include "base/pool.h"
#include <pthread.h>
#include <time.h>

struct timeout {
    atomic_bool *stop;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct timespec until;
    bool has_thread, counting, fired, ending;
};

struct timeout *timeout_new(atomic_bool *stop) {
    struct timeout *t = pool_zalloc(sizeof *t);
    pthread_condattr_t monotonic;
    if (!t) return NULL;
    t->stop = stop;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return t;
}

static bool is_over(const struct timespec *until) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > until->tv_sec ||
           (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

static void *watch(void *user) {
    struct timeout *t = user;
    pthread_mutex_lock(&t->lock);
    while (!t->ending) {
        if (!t->counting) {
            pthread_cond_wait(&t->changed, &t->lock);
        } else if (is_over(&t->until)) {
            t->counting = false;
            t->fired = true;
            atomic_store(t->stop, true);
        } else {
            pthread_cond_timedwait(&t->changed, &t->lock, &t->until);
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

bool timeout_start(struct timeout *t, double seconds) {
    pthread_mutex_lock(&t->lock);
    clock_gettime(CLOCK_MONOTONIC, &t->until);
    double whole = (double)(long)seconds;
    t->until.tv_sec += (time_t)whole;
    t->until.tv_nsec += (long)((seconds - whole) * 1e9);
    if (t->until.tv_nsec >= 1000000000) t->until.tv_sec++, t->until.tv_nsec -= 1000000000;
    t->counting = true;
    t->fired = false;
    if (!t->has_thread) t->has_thread = pthread_create(&t->thread, NULL, watch, t) == 0;
    pthread_cond_signal(&t->changed);
    bool ok = t->has_thread;
    pthread_mutex_unlock(&t->lock);
    return ok;
}

bool timeout_cancel(struct timeout *t) {
    pthread_mutex_lock(&t->lock);
    bool fired = t->fired;
    t->counting = t->fired = false;
    pthread_mutex_unlock(&t->lock);
    return fired;
}

void timeout_free(struct timeout *t) {
    if (!t) return;
    pthread_mutex_lock(&t->lock);
    t->ending = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
    if (t->has_thread) pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    pool_free(t);
}
