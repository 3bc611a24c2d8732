/* A model that ends where another one has a name or a layer. */
#include "embed.h"
#include "../base/pool.h"
#include <stdio.h>
#include <string.h>

struct cutting {
    const struct model *from;
    struct builder *builder;
    int32_t *places;           /* of the old weights; -1 = not met yet */
    bool *kept;                /* applications of layers, as the training graph needs them */
    const struct node *end[2]; /* [training] */
};

static struct node *part_weight(void *user, const struct node *old, struct err *e) {
    struct cutting *c = user;
    return builder_weight(c->builder, &c->places[old->index], &c->from->weights[old->index], e);
}

/* The tensor of that name in one of the graphs, or NULL. */
static struct node *named_node(const struct model *m, const char *name, bool training) {
    const struct model_name_entry *entry = model_find_name(m, name);
    if (entry && entry->node[training]) return entry->node[training];
    int32_t first = entry ? entry->first_layer : model_find_layer(m, name);
    int32_t end = entry ? first + entry->n_layers : first + 1;
    for (int i = m->n_uses - 1; first >= 0 && i >= 0; i--) /* what its last layer gave last */
        if (m->uses[i].row >= first && m->uses[i].row < end) return m->uses[i].out[training];
    return NULL;
}

/* What a node is computed from, itself included. */
static void mark_ancestors(const struct graph *g, const struct node *end, bool *needed) {
    needed[end->id] = true;
    for (int id = end->id; id >= 0; id--) {
        const struct node *n = graph_node(g, id);
        for (int i = 0; needed[id] && i < n->n_in; i++) needed[n->in[i]->id] = true;
    }
}

/* Moving averages of the batch statistics on the way. */
static void mark_averages(const struct model *m, bool *needed) {
    for (int i = 0; i < m->n_statistics; i++) {
        if (!needed[m->statistics[i].value->id]) continue;
        for (int k = 0; k < m->n_assigns; k++)
            if (m->assigns[k].weight->index == m->statistics[i].weight)
                mark_ancestors(m->graphs[1], m->assigns[k].value, needed);
    }
}

static void copy_averages(struct cutting *c, const struct embedding *s, const bool *needed) {
    struct builder *b = c->builder;
    const struct model *m = c->from;
    for (int i = 0; i < m->n_statistics; i++) {
        if (!needed[m->statistics[i].value->id]) continue;
        b->model->statistics[b->model->n_statistics++] = (struct statistic){
            s->map[m->statistics[i].value->id], c->places[m->statistics[i].weight]};
    }
    for (int k = 0; k < m->n_assigns; k++) {
        if (!needed[m->assigns[k].value->id]) continue;
        b->assigns[b->n_assigns].weight = s->map[m->assigns[k].weight->id];
        b->assigns[b->n_assigns++].value = s->map[m->assigns[k].value->id];
    }
}

/* A use's range of nodes in the copy. */
static void range_of(const struct layer_use *u, bool training, const struct embedding *s,
                     struct layer_use *made) {
    made->first[training] = made->end[training] = 0;
    for (int32_t id = u->first[training]; id < u->end[training]; id++) {
        if (!s->map[id]) continue;
        if (!made->end[training]) made->first[training] = s->map[id]->id;
        made->end[training] = s->map[id]->id + 1;
    }
}

/* The layers on the way, and their applications. */
static bool copy_layers(struct cutting *c, const struct embedding *s, int32_t *rows,
                        struct err *e) {
    const struct model *m = c->from;
    struct model *to = c->builder->model;
    int t = c->builder->training;
    for (int i = 0; i < m->n_uses; i++) {
        const struct layer_use *u = &m->uses[i];
        struct node *in[LAYER_MAX_INPUTS] = {0}, *out = s->map[u->out[t]->id];
        if (t) c->kept[i] = out != NULL;
        if (!c->kept[i] || !out) continue;
        for (int k = 0; k < u->n_in; k++) in[k] = s->map[u->in[t][k]->id];
        if (rows[u->row] < 0 && t) {
            struct layer_info info = m->layers[u->row];
            info.times_used = 0;
            if (info.n_weight_infos) info.first_weight = c->places[info.first_weight];
            TRY(builder_add_layer(c->builder, &info, &rows[u->row], e));
        }
        if (t) to->layers[rows[u->row]].times_used++;
        TRY(builder_add_use(c->builder, rows[u->row], 0, in, u->n_in, out, e));
        range_of(u, t, s, &to->uses[to->next_use - 1]);
    }
    return true;
}

static bool copy_nodes(struct cutting *c, struct embedding *s, bool *needed, const char *name,
                       int32_t *rows, struct err *e) {
    const struct model *m = c->from;
    struct builder *b = c->builder;
    const struct graph *from = m->graphs[b->training];
    const struct node *end = c->end[b->training];
    mark_ancestors(from, end, needed);
    if (b->training) mark_averages(m, needed);
    for (int i = 0; i < m->n_inputs[b->training]; i++) {
        const struct port *p = &m->inputs[b->training][i];
        TRY(s->map[p->node->id] = builder_input(b, p->name, &p->desc, e));
    }
    for (int id = 0; id < graph_n_nodes(from); id++) {
        if (needed[id] && !s->map[id]) TRY(s->map[id] = embed_node(s, graph_node(from, id), e));
    }
    if (b->training) copy_averages(c, s, needed);
    return copy_layers(c, s, rows, e) && builder_output(b, name, s->map[end->id], e) &&
           builder_finish(b, e);
}

static bool copy_walk(struct cutting *c, struct model *made, const char *name, bool training,
                      int32_t *rows, struct err *e) {
    struct builder b;
    TRY(builder_init(&b, made, training, e));
    c->builder = &b;
    size_t n = (size_t)graph_n_nodes(c->from->graphs[training]);
    struct embedding s = {.to = b.graph, .batch = SIZE_BATCH, .weight = part_weight, .user = c};
    bool *needed = pool_need(n + 1, e);
    s.map = pool_need(n * sizeof *s.map + 1, e);
    bool ok = needed && s.map && copy_nodes(c, &s, needed, name, rows, e);
    pool_free(needed);
    pool_free(s.map);
    return ok;
}

static struct weights *take_weights(const struct model *m, const struct model *made,
                                    const int32_t *places, const struct weights *from,
                                    struct err *e) {
    struct weights *w = weights_new(made->block, e);
    for (int i = 0; w && i < m->n_weights; i++) {
        if (places[i] < 0) continue;
        int64_t count = 1;
        const struct shape *s = &m->weights[i].shape;
        for (int a = 0; a < s->n; a++) count *= s->size[a];
        memcpy(w->data + made->weights[places[i]].offset, from->data + m->weights[i].offset,
               (size_t)count * sizeof(float));
    }
    return w;
}

/* `name`: of the output. */
static struct model *cut(const struct model *m, const struct node *const end[2], const char *title,
                         const char *name, const struct weights *from, struct weights **weights,
                         struct err *e) {
    struct cutting c = {.from = m, .end = {end[0], end[1]}};
    struct model *made = model_new(title, e);
    c.places = pool_need((size_t)m->n_weights * sizeof *c.places + 1, e);
    int32_t *rows = pool_need((size_t)m->n_layers * sizeof *rows + 1, e);
    c.kept = pool_need((size_t)m->n_uses + 1, e);
    bool ok = made && c.places && rows && c.kept;
    for (int i = 0; ok && i < m->n_weights; i++) c.places[i] = -1;
    for (int i = 0; ok && i < m->n_layers; i++) rows[i] = -1;
    ok =
        ok && copy_walk(&c, made, name, true, rows, e) && copy_walk(&c, made, name, false, rows, e);
    if (ok && from) ok = (*weights = take_weights(m, made, c.places, from, e)) != NULL;
    pool_free(c.places);
    pool_free(c.kept);
    pool_free(rows);
    if (ok) return made;
    model_unref(made);
    return NULL;
}

struct model *model_part(const struct model *m, const char *name, const struct weights *from,
                         struct weights **weights, struct err *e) {
    const struct node *end[2] = {named_node(m, name, false), named_node(m, name, true)};
    char title[160];
    *weights = NULL;
    if (!end[0] || !end[1]) {
        err_set(e, ERR_NAME, "The model has no layer or tensor `%s`.", name);
        return NULL;
    }
    snprintf(title, sizeof title, "%s up to %s", m->name, name);
    return cut(m, end, title, name, from, weights, e);
}

/* The last node on the way to the first output that still is an image of more than one place. */
static const struct node *last_image(const struct model *m, bool training, struct err *e) {
    const struct graph *g = m->graphs[training];
    bool *needed = pool_need((size_t)graph_n_nodes(g) + 1, e);
    const struct node *found = NULL;
    if (!needed) return NULL;
    mark_ancestors(g, m->outputs[training][0].node, needed);
    for (int id = graph_n_nodes(g) - 1; id >= 0 && !found; id--) {
        const struct node *n = graph_node(g, id);
        const int64_t *size = n->desc.shape.size;
        bool image = n->desc.shape.n == 4 && size[0] < 0 && size[1] * size[2] > 1;
        if (needed[id] && image && n->op != OP_input) found = n;
    }
    pool_free(needed);
    return found;
}

struct model *model_without_head(const struct model *m, const struct weights *from,
                                 struct weights **weights, struct err *e) {
    const struct node *end[2] = {last_image(m, false, e), last_image(m, true, e)};
    *weights = NULL;
    if (end[0] && end[1]) return cut(m, end, m->name, "features", from, weights, e);
    if (!e->kind) {
        err_set(e, ERR_VALUE, "The model %s has no head on images that could be left out.",
                m->name);
        err_hint(e, "With top=True it is used whole; part(output=…) ends it anywhere.");
    }
    return NULL;
}
