/* Matrix products, also many at once: of examples and of heads. Where few tiles have much to sum,
 * the sum is split and the parts are added afterwards, in order. Bound: arithmetic. */
#include "product.h"
#include "tensor.h"

#define LOAD_A(i, kk) pa[(int64_t)(i)*a.a_row + (int64_t)(kk)*a.a_col]
#define LOAD_B(kk, j) pb[(int64_t)(kk)*a.b_row + (int64_t)(j)*a.b_col]
#define STORE(i, j, v) pc[(int64_t)(i)*row + (j)] = (v)

/* Block z: product z / splits, part z % splits of k. */
#define PRODUCT_KERNEL(WAY)                                                                        \
    KERNEL(product_##WAY, product_args) {                                                                   \
        uint32_t z = a.z_first + BLOCK_Z / a.splits, split = BLOCK_Z % a.splits;                   \
        int64_t example = z / a.heads, head = z % a.heads;                                         \
        const float *pa = a.a + example * a.a_example + head * a.a_head;                           \
        const float *pb = a.b + example * a.b_example + head * a.b_head;                           \
        float *pc = a.c + example * a.c_example + head * a.c_head;                                 \
        int64_t row = a.c_row;                                                                     \
        uint32_t first = split * a.part, end = first + a.part < a.k ? first + a.part : a.k;        \
        if (a.splits > 1) {                                                                        \
            pc = a.partial + ((int64_t)z * a.splits + split) * a.m * a.n;                          \
            row = a.n;                                                                             \
        }                                                                                          \
        TILES_##WAY(a.m, a.n, first, end, a.a_col == 1, a.b_col == 1, LOAD_A, LOAD_B,  \
                     STORE);                                                                       \
    }

PRODUCT_KERNEL(64)
PRODUCT_KERNEL(32)
PRODUCT_KERNEL(half)
PRODUCT_KERNEL(bf16)
PRODUCT_KERNEL(tf32)

/* In order, so that the bits are the same in every run. */
KERNEL(sum_parts, sum_parts_args) {
    EACH(i, a.count) {
        float s = a.in[i];
        for (uint32_t k = 1; k < a.n; k++) s += a.in[(uint64_t)k * a.count + i];
        a.out[(int64_t)(i / a.width) * a.row + i % a.width] = s;
    }
}
