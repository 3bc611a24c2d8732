/* A copy of one of a model's graphs, to which targets and measures are added. */
#include "objective.h"
#include "augment.h"
#include "embed.h"
#include "../base/pool.h"

static struct node *same_weight(void *user, const struct node *old, struct err *e) {
    struct objective *o = user;
    return graph_weight(o->graph, old->name, &old->desc.shape, old->index, old->offset, e);
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

static bool copy_frozen(struct objective *o, const struct embedding *training, const bool *frozen,
                        struct err *e) {
    const struct model *m = o->model;
    struct embedding inference = *training;
    size_t n = (size_t)graph_n_nodes(m->graphs[0]);
    TRY(inference.map = pool_need(n * sizeof *inference.map + 1, e));
    bool ok = true;
    for (int id = 0; ok && id < graph_n_nodes(m->graphs[1]); id++) {
        if (!o->map[id])
            ok = (o->map[id] = embed_node(training, graph_node(m->graphs[1], id), e)) != NULL;
        for (int i = 0; ok && i < m->n_uses; i++) {
            const struct layer_use *u = &m->uses[i];
            if (u->out[1]->id == id && frozen[u->row])
                ok = freeze_use(&inference, o->map, u, m->graphs[0], e);
        }
    }
    pool_free(inference.map);
    return ok;
}

/* The inputs come first, so that they keep their numbers. */
static bool copy_inputs(struct objective *o, const struct model *m, struct err *e) {
    for (int i = 0; i < m->n_inputs[o->training]; i++) {
        const struct port *p = &m->inputs[o->training][i];
        TRY(o->map[p->node->id] = graph_input(o->graph, p->name, &p->desc, e));
    }
    return true;
}

/* What the model reads in place of images: images changed at random. */
static bool augment_inputs(struct objective *o, const struct model *m,
                           const struct train_spec *spec, struct err *e) {
    bool any = false;
    for (int i = 0; i < m->n_inputs[1] && spec->n_augment > 0; i++) {
        struct node **x = &o->map[m->inputs[1][i].node->id];
        if (!is_augmentable(&(*x)->desc)) continue;
        TRY(*x = augment_node(o->graph, spec->augment, spec->n_augment, *x, e));
        any = true;
    }
    if (any || spec->n_augment == 0) return true;
    char text[160];
    err_set(e, ERR_SETTING, "`augment` changes images, and the model {0} reads none.");
    err_fact(e, "what it reads", "%s",
             shape_print_axes(&m->inputs[1][0].desc.shape, 1, text, sizeof text));
    return err_fact(e, "images are", "[height, width] or [height, width, channel]");
}

bool objective_init(struct objective *o, const struct model *m, bool training,
                    const struct train_spec *spec, struct err *e) {
    const bool *frozen = spec ? spec->frozen_layers : NULL;
    *o = (struct objective){.model = m, .training = training};
    const struct graph *from = m->graphs[training];
    TRY(o->map = pool_need((size_t)graph_n_nodes(from) * sizeof *o->map + 1, e));
    TRY(o->graph = graph_new(DT_FLOAT32, e));
    struct embedding s = {
        .to = o->graph, .batch = SIZE_BATCH, .map = o->map, .weight = same_weight, .user = o};
    TRY(copy_inputs(o, m, e));
    if (spec && training) TRY(augment_inputs(o, m, spec, e));
    TRY(frozen && training ? copy_frozen(o, &s, frozen, e) : embed_graph(&s, from, e));
    for (int i = 0; i < m->n_outputs[training]; i++)
        o->outputs[i] = o->map[m->outputs[training][i].node->id];
    return true;
}

void objective_clear(struct objective *o) {
    graph_free(o->graph);
    pool_free(o->map);
    *o = (struct objective){0};
}

/* Data's description as an input: the first axis is the batch's, names are dropped, because they
 * have been compared already. */
static struct desc target_desc(const struct desc *data, bool whole) {
    struct desc d = {.dtype = whole ? DT_INT64 : DT_FLOAT32};
    d.shape.n = data->shape.n;
    for (int i = 0; i < d.shape.n; i++) d.shape.size[i] = data->shape.size[i];
    if (d.shape.n) d.shape.size[0] = SIZE_BATCH;
    return d;
}

bool objective_target(struct objective *o, int i, const struct desc *target, bool classes,
                      struct err *e) {
    enum fit fit = target_fit(&target->shape, &o->outputs[i]->desc.shape, classes);
    bool whole = fit == FIT_CLASSES || fit == FIT_CLASSES_COLUMN;
    struct desc d = target_desc(target, whole);
    o->targets[i] = graph_input(o->graph, "target", &d, e);
    return o->targets[i] != NULL;
}

struct node *measure_node(const struct measure *m, struct graph *g, struct node *target,
                          struct node *output, struct node *weights, struct err *e) {
    struct node *value = NULL;
    if (m->config) return loss_mean(m->config, g, target, output, weights, e);
    if (!m->build(m->user, g, target, output, &value, e) || !value) return NULL;
    if (value->desc.shape.n > 0) {
        char text[128];
        err_set(e, ERR_SHAPE, "A loss or metric is one number, but `{3}` gives %s numbers.",
                shape_print(&value->desc.shape, text, sizeof text));
        err_hint(e, "Take the mean of them: end {3} with .mean().");
        return NULL;
    }
    return op_float(g, value, e);
}

struct node *objective_measure(struct objective *o, int i, const struct measure *m, double factor,
                               struct node *weights, struct err *e) {
    struct node *value = measure_node(m, o->graph, o->targets[i], o->outputs[i], weights, e);
    return value && factor != 1 ? op_number(o->graph, OP_mul, value, factor, e) : value;
}

const struct config_row *train_default_loss(const struct model *m, int output) {
    const struct desc *d = &m->outputs[1][output].desc;
    if (d->content == CONTENT_PROBABILITY) return config_find_in(CONFIG_LOSS, STR("bce"));
    if (d->content == CONTENT_DISTRIBUTION) return config_find_in(CONFIG_LOSS, STR("crossentropy"));
    return config_find_in(CONFIG_LOSS, STR("mse"));
}

bool measure_resolve(const struct model *m, int output, const struct measure *given,
                     struct measure *out, struct config **c, struct err *e) {
    *out = *given;
    *c = NULL;
    if (given->config || given->build) return true;
    out->factor = 1;
    TRY(*c = config_default(train_default_loss(m, output), e));
    out->config = *c;
    if (!out->name) out->name = (*c)->row->name;
    return true;
}
