/* Classical models in the language: making them, their answers, their fields. */
#include "estimator.h"
#include "lang/eval/eval_ops.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/signature.h"
#include "lang/eval/slow.h"
#include "lang/syntax/spelling.h"
#include "base/intern.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

bool make_estimator(struct eval *ev, struct config *take, struct value *out) {
    struct estimator_value *m = NULL;
    if (estimator_check(take, ev->e)) m = estimator_value_new(take->row->name, take, ev->e);
    else config_unref(take);
    if (!m) return false;
    m->stream = next_stream(ev);
    *out = (struct value){.kind = V_ESTIMATOR, .estimator = m};
    return true;
}

bool estimator_ready(struct eval *ev, const struct estimator_value *m, struct span at) {
    if (m->fitted || m->is_fitted || (ev->domain == DOMAIN_CHECK && m->trained_at.source))
        return true;
    struct str name = source_piece(at);
    fail(ev, at, ERR_TRAIN, "This %s has not been trained yet.", m->name);
    bool plain = name.n > 0 && name.n < 40 && !memchr(name.p, '(', name.n);
    bool alone = m->config && estimator_task(m->config) == TASK_NONE;
    return err_hint(ev->e, "Train it first: train %.*s on x%s", plain ? (int)name.n : 5,
                    plain ? name.p : "model", alone ? "" : " -> y");
}

/* ---- answers ---- */

static struct tensor *room_for(struct eval *ev, const struct estimator *m, int64_t n) {
    int32_t width = estimator_width(m);
    bool pca = m->config->row->kind == ESTIMATOR_pca;
    bool clusters = m->config->row->kind == ESTIMATOR_k_means;
    bool flat = clusters || (m->classes.n ? width == 1 : !pca && width == 1 && m->single);
    struct shape s = shape_of(flat ? 1 : 2, (int64_t[]){n, width});
    return tensor_new(DT_FLOAT64, &s, ev->e);
}

static bool predict_rows(struct eval *ev, const struct estimator *m, struct design *d,
                         double *out) {
    struct slow slow;
    struct answer_watch watch = {slow_note, &slow};
    char what[120];
    snprintf(what, sizeof what, "%.60s on %lld examples", m->config->row->name, (long long)d->n);
    slow_enter(&slow, ev, what, true);
    bool ok = estimator_predict(m, d, out, &watch, ev->stop, ev->e);
    slow_leave(&slow, ev);
    return ok;
}

static bool apply_classical(struct eval *ev, const struct estimator *m, struct value x,
                            struct span at, struct value *out) {
    struct design d = {0};
    struct value hold;
    struct tensor *t = NULL;
    bool ok = design_from_value(ev, x, at, &d, &hold);
    /* one example of a model with several columns */
    bool row = ok && hold.kind == V_TENSOR && hold.tensor->shape.n == 1 &&
               m->features.d == hold.tensor->count && m->features.d > 1;
    if (row) {
        design_clear(&d);
        struct shape s = shape_of(2, (int64_t[]){1, hold.tensor->count});
        struct tensor *wide = tensor_with_shape(hold.tensor, &s, ev->e);
        value_unref(hold);
        hold = value_tensor(wide);
        ok = wide && design_from_tensor(&d, wide, ev->e);
    }
    t = ok ? room_for(ev, m, d.n) : NULL;
    ok = t && predict_rows(ev, m, &d, t->data);
    design_clear(&d);
    value_unref(hold);
    if (!ok) return tensor_unref(t), fail_from(ev, at, (struct span[]){at, at}, 2);
    if (m->config->row->kind == ESTIMATOR_k_means) {
        struct tensor *whole = tensor_cast(t, DT_INT64, ev->e);
        tensor_unref(t);
        t = whole;
    }
    *out = value_tensor(t);
    return t != NULL;
}

bool apply_any_model(struct eval *ev, struct value model, struct value x, struct span at,
                     struct value *out) {
    if (model.kind == V_MODEL) return model_apply(ev, model.model, x, false, at, out);
    if (model.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (model.kind != V_ESTIMATOR)
        return fail(ev, at, ERR_TYPE, "A model is needed here, and this is %s.",
                    value_kind_words(model.kind));
    TRY(estimator_ready(ev, model.estimator, at));
    if (ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
    if (model.estimator->ensemble) return apply_ensemble(ev, model.estimator, x, at, out);
    return apply_classical(ev, model.estimator->fitted, x, at, out);
}

bool category_of_codes(struct eval *ev, struct levels *levels, const struct tensor *codes,
                       struct value *out) {
    struct table *t = table_new(codes->count, 1, ev->e);
    if (!t || !table_set_column(t, 0, intern_c("class"), COLUMN_CATEGORY, ev->e))
        return table_unref(t), false;
    for (int64_t i = 0; i < codes->count; i++) t->columns[0].numbers[i] = tensor_get(codes, i);
    t->columns[0].levels = levels_ref(levels);
    *out = value_column(t);
    return true;
}

struct levels *levels_of_classes(const struct class_names *c, struct err *e) {
    struct str *names = pool_need((size_t)(c->n + 1) * sizeof *names, e);
    for (int i = 0; names && i < c->n; i++) names[i] = str_of(c->texts[i]);
    struct levels *levels = names ? levels_new(names, c->n, false, e) : NULL;
    pool_free(names);
    return levels;
}

/* A column of categories with the classes as levels. */
static bool category_column(struct eval *ev, const struct class_names *c,
                            const struct tensor *codes, struct value *out) {
    struct levels *levels = levels_of_classes(c, ev->e);
    bool ok = levels && category_of_codes(ev, levels, codes, out);
    levels_unref(levels);
    return ok;
}

bool classes_as_values(struct eval *ev, const struct class_names *c, const struct tensor *codes,
                       struct value *out) {
    if (c->texts) return category_column(ev, c, codes, out);
    struct tensor *t = tensor_new(c->bools ? DT_BOOL : DT_INT64, &codes->shape, ev->e);
    for (int64_t i = 0; t && i < codes->count; i++) tensor_set(t, i, tensor_get(codes, i));
    *out = value_tensor(t);
    return t != NULL;
}

/* ---- fields ---- */

static bool matrix_value(struct eval *ev, const struct estimator *m, const struct matrix *x,
                         struct value *out) {
    bool flat = x->rows == 1 || (x->cols == 1 && (m->single || m->classes.n));
    struct shape s = flat ? shape_of(1, (int64_t[]){x->rows * x->cols})
                          : shape_of(2, (int64_t[]){x->rows, x->cols});
    if (x->rows * x->cols == 1 && (m->single || m->classes.n || strcmp(x->name, "inertia") == 0)) {
        if (strcmp(x->name, "coefficients") != 0) return *out = value_float(x->data[0]), true;
    }
    struct tensor *t = tensor_new(DT_FLOAT64, &s, ev->e);
    if (t) memcpy(t->data, x->data, (size_t)t->count * sizeof(double));
    *out = value_tensor(t);
    return t != NULL;
}

struct ranked {
    double share;
    int feature;
};

static bool importance_table(struct eval *ev, const struct estimator *m, struct value *out) {
    int d = m->features.d;
    double *shares = pool_need((size_t)(d + 1) * sizeof *shares, ev->e);
    struct table *t = shares ? table_new(d, 2, ev->e) : NULL;
    bool ok = t && estimator_importance(m, shares) &&
              table_set_column(t, 0, intern_c("column"), COLUMN_TEXT, ev->e) &&
              table_set_column(t, 1, intern_c("importance"), COLUMN_NUMBER, ev->e);
    for (int row = 0; ok && row < d; row++) {
        int best = -1;
        for (int f = 0; f < d; f++)
            if (shares[f] >= 0 && (best < 0 || shares[f] > shares[best])) best = f;
        char room[32];
        ok = table_set_text(t, 0, row, str_of(feature_name(&m->features, best, room, sizeof room)),
                            ev->e);
        t->columns[1].numbers[row] = shares[best];
        shares[best] = -1;
    }
    pool_free(shares);
    if (!ok) return table_unref(t), false;
    *out = value_table(t);
    return true;
}

static bool class_list(struct eval *ev, const struct class_names *c, struct value *out) {
    if (c->texts) {
        *out = value_list_new(c->n, ev->e);
        for (int i = 0; out->kind == V_LIST && i < c->n; i++)
            TRY(list_add(out->list, value_text(str_of(c->texts[i]), ev->e), ev->e));
        return out->kind == V_LIST;
    }
    struct shape s = shape_of(1, (int64_t[]){c->n});
    struct tensor *codes = tensor_new(DT_INT64, &s, ev->e);
    for (int64_t i = 0; codes && i < c->n; i++) ((int64_t *)codes->data)[i] = i;
    bool ok = codes && classes_as_values(ev, c, codes, out);
    tensor_unref(codes);
    return ok;
}

static bool trees_field(const struct estimator *m, const char *name, struct value *out) {
    int64_t n = 0;
    for (int i = 0; i < m->n_sets; i++) {
        int64_t one = strcmp(name, "leaves") == 0  ? trees_leaves(&m->sets[i])
                      : strcmp(name, "depth") == 0 ? trees_depth(&m->sets[i])
                                                   : m->sets[i].n / m->sets[i].n_outputs;
        bool depth = strcmp(name, "depth") == 0;
        n = depth ? (one > n ? one : n) : n + one;
    }
    *out = value_int(n);
    return true;
}

static bool members_list(struct eval *ev, const struct estimator_value *m, struct value *out) {
    *out = value_list_new(m->n_members, ev->e);
    for (int i = 0; out->kind == V_LIST && i < m->n_members; i++)
        TRY(list_add(out->list, value_ref(m->members[i]), ev->e));
    return out->kind == V_LIST;
}

static bool fitted_field(struct eval *ev, const char *name, const struct estimator_value *m,
                         struct value *out, bool *found) {
    const struct estimator *f = m->fitted;
    *found = true;
    if (strcmp(name, "classes") == 0 && estimator_value_classes(m)->n)
        return class_list(ev, estimator_value_classes(m), out);
    if (m->ensemble && strcmp(name, "members") == 0) return members_list(ev, m, out);
    if (m->ensemble == ENSEMBLE_STACKING && strcmp(name, "final") == 0)
        return *out = value_ref(m->final), true;
    if (f && f->n_sets > 0) {
        if (strcmp(name, "importance") == 0) return importance_table(ev, f, out);
        if (strcmp(name, "leaves") == 0 || strcmp(name, "depth") == 0 ||
            strcmp(name, "trees") == 0 || strcmp(name, "rounds") == 0)
            return trees_field(f, name, out);
    }
    const struct matrix *x = f ? estimator_matrix(f, name) : NULL;
    bool inner =
        strcmp(name, "base") == 0 || strcmp(name, "examples") == 0 || strcmp(name, "targets") == 0;
    if (x && !inner) return matrix_value(ev, f, x, out);
    return *found = false;
}

static const char *const fields[] = {
    "classes", "members", "final",     "importance", "leaves",       "depth",
    "trees",   "rounds",  "centers",   "inertia",    "mean",         "components",
    "means",   "priors",  "variances", "explained",  "coefficients", "intercept"};

static bool is_field(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (strcmp(fields[i], name) == 0) return true;
    return false;
}

static bool setting_field(struct eval *ev, const char *name, const struct estimator_value *m,
                          struct value *out) {
    const struct signature *s = m->config ? signature_of(m->name, m->config->row->signature) : NULL;
    for (int i = 0; s && i < s->n; i++) {
        if (s->parameters[i].name != name) continue;
        const struct arg *a = &m->config->args[i];
        *out = value_none();
        if (a->kind == ARG_INT) *out = value_int((int64_t)a->number);
        else if (a->kind == ARG_NUMBER) *out = value_float(a->number);
        else if (a->kind == ARG_TEXT) *out = value_text(str_of(a->text), ev->e);
        return true;
    }
    return false;
}

bool estimator_field(struct eval *ev, const struct ast *x, struct estimator_value *m,
                     struct value *out) {
    bool found = false, trained = m->fitted || m->is_fitted, known = is_field(x->name);
    if (trained && fitted_field(ev, x->name, m, out, &found)) return true;
    if (found) return false;
    bool checking = !trained || (!m->fitted && ev->domain == DOMAIN_CHECK);
    if (known && checking && m->trained_at.source)
        return *out = value_unknown(), true; /* trained, or fitted in a call, in this cell */
    if (setting_field(ev, x->name, m, out)) return out->kind != V_MISSING;
    if (known && !trained) return estimator_ready(ev, m, x->a->span);
    struct spelling hint;
    spelling_start(&hint, str_of(x->name));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) spelling_add(&hint, str_of(fields[i]));
    struct str best = spelling_best(&hint);
    fail(ev, x->key_span, ERR_NAME, "%s has no field `%s`.", m->name, x->name);
    if (best.n && !known) err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    return false;
}
