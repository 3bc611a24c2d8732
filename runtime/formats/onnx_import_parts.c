/* Import of operators that join values and take parts of them. */
#include "onnx_read.h"
#include <string.h>

enum { MOST_PIECES = 256 };

/* ---- joining ---- */

static bool concat_known(struct onnx_reader *r, int64_t axis) {
    struct tensor *in[MOST_PIECES];
    int n = (int)r->now->n_input;
    for (int i = 0; i < n; i++) {
        TRY(in[i] = onnx_numbers(r, i));
        if (in[i]->shape.n != in[0]->shape.n) return onnx_cannot(r, "pieces with other axes");
    }
    struct attrs a = {.axis = (int32_t)(axis < 0 ? axis + in[0]->shape.n : axis)};
    if (a.axis < 0 || a.axis >= in[0]->shape.n) return onnx_cannot(r, "an axis that is not there");
    return onnx_give_known(r, 0, op_eval(OP_concat, in, n, &a, 0, r->e));
}

bool onnx_import_concat(struct onnx_reader *r, int code) {
    struct node *in[MOST_PIECES];
    struct onnx_value *v[MOST_PIECES];
    size_t n = r->now->n_input;
    int64_t axis = onnx_attr_int(r, "axis", 1);
    bool known = true, turned = false;
    (void)code;
    if (n < 1 || n > MOST_PIECES) return onnx_cannot(r, "%zu pieces", n);
    for (size_t i = 0; i < n; i++) {
        TRY(v[i] = onnx_input(r, (int)i));
        bool one = onnx_known(r, v[i]) != NULL;
        if (r->e->kind) return false;
        known = known && one;
        turned = turned || v[i]->turned;
    }
    if (known) return concat_known(r, axis);
    if (v[0]->order[0]) return onnx_order_concat(r, v, (int)n, axis);
    for (size_t i = 0; i < n; i++) TRY(in[i] = turned ? onnx_turned(r, v[i]) : onnx_plain(r, v[i]));
    struct onnx_value like = {.node = in[0], .turned = turned};
    struct attrs a = {.axis = onnx_axis_of(r, &like, axis)};
    if (a.axis < 0) return false;
    if (a.axis == 0) return onnx_cannot(r, "examples are joined");
    return onnx_give_node(r, 0, graph_add(r->a->builder->graph, OP_concat, in, (int)n, &a, r->e),
                          turned);
}

/* ---- parts ---- */

/* [begin, begin + count step) of one axis of a node; the rest whole. */
static struct node *part(struct onnx_reader *r, struct node *x, int axis, int64_t begin,
                         int64_t step, int64_t count) {
    struct attrs a = {.shape = x->desc.shape};
    for (int i = 0; i < x->desc.shape.n; i++) a.step[i] = 1;
    a.begin[axis] = begin;
    a.step[axis] = step;
    a.shape.size[axis] = count;
    return onnx_apply(r, OP_slice, x, NULL, &a);
}

/* ONNX' begin and end along an axis of `size`, with its rules for what lies outside; *count = how
 * many there are. */
static void clamp_range(int64_t size, int64_t *begin, int64_t end, int64_t step, int64_t *count) {
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    if (*begin < 0) *begin += size;
    if (end < 0 && end >= -size) end += size;
    if (*begin < 0) *begin = 0;
    if (*begin > high) *begin = high;
    if (end < low) end = low;
    if (end > size) end = size;
    int64_t far = step > 0 ? end - *begin : *begin - end, wide = step > 0 ? step : -step;
    *count = far > 0 ? (far - 1) / wide + 1 : 0;
}

struct ranges {
    int n;
    int64_t begin[MAX_AXES], end[MAX_AXES], axis[MAX_AXES], step[MAX_AXES];
};

static bool read_ranges(struct onnx_reader *r, struct ranges *g) {
    g->n = onnx_wholes(r, 1, "starts", g->begin, MAX_AXES);
    int ends = onnx_wholes(r, 2, "ends", g->end, MAX_AXES);
    int axes = onnx_wholes(r, 3, "axes", g->axis, MAX_AXES);
    int steps = onnx_wholes(r, 4, NULL, g->step, MAX_AXES);
    if (r->e->kind) return false;
    if (g->n < 0 || ends != g->n || (axes >= 0 && axes != g->n) || (steps >= 0 && steps != g->n))
        return onnx_cannot(r, "begin, end, axes and steps do not fit together");
    for (int i = 0; i < g->n; i++) {
        if (axes < 0) g->axis[i] = i;
        if (steps < 0) g->step[i] = 1;
        if (g->step[i] == 0 || g->step[i] > 1000000 || g->step[i] < -1000000)
            return onnx_cannot(r, "a step of %lld", (long long)g->step[i]);
    }
    return true;
}

static bool slice_known(struct onnx_reader *r, struct tensor *t, const struct ranges *g) {
    struct attrs a = {.shape = t->shape};
    for (int i = 0; i < t->shape.n; i++) a.step[i] = 1;
    for (int i = 0; i < g->n; i++) {
        int64_t at = g->axis[i] < 0 ? g->axis[i] + t->shape.n : g->axis[i], begin = g->begin[i];
        if (at < 0 || at >= t->shape.n) return onnx_cannot(r, "an axis that is not there");
        clamp_range(t->shape.size[at], &begin, g->end[i], g->step[i], &a.shape.size[at]);
        a.begin[at] = begin;
        a.step[at] = g->step[i];
    }
    return onnx_give_known(r, 0, op_eval(OP_slice, &t, 1, &a, 0, r->e));
}

/* Of a recurrent result: steps or directions. */
static bool slice_order(struct onnx_reader *r, const struct onnx_value *v, const struct ranges *g) {
    struct shape s = onnx_order_shape(v);
    int64_t at = g->axis[0] < 0 ? g->axis[0] + s.n : g->axis[0], begin = g->begin[0], count;
    if (at < 0 || at >= s.n) return onnx_cannot(r, "an axis that is not there");
    if (s.size[at] < 1 || g->step[0] != 1) return onnx_cannot(r, "a part of the examples");
    clamp_range(s.size[at], &begin, g->end[0], 1, &count);
    if (count < 1) return onnx_cannot(r, "an empty part");
    return onnx_order_part(r, 0, v, (int)at, begin, count, false);
}

bool onnx_import_slice(struct onnx_reader *r, int code) {
    struct ranges g;
    struct onnx_value *v = onnx_input(r, 0);
    struct tensor *t = onnx_known(r, v);
    (void)code;
    if (!v || r->e->kind || !read_ranges(r, &g)) return false;
    if (t) return slice_known(r, t, &g);
    struct node *x = v->node;
    if (v->order[0] && g.n == 1) return slice_order(r, v, &g);
    if (v->by_time || v->flat || v->order[0]) TRY(x = onnx_plain(r, v));
    struct onnx_value like = {.node = x, .turned = x == v->node && v->turned};
    for (int i = 0; i < g.n; i++) {
        int at = onnx_axis_of(r, &like, g.axis[i]);
        int64_t begin = g.begin[i], count;
        if (at < 0) return false;
        int64_t size = x->desc.shape.size[at];
        if (size < 0 && begin == 0 && g.end[i] >= INT32_MAX && g.step[i] == 1) continue;
        if (size < 0) return onnx_cannot(r, "a part of the examples");
        clamp_range(size, &begin, g.end[i], g.step[i], &count);
        if (count < 1) return onnx_cannot(r, "an empty part");
        TRY(x = part(r, x, at, begin, g.step[i], count));
    }
    return onnx_give_node(r, 0, x, like.turned);
}

/* A recurrent result into its directions, one each. */
static bool split_directions(struct onnx_reader *r, const struct onnx_value *v, int n) {
    struct onnx_value from = *v;
    int64_t axis = onnx_attr_int(r, "axis", 0), axes = (int64_t)strlen(from.order);
    if (axis < 0) axis += axes;
    bool each = axis >= 0 && axis < axes && from.order[axis] == 'D' &&
                (int64_t)r->now->n_output == from.directions && (n < 0 || n == from.directions);
    if (!each) return onnx_cannot(r, "a recurrent layer's result is used in an unusual way");
    for (int i = 0; i < from.directions; i++)
        TRY(onnx_order_part(r, i, &from, (int)axis, i, 1, false));
    return true;
}

bool onnx_import_split(struct onnx_reader *r, int code) {
    int64_t sizes[MOST_PIECES];
    struct onnx_value *v = onnx_input(r, 0);
    int n = v ? onnx_wholes(r, 1, "split", sizes, MOST_PIECES) : -2;
    (void)code;
    if (n == -2) return false;
    if (!v->node) return onnx_cannot(r, "stored numbers are split");
    struct onnx_value like = *v;
    if (v->order[0]) return split_directions(r, v, n);
    if (v->by_time || v->flat) like = (struct onnx_value){.node = onnx_plain(r, v)};
    int axis = like.node ? onnx_axis_of(r, &like, onnx_attr_int(r, "axis", 0)) : -1;
    if (axis < 0) return false;
    int64_t size = like.node->desc.shape.size[axis], pieces = (int64_t)r->now->n_output, at = 0;
    if (axis == 0 || size < 1 || pieces < 1 || pieces > MOST_PIECES || (n >= 0 && n != pieces))
        return onnx_cannot(r, "a split of examples, or into another number of parts");
    for (int64_t i = 0; i < pieces; i++) {
        int64_t each = (size + pieces - 1) / pieces, left = size - at;
        int64_t count = n >= 0 ? sizes[i] : each < left ? each : left;
        if (count < 1 || count > left) return onnx_cannot(r, "parts that do not fit");
        TRY(onnx_give_node(r, (int)i, part(r, like.node, axis, at, 1, count), like.turned));
        at += count;
    }
    return true;
}

/* ---- by position ---- */

/* Rows of a table that is known, at positions that are computed: an Embedding. */
static bool embedding(struct onnx_reader *r, struct tensor *table, struct onnx_value *at) {
    struct node *x = onnx_plain(r, at);
    if (!x) return false;
    if (table->shape.n != 2 || onnx_attr_int(r, "axis", 0) != 0)
        return onnx_cannot(r, "rows of a table with %d axes", table->shape.n);
    struct config *c = onnx_config(r, LAYER_embedding);
    bool ok = c && config_set_number(c, "size", (double)table->shape.size[0], r->e) &&
              config_set_number(c, "units", (double)table->shape.size[1], r->e);
    struct layer *l = ok ? assemble_layer(r->a, c) : NULL;
    struct node *y = assemble_apply(r->a, l, &x, 1);
    return y && assemble_give(r->a, l, 0, tensor_ref(table)) && onnx_give_node(r, 0, y, false);
}

/* Stored numbers at stored positions of the first axis: mostly a size out of a shape. */
static bool gather_known(struct onnx_reader *r, struct tensor *t, struct tensor *at) {
    if (t->shape.n != 1 || at->shape.n > 1) {
        if (onnx_attr_int(r, "axis", 0) != 0) return onnx_cannot(r, "stored numbers by position");
        struct tensor *in[2] = {t, at};
        return onnx_give_known(r, 0, op_eval(OP_gather, in, 2, NULL, 0, r->e));
    }
    struct tensor *out = tensor_new(t->dtype, &at->shape, r->e);
    for (int64_t i = 0; out && i < out->count; i++) {
        int64_t k = (int64_t)tensor_get(at, i);
        if (k < 0) k += t->count;
        if (k < 0 || k >= t->count) {
            tensor_unref(out);
            return onnx_cannot(r, "a position that is not there");
        }
        tensor_set(out, i, tensor_get(t, k));
    }
    return onnx_give_known(r, 0, out);
}

/* Of a recurrent result: a step or a direction. */
static bool pick_order(struct onnx_reader *r, const struct onnx_value *v, const struct tensor *at) {
    struct shape s = onnx_order_shape(v);
    int64_t axis = onnx_attr_int(r, "axis", 0), k = at->count == 1 ? (int64_t)tensor_get(at, 0) : 0;
    if (axis < 0) axis += s.n;
    if (axis < 0 || axis >= s.n || at->count != 1)
        return onnx_cannot(r, "positions of examples, or several at once");
    if (k < 0) k += s.size[axis];
    if (k < 0 || k >= s.size[axis]) return onnx_cannot(r, "a position that is not there");
    return onnx_order_part(r, 0, v, (int)axis, k, 1, at->shape.n == 0);
}

/* One position of an axis, which goes away. */
static bool pick(struct onnx_reader *r, struct onnx_value *v, const struct tensor *at) {
    if (v->order[0]) return pick_order(r, v, at);
    bool step = v->by_time && onnx_attr_int(r, "axis", 0) == 0;
    struct node *x = step ? v->node : onnx_plain(r, v);
    struct onnx_value like = {.node = x, .by_time = step};
    int axis = x ? onnx_axis_of(r, &like, onnx_attr_int(r, "axis", 0)) : -1;
    int64_t k = at->count == 1 ? (int64_t)tensor_get(at, 0) : -1;
    if (axis < 0) return false;
    int64_t size = x->desc.shape.size[axis];
    if (k < 0 && size > 0) k += size;
    if (axis == 0 || at->count != 1 || at->shape.n || k < 0 || k >= size)
        return onnx_cannot(r, "positions of examples, or several at once");
    struct node *y = part(r, x, axis, k, 1, 1);
    struct attrs a = {.shape = {.n = x->desc.shape.n - 1}};
    for (int i = 0; i < a.shape.n; i++) a.shape.size[i] = x->desc.shape.size[i < axis ? i : i + 1];
    return y && onnx_give_node(r, 0, onnx_apply(r, OP_reshape, y, NULL, &a), false);
}

bool onnx_import_gather(struct onnx_reader *r, int code) {
    struct onnx_value *v = onnx_input(r, 0), *at = v ? onnx_input(r, 1) : NULL;
    struct tensor *t = onnx_known(r, v), *k = onnx_known(r, at);
    (void)code;
    if (!at || r->e->kind) return false;
    if (t && k) return gather_known(r, t, k);
    if (t) return embedding(r, t, at);
    if (k) return pick(r, v, k);
    return onnx_cannot(r, "computed rows at computed positions");
}
