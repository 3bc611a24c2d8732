/* Search spaces as values. */
#include "fn.h"
#include "lang/eval/search/search_space.h"
#include "lang/eval/train/tracking.h"

bool fn_experiment(struct call *c, struct value *out) {
    struct str name;
    TRY(call_text(c, 0, &name));
    *out = value_none();
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '/' || name.p[i] == '\n')
            return call_fail(c, 0, ERR_VALUE, "The name of an experiment is one line without /.");
    if (name.n == 0 || name.n > 200)
        return call_fail(c, 0, ERR_VALUE, "The name of an experiment has 1 to 200 letters.");
    tracking_set_experiment(engine_tracking(c->ev->engine), intern(name));
    return true;
}

bool fn_runs_so_far(struct call *c, struct value *out) {
    return tracking_table(c->ev, out);
}

bool fn_choice(struct call *c, struct value *out) {
    struct value v = c->args[0];
    if (v.kind == V_UNKNOWN || v.kind == V_DESC) return *out = value_unknown(), true;
    *out = space_from(c->ev, v);
    if (out->kind != V_SPACE)
        return call_fail(c, 0, ERR_TYPE, "choice needs a list of values: choice([8, 16, 32]).");
    if (space_count(out->space) > 0) return true;
    value_unref(*out);
    return call_fail(c, 0, ERR_VALUE, "There is nothing to choose from.");
}

static bool from_to(struct call *c, enum space_kind kind, struct value *out) {
    double low = 0, high = 0;
    for (int i = 0; i < 2; i++) {
        if (c->args[i].kind == V_UNKNOWN || c->args[i].kind == V_DESC)
            return *out = value_unknown(), true;
    }
    TRY(call_number(c, 0, 0, &low) && call_number(c, 1, 0, &high));
    if (!(low < high) && !(kind == SPACE_INTEGERS && low == high))
        return call_fail(c, 1, ERR_VALUE, "The second number has to be the larger one.");
    if (kind == SPACE_LOGUNIFORM && low <= 0)
        return call_fail(c, 0, ERR_VALUE,
                         "loguniform draws powers of ten, so it starts above 0: "
                         "loguniform(1e-5, …).");
    *out = value_space(kind, low, high, c->ev->e);
    return out->kind == V_SPACE;
}

bool fn_uniform(struct call *c, struct value *out) {
    return from_to(c, SPACE_UNIFORM, out);
}

bool fn_loguniform(struct call *c, struct value *out) {
    return from_to(c, SPACE_LOGUNIFORM, out);
}

bool fn_integers(struct call *c, struct value *out) {
    int64_t low = 0, high = 0;
    for (int i = 0; i < 2; i++) {
        if (c->args[i].kind == V_UNKNOWN || c->args[i].kind == V_DESC)
            return *out = value_unknown(), true;
    }
    TRY(call_int(c, 0, 0, &low) && call_int(c, 1, 0, &high));
    return from_to(c, SPACE_INTEGERS, out);
}
