/* The runtime's half of tests/bench/bench_sequence.py: training steps of networks on sequences,
 * timed; the commands stand in network.h. Networks: gru, lstm, transformer. */
#include "../nn/sequence_models.h"
#include "network.h"

static const struct job {
    const char *name;
    body_fn body;
    int64_t steps, features;
} jobs[] = {
    {"gru", body_gru_pair, 24, 4},
    {"lstm", body_lstm, 24, 32},
    {"transformer", body_transformer, 64, 64},
};

static int64_t count_of(const struct node *n, int64_t batch) {
    int64_t count = batch;
    for (int i = 1; i < n->desc.shape.n; i++) count *= n->desc.shape.size[i];
    return count;
}

static void open_job(const struct job *j, int64_t batch) {
    struct model *m = sequence_model(j->body, j->steps, j->features);
    struct graph *g = run.graphs[0] = graph_new(DT_FLOAT32, &err);
    struct node *x = input(g, &m->inputs[1][0].desc.shape);
    struct node *yhat = image_graph(g, m, true, x, 0, NULL, NULL);
    struct node *y = input(g, &yhat->desc.shape);
    int64_t block = model_block_size(m);
    run.plans[0] = image_plan(g, image_loss(g, "mse", y, yhat), batch, 0, block, NULL, 0);
    g = run.graphs[2] = graph_new(DT_FLOAT32, &err);
    struct node *out = image_graph(g, m, false, input(g, &x->desc.shape), 0, NULL, NULL);
    struct plan_spec spec = {.graph = g, .batch = batch, .outputs = &out, .n_outputs = 1};
    if (!(run.infer = plan_new(&spec, &err))) fail();
    room_for(block);
    draw(m, 0);
    run.x = numbers(count_of(x, batch), 1);
    run.y = numbers(count_of(y, batch), 1);
    run.out = numbers(count_of(y, batch), 0);
    model_unref(m);
}

static void open_network(const char *name, int64_t batch) {
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        if (strcmp(jobs[i].name, name) == 0) open_job(&jobs[i], batch);
}

int main(void) {
    return serve();
}
