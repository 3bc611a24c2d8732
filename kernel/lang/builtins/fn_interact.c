/* interact: which settings a function may be tried with. */
#include "fn.h"
#include "lang/interact.h"
#include <math.h>

/* Sliders stop at 100 places between their ends unless a step is said. */
static const double PLACES = 100;

static bool two_or_three(struct value v, double *x, int *n, bool *whole) {
    bool tuple = v.kind == V_LIST && v.list->is_tuple && (v.list->n == 2 || v.list->n == 3);
    *n = tuple ? v.list->n : 0;
    *whole = true;
    for (int i = 0; tuple && i < *n; i++) {
        struct value item = v.list->items[i];
        if (!value_is_number(item) || item.kind == V_BOOL) return false;
        x[i] = value_number(item);
        *whole = *whole && item.kind == V_INT;
    }
    return tuple;
}

static bool wrong(struct call *c, const struct actual *a) {
    fail(c->ev, a->at, ERR_ARGUMENT, "interact does not know how `%s` could be moved.", a->name);
    err_label(c->ev->e, "is %s", value_kind_words(a->value.kind));
    return err_hint(c->ev->e, "    x=(0, 10)          a slider: from, to, and perhaps a step\n"
                              "    mode=[\"a\", \"b\"]    a choice\n"
                              "    flag=True          a switch\n"
                              "    word=\"text\"        a text field");
}

static bool slider(struct call *c, const struct actual *a, struct knob *k) {
    double x[3] = {0};
    int n;
    bool whole;
    if (!two_or_three(a->value, x, &n, &whole)) return wrong(c, a);
    if (!(x[0] < x[1]) || !isfinite(x[0]) || !isfinite(x[1]) || (n == 3 && !(x[2] > 0)))
        return fail(c->ev, a->at, ERR_VALUE,
                    "A slider goes from a smaller number to a larger one, in steps above 0.");
    k->kind = whole ? KNOB_INT : KNOB_FLOAT;
    k->low = x[0];
    k->high = x[1];
    k->step = n == 3 ? x[2] : whole ? 1 : (x[1] - x[0]) / PLACES;
    double steps = floor((x[1] - x[0]) / k->step / 2);
    k->start.number = x[0] + steps * k->step;
    return true;
}

/* A single number: a slider around it. */
static void around(struct knob *k, struct value v) {
    double x = value_number(v), size = fabs(x) > 0 ? fabs(x) : 1;
    k->kind = v.kind == V_INT ? KNOB_INT : KNOB_FLOAT;
    k->low = x - 2 * size;
    k->high = x + 2 * size;
    k->step = v.kind == V_INT ? 1 : 4 * size / PLACES;
    k->start.number = x;
}

static bool choice(struct call *c, const struct actual *a, struct knob *k) {
    struct value v = a->value;
    bool tensor = v.kind == V_TENSOR && v.tensor->shape.n == 1;
    k->n_choices = tensor ? (int)v.tensor->count : v.kind == V_LIST ? v.list->n : 0;
    if (k->n_choices == 0) return wrong(c, a);
    if (k->n_choices > 1000)
        return fail(c->ev, a->at, ERR_VALUE, "A choice among %d values is too long.", k->n_choices);
    k->kind = KNOB_CHOICE;
    k->choices = value_ref(v);
    return true;
}

static bool read_knob(struct call *c, const struct actual *a, struct knob *k) {
    struct value v = a->value;
    *k = (struct knob){.name = a->name, .choices = value_none(), .text = value_none()};
    if (v.kind == V_BOOL) {
        k->kind = KNOB_SWITCH;
        k->start.number = v.boolean;
        return true;
    }
    if (v.kind == V_TEXT) {
        k->kind = KNOB_TEXT;
        k->text = value_ref(v);
        return true;
    }
    if (value_is_number(v)) return around(k, v), true;
    return v.kind == V_LIST && v.list->is_tuple ? slider(c, a, k) : choice(c, a, k);
}

/* A parameter's own default is where its control starts, if it can be set to it. */
static void start_at_default(const struct function *f, struct knob *k) {
    for (int i = 0; i < f->n_defaults; i++) {
        struct value d = f->defaults[i];
        if (f->ast->list[i]->name != k->name || d.kind == V_MISSING) continue;
        bool number = value_is_number(d) && (k->kind == KNOB_INT || k->kind == KNOB_FLOAT);
        if (number && value_number(d) >= k->low && value_number(d) <= k->high)
            k->start.number = value_number(d);
        for (int n = 0; k->kind == KNOB_CHOICE && n < k->n_choices; n++) {
            struct text a = {0}, b = {0};
            knob_choice(k, n, &a);
            value_print(d, &b);
            if (a.n == b.n && str_is(text_str(&a), b.p ? b.p : "")) k->start.number = n;
            text_clear(&a);
            text_clear(&b);
        }
    }
}

/* Its first call, with everything where it starts: mistakes in it are found before anything runs.
 */
static bool check_call(struct call *c, const struct interaction *i) {
    struct actual actuals[INTERACT_MOST] = {0};
    struct value out = value_missing();
    for (int k = 0; k < i->n; k++) {
        actuals[k] = c->actuals[c->rest[k]];
        actuals[k].value = knob_value(&i->knobs[k], i->knobs[k].start, c->ev->e);
    }
    bool ok = call_value(c->ev, i->function, actuals, i->n, c->at, &out);
    for (int k = 0; k < i->n; k++) value_unref(actuals[k].value);
    value_unref(out);
    return ok;
}

static bool show(struct call *c, const struct interaction *i) {
    struct eval *ev = c->ev;
    const struct engine_observer *o = ev->observer;
    int id = engine_interaction_add(ev->engine, i, ev->e);
    if (!id) return false;
    if (o->interact) return o->interact(o->user, id, ev->e);
    bool ok = engine_interact(ev->engine, id, NULL, o, ev->e);
    engine_interaction_drop(ev->engine, id);
    return ok;
}

bool fn_interact(struct call *c, struct value *out) {
    struct interaction i = {.at = c->at};
    struct value f;
    bool check = c->ev->domain == DOMAIN_CHECK, known = true, kept = false, ok = true;
    *out = value_none();
    TRY(call_function(c, 0, &f));
    if (c->n_rest > INTERACT_MOST)
        return call_fail(c, -1, ERR_ARGUMENT, "interact moves at most %d settings.", INTERACT_MOST);
    known = f.kind != V_UNKNOWN;
    for (int k = 0; ok && known && k < c->n_rest; k++) {
        const struct actual *a = &c->actuals[c->rest[k]];
        if (!a->name)
            ok = fail(c->ev, a->at, ERR_ARGUMENT, "Settings have names: interact(f, x=(0, 10))");
        else if (value_has_unknown(a->value)) known = false;
        else ok = read_knob(c, a, &i.knobs[i.n++]);
        if (ok && known && f.kind == V_FUNCTION) start_at_default(f.function, &i.knobs[i.n - 1]);
    }
    i.function = value_ref(f);
    if (ok && known && check) ok = check_call(c, &i);
    if (ok && known && !check) {
        i.stream = next_stream(c->ev);
        kept = true;
        ok = show(c, &i);
    }
    for (int k = 0; !kept && k < i.n; k++) {
        value_unref(i.knobs[k].choices);
        value_unref(i.knobs[k].text);
    }
    if (!kept) value_unref(i.function);
    return ok;
}
