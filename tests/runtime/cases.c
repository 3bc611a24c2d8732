/* Test shapes for every row of ops.list. */
#include "cases.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define S(...)                                                                                     \
    {                                                                                              \
        .n = sizeof((int64_t[]){__VA_ARGS__}) / 8, .size = { __VA_ARGS__ }                         \
    }
#define NUMBER                                                                                     \
    { .n = 0 }

/* ---- elementwise: the same shapes for all ---- */

static const struct shape unary_shapes[] = {NUMBER,  S(1),       S(7),       S(0),
                                            S(2, 3), S(5, 1),    S(3, 0, 2), S(4, 3, 5),
                                            S(1031), S(33, 129), S(1, 1, 1)};

static const struct shape binary_shapes[][2] = {
    {NUMBER, NUMBER},   {S(7), S(7)},          {S(7), NUMBER},        {NUMBER, S(7)},
    {S(4, 3), S(4, 3)}, {S(4, 3), S(3)},       {S(3), S(4, 3)},       {S(4, 3), S(4, 1)},
    {S(1, 3), S(4, 3)}, {S(0, 3), S(3)},       {S(2, 3, 5), S(3, 5)}, {S(2, 3, 5), S(2, 1, 1)},
    {S(65, 33), S(33)}, {S(65, 33), S(65, 1)}, {S(1), S(1)},          {S(1021), NUMBER},
};

/* Ranges in which the function is defined, where they are not -2 … 2. */
static const struct {
    double low, high, low_b, high_b;
} ranges[OP_COUNT] = {
    [OP_log] = {0.2, 3, 0, 0},        [OP_sqrt] = {0.2, 3, 0, 0},
    [OP_rsqrt] = {0.2, 3, 0, 0},      [OP_recip] = {0.4, 3, 0, 0},
    [OP_pow] = {0.3, 2.5, -2, 2},     [OP_div] = {-2, 2, 0.5, 2.5},
    [OP_mod] = {-5, 5, 0.7, 1.3},     [OP_floordiv] = {-5, 5, 0.7, 1.3},
    [OP_exp] = {-4, 4, 0, 0},         [OP_sigmoid] = {-6, 6, 0, 0},
    [OP_softplus] = {-6, 6, 0, 0},    [OP_tanh] = {-4, 4, 0, 0},
    [OP_sigmoid_bce] = {-5, 5, 0, 1}, [OP_log2] = {0.2, 3, 0, 0},
    [OP_log10] = {0.2, 3, 0, 0},      [OP_log1p] = {-0.8, 2, 0, 0},
    [OP_asin] = {-0.9, 0.9, 0, 0},    [OP_acos] = {-0.9, 0.9, 0, 0},
    [OP_tan] = {-1.2, 1.2, 0, 0},
};

static void set_ranges(struct op_case *c) {
    for (int k = 0; k < 3; k++) {
        if (c->low[k] != 0 || c->high[k] != 0) continue;
        c->low[k] = -2;
        c->high[k] = 2;
    }
    if (ranges[c->op].high != 0) {
        c->low[0] = ranges[c->op].low;
        c->high[0] = ranges[c->op].high;
    }
    if (ranges[c->op].high_b != 0) {
        c->low[1] = ranges[c->op].low_b;
        c->high[1] = ranges[c->op].high_b;
    }
}

static enum dtype natural_dtype(enum op op) {
    return op == OP_not || op == OP_and || op == OP_or ? DT_BOOL : DT_FLOAT64;
}

static void each_unary(enum op op, case_fn *visit, void *user) {
    static const enum dtype whole[] = {DT_INT64, DT_INT32, DT_UINT8, DT_BOOL};
    enum dtype natural = natural_dtype(op);
    struct op_case c = {.op = op, .n_in = 1, .dtype = {natural}};
    set_ranges(&c);
    if (op == OP_cast) c.attrs.dtype = DT_INT64;
    for (size_t i = 0; i < ARRAY_LEN(unary_shapes); i++) {
        c.in[0] = unary_shapes[i];
        visit(&c, user);
    }
    for (size_t i = 0; i < ARRAY_LEN(whole) && natural != DT_BOOL; i++) {
        c.in[0] = (struct shape)S(37);
        c.dtype[0] = whole[i];
        c.attrs.dtype = whole[i] == DT_INT64 ? DT_FLOAT64 : DT_BOOL;
        if (c.low[0] >= 0 || op == OP_cast || !(op_flags(op) & OP_WHOLE_NUMBERS)) visit(&c, user);
    }
}

static void each_binary(enum op op, case_fn *visit, void *user) {
    enum dtype natural = natural_dtype(op);
    struct op_case c = {.op = op, .n_in = 2, .dtype = {natural, natural}};
    set_ranges(&c);
    for (size_t i = 0; i < ARRAY_LEN(binary_shapes); i++) {
        c.in[0] = binary_shapes[i][0];
        c.in[1] = binary_shapes[i][1];
        visit(&c, user);
    }
    if (natural == DT_BOOL) return;
    static const enum dtype pairs[][2] = {
        {DT_INT64, DT_INT64}, {DT_UINT8, DT_INT64}, {DT_INT32, DT_BOOL}, {DT_UINT8, DT_FLOAT64}};
    c.low[1] = 1; /* no division by zero among whole numbers */
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        c.in[0] = (struct shape)S(6, 37);
        c.in[1] = (struct shape)S(37);
        memcpy(c.dtype, pairs[i], sizeof pairs[i]);
        visit(&c, user);
    }
}

/* ---- the others: one line for each shape ---- */

#define ALL3 7u
#define IN(count, ...) .n_in = count, .in = {__VA_ARGS__}
#define ONE(...) .n_in = 1, .in = {S(__VA_ARGS__)}
#define MAKE(...) .n_in = 0, .attrs = {.shape = S(__VA_ARGS__), .a = 0.25, .b = 0.5}
#define POSITIONS .dtype = {DT_FLOAT64, DT_INT64}, .low = {-2, 0}, .high = {2, 4}

#define WINDOW(...) .attrs.window = {__VA_ARGS__}
#define PLAIN .stride = {1, 1}, .dilation = {1, 1}, .groups = 1
#define SAME3 .stride = {1, 1}, .dilation = {1, 1}, .before = {1, 1}, .after = {1, 1}
#define STRIDED .stride = {2, 2}, .dilation = {1, 1}
#define TWO .size = {2, 2}, STRIDED, .groups = 1
#define THREE .size = {3, 3}, STRIDED, .before = {1, 1}, .after = {1, 1}, .groups = 1

static const struct op_case table[] = {
    {OP_fill, MAKE(3, 4)},
    {OP_fill, MAKE(0)},
    {OP_fill, MAKE(1)},
    {OP_fill, MAKE(300, 7)},
    {OP_range, MAKE(5)},
    {OP_range, MAKE(0)},
    {OP_range, MAKE(1)},
    {OP_range, MAKE(2049)},
    {OP_uniform, MAKE(5, 7)},
    {OP_uniform, MAKE(0, 2)},
    {OP_uniform, MAKE(1)},
    {OP_uniform, MAKE(200, 101)},
    {OP_normal, MAKE(5, 7)},
    {OP_normal, MAKE(0, 2)},
    {OP_normal, MAKE(1)},
    {OP_normal, MAKE(200, 101)},
    {OP_bernoulli, MAKE(5, 7)},
    {OP_bernoulli, MAKE(0, 2)},
    {OP_bernoulli, MAKE(1)},
    {OP_bernoulli, MAKE(200, 101)},

    {OP_where, IN(3, S(5), S(5), S(5)), .dtype = {DT_BOOL}},
    {OP_where, IN(3, S(4, 3), S(3), NUMBER), .dtype = {DT_BOOL}},
    {OP_where, IN(3, S(3), S(4, 3), S(4, 3)), .dtype = {DT_BOOL}},
    {OP_where, IN(3, S(0), S(0), NUMBER), .dtype = {DT_BOOL}},
    {OP_where, IN(3, S(64, 33), NUMBER, NUMBER), .dtype = {DT_BOOL}},
    {OP_where, IN(3, S(9), S(9), S(9)), .dtype = {DT_BOOL, DT_INT64, DT_UINT8}},

    {OP_reshape, ONE(2, 6), .attrs.shape = S(3, 4)},
    {OP_reshape, ONE(4, 6), .attrs.shape = S(4, 2, 3)},
    {OP_reshape, ONE(1), .attrs.shape = NUMBER},
    {OP_reshape, ONE(0, 5), .attrs.shape = S(0, 1, 5)},
    {OP_reshape, ONE(4, 35), .attrs = {.shape = S(7, -1), .axis = 2}},
    {OP_expand, IN(1, NUMBER), .attrs = {.shape = S(3), .axes = 1}},
    {OP_expand, ONE(3), .attrs = {.shape = S(4, 3), .axes = 1}},
    {OP_expand, ONE(3), .attrs = {.shape = S(3, 5), .axes = 2}},
    {OP_expand, ONE(3, 5), .attrs = {.shape = S(3, 4, 5, 2), .axes = 10}},
    {OP_expand, ONE(3, 1, 5), .attrs = {.shape = S(3, 4, 5), .axes = 2}},
    {OP_expand, ONE(1, 3, 1), .attrs = {.shape = S(2, 3, 4), .axes = 5}},
    {OP_expand, ONE(1, 3), .attrs = {.shape = S(0, 3), .axes = 1}},
    {OP_expand, ONE(63), .attrs = {.shape = S(65, 63), .axes = 1}},
    {OP_transpose, ONE(3, 4), .attrs.perm = {1, 0}},
    {OP_transpose, ONE(2, 3, 4), .attrs.perm = {2, 0, 1}},
    {OP_transpose, ONE(2, 3, 4, 5), .attrs.perm = {0, 2, 1, 3}},
    {OP_transpose, ONE(2, 3, 4), .attrs.perm = {0, 1, 2}},
    {OP_transpose, ONE(0, 4), .attrs.perm = {1, 0}},
    {OP_transpose, ONE(1), .attrs.perm = {0}},
    {OP_transpose, ONE(70, 33), .attrs.perm = {1, 0}},
    {OP_slice, ONE(5), .attrs = {.shape = S(3), .begin = {1}, .step = {1}}},
    {OP_slice, ONE(5), .attrs = {.shape = S(3), .begin = {4}, .step = {-2}}},
    {OP_slice, ONE(4, 6), .attrs = {.shape = S(4, 2), .begin = {0, 1}, .step = {1, 3}}},
    {OP_slice, ONE(4, 6), .attrs = {.shape = S(1, 6), .begin = {3, 0}, .step = {1, 1}}},
    {OP_slice, ONE(4, 6), .attrs = {.shape = S(4, 0), .begin = {0, 2}, .step = {1, 1}}},
    {OP_slice, ONE(4, 6, 5),
     .attrs = {.shape = S(4, 6, 1), .begin = {3, 5, 2}, .step = {-1, -1, 1}}},
    {OP_slice, ONE(50, 70), .attrs = {.shape = S(50, 64), .begin = {0, 3}, .step = {1, 1}}},
    {OP_place, ONE(3), .attrs = {.shape = S(5), .begin = {1}, .step = {1}}},
    {OP_place, ONE(3), .attrs = {.shape = S(6), .begin = {5}, .step = {-2}}},
    {OP_place, ONE(4, 2), .attrs = {.shape = S(4, 6), .begin = {0, 1}, .step = {1, 3}}},
    {OP_place, ONE(0, 2), .attrs = {.shape = S(3, 2), .begin = {0, 0}, .step = {1, 1}}},
    {OP_place, ONE(50, 64), .attrs = {.shape = S(50, 70), .begin = {0, 3}, .step = {1, 1}}},
    {OP_concat, IN(2, S(3), S(4))},
    {OP_concat, IN(3, S(4, 2), S(4, 1), S(4, 3)), .attrs.axis = 1},
    {OP_concat, IN(3, S(2, 2, 3), S(2, 0, 3), S(2, 1, 3)), .attrs.axis = 1},
    {OP_concat, IN(1, S(5))},
    {OP_concat, IN(2, S(4, 65), S(4, 33)), .attrs.axis = 1},
    {OP_concat, IN(2, S(3), S(2)), .dtype = {DT_UINT8, DT_FLOAT64}},
    {OP_gather, IN(2, S(5), S(3)), POSITIONS},
    {OP_gather, IN(2, S(5, 4), S(7)), POSITIONS},
    {OP_gather, IN(2, S(5, 2, 2), S(3, 2)), POSITIONS},
    {OP_gather, IN(2, S(5, 3), NUMBER), POSITIONS},
    {OP_gather, IN(2, S(5, 3), S(0)), POSITIONS},
    {OP_gather, IN(2, S(5, 65), S(130)), POSITIONS},
    {OP_scatter_add, IN(2, S(3), S(3)), POSITIONS, .attrs.shape = S(5)},
    {OP_scatter_add, IN(2, S(7, 4), S(7)), POSITIONS, .attrs.shape = S(5, 4)},
    {OP_scatter_add, IN(2, S(3, 2, 4), S(3, 2)), POSITIONS, .attrs.shape = S(6, 4)},
    {OP_scatter_add, IN(2, S(0, 4), S(0)), POSITIONS, .attrs.shape = S(5, 4)},
    {OP_scatter_add, IN(2, S(130, 65), S(130)), POSITIONS, .attrs.shape = S(5, 65)},
    {OP_one_hot, ONE(6), .dtype = {DT_INT64}, .high = {4}, .attrs.shape = S(5)},
    {OP_one_hot, ONE(2, 3), .dtype = {DT_UINT8}, .high = {4}, .attrs.shape = S(5)},
    {OP_one_hot, IN(1, NUMBER), .dtype = {DT_INT32}, .high = {4}, .attrs.shape = S(5)},
    {OP_one_hot, ONE(0), .dtype = {DT_INT64}, .high = {4}, .attrs.shape = S(5)},
    {OP_one_hot, ONE(200), .dtype = {DT_INT64}, .high = {9}, .attrs.shape = S(10)},

    {OP_matmul, IN(2, S(4, 3), S(3, 5))},
    {OP_matmul, IN(2, S(3, 4), S(3, 5)), .attrs.trans_a = true},
    {OP_matmul, IN(2, S(4, 3), S(5, 3)), .attrs.trans_b = true},
    {OP_matmul, IN(2, S(3, 4), S(5, 3)), .attrs = {.trans_a = true, .trans_b = true}},
    {OP_matmul, IN(2, S(3), S(3))},
    {OP_matmul, IN(2, S(3), S(3, 4))},
    {OP_matmul, IN(2, S(4, 3), S(3))},
    {OP_matmul, IN(2, S(2, 4, 3), S(3))},
    {OP_matmul, IN(2, S(2, 4, 3), S(3, 5))},
    {OP_matmul, IN(2, S(2, 3, 4), S(3, 5)), .attrs.trans_a = true},
    {OP_matmul, IN(2, S(2, 4, 3), S(5, 3)), .attrs.trans_b = true},
    {OP_matmul, IN(2, S(2, 3, 4), S(5, 3)), .attrs = {.trans_a = true, .trans_b = true}},
    {OP_matmul, IN(2, S(2, 4, 3), S(2, 3, 5))},
    {OP_matmul, IN(2, S(2, 3, 4), S(2, 3, 5)), .attrs.trans_a = true},
    {OP_matmul, IN(2, S(2, 4, 3), S(2, 5, 3)), .attrs.trans_b = true},
    {OP_matmul, IN(2, S(4, 2, 3), S(4, 2, 5)), .attrs.axes = 1},
    {OP_matmul, IN(2, S(6, 3), S(6, 5)), .attrs.axes = 1},
    {OP_matmul, IN(2, S(1, 1), S(1, 1))},
    {OP_matmul, IN(2, S(0, 3), S(3, 5))},
    {OP_matmul, IN(2, S(4, 0), S(0, 5))},
    {OP_matmul, IN(2, S(4, 3), S(3, 0))},
    {OP_matmul, IN(2, S(67, 129), S(129, 33))},
    {OP_matmul, IN(2, S(128, 96), S(96, 10))},
    {OP_matmul, IN(2, S(129, 67), S(129, 33)), .attrs.trans_a = true},
    {OP_matmul, IN(2, S(67, 129), S(33, 129)), .attrs.trans_b = true},
    {OP_matmul, IN(2, S(17, 31), S(31, 2)), .dtype = {DT_UINT8, DT_FLOAT64}},

    {OP_conv, IN(2, S(2, 5, 6, 3), S(3, 3, 3, 4)), WINDOW(PLAIN)},
    {OP_conv, IN(2, S(3, 4, 4, 2), S(2, 2, 2, 3)), WINDOW(PLAIN, .after = {1, 1})},
    {OP_conv, IN(2, S(2, 7, 6, 1), S(3, 2, 1, 5)),
     WINDOW(.stride = {2, 3}, .dilation = {2, 1}, .before = {1, 0}, .after = {2, 1}, .groups = 1)},
    {OP_conv, IN(2, S(2, 5, 5, 4), S(3, 3, 2, 6)), WINDOW(SAME3, .groups = 2)},
    {OP_conv, IN(2, S(2, 6, 5, 5), S(3, 3, 1, 5)), WINDOW(SAME3, .groups = 5)},
    {OP_conv, IN(2, S(2, 5, 4, 3), S(2, 2, 1, 6)), WINDOW(STRIDED, .groups = 3)},
    {OP_conv, IN(2, S(1, 1, 1, 2), S(1, 1, 2, 1)), WINDOW(PLAIN)},
    {OP_conv, IN(2, S(0, 4, 4, 2), S(2, 2, 2, 3)), WINDOW(PLAIN)},
    {OP_conv, IN(2, S(5, 20, 19, 7), S(3, 3, 7, 53)), WINDOW(SAME3, .groups = 1)},
    {OP_conv, IN(2, S(3, 17, 18, 33), S(3, 3, 1, 33)),
     WINDOW(.stride = {2, 2}, .dilation = {1, 1}, .before = {1, 1}, .after = {1, 1}, .groups = 33)},
    {OP_conv, IN(2, S(3, 9, 8, 70), S(1, 1, 70, 65)), WINDOW(PLAIN)},
    {OP_conv, IN(2, S(3, 9, 11, 1), S(5, 5, 1, 6)),
     WINDOW(.stride = {1, 1}, .dilation = {1, 1}, .before = {2, 2}, .after = {2, 2}, .groups = 1)},
    {OP_conv, IN(2, S(2, 7, 9, 3), S(3, 3, 3, 1)), WINDOW(SAME3, .groups = 1)},
    {OP_conv, IN(2, S(2, 8, 13, 2), S(3, 4, 2, 3)), WINDOW(STRIDED, .groups = 1)},
    /* images of few positions, computed together; kernels that are copied block by block */
    {OP_conv, IN(2, S(9, 2, 2, 150), S(3, 3, 150, 133)), WINDOW(SAME3, .groups = 1)},
    {OP_conv, IN(2, S(7, 4, 3, 300), S(1, 2, 300, 200)),
     WINDOW(.stride = {2, 1}, .dilation = {1, 1}, .before = {0, 1}, .after = {0, 0}, .groups = 1)},
    {OP_conv, IN(2, S(6, 3, 3, 130), S(2, 2, 65, 150)),
     WINDOW(.stride = {1, 1}, .dilation = {1, 1}, .groups = 2)},
    {OP_conv_input, IN(2, S(7, 2, 2, 150), S(3, 3, 150, 133)), .attrs.shape = S(7, 4, 3, 133),
     WINDOW(.stride = {2, 2}, .dilation = {1, 1}, .before = {1, 1}, .after = {1, 1}, .groups = 1)},
    {OP_conv_kernel, IN(2, S(9, 2, 2, 150), S(9, 2, 2, 133)), WINDOW(SAME3, .groups = 1),
     .attrs.shape = S(3, 3, 150, 133)},
    {OP_conv_kernel, IN(2, S(40, 4, 3, 9), S(40, 4, 3, 200)), .attrs.shape = S(3, 3, 9, 200),
     WINDOW(SAME3, .groups = 1)},
    {OP_conv_input, IN(2, S(2, 3, 4, 4), S(3, 3, 4, 3)), WINDOW(PLAIN),
     .attrs.shape = S(2, 5, 6, 3)},
    {OP_conv_input, IN(2, S(2, 3, 3, 2), S(4, 4, 2, 3)), .attrs.shape = S(2, 6, 6, 3),
     WINDOW(.stride = {2, 2}, .dilation = {1, 1}, .before = {1, 1}, .after = {1, 1}, .groups = 1)},
    {OP_conv_input, IN(2, S(2, 3, 2, 5), S(3, 2, 5, 1)), .attrs.shape = S(2, 7, 6, 1),
     WINDOW(.stride = {2, 3}, .dilation = {2, 1}, .before = {1, 0}, .after = {2, 1}, .groups = 1)},
    {OP_conv_input, IN(2, S(2, 2, 3, 3), S(1, 1, 3, 2)), .attrs.shape = S(2, 4, 5, 2),
     WINDOW(STRIDED, .groups = 1)},
    {OP_conv_input, IN(2, S(2, 5, 5, 6), S(3, 3, 3, 4)), WINDOW(SAME3, .groups = 2),
     .attrs.shape = S(2, 5, 5, 4)},
    {OP_conv_input, IN(2, S(2, 3, 3, 5), S(3, 3, 1, 5)), .attrs.shape = S(2, 6, 5, 5),
     WINDOW(.stride = {2, 2}, .dilation = {1, 1}, .before = {1, 1}, .after = {1, 1}, .groups = 5)},
    {OP_conv_input, IN(2, S(4, 10, 9, 21), S(4, 4, 21, 35)), .attrs.shape = S(4, 20, 18, 35),
     WINDOW(.stride = {2, 2}, .dilation = {1, 1}, .before = {1, 1}, .after = {1, 1}, .groups = 1)},
    {OP_conv_kernel, IN(2, S(2, 5, 6, 3), S(2, 3, 4, 4)), WINDOW(PLAIN),
     .attrs.shape = S(3, 3, 3, 4)},
    {OP_conv_kernel, IN(2, S(2, 7, 6, 1), S(2, 3, 2, 5)), .attrs.shape = S(3, 2, 1, 5),
     WINDOW(.stride = {2, 3}, .dilation = {2, 1}, .before = {1, 0}, .after = {2, 1}, .groups = 1)},
    {OP_conv_kernel, IN(2, S(2, 5, 5, 4), S(2, 5, 5, 6)), WINDOW(SAME3, .groups = 2),
     .attrs.shape = S(3, 3, 2, 6)},
    {OP_conv_kernel, IN(2, S(2, 6, 5, 5), S(2, 6, 5, 5)), WINDOW(SAME3, .groups = 5),
     .attrs.shape = S(3, 3, 1, 5)},
    {OP_conv_kernel, IN(2, S(0, 4, 4, 2), S(0, 3, 3, 3)), WINDOW(PLAIN),
     .attrs.shape = S(2, 2, 2, 3)},
    {OP_conv_kernel, IN(2, S(5, 20, 19, 9), S(5, 20, 19, 51)), WINDOW(SAME3, .groups = 1),
     .attrs.shape = S(3, 3, 9, 51)},
    {OP_conv_kernel, IN(2, S(3, 17, 18, 37), S(3, 9, 9, 37)), .attrs.shape = S(3, 3, 1, 37),
     WINDOW(.stride = {2, 2}, .dilation = {1, 1}, .before = {1, 1}, .after = {1, 1}, .groups = 37)},
    {OP_max_pool, ONE(2, 4, 6, 3), WINDOW(TWO)},
    {OP_max_pool, ONE(2, 5, 5, 2), WINDOW(THREE)},
    {OP_max_pool, ONE(1, 1, 1, 1), WINDOW(.size = {1, 1}, PLAIN)},
    {OP_max_pool, ONE(3, 33, 20, 70), WINDOW(THREE)},
    {OP_max_take, IN(2, S(2, 4, 6, 3), S(2, 4, 6, 3)), WINDOW(TWO)},
    {OP_max_take, IN(2, S(2, 5, 5, 2), S(2, 5, 5, 2)), WINDOW(THREE)},
    {OP_max_take, IN(2, S(1, 2, 2, 1), S(1, 2, 2, 1)), WINDOW(.size = {2, 1}, PLAIN)},
    {OP_max_take, IN(2, S(3, 13, 20, 70), S(3, 13, 20, 70)), WINDOW(THREE)},
    {OP_max_spread, IN(2, S(2, 4, 6, 3), S(2, 2, 3, 3)), WINDOW(TWO)},
    {OP_max_spread, IN(2, S(2, 5, 5, 2), S(2, 3, 3, 2)), WINDOW(THREE)},
    {OP_max_spread, IN(2, S(1, 2, 2, 1), S(1, 1, 2, 1)), WINDOW(.size = {2, 1}, PLAIN)},
    {OP_max_spread, IN(2, S(3, 13, 20, 70), S(3, 7, 10, 70)), WINDOW(THREE)},
    {OP_mean_pool, ONE(2, 4, 6, 3), WINDOW(TWO)},
    {OP_mean_pool, ONE(2, 5, 5, 2), WINDOW(THREE)},
    {OP_mean_pool, ONE(1, 1, 1, 1), WINDOW(.size = {1, 1}, PLAIN)},
    {OP_mean_pool, ONE(3, 33, 20, 70), WINDOW(THREE)},
    {OP_mean_spread, ONE(2, 2, 3, 3), WINDOW(TWO), .attrs.shape = S(2, 4, 6, 3)},
    {OP_mean_spread, ONE(2, 3, 3, 2), WINDOW(THREE), .attrs.shape = S(2, 5, 5, 2)},
    {OP_mean_spread, ONE(1, 1, 1, 1), WINDOW(.size = {1, 1}, PLAIN), .attrs.shape = S(1, 1, 1, 1)},
    {OP_mean_spread, ONE(3, 7, 10, 70), WINDOW(THREE), .attrs.shape = S(3, 13, 20, 70)},
    {OP_softmax, ONE(4, 5), .attrs = {.axis = 1, .axes = 1}},
    {OP_softmax, ONE(2, 3, 7), .attrs = {.axis = 2, .axes = 1}},
    {OP_softmax, ONE(3, 70, 70), .attrs = {.axis = 2, .axes = 1}},
    {OP_softmax, ONE(37, 10), .attrs.axis = 1},
    {OP_softmax, ONE(17, 16), .attrs.axis = 1},
    {OP_log_softmax, ONE(37, 10), .attrs.axis = 1},
    {OP_log_softmax, ONE(17, 40), .attrs.axis = 1},
    {OP_softmax_slope, IN(2, S(4, 5), S(4, 5)), .attrs.axis = 1},
    {OP_softmax_slope, IN(2, S(4, 5), S(4, 5)), .attrs.axis = 0},
    {OP_softmax_slope, IN(2, S(2, 3, 4), S(2, 3, 4)), .attrs.axis = 1},
    {OP_softmax_slope, IN(2, S(0, 4), S(0, 4)), .attrs.axis = 1},
    {OP_softmax_slope, IN(2, S(65, 70), S(65, 70)), .attrs.axis = 1},
    {OP_heads_scores, IN(2, S(2, 3, 4), S(2, 5, 4)), .attrs.axis = 2},
    {OP_heads_scores, IN(2, S(2, 3, 4), S(2, 3, 4)), .attrs.axis = 1},
    {OP_heads_scores, IN(2, S(0, 3, 4), S(0, 5, 4)), .attrs.axis = 4},
    {OP_heads_scores, IN(2, S(3, 20, 48), S(3, 20, 48)), .attrs.axis = 3},
    {OP_heads_scores, IN(2, S(2, 5, 130), S(2, 9, 130)), .attrs.axis = 1},
    {OP_heads_mix, IN(2, S(2, 2, 3, 5), S(2, 5, 4)), .attrs.axis = 2},
    {OP_heads_mix, IN(2, S(2, 2, 5, 3), S(2, 5, 4)), .attrs = {.axis = 2, .trans_a = true}},
    {OP_heads_mix, IN(2, S(2, 1, 4, 4), S(2, 4, 3)), .attrs.axis = 1},
    {OP_heads_mix, IN(2, S(0, 2, 3, 5), S(0, 5, 4)), .attrs.axis = 2},
    {OP_heads_mix, IN(2, S(3, 3, 20, 20), S(3, 20, 48)), .attrs = {.axis = 3, .trans_a = true}},
    {OP_norm, ONE(4, 5), .attrs.a = 1e-3},
    {OP_norm, ONE(2, 3, 4), .attrs.a = 1e-3},
    {OP_norm, ONE(3, 2, 6), .attrs = {.axis = 3, .a = 0.1}},
    {OP_norm, ONE(2, 2, 3, 8), .attrs = {.axis = 2, .a = 1e-3}},
    {OP_norm, ONE(0, 5), .attrs.a = 1e-3},
    {OP_norm, ONE(70, 1500), .attrs.a = 1e-3},
    {OP_norm_slope, IN(2, S(4, 5), S(4, 5)), .attrs.a = 1e-1},
    {OP_norm_slope, IN(2, S(2, 3, 4), S(2, 3, 4)), .attrs.a = 1e-1},
    {OP_norm_slope, IN(2, S(3, 2, 6), S(3, 2, 6)), .attrs = {.axis = 3, .a = 0.1}},
    {OP_norm_slope, IN(2, S(2, 2, 3, 8), S(2, 2, 3, 8)), .attrs = {.axis = 2, .a = 1e-1}},
    {OP_norm_slope, IN(2, S(0, 5), S(0, 5)), .attrs.a = 1e-3},

    {OP_warp, IN(2, S(2, 4, 5, 3), S(2, 6)), .attrs.shape = S(2, 3, 6, 3)},
    {OP_warp, IN(2, S(2, 4, 5, 1), S(6)), .attrs = {.shape = S(2, 4, 5, 1), .axis = 1}},
    {OP_warp, IN(2, S(2, 4, 5, 2), S(2, 6)), .attrs = {.shape = S(2, 5, 4, 2), .axis = 2}},
    {OP_warp, IN(2, S(3, 4, 5, 2), S(3, 6)), .attrs = {.shape = S(3, 5, 4, 2), .a = 1}},
    {OP_warp, IN(2, S(5, 20, 21, 3), S(5, 6)), .attrs = {.shape = S(5, 18, 22, 3), .axis = 1}},
    {OP_warp_back, IN(2, S(2, 3, 6, 3), S(2, 6)), .attrs.shape = S(2, 4, 5, 3)},
    {OP_warp_back, IN(2, S(2, 4, 5, 1), S(6)), .attrs = {.shape = S(2, 4, 5, 1), .axis = 1}},
    {OP_warp_back, IN(2, S(2, 5, 4, 2), S(2, 6)), .attrs = {.shape = S(2, 4, 5, 2), .axis = 2}},
    {OP_warp_back, IN(2, S(3, 5, 4, 2), S(3, 6)), .attrs = {.shape = S(3, 4, 5, 2), .a = 1}},

    {OP_softmax_crossentropy, IN(2, S(4, 5), S(4, 5)), .low = {-3, 0}, .high = {3, 1}},
    {OP_softmax_crossentropy, IN(2, S(5), S(5)), .low = {-3, 0}, .high = {3, 1}},
    {OP_softmax_crossentropy, IN(2, S(2, 3, 4), S(2, 3, 4)), .low = {-3, 0}, .high = {3, 1}},
    {OP_softmax_crossentropy, IN(2, S(0, 3), S(0, 3)), .low = {-3, 0}, .high = {3, 1}},
    {OP_softmax_crossentropy, IN(2, S(3, 1), S(3, 1)), .low = {-3, 0}, .high = {3, 1}},
    {OP_softmax_crossentropy, IN(2, S(53, 10), S(53, 10)), .low = {-30, 0}, .high = {30, 1}},
    {OP_softmax_crossentropy, IN(2, S(70, 33), S(70, 33)), .low = {-30, 0}, .high = {30, 1}},
};

/* ---- reductions and lines along an axis ---- */

static const struct {
    struct shape in;
    uint32_t axes;
} reductions[] = {
    {NUMBER, 0},        {S(7), 1},       {S(1), 1},       {S(4, 3), 1},       {S(4, 3), 2},
    {S(4, 3), 3},       {S(4, 3), 0},    {S(2, 3, 4), 2}, {S(2, 3, 4), 5},    {S(2, 3, 4), 6},
    {S(2, 3, 4), ALL3}, {S(3, 1, 2), 2}, {S(0, 3), 1},    {S(3, 0), 1},       {S(1031), 1},
    {S(130, 65), 1},    {S(130, 65), 2}, {S(130, 65), 3}, {S(2, 3, 2, 3), 9},
};

static void each_reduction(enum op op, case_fn *visit, void *user) {
    bool extreme = op == OP_max || op == OP_min, logic = op == OP_any || op == OP_all;
    for (size_t i = 0; i < 2 * ARRAY_LEN(reductions); i++) {
        struct op_case c = {.op = op,
                            .n_in = 1,
                            .in = {reductions[i / 2].in},
                            .dtype = {logic ? DT_BOOL : DT_FLOAT64},
                            .attrs = {.axes = reductions[i / 2].axes, .keepdims = i % 2}};
        bool empty = c.in[0].n == 2 && c.in[0].size[0] == 0;
        if (empty && extreme) continue; /* no numbers have no largest one */
        set_ranges(&c);
        visit(&c, user);
        if (i != 8 || logic) continue;
        for (enum dtype t = DT_INT64; t < DT_COUNT; t++) {
            c.dtype[0] = t;
            visit(&c, user);
        }
    }
}

static const struct {
    struct shape in;
    int axis;
} lines[] = {
    {S(7), 0},       {S(1), 0},       {S(4, 3), 0},    {S(4, 3), 1}, {S(2, 3, 4), 1},
    {S(2, 3, 4), 2}, {S(130, 65), 0}, {S(130, 65), 1}, {S(5, 1), 1}, {S(0, 3), 1},
};

static void each_line(enum op op, case_fn *visit, void *user) {
    for (size_t i = 0; i < 2 * ARRAY_LEN(lines); i++) {
        struct op_case c = {.op = op,
                            .n_in = 1,
                            .in = {lines[i / 2].in},
                            .attrs = {.axis = lines[i / 2].axis, .keepdims = i % 2}};
        if (op == OP_cumsum) c.attrs.a = (double)(i % 2);
        set_ranges(&c);
        visit(&c, user);
    }
}

static bool is_line(enum op op) {
    return op == OP_cumsum || op == OP_softmax || op == OP_log_softmax || op == OP_argmax ||
           op == OP_argmin;
}

void each_case(case_fn *visit, void *user) {
    for (int i = 0; i < OP_COUNT; i++) {
        enum op op = (enum op)i;
        bool elementwise = op_flags(op) & OP_ELEMENTWISE;
        if (elementwise && op_arity(op) == 1) each_unary(op, visit, user);
        if (elementwise && op_arity(op) == 2) each_binary(op, visit, user);
        if ((op_flags(op) & OP_REDUCE) || op == OP_count) each_reduction(op, visit, user);
        if (is_line(op)) each_line(op, visit, user);
    }
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct op_case c = table[i];
        set_ranges(&c);
        visit(&c, user);
    }
}

bool op_has_slope(enum op op, int input) {
    bool places = op == OP_max_take || op == OP_max_spread;
    bool maps = op == OP_warp || op == OP_warp_back;
    return op_is_smooth(op) && !(places && input == 0) && !(maps && input == 1);
}

bool op_is_smooth(enum op op) {
    switch ((int)op) {
    case OP_sign:
    case OP_round:
    case OP_floor:
    case OP_ceil:
    case OP_floordiv:
    case OP_stop_gradient:
    case OP_count:
    case OP_argmax:
    case OP_argmin:
    case OP_one_hot: return false;
    default: return op_arity(op) != 0 && !(op_flags(op) & OP_WHOLE_NUMBERS);
    }
}

double case_value(const struct op_case *c, int k, int64_t i) {
    /* Golden-ratio steps: evenly spread, never repeating. */
    double u = fmod(0.317 + 0.271 * k + (double)i * 0.6180339887498949, 1);
    double x = c->low[k] + (c->high[k] - c->low[k]) * u;
    if (c->dtype[k] == DT_BOOL) return u < 0.4 || c->low[k] >= 1;
    if (dtype_is_float(c->dtype[k])) return x;
    double low = c->low[k] > 0 ? c->low[k] : 0;
    return floor(low + (c->high[k] + 1 - low) * u);
}

const char *case_print(const struct op_case *c, char *out, size_t cap) {
    size_t used = (size_t)snprintf(out, cap, "%s", op_name(c->op));
    char shape[128];
    for (int k = 0; k < c->n_in && used < cap; k++) {
        used += (size_t)snprintf(out + used, cap - used, " %s%s", dtype_name(c->dtype[k]),
                                 shape_print(&c->in[k], shape, sizeof shape));
    }
    if (used < cap) {
        snprintf(out + used, cap - used, " axes %u axis %d keep %d trans %d %d", c->attrs.axes,
                 c->attrs.axis, c->attrs.keepdims, c->attrs.trans_a, c->attrs.trans_b);
    }
    return out;
}
