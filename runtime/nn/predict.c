/* Outputs of a model for all rows of its inputs, batch by batch. */
#include "../base/hash.h"
#include "../base/pool.h"
#include "compose.h"
#include "frozen.h"
#include "base/room.h"

enum { PREDICT_BATCH = 256 };

struct prediction {
    const struct predict_spec *spec;
    struct objective own; /* with dropout: a graph of its own */
    struct graph *graph;
    struct node *outputs[MODEL_MAX_PORTS];
    struct examples examples;
    struct tensor *data[PASS_MAX_DATA];
    int n_data;
    struct workspace *workspace;
    struct frozen *frozen;   /* several draws: what is the same in all of them */
    int64_t n, draws, *rows; /* examples, draws of each; whose turn it is, or NULL: in order */
    struct pass pass;
};

/* The training graph with its random layers on, but moving averages in place of batch statistics.
 */
static bool dropout_graph(struct objective *o, const struct model *m, struct err *e) {
    const struct graph *from = m->graphs[1];
    *o = (struct objective){.model = m, .training = true};
    TRY(o->graph = graph_new(DT_FLOAT32, e));
    TRY(o->map = pool_need((size_t)graph_n_nodes(from) * sizeof *o->map + 1, e));
    for (int i = 0; i < m->n_statistics; i++) {
        const struct statistic *s = &m->statistics[i];
        const struct weight_info *w = &m->weights[s->weight];
        struct node *average = graph_weight(o->graph, w->name, &w->shape, s->weight, w->offset, e);
        TRY(o->map[s->value->id] = op_reshape(o->graph, average, &s->value->desc.shape, e));
    }
    TRY(graph_copy(o->graph, from, o->map, e));
    for (int i = 0; i < m->n_outputs[1]; i++) o->outputs[i] = o->map[m->outputs[1][i].node->id];
    return true;
}

/* Several draws: the rows once more for each, after what is the same in all of them. */
static bool prepare_draws(struct prediction *p, struct err *e) {
    const struct model *m = p->spec->model;
    bool *moves = pool_need((size_t)m->n_weights + 1, e); /* nothing does */
    if (!moves) return false;
    TRY(p->frozen = frozen_new(moves, p->workspace, e));
    TRY(frozen_split(p->frozen, &p->own, &p->examples, PREDICT_BATCH, NULL, 0, p->data, &p->n_data,
                     e));
    TRY(frozen_fill(p->frozen, p->spec->weights, p->spec->stop, e));
    TRY(p->rows = pool_need((size_t)(p->n * p->draws) * sizeof *p->rows, e));
    for (int64_t i = 0; i < p->n * p->draws; i++) p->rows[i] = i % p->n;
    return true;
}

static bool prepare(struct prediction *p, struct err *e) {
    const struct predict_spec *spec = p->spec;
    const struct model *m = spec->model;
    p->n_data = m->n_inputs[0];
    for (int i = 0; i < p->n_data; i++) p->data[i] = p->examples.inputs[i] = spec->inputs[i];
    TRY(p->workspace = workspace_new(e));
    if (spec->dropout) TRY(dropout_graph(&p->own, m, e));
    if (p->draws > 1) TRY(prepare_draws(p, e));
    p->graph = spec->dropout ? p->own.graph : m->graphs[0];
    for (int i = 0; i < m->n_outputs[0]; i++)
        p->outputs[i] = spec->dropout ? p->own.outputs[i] : m->outputs[0][i].node;
    struct plan_spec plan = {.graph = p->graph,
                             .outputs = p->outputs,
                             .n_outputs = m->n_outputs[0],
                             .memory_limit = room_left(),
                             .workspace = p->workspace};
    return pass_init(&p->pass, &plan, p->data, p->n_data, p->n * p->draws,
                     spec->batch ? spec->batch : PREDICT_BATCH, e);
}

static void prediction_clear(struct prediction *p) {
    pass_clear(&p->pass);
    frozen_free(p->frozen);
    objective_clear(&p->own);
    workspace_unref(p->workspace);
    pool_free(p->rows);
}

/* (n, …), or (draws, n, …). */
static bool output_shape(const struct desc *d, int64_t n, int64_t draws, struct shape *s,
                         struct err *e) {
    *s = d->shape;
    s->size[0] = n;
    if (draws == 1) return true;
    if (s->n == MAX_AXES)
        return err_set(e, ERR_SHAPE, "Several draws need one more axis, and at most %d are there.",
                       MAX_AXES);
    for (int i = s->n++; i > 0; i--) s->size[i] = s->size[i - 1], s->axis[i] = s->axis[i - 1];
    s->weak = (uint8_t)(s->weak << 1);
    s->size[0] = draws;
    s->axis[0] = NULL;
    return true;
}

static bool check_room(const struct shape *s, int64_t draws, struct err *e) {
    int64_t count;
    TRY(shape_count(s, &count, e));
    double need = (double)count * (sizeof(float) + 0.0), left = (double)room_left();
    if (draws == 1 || need < 0.9 * left) return true;
    err_set(e, ERR_MEMORY, "So many draws do not fit into the memory of this machine.");
    err_fact(e, "their results", "%.3g GB", need / 1e9);
    err_fact(e, "free", "%.3g GB", left / 1e9);
    return err_hint(e, "Take fewer samples, or fewer examples at once.");
}

static bool new_outputs(const struct prediction *p, struct tensor **outputs, struct err *e) {
    const struct model *m = p->spec->model;
    for (int i = 0; i < m->n_outputs[0]; i++) {
        const struct desc *d = &m->outputs[0][i].desc;
        struct shape s;
        TRY(output_shape(d, p->n, p->draws, &s, e));
        TRY(check_room(&s, p->draws, e));
        TRY(outputs[i] = tensor_new(d->dtype, &s, e));
    }
    return true;
}

static size_t bytes_of_row(const struct tensor *t, int64_t n_rows) {
    return (size_t)(t->count / n_rows) * dtype_bytes(t->dtype);
}

static bool run_all(const struct prediction *p, struct tensor *const *outputs, struct err *e) {
    const struct predict_spec *spec = p->spec;
    struct plan_io io = {.weights = spec->weights->data,
                         .seed = hash_add(spec->seed, spec->stream),
                         .stop = spec->stop};
    for (int64_t b = 0; b < pass_n_batches(&p->pass); b++) {
        void *rooms[MODEL_MAX_PORTS];
        for (int i = 0; i < model_n_outputs(spec->model); i++)
            rooms[i] = (char *)outputs[i]->data +
                       (size_t)(b * p->pass.batch) * bytes_of_row(outputs[i], p->pass.n);
        int64_t count;
        io.outputs = rooms;
        io.step = (uint64_t)b;
        TRY(pass_run(&p->pass, b, p->rows, &io, &count, e));
        if (spec->progress)
            spec->progress(spec->user, (double)(b + 1) / (double)pass_n_batches(&p->pass));
    }
    return true;
}

bool model_predict(const struct predict_spec *spec, struct tensor **outputs, struct err *e) {
    const struct model *m = spec->model;
    bool several = spec->dropout && spec->samples > 1;
    struct prediction p = {.spec = spec, .draws = several ? spec->samples : 1};
    for (int i = 0; i < m->n_outputs[0]; i++) outputs[i] = NULL;
    if (!m->built) return err_set(e, ERR_BUG, "The model `{0}` has not been built.");
    TRY(model_check_inputs(m, spec->inputs, e));
    p.n = spec->inputs[0]->shape.size[0];
    bool ok = new_outputs(&p, outputs, e);
    if (ok && p.n > 0) ok = prepare(&p, e) && run_all(&p, outputs, e);
    prediction_clear(&p);
    for (int i = 0; i < m->n_outputs[0] && !ok; i++) {
        tensor_unref(outputs[i]);
        outputs[i] = NULL;
    }
    return ok;
}
