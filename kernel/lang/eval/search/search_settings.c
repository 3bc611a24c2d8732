/* The settings of a search block, one row and one function each. */
#include "search.h"
#include "base/intern.h"
#include <string.h>

static bool set_trials(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct search *b = to;
    TRY(setting_int(ev, s, v, NULL, 1, &b->trials));
    if (b->trials <= SEARCH_MAX_TRIALS) return true;
    return fail(ev, s->a->span, ERR_SETTING, "A search has at most %d trials.", SEARCH_MAX_TRIALS);
}

static bool set_metric(struct search *b, const struct ast *s, struct value v, bool maximize) {
    struct eval *ev = b->ev;
    if (b->metric)
        return fail(ev, s->span, ERR_SETTING,
                    "A search makes one thing small or large: `%s` is "
                    "the second.",
                    s->name);
    b->metric_at = s->a->span;
    b->maximize = maximize;
    if (v.kind == V_TEXT) return setting_text(ev, s, v, &b->metric);
    setting_wrong(ev, s, v, "the name of a history's column, in quotes");
    return err_hint(ev->e, "Write %s: \"%s\"", s->name, maximize ? "val_accuracy" : "val_loss");
}

static bool set_minimize(struct eval *ev, const struct ast *s, struct value v, void *to) {
    (void)ev;
    return set_metric(to, s, v, false);
}

static bool set_maximize(struct eval *ev, const struct ast *s, struct value v, void *to) {
    (void)ev;
    return set_metric(to, s, v, true);
}

static const char methods[] = "random grid halving"; /* in the order of enum search_method */

static bool set_method(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct search *b = to;
    int method;
    b->method_at = s->a->span;
    TRY(setting_choice(ev, s, v, methods, &method));
    b->method = (enum search_method)method;
    return true;
}

static bool set_seed(struct eval *ev, const struct ast *s, struct value v, void *to) {
    int64_t seed = 0;
    TRY(setting_int(ev, s, v, NULL, INT64_MIN, &seed));
    ((struct search *)to)->seed = (uint64_t)seed;
    ((struct search *)to)->seeded = true;
    return true;
}

static bool set_limit(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_seconds(ev, s, v, &((struct search *)to)->limit_seconds);
}

static bool set_quiet(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_bool(ev, s, v, &((struct search *)to)->quiet);
}

static const struct setting_row rows[] = {
    {"trials", "10; for a grid, all combinations", "How many combinations are tried.", NULL,
     set_trials},
    {"minimize", "\"val_loss\", or \"loss\" without `validate`",
     "The column of the trials' histories that is to be small; each trial counts with its best "
     "epoch.",
     "val_loss loss", set_minimize},
    {"maximize", "none", "The column that is to be large, such as \"val_accuracy\".",
     "val_accuracy accuracy", set_maximize},
    {"method", "\"random\"",
     "\"random\": combinations at random, none of them twice where they can be counted. "
     "\"grid\": every combination. \"halving\": all start with a few epochs, and the best third "
     "of them goes on with three times as many, until the last round has all. (Jamieson and "
     "Talwalkar, 2016)",
     methods, set_method},
    {"seed", "the notebook's", "Another draw of combinations.", NULL, set_seed},
    {"limit", "none", "A time, such as 20 minutes: no new trial starts after it.", NULL, set_limit},
    {"quiet", "False", "True: nothing is shown.", "@bool", set_quiet},
};
const struct setting_table search_settings = {"search", rows, (int)ARRAY_LEN(rows)};
