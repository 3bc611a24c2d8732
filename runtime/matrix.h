/* How a product of tensors is a product of matrices, whoever computes it: sizes, and how far apart
 * the numbers lie. Shapes are those of the operation matmul (ops.list). */
#pragma once
#include "graph.h"

/* Rows and columns are `row` and `col` elements apart. */
struct matrix {
    int64_t rows, cols, row, col;
};

/* Products a b of matrices that lie behind each other: their number, and elements from one to the
 * next. */
struct matrices {
    struct matrix a, b;
    int64_t n, a_next, b_next, c_next;
};

static inline struct matrix matrix_of(const struct shape *s, bool trans, bool left) {
    int last = s->n - 1;
    if (s->n == 1) {
        if (left) return (struct matrix){1, s->size[0], s->size[0], 1};
        return (struct matrix){s->size[0], 1, 1, 1};
    }
    int64_t r = s->size[last - 1], c = s->size[last];
    if (trans) return (struct matrix){c, r, 1, c};
    return (struct matrix){r, c, c, 1};
}

static inline struct matrices matrices_of(const struct shape *x, const struct shape *y,
                                          const struct attrs *attrs) {
    struct matrices m = {
        .a = matrix_of(x, attrs->trans_a, true), .b = matrix_of(y, attrs->trans_b, false), .n = 1};
    int64_t n = 1;
    for (int i = 0; i < x->n - 2; i++) n *= x->size[i];
    if (attrs->axes & 1) { /* summed over all matrices: their rows are one long sum */
        int64_t rows = n * (x->n > 1 ? x->size[x->n - 2] : 1);
        m.a = (struct matrix){m.a.cols, rows, 1, m.a.cols};
        m.b = (struct matrix){rows, m.b.cols, m.b.cols, 1};
    } else if (y->n <= 2 && m.a.col == 1 && x->n > 1) {
        m.a.rows *= n; /* one matrix for all: the rows of all matrices are one long matrix */
    } else {
        m.n = n;
    }
    m.a_next = m.a.rows * m.a.cols;
    m.b_next = y->n <= 2 ? 0 : m.b.rows * m.b.cols;
    m.c_next = m.a.rows * m.b.cols;
    return m;
}
