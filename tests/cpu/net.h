/* Small networks built from graph calls, for the tests and benchmarks of plans: dense layers on a
 * block of weights, with a loss and its gradients. */
#pragma once
#include "base/pool.h"
#include "graph.h"
#include "plan.h"
#include "rng.h"
#include <stdio.h>
#include <stdlib.h>

enum { NET_MAX = 16 };

struct net {
    struct graph *g;
    struct node *x, *y, *out, *loss;
    struct node *weights[NET_MAX], *gradients[NET_MAX];
    int n_weights;
    int64_t n_block;
    struct learn learn[NET_MAX];
};

static inline void net_fail(const struct err *e) {
    fprintf(stderr, "%s %s\n%s\n", err_title(e->kind), e->what, e->facts);
    exit(1);
}

static inline struct node *net_ok(struct node *n, const struct err *e) {
    if (!n) net_fail(e);
    return n;
}

static inline struct desc net_desc(enum dtype t, int n, const int64_t *sizes) {
    return (struct desc){.dtype = t, .shape = shape_of(n, sizes)};
}

static inline struct node *net_weight(struct net *m, int n, const int64_t *sizes) {
    struct err e;
    struct shape s = shape_of(n, sizes);
    int64_t count = 1;
    for (int i = 0; i < n; i++) count *= sizes[i];
    int at = m->n_weights++;
    m->weights[at] = net_ok(graph_weight(m->g, NULL, &s, at, m->n_block, &e), &e);
    m->n_block += (count + 15) / 16 * 16;
    return m->weights[at];
}

static inline struct node *net_op(struct net *m, enum op op, struct node *a, struct node *b,
                                  struct attrs attrs) {
    struct err e;
    struct node *in[2] = {a, b};
    return net_ok(graph_add(m->g, op, in, b ? 2 : 1, &attrs, &e), &e);
}

static inline struct node *net_dense(struct net *m, struct node *x, int64_t in, int64_t out) {
    struct node *w = net_weight(m, 2, (int64_t[]){in, out}), *b = net_weight(m, 1, &out);
    struct node *h = net_op(m, OP_matmul, x, w, (struct attrs){0});
    return net_op(m, OP_add, h, b, (struct attrs){0});
}

/* x and y with a batch axis; layers of the given sizes with `hidden` between them. loss: OP_softmax
 * = cross entropy with a distribution y, OP_sigmoid = mean squared error after a sigmoid, else mean
 * squared error. */
static inline struct net net_new(const int64_t *sizes, int n_layers, enum op hidden, enum op loss,
                                 enum dtype t) {
    struct err e;
    struct net m = {0};
    m.g = graph_new(t, &e);
    if (!m.g) net_fail(&e);
    struct desc dx = net_desc(t, 2, (int64_t[]){SIZE_BATCH, sizes[0]});
    struct desc dy = net_desc(t, 2, (int64_t[]){SIZE_BATCH, sizes[n_layers]});
    m.x = net_ok(graph_input(m.g, NULL, &dx, &e), &e);
    m.y = net_ok(graph_input(m.g, NULL, &dy, &e), &e);
    struct node *h = m.x;
    for (int i = 0; i < n_layers; i++) {
        h = net_dense(&m, h, sizes[i], sizes[i + 1]);
        if (i + 1 < n_layers) h = net_op(&m, hidden, h, NULL, (struct attrs){0});
    }
    struct node *each;
    if (loss == OP_softmax) {
        m.out = h;
        each = net_op(&m, OP_softmax_crossentropy, h, m.y, (struct attrs){0});
    } else {
        m.out = loss == OP_sigmoid ? net_op(&m, OP_sigmoid, h, NULL, (struct attrs){0}) : h;
        each = net_op(&m, OP_sub, m.out, m.y, (struct attrs){0});
        each = net_op(&m, OP_square, each, NULL, (struct attrs){0});
    }
    m.loss = net_op(&m, OP_mean, each, NULL, (struct attrs){.axes = loss == OP_softmax ? 1 : 3});
    if (!graph_gradient(m.g, m.loss, m.weights, m.n_weights, m.gradients, NULL, &e)) net_fail(&e);
    for (int i = 0; i < m.n_weights; i++)
        m.learn[i] = (struct learn){.weight = m.weights[i], .gradient = m.gradients[i]};
    return m;
}

static inline struct plan *net_plan(struct net *m, int64_t batch, struct update update,
                                    struct node *const *outputs, int n_outputs) {
    struct err e;
    struct plan_spec spec = {.graph = m->g,
                             .batch = batch,
                             .outputs = outputs,
                             .n_outputs = n_outputs,
                             .update = update,
                             .learn = m->learn,
                             .n_learn = update.rule == UPDATE_NONE ? 0 : m->n_weights};
    struct plan *p = plan_new(&spec, &e);
    if (!p) net_fail(&e);
    return p;
}

static inline void net_random(float *x, int64_t n, double scale, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(scale * rng_normal((struct rng_key){1, stream, 0}, (uint64_t)i));
}
