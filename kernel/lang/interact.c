/* Interactions that the engine keeps: finding, running, forgetting them. */
#include "interact.h"
#include "engine_parts.h"
#include "lang/eval/signature.h"
#include "base/pool.h"

const struct interaction *engine_interaction(const struct engine *en, int id) {
    for (const struct interaction *i = en->interactions; i; i = i->next)
        if (i->id == id) return i;
    return NULL;
}

int engine_interaction_add(struct engine *en, const struct interaction *take, struct err *e) {
    struct interaction *i = pool_need(sizeof *i, e);
    if (!i) return 0;
    *i = *take;
    i->id = ++en->n_interactions;
    i->next = en->interactions;
    en->interactions = i;
    return i->id;
}

static void clear(struct interaction *i) {
    for (int k = 0; k < i->n; k++) {
        value_unref(i->knobs[k].choices);
        value_unref(i->knobs[k].text);
    }
    value_unref(i->function);
    pool_free(i);
}

void engine_interaction_drop(struct engine *en, int id) {
    for (struct interaction **at = &en->interactions; *at; at = &(*at)->next) {
        struct interaction *i = *at;
        if (i->id != id) continue;
        *at = i->next;
        clear(i);
        return;
    }
}

void engine_interactions_clear(struct engine *en) {
    while (en->interactions) engine_interaction_drop(en, en->interactions->id);
}

static struct value choice_value(const struct knob *c, int i, struct err *e) {
    if (c->choices.kind == V_LIST) return value_ref(c->choices.list->items[i]);
    const struct tensor *t = c->choices.tensor;
    double x = tensor_get(t, i);
    (void)e;
    if (t->dtype == DT_BOOL) return value_bool(x != 0);
    return dtype_is_float(t->dtype) ? value_float(x) : value_int((int64_t)x);
}

void knob_choice(const struct knob *c, int i, struct text *out) {
    struct err ignored = {0};
    struct value v = choice_value(c, i, &ignored);
    value_print(v, out);
    value_unref(v);
}

struct value knob_value(const struct knob *c, struct setting s, struct err *e) {
    switch (c->kind) {
    case KNOB_INT: return value_int((int64_t)s.number);
    case KNOB_FLOAT: return value_float(s.number);
    case KNOB_CHOICE: return choice_value(c, (int)s.number, e);
    case KNOB_SWITCH: return value_bool(s.number != 0);
    case KNOB_TEXT: return s.text ? value_text(str_of(s.text), e) : value_ref(c->text);
    }
    return value_none();
}

/* Whatever the reader's side sends, the function gets what the control allows. */
static struct setting within(const struct knob *c, struct setting s) {
    double low = c->kind == KNOB_CHOICE || c->kind == KNOB_SWITCH ? 0 : c->low;
    double high = c->kind == KNOB_CHOICE ? c->n_choices - 1 : c->kind == KNOB_SWITCH ? 1 : c->high;
    if (!(s.number >= low)) s.number = low;
    if (s.number > high) s.number = high;
    return s;
}

static bool call(struct eval *ev, const struct interaction *i, const struct setting *settings,
                 struct value *out) {
    struct actual actuals[INTERACT_MOST] = {0};
    bool ok = true;
    for (int k = 0; k < i->n; k++) {
        const struct knob *c = &i->knobs[k];
        struct setting s = settings ? within(c, settings[k]) : c->start;
        actuals[k] = (struct actual){.name = c->name, .at = i->at, .name_at = i->at};
        actuals[k].value = knob_value(c, s, ev->e);
        ok = ok && actuals[k].value.kind != V_MISSING;
    }
    ok = ok && call_value(ev, i->function, actuals, i->n, i->at, out);
    for (int k = 0; k < i->n; k++) value_unref(actuals[k].value);
    return ok;
}

bool engine_interact(struct engine *en, int id, const struct setting *settings,
                     const struct engine_observer *o, struct err *e) {
    const struct interaction *i = engine_interaction(en, id);
    if (!i) return err_set(e, ERR_BUG, "There is no interaction of this number.");
    if (settings) {
        *e = (struct err){0};
        atomic_store(&en->stop, false);
    }
    struct frame frame = {0};
    struct place top = {.first = i->stream};
    struct eval ev = {.engine = en,
                      .stop = engine_stop_flag(en),
                      .domain = DOMAIN_RUN,
                      .observer = o,
                      .e = e,
                      .frame = &frame,
                      .place = &top};
    struct value out = value_missing();
    bool ok = call(&ev, i, settings, &out);
    bool nothing = out.kind == V_NONE || out.kind == V_MISSING;
    if (ok && !nothing && o->show) o->show(o->user, out, NULL, false);
    value_unref(out);
    return ok || err_at(e, i->at);
}
