/* A copy of one of a model's graphs, to which targets and measures are added. */
#include "objective.h"
#include "augment.h"
#include "embed.h"
#include "../base/pool.h"

static struct node *same_weight(void *user, const struct node *old, struct err *e) {
    struct objective *o = user;
    return graph_weight(o->graph, old->name, &old->desc.shape, old->index, old->offset, e);
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
    TRY(embed_model(&s, m, training, frozen, e));
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
