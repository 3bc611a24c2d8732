/* Convolutions, pooling, warps, normalisation, attention over heads. */
#include "cuda.h"

/* ---- convolutions ---- */

static void set_sizes(struct conv_args *a, const struct shape *x, const struct shape *kernel,
                      const struct shape *y, const struct sliding *w) {
    a->h = (uint32_t)x->size[1];
    a->w = (uint32_t)x->size[2];
    a->c = (uint32_t)x->size[3];
    a->oh = (uint32_t)y->size[1];
    a->ow = (uint32_t)y->size[2];
    a->o = (uint32_t)y->size[3];
    a->kh = (uint32_t)kernel->size[0];
    a->kw = (uint32_t)kernel->size[1];
    a->groups = (uint32_t)w->groups;
    for (int i = 0; i < 2; i++) {
        a->stride[i] = w->stride[i];
        a->dilation[i] = w->dilation[i];
        a->before[i] = w->before[i];
    }
}

enum conv_kind { CONV_FORWARD, CONV_INPUT, CONV_KERNEL };

static const enum kernel conv_kernels[3][3] = {
    [CONV_FORWARD] = {K_conv_forward_64, K_conv_forward_32, K_conv_forward_each},
    [CONV_INPUT] = {K_conv_input_64, K_conv_input_32, K_conv_input_each},
    [CONV_KERNEL] = {K_conv_kernel_64, K_conv_kernel_32, K_conv_kernel_each},
};

static const enum kernel tensor_kernels[3][4] = {
    [CONV_FORWARD] = {0, K_conv_forward_tf32, K_conv_forward_half, K_conv_forward_bf16},
    [CONV_INPUT] = {0, K_conv_input_tf32, K_conv_input_half, K_conv_input_bf16},
    [CONV_KERNEL] = {0, K_conv_kernel_tf32, K_conv_kernel_half, K_conv_kernel_bf16},
};

/* Tiles for many channels of a group, else a thread or block for each result. */
static void launch_conv(struct lowering *l, enum conv_kind kind, struct conv_args *a) {
    enum { FEW = 8 };
    uint32_t columns = kind == CONV_INPUT ? a->c : a->o, each = columns / a->groups;
    uint64_t sms = (uint64_t)l->plan->device->sms;
    a->splits = 1;
    a->part = a->k;
    if (a->groups > 1 && each < FEW) {
        uint64_t results = (uint64_t)a->m * columns;
        struct conv_args *to =
            kind == CONV_KERNEL
                ? launch_add(l, K_conv_kernel_each, results < 64 * sms ? results : 64 * sms, 1, 1)
                : launch_each(l, conv_kernels[kind][2], results);
        *to = *a;
        return;
    }
    enum backend_products what = products_of(l, a->m, each, a->k);
    uint32_t tile = what != PRODUCTS_FLOAT32 || (a->m > 32 && each > 32) ? 64 : 32;
    uint64_t rows = (a->m + tile - 1) / tile, cols = (each + tile - 1) / tile;
    if (kind == CONV_KERNEL) split_sum(l, rows * cols * a->groups, a->k, &a->splits, &a->part);
    uint64_t count = (uint64_t)a->m * a->o;
    if (a->splits > 1) a->partial = scratch_at(l, a->splits * count * sizeof(float));
    enum kernel kernel = what != PRODUCTS_FLOAT32 ? tensor_kernels[kind][what]
                                                  : conv_kernels[kind][tile == 64 ? 0 : 1];
    *(struct conv_args *)launch_add(l, kernel, rows, cols, (uint64_t)a->groups * a->splits) = *a;
    if (a->splits > 1) add_parts(l, a->out, a->partial, count, a->splits, a->o, a->o);
}

/* A window of one pixel that moves by one is a product of matrices, and may be cuBLAS's. */
static bool is_pointwise(const struct conv_args *a) {
    bool moves = a->stride[0] == 1 && a->stride[1] == 1 && a->before[0] == 0 && a->before[1] == 0;
    return a->kh == 1 && a->kw == 1 && a->groups == 1 && moves && a->oh == a->h && a->ow == a->w &&
           !a->bias && !a->relu;
}

static void lower_pointwise(struct lowering *l, enum conv_kind kind, const struct conv_args *a) {
    uint32_t columns = kind == CONV_INPUT ? a->c : a->o;
    bool turned = kind == CONV_KERNEL;
    struct product_args p = {.a = a->a,
                             .b = a->b,
                             .c = a->out,
                             .m = a->m,
                             .n = columns,
                             .k = a->k,
                             .heads = 1,
                             .a_row = turned ? 1 : a->k,
                             .a_col = turned ? a->m : 1,
                             .b_row = columns,
                             .b_col = 1,
                             .c_row = columns};
    lower_product(l, &p, 1);
}

void lower_conv(struct lowering *l, const struct program_step *s) {
    const struct shape *x = &value_of(l, s->in[0])->shape, *y = &value_of(l, s->in[1])->shape;
    const struct shape *out = &value_of(l, s->out[0])->shape;
    struct conv_args a = {.out = value_at(l, s->out[0]),
                          .a = value_at(l, s->in[0]),
                          .b = value_at(l, s->in[1]),
                          .bias = s->n_in > 2 ? value_at(l, s->in[2]) : NULL,
                          .relu = s->attrs->a != 0};
    const struct sliding *w = &s->attrs->window;
    enum conv_kind kind = s->op == OP_conv         ? CONV_FORWARD
                          : s->op == OP_conv_input ? CONV_INPUT
                                                   : CONV_KERNEL;
    if (kind == CONV_FORWARD) set_sizes(&a, x, y, out, w);
    else if (kind == CONV_INPUT) set_sizes(&a, out, y, x, w);
    else set_sizes(&a, x, out, y, w);
    uint32_t window = a.kh * a.kw, n = (uint32_t)x->size[0];
    a.m = kind == CONV_FORWARD ? n * a.oh * a.ow
          : kind == CONV_INPUT ? n * a.h * a.w
                               : window * a.c / a.groups;
    a.k = kind == CONV_FORWARD ? window * a.c / a.groups
          : kind == CONV_INPUT ? window * a.o / a.groups
                               : n * a.oh * a.ow;
    if (is_pointwise(&a)) lower_pointwise(l, kind, &a);
    else launch_conv(l, kind, &a);
}

/* ---- pooling ---- */

void lower_pool(struct lowering *l, const struct program_step *s) {
    bool spreads = s->op == OP_max_spread || s->op == OP_mean_spread;
    const struct program_value *out = value_of(l, s->out[0]), *in = value_of(l, s->in[0]);
    const struct shape *x = spreads ? &out->shape : &in->shape;
    const struct shape *y = spreads ? &value_of(l, s->in[s->n_in - 1])->shape : &out->shape;
    const struct sliding *w = &s->attrs->window;
    struct pool_args *a =
        launch_each(l, spreads ? K_pool_spread : K_pool_gather, (uint64_t)out->count);
    *a = (struct pool_args){.out = value_at(l, s->out[0]),
                            .x = value_at(l, s->in[0]),
                            .up = value_at(l, s->in[s->n_in - 1]),
                            .count = (uint32_t)out->count,
                            .h = (uint32_t)x->size[1],
                            .w = (uint32_t)x->size[2],
                            .c = (uint32_t)x->size[3],
                            .oh = (uint32_t)y->size[1],
                            .ow = (uint32_t)y->size[2]};
    for (int i = 0; i < 2; i++) {
        a->size[i] = w->size[i];
        a->stride[i] = w->stride[i];
        a->before[i] = w->before[i];
    }
    a->what = s->op == OP_mean_pool || s->op == OP_mean_spread ? POOL_MEAN
              : s->op == OP_max_take                           ? POOL_TAKE
                                                               : POOL_MAX;
}

/* ---- warps ---- */

void lower_warp(struct lowering *l, const struct program_step *s) {
    bool back = s->op == OP_warp_back;
    const struct program_value *out = value_of(l, s->out[0]), *in = value_of(l, s->in[0]);
    const struct shape *x = back ? &out->shape : &in->shape, *y = back ? &in->shape : &out->shape;
    if (out->count == 0) return;
    uint64_t count = back ? (uint64_t)(x->size[0] * x->size[3]) : (uint64_t)out->count;
    struct warp_args *a = launch_each(l, back ? K_warp_spread : K_warp_gather, count);
    *a = (struct warp_args){.out = value_at(l, s->out[0]),
                            .in = value_at(l, s->in[0]),
                            .maps = value_at(l, s->in[1]),
                            .count = (uint32_t)count,
                            .h = (uint32_t)x->size[1],
                            .w = (uint32_t)x->size[2],
                            .c = (uint32_t)x->size[3],
                            .oh = (uint32_t)y->size[1],
                            .ow = (uint32_t)y->size[2],
                            .fill = s->attrs->axis,
                            .nearest = s->attrs->a != 0,
                            .one_map = value_of(l, s->in[1])->shape.n == 1};
    if (x->size[1] == 0 || x->size[2] == 0) lower_cannot(l, "warps of empty images");
}

/* ---- normalisation ---- */

void lower_norm(struct lowering *l, const struct program_step *s) {
    const struct program_value *x = value_of(l, s->in[0]);
    const struct shape *shape = &x->shape;
    uint32_t channels = (uint32_t)shape->size[shape->n - 1];
    uint32_t places = shape_part(shape, 1, shape->n - 1), groups = (uint32_t)s->attrs->axis;
    uint64_t most = 64 * (uint64_t)l->plan->device->sms;
    struct norm_args a = {.out = value_at(l, s->out[0]),
                          .x = value_at(l, s->in[0]),
                          .up = value_at(l, s->in[s->n_in - 1]),
                          .units = channels ? (uint32_t)(x->count / channels) : 0,
                          .n = channels,
                          .groups = 1,
                          .piece = channels,
                          .row = channels,
                          .example = channels,
                          .epsilon = s->attrs->a};
    if (groups > 0) {
        a.groups = groups;
        a.piece = channels / groups;
        a.n = places * a.piece;
        a.example = (int64_t)places * channels;
        a.units = (uint32_t)shape->size[0] * groups;
    }
    enum kernel kernel = s->op == OP_norm ? K_norm_run : K_norm_slope_run;
    if (x->count > 0)
        *(struct norm_args *)launch_add(l, kernel, a.units < most ? a.units : most, 1, 1) = a;
}

/* ---- attention over heads: products of pieces of rows, where they lie ---- */

static void scores(struct product_args *p, const struct shape *q, const struct shape *k) {
    int64_t wide = q->size[2], d = wide / (int64_t)p->heads, rows = q->size[1];
    int64_t columns = k->size[1];
    p->m = (uint32_t)rows;
    p->n = (uint32_t)columns;
    p->k = (uint32_t)d;
    p->a_row = p->b_col = wide;
    p->a_col = p->b_row = 1;
    p->c_row = columns;
    p->a_example = rows * wide;
    p->b_example = columns * wide;
    p->c_example = (int64_t)p->heads * rows * columns;
    p->a_head = p->b_head = d;
    p->c_head = rows * columns;
}

static void mix(struct product_args *p, const struct shape *w, const struct shape *v, bool trans) {
    int64_t wide = v->size[2], d = wide / (int64_t)p->heads;
    int64_t rows = w->size[2], columns = w->size[3];
    p->m = (uint32_t)(trans ? columns : rows);
    p->n = (uint32_t)d;
    p->k = (uint32_t)(trans ? rows : columns);
    p->a_row = trans ? 1 : columns;
    p->a_col = trans ? columns : 1;
    p->b_row = p->c_row = wide;
    p->b_col = 1;
    p->a_example = (int64_t)p->heads * rows * columns;
    p->b_example = (int64_t)p->k * wide;
    p->c_example = (int64_t)p->m * wide;
    p->a_head = rows * columns;
    p->b_head = p->c_head = d;
}

void lower_heads(struct lowering *l, const struct program_step *s) {
    const struct shape *a = &value_of(l, s->in[0])->shape, *b = &value_of(l, s->in[1])->shape;
    struct product_args p = {.a = value_at(l, s->in[0]),
                             .b = value_at(l, s->in[1]),
                             .c = value_at(l, s->out[0]),
                             .heads = (uint32_t)s->attrs->axis};
    if (s->op == OP_heads_scores) scores(&p, a, b);
    else mix(&p, a, b, s->attrs->trans_a);
    lower_product(l, &p, (uint64_t)a->size[0] * p.heads);
}
