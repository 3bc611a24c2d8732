/* Kernels compiled for the host: blocks and threads are loops, and threads that wait for each other
 * are fibers (fibers.c). Included by runtime/cuda/device.h where nvcc is not the compiler. */
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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
#define SHARED_TILE static
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

/* ---- tensor cores (cuda/tensor.h) ----
 * The first thread of a warp computes for all of it; the others come to the same places. Factors
 * are rounded as the hardware rounds them, to the nearest, ties to even, and kept as floats. */

static inline uint32_t host_bits(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

/* x with `bits` bits of mantissa behind the point. */
static inline float host_round(float x, int bits) {
    uint32_t u = host_bits(x), drop = 23u - (uint32_t)bits, half = 1u << (drop - 1);
    if ((u & 0x7f800000u) == 0x7f800000u) return x;
    u += half - 1 + (u >> drop & 1);
    u &= ~((1u << drop) - 1);
    memcpy(&x, &u, sizeof x);
    return x;
}

/* float16: 10 bits, from 2^-24 to 65504, beyond that infinite. */
static inline float host_half(float x) {
    float y = fabsf(x);
    if (!(y <= 3.402823466e38f)) return x;
    if (y < 6.103515625e-5f) return rintf(x * 16777216.0f) / 16777216.0f;
    y = host_round(x, 10);
    return fabsf(y) > 65504.0f ? copysignf(HUGE_VALF, x) : y;
}

typedef float number_half, number_bf16, number_tf32;
enum { STEP_half = 16, STEP_bf16 = 16, STEP_tf32 = 8 };
#define CUT_half(x) host_half(x)
#define CUT_bf16(x) host_round(x, 7)
#define CUT_tf32(x) host_round(x, 10)

struct host_fragment {
    int rows, cols;
    float x[16][16];
};
#define FRAGMENT_A(KIND, name) struct host_fragment name = {.rows = 16, .cols = STEP_##KIND}
#define FRAGMENT_B(KIND, name) struct host_fragment name = {.rows = STEP_##KIND, .cols = 16}
#define FRAGMENT_C(KIND, name) struct host_fragment name = {.rows = 16, .cols = 16}
#define FRAGMENT_ZERO(c) memset((c).x, 0, sizeof(c).x)
#define FRAGMENT_LOAD(f, from, row) host_fragment_load(&(f), from, row)
#define FRAGMENT_MULTIPLY(c, a, b) host_fragment_multiply(&(c), &(a), &(b))
#define FRAGMENT_STORE(to, c, row) host_fragment_store(to, &(c), row)

static inline void host_fragment_load(struct host_fragment *f, const float *from, int row) {
    for (int i = 0; i < f->rows && THREAD % 32 == 0; i++)
        memcpy(f->x[i], from + i * row, (size_t)f->cols * sizeof(float));
}

static inline void host_fragment_multiply(struct host_fragment *c, const struct host_fragment *a,
                                          const struct host_fragment *b) {
    for (int i = 0; i < 16 && THREAD % 32 == 0; i++)
        for (int k = 0; k < a->cols; k++)
            for (int j = 0; j < 16; j++) c->x[i][j] += a->x[i][k] * b->x[k][j];
}

static inline void host_fragment_store(float *to, const struct host_fragment *c, int row) {
    for (int i = 0; i < 16 && THREAD % 32 == 0; i++)
        memcpy(to + i * row, c->x[i], 16 * sizeof(float));
}

/* In which order blocks, and the threads of a block between two waits, take their turns. Results
 * must not depend on it: where they do, threads race. */
enum host_order { ORDER_FORWARD, ORDER_BACKWARD, ORDER_MIXED };
void host_set_order(enum host_order order);

/* One launch: `waits` says whether threads wait for each other. */
typedef void host_kernel_fn(const void *args);
void host_launch(host_kernel_fn *kernel, const void *args, bool waits, const uint32_t grid[3],
                 uint32_t n_threads);
