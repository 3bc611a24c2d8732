/* Outputs of a model for all rows of its inputs, batch by batch. */
#include "../base/hash.h"
#include "../base/pool.h"
#include "compose.h"
#include "model_parts.h"
#include "pass.h"
#include "base/room.h"

enum { PREDICT_BATCH = 256 };

struct prediction {
    struct graph *graph; /* own copy, or NULL */
    struct node **map;
    struct node *outputs[MODEL_MAX_PORTS];
    struct pass pass;
};

/* The training graph with its random layers on, but moving averages in place of batch statistics.
 */
static bool dropout_graph(struct prediction *p, const struct model *m, struct err *e) {
    const struct graph *from = m->graphs[1];
    TRY(p->graph = graph_new(DT_FLOAT32, e));
    TRY(p->map = pool_need((size_t)graph_n_nodes(from) * sizeof *p->map + 1, e));
    for (int i = 0; i < m->n_statistics; i++) {
        const struct statistic *s = &m->statistics[i];
        const struct weight_info *w = &m->weights[s->weight];
        struct node *average = graph_weight(p->graph, w->name, &w->shape, s->weight, w->offset, e);
        TRY(p->map[s->value->id] = op_reshape(p->graph, average, &s->value->desc.shape, e));
    }
    TRY(graph_copy(p->graph, from, p->map, e));
    for (int i = 0; i < m->n_outputs[1]; i++) p->outputs[i] = p->map[m->outputs[1][i].node->id];
    return true;
}

static bool prepare(struct prediction *p, const struct predict_spec *spec, int64_t n,
                    struct err *e) {
    const struct model *m = spec->model;
    if (spec->dropout) TRY(dropout_graph(p, m, e));
    else
        for (int i = 0; i < m->n_outputs[0]; i++) p->outputs[i] = m->outputs[0][i].node;
    struct plan_spec plan = {.graph = p->graph ? p->graph : m->graphs[0],
                             .outputs = p->outputs,
                             .n_outputs = m->n_outputs[0],
                             .memory_limit = room_left()};
    return pass_init(&p->pass, &plan, spec->inputs, m->n_inputs[0], n,
                     spec->batch ? spec->batch : PREDICT_BATCH, e);
}

static bool new_outputs(const struct model *m, int64_t n, struct tensor **outputs, struct err *e) {
    for (int i = 0; i < m->n_outputs[0]; i++) {
        struct desc d = m->outputs[0][i].desc;
        d.shape.size[0] = n;
        TRY(outputs[i] = tensor_new(d.dtype, &d.shape, e));
    }
    return true;
}

static bool run_all(const struct prediction *p, const struct predict_spec *spec,
                    struct tensor *const *outputs, struct err *e) {
    struct plan_io io = {.weights = spec->weights->data,
                         .seed = hash_add(spec->seed, spec->stream),
                         .stop = spec->stop};
    for (int64_t b = 0; b < pass_n_batches(&p->pass); b++) {
        void *rooms[MODEL_MAX_PORTS];
        for (int i = 0; i < model_n_outputs(spec->model); i++)
            rooms[i] = (char *)outputs[i]->data +
                       (size_t)(b * p->pass.batch) * tensor_row_bytes(outputs[i]);
        int64_t count;
        io.outputs = rooms;
        io.step = (uint64_t)b;
        TRY(pass_run(&p->pass, b, NULL, &io, &count, e));
    }
    return true;
}

bool model_predict(const struct predict_spec *spec, struct tensor **outputs, struct err *e) {
    const struct model *m = spec->model;
    struct prediction p = {0};
    for (int i = 0; i < m->n_outputs[0]; i++) outputs[i] = NULL;
    if (!m->built) return err_set(e, ERR_BUG, "The model `{0}` has not been built.");
    TRY(model_check_inputs(m, spec->inputs, e));
    int64_t n = spec->inputs[0]->shape.size[0];
    bool ok = new_outputs(m, n, outputs, e);
    if (ok && n > 0) ok = prepare(&p, spec, n, e) && run_all(&p, spec, outputs, e);
    pass_clear(&p.pass);
    graph_free(p.graph);
    pool_free(p.map);
    for (int i = 0; i < m->n_outputs[0] && !ok; i++) {
        tensor_unref(outputs[i]);
        outputs[i] = NULL;
    }
    return ok;
}
