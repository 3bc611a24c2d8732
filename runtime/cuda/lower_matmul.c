/* Matrix products: finding sizes and strides of each form, and cutting the work. */
#include "blas.h"
#include "matrix.h"

enum backend_products products_of(const struct lowering *l, uint32_t m, uint32_t n, uint32_t k) {
    enum { LEAST = 16 };
    bool few = m < LEAST || n < LEAST || k < LEAST;
    return few ? PRODUCTS_FLOAT32 : l->plan->program->products;
}

void split_sum(const struct lowering *l, uint64_t tiles, uint32_t k, uint32_t *splits,
               uint32_t *part) {
    uint64_t n = tiles ? 2 * (uint64_t)l->plan->device->sms / tiles : 1;
    if (n > k / 128) n = k / 128;
    if (n > 32) n = 32;
    *splits = 1;
    *part = k;
    if (n <= 1) return;
    *part = (k / (uint32_t)n + 15) / 16 * 16;
    *splits = (k + *part - 1) / *part;
}

void add_parts(struct lowering *l, float *out, const float *parts, uint64_t count, uint32_t n,
               uint32_t width, int64_t row) {
    *(struct sum_parts_args *)launch_each(l, K_sum_parts, count) = (struct sum_parts_args){
        .out = out, .in = parts, .count = (uint32_t)count, .n = n, .width = width, .row = row};
}

void lower_product(struct lowering *l, const struct product_args *p, uint64_t products) {
    enum { MOST = 32768 };
    static const enum kernel kernels[] = {[PRODUCTS_TF32] = K_product_tf32,
                                          [PRODUCTS_HALF] = K_product_half,
                                          [PRODUCTS_BF16] = K_product_bf16};
    struct product_args a = *p;
    if (a.m == 0 || a.n == 0 || products == 0) return;
    enum backend_products kind = products_of(l, a.m, a.n, a.k);
    struct blas_args large;
    if (blas_fits(p, products, kind, &large) && blas_of(l->plan->device)) {
        *(struct blas_args *)launch_add(l, N_KERNELS, 1, 1, 1) = large;
        return;
    }
    uint32_t tile = kind != PRODUCTS_FLOAT32 || (a.m > 32 && a.n > 32) ? 64 : 32;
    enum kernel kernel = kind != PRODUCTS_FLOAT32 ? kernels[kind]
                         : tile == 64             ? K_product_64
                                                  : K_product_32;
    uint64_t rows = (a.m + tile - 1) / tile, cols = (a.n + tile - 1) / tile;
    uint64_t count = (uint64_t)a.m * a.n;
    a.splits = 1;
    a.part = a.k;
    if (products == 1) split_sum(l, rows * cols, a.k, &a.splits, &a.part);
    if (a.splits > 1) a.partial = scratch_at(l, a.splits * count * sizeof(float));
    for (uint64_t z = 0; z < products; z += MOST) {
        uint64_t some = products - z < MOST ? products - z : MOST;
        a.z_first = (uint32_t)z;
        *(struct product_args *)launch_add(l, kernel, rows, cols, some * a.splits) = a;
    }
    if (a.splits > 1) add_parts(l, a.c, a.partial, count, a.splits, a.n, a.c_row);
}

void lower_matmul(struct lowering *l, const struct program_step *s) {
    const struct shape *x = &value_of(l, s->in[0])->shape, *y = &value_of(l, s->in[1])->shape;
    struct matrices m = matrices_of(x, y, s->attrs);
    struct matrix a = m.a, b = m.b;
    if (value_of(l, s->out[0])->dtype != DT_FLOAT32) lower_cannot(l, "products of float64");
    struct product_args p = {.a = value_at(l, s->in[0]),
                             .b = value_at(l, s->in[1]),
                             .c = value_at(l, s->out[0]),
                             .m = (uint32_t)a.rows,
                             .n = (uint32_t)b.cols,
                             .k = (uint32_t)a.cols,
                             .heads = 1,
                             .a_row = a.row,
                             .a_col = a.col,
                             .b_row = b.row,
                             .b_col = b.col,
                             .c_row = b.cols,
                             .a_example = m.a_next,
                             .b_example = m.b_next,
                             .c_example = m.c_next};
    lower_product(l, &p, (uint64_t)m.n);
}
