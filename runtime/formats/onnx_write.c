/* The pieces of an ONNX graph as it is written: operators, attributes, tensors, layouts. */
#include "onnx_write.h"
#include "base/pool.h"
#include "op/size.h"
#include <stdio.h>
#include <string.h>

static bool failed(const struct onnx_writer *x) {
    return x->e->kind != ERR_NONE;
}

static void *room(struct onnx_writer *x, size_t bytes) {
    void *p = failed(x) ? NULL : arena_alloc(x->arena, bytes);
    if (!p && !failed(x)) err_memory(x->e, bytes);
    return p;
}

static char *copy(struct onnx_writer *x, const char *text) {
    char *own = arena_strdup(x->arena, str_of(text));
    if (!own && !failed(x)) err_memory(x->e, strlen(text));
    return own;
}

/* The array with room for one more pointer, or NULL. */
static void *grow(struct onnx_writer *x, void *array, int n, int *cap) {
    if (n < *cap) return array;
    int wanted = *cap ? 2 * *cap : 64;
    void *more = pool_realloc(array, (size_t)wanted * sizeof(void *));
    if (!more) err_memory(x->e, (size_t)wanted * sizeof(void *));
    else *cap = wanted;
    return more;
}

/* ---- operators ---- */

static bool add_node(struct onnx_writer *x, Onnx__NodeProto *n) {
    void *more = n ? grow(x, x->nodes, x->n_nodes, &x->cap_nodes) : NULL;
    if (!more) return false;
    x->nodes = more;
    x->nodes[x->n_nodes++] = x->last = n;
    return true;
}

/* "Conv2D_2/Relu_17": the layer it belongs to, what it is, and which operator of the file. */
static char *name_of(struct onnx_writer *x, const char *op) {
    const char *layer = x->now ? x->layer[x->now->id] : NULL;
    char *name = arena_printf(x->arena, "%s/%s_%d", layer ? layer : "", op, x->n_nodes);
    if (!name) err_memory(x->e, 64);
    return name;
}

const char *onnx_op_n(struct onnx_writer *x, const char *op, const char *const *in, int n_in,
                      int more_outputs) {
    Onnx__NodeProto *n = room(x, sizeof *n);
    if (!n) return NULL;
    onnx__node_proto__init(n);
    n->name = name_of(x, op);
    n->op_type = copy(x, op);
    n->input = room(x, (size_t)n_in * sizeof *n->input + 1);
    n->output = room(x, (size_t)(1 + more_outputs) * sizeof *n->output);
    if (failed(x)) return NULL;
    for (int i = 0; i < n_in; i++) n->input[n->n_input++] = copy(x, in[i]);
    for (int i = 0; i <= more_outputs; i++) {
        char *out = i ? arena_printf(x->arena, "%s_out_%d", n->name, i)
                      : arena_printf(x->arena, "%s_out", n->name);
        if (!out) err_memory(x->e, 64);
        n->output[n->n_output++] = out;
    }
    return !failed(x) && add_node(x, n) ? n->output[0] : NULL;
}

const char *onnx_op(struct onnx_writer *x, const char *op, const char *a, const char *b,
                    const char *c) {
    const char *in[3] = {a, b, c};
    if (failed(x) || !a) return NULL;
    return onnx_op_n(x, op, in, c ? 3 : b ? 2 : 1, 0);
}

static Onnx__AttributeProto *attribute(struct onnx_writer *x, const char *name,
                                       Onnx__AttributeProto__AttributeType type) {
    enum { MOST = 16 };
    Onnx__NodeProto *n = x->last;
    if (failed(x) || !n) return NULL;
    if (!n->attribute) n->attribute = room(x, MOST * sizeof *n->attribute);
    Onnx__AttributeProto *a = n->attribute && n->n_attribute < MOST ? room(x, sizeof *a) : NULL;
    if (!a) return NULL;
    onnx__attribute_proto__init(a);
    a->name = copy(x, name);
    a->has_type = 1;
    a->type = type;
    n->attribute[n->n_attribute++] = a;
    return a;
}

void onnx_int(struct onnx_writer *x, const char *name, int64_t value) {
    Onnx__AttributeProto *a = attribute(x, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a) return;
    a->has_i = 1;
    a->i = value;
}

void onnx_float(struct onnx_writer *x, const char *name, double value) {
    Onnx__AttributeProto *a = attribute(x, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a) return;
    a->has_f = 1;
    a->f = (float)value;
}

static ProtobufCBinaryData bytes_of(struct onnx_writer *x, const char *text) {
    return (ProtobufCBinaryData){.len = strlen(text), .data = (uint8_t *)copy(x, text)};
}

void onnx_text(struct onnx_writer *x, const char *name, const char *value) {
    Onnx__AttributeProto *a = attribute(x, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    if (!a) return;
    a->has_s = 1;
    a->s = bytes_of(x, value);
}

void onnx_ints(struct onnx_writer *x, const char *name, const int64_t *values, int n) {
    Onnx__AttributeProto *a = attribute(x, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (!a || !(a->ints = room(x, (size_t)n * sizeof *a->ints + 1))) return;
    memcpy(a->ints, values, (size_t)n * sizeof *values);
    a->n_ints = (size_t)n;
}

void onnx_floats(struct onnx_writer *x, const char *name, const float *values, int n) {
    Onnx__AttributeProto *a = attribute(x, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
    if (!a || !(a->floats = room(x, (size_t)n * sizeof *a->floats + 1))) return;
    memcpy(a->floats, values, (size_t)n * sizeof *values);
    a->n_floats = (size_t)n;
}

void onnx_texts(struct onnx_writer *x, const char *name, const char *const *values, int n) {
    Onnx__AttributeProto *a = attribute(x, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
    if (!a || !(a->strings = room(x, (size_t)n * sizeof *a->strings + 1))) return;
    for (int i = 0; i < n; i++) a->strings[a->n_strings++] = bytes_of(x, values[i]);
}

/* ---- tensors ---- */

int onnx_type(enum dtype t) {
    switch (t) {
    case DT_FLOAT64: return ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    case DT_FLOAT32: return ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    case DT_INT64: return ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    case DT_INT32: return ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    case DT_UINT8: return ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    case DT_BOOL: return ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    case DT_COUNT: break;
    }
    return ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED;
}

static bool own(struct onnx_writer *x, struct tensor *t) {
    void *more = grow(x, x->owned, x->n_owned, &x->cap_owned);
    if (!more) return tensor_unref(t), false;
    x->owned = more;
    x->owned[x->n_owned++] = t;
    return true;
}

const char *onnx_tensor(struct onnx_writer *x, struct tensor *t, const char *label) {
    if (!t || failed(x)) return tensor_unref(t), NULL;
    if (!own(x, t)) return NULL;
    Onnx__TensorProto *p = room(x, sizeof *p);
    void *more = p ? grow(x, x->tensors, x->n_tensors, &x->cap_tensors) : NULL;
    if (!more) return NULL;
    x->tensors = more;
    onnx__tensor_proto__init(p);
    p->name = arena_printf(x->arena, "%s/%d", label ? label : "number", x->n_tensors);
    p->dims = room(x, (size_t)t->shape.n * sizeof *p->dims + 1);
    if (!p->name || !p->dims) return NULL;
    p->n_dims = (size_t)t->shape.n;
    memcpy(p->dims, t->shape.size, p->n_dims * sizeof *p->dims);
    p->has_data_type = 1;
    p->data_type = onnx_type(t->dtype);
    p->has_raw_data = 1;
    p->raw_data.len = (size_t)t->count * dtype_bytes(t->dtype);
    p->raw_data.data = t->data;
    x->tensors[x->n_tensors++] = p;
    return p->name;
}

const char *onnx_number(struct onnx_writer *x, double value, enum dtype t) {
    struct shape none = {0};
    struct tensor *number = failed(x) ? NULL : tensor_new(t, &none, x->e);
    if (number) tensor_set(number, 0, value);
    return onnx_tensor(x, number, NULL);
}

const char *onnx_whole(struct onnx_writer *x, const int64_t *values, int n) {
    int64_t count = n;
    struct shape s = shape_of(1, &count);
    struct tensor *t = failed(x) ? NULL : tensor_new(DT_INT64, &s, x->e);
    if (t) memcpy(t->data, values, (size_t)n * sizeof *values);
    return onnx_tensor(x, t, NULL);
}

const char *onnx_one_whole(struct onnx_writer *x, int64_t value) {
    struct shape none = {0};
    struct tensor *t = failed(x) ? NULL : tensor_new(DT_INT64, &none, x->e);
    if (t) *(int64_t *)t->data = value;
    return onnx_tensor(x, t, NULL);
}

/* ---- shapes ---- */

static const char *batch_name(struct onnx_writer *x) {
    if (x->batch) return x->batch;
    const struct node *input = model_input(x->model, false, 0)->node;
    x->batch = onnx_op(x, "Shape", x->names[input->id].natural, NULL, NULL);
    onnx_int(x, "start", 0);
    onnx_int(x, "end", 1);
    return x->batch;
}

/* One size of a shape as int64 [1]. */
static const char *size_name(struct onnx_writer *x, int64_t size) {
    if (size >= 0) return onnx_whole(x, &size, 1);
    if (size_unknown(size) != SIZE_BATCH) {
        err_set(x->e, ERR_SHAPE, "The sizes of this part of the model are not known.");
        return NULL;
    }
    int64_t factor = size_factor(size);
    if (factor == 1) return batch_name(x);
    const char *times = onnx_whole(x, &factor, 1);
    return times ? onnx_op(x, "Mul", batch_name(x), times, NULL) : NULL;
}

const char *onnx_shape(struct onnx_writer *x, const struct shape *s) {
    const char *pieces[MAX_AXES];
    if (shape_known(s)) return onnx_whole(x, s->size, s->n);
    for (int i = 0; i < s->n; i++)
        if (!(pieces[i] = size_name(x, s->size[i]))) return NULL;
    const char *all = onnx_op_n(x, "Concat", pieces, s->n, 0);
    onnx_int(x, "axis", 0);
    return all;
}

/* ---- nodes and their layouts ---- */

static const int64_t to_channels[4] = {0, 3, 1, 2}, to_natural[4] = {0, 2, 3, 1};

int onnx_axis(int axis, bool channels) {
    static const int place[4] = {0, 2, 3, 1};
    return channels ? place[axis] : axis;
}

/* The result that was written last becomes an output of the model, unless one has the node. */
static const char *as_output(struct onnx_writer *x, const struct node *n, const char *name) {
    Onnx__NodeProto *last = x->last;
    if (!last || last->output[0] != name) return name;
    for (int i = 0; i < model_n_outputs(x->model); i++) {
        const struct port *p = model_output(x->model, false, i);
        if (p->node == n) return last->output[0] = copy(x, p->name);
    }
    return name;
}

bool onnx_set(struct onnx_writer *x, const struct node *n, const char *name, bool channels) {
    if (!name || failed(x)) return false;
    struct onnx_names *names = &x->names[n->id];
    if (channels) names->channels = name;
    else names->natural = as_output(x, n, name);
    return true;
}

bool onnx_prefers_channels(const struct onnx_writer *x, const struct node *n) {
    const struct onnx_names *names = &x->names[n->id];
    return n->desc.shape.n == 4 && names->channels && !names->natural;
}

static struct tensor *with_axes(struct onnx_writer *x, struct tensor *t, bool channels) {
    const struct attrs turn = {.perm = {0, 3, 1, 2}};
    if (!channels) return tensor_ref(t);
    return op_eval(OP_transpose, &t, 1, &turn, 0, x->e);
}

/* What a node's numbers are called in the file. */
static const char *label_of(const struct node *n) {
    while (n->op != OP_weight && n->n_in == 1) n = n->in[0];
    return n->op == OP_weight ? n->name : NULL;
}

/* Its shape before the repetition: repeated and new axes have size 1. */
static struct shape unrepeated(const struct node *n) {
    struct shape s = n->desc.shape;
    for (int i = 0; i < s.n; i++)
        if (n->op == OP_fill || (n->attrs.axes >> i & 1)) s.size[i] = 1;
    return s;
}

static bool is_repeated(const struct onnx_writer *x, const struct node *n) {
    return (n->op == OP_expand || n->op == OP_fill) && !x->known[n->id];
}

/* A repeated node before its repetition, with all its axes. */
static const char *before_repeating(struct onnx_writer *x, const struct node *n, bool channels) {
    struct shape s = unrepeated(n);
    if (n->op == OP_fill) return onnx_number(x, n->attrs.a, n->desc.dtype);
    const struct node *base = n->in[0];
    struct tensor *known = x->known[base->id];
    if (known) {
        struct tensor *laid = tensor_with_shape(known, &s, x->e);
        struct tensor *t = laid ? with_axes(x, laid, channels) : NULL;
        tensor_unref(laid);
        return onnx_tensor(x, t, label_of(base));
    }
    if (base->desc.shape.n == s.n) return onnx_in_layout(x, base, channels);
    const char *target = onnx_shape(x, &s);
    const char *name = target ? onnx_op(x, "Reshape", onnx_natural(x, base), target, NULL) : NULL;
    if (!channels || !name) return name;
    name = onnx_op(x, "Transpose", name, NULL, NULL);
    onnx_ints(x, "perm", to_channels, 4);
    return name;
}

static const char *repeat(struct onnx_writer *x, const struct node *n) {
    const char *before = before_repeating(x, n, false);
    const char *shape = before ? onnx_shape(x, &n->desc.shape) : NULL;
    return shape ? onnx_op(x, "Expand", before, shape, NULL) : NULL;
}

const char *onnx_natural(struct onnx_writer *x, const struct node *n) {
    const struct onnx_names *names = &x->names[n->id];
    const char *name = NULL;
    if (names->natural || failed(x)) return names->natural;
    if (x->known[n->id]) name = onnx_tensor(x, tensor_ref(x->known[n->id]), label_of(n));
    else if (is_repeated(x, n)) name = repeat(x, n);
    else if (names->channels) {
        name = onnx_op(x, "Transpose", names->channels, NULL, NULL);
        onnx_ints(x, "perm", to_natural, 4);
    }
    return onnx_set(x, n, name, false) ? names->natural : NULL;
}

const char *onnx_channels(struct onnx_writer *x, const struct node *n) {
    const struct onnx_names *names = &x->names[n->id];
    const char *name = NULL;
    if (names->channels || failed(x)) return names->channels;
    if (x->known[n->id]) {
        name = onnx_tensor(x, with_axes(x, x->known[n->id], true), label_of(n));
    } else {
        const char *natural = onnx_natural(x, n);
        name = natural ? onnx_op(x, "Transpose", natural, NULL, NULL) : NULL;
        onnx_ints(x, "perm", to_channels, 4);
    }
    return onnx_set(x, n, name, true) ? name : NULL;
}

const char *onnx_operand(struct onnx_writer *x, const struct node *n, bool channels) {
    const struct onnx_names *names = &x->names[n->id];
    bool there = channels ? names->channels != NULL : names->natural != NULL;
    return is_repeated(x, n) && !there ? before_repeating(x, n, channels)
                                       : onnx_in_layout(x, n, channels);
}

bool onnx_not_there(struct onnx_writer *x, const struct node *n, const char *why) {
    err_set(x->e, ERR_VALUE, "ONNX files cannot hold this part of the model: %s.", why);
    if (n->span.source) err_note(x->e, n->span, "it is made here");
    return err_hint(x->e, "A .safetensors file holds the weights of any model.");
}
