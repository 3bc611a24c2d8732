/* Kernels compiled for the host: blocks and threads are loops, and threads that wait for each other
 * are fibers (fibers.c). Included by runtime/cuda/device.h where nvcc is not the compiler. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The thread that runs now. */
struct host_thread {
    uint32_t thread, n_threads;
    uint32_t block[3], n_blocks;
};
extern struct host_thread host;

/* Everybody of the block waits here. */
void host_sync(void);

#define DEVICE static inline
#define SHARED static
#define SYNC() host_sync()
#define THREAD host.thread
#define N_THREADS host.n_threads
#define BLOCK host.block[0]
#define BLOCK_Y host.block[1]
#define BLOCK_Z host.block[2]
#define N_BLOCKS host.n_blocks
#define ATOMIC_OR(at, bits) (*(at) |= (bits))
#define KERNEL(name, args)                                                                         \
    static void name##_body(const struct args a);                                                  \
    void name##_on_host(const void *args_);                                                        \
    void name##_on_host(const void *args_) {                                                       \
        name##_body(*(const struct args *)args_);                                                  \
    }                                                                                              \
    static void name##_body(const struct args a)

/* One launch: `waits` says whether threads wait for each other. */
typedef void host_kernel_fn(const void *args);
void host_launch(host_kernel_fn *kernel, const void *args, bool waits, const uint32_t grid[3],
                 uint32_t n_threads);
