/* The compute threads: a pool made on first use, that spins a little and then sleeps. */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>

typedef void (*part_fn)(void *user, int part);

/* Calls fn for parts 0 … n_parts - 1, on as many threads as there are (part p on thread p modulo
 * their number), and returns when all are done. Called from inside a part, or while another thread
 * is computing, it runs the parts one after the other. */
void threads_run(part_fn fn, void *user, int n_parts);

/* The same for two parts that wait for each other: both run at once, or nothing is run and the
 * answer is false. */
bool threads_pair(part_fn fn, void *user);
/* Inside part 0 of threads_pair: if the other thread has not even begun part 1 (its core is busy
 * with something else), part 1 becomes the caller's own business, and the answer is true. It may
 * take so many seconds to begin: a thread that sleeps wakes in 10 to 100 us. */
bool threads_take_back(double patience);
double threads_seconds(void); /* of a clock that never goes back */

/* A place where `n` threads wait for each other. */
struct barrier {
    int n;
    _Atomic int arrived;
    _Atomic unsigned round;
};
void barrier_init(struct barrier *b, int n);
void barrier_wait(struct barrier *b);

/* How many threads take part when threads_run is called with n_parts: 1 means one after the other
 * on the caller. */
int threads_for(int n_parts);
void threads_set(int n);
