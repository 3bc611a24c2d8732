/* Export of operations that work number by number, and of reductions. */
#include "onnx_write.h"
#include <math.h>

/* Four axes that are there with channels first only stay so. */
static bool in_channels(const struct onnx_writer *x, const struct node *n) {
    for (int i = 0; i < n->n_in; i++)
        if (onnx_prefers_channels(x, n->in[i])) return n->desc.shape.n == 4;
    return false;
}

/* Operands of an elementwise operation; at least one of them has the result's full shape. */
static bool operands(struct onnx_writer *x, const struct node *n, bool channels,
                     const char **names) {
    bool full = false;
    for (int i = 0; i < n->n_in; i++) {
        bool repeated = n->in[i]->op == OP_expand || n->in[i]->op == OP_fill;
        full = full || !repeated || x->known[n->in[i]->id];
    }
    for (int i = 0; i < n->n_in; i++) {
        bool whole = i == 0 && !full;
        names[i] =
            whole ? onnx_in_layout(x, n->in[i], channels) : onnx_operand(x, n->in[i], channels);
        if (!names[i]) return false;
    }
    return true;
}

bool onnx_export_elementwise(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels = in_channels(x, n);
    const char *in[3] = {NULL};
    return operands(x, n, channels, in) &&
           onnx_set(x, n, onnx_op(x, op, in[0], in[1], in[2]), channels);
}

bool onnx_export_unary(struct onnx_writer *x, const struct node *n, const char *op) {
    return onnx_export_elementwise(x, n, op);
}

/* ---- what takes several operators ---- */

static const char *only_operand(struct onnx_writer *x, const struct node *n, bool *channels) {
    *channels = in_channels(x, n);
    return onnx_in_layout(x, n->in[0], *channels);
}

bool onnx_export_square(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels;
    const char *a = only_operand(x, n, &channels);
    return onnx_set(x, n, onnx_op(x, op, a, a, NULL), channels);
}

bool onnx_export_rsqrt(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels;
    const char *root = onnx_op(x, op, only_operand(x, n, &channels), NULL, NULL);
    return onnx_set(x, n, onnx_op(x, "Reciprocal", root, NULL, NULL), channels);
}

/* log(x) / log(base) */
bool onnx_export_logarithm(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels;
    const char *natural = onnx_op(x, op, only_operand(x, n, &channels), NULL, NULL);
    const char *by = onnx_number(x, n->op == OP_log2 ? M_LOG2E : M_LOG10E, DT_FLOAT32);
    return onnx_set(x, n, onnx_op(x, "Mul", natural, by, NULL), channels);
}

bool onnx_export_log1p(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels;
    const char *a = only_operand(x, n, &channels), *one = onnx_number(x, 1, DT_FLOAT32);
    const char *sum = onnx_op(x, "Add", a, one, NULL);
    return onnx_set(x, n, onnx_op(x, op, sum, NULL, NULL), channels);
}

bool onnx_export_expm1(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels;
    const char *a = onnx_op(x, op, only_operand(x, n, &channels), NULL, NULL);
    return onnx_set(x, n, onnx_op(x, "Sub", a, onnx_number(x, 1, DT_FLOAT32), NULL), channels);
}

/* x (1 + erf(x / sqrt(2))) / 2 */
bool onnx_export_gelu(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels;
    const char *a = only_operand(x, n, &channels);
    const char *by = onnx_number(x, M_SQRT1_2, DT_FLOAT32);
    const char *one = onnx_number(x, 1, DT_FLOAT32), *half = onnx_number(x, 0.5, DT_FLOAT32);
    const char *erf = onnx_op(x, op, onnx_op(x, "Mul", a, by, NULL), NULL, NULL);
    const char *twice = onnx_op(x, "Mul", a, onnx_op(x, "Add", erf, one, NULL), NULL);
    return onnx_set(x, n, onnx_op(x, "Mul", twice, half, NULL), channels);
}

bool onnx_export_cast(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels;
    const char *name = onnx_op(x, op, only_operand(x, n, &channels), NULL, NULL);
    onnx_int(x, "to", onnx_type(n->desc.dtype));
    return onnx_set(x, n, name, channels);
}

static bool real(struct onnx_writer *x, const struct node *n) {
    return dtype_is_float(n->desc.dtype) ||
           onnx_not_there(x, n, "a division of whole numbers that rounds down");
}

bool onnx_export_floordiv(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels = in_channels(x, n);
    const char *in[3];
    return real(x, n) && operands(x, n, channels, in) &&
           onnx_set(x, n, onnx_op(x, op, onnx_op(x, "Div", in[0], in[1], NULL), NULL, NULL),
                    channels);
}

/* a - b floor(a / b) */
bool onnx_export_mod(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels = in_channels(x, n);
    const char *in[3];
    if (!real(x, n) || !operands(x, n, channels, in)) return false;
    const char *times = onnx_op(x, "Floor", onnx_op(x, "Div", in[0], in[1], NULL), NULL, NULL);
    const char *whole = onnx_op(x, "Mul", times, in[1], NULL);
    return onnx_set(x, n, onnx_op(x, op, in[0], whole, NULL), channels);
}

bool onnx_export_not_equal(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels = in_channels(x, n);
    const char *in[3];
    return operands(x, n, channels, in) &&
           onnx_set(x, n, onnx_op(x, "Not", onnx_op(x, op, in[0], in[1], NULL), NULL, NULL),
                    channels);
}

/* Random numbers are drawn anew by whoever runs the file. */
bool onnx_export_random(struct onnx_writer *x, const struct node *n, const char *op) {
    const char *shape = onnx_shape(x, &n->desc.shape);
    const char *zero = onnx_number(x, 0, n->desc.dtype);
    return onnx_set(x, n, onnx_op(x, op, onnx_op(x, "Expand", zero, shape, NULL), NULL, NULL),
                    false);
}

/* ---- reductions ---- */

static int folded(const struct node *n, bool channels, int64_t *axes) {
    int count = 0;
    for (int i = 0; i < n->in[0]->desc.shape.n; i++)
        if (n->attrs.axes >> i & 1) axes[count++] = onnx_axis(i, channels);
    return count;
}

/* Over the places of an image the channels stand where they are needed in either layout. */
static bool fold_in_channels(const struct onnx_writer *x, const struct node *n) {
    bool kept_batch = !(n->attrs.axes & 1);
    bool places = n->attrs.axes == 6 || n->attrs.keepdims;
    return kept_batch && places && onnx_prefers_channels(x, n->in[0]);
}

bool onnx_export_reduce(struct onnx_writer *x, const struct node *n, const char *op) {
    bool channels = fold_in_channels(x, n), sum = n->op == OP_sum;
    int64_t axes[MAX_AXES];
    int count = folded(n, channels, axes);
    const char *a = onnx_in_layout(x, n->in[0], channels);
    if (count == 0) return onnx_set(x, n, onnx_op(x, "Identity", a, NULL, NULL), channels);
    const char *which = sum ? onnx_whole(x, axes, count) : NULL;
    const char *name = onnx_op(x, op, a, which, NULL);
    if (!sum) onnx_ints(x, "axes", axes, count);
    onnx_int(x, "keepdims", n->attrs.keepdims);
    return onnx_set(x, n, name, channels && n->attrs.keepdims);
}

bool onnx_export_reduce_bool(struct onnx_writer *x, const struct node *n, const char *op) {
    int64_t axes[MAX_AXES];
    int count = folded(n, false, axes);
    const char *number = onnx_op(x, "Cast", onnx_natural(x, n->in[0]), NULL, NULL);
    onnx_int(x, "to", onnx_type(DT_FLOAT32));
    const char *name = onnx_op(x, op, number, NULL, NULL);
    if (count) onnx_ints(x, "axes", axes, count);
    onnx_int(x, "keepdims", n->attrs.keepdims);
    name = onnx_op(x, "Cast", name, NULL, NULL);
    onnx_int(x, "to", onnx_type(DT_BOOL));
    return onnx_set(x, n, name, false);
}

bool onnx_export_position(struct onnx_writer *x, const struct node *n, const char *op) {
    const char *name = onnx_op(x, op, onnx_natural(x, n->in[0]), NULL, NULL);
    onnx_int(x, "axis", n->attrs.axis);
    onnx_int(x, "keepdims", 0);
    return onnx_set(x, n, name, false);
}

bool onnx_export_cumsum(struct onnx_writer *x, const struct node *n, const char *op) {
    const char *axis = onnx_one_whole(x, n->attrs.axis);
    const char *name = onnx_op(x, op, onnx_natural(x, n->in[0]), axis, NULL);
    if (n->attrs.a != 0) onnx_int(x, "reverse", 1);
    return onnx_set(x, n, name, false);
}

bool onnx_export_softmax(struct onnx_writer *x, const struct node *n, const char *op) {
    const struct shape *s = &n->desc.shape;
    const char *a = onnx_natural(x, n->in[0]);
    if (n->attrs.axes == 1) { /* causal */
        struct shape square = shape_of(2, s->size + s->n - 2);
        struct tensor *mask = tensor_zeros(DT_FLOAT32, &square, x->e);
        int64_t rows = square.size[0], columns = square.size[1];
        for (int64_t i = 0; mask && i < mask->count; i++)
            if (i % columns > i / columns && i / columns < rows - 1) tensor_set(mask, i, -1e30);
        a = onnx_op(x, "Add", a, onnx_tensor(x, mask, NULL), NULL);
    }
    const char *name = onnx_op(x, op, a, NULL, NULL);
    onnx_int(x, "axis", n->attrs.axis);
    return onnx_set(x, n, name, false);
}
