/* Reductions, operations along an axis, rows by position, places, joins, and makers. */
#include "cuda.h"

static int32_t bytes_of(const struct program_value *v) {
    if (v->dtype == DT_FLOAT64 || v->dtype == DT_INT64) return 8;
    return v->dtype == DT_FLOAT32 || v->dtype == DT_INT32 ? 4 : 1;
}

/* ---- reductions ---- */

static void add_axis(struct walk_args *w, int64_t size, int64_t stride) {
    if (size == 1) return;
    if (w->n > 0 && w->stride[w->n - 1] == stride * size) {
        w->size[w->n - 1] *= (uint32_t)size;
        w->stride[w->n - 1] = (int32_t)stride;
        return;
    }
    w->size[w->n] = (uint32_t)size;
    w->stride[w->n++] = (int32_t)stride;
}

static void split_axes(struct fold_args *a, const struct shape *in, uint32_t axes) {
    int64_t stride[MAX_AXES], n = 1;
    for (int i = in->n - 1; i >= 0; i--) {
        stride[i] = n;
        n *= in->size[i];
    }
    a->count = 1;
    for (int i = 0; i < in->n; i++) {
        bool folds = axes >> i & 1;
        add_axis(folds ? &a->folded : &a->kept, in->size[i], stride[i]);
        if (folds) a->count *= (uint32_t)in->size[i];
    }
}

static int32_t fold_of(enum op op) {
    if (op == OP_max || op == OP_any) return FOLD_BY_MAX;
    return op == OP_min || op == OP_all ? FOLD_BY_MIN : FOLD_BY_SUM;
}

void lower_fold(struct lowering *l, const struct program_step *s) {
    const struct program_value *in = value_of(l, s->in[0]), *out = value_of(l, s->out[0]);
    struct fold_args f = {.out = value_at(l, s->out[0]),
                          .in = value_at(l, s->in[0]),
                          .faults = faults_at(l),
                          .n_out = (uint32_t)out->count,
                          .fold = fold_of(s->op),
                          .dtype = (int32_t)in->dtype};
    bool sums = f.fold == FOLD_BY_SUM;
    if (sums && in->dtype != DT_FLOAT32 && in->dtype != DT_INT64)
        lower_cannot(l, "sums of this type of numbers");
    split_axes(&f, &in->shape, s->attrs->axes);
    f.divisor = s->op == OP_mean ? (double)f.count : 1;
    const struct walk_args *kept = &f.kept;
    bool columns = kept->n > 0 && kept->stride[kept->n - 1] == 1 && f.n_out >= 32;
    enum kernel kernel = f.count == 0 ? K_fold_nothing : columns ? K_fold_columns : K_fold_rows;
    uint64_t most = 64 * (uint64_t)l->plan->device->sms;
    uint64_t blocks = columns ? (f.n_out + 31) / 32 : f.n_out;
    *(struct fold_args *)launch_add(l, kernel, blocks < most ? blocks : most, 1, 1) = f;
}

/* ---- along an axis ---- */

static int32_t along_what(enum op op) {
    switch (op) {
    case OP_argmax: return ALONG_ARGMAX;
    case OP_argmin: return ALONG_ARGMIN;
    case OP_cumsum: return ALONG_CUMSUM;
    case OP_softmax: return ALONG_SOFTMAX;
    case OP_log_softmax: return ALONG_LOG_SOFTMAX;
    case OP_softmax_crossentropy: return ALONG_CROSSENTROPY;
    default: return ALONG_SOFTMAX_SLOPE;
    }
}

void lower_along(struct lowering *l, const struct program_step *s) {
    enum { LONG_LINE = 64 };
    const struct program_value *in = value_of(l, s->in[0]);
    const struct shape *shape = &in->shape;
    int axis = s->op == OP_softmax_crossentropy ? shape->n - 1 : s->attrs->axis;
    struct along_args a = {.out = value_at(l, s->out[0]),
                           .a = value_at(l, s->in[0]),
                           .b = s->n_in > 1 ? value_at(l, s->in[1]) : NULL,
                           .faults = faults_at(l),
                           .outer = shape_part(shape, 0, axis),
                           .n = shape->n ? (uint32_t)shape->size[axis] : 1,
                           .inner = shape_part(shape, axis + 1, shape->n),
                           .what = along_what(s->op),
                           .dtype = (int32_t)in->dtype,
                           .back = s->attrs->a != 0};
    bool whole = in->dtype != DT_FLOAT32;
    if (a.what == ALONG_CUMSUM && whole && in->dtype != DT_INT64)
        lower_cannot(l, "running sums of this type of numbers");
    if (s->op == OP_softmax && s->attrs->axes == 1) a.rows = (uint32_t)shape->size[axis - 1];
    uint64_t lines = (uint64_t)a.outer * a.inner, most = 64 * (uint64_t)l->plan->device->sms;
    bool blocks = a.n > LONG_LINE && a.what >= ALONG_SOFTMAX;
    struct along_args *to = blocks
                                ? launch_add(l, K_along_blocks, lines < most ? lines : most, 1, 1)
                                : launch_each(l, K_along_lines, lines);
    *to = a;
}

/* ---- rows by position ---- */

void lower_index(struct lowering *l, const struct program_step *s) {
    const struct program_value *out = value_of(l, s->out[0]), *a = value_of(l, s->in[0]);
    const struct program_value *at = s->op == OP_one_hot ? a : value_of(l, s->in[1]);
    enum kernel kernel = s->op == OP_gather        ? K_gather_run
                         : s->op == OP_scatter_add ? K_scatter_run
                                                   : K_one_hot_run;
    struct index_args *to = launch_each(l, kernel, (uint64_t)out->count);
    *to = (struct index_args){.out = value_at(l, s->out[0]),
                              .in = value_at(l, s->in[0]),
                              .faults = faults_at(l),
                              .count = (uint32_t)out->count,
                              .n_positions = (uint32_t)at->count,
                              .position_type = (int32_t)at->dtype,
                              .dtype = (int32_t)out->dtype,
                              .bytes = bytes_of(out)};
    to->positions = s->op == OP_one_hot ? to->in : value_at(l, s->in[1]);
    if (s->op == OP_one_hot) {
        to->row = (uint32_t)out->shape.size[out->shape.n - 1];
    } else {
        const struct shape *table = s->op == OP_gather ? &a->shape : &out->shape;
        to->rows = (uint32_t)table->size[0];
        to->row = shape_part(table, 1, table->n);
    }
    bool adds = out->dtype == DT_FLOAT32 || out->dtype == DT_INT64;
    if (s->op == OP_scatter_add && !adds) lower_cannot(l, "sums of this type of numbers");
    if (s->op == OP_one_hot && out->dtype != DT_FLOAT32) lower_cannot(l, "numbers of type float64");
}

/* ---- places and joins ---- */

void lower_place(struct lowering *l, const struct program_step *s) {
    const struct program_value *out = value_of(l, s->out[0]), *in = value_of(l, s->in[0]);
    struct place_args *a = launch_each(l, K_place_run, (uint64_t)out->count);
    a->out = value_at(l, s->out[0]);
    a->in = value_at(l, s->in[0]);
    a->count = (uint32_t)out->count;
    a->bytes = bytes_of(out);
    a->n = out->shape.n;
    for (int i = 0; i < a->n; i++) {
        a->out_size[i] = (uint32_t)out->shape.size[i];
        a->in_size[i] = (uint32_t)in->shape.size[i];
        a->begin[i] = (int32_t)s->attrs->begin[i];
        a->step[i] = (int32_t)s->attrs->step[i];
    }
}

void lower_concat(struct lowering *l, const struct program_step *s) {
    const struct program_value *out = value_of(l, s->out[0]);
    int axis = s->attrs->axis;
    uint32_t whole = shape_part(&out->shape, axis, out->shape.n), skip = 0;
    for (int k = 0; k < s->n_in; k++) {
        const struct program_value *in = value_of(l, s->in[k]);
        uint32_t width = shape_part(&in->shape, axis, in->shape.n);
        if (in->count == 0) continue;
        struct concat_args *a = launch_each(l, K_concat_run, (uint64_t)in->count);
        *a = (struct concat_args){.out = value_at(l, s->out[0]),
                                  .in = value_at(l, s->in[k]),
                                  .count = (uint32_t)in->count,
                                  .width = width,
                                  .whole = whole,
                                  .skip = skip,
                                  .bytes = bytes_of(out)};
        skip += width;
    }
}

void lower_make(struct lowering *l, const struct program_step *s) {
    const struct program_value *out = value_of(l, s->out[0]);
    enum kernel kernel = s->op == OP_range ? K_range_run : K_draw_run;
    struct make_args *a = launch_each(l, kernel, (uint64_t)out->count);
    *a = (struct make_args){.out = value_at(l, s->out[0]),
                            .control = control_at(l),
                            .stream = s->attrs->stream,
                            .a = s->attrs->a,
                            .b = s->attrs->b,
                            .count = (uint32_t)out->count,
                            .kind = s->op == OP_range     ? 0
                                    : s->op == OP_uniform ? 1
                                    : s->op == OP_normal  ? 2
                                                          : 3,
                            .dtype = (int32_t)out->dtype};
    if (out->dtype == DT_FLOAT64) lower_cannot(l, "numbers of type float64");
}
