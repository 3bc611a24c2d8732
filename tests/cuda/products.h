/* Products on the device beside the processor's, for the tests of how they are computed. */
#pragma once
#include "base/pool.h"
#include "on_device.h"

/* Numbers that every type here holds exactly: a few bits each. */
static inline double exact_number(int64_t i) {
    return (double)(i * 7919 % 31 - 15) / 8;
}

static inline double any_number(int64_t i) {
    return exact_number(i) + (double)(i * 104729 % 1009) / 7000;
}

struct product {
    enum op op;
    struct attrs attrs;
    struct shape a, b;
};

static inline struct tensor *numbers(const struct shape *s, double (*number)(int64_t),
                                     int64_t first) {
    struct tensor *t = tensor_new(DT_FLOAT32, s, &err);
    for (int64_t i = 0; t && i < t->count; i++) tensor_set(t, i, number(first + i));
    return t;
}

static inline struct tensor *multiply(const struct product *p, struct tensor *const x[2],
                                      struct workspace *w) {
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct desc d[2] = {tensor_desc(x[0]), tensor_desc(x[1])};
    struct node *in[2] = {graph_input(g, NULL, &d[0], &err), graph_input(g, NULL, &d[1], &err)};
    struct node *out = graph_add(g, p->op, in, 2, &p->attrs, &err);
    struct plan_spec spec = {.graph = g, .outputs = &out, .n_outputs = 1, .workspace = w};
    struct plan *plan = out ? plan_new(&spec, &err) : NULL;
    struct tensor *y = plan ? tensor_zeros(DT_FLOAT32, &out->desc.shape, &err) : NULL;
    struct feed feeds[2] = {{.data = x[0]->data, .dtype = DT_FLOAT32, .scale = 1},
                            {.data = x[1]->data, .dtype = DT_FLOAT32, .scale = 1}};
    if (y) {
        struct plan_io io = {.inputs = feeds, .outputs = (void *const *)&y->data};
        CHECK(plan_run(plan, &io, &err));
    }
    plan_free(plan);
    graph_free(g);
    if (!y) fprintf(stderr, "%s\n", err.what);
    return y;
}

/* Largest difference, over the largest number. */
static inline double distance(const struct tensor *x, const struct tensor *y) {
    double most = 0, largest = 0;
    CHECK(x && y && x->count == y->count);
    for (int64_t i = 0; x && y && i < x->count; i++) {
        most = fmax(most, fabs(tensor_get(x, i) - tensor_get(y, i)));
        largest = fmax(largest, fabs(tensor_get(y, i)));
    }
    return most / largest;
}

static inline struct shape shape4(int64_t a, int64_t b, int64_t c, int64_t d) {
    return (struct shape){.n = 4, .size = {a, b, c, d}};
}

static inline struct shape shape2(int64_t a, int64_t b) {
    return (struct shape){.n = 2, .size = {a, b}};
}
