/* The runtime's half of tests/bench/bench_sequence.py: training steps of networks on sequences,
 * timed. Commands come on standard input, answers go to standard output, one line each:
 *
 *   open NAME BATCH   gru, lstm, transformer: answers the arena's megabytes
 *   steps N           N steps: answers the shortest in microseconds, and the last loss
 *   threads N, print
 *   peak              what the machine can do: GF/s and GB/s
 *   cpu               from now on one thread, and its own time: for machines that do other things
 */
#include "../nn/sequence_models.h"
#include "base/pool.h"
#include "nn/compose.h"
#include "nn/model_parts.h"
#include "peak.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct job {
    const char *name;
    body_fn body;
    int64_t steps, features;
} jobs[] = {
    {"gru", body_gru_pair, 24, 4},
    {"lstm", body_lstm, 24, 32},
    {"transformer", body_transformer, 64, 64},
};

static struct err err;
static bool run_on_cpu; /* count the time of this thread alone */

static struct {
    struct plan *plan;
    struct graph *graph;
    float *w, *slots[2], *x, *y;
    uint64_t step;
} run;

static void fail(void) {
    fprintf(stderr, "%s\n%s", err.what, err.facts);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(run_on_cpu ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *numbers(int64_t n) {
    float *x = pool_zalloc((size_t)n * sizeof *x + 64);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)sin(0.7 * (double)i + 1e-5 * (double)i * (double)i);
    return x;
}

static void close_job(void) {
    plan_free(run.plan);
    graph_free(run.graph);
    pool_free(run.w);
    pool_free(run.slots[0]);
    pool_free(run.slots[1]);
    pool_free(run.x);
    pool_free(run.y);
    memset(&run, 0, sizeof run);
}

static struct node *input(struct graph *g, const struct shape *s) {
    struct desc d = {.dtype = DT_FLOAT32, .shape = *s};
    struct node *n = graph_input(g, NULL, &d, &err);
    if (!n) fail();
    return n;
}

static int64_t count_of(const struct node *n, int64_t batch) {
    int64_t count = batch;
    for (int i = 1; i < n->desc.shape.n; i++) count *= n->desc.shape.size[i];
    return count;
}

static void open_job(const struct job *j, int64_t batch) {
    struct model *m = sequence_model(j->body, j->steps, j->features);
    struct graph *g = run.graph = graph_new(DT_FLOAT32, &err);
    struct node *x = input(g, &m->inputs[1][0].desc.shape);
    struct node *yhat = image_graph(g, m, true, x, 0, NULL, NULL);
    struct node *y = input(g, &yhat->desc.shape);
    int64_t block = model_block_size(m);
    run.plan = image_plan(g, image_loss(g, "mse", y, yhat), batch, 0, block, NULL, 0);
    run.w = pool_zalloc((size_t)block * sizeof(float) + 64);
    run.slots[0] = pool_zalloc((size_t)block * sizeof(float) + 64);
    run.slots[1] = pool_zalloc((size_t)block * sizeof(float) + 64);
    struct weights *w = model_init(m, 1, 2, &err);
    if (!w) fail();
    memcpy(run.w, w->data, (size_t)w->n * sizeof(float));
    weights_unref(w);
    run.x = numbers(count_of(x, batch));
    run.y = numbers(count_of(y, batch));
    model_unref(m);
}

static void run_steps(long long n) {
    double best = 1e9;
    float loss = 0;
    void *outputs[] = {&loss};
    struct feed feeds[2] = {{run.x, DT_FLOAT32, NULL, 1, 0, NULL, 0},
                            {run.y, DT_FLOAT32, NULL, 1, 0, NULL, 0}};
    for (long long i = 0; i < n && run.plan; i++) {
        struct plan_io io = {.inputs = feeds,
                             .weights = run.w,
                             .outputs = outputs,
                             .seed = 1,
                             .slots = {run.slots[0], run.slots[1]},
                             .step = run.step++,
                             .rate = 1e-3};
        double t = now();
        if (!plan_run(run.plan, &io, &err)) fail();
        t = now() - t;
        if (t < best) best = t;
    }
    printf("%.3f %.9g\n", best * 1e6, (double)loss);
}

static void print_plan(void) {
    struct text t = {0};
    if (run.plan) plan_print(run.plan, &t);
    printf("%s.\n", t.p ? t.p : "");
    text_clear(&t);
}

static void obey(const char *line) {
    char name[32];
    long long n;
    if (sscanf(line, "open %31s %lld", name, &n) == 2) {
        close_job();
        for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
            if (strcmp(jobs[i].name, name) == 0) open_job(&jobs[i], n);
        if (!run.plan) exit(2);
        printf("%.1f\n", (double)plan_arena_bytes(run.plan) / 1048576);
    } else if (sscanf(line, "steps %lld", &n) == 1) {
        run_steps(n);
    } else if (sscanf(line, "threads %lld", &n) == 1) {
        compute_set_threads((int)n);
        printf("%d\n", compute_threads());
    } else if (strncmp(line, "cpu", 3) == 0) {
        run_on_cpu = true;
        compute_set_threads(1);
        printf("1\n");
    } else if (strncmp(line, "peak", 4) == 0) {
        print_peak(now, run_on_cpu);
    } else if (strncmp(line, "print", 5) == 0) {
        print_plan();
    }
}

int main(void) {
    char line[128];
    printf("%s %d\n", compute_isa(), compute_threads());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        obey(line);
        fflush(stdout);
    }
    close_job();
    return 0;
}
