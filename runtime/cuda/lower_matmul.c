/* Matrix products: finding sizes and strides of each form, and cutting the work. */
#include "cuda.h"

/* One operand as a matrix with rows and columns `row` and `col` elements apart. */
struct matrix {
    int64_t rows, cols, row, col;
};

static struct matrix matrix_of(const struct shape *s, bool trans, bool left) {
    int last = s->n - 1;
    if (s->n == 1) {
        if (left) return (struct matrix){1, s->size[0], s->size[0], 1};
        return (struct matrix){s->size[0], 1, 1, 1};
    }
    int64_t r = s->size[last - 1], c = s->size[last];
    if (trans) return (struct matrix){c, r, 1, c};
    return (struct matrix){r, c, c, 1};
}

/* How many parts k is cut into, so that all multiprocessors have a tile or two. */
static uint32_t splits_for(const struct lowering *l, uint64_t tiles, uint32_t k) {
    uint64_t sms = (uint64_t)l->plan->device->sms, splits = tiles ? 2 * sms / tiles : 1;
    if (splits > k / 128) splits = k / 128;
    if (splits > 32) splits = 32;
    return splits > 1 ? (uint32_t)splits : 1;
}

static void add_parts(struct lowering *l, const struct product_args *p, uint64_t products) {
    uint64_t count = (uint64_t)p->m * p->n;
    for (uint64_t z = 0; z < products; z++) {
        int64_t example = (int64_t)(z / p->heads), head = (int64_t)(z % p->heads);
        struct sum_parts_args *a = launch_each(l, K_sum_parts, count);
        *a = (struct sum_parts_args){.out = p->c + example * p->c_example + head * p->c_head,
                                     .in = p->partial + z * p->splits * count,
                                     .count = (uint32_t)count,
                                     .n = p->splits};
    }
}

void lower_product(struct lowering *l, const struct product_args *p, uint64_t products) {
    struct product_args a = *p;
    if (a.m == 0 || a.n == 0 || products == 0) return;
    uint32_t tile = a.m > 32 && a.n > 32 ? 64 : 32;
    uint64_t rows = (a.m + tile - 1) / tile, cols = (a.n + tile - 1) / tile;
    bool packed = a.c_row == a.n; /* parts are added where rows lie one after the other */
    a.splits = packed && products == 1 ? splits_for(l, rows * cols * products, a.k) : 1;
    a.part = a.splits > 1 ? (a.k / a.splits + 15) / 16 * 16 : a.k;
    if (a.splits > 1) a.splits = (a.k + a.part - 1) / a.part;
    if (a.splits > 1)
        a.partial = scratch_at(l, (uint64_t)a.splits * products * a.m * a.n * sizeof(float));
    enum { MOST = 32768 };
    for (uint64_t z = 0; z < products; z += MOST) {
        uint64_t some = products - z < MOST ? products - z : MOST;
        a.z_first = (uint32_t)z;
        *(struct product_args *)launch_add(l, tile == 64 ? K_product_64 : K_product_32, rows, cols,
                                           some * a.splits) = a;
    }
    if (a.splits > 1) add_parts(l, &a, products);
}

void lower_matmul(struct lowering *l, const struct program_step *s) {
    const struct shape *x = &value_of(l, s->in[0])->shape, *y = &value_of(l, s->in[1])->shape;
    struct matrix a = matrix_of(x, s->attrs->trans_a, true);
    struct matrix b = matrix_of(y, s->attrs->trans_b, false);
    int64_t matrices = shape_part(x, 0, x->n - 2);
    if (s->attrs->axes & 1) {
        int64_t rows = shape_part(x, 0, x->n - 1);
        a = (struct matrix){a.cols, rows, 1, a.cols};
        b = (struct matrix){rows, b.cols, b.cols, 1};
        matrices = 1;
    } else if (y->n <= 2 && a.col == 1 && x->n > 1) {
        a.rows *= matrices; /* one matrix for all: the rows of all matrices are one long matrix */
        matrices = 1;
    }
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
                             .a_example = a.rows * a.cols,
                             .b_example = y->n <= 2 ? 0 : b.rows * b.cols,
                             .c_example = a.rows * b.cols};
    lower_product(l, &p, (uint64_t)matrices);
}
