/* Import of operators that lay numbers out anew, and of those on shapes as numbers. The size of the
 * batch, which is not known, is -1 in a shape: so it may come back to a Reshape as it is. */
#include "onnx_read.h"
#include "onnx_window.h"
#include <string.h>

enum { MOST_REPEATED = 1 << 20 };

static struct tensor *wholes(struct onnx_reader *r, const int64_t *x, int64_t n) {
    struct shape s = shape_of(1, &n);
    struct tensor *t = tensor_new(DT_INT64, &s, r->e);
    if (t) memcpy(t->data, x, (size_t)n * sizeof *x);
    return t;
}

/* ---- stored numbers ---- */

bool onnx_import_constant(struct onnx_reader *r, int code) {
    const Onnx__AttributeProto *a = r->now->n_attribute == 1 ? r->now->attribute[0] : NULL;
    struct shape none = {0};
    struct tensor *t = NULL;
    (void)code;
    if (a && a->t) t = onnx_decode(r, a->t);
    else if (a && a->n_ints) t = wholes(r, a->ints, (int64_t)a->n_ints);
    else if (a && (a->has_i || a->has_f)) {
        t = tensor_new(a->has_i ? DT_INT64 : DT_FLOAT32, &none, r->e);
        if (t) tensor_set(t, 0, a->has_i ? (double)a->i : (double)a->f);
    } else if (a && a->n_floats) {
        struct shape s = shape_of(1, (int64_t[]){(int64_t)a->n_floats});
        t = tensor_new(DT_FLOAT32, &s, r->e);
        if (t) memcpy(t->data, a->floats, a->n_floats * sizeof(float));
    }
    if (!t) return onnx_cannot(r, "a constant that is no tensor");
    return onnx_give_known(r, 0, t);
}

bool onnx_import_constant_of_shape(struct onnx_reader *r, int code) {
    int64_t sizes[MAX_AXES], count;
    int n = onnx_wholes(r, 0, NULL, sizes, MAX_AXES);
    const Onnx__AttributeProto *a = onnx_attr(r, "value");
    (void)code;
    if (n < 0) return false;
    struct shape s = shape_of(n, sizes);
    for (int i = 0; i < n; i++)
        if (s.size[i] == -1) s.size[i] = 1; /* the batch: repeated where it is needed */
    if (!shape_known(&s) || !shape_count(&s, &count, r->e) || count > MOST_REPEATED)
        return onnx_cannot(r, "a constant of unknown or absurd size");
    struct tensor *value = a && a->t ? onnx_decode(r, a->t) : NULL;
    if (a && (!value || value->count != 1))
        return tensor_unref(value), onnx_cannot(r, "a constant that is no number");
    struct tensor *t = tensor_new(value ? value->dtype : DT_FLOAT32, &s, r->e);
    for (int64_t i = 0; t && i < t->count; i++) tensor_set(t, i, value ? tensor_get(value, 0) : 0);
    tensor_unref(value);
    return onnx_give_known(r, 0, t);
}

/* The shape that ONNX means, with -1 for the batch and whatever else is not known. */
static struct shape meant_shape(const struct onnx_value *v) {
    if (v->known) return v->known->shape;
    if (v->order[0]) return onnx_order_shape(v);
    const struct shape *have = &v->node->desc.shape;
    struct shape s = {.n = have->n};
    for (int i = 0; i < s.n; i++) {
        int from = i;
        if (v->turned && i > 0) from = i == 1 ? s.n - 1 : i - 1;
        if (v->by_time && i < 2) from = 1 - i;
        s.size[i] = have->size[from] < 0 ? -1 : have->size[from];
    }
    return s;
}

bool onnx_import_shape(struct onnx_reader *r, int code) {
    struct onnx_value *v = onnx_input(r, 0);
    (void)code;
    if (!v || (!onnx_known(r, v) && !v->node)) return false;
    struct shape s = meant_shape(v);
    int64_t begin = onnx_attr_int(r, "start", 0), end = onnx_attr_int(r, "end", s.n);
    if (begin < 0) begin += s.n;
    if (end < 0) end += s.n;
    if (end > s.n) end = s.n;
    if (begin < 0 || begin > end) return onnx_cannot(r, "axes that are not there");
    return onnx_give_known(r, 0, wholes(r, s.size + begin, end - begin));
}

/* ---- the same numbers ---- */

/* A Reshape layer to the sizes after the batch. */
static struct node *reshaped(struct onnx_reader *r, struct node *x, const int64_t *sizes, int n) {
    struct shape s = shape_of(n, sizes);
    struct config *c = x ? onnx_config(r, LAYER_reshape) : NULL;
    if (!c) return NULL;
    if (n == 1 && x->desc.shape.n > 2) {
        config_unref(c);
        return assemble_use(r->a, onnx_config(r, LAYER_flatten), x);
    }
    return config_set_shape(c, "sizes", &s, r->e) ? assemble_use(r->a, c, x) : NULL;
}

/* Everything but the batch on one axis. */
static bool flatten(struct onnx_reader *r, struct onnx_value *v) {
    const struct shape *s = &v->node->desc.shape;
    if (s->n == 2) return onnx_give_same(r, 0, v);
    int64_t channels = v->turned ? s->size[s->n - 1] : 0, places = 1;
    for (int i = 1; i + 1 < s->n; i++) places *= s->size[i] > 0 ? s->size[i] : 0;
    struct node *x = v->turned ? v->node : onnx_plain(r, v);
    if (!x) return false;
    TRY(onnx_give_node(r, 0, assemble_use(r->a, onnx_config(r, LAYER_flatten), x), false));
    if (v->turned && channels > 1 && places > 1) onnx_output(r, 0)->flat = channels;
    return true;
}

bool onnx_import_flatten(struct onnx_reader *r, int code) {
    struct onnx_value *v = onnx_input(r, 0);
    (void)code;
    if (!v || !v->node) return v && onnx_cannot(r, "stored numbers are flattened");
    if (onnx_attr_int(r, "axis", 1) != 1) return onnx_cannot(r, "an axis other than 1");
    return flatten(r, v);
}

/* Does the target keep the batch as its first axis? There it stands as -1, or as the 1 that the
 * file was made with. */
static bool keeps_batch(const int64_t *to, int n, const struct shape *from) {
    int64_t rest = 1, count = 1;
    bool open = false;
    for (int i = 1; i < n; i++) {
        open = open || to[i] < 0;
        if (to[i] > 0 && __builtin_mul_overflow(rest, to[i], &rest)) return false;
    }
    for (int i = 1; i < from->n; i++)
        if (from->size[i] < 0 || __builtin_mul_overflow(count, from->size[i], &count)) return false;
    return to[0] <= 1 && (open || rest == count);
}

static bool reshape_known(struct onnx_reader *r, struct tensor *t, int64_t *to, int n) {
    int64_t rest = 1;
    int open = -1;
    for (int i = 0; i < n; i++) {
        if (to[i] == 0 && i < t->shape.n) to[i] = t->shape.size[i];
        if (to[i] < 0) open = i;
        else if (__builtin_mul_overflow(rest, to[i], &rest)) return onnx_cannot(r, "absurd sizes");
    }
    if (open >= 0 && rest > 0) to[open] = t->count / rest;
    struct shape s = shape_of(n, to);
    int64_t count;
    if (!shape_known(&s) || !shape_count(&s, &count, r->e) || count != t->count)
        return onnx_cannot(r, "sizes that do not fit");
    return onnx_give_known(r, 0, tensor_with_shape(t, &s, r->e));
}

bool onnx_import_reshape(struct onnx_reader *r, int code) {
    int64_t to[MAX_AXES];
    struct onnx_value *v = onnx_input(r, 0);
    int n = v ? onnx_wholes(r, 1, "shape", to, MAX_AXES) : -2;
    struct tensor *t = onnx_known(r, v);
    (void)code;
    if (n < 0 || r->e->kind) return n == -1 ? onnx_cannot(r, "no sizes are given") : false;
    if (t) return reshape_known(r, t, to, n);
    struct shape from = meant_shape(v);
    for (int i = 0; i < n; i++) {
        if (to[i] == 0 && i < from.n) to[i] = from.size[i];
        if (to[i] < -1) return onnx_cannot(r, "a size of %lld", (long long)to[i]);
    }
    if (v->order[0]) return onnx_order_reshape(r, v, to, n);
    if (n < 1 || !keeps_batch(to, n, &from)) return onnx_cannot(r, "a Reshape that mixes examples");
    if (n == 2 && v->node->desc.shape.n != 2) return flatten(r, v);
    bool same = n == from.n;
    for (int i = 1; i < n; i++) same = same && to[i] == from.size[i];
    if (same) return onnx_give_same(r, 0, v);
    if (v->turned && n == 3 && to[1] == from.size[1]) { /* places on one axis, channels kept */
        const int64_t sizes[2] = {-1, to[1]};
        return onnx_give_node(r, 0, reshaped(r, v->node, sizes, 2), true);
    }
    struct node *x = onnx_plain(r, v);
    return x && onnx_give_node(r, 0, reshaped(r, x, to + 1, n - 1), false);
}

/* ---- axes of size 1 ---- */

/* The axes of Squeeze or Unsqueeze as a set among `axes` of them; all of size 1 in `s` if they are
 * not given. */
static bool axis_set(struct onnx_reader *r, const struct shape *s, int axes, uint32_t *set) {
    int64_t given[MAX_AXES];
    int n = onnx_wholes(r, 1, "axes", given, MAX_AXES);
    *set = 0;
    if (n == -2) return false;
    for (int i = 0; n == -1 && i < s->n; i++) *set |= (uint32_t)(s->size[i] == 1) << i;
    for (int i = 0; i < n; i++) {
        int64_t at = given[i] < 0 ? given[i] + axes : given[i];
        if (at < 0 || at >= axes) return onnx_cannot(r, "axes that are not there");
        *set |= 1u << at;
    }
    return true;
}

/* Sizes without the axes of a set, or with new ones of size 1. */
static int change_axes(const struct shape *s, uint32_t set, bool add, int64_t *to) {
    int n = 0, from = 0, all = s->n + (add ? __builtin_popcount(set) : 0);
    for (int i = 0; i < all && n < MAX_AXES; i++) {
        bool marked = set >> i & 1;
        if (add) to[n++] = marked ? 1 : s->size[from++];
        else if (!marked) to[n++] = s->size[i];
    }
    return n;
}

bool onnx_import_squeeze(struct onnx_reader *r, int add) {
    struct onnx_value *v = onnx_input(r, 0);
    struct tensor *t = onnx_known(r, v);
    int64_t given[MAX_AXES], to[MAX_AXES];
    uint32_t set;
    if (!v || r->e->kind) return false;
    struct shape s = meant_shape(v);
    int count = add ? onnx_wholes(r, 1, "axes", given, MAX_AXES) : 0;
    if (count == -2 || s.n + (count > 0 ? count : 0) > MAX_AXES)
        return onnx_cannot(r, "more than %d axes", MAX_AXES);
    TRY(axis_set(r, &s, s.n + (count > 0 ? count : 0), &set));
    if (v->order[0] && !add) return onnx_order_squeeze(r, v, set);
    int n = change_axes(&s, set, add, to);
    if (t) return reshape_known(r, t, to, n);
    if (set & 1) return onnx_cannot(r, "the axis of the examples is taken away or added");
    if (n == 2 && v->turned && !add) return flatten(r, v);
    struct node *x = onnx_plain(r, v);
    return x && onnx_give_node(r, 0, reshaped(r, x, to + 1, n - 1), false);
}

/* ---- axes in another order ---- */

static bool is_order(const int32_t *perm, int n, const char *order) {
    for (int i = 0; i < n; i++)
        if (perm[i] != order[i] - '0') return false;
    return true;
}

static bool read_order(struct onnx_reader *r, int n, int32_t *perm) {
    const Onnx__AttributeProto *a = onnx_attr(r, "perm");
    uint32_t seen = 0;
    if (a && a->n_ints != (size_t)n) return onnx_cannot(r, "an order of %zu axes", a->n_ints);
    for (int i = 0; i < n; i++) {
        int64_t at = a ? a->ints[i] : n - 1 - i;
        if (at < 0 || at >= n || (seen >> at & 1)) return onnx_cannot(r, "this order of axes");
        seen |= 1u << at;
        perm[i] = (int32_t)at;
    }
    return true;
}

bool onnx_import_transpose(struct onnx_reader *r, int code) {
    struct onnx_value *v = onnx_input(r, 0);
    struct tensor *t = onnx_known(r, v);
    struct attrs a = {0};
    (void)code;
    if (!v || r->e->kind) return false;
    int n = t ? t->shape.n : v->order[0] ? (int)strlen(v->order) : v->node->desc.shape.n;
    TRY(read_order(r, n, a.perm));
    if (v->order[0]) return onnx_order_transpose(r, v, a.perm);
    if (t) return onnx_give_known(r, 0, op_eval(OP_transpose, &t, 1, &a, 0, r->e));
    bool to_last =
        (n == 4 && is_order(a.perm, n, "0231")) || (n == 3 && is_order(a.perm, n, "021"));
    bool to_second =
        (n == 4 && is_order(a.perm, n, "0312")) || (n == 3 && is_order(a.perm, n, "021"));
    bool usual = !v->flat && !v->by_time;
    if (usual && v->turned && to_last) return onnx_give_node(r, 0, v->node, false);
    if (usual && !v->turned && to_second) return onnx_give_node(r, 0, v->node, true);
    if (n == 3 && is_order(a.perm, n, "102") && !v->turned && !v->flat) {
        bool by_time = !v->by_time;
        TRY(onnx_give_node(r, 0, v->node, false));
        onnx_output(r, 0)->by_time = by_time;
        return true;
    }
    if (n == 3 && v->turned && is_order(a.perm, n, "201")) { /* channels second -> by time */
        TRY(onnx_give_node(r, 0, v->node, false));
        onnx_output(r, 0)->by_time = true;
        return true;
    }
    if (n == 3 && v->by_time && is_order(a.perm, n, "120"))
        return onnx_give_node(r, 0, v->node, true);
    if (a.perm[0] != 0) return onnx_cannot(r, "the examples are moved to another axis");
    struct node *x = onnx_plain(r, v);
    return x && onnx_give_node(r, 0, onnx_apply(r, OP_transpose, x, NULL, &a), false);
}

/* ---- repeating ---- */

/* One number everywhere goes with any shape already. */
static bool all_equal(const struct tensor *t) {
    for (int64_t i = 1; i < t->count; i++)
        if (tensor_get(t, i) != tensor_get(t, 0)) return false;
    return t->count > 0;
}

/* As many as are asked for, once for the batch; of absurd sizes one, which goes with any shape. */
static bool expand_equal(struct onnx_reader *r, struct onnx_value *v, const struct tensor *t) {
    int64_t to[MAX_AXES], count;
    int n = onnx_wholes(r, 1, NULL, to, MAX_AXES);
    if (n < 0) return false;
    struct shape s = shape_of(n, to);
    for (int i = 0; i < n; i++)
        if (s.size[i] == -1) s.size[i] = 1;
    bool sane = n >= t->shape.n && shape_known(&s) && shape_count(&s, &count, r->e) &&
                count <= MOST_REPEATED;
    if (r->e->kind || !sane) return !r->e->kind && onnx_give_same(r, 0, v);
    struct tensor *all = tensor_new(t->dtype, &s, r->e);
    for (int64_t i = 0; all && i < count; i++) tensor_set(all, i, tensor_get(t, 0));
    return onnx_give_known(r, 0, all);
}

bool onnx_import_expand(struct onnx_reader *r, int code) {
    int64_t to[MAX_AXES];
    struct onnx_value *v = onnx_input(r, 0);
    const struct tensor *t = onnx_known(r, v);
    if (t && all_equal(t)) return expand_equal(r, v, t);
    struct node *x = v ? onnx_plain(r, v) : NULL;
    int n = x ? onnx_wholes(r, 1, NULL, to, MAX_AXES) : -2;
    (void)code;
    if (n < 0) return false;
    if (n != x->desc.shape.n) return onnx_cannot(r, "a repetition along new axes");
    struct attrs a = {.shape = x->desc.shape};
    for (int i = 0; i < n; i++) {
        int64_t have = x->desc.shape.size[i];
        if (to[i] == 1 || to[i] == have || (i == 0 && to[i] == -1)) continue;
        if (have != 1 || to[i] < 1 || to[i] > INT32_MAX || i == 0)
            return onnx_cannot(r, "a repetition of an axis of size %lld", (long long)have);
        a.shape.size[i] = to[i];
        a.axes |= 1u << i;
    }
    return onnx_give_node(r, 0, a.axes ? onnx_apply(r, OP_expand, x, NULL, &a) : x, false);
}

/* ---- zeros around, and resizing ---- */

static bool pads_of(struct onnx_reader *r, const struct onnx_value *v, int64_t *before,
                    int64_t *after) {
    int64_t given[2 * MAX_AXES];
    int n = v->node->desc.shape.n, count = onnx_wholes(r, 1, "pads", given, 2 * MAX_AXES);
    if (count == -1) count = onnx_wholes(r, -1, "paddings", given, 2 * MAX_AXES);
    if (count < 0) return r->e->kind ? false : onnx_cannot(r, "its sizes are not given");
    if (count != 2 * n || onnx_has_input(r, 3)) return onnx_cannot(r, "padding of some axes");
    for (int i = 0; i < n; i++) {
        int at = onnx_axis_of(r, v, i);
        if (at < 0) return false;
        before[at] = given[i];
        after[at] = given[i + n];
        if (given[i] < 0 || given[i + n] < 0 || given[i] > 1000000 || given[i + n] > 1000000)
            return onnx_cannot(r, "negative or very large padding");
    }
    return before[0] == 0 && after[0] == 0;
}

bool onnx_import_pad(struct onnx_reader *r, int code) {
    struct onnx_value *v = onnx_input(r, 0);
    int64_t before[MAX_AXES] = {0}, after[MAX_AXES] = {0};
    (void)code;
    if (!v || !v->node) return v && onnx_cannot(r, "stored numbers are padded");
    if (!onnx_attr_is(r, "mode", "constant", "constant")) return onnx_cannot(r, "mirrored padding");
    const struct tensor *fill = onnx_has_input(r, 2) ? onnx_numbers(r, 2) : NULL;
    if (r->e->kind) return false;
    if ((fill && fill->count == 1 && tensor_get(fill, 0) != 0) ||
        onnx_attr_float(r, "value", 0) != 0)
        return onnx_cannot(r, "padding with another number than 0");
    if (!pads_of(r, v, before, after)) return onnx_cannot(r, "padding of the examples");
    int n = v->node->desc.shape.n;
    bool places = v->turned && n == 4 && before[3] == 0 && after[3] == 0;
    if (places)
        return onnx_give_node(r, 0, onnx_pad_places(r, v->node, before + 1, after + 1, 2), true);
    struct attrs a = {.shape = v->node->desc.shape};
    for (int i = 0; i < n; i++) {
        a.begin[i] = before[i];
        a.step[i] = 1;
        if (i) a.shape.size[i] += before[i] + after[i];
    }
    if (v->by_time || v->flat) return onnx_cannot(r, "padding of a sequence by time");
    return onnx_give_node(r, 0, onnx_apply(r, OP_place, v->node, NULL, &a), v->turned);
}

/* The sizes of images to be resized: from scales, or as they are given. */
static bool new_sizes(struct onnx_reader *r, const struct node *x, bool old, int32_t *size) {
    int scales_at = old ? 1 : r->opset >= 11 ? 2 : 1;
    bool by_size = !old && onnx_has_input(r, 3);
    const struct tensor *t = onnx_numbers(r, by_size ? 3 : scales_at);
    if (!t) return false;
    if (t->count != 4) return onnx_cannot(r, "resizing of some axes");
    for (int i = 0; i < 2; i++) {
        double given = tensor_get(t, i + 2);
        double wanted = by_size ? given : given * (double)x->desc.shape.size[i + 1] + 1e-6;
        if (!(wanted >= 1 && wanted < 100000)) return onnx_cannot(r, "a size of %g", wanted);
        size[i] = (int32_t)wanted;
    }
    return true;
}

bool onnx_import_resize(struct onnx_reader *r, int old) {
    struct onnx_value *v = onnx_input(r, 0);
    struct node *x = v ? onnx_turned(r, v) : NULL;
    int32_t size[2], factor[2];
    if (!x) return false;
    if (x->desc.shape.n != 4) return onnx_cannot(r, "resizing of what is no image");
    TRY(new_sizes(r, x, old, size));
    bool nearest = onnx_attr_is(r, "mode", "nearest", "nearest"), whole = true;
    bool middles = onnx_attr_is(r, "coordinate_transformation_mode", "half_pixel", "half_pixel") ||
                   onnx_attr_is(r, "coordinate_transformation_mode", "pytorch_half_pixel", "");
    for (int i = 0; i < 2; i++) {
        int64_t have = x->desc.shape.size[i + 1];
        if (have < 1) return onnx_cannot(r, "images of unknown size");
        whole = whole && size[i] % have == 0;
        factor[i] = (int32_t)(size[i] / have);
    }
    if (!nearest && (!onnx_attr_is(r, "mode", "linear", "nearest") || !middles))
        return onnx_cannot(r, "this way of resizing");
    bool blocks = nearest && whole;
    if (nearest && !whole && !(middles && onnx_attr_is(r, "nearest_mode", "round_prefer_ceil", "")))
        return onnx_cannot(r, "resizing to the nearest pixel, not by whole numbers");
    struct config *c = onnx_config(r, blocks ? LAYER_up_sampling2d : LAYER_resizing);
    bool ok = c && onnx_sizes(c, "size", blocks ? factor : size, 2, r->e) &&
              config_set_text(c, "interpolation", nearest ? "nearest" : "bilinear", r->e);
    return ok && onnx_give_node(r, 0, assemble_use(r->a, c, x), true);
}
