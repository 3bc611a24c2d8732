/* A pool of compute threads. Work is handed over by a counter: the worker spins on it for about 50
 * us (a hand-over costs 0.05 to 0.35 us), then offers its core to others a few times, then sleeps
 * in the kernel (futex(2); 12 us). Work that the worker has not begun when the caller is done with
 * its own share is taken back, so that a busy machine costs little. */
#include "threads.h"
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 2, SPINS = 3000, YIELDS = 20 };

/* States of a job's second share, in the low bits of pool.claim. */
enum { OPEN = 0, BEGUN = 1, TAKEN_BACK = 2, STATES = 4 };

static struct {
    pthread_mutex_t busy; /* held while a job runs */
    pthread_t worker;
    bool started;
    int n; /* threads to use; 0 = not chosen yet */
    part_fn fn;
    void *user;
    int n_parts;
    _Atomic unsigned job, done; /* numbers of the last job given and finished */
    _Atomic unsigned claim;     /* number of the job * STATES + state */
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* How many threads are asleep or about to be; a change makes no system call while there are none.
 */
static _Atomic int sleepers;

static void futex_wait(_Atomic unsigned *word, unsigned value) {
    atomic_fetch_add(&sleepers, 1);
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    atomic_fetch_sub(&sleepers, 1);
}

/* Until *word differs from `value`. */
static void wait_change(_Atomic unsigned *word, unsigned value) {
    for (int i = 0; i < SPINS + YIELDS; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != value) return;
        if (i < SPINS) {
            relax();
        } else {
            sched_yield();
        }
    }
    while (atomic_load_explicit(word, memory_order_acquire) == value) futex_wait(word, value);
}

static void wake(_Atomic unsigned *word) {
    if (atomic_load(&sleepers) > 0)
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, MAX_THREADS, NULL, NULL, 0);
}

static bool claim(unsigned job, unsigned state) {
    unsigned open = job * STATES + OPEN;
    return atomic_compare_exchange_strong(&pool.claim, &open, job * STATES + state);
}

static void *work(void *unused) {
    (void)unused;
    for (unsigned seen = 0;;) {
        wait_change(&pool.job, seen);
        seen = atomic_load(&pool.job);
        if (!claim(seen, BEGUN)) continue;
        for (int p = 1; p < pool.n_parts; p += 2) pool.fn(pool.user, p);
        atomic_store(&pool.done, seen);
        wake(&pool.done);
    }
    return NULL;
}

/* Signals are for the main thread. */
static bool start_worker(void) {
    sigset_t all, before;
    if (pool.started) return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pool.started = pthread_create(&pool.worker, NULL, work, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool.started;
}

static int cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set)) return 1;
    return CPU_COUNT(&set);
}

void threads_set(int n) {
    pool.n = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

int threads_for(int n_parts) {
    if (pool.n == 0) threads_set(cores());
    return n_parts < pool.n ? n_parts : pool.n;
}

/* The worker waits for a core. If that is the one the caller runs on, it would wait for as long as
 * the caller computes: so it may not run here, and after that move it may again. */
static void push_worker_away(void) {
    cpu_set_t allowed, others;
    int here = sched_getcpu();
    if (here < 0 || pthread_getaffinity_np(pool.worker, sizeof allowed, &allowed)) return;
    others = allowed;
    CPU_CLR((size_t)here, &others);
    if (CPU_COUNT(&others) == 0) return;
    if (pthread_setaffinity_np(pool.worker, sizeof others, &others) == 0)
        pthread_setaffinity_np(pool.worker, sizeof allowed, &allowed);
}

double threads_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Until the other share is begun, or patience is at an end. Where that was in vain some times, the
 * other core is busy, and only now and then is waited for it. */
static void wait_begun(double patience) {
    static unsigned in_vain, asked;
    unsigned open = atomic_load(&pool.job) * STATES + OPEN;
    if (in_vain >= 4 && asked++ % 16) return;
    for (double end = threads_seconds() + patience; threads_seconds() < end;) {
        for (int i = 0; i < 32 && atomic_load(&pool.claim) == open; i++) relax();
        if (atomic_load(&pool.claim) == open) continue;
        in_vain = 0;
        return;
    }
    in_vain++;
}

bool threads_take_back(double patience) {
    static unsigned times;
    if (patience > 0) wait_begun(patience);
    if (!claim(atomic_load(&pool.job), TAKEN_BACK)) return false;
    if (times++ % 8 == 0) push_worker_away();
    return true;
}

/* Both shares of a job; the mutex is held. */
static void run_job(part_fn fn, void *user, int n_parts, bool apart) {
    unsigned job = atomic_load(&pool.job) + 1, done = atomic_load(&pool.done);
    pool.fn = fn;
    pool.user = user;
    pool.n_parts = n_parts;
    atomic_store(&pool.claim, job * STATES + OPEN);
    atomic_store(&pool.job, job);
    wake(&pool.job);
    for (int p = 0; p < n_parts; p += 2) fn(user, p);
    if (apart && threads_take_back(0))
        for (int p = 1; p < n_parts; p += 2) fn(user, p);
    bool begun = atomic_load(&pool.claim) == job * STATES + BEGUN;
    while (begun && atomic_load(&pool.done) != job) {
        wait_change(&pool.done, done);
        done = atomic_load(&pool.done);
    }
}

/* `apart`: the parts do not wait for each other. */
static bool run_shared(part_fn fn, void *user, int n_parts, bool apart) {
    if (threads_for(n_parts) < 2 || pthread_mutex_trylock(&pool.busy)) return false;
    bool started = start_worker();
    if (started) run_job(fn, user, n_parts, apart);
    pthread_mutex_unlock(&pool.busy);
    return started;
}

void threads_run(part_fn fn, void *user, int n_parts) {
    if (run_shared(fn, user, n_parts, true)) return;
    for (int p = 0; p < n_parts; p++) fn(user, p);
}

bool threads_pair(part_fn fn, void *user) {
    return run_shared(fn, user, 2, false);
}

void barrier_init(struct barrier *b, int n) {
    b->n = n;
    atomic_init(&b->arrived, 0);
    atomic_init(&b->round, 0);
}

void barrier_wait(struct barrier *b) {
    unsigned round = atomic_load_explicit(&b->round, memory_order_acquire);
    if (atomic_fetch_add_explicit(&b->arrived, 1, memory_order_acq_rel) + 1 == b->n) {
        atomic_store_explicit(&b->arrived, 0, memory_order_relaxed);
        atomic_fetch_add(&b->round, 1);
        wake(&b->round);
    } else {
        wait_change(&b->round, round);
    }
}
