/* Export of operations that lay numbers out anew, and of matrix products. */
#include "onnx_write.h"
#include "op/size.h"

/* ---- the same numbers ---- */

/* With one size that is not known, that one is -1. */
static const char *target(struct onnx_writer *x, const struct shape *s) {
    int64_t sizes[MAX_AXES];
    int unknown = 0;
    for (int i = 0; i < s->n; i++) {
        sizes[i] = s->size[i] < 0 ? -1 : s->size[i];
        unknown += s->size[i] < 0;
    }
    return unknown <= 1 ? onnx_whole(x, sizes, s->n) : onnx_shape(x, s);
}

bool onnx_export_reshape(struct onnx_writer *x, const struct node *n, const char *op) {
    const struct shape *in = &n->in[0]->desc.shape;
    bool one_place = onnx_prefers_channels(x, n->in[0]) && in->size[1] == 1 && in->size[2] == 1;
    const char *a = onnx_in_layout(x, n->in[0], one_place);
    const char *shape = a ? target(x, &n->desc.shape) : NULL;
    return onnx_set(x, n, onnx_op(x, op, a, shape, NULL), false);
}

bool onnx_export_transpose(struct onnx_writer *x, const struct node *n, const char *op) {
    int64_t perm[MAX_AXES];
    for (int i = 0; i < n->desc.shape.n; i++) perm[i] = n->attrs.perm[i];
    const char *name = onnx_op(x, op, onnx_natural(x, n->in[0]), NULL, NULL);
    onnx_ints(x, "perm", perm, n->desc.shape.n);
    return onnx_set(x, n, name, false);
}

/* ---- parts ---- */

/* begin, end, axes and steps of the axes that are cut. */
struct cuts {
    int n;
    int64_t begin[MAX_AXES], end[MAX_AXES], axis[MAX_AXES], step[MAX_AXES];
};

static void find_cuts(const struct node *n, bool channels, struct cuts *c) {
    const struct shape *in = &n->in[0]->desc.shape, *out = &n->desc.shape;
    c->n = 0;
    for (int i = 0; i < in->n; i++) {
        int64_t begin = n->attrs.begin[i], step = n->attrs.step[i];
        if (begin == 0 && step == 1 && in->size[i] == out->size[i]) continue;
        int64_t end = begin + step * out->size[i];
        c->begin[c->n] = begin;
        c->end[c->n] = end < 0 ? INT64_MIN : end;
        c->step[c->n] = step;
        c->axis[c->n++] = onnx_axis(i, channels);
    }
}

bool onnx_export_slice(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels = onnx_prefers_channels(x, n->in[0]);
    struct cuts c;
    const char *in[5] = {onnx_in_layout(x, n->in[0], channels)};
    if (!in[0]) return false;
    find_cuts(n, channels, &c);
    if (c.n == 0) return onnx_set(x, n, onnx_op(x, "Identity", in[0], NULL, NULL), channels);
    in[1] = onnx_whole(x, c.begin, c.n);
    in[2] = onnx_whole(x, c.end, c.n);
    in[3] = onnx_whole(x, c.axis, c.n);
    in[4] = onnx_whole(x, c.step, c.n);
    return onnx_set(x, n, onnx_op_n(x, op, in, 5, 0), channels);
}

/* Zeros around; between the numbers (step above 1) is for derivatives only. */
bool onnx_export_place(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels = onnx_prefers_channels(x, n->in[0]);
    const struct shape *in = &n->in[0]->desc.shape, *out = &n->desc.shape;
    int64_t pads[2 * MAX_AXES] = {0};
    for (int i = 0; i < in->n; i++) {
        int at = onnx_axis(i, channels);
        if (n->attrs.step[i] != 1) return onnx_not_there(x, n, "zeros between numbers");
        if (in->size[i] < 0) continue;
        pads[at] = n->attrs.begin[i];
        pads[at + in->n] = out->size[i] - in->size[i] - n->attrs.begin[i];
    }
    const char *sides = onnx_whole(x, pads, 2 * in->n);
    const char *name = onnx_op(x, op, onnx_in_layout(x, n->in[0], channels), sides, NULL);
    return onnx_set(x, n, name, channels);
}

bool onnx_export_concat(struct onnx_writer *x, const struct node *n, const char *op) {
    enum { MOST = 256 };
    const char *in[MOST];
    bool channels = false;
    if (n->n_in > MOST) return onnx_not_there(x, n, "hundreds of tensors joined at once");
    for (int i = 0; i < n->n_in; i++) channels = channels || onnx_prefers_channels(x, n->in[i]);
    for (int i = 0; i < n->n_in; i++)
        if (!(in[i] = onnx_in_layout(x, n->in[i], channels))) return false;
    const char *name = onnx_op_n(x, op, in, n->n_in, 0);
    onnx_int(x, "axis", onnx_axis(n->attrs.axis, channels));
    return onnx_set(x, n, name, channels);
}

/* ---- by position ---- */

bool onnx_export_gather(struct onnx_writer *x, const struct node *n, const char *op) {
    const char *rows = onnx_natural(x, n->in[0]);
    const char *name = rows ? onnx_op(x, op, rows, onnx_natural(x, n->in[1]), NULL) : NULL;
    onnx_int(x, "axis", 0);
    return onnx_set(x, n, name, false);
}

bool onnx_export_one_hot(struct onnx_writer *x, const struct node *n, const char *op) {
    const struct shape two = shape_of(1, (int64_t[]){2});
    struct tensor *both = tensor_new(n->desc.dtype, &two, x->e);
    for (int i = 0; both && i < 2; i++) tensor_set(both, i, i);
    const char *values = onnx_tensor(x, both, NULL);
    const char *depth = onnx_one_whole(x, n->attrs.shape.size[0]);
    const char *name = onnx_op(x, op, onnx_natural(x, n->in[0]), depth, values);
    return onnx_set(x, n, name, false);
}

/* ---- products ---- */

static const char *last_two_turned(struct onnx_writer *x, const char *name, int axes) {
    int64_t perm[MAX_AXES];
    const char *turned = onnx_op(x, "Transpose", name, NULL, NULL);
    for (int i = 0; i < axes; i++) perm[i] = i < axes - 2 ? i : 2 * axes - 3 - i;
    onnx_ints(x, "perm", perm, axes);
    return turned;
}

bool onnx_export_matmul(struct onnx_writer *x, const struct node *n, const char *op) {
    if (n->attrs.axes) return onnx_not_there(x, n, "a product summed over the examples");
    const char *a = onnx_natural(x, n->in[0]), *b = onnx_natural(x, n->in[1]);
    int axes[2] = {n->in[0]->desc.shape.n, n->in[1]->desc.shape.n};
    if (n->attrs.trans_a && axes[0] > 1) a = last_two_turned(x, a, axes[0]);
    if (n->attrs.trans_b && axes[1] > 1) b = last_two_turned(x, b, axes[1]);
    return onnx_set(x, n, b ? onnx_op(x, op, a, b, NULL) : NULL, false);
}

/* (n, i, heads d) -> (n, heads, i, d), or the last two turned. */
static const char *by_heads(struct onnx_writer *x, const struct node *n, int64_t heads,
                            bool turned) {
    const struct shape *s = &n->desc.shape;
    const int64_t sizes[] = {0, s->size[1], heads, s->size[2] / heads};
    const int64_t perm[2][4] = {{0, 2, 1, 3}, {0, 2, 3, 1}};
    const char *a = onnx_natural(x, n);
    const char *apart = onnx_op(x, "Reshape", a, onnx_whole(x, sizes, 4), NULL);
    const char *name = onnx_op(x, "Transpose", apart, NULL, NULL);
    onnx_ints(x, "perm", perm[turned], 4);
    return name;
}

bool onnx_export_heads_scores(struct onnx_writer *x, const struct node *n, const char *op) {
    const char *q = by_heads(x, n->in[0], n->attrs.axis, false);
    const char *k = by_heads(x, n->in[1], n->attrs.axis, true);
    return onnx_set(x, n, k ? onnx_op(x, op, q, k, NULL) : NULL, false);
}

bool onnx_export_heads_mix(struct onnx_writer *x, const struct node *n, const char *op) {
    const int64_t perm[4] = {0, 2, 1, 3};
    const int64_t sizes[3] = {0, n->desc.shape.size[1], n->desc.shape.size[2]};
    const char *p = onnx_natural(x, n->in[0]);
    if (n->attrs.trans_a) p = last_two_turned(x, p, 4);
    const char *v = by_heads(x, n->in[1], n->attrs.axis, false);
    const char *mixed = v ? onnx_op(x, op, p, v, NULL) : NULL;
    const char *together = onnx_op(x, "Transpose", mixed, NULL, NULL);
    onnx_ints(x, "perm", perm, 4);
    const char *shape = onnx_whole(x, sizes, 3);
    return onnx_set(x, n, onnx_op(x, "Reshape", together, shape, NULL), false);
}
