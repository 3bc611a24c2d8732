/* Does the device compute what the processor computes? A small graph on both, once after opening: a
 * product, elementwise functions, a softmax, a sum over rows, and the derivative of it all. */
#include "memory.h"
#include <math.h>
#include <stdio.h>

enum { ROWS = 40, IN = 24, OUT = 20, RESULTS = 2 };

static struct node *op_of(struct graph *g, enum op op, struct node *a, struct node *b,
                          struct attrs attrs, struct err *e) {
    struct node *in[2] = {a, b};
    if (!a) return NULL;
    return graph_add(g, op, in, b ? 2 : 1, &attrs, e);
}

/* The mean square of softmax(tanh(x w)), and its slope by w. */
static bool build(struct graph *g, struct node *out[RESULTS], struct err *e) {
    struct desc d[2] = {{.dtype = DT_FLOAT32, .shape = {.n = 2, .size = {ROWS, IN}}},
                        {.dtype = DT_FLOAT32, .shape = {.n = 2, .size = {IN, OUT}}}};
    const struct attrs none = {0}, last = {.axis = 1}, all = {.axes = 3};
    struct node *x = graph_input(g, "x", &d[0], e), *w = graph_input(g, "w", &d[1], e);
    if (!x || !w) return false;
    struct node *h = op_of(g, OP_tanh, op_of(g, OP_matmul, x, w, none, e), NULL, none, e);
    struct node *s = op_of(g, OP_softmax, h, NULL, last, e);
    out[0] = op_of(g, OP_mean, op_of(g, OP_square, s, NULL, none, e), NULL, all, e);
    return out[0] && graph_gradient(g, out[0], &w, 1, &out[1], NULL, e);
}

/* The mean, then the slopes. */
static bool run(struct graph *g, struct node *const *out, struct workspace *w, float *result,
                struct err *e) {
    float x[ROWS * IN], weights[IN * OUT];
    for (int i = 0; i < ROWS * IN; i++) x[i] = (float)(i * 37 % 101 - 50) / 25;
    for (int i = 0; i < IN * OUT; i++) weights[i] = (float)(i * 53 % 89 - 44) / 60;
    struct feed feeds[2] = {{.data = x, .dtype = DT_FLOAT32, .scale = 1},
                            {.data = weights, .dtype = DT_FLOAT32, .scale = 1}};
    struct plan_spec spec = {.graph = g, .outputs = out, .n_outputs = RESULTS, .workspace = w};
    struct plan_io io = {.inputs = feeds, .outputs = (void *[]){result, result + 1}};
    struct plan *p = plan_new(&spec, e);
    bool ok = p && plan_run(p, &io, e);
    plan_free(p);
    return ok;
}

static bool same(const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-4f * fmaxf(fabsf(b[i]), 1e-3f))) return false;
    return true;
}

bool device_selftest(struct device *d, struct err *e) {
    float here[1 + IN * OUT] = {0}, there[1 + IN * OUT] = {0};
    struct node *out[RESULTS];
    struct graph *g = graph_new(DT_FLOAT32, e);
    struct workspace *w = workspace_new_on(d, e);
    bool ok = g && w && build(g, out, e) && run(g, out, NULL, here, e) && run(g, out, w, there, e);
    workspace_unref(w);
    if (g) graph_free(g);
    if (!ok || same(there, here, 1 + IN * OUT)) return ok;
    d->broken = true;
    err_set(e, ERR_DEVICE,
            "The GPU computes other numbers than the processor: its self-test failed.");
    return err_hint(e,
                    "Write `%%device cpu`, and tell us about it with the output of awml-c doctor.");
}
