/* Models that need no targets (PCA, KMeans) used as scalers are: fitted in a call, and for PCA back
 * from components to columns. */
#include "fn.h"
#include "lang/eval/models/estimator.h"
#include "base/pool.h"
#include <string.h>

static bool needs_targets(struct call *c, const struct estimator_value *m) {
    call_fail(c, 0, ERR_TYPE, "%s learns targets, so it is trained by a statement.", m->name);
    struct str name = source_piece(c->spans[0]);
    bool plain = name.n > 0 && name.n < 40 && !memchr(name.p, '(', name.n);
    return err_hint(c->ev->e, "    %strain %.*s on x -> y", plain ? "" : "model = …\n    ",
                    plain ? (int)name.n : 5, plain ? name.p : "model");
}

/* The fitted model of the rows of x. */
static struct estimator *fit_rows(struct call *c, const struct estimator_value *m, struct value x) {
    struct eval *ev = c->ev;
    struct fit_spec s = {.config = m->config,
                         .seed = engine_seed(ev->engine),
                         .stream = next_stream(ev),
                         .stop = ev->stop};
    struct value hold;
    bool interrupted = false;
    if (!design_from_value(ev, x, c->spans[1], &s.x, &hold)) return NULL;
    struct estimator *fitted = estimator_fit(&s, &interrupted, ev->e);
    value_unref(hold);
    if (fitted && interrupted) {
        estimator_unref(fitted);
        fail(ev, c->at, ERR_INTERRUPT, "Stopped. Nothing was fitted.");
        return NULL;
    }
    return fitted;
}

bool fit_alone(struct call *c, struct value *out) {
    const struct estimator_value *m = c->args[0].estimator;
    if (!m->config || estimator_task(m->config) != TASK_NONE) return needs_targets(c, m);
    struct estimator_value *made = estimator_value_copy(m, c->ev->e);
    if (!made) return false;
    *out = (struct value){.kind = V_ESTIMATOR, .estimator = made};
    made->trained_at = c->at;
    made->is_fitted = true;
    if (c->ev->domain == DOMAIN_CHECK) return true;
    made->fitted = fit_rows(c, m, c->args[1]);
    if (made->fitted) return true;
    value_unref(*out);
    *out = value_missing();
    return false;
}

/* A named matrix of a fitted model as a tensor. */
static struct value matrix_of(struct call *c, const struct estimator *m, const char *name) {
    const struct matrix *x = estimator_matrix(m, name);
    struct shape s = shape_of(2, (int64_t[]){x->rows, x->cols});
    struct tensor *t = tensor_new(DT_FLOAT64, &s, c->ev->e);
    if (t) memcpy(t->data, x->data, (size_t)t->count * sizeof(double));
    return t ? value_tensor(t) : value_missing();
}

static bool wrong_width(struct call *c, const struct matrix *components, const struct desc *d) {
    char text[128];
    call_fail(c, 1, ERR_SHAPE, "Each row has a number for each of the %lld components.",
              (long long)components->rows);
    return err_label(c->ev->e, "is %s", shape_print(&d->shape, text, sizeof text));
}

/* z @ components + mean */
bool components_back(struct call *c, struct value *out) {
    const struct estimator_value *m = c->args[0].estimator;
    struct value z, sum = value_missing();
    struct desc d;
    TRY(estimator_ready(c->ev, m, c->spans[0]));
    if (c->ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
    const struct matrix *k = m->fitted ? estimator_matrix(m->fitted, "components") : NULL;
    if (!k) return call_fail(c, 0, ERR_TYPE, "%s has no way back to its inputs.", m->name);
    TRY(fn_operand(c, 1, &z));
    bool fits = value_describe(z, &d) && (d.shape.n == 1 || d.shape.n == 2) &&
                d.shape.size[d.shape.n - 1] == k->rows;
    if (!fits) return wrong_width(c, k, &d);
    struct value components = matrix_of(c, m->fitted, "components");
    struct value mean = matrix_of(c, m->fitted, "mean"); /* [1, columns] */
    struct attrs flat = {.shape = shape_of(1, &k->cols)};
    bool ok = components.kind == V_TENSOR && mean.kind == V_TENSOR &&
              apply2(c->ev, OP_matmul, z, components, &sum);
    if (ok && d.shape.n == 1) {
        struct value row = value_missing();
        ok = apply1(c->ev, OP_reshape, mean, &flat, &row);
        value_unref(mean);
        mean = row;
    }
    ok = ok && apply2(c->ev, OP_add, sum, mean, out);
    value_unref(components);
    value_unref(mean);
    value_unref(sum);
    return ok;
}
