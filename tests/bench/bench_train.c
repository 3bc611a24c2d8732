/* Training steps of two small networks, timed; tests/bench/bench_train.py runs it beside PyTorch.
 */
#include "../cpu/net.h"
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct job {
    const char *name;
    int64_t sizes[4];
    int n_layers;
    enum op hidden, loss;
};

static const struct job jobs[] = {
    {"mlp", {784, 128, 10}, 2, OP_relu, OP_softmax},
    {"ae", {784, 50, 784}, 2, OP_gelu, OP_sigmoid},
};

int main(int argc, char **argv) {
    int print = argc > 1 && strcmp(argv[1], "print") == 0;
    for (size_t j = 0; j < 2; j++)
        for (int b = 0; b < 3; b++) {
            int64_t batch = (int64_t[]){32, 128, 1000}[b];
            struct net m =
                net_new(jobs[j].sizes, jobs[j].n_layers, jobs[j].hidden, jobs[j].loss, DT_FLOAT32);
            struct update u = {.rule = UPDATE_ADAM, .beta_1 = .9, .beta_2 = .999, .epsilon = 1e-7};
            struct plan *p = net_plan(&m, batch, u, &m.loss, 1);
            float *w = pool_zalloc((size_t)m.n_block * 4), *s0 = pool_zalloc((size_t)m.n_block * 4),
                  *s1 = pool_zalloc((size_t)m.n_block * 4);
            net_random(w, m.n_block, 0.05, 1);
            int64_t n_out = jobs[j].sizes[jobs[j].n_layers];
            float *x = pool_zalloc((size_t)(batch * 784) * 4),
                  *y = pool_zalloc((size_t)(batch * n_out) * 4);
            net_random(x, batch * 784, 1, 2);
            for (int64_t i = 0; i < batch; i++) y[i * n_out + i % n_out] = 1;
            struct feed feeds[2] = {{x, DT_FLOAT32, NULL, 1, 0}, {y, DT_FLOAT32, NULL, 1, 0}};
            float loss, first = 0;
            void *outs[1] = {&loss};
            struct err e;
            if (print) {
                struct text t = {0};
                plan_print(p, &t);
                fputs(t.p, stdout);
                text_clear(&t);
            }
            double best = 1e9;
            int n = batch == 1000 ? 200 : 1000;
            for (int i = 0; i < n; i++) {
                struct plan_io io = {.inputs = feeds,
                                     .weights = w,
                                     .slots = {s0, s1},
                                     .outputs = outs,
                                     .seed = 1,
                                     .step = (uint64_t)i,
                                     .rate = 1e-3};
                double t = now();
                if (!plan_run(p, &io, &e)) net_fail(&e);
                t = now() - t;
                if (t < best) best = t;
                if (i == 0) first = loss;
            }
            printf("%s %lld: %.1f us  loss %g -> %g  threads %d %s arena %zu\n", jobs[j].name,
                   (long long)batch, best * 1e6, first, loss, compute_threads(), compute_isa(),
                   plan_arena_bytes(p));
        }
    return 0;
}
