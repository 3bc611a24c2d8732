/* Equations and singular values of matrices. */
#include "linear.h"
#include "cpu/lapack.h"
#include <string.h>

/* (rows, columns) -> (columns, rows); a vector is one column. */
static struct tensor *turned(const struct tensor *a, struct err *e) {
    int64_t n = a->shape.size[0], m = a->shape.n > 1 ? a->shape.size[1] : 1;
    struct shape s = shape_of(2, (int64_t[]){m, n});
    struct tensor *t = tensor_new(DT_FLOAT64, &s, e);
    const double *from = a->data;
    for (int64_t i = 0; t && i < n; i++)
        for (int64_t k = 0; k < m; k++) ((double *)t->data)[k * n + i] = from[i * m + k];
    return t;
}

struct tensor *linear_solve(const struct tensor *a, const struct tensor *b, struct err *e) {
    int64_t n = a->shape.size[0], k = b->shape.n > 1 ? b->shape.size[1] : 1;
    struct tensor *columns = turned(a, e), *sides = columns ? turned(b, e) : NULL;
    bool ok = sides && lapack_solve(columns->data, n, sides->data, k, e);
    struct tensor *rows = ok ? turned(sides, e) : NULL;
    struct tensor *x = rows ? tensor_with_shape(rows, &b->shape, e) : NULL;
    tensor_unref(rows);
    tensor_unref(columns);
    tensor_unref(sides);
    return x;
}

struct tensor *linear_least_squares(const struct tensor *a, const struct tensor *b,
                                    const _Atomic bool *stop, struct err *e) {
    int64_t m = a->shape.size[0], n = a->shape.size[1];
    struct shape side = shape_of(1, (int64_t[]){m > n ? m : n});
    struct tensor *columns = turned(a, e), *x = columns ? tensor_zeros(DT_FLOAT64, &side, e) : NULL;
    struct tensor *found = NULL;
    if (x) {
        memcpy(x->data, b->data, (size_t)m * sizeof(double));
        if (lapack_least_squares(columns->data, m, n, x->data, 1, stop, e))
            found = tensor_rows(x, 0, n, e);
    }
    tensor_unref(columns);
    tensor_unref(x);
    return found;
}

bool linear_svd(const struct tensor *a, struct tensor *parts[3], const _Atomic bool *stop,
                struct err *e) {
    int64_t m = a->shape.size[0], n = a->shape.size[1], k = m < n ? m : n;
    struct shape shapes[] = {shape_of(2, (int64_t[]){m, k}), shape_of(1, &k),
                             shape_of(2, (int64_t[]){k, n})};
    bool ok = true;
    for (int i = 0; i < 3; i++) {
        parts[i] = ok ? tensor_new(DT_FLOAT64, &shapes[i], e) : NULL;
        ok = parts[i] != NULL;
    }
    ok = ok && (k == 0 ||
                lapack_svd(a->data, m, n, parts[0]->data, parts[1]->data, parts[2]->data, stop, e));
    for (int i = 0; i < 3 && !ok; i++) {
        tensor_unref(parts[i]);
        parts[i] = NULL;
    }
    return ok;
}
