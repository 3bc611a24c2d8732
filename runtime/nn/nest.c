/* Models inside other graphs: copied node by node into the model being built (with weights of their
 * own there), or into any graph (with their weights as constants). */
#include "embed.h"
#include "compose.h"
#include "../base/hash.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include "../op/build.h"
#include "../op/size.h"
#include <stdio.h>
#include <string.h>

/* ---- copying ---- */

static int64_t with_batch(int64_t size, int64_t batch) {
    if (size >= 0 || size_unknown(size) != SIZE_BATCH) return size;
    return size_times(size_factor(size), batch);
}

static void put_batch(struct shape *s, int64_t batch) {
    for (int i = 0; batch != SIZE_BATCH && i < s->n; i++)
        s->size[i] = with_batch(s->size[i], batch);
}

struct node *embed_node(const struct embedding *s, const struct node *old, struct err *e) {
    struct node *in[64];
    if (old->op == OP_weight) return s->weight(s->user, old, e);
    if (old->n_in > (int)ARRAY_LEN(in)) {
        err_set(e, ERR_NOT_YET, "A model inside another one joins at most %d tensors at once.",
                (int)ARRAY_LEN(in));
        return NULL;
    }
    for (int i = 0; i < old->n_in; i++) in[i] = s->map[old->in[i]->id];
    struct attrs attrs = old->attrs;
    struct desc desc = old->desc;
    put_batch(&attrs.shape, s->batch);
    put_batch(&desc.shape, s->batch);
    if (s->salt && (op_flags(old->op) & OP_RANDOM)) attrs.stream = hash_add(attrs.stream, s->salt);
    return graph_push_copy(s->to, old, in, &attrs, &desc, e);
}

bool embed_graph(const struct embedding *s, const struct graph *from, struct err *e) {
    for (int i = 0; i < graph_n_nodes(from); i++) {
        if (!s->map[i]) TRY(s->map[i] = embed_node(s, graph_node(from, i), e));
    }
    return true;
}

/* A frozen layer's application: the inference graph's nodes take the place of the training's. */
static bool freeze_use(const struct embedding *inference, struct node **map,
                       const struct layer_use *u, const struct graph *from, struct err *e) {
    for (int k = 0; k < u->n_in; k++) inference->map[u->in[0][k]->id] = map[u->in[1][k]->id];
    for (int32_t id = u->first[0]; id < u->end[0]; id++) {
        const struct node *n = graph_node(from, id);
        for (int i = 0; i < n->n_in; i++) { /* weights and numbers from before */
            struct node **in = &inference->map[n->in[i]->id];
            if (!*in) TRY(*in = embed_node(inference, n->in[i], e));
        }
        TRY(inference->map[id] = embed_node(inference, n, e));
    }
    map[u->out[1]->id] = inference->map[u->out[0]->id];
    return true;
}

static bool embed_frozen(const struct embedding *training, const struct model *m,
                         const bool *frozen, struct err *e) {
    struct embedding inference = *training;
    size_t n = (size_t)graph_n_nodes(m->graphs[0]);
    TRY(inference.map = pool_need(n * sizeof *inference.map + 1, e));
    bool ok = true;
    for (int id = 0; ok && id < graph_n_nodes(m->graphs[1]); id++) {
        if (!training->map[id])
            ok =
                (training->map[id] = embed_node(training, graph_node(m->graphs[1], id), e)) != NULL;
        for (int i = 0; ok && i < m->n_uses; i++) {
            const struct layer_use *u = &m->uses[i];
            if (u->out[1]->id == id && frozen[u->row])
                ok = freeze_use(&inference, training->map, u, m->graphs[0], e);
        }
    }
    pool_free(inference.map);
    return ok;
}

bool embed_model(const struct embedding *s, const struct model *m, bool training,
                 const bool *frozen, struct err *e) {
    return frozen && training ? embed_frozen(s, m, frozen, e)
                              : embed_graph(s, m->graphs[training], e);
}

bool embed_inputs(struct embedding *s, const struct model *m, bool training,
                  struct node *const *inputs, struct err *e) {
    s->batch = inputs[0]->desc.shape.n ? inputs[0]->desc.shape.size[0] : SIZE_BATCH;
    for (int i = 0; i < m->n_inputs[training]; i++) {
        const struct port *p = &m->inputs[training][i];
        struct node *n = inputs[i];
        struct attrs attrs = {.dtype = p->desc.dtype};
        if (n->desc.dtype != p->desc.dtype) TRY(n = graph_add1(s->to, OP_cast, n, &attrs, e));
        s->map[p->node->id] = n;
    }
    return true;
}

/* ---- into any graph ---- */

struct constants {
    const struct model *model;
    const struct weights *weights;
    struct graph *to;
};

static struct node *constant_weight(void *user, const struct node *old, struct err *e) {
    const struct constants *c = user;
    const struct weight_info *w = &c->model->weights[old->index];
    if (!c->weights) /* while checking: a tensor of this shape */
        return graph_input(c->to, NULL, &old->desc, e);
    struct tensor *t = tensor_new(DT_FLOAT32, &w->shape, e);
    if (!t) return NULL;
    memcpy(t->data, c->weights->data + w->offset, (size_t)t->count * sizeof(float));
    struct node *n = graph_constant(c->to, t, e);
    tensor_unref(t);
    return n;
}

bool model_inline(const struct model *m, const struct weights *w, struct graph *g,
                  struct node *const *inputs, struct node **outputs, struct err *e) {
    const struct graph *from = m->graphs[0];
    struct constants c = {m, w, g};
    struct embedding s = {.to = g, .weight = constant_weight, .user = &c};
    s.map = pool_need((size_t)graph_n_nodes(from) * sizeof *s.map + 1, e);
    bool ok = s.map && embed_inputs(&s, m, false, inputs, e) && embed_graph(&s, from, e);
    for (int i = 0; ok && i < m->n_outputs[0]; i++) outputs[i] = s.map[m->outputs[0][i].node->id];
    pool_free(s.map);
    return ok;
}

bool model_embed(const struct model_embedding *how, struct node *const *inputs,
                 struct node **outputs, struct err *e) {
    const struct model *m = how->model;
    int t = how->training;
    struct embedding s = {
        .to = how->graph, .salt = how->salt, .weight = how->weight, .user = how->user};
    s.map = pool_need((size_t)graph_n_nodes(m->graphs[t]) * sizeof *s.map + 1, e);
    bool ok = s.map && embed_inputs(&s, m, t, inputs, e) && embed_model(&s, m, t, how->frozen, e);
    for (int i = 0; ok && i < m->n_outputs[t]; i++) outputs[i] = s.map[m->outputs[t][i].node->id];
    for (int i = 0; ok && t && i < m->n_assigns; i++)
        how->average(how->user, m->assigns[i].weight->index, s.map[m->assigns[i].value->id]);
    pool_free(s.map);
    return ok;
}

/* ---- into the model being built ---- */

struct nesting {
    struct builder *builder;
    const struct nest *nest;
};

static struct node *nested_weight(void *user, const struct node *old, struct err *e) {
    const struct nesting *n = user;
    int32_t place = n->nest->first_weight + old->index;
    struct node *w = builder_weight(n->builder, &place, NULL, e);
    for (int i = 0; i < n->builder->n_assigns; i++) /* a second use goes on from the first one's */
        if (n->builder->assigns[i].weight == w) return n->builder->assigns[i].value;
    return w;
}

static bool name_is_free(const struct model *m, const char *prefix) {
    size_t n = strlen(prefix);
    for (int i = 0; i < m->n_layers; i++)
        if (strncmp(m->layers[i].name, prefix, n) == 0 && m->layers[i].name[n] == '.') return false;
    for (int i = 0; i < m->n_weights; i++)
        if (strncmp(m->weights[i].name, prefix, n) == 0 && m->weights[i].name[n] == '.')
            return false;
    return true;
}

/* "Residual", "Residual_2", … */
static void name_nest(const struct model *outer, const struct model *inside, char *out,
                      size_t cap) {
    snprintf(out, cap, "%s", inside->name);
    for (int k = 2; !name_is_free(outer, out); k++) snprintf(out, cap, "%s_%d", inside->name, k);
}

static struct tensor *start_values(const struct weight_info *w, const struct weights *from,
                                   struct err *e) {
    struct tensor *t = tensor_new(DT_FLOAT32, &w->shape, e);
    if (t) memcpy(t->data, from->data + w->offset, (size_t)t->count * sizeof(float));
    return t;
}

static bool declare_weights(struct builder *b, const struct model *inside, const char *prefix,
                            const struct weights *values, struct err *e) {
    for (int i = 0; i < inside->n_weights; i++) {
        struct weight_info w = inside->weights[i];
        char name[200];
        int32_t place = -1;
        snprintf(name, sizeof name, "%s.%s", prefix, w.name);
        w.name = name;
        w.stream = 0;
        struct tensor *start = values    ? start_values(&w, values, e)
                               : w.start ? tensor_ref(w.start)
                                         : NULL;
        if (values && !start) return false;
        w.start = start;
        bool ok = builder_weight(b, &place, &w, e) != NULL;
        tensor_unref(start);
        TRY(ok);
    }
    return true;
}

static bool declare_layers(struct builder *b, const struct model *inside, const struct nest *nest,
                           const char *prefix, struct err *e) {
    for (int i = 0; i < inside->n_layers; i++) {
        struct layer_info info = inside->layers[i];
        char name[200];
        int32_t place;
        snprintf(name, sizeof name, "%s.%s", prefix, info.name);
        info.name = intern_c(name);
        info.first_weight += nest->first_weight;
        info.times_used = 0;
        if (!info.name) return err_memory(e, sizeof name);
        TRY(builder_add_layer(b, &info, &place, e));
    }
    return true;
}

static bool enter(struct builder *b, const struct model *inside, const struct weights *values,
                  struct nest *nest, struct err *e) {
    struct model *m = b->model;
    char prefix[96];
    name_nest(m, inside, prefix, sizeof prefix);
    *nest = (struct nest){
        .outer = m, .walk = m->walk, .first_weight = m->n_weights, .first_layer = m->n_layers};
    return declare_weights(b, inside, prefix, values, e) &&
           declare_layers(b, inside, nest, prefix, e);
}

static int find_use(const struct embedding *s, const struct node *n) {
    return s->map[n->id]->id;
}

/* The rows and applications of the layers inside. */
static bool add_uses(struct builder *b, const struct model *inside, const struct nest *nest,
                     const struct embedding *s, struct err *e) {
    int t = b->training;
    for (int i = 0; i < inside->n_uses; i++) {
        const struct layer_use *u = &inside->uses[i];
        struct node *in[LAYER_MAX_INPUTS], *out = s->map[u->out[t]->id];
        for (int k = 0; k < u->n_in; k++) in[k] = s->map[u->in[t][k]->id];
        int32_t row = nest->first_layer + u->row;
        bool empty = u->first[t] == u->end[t];
        int32_t first = empty ? graph_n_nodes(b->graph)
                              : find_use(s, graph_node(inside->graphs[t], u->first[t]));
        TRY(builder_add_use(b, row, first, in, u->n_in, out, e));
        struct layer_use *made = &b->model->uses[b->model->next_use - 1];
        made->end[t] =
            empty ? first : find_use(s, graph_node(inside->graphs[t], u->end[t] - 1)) + 1;
        if (!t) continue;
        struct layer_info *info = &b->model->layers[row];
        info->output = out->desc.shape;
        info->times_used++;
        b->model->layer_ends[row] = out;
    }
    return true;
}

static struct node *assigned_weight(struct builder *b, const struct nest *nest, int index) {
    struct err ignored = {0};
    int32_t place = nest->first_weight + index;
    return builder_weight(b, &place, NULL, &ignored);
}

static bool too_many(struct err *e) {
    return err_set(e, ERR_NOT_YET, "A model can use BatchNorm at most %d times yet.", 32);
}

/* Batch statistics and moving averages of the model inside. */
static bool add_statistics(struct builder *b, const struct model *inside, const struct nest *nest,
                           const struct embedding *s, struct err *e) {
    struct model *m = b->model;
    for (int i = 0; i < inside->n_assigns; i++) {
        struct node *w = assigned_weight(b, nest, inside->assigns[i].weight->index);
        int at = 0;
        while (at < b->n_assigns && b->assigns[at].weight != w) at++;
        if (at == (int)ARRAY_LEN(b->assigns)) return too_many(e);
        b->assigns[at].weight = w;
        b->assigns[at].value = s->map[inside->assigns[i].value->id];
        if (at == b->n_assigns) b->n_assigns++;
    }
    for (int i = 0; i < inside->n_statistics; i++) {
        if (m->n_statistics == (int)ARRAY_LEN(m->statistics)) return too_many(e);
        m->statistics[m->n_statistics++] =
            (struct statistic){s->map[inside->statistics[i].value->id],
                               nest->first_weight + inside->statistics[i].weight};
    }
    return true;
}

bool builder_nest(struct builder *b, const struct model *inside, const struct weights *values,
                  struct nest *nest, struct node *const *inputs, struct node **outputs,
                  struct err *e) {
    int t = b->training;
    bool fresh = nest->outer != b->model || nest->walk != b->model->walk;
    if (fresh && !t)
        return err_set(e, ERR_BUG, "The two walks of model %s differ.", b->model->name);
    if (fresh) TRY(enter(b, inside, values, nest, e));
    const struct graph *from = inside->graphs[t];
    struct nesting n = {b, nest};
    struct embedding s = {
        .to = b->graph, .salt = hash_mix(b->stream++), .weight = nested_weight, .user = &n};
    s.map = pool_need((size_t)graph_n_nodes(from) * sizeof *s.map + 1, e);
    bool ok = s.map && embed_inputs(&s, inside, t, inputs, e) && embed_graph(&s, from, e) &&
              add_uses(b, inside, nest, &s, e) && (!t || add_statistics(b, inside, nest, &s, e));
    for (int i = 0; ok && i < inside->n_outputs[t]; i++)
        outputs[i] = s.map[inside->outputs[t][i].node->id];
    if (ok) nest->out[t] = outputs[0];
    pool_free(s.map);
    return ok;
}
