/* The runtime's half of tests/bench/bench_train.py: training steps of two small networks on numbers
 * that the script wrote to files, timed. Commands come on standard input, answers go to standard
 * output, one line each:
 *
 *   open mlp|ae BATCH    load the first weights, make the plan: answers the arena's bytes
 *   steps N              N steps: answers the shortest in microseconds, and the last loss
 *   peak                 what the machine can do: GF/s and GB/s (peak.h)
 *   cpu                  from now on one thread, and its own time
 *   print                the plan, then a line with a dot */
#include "../cpu/net.h"
#include "cpu/kernels.h"
#include "cpu/threads.h"
#include "peak.h"
#include <time.h>

enum { ROWS = 1000, WIDE = 784 };

static bool run_on_cpu; /* count the time of this thread alone */

struct job {
    const char *name;
    int64_t sizes[3];
    enum op hidden, loss;
};

static const struct job jobs[] = {
    {"mlp", {784, 128, 10}, OP_relu, OP_softmax},
    {"ae", {784, 50, 784}, OP_gelu, OP_sigmoid},
};

static struct {
    const char *folder;
    struct net net;
    struct plan *plan;
    float *w, *slots[2], *x, *y;
    int64_t batch, n_out;
    uint64_t step;
} run;

static double now(void) {
    struct timespec t;
    clock_gettime(run_on_cpu ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* n floats from a file of the script's. */
static void load(const char *job, const char *what, float *to, int64_t n) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.%s", run.folder, job, what);
    FILE *f = fopen(path, "rb");
    if (!f || fread(to, sizeof *to, (size_t)n, f) != (size_t)n) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    fclose(f);
}

static void load_weights(const struct job *j) {
    static const char *const names[] = {"w1", "b1", "w2", "b2"};
    for (int i = 0; i < 4; i++) {
        int64_t out = j->sizes[i / 2 + 1], count = i % 2 ? out : j->sizes[i / 2] * out;
        load(j->name, names[i], run.w + run.net.weights[i]->offset, count);
    }
}

static void close_job(void) {
    if (!run.plan) return;
    plan_free(run.plan);
    graph_free(run.net.g);
    pool_free(run.w);
    pool_free(run.slots[0]);
    pool_free(run.slots[1]);
    pool_free(run.x);
    pool_free(run.y);
}

static void open_job(const struct job *j, int64_t batch) {
    struct update adam = {.rule = UPDATE_ADAM, .beta_1 = .9, .beta_2 = .999, .epsilon = 1e-8};
    close_job();
    run.net = net_new(j->sizes, 2, j->hidden, j->loss, DT_FLOAT32);
    run.plan = net_plan(&run.net, batch, adam, &run.net.loss, 1);
    run.batch = batch;
    run.n_out = j->sizes[2];
    run.step = 0;
    size_t block = (size_t)run.net.n_block * sizeof(float);
    run.w = pool_zalloc(block);
    run.slots[0] = pool_zalloc(block);
    run.slots[1] = pool_zalloc(block);
    run.x = pool_zalloc(ROWS * WIDE * sizeof(float));
    run.y = pool_zalloc((size_t)(ROWS * run.n_out) * sizeof(float));
    load_weights(j);
    load(j->name, "x", run.x, ROWS * WIDE);
    load(j->name, "y", run.y, ROWS * run.n_out);
    printf("%zu\n", plan_arena_bytes(run.plan));
}

static void run_steps(int64_t n) {
    float loss = 0;
    double best = 1e9;
    void *outputs[] = {&loss};
    struct err e;
    struct feed feeds[2] = {{run.x, DT_FLOAT32, NULL, 1, 0, NULL, 0},
                            {run.y, DT_FLOAT32, NULL, 1, 0, NULL, 0}};
    for (int64_t i = 0; i < n && run.plan; i++) {
        struct plan_io io = {.inputs = feeds,
                             .weights = run.w,
                             .outputs = outputs,
                             .seed = 1,
                             .slots = {run.slots[0], run.slots[1]},
                             .step = run.step++,
                             .rate = 1e-3};
        double t = now();
        if (!plan_run(run.plan, &io, &e)) net_fail(&e);
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

int main(int argc, char **argv) {
    char line[128], name[32];
    long long n;
    if (argc != 2) {
        fputs("usage: bench_train FOLDER, started by bench_train.py\n", stderr);
        return 2;
    }
    run.folder = argv[1];
    printf("%s %d\n", compute_isa(), compute_threads());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "open %31s %lld", name, &n) == 2) {
            for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
                if (strcmp(jobs[i].name, name) == 0) open_job(&jobs[i], n);
        } else if (sscanf(line, "steps %lld", &n) == 1) {
            run_steps(n);
        } else if (strncmp(line, "peak", 4) == 0) {
            print_peak(now, run_on_cpu);
        } else if (strncmp(line, "cpu", 3) == 0) {
            run_on_cpu = true;
            compute_set_threads(1);
            printf("1\n");
        } else if (strncmp(line, "print", 5) == 0) {
            print_plan();
        }
        fflush(stdout);
    }
    close_job();
    return 0;
}
