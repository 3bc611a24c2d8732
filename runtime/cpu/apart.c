/* See apart.h. The thread and the one who waits meet in one place, for there is one computation at
 * a time. */
#include "apart.h"
#include <pthread.h>
#include <signal.h>
#include <time.h>

enum { LOOK_NS = 5 * 1000 * 1000 }; /* between two looks at the stop flag */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool busy, left; /* left: nobody waits any more */
    void (*work)(void *job), (*clear)(void *job);
    void *job;
} place = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

static void *run(void *unused) {
    (void)unused;
    place.work(place.job);
    pthread_mutex_lock(&place.lock);
    if (place.left) place.clear(place.job);
    place.busy = false;
    pthread_cond_broadcast(&place.ended);
    pthread_mutex_unlock(&place.lock);
    return NULL;
}

/* Until nothing runs here; false when somebody wants to stop. The lock is held. */
static bool wait_for_end(const _Atomic bool *stop) {
    while (place.busy) {
        if (atomic_load_explicit(stop, memory_order_relaxed)) return false;
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += LOOK_NS;
        if (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
        pthread_cond_timedwait(&place.ended, &place.lock, &t);
    }
    return true;
}

/* A thread that no signal finds. */
static bool start(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0) return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&thread, &attributes, run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

bool apart_run(void (*work)(void *job), void (*clear)(void *job), void *job,
               const _Atomic bool *stop, struct err *e) {
    if (!stop) return work(job), true;
    pthread_mutex_lock(&place.lock);
    bool free_now = wait_for_end(stop), begun = false, done = false;
    if (free_now) {
        place.work = work;
        place.clear = clear;
        place.job = job;
        place.left = false;
        place.busy = begun = start();
    }
    if (begun) done = wait_for_end(stop);
    if (begun && !done) place.left = true;
    pthread_mutex_unlock(&place.lock);
    if (free_now && !begun) return work(job), true;
    if (done) return true;
    if (!begun) clear(job);
    return err_set(e, ERR_INTERRUPT, "Stopped.");
}
