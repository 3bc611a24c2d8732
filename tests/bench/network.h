/* What bench_conv.c and bench_sequence.c share: a network that is open, and the commands that time
 * it. The program defines open_network, calls serve from main, and says in its head what networks
 * it knows. Commands come on standard input, answers go to standard output, one line each:
 *
 *   open NAME BATCH   answers the arena's megabytes
 *   steps N           N steps: answers the shortest in microseconds, and the last loss
 *   infer N           N predictions of a batch: answers the shortest in microseconds
 *   threads N, print
 *   peak              what the machine can do: GF/s and GB/s
 *   cpu               from now on one thread, and its own time: for machines that do other things
 */
#pragma once
#include "base/pool.h"
#include "nn/compose.h"
#include "nn/model_parts.h"
#include "peak.h"
#include "plan.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct err err;
static bool run_on_cpu; /* count the time of this thread alone */

/* A step runs all plans, one after the other; each reads the same inputs. */
static struct {
    struct plan *plans[2], *infer;
    struct graph *graphs[3];
    float *w, *slots[2], *x, *y, *out; /* out: a third input, and what predictions fill */
    uint64_t step;
} run;

/* Opens the network of that name, if there is one. */
static void open_network(const char *name, int64_t batch);

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

static void room_for(int64_t n) {
    run.w = pool_zalloc((size_t)n * sizeof(float) + 64);
    run.slots[0] = pool_zalloc((size_t)n * sizeof(float) + 64);
    run.slots[1] = pool_zalloc((size_t)n * sizeof(float) + 64);
}

static void draw(const struct model *m, int64_t shift) {
    struct weights *w = model_init(m, 1, 2, &err);
    if (!w) fail();
    memcpy(run.w + shift, w->data, (size_t)w->n * sizeof(float));
    weights_unref(w);
}

static void close_network(void) {
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

static float one_step(struct plan *p) {
    float loss = 0;
    void *outputs[] = {&loss};
    struct feed feeds[3] = {{run.x, DT_FLOAT32, NULL, 1, 0, NULL, 0},
                            {run.y, DT_FLOAT32, NULL, 1, 0, NULL, 0},
                            {run.out, DT_FLOAT32, NULL, 1, 0, NULL, 0}};
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
    for (long long i = 0; i < n && run.plans[0]; i++, run.step++) {
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
        close_network();
        open_network(name, n);
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

static int serve(void) {
    char line[128];
    printf("%s %d\n", compute_isa(), compute_threads());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        obey(line);
        fflush(stdout);
    }
    close_network();
    return 0;
}
