/* Threads of a block as loops, or, where they wait for each other, as fibers that take turns. */
#include "host_device.h"
#include <stdlib.h>
#include <ucontext.h>

enum { MAX_THREADS = 1024, STACK = 128 * 1024 };

struct host_thread host;

static ucontext_t scheduler, fibers[MAX_THREADS];
static char *stacks;
static bool finished[MAX_THREADS];
static host_kernel_fn *running;
static const void *running_args;
static bool in_fiber;

void host_sync(void) {
    uint32_t me = host.thread;
    if (!in_fiber) abort(); /* a kernel waits that kernels.list says does not */
    swapcontext(&fibers[me], &scheduler);
    host.thread = me;
}

static void fiber_main(void) {
    running(running_args);
    finished[host.thread] = true;
}

static void start_fiber(uint32_t i) {
    getcontext(&fibers[i]);
    fibers[i].uc_stack.ss_sp = stacks + (size_t)i * STACK;
    fibers[i].uc_stack.ss_size = STACK;
    fibers[i].uc_link = &scheduler;
    makecontext(&fibers[i], fiber_main, 0);
    finished[i] = false;
}

/* All run to the next wait, in order, until all are done. */
static void run_fibers(uint32_t n) {
    uint32_t left = n;
    if (!stacks) stacks = malloc((size_t)MAX_THREADS * STACK);
    if (!stacks) abort();
    for (uint32_t i = 0; i < n; i++) start_fiber(i);
    in_fiber = true;
    while (left > 0) {
        left = 0;
        for (uint32_t i = 0; i < n; i++) {
            if (finished[i]) continue;
            host.thread = i;
            swapcontext(&scheduler, &fibers[i]);
            left += !finished[i];
        }
    }
    in_fiber = false;
}

static void run_block(uint32_t n, bool waits) {
    if (waits) {
        run_fibers(n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        host.thread = i;
        running(running_args);
    }
}

void host_launch(host_kernel_fn *kernel, const void *args, bool waits, const uint32_t grid[3],
                 uint32_t n_threads) {
    running = kernel;
    running_args = args;
    host.n_threads = n_threads;
    host.n_blocks = grid[0];
    for (uint32_t z = 0; z < grid[2]; z++)
        for (uint32_t y = 0; y < grid[1]; y++)
            for (uint32_t x = 0; x < grid[0]; x++) {
                host.block[0] = x;
                host.block[1] = y;
                host.block[2] = z;
                run_block(n_threads, waits);
            }
}
