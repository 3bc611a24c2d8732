/* confusion_matrix: how often each class was taken for which. */
#include "fn_tables.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/models/estimator.h"
#include "lang/eval/eval_ops.h"
#include "lang/eval/models/model.h"
#include "lang/eval/tables/table_examples.h"
#include <math.h>
#include <stdio.h>

enum { MOST_CLASSES = 1000 };

/* Class numbers, one for each example, and the classes' names where they have some. */
struct answers {
    struct tensor *truth, *guess; /* int64; owned */
    const struct levels *levels;  /* borrowed, or NULL */
    const struct class_names *classes;
    bool bools;
};

static void answers_clear(struct answers *a) {
    tensor_unref(a->truth);
    tensor_unref(a->guess);
}

/* The position of the largest of each row; single numbers are rounded: a probability above 0.5 is
 * class 1. */
static struct tensor *class_numbers(struct call *c, const struct tensor *p) {
    int64_t n = p->shape.n ? p->shape.size[0] : 1, width = n ? p->count / n : 1;
    struct shape s = shape_of(1, &n);
    struct tensor *codes = tensor_new(DT_INT64, &s, c->ev->e);
    for (int64_t i = 0; codes && i < n; i++) {
        double best = tensor_get(p, i * width);
        int64_t at = 0;
        for (int64_t k = 1; k < width; k++)
            if (tensor_get(p, i * width + k) > best) best = tensor_get(p, i * width + k), at = k;
        if (width == 1) at = best >= -1e9 && best <= 1e9 ? (int64_t)ceil(best - 0.5) : -1;
        ((int64_t *)codes->data)[i] = at;
    }
    return codes;
}

static bool guesses(struct call *c, struct value x, struct answers *a) {
    struct value y, t;
    TRY(apply_any_model(c->ev, c->args[0], x, c->spans[1], &y));
    bool ok = as_tensorlike(c->ev, y, &t);
    value_unref(y);
    TRY(ok);
    struct tensor *p = value_to_tensor(t, c->ev->e);
    value_unref(t);
    a->guess = p ? class_numbers(c, p) : NULL;
    tensor_unref(p);
    return a->guess != NULL;
}

static const struct levels *levels_of(struct value v, const struct model *m) {
    const struct column *col = column_of(v);
    if (v.kind == V_TABLE && m && model_n_outputs(m) == 1) {
        int i = table_find(v.table, str_of(model_output(m, true, 0)->name));
        col = i >= 0 ? &v.table->columns[i] : v.table->n_columns == 1 ? v.table->columns : NULL;
    }
    return col ? col->levels : NULL;
}

static bool truth_of_network(struct call *c, const struct pair *pair, struct answers *a) {
    const struct model_value *m = c->args[0].model;
    struct model_data y;
    int side = DATA_TARGETS | (pair->by_name ? DATA_BY_NAME : 0);
    bool ok = model_data_from(c->ev, pair->targets, m, side, c->spans[1], &y);
    if (ok && (y.n != 1 || !y.tensors[0])) {
        ok = call_fail(c, 0, ERR_ARGUMENT,
                       "confusion_matrix is for models with one output, and this one has %d.", y.n);
    } else if (ok) {
        a->levels = levels_of(pair->targets, m->model);
        a->bools = y.tensors[0]->dtype == DT_BOOL;
        a->truth = class_numbers(c, y.tensors[0]);
    }
    model_data_clear(&y);
    return ok && a->truth;
}

static bool truth_of_classical(struct call *c, const struct pair *pair, struct answers *a) {
    const struct estimator_value *m = c->args[0].estimator;
    struct tensor *codes = NULL;
    TRY(estimator_ready(c->ev, m, c->spans[0]));
    a->classes = estimator_value_classes(m);
    if (a->classes->n == 0)
        return call_fail(c, 0, ERR_TYPE, "This %s estimates numbers: it has no classes.", m->name);
    TRY(targets_as_tensor(c->ev, a->classes, pair->targets, c->spans[1], &codes));
    a->truth = class_numbers(c, codes);
    tensor_unref(codes);
    return a->truth != NULL;
}

/* How many classes there are; an error if these are no class numbers. */
static bool count_classes(struct call *c, const struct answers *a, int64_t *k) {
    *k = a->levels ? a->levels->n : a->classes ? a->classes->n : 2;
    const struct tensor *both[] = {a->truth, a->guess};
    for (int t = 0; t < 2; t++) {
        for (int64_t i = 0; i < both[t]->count; i++) {
            int64_t x = ((const int64_t *)both[t]->data)[i];
            if (x < 0 || x >= MOST_CLASSES)
                return call_fail(c, t ? 0 : 1, ERR_LABEL,
                                 t ? "The model's outputs are no classes: it puts out %lld."
                                   : "The targets are no classes: one is %lld.",
                                 (long long)x);
            if (x >= *k) *k = x + 1;
        }
    }
    return true;
}

static const char *class_name(const struct answers *a, int64_t i) {
    char number[24];
    if (a->levels && i < a->levels->n) return intern(str_of(a->levels->names[i]));
    if (a->classes && a->classes->texts && i < a->classes->n) return intern_c(a->classes->texts[i]);
    if (a->bools || (a->classes && a->classes->bools)) return intern_c(i ? "True" : "False");
    snprintf(number, sizeof number, "%lld", (long long)i);
    return intern_c(number);
}

/* A row for each class that the examples have, a column for each class that they were taken for. */
static bool matrix(struct call *c, const struct answers *a, struct value *out) {
    int64_t k;
    TRY(count_classes(c, a, &k));
    struct table *t = table_new(k, (int32_t)k + 1, c->ev->e);
    bool ok = t && table_set_column(t, 0, intern_c("actual"), COLUMN_TEXT, c->ev->e);
    for (int64_t i = 0; ok && i < k; i++) {
        const char *name = class_name(a, i);
        ok = name && table_set_text(t, 0, i, str_of(name), c->ev->e) &&
             table_set_column(t, (int32_t)i + 1, name, COLUMN_INT, c->ev->e);
        for (int64_t r = 0; ok && r < k; r++) t->columns[i + 1].numbers[r] = 0;
    }
    for (int64_t i = 0; ok && i < a->truth->count; i++) {
        int64_t row = ((const int64_t *)a->truth->data)[i];
        t->columns[((const int64_t *)a->guess->data)[i] + 1].numbers[row]++;
    }
    if (!ok) return table_unref(t), false;
    return verb_result(t, out);
}

static bool wants_pair(struct call *c) {
    call_fail(c, 1, ERR_TYPE, "confusion_matrix needs inputs and targets, and this is %s.",
              value_kind_words(c->args[1].kind));
    return err_hint(c->ev->e, "    confusion_matrix(net, x -> y)");
}

static bool wants_model(struct call *c) {
    call_fail(c, 0, ERR_TYPE, "confusion_matrix takes a model first, and this is %s.",
              value_kind_words(c->args[0].kind));
    return err_hint(c->ev->e, "    confusion_matrix(net, x -> y)");
}

/* ---- true classes and those that were said, as in scikit-learn ---- */

static bool is_answers(struct value v) {
    const struct column *col = v.kind == V_COLUMN ? column_of(v) : NULL;
    return (v.kind == V_TENSOR && v.tensor->shape.n > 0) || v.kind == V_DESC ||
           v.kind == V_COLUMN_DESC || (col && col->kind != COLUMN_TEXT && col->kind != COLUMN_TIME);
}

/* Class numbers of argument i: as they are, or where the largest of each row stands. */
static struct tensor *answers_given(struct call *c, int i, bool *bools) {
    struct value t;
    if (!as_tensorlike(c->ev, c->args[i], &t)) return NULL;
    *bools = t.kind == V_TENSOR && t.tensor->dtype == DT_BOOL;
    struct tensor *codes = t.kind == V_TENSOR ? class_numbers(c, t.tensor) : NULL;
    value_unref(t);
    return codes;
}

static bool of_answers(struct call *c, struct value *out) {
    bool unused;
    struct answers a = {.levels = levels_of(c->args[0], NULL)};
    if (c->ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
    a.truth = answers_given(c, 0, &a.bools);
    a.guess = a.truth ? answers_given(c, 1, &unused) : NULL;
    bool ok = a.guess != NULL;
    if (ok && a.truth->count != a.guess->count)
        ok = call_fail(c, 1, ERR_SHAPE, "There are %lld true classes and %lld that were said.",
                       (long long)a.truth->count, (long long)a.guess->count);
    ok = ok && matrix(c, &a, out);
    answers_clear(&a);
    return ok;
}

bool fn_confusion_matrix(struct call *c, struct value *out) {
    struct value data = c->args[1], both = value_missing();
    enum value_kind m = c->args[0].kind;
    if (is_answers(c->args[0]) && is_answers(data)) return of_answers(c, out);
    if (m != V_MODEL && m != V_ESTIMATOR && m != V_UNKNOWN) return wants_model(c);
    if (data.kind == V_TABLE && m == V_MODEL) {
        TRY(table_as_pair(c->ev, value_ref(data), &both));
        data = both;
    }
    bool open = data.kind == V_UNKNOWN || data.kind == V_TABLE_DESC;
    if (!open && data.kind != V_PAIR) return wants_pair(c);
    if (open || m == V_UNKNOWN || c->ev->domain == DOMAIN_CHECK)
        return value_unref(both), *out = value_unknown(), true;
    struct answers a = {0};
    bool ok =
        guesses(c, data.pair->inputs, &a) &&
        (m == V_MODEL ? truth_of_network(c, data.pair, &a) : truth_of_classical(c, data.pair, &a));
    if (ok && a.truth->count != a.guess->count)
        ok = call_fail(c, 1, ERR_SHAPE, "There are %lld inputs and %lld targets.",
                       (long long)a.guess->count, (long long)a.truth->count);
    ok = ok && matrix(c, &a, out);
    answers_clear(&a);
    value_unref(both);
    return ok;
}
