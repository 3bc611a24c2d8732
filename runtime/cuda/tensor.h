/* Products on tensor cores: as product.h, a block of 256 threads makes a tile of 64 x 64 results,
 * but the factors are cut to fewer bits on their way into shared memory, and eight warps multiply
 * pieces of 16 x 16. Sums are float32. What is multiplied: half (float16, all cards), bf16 and tf32
 * (compute capability 8.0 and newer; for older cards, kernels of these names multiply float32 and
 * are never launched).
 *
 * A piece (FRAGMENT) belongs to a warp; where its numbers lie is the hardware's business. The
 * tests' pieces (host_device.h) do the same arithmetic in the order of k. */
#pragma once
#include "device.h"

enum { TENSOR_TILE = 64, TENSOR_SLICE = 32, TENSOR_PIECE = 16 };
/* Rows in shared memory are longer than their numbers, against conflicts of banks. */
enum {
    TENSOR_A_ROW = TENSOR_SLICE + 8,
    TENSOR_B_ROW = TENSOR_TILE + 8,
    TENSOR_C_ROW = TENSOR_TILE + 4
};

#ifdef __CUDACC__
using namespace nvcuda;

typedef half number_half;
enum { STEP_half = 16, STEP_bf16 = 16, STEP_tf32 = 8 };
typedef wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> a_half;
typedef wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> b_half;
typedef wmma::fragment<wmma::accumulator, 16, 16, 16, float> c_half, c_bf16;
#define CUT_half(x) __float2half_rn(x)

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define TENSOR_IS_NEW 1
typedef __nv_bfloat16 number_bf16;
typedef wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> a_bf16;
typedef wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::row_major> b_bf16;
#define CUT_bf16(x) __float2bfloat16_rn(x)
typedef float number_tf32;
typedef wmma::fragment<wmma::matrix_a, 16, 16, 8, wmma::precision::tf32, wmma::row_major> a_tf32;
typedef wmma::fragment<wmma::matrix_b, 16, 16, 8, wmma::precision::tf32, wmma::row_major> b_tf32;
typedef wmma::fragment<wmma::accumulator, 16, 16, 8, float> c_tf32;
#define CUT_tf32(x) wmma::__float_to_tf32(x)
#endif

#define FRAGMENT_A(KIND, name) a_##KIND name
#define FRAGMENT_B(KIND, name) b_##KIND name
#define FRAGMENT_C(KIND, name) c_##KIND name
#define FRAGMENT_ZERO(c) wmma::fill_fragment(c, 0.0f)
#define FRAGMENT_LOAD(f, from, row) wmma::load_matrix_sync(f, from, row)
#define FRAGMENT_MULTIPLY(c, a, b) wmma::mma_sync(c, a, b, c)
#define FRAGMENT_STORE(to, c, row) wmma::store_matrix_sync(to, c, row, wmma::mem_row_major)
#else
#define TENSOR_IS_NEW 1
#endif

/* Arguments as TILE_PRODUCT's. A warp makes 16 rows and 32 columns of the tile. */
#define TENSOR_PRODUCT(KIND, M, N, K_FIRST, K_END, A_BY_K, B_BY_J, LOAD_A, LOAD_B, STORE)          \
    do {                                                                                           \
        SHARED_TILE number_##KIND sa[TENSOR_TILE][TENSOR_A_ROW], sb[TENSOR_SLICE][TENSOR_B_ROW];   \
        SHARED_TILE float sc[TENSOR_TILE][TENSOR_C_ROW];                                           \
        uint32_t row_0 = BLOCK * TENSOR_TILE, col_0 = BLOCK_Y * TENSOR_TILE;                       \
        uint32_t warp = THREAD / 32, top = warp / 2 * 16, left = warp % 2 * 32;                    \
        FRAGMENT_C(KIND, c_0);                                                                     \
        FRAGMENT_C(KIND, c_1);                                                                     \
        FRAGMENT_ZERO(c_0);                                                                        \
        FRAGMENT_ZERO(c_1);                                                                        \
        for (uint32_t k_0 = (K_FIRST); k_0 < (K_END); k_0 += TENSOR_SLICE) {                       \
            for (uint32_t t = THREAD; t < TENSOR_SLICE * TENSOR_TILE; t += THREADS) {              \
                uint32_t r = (A_BY_K) ? t / TENSOR_SLICE : t % TENSOR_TILE;                        \
                uint32_t s = (A_BY_K) ? t % TENSOR_SLICE : t / TENSOR_TILE;                        \
                uint32_t i = row_0 + r, ka = k_0 + s;                                              \
                sa[r][s] = CUT_##KIND(i < (M) && ka < (K_END) ? LOAD_A(i, ka) : 0.0f);             \
                uint32_t c = (B_BY_J) ? t % TENSOR_TILE : t / TENSOR_SLICE;                        \
                uint32_t d = (B_BY_J) ? t / TENSOR_TILE : t % TENSOR_SLICE;                        \
                uint32_t j = col_0 + c, kb = k_0 + d;                                              \
                sb[d][c] = CUT_##KIND(j < (N) && kb < (K_END) ? LOAD_B(kb, j) : 0.0f);             \
            }                                                                                      \
            SYNC();                                                                                \
            for (uint32_t s = 0; s < TENSOR_SLICE; s += STEP_##KIND) {                             \
                FRAGMENT_A(KIND, a_);                                                              \
                FRAGMENT_B(KIND, b_0);                                                             \
                FRAGMENT_B(KIND, b_1);                                                             \
                FRAGMENT_LOAD(a_, &sa[top][s], TENSOR_A_ROW);                                      \
                FRAGMENT_LOAD(b_0, &sb[s][left], TENSOR_B_ROW);                                    \
                FRAGMENT_LOAD(b_1, &sb[s][left + 16], TENSOR_B_ROW);                               \
                FRAGMENT_MULTIPLY(c_0, a_, b_0);                                                   \
                FRAGMENT_MULTIPLY(c_1, a_, b_1);                                                   \
            }                                                                                      \
            SYNC();                                                                                \
        }                                                                                          \
        FRAGMENT_STORE(&sc[top][left], c_0, TENSOR_C_ROW);                                         \
        FRAGMENT_STORE(&sc[top][left + 16], c_1, TENSOR_C_ROW);                                    \
        SYNC();                                                                                    \
        for (uint32_t t = THREAD; t < TENSOR_TILE * TENSOR_TILE; t += THREADS) {                   \
            uint32_t i = row_0 + t / TENSOR_TILE, j = col_0 + t % TENSOR_TILE;                     \
            if (i < (M) && j < (N)) STORE(i, j, sc[t / TENSOR_TILE][t % TENSOR_TILE]);             \
        }                                                                                          \
    } while (0)

/* The ways to make tiles, by name: TILES_##WAY(M, N, …). */
#define TILES_64(...) TILE_PRODUCT(64, 4, __VA_ARGS__)
#define TILES_32(...) TILE_PRODUCT(32, 2, __VA_ARGS__)
#define TILES_half(...) TENSOR_PRODUCT(half, __VA_ARGS__)
#ifdef TENSOR_IS_NEW
#define TILES_bf16(...) TENSOR_PRODUCT(bf16, __VA_ARGS__)
#define TILES_tf32(...) TENSOR_PRODUCT(tf32, __VA_ARGS__)
#else
#define TILES_bf16(...) TILES_32(__VA_ARGS__)
#define TILES_tf32(...) TILES_32(__VA_ARGS__)
#endif
