/* Bagging, Voting, Stacking: making them; and transform. How they are trained stands in
 * eval/ensemble.c. */
#include "fn.h"
#include "lang/eval/models/estimator.h"
#include <string.h>

enum { MOST_MEMBERS = 64, MOST_COPIES = 10000 };

static bool is_model(struct value v) {
    return v.kind == V_MODEL || v.kind == V_ESTIMATOR;
}

/* A model, or the bare name of one, which means its defaults. New reference. */
static bool take_model(struct call *c, int i, struct value v, struct value *out) {
    struct eval *ev = c->ev;
    if (is_model(v)) return *out = value_ref(v), true;
    const struct config_row *row = v.kind == V_BUILTIN ? v.builtin->config : NULL;
    bool bare = row && row->group == CONFIG_ESTIMATOR;
    if (bare) {
        struct config *config = config_default(row, ev->e);
        return config && make_estimator(ev, config, out);
    }
    call_fail(c, i, ERR_TYPE, "An ensemble is made of models, and this is %s.",
              value_kind_words(v.kind));
    if (v.kind == V_MAKER) err_hint(ev->e, "Make an instance first: %s()", v.maker->ast->name);
    return false;
}

static struct estimator_value *begin(struct call *c, enum ensemble kind, int32_t room) {
    struct estimator_value *m = estimator_value_new(intern_c(c->row->name), NULL, c->ev->e);
    if (!m) return NULL;
    m->ensemble = kind;
    m->stream = next_stream(c->ev);
    m->members = pool_need((size_t)(room + 1) * sizeof *m->members, c->ev->e);
    if (m->members) return m;
    value_unref((struct value){.kind = V_ESTIMATOR, .estimator = m});
    return NULL;
}

bool fn_Bagging(struct call *c, struct value *out) {
    int64_t n;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(call_int(c, 1, 10, &n));
    if (n < 1 || n > MOST_COPIES)
        return call_fail(c, 1, ERR_VALUE, "A bag has from 1 to %d members, not %lld.", MOST_COPIES,
                         (long long)n);
    struct estimator_value *m = begin(c, ENSEMBLE_BAGGING, 1);
    if (!m) return false;
    *out = (struct value){.kind = V_ESTIMATOR, .estimator = m};
    m->copies = n;
    if (take_model(c, 0, c->args[0], &m->members[0])) return m->n_members = 1, true;
    value_unref(*out);
    return false;
}

static bool take_models(struct call *c, struct estimator_value *m) {
    const struct list *l = c->args[0].list;
    for (int32_t i = 0; i < l->n; i++, m->n_members++)
        TRY(take_model(c, 0, l->items[i], &m->members[i]));
    return true;
}

static bool list_given(struct call *c) {
    struct value v = c->args[0];
    if (v.kind == V_LIST && v.list->n > 0 && v.list->n <= MOST_MEMBERS) return true;
    if (v.kind == V_LIST)
        return call_fail(c, 0, ERR_ARGUMENT, "From 1 to %d models are needed, and these are %d.",
                         MOST_MEMBERS, v.list->n);
    call_fail(c, 0, ERR_ARGUMENT, "A list of models is needed, and this is %s.",
              value_kind_words(v.kind));
    return err_hint(c->ev->e, "%s([RandomForest(), KNeighbors(5)])", c->row->name);
}

bool fn_Voting(struct call *c, struct value *out) {
    bool soft;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(call_bool(c, 1, true, &soft));
    TRY(list_given(c));
    struct estimator_value *m = begin(c, ENSEMBLE_VOTING, c->args[0].list->n);
    if (!m) return false;
    *out = (struct value){.kind = V_ESTIMATOR, .estimator = m};
    m->soft = soft;
    if (take_models(c, m)) return true;
    value_unref(*out);
    return false;
}

bool fn_Stacking(struct call *c, struct value *out) {
    int64_t folds;
    if (c->args[0].kind == V_UNKNOWN || c->args[1].kind == V_UNKNOWN)
        return *out = value_unknown(), true;
    TRY(call_int(c, 2, 5, &folds));
    TRY(list_given(c));
    if (folds < 2 || folds > 1000)
        return call_fail(c, 2, ERR_VALUE, "A stack needs from 2 to 1000 folds, not %lld.",
                         (long long)folds);
    struct estimator_value *m = begin(c, ENSEMBLE_STACKING, c->args[0].list->n);
    if (!m) return false;
    *out = (struct value){.kind = V_ESTIMATOR, .estimator = m};
    m->folds = folds;
    bool ok = take_models(c, m);
    if (ok && call_has(c, 1)) ok = take_model(c, 1, c->args[1], &m->final);
    if (ok) return true;
    value_unref(*out);
    return false;
}

bool fn_transform(struct call *c, struct value *out) {
    struct value m = c->args[0];
    if (m.kind == V_SCALER) return scaler_transform(c, out);
    if (m.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (m.kind != V_ESTIMATOR)
        return call_fail(c, 0, ERR_TYPE, "transform needs a fitted scaler or PCA, and this is %s.",
                         value_kind_words(m.kind));
    return apply_any_model(c->ev, m, c->args[1], c->spans[1], out);
}
