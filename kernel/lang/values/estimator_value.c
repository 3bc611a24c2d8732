/* Classical models and ensembles as values. */
#include "estimator_value.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

struct estimator_value *estimator_value_new(const char *name, struct config *take, struct err *e) {
    struct estimator_value *m = pool_need(sizeof *m, e);
    if (!m) return config_unref(take), NULL;
    m->refs = 1;
    m->name = name;
    m->config = take;
    return m;
}

struct estimator_value *estimator_value_copy(const struct estimator_value *m, struct err *e) {
    struct estimator_value *c = estimator_value_new(m->name, config_ref(m->config), e);
    if (!c) return NULL;
    c->ensemble = m->ensemble;
    c->copies = m->copies;
    c->folds = m->folds;
    c->soft = m->soft;
    c->stream = m->stream;
    c->final = value_ref(m->final);
    c->members = pool_need((size_t)(m->n_members + 1) * sizeof *c->members, e);
    if (!c->members) return value_unref((struct value){.kind = V_ESTIMATOR, .estimator = c}), NULL;
    for (; c->n_members < m->n_members; c->n_members++)
        c->members[c->n_members] = value_ref(m->members[c->n_members]);
    return c;
}

void estimator_value_free(struct value v) {
    struct estimator_value *m = v.estimator;
    for (int i = 0; i < m->n_members; i++) value_unref(m->members[i]);
    pool_free(m->members);
    value_unref(m->final);
    config_unref(m->config);
    estimator_unref(m->fitted);
    class_names_clear(&m->classes);
    pool_free(m);
}

static bool same_arg(const struct arg *a, const struct arg *b) {
    return a->kind == b->kind && a->number == b->number && a->text == b->text;
}

/* What differs from the defaults, by name: "RandomForest(trees=200)". */
static void print_settings(const struct config *c, struct text *out) {
    struct err ignored = {0};
    struct config *usual = config_default(c->row, &ignored);
    const char *next = c->row->signature;
    struct signature_arg a;
    int shown = 0;
    text_addf(out, "%s(", c->row->name);
    for (int i = 0; signature_next(&next, &a) && i < c->n_args; i++) {
        const struct arg *x = &c->args[i];
        if (usual && i < usual->n_args && same_arg(x, &usual->args[i])) continue;
        text_addf(out, "%s%.*s=", shown++ ? ", " : "", (int)a.name.n, a.name.p);
        if (x->kind == ARG_TEXT) text_addf(out, "\"%s\"", x->text);
        else if (x->kind == ARG_NONE) text_adds(out, "None");
        else number_print(x->number, out);
    }
    text_addc(out, ')');
    config_unref(usual);
}

void estimator_value_print(const struct estimator_value *m, struct text *out) {
    if (m->config) {
        print_settings(m->config, out);
        return;
    }
    text_addf(out, "%s(", m->name);
    if (m->ensemble != ENSEMBLE_BAGGING) text_addc(out, '[');
    int shown = m->ensemble == ENSEMBLE_BAGGING ? 1 : m->n_members;
    for (int i = 0; i < shown; i++) {
        if (i) text_adds(out, ", ");
        value_repr(m->members[i], out);
    }
    if (m->ensemble == ENSEMBLE_BAGGING) text_addf(out, ", n=%lld", (long long)m->copies);
    else text_addc(out, ']');
    if (m->ensemble == ENSEMBLE_STACKING) {
        text_adds(out, ", final=");
        value_repr(m->final, out);
        text_addf(out, ", folds=%lld", (long long)m->folds);
    }
    if (m->ensemble == ENSEMBLE_VOTING && !m->soft) text_adds(out, ", soft=False");
    text_addc(out, ')');
}

const struct class_names *estimator_value_classes(const struct estimator_value *m) {
    return m->fitted ? &m->fitted->classes : &m->classes;
}

bool estimator_value_has_network(struct value v) {
    if (v.kind == V_MODEL) return true;
    if (v.kind != V_ESTIMATOR) return false;
    for (int i = 0; i < v.estimator->n_members; i++)
        if (estimator_value_has_network(v.estimator->members[i])) return true;
    return estimator_value_has_network(v.estimator->final);
}
