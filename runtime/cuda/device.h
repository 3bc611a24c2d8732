/* How kernels are written: C that nvcc compiles for the device, and that the tests compile for the
 * host (tests/cuda/host_device.h), where blocks and threads are loops. A kernel takes one struct;
 * blocks have one axis of threads. */
#pragma once
#ifdef __CUDACC__
#include <mma.h>
#define DEVICE static __device__ __forceinline__
#define KERNEL(name, args) extern "C" __global__ void name(const __grid_constant__ struct args a)
#define SHARED __shared__
#define SHARED_TILE __shared__ __align__(32)
#define SYNC() __syncthreads()
#define THREAD threadIdx.x
#define N_THREADS blockDim.x
#define BLOCK blockIdx.x
#define BLOCK_Y blockIdx.y
#define BLOCK_Z blockIdx.z
#define N_BLOCKS gridDim.x
#define ATOMIC_OR(at, bits) atomicOr((unsigned *)(at), (unsigned)(bits))
#else
#include "host_device.h"
#endif
#include "args.h"
#include "../fmath.h"

/* Every element of 0 … n - 1 once, spread over the grid. */
#define EACH(i, n) for (uint32_t i = BLOCK * N_THREADS + THREAD; i < (n); i += N_BLOCKS * N_THREADS)

/* Where the walk finds result i. */
DEVICE int64_t walk_at(const struct walk_args *w, uint32_t i) {
    int64_t at = w->base;
    if (w->n < 0) return (int64_t)i;
    for (int k = w->n - 1; k > 0; k--) {
        uint32_t rest = i / w->size[k];
        at += (int64_t)(i - rest * w->size[k]) * w->stride[k];
        i = rest;
    }
    return w->n > 0 ? at + (int64_t)i * w->stride[0] : at;
}

/* ---- numbers of any type ---- */

DEVICE int64_t whole_at(const void *p, int dtype, int64_t i) {
    if (dtype == T_I64) return ((const int64_t *)p)[i];
    if (dtype == T_I32) return ((const int32_t *)p)[i];
    return ((const uint8_t *)p)[i];
}

DEVICE int64_t whole_of(double x) {
    if (x != x) return 0;
    if (x >= 9223372036854775808.0) return INT64_MAX;
    if (x < -9223372036854775808.0) return INT64_MIN;
    return (int64_t)x;
}

DEVICE int64_t clamp_whole(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

DEVICE void put_whole(void *p, int dtype, int64_t i, int64_t x) {
    if (dtype == T_I64) ((int64_t *)p)[i] = x;
    else if (dtype == T_I32) ((int32_t *)p)[i] = (int32_t)clamp_whole(x, INT32_MIN, INT32_MAX);
    else if (dtype == T_U8) ((uint8_t *)p)[i] = (uint8_t)clamp_whole(x, 0, 255);
    else ((uint8_t *)p)[i] = x != 0;
}

/* A position among rows: floats are cut. */
DEVICE int64_t position_at(const void *p, int dtype, int64_t i) {
    if (dtype == T_F32) return whole_of((double)((const float *)p)[i]);
    return whole_at(p, dtype, i);
}
