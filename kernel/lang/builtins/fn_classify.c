/* classify: the most probable classes of networks and classical models, by name or number. */
#include "fn.h"
#include "lang/eval/models/estimator.h"
#include "lang/eval/models/model.h"
#include "base/pool.h"

/* What a model says of some examples. */
struct answer {
    struct tensor *p; /* (n, width) probabilities; width 1: that of the second class */
    int64_t n, width, n_classes;
    bool alone;            /* one example, without the axis of examples */
    bool bools;            /* the classes are False and True */
    bool scores;           /* p may be any numbers: of a network that ends without softmax */
    struct levels *levels; /* the classes' names: a reference, or NULL */
};

/* The number of the most probable class of each. */
static struct tensor *most_probable(struct call *c, const struct answer *a) {
    struct shape s = shape_of(1, &a->n);
    struct tensor *codes = tensor_new(DT_INT64, &s, c->ev->e);
    for (int64_t i = 0; codes && i < a->n; i++) {
        int64_t best = a->n_classes > 1 && a->width == 1 ? tensor_get(a->p, i) > 0.5 : 0;
        for (int64_t k = 1; k < a->width; k++)
            if (tensor_get(a->p, i * a->width + k) > tensor_get(a->p, i * a->width + best))
                best = k;
        ((int64_t *)codes->data)[i] = best;
    }
    return codes;
}

static double probability(const struct answer *a, int64_t example, int64_t k) {
    double p = tensor_get(a->p, example * a->width + (a->width == 1 ? 0 : k));
    return a->width == 1 && a->n_classes == 2 && k == 0 ? 1 - p : p;
}

/* The `top` most probable classes of one example, the first of equals first. */
static void rank(const struct answer *a, int64_t example, int64_t top, int64_t *classes) {
    int64_t n = 0;
    for (int64_t k = 0; k < a->n_classes; k++) {
        double p = probability(a, example, k);
        int64_t at = n < top ? n : top;
        while (at > 0 && probability(a, example, classes[at - 1]) < p) {
            if (at < top) classes[at] = classes[at - 1];
            at--;
        }
        if (at < top) classes[at] = k;
        n += n < top;
    }
}

/* example, class, probability (or score): `top` rows for each example; without `example` for one
 * alone. */
static bool ranking(struct call *c, const struct answer *a, int64_t top, struct value *out) {
    struct err *e = c->ev->e;
    int first = a->alone ? 0 : 1;
    enum column_kind kind = a->levels ? COLUMN_CATEGORY : a->bools ? COLUMN_BOOL : COLUMN_INT;
    int64_t *classes = pool_need((size_t)top * sizeof *classes, e);
    struct table *t = classes ? table_new(a->n * top, first + 2, e) : NULL;
    bool ok = t && (a->alone || table_set_column(t, 0, intern_c("example"), COLUMN_INT, e)) &&
              table_set_column(t, first, intern_c("class"), kind, e) &&
              table_set_column(t, first + 1, intern_c(a->scores ? "score" : "probability"),
                               COLUMN_NUMBER, e);
    for (int64_t i = 0; ok && i < a->n; i++) {
        rank(a, i, top, classes);
        for (int64_t k = 0; k < top; k++) {
            int64_t row = i * top + k;
            if (!a->alone) t->columns[0].numbers[row] = (double)i;
            t->columns[first].numbers[row] = (double)classes[k];
            t->columns[first + 1].numbers[row] = probability(a, i, classes[k]);
        }
    }
    if (ok) t->columns[first].levels = levels_ref(a->levels);
    pool_free(classes);
    if (!ok) return table_unref(t), false;
    *out = value_table(t);
    return true;
}

static bool best_classes(struct call *c, const struct answer *a, struct value *out) {
    struct tensor *codes = most_probable(c, a), *cast = NULL;
    if (!codes) return false;
    bool ok = true;
    int64_t first = a->alone ? ((const int64_t *)codes->data)[0] : 0;
    if (a->alone && a->levels) *out = value_text(str_of(a->levels->names[first]), c->ev->e);
    else if (a->alone) *out = a->bools ? value_bool(first) : value_int(first);
    else if (a->levels) ok = category_of_codes(c->ev, a->levels, codes, out);
    else {
        cast = tensor_cast(codes, a->bools ? DT_BOOL : DT_INT64, c->ev->e);
        ok = cast != NULL;
        if (ok) *out = value_tensor(cast);
    }
    tensor_unref(codes);
    return ok && out->kind != V_MISSING;
}

static bool finish(struct call *c, const struct answer *a, struct value *out) {
    int64_t top;
    TRY(call_int(c, 2, 1, &top));
    if (top < 1 || top > a->n_classes)
        return call_fail(c, 2, ERR_VALUE, "There are %lld classes, so `top` is 1 to %lld.",
                         (long long)a->n_classes, (long long)a->n_classes);
    return call_has(c, 2) && top > 1 ? ranking(c, a, top, out) : best_classes(c, a, out);
}

/* ---- names ---- */

/* classes=["cat", "dog"]: names that are given in the call. */
static bool names_given(struct call *c, struct answer *a) {
    struct value names = c->args[3];
    if (!call_has(c, 3)) return true;
    int64_t n = names.kind == V_LIST ? names.list->n : -1;
    for (int64_t i = 0; i < n; i++)
        if (names.list->items[i].kind != V_TEXT) n = -1;
    if (n < 1) return call_fail(c, 3, ERR_ARGUMENT, "`classes` is a list of texts.");
    if (n != a->n_classes)
        return call_fail(c, 3, ERR_ARGUMENT,
                         "The model tells %lld classes apart, and there are %lld names.",
                         (long long)a->n_classes, (long long)n);
    struct str *texts = pool_need((size_t)n * sizeof *texts, c->ev->e);
    for (int64_t i = 0; texts && i < n; i++) texts[i] = value_str(&names.list->items[i]);
    levels_unref(a->levels);
    a->levels = texts ? levels_new(texts, (int32_t)n, false, c->ev->e) : NULL;
    pool_free(texts);
    return a->levels != NULL;
}

/* ---- classical models ---- */

/* KMeans gives numbers of clusters at once. */
static bool is_clusters(const struct estimator_value *m, struct value p) {
    bool clusters = m->fitted && estimator_task(m->config) == TASK_NONE;
    return clusters && p.kind == V_TENSOR && p.tensor->dtype == DT_INT64;
}

static bool no_classes(struct call *c, const struct estimator_value *m) {
    call_fail(c, 0, ERR_TYPE, "This %s estimates numbers: it has no classes.", m->name);
    return err_hint(c->ev->e, "Use predict. If the targets are classes, say so: category(y)");
}

static bool classify_classical(struct call *c, struct value *out) {
    const struct estimator_value *m = c->args[0].estimator;
    struct value p, t;
    TRY(estimator_ready(c->ev, m, c->spans[0]));
    TRY(apply_any_model(c->ev, c->args[0], c->args[1], c->spans[1], &p));
    if (p.kind == V_UNKNOWN || is_clusters(m, p)) return *out = p, true;
    const struct class_names *classes = estimator_value_classes(m);
    if (!classes->n) return value_unref(p), no_classes(c, m);
    bool ok = as_tensorlike(c->ev, p, &t);
    value_unref(p);
    TRY(ok);
    struct answer a = {
        .p = value_to_tensor(t, c->ev->e), .n_classes = classes->n, .bools = classes->bools};
    value_unref(t);
    if (!a.p) return false;
    a.n = a.p->shape.n ? a.p->shape.size[0] : 1;
    a.width = a.n ? a.p->count / a.n : 1;
    if (classes->texts) a.levels = levels_of_classes(classes, c->ev->e);
    ok = (!classes->texts || a.levels) && names_given(c, &a) && finish(c, &a, out);
    tensor_unref(a.p);
    levels_unref(a.levels);
    return ok;
}

/* ---- networks ---- */

/* While checking: the classes as numbers, where they have no names. */
static bool describe(struct call *c, const struct answer *a, struct value y, struct value *out) {
    struct desc d;
    value_describe(y, &d);
    bool named = y.kind == V_DESC && (a->levels || call_has(c, 2) || call_has(c, 3));
    if (named) return *out = value_unknown(), true;
    if (a->width == 1) {
        struct attrs flat = {.shape = shape_of(a->alone ? 0 : 1, &d.shape.size[0])};
        struct value yes = value_missing();
        bool ok = apply2(c->ev, OP_gt, y, value_float(0.5), &yes) &&
                  apply1(c->ev, OP_reshape, yes, &flat, out);
        value_unref(yes);
        return ok;
    }
    struct attrs last = {.axis = d.shape.n - 1};
    return apply1(c->ev, OP_argmax, y, &last, out);
}

static bool answer_network(struct call *c, const struct model_value *m, struct value y,
                           struct value *out) {
    struct desc d;
    value_describe(y, &d);
    bool alone = m->model && d.shape.n == model_output(m->model, false, 0)->desc.shape.n - 1;
    bool one = (d.shape.n < 2 && !alone) || d.shape.n == 0 || d.shape.size[d.shape.n - 1] == 1;
    struct answer a = {
        .alone = alone, .bools = one, .width = one ? 1 : d.shape.size[d.shape.n - 1]};
    a.n_classes = one ? 2 : a.width;
    a.scores = m->model && model_output(m->model, false, 0)->desc.content < CONTENT_PROBABILITY;
    if (m->classes && m->classes->n == a.n_classes) a.levels = m->classes;
    bool flat = d.shape.n <= (alone ? 1 : 2);
    if (!flat && (call_has(c, 2) || call_has(c, 3)))
        return call_fail(c, call_has(c, 2) ? 2 : 3, ERR_ARGUMENT,
                         "Names and ranks are for models that give one class for each example.");
    if (y.kind == V_DESC || y.kind == V_NODE || !flat) return describe(c, &a, y, out);
    a.p = value_to_tensor(y, c->ev->e);
    if (!a.p) return false;
    levels_ref(a.levels);
    a.n = alone ? 1 : a.p->shape.size[0];
    bool ok = names_given(c, &a) && finish(c, &a, out);
    tensor_unref(a.p);
    levels_unref(a.levels);
    return ok;
}

bool fn_classify(struct call *c, struct value *out) {
    struct value y;
    struct desc d;
    struct model_value *m;
    for (int i = 0; i < 4; i++)
        if (c->args[i].kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (c->args[0].kind == V_ESTIMATOR) return classify_classical(c, out);
    TRY(want_model(c, &m));
    TRY(model_apply(c->ev, m, c->args[1], false, c->spans[1], &y));
    if (!value_describe(y, &d)) return *out = y, true;
    if (m->classes_open) return value_unref(y), *out = value_unknown(), true;
    bool ok = answer_network(c, m, y, out);
    value_unref(y);
    return ok;
}
