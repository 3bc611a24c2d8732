/* Threads of a block as loops, or, where they wait for each other, as fibers that take turns. The
 * change from one fiber to the next is a few instructions on x86-64 (the saved registers of the C
 * calling convention), and ucontext's elsewhere. */
#include "host_device.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_THREADS = 1024, STACK = 128 * 1024 };

struct host_thread host;

static char *stacks;
static bool finished[MAX_THREADS];
static host_kernel_fn *running;
static const void *running_args;
static bool in_fiber;
static enum host_order order_now;

void host_set_order(enum host_order order) {
    order_now = order;
}

/* Whose turn is the i-th of n in round `round`; mixed: steps of a size without common divisors. */
static uint32_t turn(uint32_t i, uint32_t n, uint32_t round) {
    static const uint32_t steps[] = {7919, 104729, 1299709, 15485863};
    if (order_now == ORDER_BACKWARD) return n - 1 - i;
    if (order_now == ORDER_FORWARD) return i;
    uint32_t step = steps[round % 4];
    if (n % step == 0) return i;
    return (uint32_t)(((uint64_t)i * step + 31 * round) % n);
}

static void fiber_main(void) {
    running(running_args);
    finished[host.thread] = true;
}

#if defined(__x86_64__)

static void *scheduler, *fibers[MAX_THREADS]; /* stack pointers */

/* Saves here, goes on there. */
void fiber_switch(void **save, void *to);
__asm__(".text\n"
        ".globl fiber_switch\n"
        ".hidden fiber_switch\n"
        ".type fiber_switch, @function\n"
        "fiber_switch:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size fiber_switch, . - fiber_switch\n");

/* Never returns, so it must leave nothing of AddressSanitizer's on the stack that is used again. */
__attribute__((no_sanitize("address"))) static void fiber_first(void) {
    static void *nowhere;
    fiber_main();
    fiber_switch(&nowhere, scheduler);
    abort();
}

static void start_fiber(uint32_t i) {
    char *top = stacks + ((size_t)i + 1) * STACK - 64;
    void (*first)(void) = fiber_first;
    memset(top - 64, 0, 64); /* six registers, where to begin, and no way back */
    memcpy(top - 16, &first, sizeof first);
    fibers[i] = top - 64;
    finished[i] = false;
}

static void enter_fiber(uint32_t i) {
    fiber_switch(&scheduler, fibers[i]);
}

static void leave_fiber(uint32_t i) {
    fiber_switch(&fibers[i], scheduler);
}

#else
#include <ucontext.h>

static ucontext_t scheduler, fibers[MAX_THREADS];

static void start_fiber(uint32_t i) {
    getcontext(&fibers[i]);
    fibers[i].uc_stack.ss_sp = stacks + (size_t)i * STACK;
    fibers[i].uc_stack.ss_size = STACK;
    fibers[i].uc_link = &scheduler;
    makecontext(&fibers[i], fiber_main, 0);
    finished[i] = false;
}

static void enter_fiber(uint32_t i) {
    swapcontext(&scheduler, &fibers[i]);
}

static void leave_fiber(uint32_t i) {
    swapcontext(&fibers[i], &scheduler);
}
#endif

void host_sync(void) {
    uint32_t me = host.thread;
    if (!in_fiber) abort(); /* a kernel waits that kernels.list says does not */
    leave_fiber(me);
    host.thread = me;
}

/* All run to the next wait, one after the other, until all are done. */
static void run_fibers(uint32_t n) {
    uint32_t left = n, round = 0;
    if (!stacks) stacks = malloc((size_t)MAX_THREADS * STACK);
    if (!stacks) abort();
    for (uint32_t i = 0; i < n; i++) start_fiber(i);
    in_fiber = true;
    while (left > 0) {
        left = 0;
        for (uint32_t k = 0; k < n; k++) {
            uint32_t i = turn(k, n, round);
            if (finished[i]) continue;
            host.thread = i;
            enter_fiber(i);
            left += !finished[i];
        }
        round++;
    }
    in_fiber = false;
}

static void run_block(uint32_t n, bool waits) {
    if (waits) {
        run_fibers(n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        host.thread = turn(i, n, 0);
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
                host.block[0] = turn(x, grid[0], y + z);
                host.block[1] = turn(y, grid[1], z);
                host.block[2] = turn(z, grid[2], 0);
                run_block(n_threads, waits);
            }
}
