/* What a training run needs before its first step: the graph with loss and gradients, plans,
 * weights, evaluators, the history's columns. */
#include "trainer.h"
#include "../base/pool.h"
#include "labels.h"
#include "metrics.h"
#include "penalty.h"
#include "base/room.h"
#include "room_check.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- checks ---- */

static struct train_shapes shapes_of(const struct model *m, const struct examples *data) {
    struct train_shapes s = {0};
    for (int i = 0; i < m->n_inputs[1]; i++) s.inputs[i] = tensor_desc(data->inputs[i]);
    for (int i = 0; i < m->n_outputs[1]; i++) s.targets[i] = tensor_desc(data->targets[i]);
    return s;
}

static bool check_present(const struct model *m, const struct examples *data, struct err *e) {
    for (int i = 0; i < m->n_inputs[1]; i++)
        if (!data->inputs[i])
            return err_set(e, ERR_TRAIN, "There is no data for the input `%s`.",
                           m->inputs[1][i].name);
    for (int i = 0; i < m->n_outputs[1]; i++)
        if (!data->targets[i])
            return err_set(e, ERR_TRAIN, "There are no targets for the output `%s`.",
                           m->outputs[1][i].name);
    return true;
}

static bool check_data(const struct trainer *t, const struct examples *data, struct err *e) {
    const struct model *m = t->spec->model;
    TRY(check_present(m, data, e));
    struct train_shapes shapes = shapes_of(m, data);
    TRY(train_check(t->spec, &shapes, e));
    if (examples_count(data) == 0)
        return err_set(e, ERR_TRAIN, "There are no examples to learn from.");
    for (int i = 0; i < m->n_inputs[1]; i++) TRY(model_check_positions(m, i, data->inputs[i], e));
    for (int i = 0; i < t->n_outputs; i++) {
        struct shape output = m->outputs[1][i].desc.shape;
        output.size[0] = examples_count(data);
        TRY(labels_check(t->losses[i].config, data->targets[i], &output, e));
    }
    return true;
}

/* Errors in the validation set speak of it, not of {1} and {2}, which are the training's. */
static bool check_validation(const struct trainer *t, struct err *e) {
    if (check_data(t, &t->spec->validation, e)) return true;
    struct str names[] = {STR("{0}"), STR("validate"), STR("validate"), STR("{3}")};
    err_name_args(e, names, ARRAY_LEN(names));
    if (e->at.source == 0) e->at = (struct span){0, 4, 4};
    return false;
}

/* A sigmoid never reaches targets such as pixels from 0 to 255: allowed, but hardly meant. */
static void advise(struct trainer *t) {
    const struct port *out = &t->spec->model->outputs[1][0];
    const struct config *loss = t->losses[0].config;
    if (out->desc.content < CONTENT_PROBABILITY || !loss) return;
    if (loss_needs(loss->row) != CONTENT_ANY) return;
    const struct tensor *target = t->spec->data.targets[0];
    double largest = 0;
    for (int64_t i = 0; i < target->count && i < 10000; i++)
        largest = fmax(largest, tensor_get(target, i));
    if (largest <= 1) return;
    snprintf(
        t->advice, sizeof t->advice,
        "The output `%s` stays between 0 and 1, but the targets go up to %g. For pixels, divide "
        "by 255.",
        out->name, largest);
}

/* ---- weights of examples ---- */

/* The class of example i of the targets. */
static int64_t class_of(const struct tensor *target, int64_t i) {
    int64_t width = target->shape.size[0] ? target->count / target->shape.size[0] : 0;
    if (width == 1) {
        double x = tensor_get(target, i);
        return x >= 0 && x < INT32_MAX ? (int64_t)x : -1;
    }
    int64_t best = 0;
    for (int64_t j = 1; j < width; j++)
        if (tensor_get(target, i * width + j) > tensor_get(target, i * width + best)) best = j;
    return best;
}

static bool apply_class_weights(const struct trainer *t, float *w, int64_t n, struct err *e) {
    const struct train_spec *s = t->spec;
    for (int64_t i = 0; i < n && s->class_weight; i++) {
        int64_t c = class_of(s->data.targets[0], i);
        if (c < 0 || c >= s->n_class_weight)
            return err_set(e, ERR_SETTING,
                           "class_weight has weights for %d classes, but `{2}` holds class %lld.",
                           s->n_class_weight, (long long)c);
        w[i] *= (float)s->class_weight[c];
    }
    return true;
}

static bool make_example_weights(struct trainer *t, struct err *e) {
    const struct train_spec *s = t->spec;
    if (!s->class_weight && !s->sample_weight) return true;
    int64_t n = examples_count(&s->data);
    struct shape shape = shape_of(1, &n);
    if (s->sample_weight && s->sample_weight->count != n)
        return err_set(e, ERR_SETTING, "sample_weight holds %lld numbers for %lld examples.",
                       (long long)s->sample_weight->count, (long long)n);
    TRY(t->example_weights = tensor_new(DT_FLOAT32, &shape, e));
    float *w = t->example_weights->data;
    for (int64_t i = 0; i < n; i++) {
        double x = s->sample_weight ? tensor_get(s->sample_weight, i) : 1;
        if (!(x >= 0))
            return err_set(e, ERR_SETTING, "sample_weight holds %g, but weights are 0 or more.", x);
        w[i] = (float)x;
    }
    return apply_class_weights(t, w, n, e);
}

/* ---- the graph of a step ---- */

static struct node *weight_input(struct trainer *t, struct err *e) {
    struct desc d = {.dtype = DT_FLOAT32, .shape = {.n = 1, .size = {SIZE_BATCH}}};
    return graph_input(t->objective.graph, "weight", &d, e);
}

/* Total loss first, then the loss of each output. */
static bool add_losses(struct trainer *t, struct tensor **data, int *n_data, struct node **values,
                       struct err *e) {
    struct objective *o = &t->objective;
    for (int i = 0; i < t->n_outputs; i++) {
        struct desc d = tensor_desc(t->spec->data.targets[i]);
        const struct measure *loss = &t->losses[i];
        bool classes = loss->build || measure_reads_classes(loss->config);
        TRY(objective_target(o, i, &d, classes, e));
        data[(*n_data)++] = t->spec->data.targets[i];
    }
    struct node *weights = NULL, *total = NULL;
    if (t->example_weights) {
        TRY(weights = weight_input(t, e));
        data[(*n_data)++] = t->example_weights;
    }
    for (int i = 0; i < t->n_outputs; i++) {
        struct node *one = objective_measure(o, i, &t->losses[i], t->losses[i].factor, weights, e);
        total = i ? op2(o->graph, OP_add, total, one, e) : one;
        TRY(total);
        values[1 + i] = one;
    }
    values[0] = total;
    return true;
}

void trainer_fill_learn(const struct train_spec *s, const struct weight_info *w, struct learn *l) {
    double l1 = 0, l2 = 0;
    if (w->shape.n >= 2) penalty_factors(s->penalty, &l1, &l2);
    l->l1 = l1 + w->l1;
    l->l2 = l2 + w->l2;
}

static bool is_frozen(const struct train_spec *s, int weight) {
    return s->frozen_weights && s->frozen_weights[weight];
}

/* The learning weights that the loss depends on, and their gradients. */
static bool add_gradients(struct trainer *t, struct node *loss, struct err *e) {
    const struct model *m = t->spec->model;
    size_t room = (size_t)m->n_weights;
    TRY(t->learn = pool_need(room * sizeof *t->learn + 1, e));
    struct node **nodes = pool_need(2 * room * sizeof *nodes + room + 1, e);
    if (!nodes) return false;
    struct node **gradients = nodes + room;
    bool *connected = (bool *)(gradients + room);
    int n = 0;
    for (int i = 0; i < m->n_weights; i++) {
        bool moves = m->weights[i].learns && !is_frozen(t->spec, i);
        struct node *w = moves ? model_weight_node(t->objective.graph, i) : NULL;
        if (w) nodes[n++] = w;
    }
    struct node *scaled = trainer_scaled(t, t->objective.graph, loss, e);
    bool ok =
        scaled && graph_gradient(t->objective.graph, scaled, nodes, n, gradients, connected, e);
    for (int i = 0; ok && i < n; i++) {
        if (!connected[i]) continue;
        struct learn *l = &t->learn[t->n_learn++];
        *l = (struct learn){.weight = nodes[i], .gradient = gradients[i]};
        trainer_fill_learn(t->spec, &m->weights[nodes[i]->index], l);
        t->penalties += l->l1 + l->l2;
    }
    pool_free(nodes);
    return ok;
}

/* Averages that move: pairs of nodes, the weight and its next value. */
static int averages(const struct trainer *t, struct node **pairs) {
    const struct model *m = t->spec->model;
    int n = 0;
    for (int i = 0; i < m->n_assigns; i++) {
        if (is_frozen(t->spec, m->assigns[i].weight->index)) continue;
        pairs[n++] = t->objective.map[m->assigns[i].weight->id];
        pairs[n++] = t->objective.map[m->assigns[i].value->id];
    }
    return n;
}

/* With more than one epoch, what a frozen part makes of the examples is worth keeping. */
static bool make_features(struct trainer *t, struct err *e) {
    const struct train_spec *s = t->spec;
    int64_t n = examples_count(&s->data), per_epoch = (n + s->batch - 1) / s->batch;
    bool once = s->steps > 0 ? s->steps <= per_epoch : s->epochs <= 1;
    if (!s->frozen_weights || s->recompute || once) return true;
    bool *moves = pool_need((size_t)s->model->n_weights + 1, e);
    if (!moves) return false;
    for (int i = 0; i < s->model->n_weights; i++) moves[i] = !is_frozen(s, i);
    t->frozen = frozen_new(moves, t->workspace, e);
    return t->frozen != NULL;
}

static bool make_step(struct trainer *t, struct err *e) {
    const struct train_spec *s = t->spec;
    struct tensor *data[PASS_MAX_DATA];
    struct node *values[1 + MODEL_MAX_PORTS];
    struct assign assigns[ARRAY_LEN(s->model->assigns)];
    struct node *pairs[2 * ARRAY_LEN(s->model->assigns)];
    int n_data;
    TRY(objective_init(&t->objective, s->model, true, s, e));
    TRY(make_features(t, e));
    int n_assign = averages(t, pairs) / 2;
    TRY(frozen_split(t->frozen, &t->objective, &s->data, s->batch, pairs, 2 * n_assign, data,
                     &n_data, e));
    for (int i = 0; i < n_assign; i++) assigns[i] = (struct assign){pairs[2 * i], pairs[2 * i + 1]};
    TRY(add_losses(t, data, &n_data, values, e));
    TRY(add_gradients(t, values[0], e));
    if (t->n_learn == 0)
        return err_set(e, ERR_TRAIN,
                       "The model `{0}` has no weights that the loss depends on, so "
                       "there is nothing to learn.");
    if (t->scale) data[n_data++] = NULL;
    optimizer_update(s->optimizer, &t->update, &t->base_rate);
    struct plan_spec plan = {.graph = t->objective.graph,
                             .outputs = values,
                             .n_outputs = t->n_outputs > 1 ? 1 + t->n_outputs : 1,
                             .update = t->update,
                             .learn = t->learn,
                             .n_learn = t->n_learn,
                             .assign = assigns,
                             .memory_limit = room_left(),
                             .workspace = t->workspace,
                             .n_assign = n_assign};
    return pass_init(&t->pass, &plan, data, n_data, examples_count(&s->data), s->batch, e);
}

/* ---- memory, measures, history ---- */

static int n_slots(const struct trainer *t) {
    int most = t->stages ? 0 : optimizer_n_slots(&t->update);
    for (int i = 0; i < t->n_stages; i++) {
        int n = optimizer_n_slots(&t->stages[i].update);
        if (n > most) most = n;
    }
    return most;
}

static bool make_blocks(struct trainer *t, struct err *e) {
    int blocks = 2 + n_slots(t);
    TRY(room_check(t->spec->start->n, blocks, "its training", e));
    TRY(t->now = weights_copy(t->spec->start, e));
    TRY(t->kept = weights_copy(t->spec->start, e));
    for (int i = 0; i < n_slots(t); i++) TRY(t->slots[i] = weights_new(t->now->n, e));
    t->order = pool_need((size_t)t->n_examples * sizeof *t->order, e);
    return t->order != NULL;
}

static bool make_evaluators(struct trainer *t, struct err *e) {
    const struct train_spec *s = t->spec;
    struct eval_item items[TRAIN_MAX_MEASURES + MODEL_MAX_PORTS];
    int n = 0;
    for (int i = 0; i < s->n_metrics; i++)
        items[n++] = (struct eval_item){.measure = &s->metrics[i]};
    if (n && !s->step)
        TRY(t->on_training =
                evaluator_new(s->model, &s->data, items, n, t->frozen, t->workspace, e));
    for (int i = 0; i < t->n_outputs; i++) items[n++] = (struct eval_item){&t->losses[i], i, true};
    if (s->has_validation)
        TRY(t->on_validation =
                evaluator_new(s->model, &s->validation, items, n, t->frozen, t->workspace, e));
    return true;
}

static const char *metric_name(const struct measure *m) {
    if (m->name) return m->name;
    return m->config ? m->config->row->name : "metric";
}

static bool add_columns(struct trainer *t, const char *prefix, struct err *e) {
    const struct train_spec *s = t->spec;
    for (int i = 0; i < t->n_outputs && t->n_outputs > 1; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s_loss", s->model->outputs[1][i].name);
        TRY(epoch_log_add(&t->history, prefix, name, -1, e) >= 0);
    }
    for (int i = 0; i < s->n_metrics; i++) {
        const struct measure *m = &s->metrics[i];
        int direction = m->config ? measure_direction(m->config->row) : -1;
        TRY(epoch_log_add(&t->history, prefix, metric_name(m), direction, e) >= 0);
    }
    return true;
}

/* epoch loss val_loss, then the training's columns, the validation's, lr and seconds. */
static bool make_history(struct trainer *t, struct err *e) {
    bool valid = t->spec->has_validation;
    t->val_loss_at = t->loss_at = -1;
    TRY(epoch_log_add(&t->history, "", "epoch", 0, e) >= 0);
    if (t->spec->model) TRY((t->loss_at = epoch_log_add(&t->history, "", "loss", -1, e)) >= 0);
    if (t->spec->step) TRY(stages_add_columns(t, e));
    if (valid) TRY((t->val_loss_at = epoch_log_add(&t->history, "", "val_loss", -1, e)) >= 0);
    t->metrics_at = t->history.n_columns;
    TRY(add_columns(t, "", e));
    if (valid) TRY(add_columns(t, "val_", e));
    TRY((t->lr_at = epoch_log_add(&t->history, "", "lr", -1, e)) >= 0);
    TRY((t->seconds_at = epoch_log_add(&t->history, "", "seconds", -1, e)) >= 0);
    for (int i = 0; i < t->spec->n_callbacks; i++)
        TRY(callback_init(&t->callbacks[i], t->spec->callbacks[i], &t->history, valid, e));
    return true;
}

static void count_steps(struct trainer *t) {
    t->steps_per_epoch = pass_n_batches(t->stages ? &t->stages[0].pass : &t->pass);
    t->total_steps = t->spec->epochs * t->steps_per_epoch;
    if (t->spec->steps > 0) t->total_steps = t->spec->steps;
    t->n_epochs = (t->total_steps + t->steps_per_epoch - 1) / t->steps_per_epoch;
}

/* A built-in step: losses of outputs against targets. */
static bool init_losses(struct trainer *t, struct err *e) {
    const struct train_spec *spec = t->spec;
    for (int i = 0; i < t->n_outputs; i++)
        TRY(measure_resolve(spec->model, i, &spec->losses[i], &t->losses[i], &t->own[i], e));
    if (!spec->step) TRY(check_data(t, &spec->data, e));
    if (spec->has_validation) TRY(check_validation(t, e));
    if (spec->step) return true;
    advise(t);
    return make_example_weights(t, e);
}

bool trainer_fetch(struct trainer *t, struct err *e) {
    return workspace_fetch(t->workspace, t->now->data, e);
}

bool trainer_prepare(struct trainer *t, struct err *e) {
    const struct train_spec *spec = t->spec;
    bool measured = !spec->step || spec->has_validation;
    if (measured) t->n_outputs = spec->model->n_outputs[1];
    if (spec->model && !spec->model->built)
        return err_set(e, ERR_BUG, "The model `{0}` has not been built.");
    if (measured) TRY(init_losses(t, e));
    TRY(t->workspace = workspace_new_on(t->device, e));
    workspace_set_precision(t->workspace, spec->precision);
    TRY(spec->step ? stages_init(t, e) : make_step(t, e));
    t->n_examples = t->stages ? t->stages[0].pass.n : t->pass.n;
    TRY(make_blocks(t, e));
    if (measured) TRY(make_evaluators(t, e));
    count_steps(t);
    return make_history(t, e);
}

void trainer_clear(struct trainer *t) {
    for (int i = 0; i < MODEL_MAX_PORTS; i++) config_unref(t->own[i]);
    pass_clear(&t->pass);
    stages_clear(t);
    workspace_unref(t->workspace);
    objective_clear(&t->objective);
    frozen_free(t->frozen);
    evaluator_free(t->on_training);
    evaluator_free(t->on_validation);
    epoch_log_clear(&t->history);
    tensor_unref(t->example_weights);
    weights_unref(t->now);
    weights_unref(t->kept);
    weights_unref(t->slots[0]);
    weights_unref(t->slots[1]);
    pool_free(t->order);
    pool_free(t->learn);
}

double trainer_penalty(const struct trainer *t) {
    if (t->penalties == 0) return 0;
    double sum = 0;
    for (int i = 0; i < t->n_learn; i++) {
        const struct learn *l = &t->learn[i];
        int64_t n = 1;
        for (int a = 0; a < l->weight->desc.shape.n; a++) n *= l->weight->desc.shape.size[a];
        if (l->l1 != 0 || l->l2 != 0)
            sum += penalty_value(t->now->data + l->weight->offset, n, l->l1, l->l2);
    }
    return sum;
}

/* A step of the student's own: how many minimisations. */
static void stages_print(const struct trainer *t, char *out, size_t cap) {
    char examples[32], batches[32], place[300];
    int n = t->spec->step->n_stages;
    trainer_print_place(t, place, sizeof place);
    snprintf(out, cap,
             "%s examples · %s batches of %lld · %d minimisation%s a step · %s · seed %llu",
             with_commas(t->n_examples, examples, sizeof examples),
             with_commas(t->steps_per_epoch, batches, sizeof batches),
             (long long)t->stages[0].pass.batch, n, n == 1 ? "" : "s", place,
             (unsigned long long)t->spec->seed);
}

void trainer_print(const struct trainer *t, char *out, size_t cap) {
    char examples[32], batches[32], weights[32], optimizer[64], place[300];
    int64_t learning = 0;
    for (int i = 0; i < t->n_learn; i++) {
        int64_t n = 1;
        const struct shape *s = &t->learn[i].weight->desc.shape;
        for (int a = 0; a < s->n; a++) n *= s->size[a];
        learning += n;
    }
    optimizer_print(t->spec->optimizer, optimizer, sizeof optimizer);
    if (t->stages) return stages_print(t, out, cap);
    const char *loss = t->losses[0].name     ? t->losses[0].name
                       : t->losses[0].config ? t->losses[0].config->row->name
                                             : "loss";
    const char *frozen =
        frozen_kept(t->frozen) ? " · features of the frozen part computed once" : "";
    trainer_print_place(t, place, sizeof place);
    snprintf(
        out, cap,
        "%s · %s examples · %s batches of %lld · %s weights learn%s · %s%s · %s · %s · seed %llu",
        model_name(t->spec->model), with_commas(t->pass.n, examples, sizeof examples),
        with_commas(t->steps_per_epoch, batches, sizeof batches), (long long)t->pass.batch,
        with_commas(learning, weights, sizeof weights), frozen,
        t->n_outputs > 1 ? "losses " : "loss ", loss, optimizer, place,
        (unsigned long long)t->spec->seed);
}
