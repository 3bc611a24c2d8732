/* Measures over a whole set, in inference mode. */
#include "evaluate.h"
#include "frozen.h"
#include "metrics.h"
#include "base/room.h"
#include "../base/pool.h"
#include <string.h>

enum { EVAL_BATCH = 256, EVAL_MAX_ITEMS = TRAIN_MAX_MEASURES + MODEL_MAX_PORTS };

struct evaluator {
    struct objective objective;
    struct pass pass;
    const struct examples *data;
    int64_t n;
    int n_items;
    struct eval_item items[EVAL_MAX_ITEMS];
    struct meter *meters[EVAL_MAX_ITEMS]; /* for metrics by name */
    int value_at[EVAL_MAX_ITEMS];         /* plan output of a loss, or -1 */
    int n_values, prediction_at;          /* plan output 0's position, or -1 */
    float values[EVAL_MAX_ITEMS];         /* of the batch at hand */
    void *outputs[EVAL_MAX_ITEMS + 1];
    int64_t width, target_width; /* numbers per example of output 0 and its target */
    float *predicted;            /* (batch, width), or (n, width) if `whole` */
    bool whole;                  /* a student's metric wants all outputs together */
    double *y, *yhat;            /* (batch, …) */
    void (*progress)(void *user, double share);
    void *progress_user;
};

int64_t examples_count(const struct examples *data) {
    const struct tensor *t = data->inputs[0];
    return t && t->shape.n ? t->shape.size[0] : 0;
}

void load_doubles(enum dtype t, const void *from, double *out, int64_t n) {
    switch (t) {
    case DT_FLOAT64: memcpy(out, from, (size_t)n * sizeof *out); break;
    case DT_FLOAT32:
        for (int64_t i = 0; i < n; i++) out[i] = (double)((const float *)from)[i];
        break;
    case DT_INT64:
        for (int64_t i = 0; i < n; i++) out[i] = (double)((const int64_t *)from)[i];
        break;
    case DT_INT32:
        for (int64_t i = 0; i < n; i++) out[i] = (double)((const int32_t *)from)[i];
        break;
    case DT_UINT8:
    case DT_BOOL:
        for (int64_t i = 0; i < n; i++) out[i] = (double)((const uint8_t *)from)[i];
        break;
    case DT_COUNT: break;
    }
}

/* ---- making ---- */

static bool is_metric(const struct eval_item *item) {
    return item->measure->config && item->measure->config->row->group == CONFIG_METRIC;
}

/* Does the plan give this item's value, batch by batch? */
static bool is_mean(const struct eval_item *item) {
    return item->measure->config ? !is_metric(item) : item->is_loss;
}

/* One input per output that is measured; it holds class numbers if any of its measures reads them.
 */
static bool add_targets(struct evaluator *v, struct tensor **data, int *n_data, struct err *e) {
    for (int o = 0; o < model_n_outputs(v->objective.model); o++) {
        bool used = false, classes = false;
        for (int i = 0; i < v->n_items; i++) {
            if (v->items[i].output != o) continue;
            const struct measure *m = v->items[i].measure;
            used = true;
            classes |= m->build != NULL || measure_reads_classes(m->config);
        }
        if (!used) continue;
        struct tensor *t = v->data->targets[o];
        if (!t) return err_set(e, ERR_TRAIN, "There are no targets for output %d.", o + 1);
        struct desc d = tensor_desc(t);
        TRY(objective_target(&v->objective, o, &d, classes, e));
        data[(*n_data)++] = t;
    }
    return true;
}

static bool add_meter(struct evaluator *v, int i, struct err *e) {
    struct meter_setup s = {.config = v->items[i].measure->config,
                            .target = v->data->targets[0]->shape,
                            .output = v->objective.outputs[0]->desc.shape,
                            .content = v->objective.outputs[0]->desc.content};
    s.output.size[0] = v->n;
    v->meters[i] = meter_new(&s, e);
    return v->meters[i] != NULL;
}

/* What the plan has to give: a number per mean, and output 0 if somebody looks at it. */
static bool add_wanted(struct evaluator *v, struct node **wanted, struct err *e) {
    bool predicts = false;
    for (int i = 0; i < v->n_items; i++) {
        const struct eval_item *item = &v->items[i];
        v->value_at[i] = -1;
        if (!is_mean(item)) {
            predicts = true;
            v->whole |= !is_metric(item);
            if (is_metric(item)) TRY(add_meter(v, i, e));
            continue;
        }
        v->value_at[i] = v->n_values;
        v->outputs[v->n_values] = &v->values[v->n_values];
        TRY(wanted[v->n_values++] =
                objective_measure(&v->objective, item->output, item->measure,
                                  item->is_loss ? item->measure->factor : 1, NULL, e));
    }
    v->prediction_at = predicts ? v->n_values : -1;
    if (predicts) wanted[v->n_values] = v->objective.outputs[0];
    return true;
}

static int64_t example_width(const struct shape *s) {
    int64_t n = 1;
    for (int i = 1; i < s->n; i++) n *= s->size[i];
    return n;
}

static bool add_rooms(struct evaluator *v, struct err *e) {
    if (v->prediction_at < 0) return true;
    v->width = example_width(&v->objective.outputs[0]->desc.shape);
    v->target_width = example_width(&v->data->targets[0]->shape);
    size_t batch = (size_t)v->pass.batch, rows = v->whole ? (size_t)v->n : batch;
    TRY(v->predicted = pool_need(rows * (size_t)v->width * sizeof(float) + 1, e));
    TRY(v->yhat = pool_need(batch * (size_t)v->width * sizeof(double) + 1, e));
    TRY(v->y = pool_need(batch * (size_t)v->target_width * sizeof(double) + 1, e));
    return true;
}

static bool evaluator_init(struct evaluator *v, const struct model *m, struct frozen *frozen,
                           struct workspace *workspace, struct err *e) {
    struct tensor *data[PASS_MAX_DATA];
    struct node *wanted[EVAL_MAX_ITEMS + 1];
    int n_data;
    TRY(objective_init(&v->objective, m, false, NULL, e));
    TRY(frozen_split(frozen, &v->objective, v->data, EVAL_BATCH, NULL, 0, data, &n_data, e));
    TRY(add_targets(v, data, &n_data, e));
    TRY(add_wanted(v, wanted, e));
    struct plan_spec spec = {.graph = v->objective.graph,
                             .outputs = wanted,
                             .n_outputs = v->n_values + (v->prediction_at >= 0),
                             .memory_limit = room_left(),
                             .workspace = workspace};
    TRY(pass_init(&v->pass, &spec, data, n_data, v->n, EVAL_BATCH, e));
    return add_rooms(v, e);
}

struct evaluator *evaluator_new(const struct model *m, const struct examples *data,
                                const struct eval_item *items, int n, struct frozen *frozen,
                                struct workspace *workspace, struct err *e) {
    if (n > EVAL_MAX_ITEMS) {
        err_set(e, ERR_SETTING, "At most %d measures can be taken at once.", EVAL_MAX_ITEMS);
        return NULL;
    }
    struct evaluator *v = pool_need(sizeof *v, e);
    if (!v) return NULL;
    v->data = data;
    v->n = examples_count(data);
    v->n_items = n;
    memcpy(v->items, items, (size_t)n * sizeof *items);
    if (evaluator_init(v, m, frozen, workspace, e)) return v;
    evaluator_free(v);
    return NULL;
}

void evaluator_free(struct evaluator *v) {
    if (!v) return;
    for (int i = 0; i < v->n_items; i++) meter_free(v->meters[i]);
    pass_clear(&v->pass);
    objective_clear(&v->objective);
    pool_free(v->predicted);
    pool_free(v->yhat);
    pool_free(v->y);
    pool_free(v);
}

/* ---- running ---- */

/* A metric of the student's own on all outputs at once, in float64 as if it were called on what
 * predict gives. */
static bool whole_value(struct evaluator *v, int i, double *value, const _Atomic bool *stop,
                        struct err *e) {
    struct graph *g = graph_new(DT_FLOAT64, e);
    if (!g) return false;
    struct desc target = tensor_desc(v->data->targets[0]), out = v->objective.outputs[0]->desc;
    target.shape.size[0] = out.shape.size[0] = SIZE_BATCH;
    for (int k = 0; k < target.shape.n; k++) target.shape.axis[k] = NULL; /* as in a loss */
    struct node *y = graph_input(g, "target", &target, e);
    struct node *yhat = y ? graph_input(g, "output", &out, e) : NULL;
    struct node *result =
        yhat ? measure_node(v->items[i].measure, g, y, op_float(g, yhat, e), NULL, e) : NULL;
    struct plan_spec spec = {.graph = g, .batch = v->n, .outputs = &result, .n_outputs = 1};
    struct plan *plan = result ? plan_new(&spec, e) : NULL;
    struct feed feeds[] = {{.data = v->data->targets[0]->data, .dtype = target.dtype, .scale = 1},
                           {.data = v->predicted, .dtype = DT_FLOAT32, .scale = 1}};
    struct plan_io io = {.inputs = feeds, .outputs = (void *[]){value}, .stop = stop};
    bool ok = plan && plan_run(plan, &io, e);
    plan_free(plan);
    graph_free(g);
    return ok;
}

static bool feed_meters(struct evaluator *v, int64_t begin, int64_t count, const float *predicted,
                        struct err *e) {
    const struct tensor *t = v->data->targets[0];
    const char *from = (const char *)t->data + (size_t)begin * tensor_row_bytes(t);
    load_doubles(t->dtype, from, v->y, count * v->target_width);
    load_doubles(DT_FLOAT32, predicted, v->yhat, count * v->width);
    for (int i = 0; i < v->n_items; i++)
        if (v->meters[i]) TRY(meter_add(v->meters[i], v->y, v->yhat, count, e));
    return true;
}

/* One batch; sums[i] grows by loss times examples. */
static bool run_batch(struct evaluator *v, int64_t b, struct plan_io *io, double *sums,
                      struct err *e) {
    int64_t count;
    float *room = v->predicted;
    if (v->whole) room += b * v->pass.batch * v->width;
    if (v->prediction_at >= 0) v->outputs[v->prediction_at] = room;
    TRY(pass_run(&v->pass, b, NULL, io, &count, e));
    for (int i = 0; i < v->n_items; i++)
        if (v->value_at[i] >= 0) sums[i] += (double)v->values[v->value_at[i]] * (double)count;
    return v->prediction_at < 0 || feed_meters(v, b * v->pass.batch, count, room, e);
}

void evaluator_watch(struct evaluator *v, void (*progress)(void *user, double share), void *user) {
    v->progress = progress;
    v->progress_user = user;
}

bool evaluator_run(struct evaluator *v, const struct weights *w, double *values,
                   const _Atomic bool *stop, struct err *e) {
    struct plan_io io = {.weights = w->data, .outputs = v->outputs, .stop = stop};
    double sums[EVAL_MAX_ITEMS] = {0};
    for (int i = 0; i < v->n_items; i++)
        if (v->meters[i]) meter_reset(v->meters[i]);
    int64_t n = pass_n_batches(&v->pass);
    for (int64_t b = 0; b < n; b++) {
        TRY(run_batch(v, b, &io, sums, e));
        if (v->progress) v->progress(v->progress_user, (double)(b + 1) / (double)n);
    }
    for (int i = 0; i < v->n_items; i++) {
        if (v->value_at[i] >= 0) values[i] = sums[i] / (double)v->n;
        else if (v->meters[i]) values[i] = meter_value(v->meters[i]);
        else TRY(whole_value(v, i, &values[i], stop, e));
    }
    return true;
}

bool train_evaluate(const struct evaluate_spec *s, double *values, struct err *e) {
    const struct model *m = s->model;
    const struct examples *data = s->data;
    struct eval_item items[EVAL_MAX_ITEMS];
    struct train_shapes shapes = {0};
    for (int i = 0; i < m->n_inputs[1]; i++) {
        if (!data->inputs[i])
            return err_set(e, ERR_ARGUMENT, "The model `{0}` needs `%s`.", m->inputs[1][i].name);
        shapes.inputs[i] = tensor_desc(data->inputs[i]);
    }
    for (int i = 0; i < m->n_outputs[1]; i++) {
        if (!data->targets[i])
            return err_set(e, ERR_ARGUMENT, "There are no targets for the output `%s`.",
                           m->outputs[1][i].name);
        shapes.targets[i] = tensor_desc(data->targets[i]);
    }
    TRY(evaluate_check(m, &shapes, s->measures, s->n, e));
    if (s->n > EVAL_MAX_ITEMS)
        return err_set(e, ERR_ARGUMENT, "At most %d metrics can be taken at once.", EVAL_MAX_ITEMS);
    for (int i = 0; i < s->n; i++) items[i] = (struct eval_item){.measure = &s->measures[i]};
    struct evaluator *v = evaluator_new(m, data, items, s->n, NULL, NULL, e);
    if (v) evaluator_watch(v, s->progress, s->user);
    bool ok = v && evaluator_run(v, s->weights, values, s->stop, e);
    evaluator_free(v);
    return ok;
}

/* ---- a measure on plain tensors ---- */

/* Rows of several non-negative numbers that sum to 1 are read as distributions over classes. */
static bool is_distribution(const struct tensor *t) {
    int64_t k = t->shape.n > 1 ? t->shape.size[t->shape.n - 1] : 0;
    if (k < 2) return false;
    for (int64_t i = 0; i + k <= t->count; i += k) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++) {
            double x = tensor_get(t, i + j);
            if (!(x >= 0)) return false;
            sum += x;
        }
        if (!(sum > 0.999 && sum < 1.001)) return false;
    }
    return true;
}

static bool metric_eval(const struct config *c, struct tensor *target, struct tensor *output,
                        double *value, struct err *e) {
    struct meter_setup s = {.config = c, .target = target->shape, .output = output->shape};
    s.content = is_distribution(output) ? CONTENT_DISTRIBUTION : CONTENT_ANY;
    struct meter *m = meter_new(&s, e);
    struct tensor *y = m ? tensor_cast(target, DT_FLOAT64, e) : NULL;
    struct tensor *yhat = y ? tensor_cast(output, DT_FLOAT64, e) : NULL;
    int64_t n = output->shape.n ? output->shape.size[0] : 1;
    bool ok = yhat && meter_add(m, y->data, yhat->data, n, e);
    if (ok) *value = meter_value(m);
    tensor_unref(y);
    tensor_unref(yhat);
    meter_free(m);
    return ok;
}

static bool loss_eval(const struct config *c, struct tensor *target, struct tensor *output,
                      double *value, struct err *e) {
    struct graph *g = graph_new(DT_FLOAT64, e);
    if (!g) return false;
    struct desc y_desc = tensor_desc(target), yhat_desc = tensor_desc(output);
    struct node *y = graph_input(g, "y", &y_desc, e);
    struct node *yhat = y ? graph_input(g, "yhat", &yhat_desc, e) : NULL;
    struct node *loss = yhat ? loss_mean(c, g, y, yhat, NULL, e) : NULL;
    struct plan_spec spec = {.graph = g, .outputs = &loss, .n_outputs = 1};
    struct plan *plan = loss ? plan_new(&spec, e) : NULL;
    struct feed feeds[] = {{.data = target->data, .dtype = target->dtype, .scale = 1},
                           {.data = output->data, .dtype = output->dtype, .scale = 1}};
    struct plan_io io = {.inputs = feeds, .outputs = (void *[]){value}};
    bool ok = plan && plan_run(plan, &io, e);
    plan_free(plan);
    graph_free(g);
    return ok;
}

bool measure_eval(const struct config *c, struct tensor *target, struct tensor *output,
                  double *value, struct err *e) {
    TRY(config_check(c, e));
    if (c->row->group == CONFIG_METRIC) return metric_eval(c, target, output, value, e);
    return loss_eval(c, target, output, value, e);
}
