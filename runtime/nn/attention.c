/* Attention layers, positions, and embeddings. Heads lie side by side in the last axis throughout
 * (op heads_scores, heads_mix), so that nothing is moved. */
#include "layer.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include <math.h>

/* What the student called the layer with; value is key unless given. */
struct three {
    struct node *query, *key, *value;
};

static bool check_one(const struct layer *l, const char *name, const struct node *x,
                      struct err *e) {
    const struct shape *s = &x->desc.shape;
    char text[128];
    if (s->n == 3 && s->size[1] > 0 && s->size[2] > 0) return true;
    err_set(e, ERR_SHAPE,
            "%s compares sequences: an example of `%s` needs two axes, time and "
            "feature.",
            l->config->row->name, name);
    err_fact(e, name, "%s", s->n > 1 ? shape_print_axes(s, 1, text, sizeof text) : "no axis");
    return err_fact(e, "what is needed", "time feature");
}

static bool mismatch(const struct layer *l, const struct three *t, const char *what,
                     struct err *e) {
    char text[128];
    err_set(e, ERR_SHAPE, "%s", what);
    err_label(e, "%s", l->config->row->name);
    err_fact(e, "query", "%s", shape_print_axes(&t->query->desc.shape, 1, text, sizeof text));
    err_fact(e, "key", "%s", shape_print_axes(&t->key->desc.shape, 1, text, sizeof text));
    return err_fact(e, "value", "%s",
                    shape_print_axes(&t->value->desc.shape, 1, text, sizeof text));
}

static bool take_three(struct builder *b, struct layer *l, struct node *x, struct three *t,
                       struct err *e) {
    t->query = op_float(b->graph, x, e);
    t->key = op_float(b->graph, l->more[0], e);
    t->value = l->n_more > 1 ? op_float(b->graph, l->more[1], e) : t->key;
    if (!t->query || !t->key || !t->value) return false;
    if (!check_one(l, "query", t->query, e) || !check_one(l, "key", t->key, e) ||
        !check_one(l, "value", t->value, e))
        return false;
    if (t->key->desc.shape.size[1] == t->value->desc.shape.size[1]) return true;
    return mismatch(l, t, "Every key needs one value: key and value must have as many steps.", e);
}

/* softmax(q k^T) v for each head; q is scaled already. */
static struct node *attend(struct builder *b, struct node *q, struct node *k, struct node *v,
                           int32_t heads, bool causal, double dropout, struct err *e) {
    struct graph *g = b->graph;
    struct attrs each = {.axis = heads}, along = {.axis = 3, .axes = causal};
    if (!q || !k || !v) return NULL;
    struct node *scores = graph_add2(g, OP_heads_scores, q, k, &each, e);
    struct node *p = scores ? graph_add1(g, OP_softmax, scores, &along, e) : NULL;
    if (p && b->training && dropout > 0) p = dropout_apply(b, p, &p->desc.shape, dropout, e);
    return p ? graph_add2(g, OP_heads_mix, p, v, &each, e) : NULL;
}

static struct node *times(struct graph *g, struct node *x, double factor, struct err *e) {
    return x && factor != 1 ? op_number(g, OP_mul, x, factor, e) : x;
}

struct node *layer_build_attention(struct builder *b, struct layer *l, struct node *x,
                                   struct err *e) {
    struct three t;
    if (!take_three(b, l, x, &t, e)) return NULL;
    int64_t wide = t.query->desc.shape.size[2];
    if (wide != t.key->desc.shape.size[2]) {
        mismatch(l, &t,
                 "A query is compared with a key number by number: both need as many "
                 "features.",
                 e);
        err_hint(e, "Bring one to the other's size with Dense, or take MultiHeadAttention, which "
                    "does.");
        return NULL;
    }
    bool scaled = layer_arg(l, 0)->number != 0;
    struct node *q = times(b->graph, t.query, scaled ? 1 / sqrt((double)wide) : 1, e);
    return attend(b, q, t.key, t.value, 1, layer_arg(l, 1)->number != 0, layer_arg(l, 2)->number,
                  e);
}

/* ---- several heads ---- */

/* x (n, time, in) W (in, out) + b (out): weights number slot and slot + 1. */
static struct node *project(struct builder *b, struct layer *l, int slot, const char *const *names,
                            struct node *x, int64_t out, struct err *e) {
    int64_t in = x->desc.shape.size[2];
    struct config *glorot =
        config_default(config_find_in(CONFIG_INITIALIZER, STR("glorot_uniform")), e);
    struct layer_weight kernel = {.name = names[0],
                                  .shape = shape_of(2, (int64_t[]){in, out}),
                                  .init = glorot,
                                  .fan_in = in,
                                  .fan_out = out};
    struct layer_weight bias = {.name = names[1], .shape = shape_of(1, &out)};
    struct node *w = glorot ? layer_weight(b, l, slot, &kernel, e) : NULL;
    config_unref(glorot);
    struct node *z = op2(b->graph, OP_matmul, x, w, e);
    return z ? op2(b->graph, OP_add, z, layer_weight(b, l, slot + 1, &bias, e), e) : NULL;
}

/* Numbers of a head, or 0 with an error. */
static int64_t head_size(const struct layer *l, int64_t wide, struct err *e) {
    const struct arg *given = layer_arg(l, 1);
    int64_t heads = (int64_t)layer_arg(l, 0)->number;
    if (given->kind != ARG_NONE) return (int64_t)given->number;
    if (wide % heads == 0) return wide / heads;
    err_set(e, ERR_VALUE,
            "The %lld features of the query cannot be shared evenly among %lld heads.",
            (long long)wide, (long long)heads);
    err_label(e, "%lld features, %lld heads", (long long)wide, (long long)heads);
    err_hint(e,
             "Choose a number of heads that divides %lld, or give the size of a head: "
             "key_size=16.",
             (long long)wide);
    return 0;
}

struct node *layer_build_multi_head_attention(struct builder *b, struct layer *l, struct node *x,
                                              struct err *e) {
    static const char *const names[][2] = {{"query_kernel", "query_bias"},
                                           {"key_kernel", "key_bias"},
                                           {"value_kernel", "value_bias"},
                                           {"output_kernel", "output_bias"}};
    struct three t;
    if (!take_three(b, l, x, &t, e)) return NULL;
    int64_t wide = t.query->desc.shape.size[2], heads = (int64_t)layer_arg(l, 0)->number;
    int64_t each = head_size(l, wide, e), all = heads * each;
    if (!each) return NULL;
    struct node *q = project(b, l, 0, names[0], t.query, all, e);
    struct node *k = q ? project(b, l, 2, names[1], t.key, all, e) : NULL;
    struct node *v = k ? project(b, l, 4, names[2], t.value, all, e) : NULL;
    q = times(b->graph, q, 1 / sqrt((double)each), e);
    struct node *mixed = attend(b, q, k, v, (int32_t)heads, layer_arg(l, 3)->number != 0,
                                layer_arg(l, 2)->number, e);
    return mixed ? layer_units(project(b, l, 6, names[3], mixed, wide, e)) : NULL;
}

/* ---- where in the sequence ---- */

/* sin and cos of the position, in wavelengths from 2 pi to 10000 2 pi (Vaswani et al., 2017). */
static struct tensor *positions(int64_t time, int64_t features, struct err *e) {
    struct shape s = shape_of(2, (int64_t[]){time, features});
    struct tensor *t = tensor_new(DT_FLOAT32, &s, e);
    for (int64_t i = 0; t && i < t->count; i++) {
        int64_t k = i % features;
        double angle = (double)(i / features) / pow(10000, (double)(k / 2 * 2) / (double)features);
        ((float *)t->data)[i] = (float)(k % 2 ? cos(angle) : sin(angle));
    }
    return t;
}

struct node *layer_build_positional_encoding(struct builder *b, struct layer *l, struct node *x,
                                             struct err *e) {
    if (!check_one(l, "x", x, e)) return NULL;
    struct tensor *t = positions(x->desc.shape.size[1], x->desc.shape.size[2], e);
    struct node *where = t ? graph_constant(b->graph, t, e) : NULL;
    tensor_unref(t);
    return op2(b->graph, OP_add, op_float(b->graph, x, e), where, e);
}

struct node *layer_build_repeat_vector(struct builder *b, struct layer *l, struct node *x,
                                       struct err *e) {
    char text[128];
    if (x->desc.shape.n != 2) {
        err_set(e, ERR_SHAPE, "RepeatVector repeats one row of numbers for each example.");
        err_fact(e, "what is there", "%s", shape_print(&x->desc.shape, text, sizeof text));
        return NULL;
    }
    struct attrs a = {.shape = x->desc.shape, .axes = 2};
    a.shape.n = 3;
    a.shape.size[2] = x->desc.shape.size[1];
    a.shape.axis[2] = x->desc.shape.axis[1];
    a.shape.size[1] = (int64_t)layer_arg(l, 0)->number;
    a.shape.axis[1] = intern_c("time");
    a.shape.weak = 6;
    return graph_add1(b->graph, OP_expand, x, &a, e);
}

/* ---- rows of a table ---- */

struct node *layer_build_embedding(struct builder *b, struct layer *l, struct node *x,
                                   struct err *e) {
    int64_t size = (int64_t)layer_arg(l, 0)->number, units = (int64_t)layer_arg(l, 1)->number;
    struct config *init =
        config_default(config_find_in(CONFIG_INITIALIZER, STR("random_uniform")), e);
    struct layer_weight table = {.name = "table",
                                 .shape = shape_of(2, (int64_t[]){size, units}),
                                 .init = init,
                                 .fan_in = size,
                                 .fan_out = units};
    struct node *w = init ? layer_weight(b, l, 0, &table, e) : NULL;
    config_unref(init);
    struct attrs whole = {.dtype = DT_INT64};
    struct node *at = w ? graph_add1(b->graph, OP_cast, x, &whole, e) : NULL;
    return at ? layer_units(graph_add2(b->graph, OP_gather, w, at, NULL, e)) : NULL;
}
