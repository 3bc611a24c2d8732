/* The runtime's half of tests/bench/bench_conv.py: training steps of networks on images, timed.
 * Commands come on standard input, answers go to standard output, one line each:
 *
 *   open NAME BATCH   lenet, cnn, resnet18, mobilenet, dcgan: answers the arena's megabytes
 *   steps N           N steps (dcgan: one of the discriminator and one of the generator each):
 *                     answers the shortest in microseconds, and the last loss
 *   infer N           N predictions of a batch: answers the shortest in microseconds
 *   threads N, print
 *   peak              what the machine can do: GF/s and GB/s
 *   cpu               from now on one thread, and its own time: for machines that do other things
 */
#include "../nn/image_models.h"
#include "base/pool.h"
#include "nn/compose.h"
#include "nn/losses.h"
#include "nn/model_parts.h"
#include "peak.h"
#include "plan.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LATENT = 64 };

static const struct job {
    const char *name;
    body_fn body;
    int64_t height, width, channels;
} jobs[] = {
    {"lenet", body_lenet, 28, 28, 1},           {"cnn", body_cnn, 28, 28, 1},
    {"resnet18", body_resnet18, 64, 64, 3},     {"resnet18big", body_resnet18, 224, 224, 3},
    {"mobilenet", body_mobilenet, 224, 224, 3},
};

static struct err err;
static bool run_on_cpu; /* count the time of this thread alone */

static struct {
    struct plan *plans[2], *infer;
    struct graph *graphs[3];
    float *w, *slots[2], *x, *y, *out;
    uint64_t step;
    bool gan;
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

static float *numbers(int64_t n, double scale) {
    float *x = pool_zalloc((size_t)n * sizeof *x + 64);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(scale * sin(0.7 * (double)i + 1e-5 * (double)i * (double)i));
    return x;
}

static struct node *input(struct graph *g, const struct shape *s) {
    struct desc d = {.dtype = DT_FLOAT32, .shape = *s};
    struct node *n = graph_input(g, NULL, &d, &err);
    if (!n) fail();
    return n;
}

static void close_job(void) {
    plan_free(run.plans[0]);
    plan_free(run.plans[1]);
    plan_free(run.infer);
    for (int i = 0; i < 3; i++) graph_free(run.graphs[i]);
    pool_free(run.w);
    pool_free(run.slots[0]);
    pool_free(run.slots[1]);
    pool_free(run.x);
    pool_free(run.y);
    pool_free(run.out);
    memset(&run, 0, sizeof run);
}

static void draw(const struct model *m, int64_t shift) {
    struct weights *w = model_init(m, 1, 2, &err);
    if (!w) fail();
    memcpy(run.w + shift, w->data, (size_t)w->n * sizeof(float));
    weights_unref(w);
}

static void room_for(int64_t n) {
    run.w = pool_zalloc((size_t)n * sizeof(float) + 64);
    run.slots[0] = pool_zalloc((size_t)n * sizeof(float) + 64);
    run.slots[1] = pool_zalloc((size_t)n * sizeof(float) + 64);
}

static void open_classes(const struct job *j, int64_t batch) {
    struct model *m = image_model(j->body, j->height, j->width, j->channels);
    struct assign assigns[64];
    int n = 0;
    struct graph *g = run.graphs[0] = graph_new(DT_FLOAT32, &err);
    struct node *x = input(g, &m->inputs[1][0].desc.shape);
    struct node *yhat = image_graph(g, m, true, x, 0, assigns, &n);
    struct node *y = input(g, &yhat->desc.shape);
    int64_t block = model_block_size(m);
    run.plans[0] =
        image_plan(g, image_loss(g, "crossentropy", y, yhat), batch, 0, block, assigns, n);
    g = run.graphs[2] = graph_new(DT_FLOAT32, &err);
    struct node *out = image_graph(g, m, false, input(g, &x->desc.shape), 0, NULL, NULL);
    struct plan_spec spec = {.graph = g, .batch = batch, .outputs = &out, .n_outputs = 1};
    if (!(run.infer = plan_new(&spec, &err))) fail();
    room_for(block);
    draw(m, 0);
    run.x = numbers(batch * j->height * j->width * j->channels, 0.5);
    run.y = numbers(batch * 10, 0);
    run.out = numbers(batch * 10, 0);
    for (int64_t i = 0; i < batch; i++) run.y[i * 10 + i % 10] = 1;
    model_unref(m);
}

/* Both plans read the images, the random numbers and ones as targets. */
static void open_gan(int64_t batch) {
    struct model *maker = vector_model(body_generator, LATENT);
    struct model *judge = image_model(body_discriminator, 28, 28, 1);
    int64_t border = model_block_size(maker), end = border + model_block_size(judge);
    struct shape one = shape_of(2, (int64_t[]){SIZE_BATCH, 1});
    for (int i = 0; i < 2; i++) {
        struct assign assigns[64];
        int n = 0;
        struct graph *g = run.graphs[i] = graph_new(DT_FLOAT32, &err);
        struct node *x = input(g, &judge->inputs[1][0].desc.shape);
        struct node *z = input(g, &maker->inputs[1][0].desc.shape), *ones = input(g, &one);
        struct node *made = image_graph(g, maker, true, z, 0, i ? assigns : NULL, &n);
        struct node *fake = image_graph(g, judge, true, made, border, NULL, NULL), *loss;
        if (i == 0) {
            struct node *real = image_graph(g, judge, true, x, border, NULL, NULL);
            struct node *zeros = op_number(g, OP_mul, ones, 0, &err);
            loss = op2(g, OP_add, image_loss(g, "bce", ones, real),
                       image_loss(g, "bce", zeros, fake), &err);
        } else {
            loss = image_loss(g, "bce", ones, fake);
        }
        run.plans[i] = image_plan(g, loss, batch, i ? 0 : border, i ? border : end, assigns, n);
    }
    room_for(end);
    draw(maker, 0);
    draw(judge, border);
    run.gan = true;
    run.x = numbers(batch * 28 * 28, 0.9);
    run.y = numbers(batch * LATENT, 1);
    run.out = numbers(batch, 0);
    for (int64_t i = 0; i < batch; i++) run.out[i] = 1;
    model_unref(maker);
    model_unref(judge);
}

static float one_step(struct plan *p) {
    float loss = 0;
    void *outputs[] = {&loss};
    struct feed feeds[3] = {{run.x, DT_FLOAT32, NULL, 1, 0, NULL, 0},
                            {run.y, DT_FLOAT32, NULL, 1, 0, NULL, 0}};
    if (run.gan) feeds[2] = (struct feed){run.out, DT_FLOAT32, NULL, 1, 0, NULL, 0};
    struct plan_io io = {.inputs = feeds,
                         .weights = run.w,
                         .outputs = outputs,
                         .seed = 1,
                         .slots = {run.slots[0], run.slots[1]},
                         .step = run.step,
                         .rate = 1e-3};
    if (!plan_run(p, &io, &err)) fail();
    return loss;
}

static void run_steps(long long n) {
    double best = 1e9;
    float loss = 0;
    for (long long i = 0; i < n; i++, run.step++) {
        double t = now();
        loss = one_step(run.plans[0]);
        if (run.plans[1]) loss = one_step(run.plans[1]);
        t = now() - t;
        if (t < best) best = t;
    }
    printf("%.3f %.9g\n", best * 1e6, (double)loss);
}

static void run_infer(long long n) {
    double best = 1e9;
    void *outputs[] = {run.out};
    struct feed feed = {run.x, DT_FLOAT32, NULL, 1, 0, NULL, 0};
    struct plan_io io = {.inputs = &feed, .weights = run.w, .outputs = outputs};
    for (long long i = 0; i < n && run.infer; i++) {
        double t = now();
        if (!plan_run(run.infer, &io, &err)) fail();
        t = now() - t;
        if (t < best) best = t;
    }
    printf("%.3f\n", best * 1e6);
}

static void print_plans(void) {
    for (int i = 0; i < 2 && run.plans[i]; i++) {
        struct text t = {0};
        plan_print(run.plans[i], &t);
        printf("%s", t.p ? t.p : "");
        text_clear(&t);
    }
    printf(".\n");
}

static void obey(const char *line) {
    char name[32];
    long long n;
    if (sscanf(line, "open %31s %lld", name, &n) == 2) {
        close_job();
        for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
            if (strcmp(jobs[i].name, name) == 0) open_classes(&jobs[i], n);
        if (strcmp(name, "dcgan") == 0) open_gan(n);
        if (!run.plans[0]) exit(2);
        printf("%.1f\n", (double)plan_arena_bytes(run.plans[0]) / 1048576);
    } else if (sscanf(line, "steps %lld", &n) == 1) {
        run_steps(n);
    } else if (sscanf(line, "infer %lld", &n) == 1) {
        run_infer(n);
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
        print_plans();
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
