/* Values of an ONNX graph that is being read: found by name, known or computed, in a layout. */
#include "onnx_read.h"
#include "onnx_table.h"
#include "base/hash.h"
#include "base/pool.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- the table ---- */

static int32_t *slot_of(const struct onnx_reader *r, const char *name) {
    uint32_t mask = (uint32_t)r->n_slots - 1,
             at = (uint32_t)hash_bytes(name, strlen(name), 0) & mask;
    while (r->slots[at] && strcmp(r->values[r->slots[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return &r->slots[at];
}

struct onnx_value *onnx_find(const struct onnx_reader *r, const char *name) {
    int32_t at = name && *name ? *slot_of(r, name) : 0;
    return at ? &r->values[at - 1] : NULL;
}

static void add_name(struct onnx_reader *r, const char *name, const Onnx__TensorProto *stored) {
    if (!name || !*name) return;
    int32_t *slot = slot_of(r, name);
    if (!*slot) {
        r->values[r->n_values++].name = name;
        *slot = r->n_values;
    }
    if (stored) r->values[*slot - 1].stored = stored;
}

static void count_reader(struct onnx_reader *r, const char *name, int32_t reader) {
    struct onnx_value *v = onnx_find(r, name);
    if (!v) return;
    v->n_readers++;
    v->reader = reader;
}

static size_t count_names(const Onnx__GraphProto *g) {
    size_t n = g->n_initializer + g->n_input;
    for (size_t i = 0; i < g->n_node; i++) n += g->node[i]->n_output;
    return n;
}

bool onnx_table_init(struct onnx_reader *r, struct err *e) {
    const Onnx__GraphProto *g = r->graph;
    size_t n = count_names(g), slots = 16;
    while (slots < 2 * n) slots *= 2;
    if (slots > INT32_MAX / 2) return err_memory(e, slots * sizeof *r->slots);
    TRY(r->values = pool_need(n * sizeof *r->values + 1, e));
    TRY(r->slots = pool_need(slots * sizeof *r->slots, e));
    TRY(r->taken = pool_need(g->n_node + 1, e));
    r->n_slots = (int32_t)slots;
    for (size_t i = 0; i < g->n_initializer; i++)
        add_name(r, g->initializer[i]->name, g->initializer[i]);
    for (size_t i = 0; i < g->n_input; i++) add_name(r, g->input[i]->name, NULL);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++) add_name(r, g->node[i]->output[k], NULL);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_input; k++)
            count_reader(r, g->node[i]->input[k], (int32_t)i);
    for (size_t i = 0; i < g->n_output; i++) count_reader(r, g->output[i]->name, -1);
    return true;
}

void onnx_table_walk(struct onnx_reader *r) {
    for (int32_t i = 0; i < r->n_values; i++) {
        struct onnx_value *v = &r->values[i];
        v->node = NULL;
        v->turned = v->by_time = false;
        v->order[0] = '\0';
        v->flat = 0;
    }
    memset(r->taken, 0, r->graph->n_node);
}

void onnx_table_clear(struct onnx_reader *r) {
    for (int32_t i = 0; i < r->n_values; i++) tensor_unref(r->values[i].known);
    pool_free(r->values);
    pool_free(r->slots);
    pool_free(r->taken);
}

/* ---- errors ---- */

static bool is_op(const Onnx__NodeProto *n, const char *type) {
    return n->op_type && strcmp(n->op_type, type) == 0 && n->n_input > 0 && n->n_output > 0;
}

/* A product whose first factor a softmax has made. */
static bool has_attention(const Onnx__GraphProto *g) {
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = i; is_op(g->node[i], "Softmax") && k < g->n_node; k++)
            if (is_op(g->node[k], "MatMul") &&
                strcmp(g->node[k]->input[0], g->node[i]->output[0]) == 0)
                return true;
    return false;
}

bool onnx_cannot(struct onnx_reader *r, const char *format, ...) {
    char text[400];
    if (r->e->kind) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err_set(r->e, ERR_DATA, "This ONNX file cannot be read: %s.", text);
    if (r->now)
        err_fact(r->e, "operator", "%s  %s", r->now->op_type ? r->now->op_type : "",
                 r->now->name ? r->now->name : "");
    if (has_attention(r->graph))
        err_hint(r->e, "This network has attention, which ONNX files spell as products with the "
                       "heads beside the examples; that is not read. Keras' MultiHeadAttention is "
                       "read from a .keras file.");
    return false;
}

/* ---- inputs and results ---- */

bool onnx_has_input(const struct onnx_reader *r, int i) {
    return (size_t)i < r->now->n_input && r->now->input[i] && *r->now->input[i];
}

struct onnx_value *onnx_input(struct onnx_reader *r, int i) {
    if (!onnx_has_input(r, i)) {
        onnx_cannot(r, "the operator lacks its input number %d", i + 1);
        return NULL;
    }
    struct onnx_value *v = onnx_find(r, r->now->input[i]);
    if (v && (v->known || v->stored || v->node)) return v;
    onnx_cannot(r, "nothing before this operator gives its input \"%.80s\"", r->now->input[i]);
    return NULL;
}

struct tensor *onnx_known(struct onnx_reader *r, struct onnx_value *v) {
    if (v && !v->known && v->stored) v->known = onnx_decode(r, v->stored);
    return v ? v->known : NULL;
}

struct tensor *onnx_numbers(struct onnx_reader *r, int i) {
    struct onnx_value *v = onnx_input(r, i);
    struct tensor *t = onnx_known(r, v);
    if (v && !t) onnx_cannot(r, "input number %d has to be stored numbers", i + 1);
    return t;
}

int onnx_wholes(struct onnx_reader *r, int i, const char *name, int64_t *out, int most) {
    if (onnx_has_input(r, i)) {
        const struct tensor *t = onnx_numbers(r, i);
        if (!t) return -2;
        if (t->count > most) return onnx_cannot(r, "too many axes"), -2;
        for (int64_t k = 0; k < t->count; k++) out[k] = (int64_t)tensor_get(t, k);
        return (int)t->count;
    }
    const Onnx__AttributeProto *a = onnx_attr(r, name);
    if (!a) return -1;
    if (a->n_ints > (size_t)most) return onnx_cannot(r, "too many axes"), -2;
    for (size_t k = 0; k < a->n_ints; k++) out[k] = a->ints[k];
    return (int)a->n_ints;
}

struct onnx_value *onnx_output(struct onnx_reader *r, int i) {
    return (size_t)i < r->now->n_output ? onnx_find(r, r->now->output[i]) : NULL;
}

bool onnx_give_node(struct onnx_reader *r, int i, struct node *n, bool turned) {
    struct onnx_value *v = onnx_output(r, i);
    if (!n) return false;
    if (!v) return i > 0 || onnx_cannot(r, "the operator gives nothing");
    v->node = n;
    v->turned = turned;
    v->by_time = false;
    v->order[0] = '\0';
    v->flat = 0;
    return true;
}

bool onnx_give_known(struct onnx_reader *r, int i, struct tensor *t) {
    struct onnx_value *v = onnx_output(r, i);
    if (!t || !v) {
        tensor_unref(t);
        return !t ? false : onnx_cannot(r, "the operator gives nothing");
    }
    tensor_unref(v->known);
    v->known = t;
    return true;
}

bool onnx_give_same(struct onnx_reader *r, int i, const struct onnx_value *v) {
    struct onnx_value *to = onnx_output(r, i);
    if (!to) return onnx_cannot(r, "the operator gives nothing");
    if (to == v) return onnx_cannot(r, "an operator reads its own result");
    struct tensor *t = onnx_known(r, (struct onnx_value *)(uintptr_t)v);
    if (t) return onnx_give_known(r, i, tensor_ref(t));
    to->node = v->node;
    to->turned = v->turned;
    to->by_time = v->by_time;
    memcpy(to->order, v->order, sizeof to->order);
    to->directions = v->directions;
    to->flat = v->flat;
    return to->node != NULL;
}

/* ---- layouts ---- */

static struct node *transpose(struct onnx_reader *r, struct node *n, const int32_t *perm) {
    struct attrs a = {0};
    memcpy(a.perm, perm, (size_t)n->desc.shape.n * sizeof *perm);
    return graph_add1(r->a->builder->graph, OP_transpose, n, &a, r->e);
}

/* channels last -> second */
static struct node *channels_second(struct onnx_reader *r, struct node *n) {
    int axes = n->desc.shape.n;
    int32_t perm[MAX_AXES] = {0};
    for (int i = 1; i < axes; i++) perm[i] = i == 1 ? axes - 1 : i - 1;
    return transpose(r, n, perm);
}

static struct node *channels_last(struct onnx_reader *r, struct node *n) {
    int axes = n->desc.shape.n;
    int32_t perm[MAX_AXES] = {0};
    for (int i = 1; i < axes; i++) perm[i] = i == axes - 1 ? 1 : i + 1;
    return transpose(r, n, perm);
}

static struct node *reshape(struct onnx_reader *r, struct node *n, const struct shape *s) {
    const struct attrs a = {.shape = *s};
    return n ? graph_add1(r->a->builder->graph, OP_reshape, n, &a, r->e) : NULL;
}

/* place by place -> channel by channel */
static struct node *by_channel(struct onnx_reader *r, struct node *n, int64_t channels) {
    const int32_t perm[3] = {0, 2, 1};
    struct shape two = n->desc.shape;
    int64_t batch = two.size[0], all = two.size[1];
    struct shape three = shape_of(3, (int64_t[]){batch, all / channels, channels});
    struct node *apart = reshape(r, n, &three);
    return apart ? reshape(r, transpose(r, apart, perm), &two) : NULL;
}

struct node *onnx_plain(struct onnx_reader *r, struct onnx_value *v) {
    static const int32_t by_example[3] = {1, 0, 2};
    struct tensor *t = onnx_known(r, v);
    if (!v || r->e->kind) return NULL;
    if (t) return graph_constant(r->a->builder->graph, t, r->e);
    if (v->order[0]) return onnx_order_plain(r, v);
    if (v->flat) return by_channel(r, v->node, v->flat);
    if (v->by_time) return transpose(r, v->node, by_example);
    return v->turned ? channels_second(r, v->node) : v->node;
}

struct node *onnx_turned(struct onnx_reader *r, struct onnx_value *v) {
    if (v && v->node && v->turned) return v->node;
    struct node *n = onnx_plain(r, v);
    if (n && n->desc.shape.n < 3) return onnx_cannot(r, "images are expected, with channels"), NULL;
    return n ? channels_last(r, n) : NULL;
}

int onnx_axis_of(struct onnx_reader *r, const struct onnx_value *v, int64_t axis) {
    int axes = v->node ? v->node->desc.shape.n : v->known ? v->known->shape.n : 0;
    if (axis < 0) axis += axes;
    if (axis < 0 || axis >= axes || v->flat || v->order[0])
        return onnx_cannot(r, "there is no axis %lld", (long long)axis), -1;
    if (v->by_time && axis < 2) return (int)(1 - axis);
    if (!v->turned || axis == 0) return (int)axis;
    return axis == 1 ? axes - 1 : (int)axis - 1;
}

struct node *onnx_apply(struct onnx_reader *r, enum op op, struct node *a, struct node *b,
                        const struct attrs *attrs) {
    struct graph *g = r->a->builder->graph;
    if (!a) return NULL;
    return b ? graph_add2(g, op, a, b, attrs, r->e) : graph_add1(g, op, a, attrs, r->e);
}

struct node *onnx_times(struct onnx_reader *r, enum op op, struct node *a, double number) {
    struct node *n = a ? graph_number(r->a->builder->graph, number, r->e) : NULL;
    return n ? graph_add2(r->a->builder->graph, op, a, n, NULL, r->e) : NULL;
}

/* ---- attributes ---- */

const Onnx__AttributeProto *onnx_attr(const struct onnx_reader *r, const char *name) {
    for (size_t i = 0; name && i < r->now->n_attribute; i++) {
        const Onnx__AttributeProto *a = r->now->attribute[i];
        if (a->name && strcmp(a->name, name) == 0) return a;
    }
    return NULL;
}

int64_t onnx_attr_int(const struct onnx_reader *r, const char *name, int64_t fallback) {
    const Onnx__AttributeProto *a = onnx_attr(r, name);
    return a && a->has_i ? a->i : fallback;
}

double onnx_attr_float(const struct onnx_reader *r, const char *name, double fallback) {
    const Onnx__AttributeProto *a = onnx_attr(r, name);
    return a && a->has_f ? (double)a->f : fallback;
}

bool onnx_attr_is(const struct onnx_reader *r, const char *name, const char *text,
                  const char *fallback) {
    const Onnx__AttributeProto *a = onnx_attr(r, name);
    if (!a || !a->has_s) return strcmp(text, fallback) == 0;
    return str_is((struct str){(const char *)a->s.data, a->s.len}, text);
}

bool onnx_attr_pair(struct onnx_reader *r, const char *name, int axes, int32_t fallback,
                    int32_t out[2]) {
    const Onnx__AttributeProto *a = onnx_attr(r, name);
    out[0] = 1;
    for (int i = 2 - axes; i < 2; i++) out[i] = fallback;
    if (!a || !a->n_ints) return true;
    if (a->n_ints != (size_t)axes) return onnx_cannot(r, "%s has %zu numbers", name, a->n_ints);
    for (int i = 0; i < axes; i++) {
        if (a->ints[i] < 0 || a->ints[i] > 1000000)
            return onnx_cannot(r, "%s is %lld", name, (long long)a->ints[i]);
        out[2 - axes + i] = (int32_t)a->ints[i];
    }
    return true;
}

/* ---- neighbours, configs ---- */

const Onnx__NodeProto *onnx_next(const struct onnx_reader *r, const char *type, int32_t *at) {
    const struct onnx_value *v = r->now->n_output ? onnx_find(r, r->now->output[0]) : NULL;
    if (!v || v->n_readers != 1 || v->reader <= r->i_now || r->taken[v->reader]) return NULL;
    *at = v->reader;
    const Onnx__NodeProto *n = r->graph->node[v->reader];
    return n->op_type && strcmp(n->op_type, type) == 0 && n->n_output == 1 ? n : NULL;
}

struct config *onnx_config(struct onnx_reader *r, enum layer_kind kind) {
    for (int i = 0; i < config_n_rows(); i++) {
        const struct config_row *row = config_row_at(i);
        if (row->group == CONFIG_LAYER && row->kind == (int)kind) return config_default(row, r->e);
    }
    return NULL;
}

bool onnx_sizes(struct config *c, const char *name, const int32_t *size, int axes, struct err *e) {
    struct shape s = {.n = axes};
    for (int i = 0; i < axes; i++) s.size[i] = size[2 - axes + i];
    return c && config_set_shape(c, name, &s, e);
}
