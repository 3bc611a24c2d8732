/* A product of two matrices by tiles, for kernels that differ in where the numbers come from: a
 * block of 256 threads makes a tile of TILE x TILE results, each thread PER x PER of them, from
 * slices of 16 of k that lie in shared memory. Sums are made in float in the order of k, with one
 * fused multiply-add each. */
#pragma once
#include "device.h"

enum { SLICE = 16 };

/* LOAD_A(i, kk) and LOAD_B(kk, j) give numbers inside the matrices; A_BY_K, B_BY_J: neighbours in
 * memory follow k, j. STORE(i, j, v) takes a result. K_FIRST, K_END: the part of k. */
#define TILE_PRODUCT(TILE, PER, M, N, K_FIRST, K_END, A_BY_K, B_BY_J, LOAD_A, LOAD_B, STORE)       \
    do {                                                                                           \
        SHARED float sa[SLICE][TILE + 1], sb[SLICE][TILE + 1];                                     \
        uint32_t row_0 = BLOCK * TILE, col_0 = BLOCK_Y * TILE;                                     \
        uint32_t tr = THREAD / 16, tc = THREAD % 16;                                               \
        float sum[PER][PER];                                                                       \
        for (int p = 0; p < PER; p++)                                                              \
            for (int q = 0; q < PER; q++) sum[p][q] = 0;                                           \
        for (uint32_t k_0 = (K_FIRST); k_0 < (K_END); k_0 += SLICE) {                              \
            for (uint32_t t = THREAD; t < SLICE * TILE; t += THREADS) {                            \
                uint32_t r = (A_BY_K) ? t / SLICE : t % TILE, s = (A_BY_K) ? t % SLICE : t / TILE; \
                uint32_t i = row_0 + r, kk = k_0 + s;                                              \
                sa[s][r] = i < (M) && kk < (K_END) ? LOAD_A(i, kk) : 0;                            \
                uint32_t c = (B_BY_J) ? t % TILE : t / SLICE, d = (B_BY_J) ? t / TILE : t % SLICE; \
                uint32_t j = col_0 + c, kb = k_0 + d;                                              \
                sb[d][c] = j < (N) && kb < (K_END) ? LOAD_B(kb, j) : 0;                            \
            }                                                                                      \
            SYNC();                                                                                \
            for (uint32_t s = 0; s < SLICE; s++)                                                   \
                for (uint32_t p = 0; p < PER; p++)                                                 \
                    for (uint32_t q = 0; q < PER; q++)                                             \
                        sum[p][q] = fmaf(sa[s][tr + 16 * p], sb[s][tc + 16 * q], sum[p][q]);       \
            SYNC();                                                                                \
        }                                                                                          \
        for (uint32_t p = 0; p < PER; p++)                                                         \
            for (uint32_t q = 0; q < PER; q++) {                                                   \
                uint32_t i = row_0 + tr + 16 * p, j = col_0 + tc + 16 * q;                         \
                if (i < (M) && j < (N)) STORE(i, j, sum[p][q]);                                    \
            }                                                                                      \
    } while (0)
