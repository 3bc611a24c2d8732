/* Loops over numbers that are counted, and over values that are there. */
#include "loop.h"
#include "builtin.h"
#include "eval_parts.h"
#include "lang/builtins/fn.h"
#include "lang/eval/names/scope.h"

/* A call of the built-in range with one to three arguments by position. */
static bool is_range(struct eval *ev, const struct ast *x) {
    if (x->kind != AST_CALL || x->a->kind != AST_NAME || x->n < 1 || x->n > 3) return false;
    for (int i = 0; i < x->n; i++) {
        if (x->list[i]->name) return false;
    }
    struct value f;
    if (x->a->slot != SLOT_GLOBAL || !global_get(ev, x->a->name, &f)) return false;
    bool range = f.kind == V_BUILTIN && f.builtin->fn == fn_range;
    value_unref(f);
    return range;
}

static bool count_rounds(const struct value *args, int n, struct loop *l) {
    for (int i = 0; i < n; i++) {
        if (args[i].kind != V_INT) return false;
    }
    int64_t end = args[n > 1].integer;
    l->first = n > 1 ? args[0].integer : 0;
    l->step = n > 2 ? args[2].integer : 1;
    if (l->step == 0) return false;
    __int128 way = l->step > 0 ? (__int128)end - l->first : (__int128)l->first - end;
    __int128 width = l->step > 0 ? l->step : -(__int128)l->step;
    __int128 rounds = way <= 0 ? 0 : (way + width - 1) / width;
    l->n = rounds > INT64_MAX ? INT64_MAX : (int64_t)rounds;
    return l->counted = true;
}

bool loop_start(struct eval *ev, const struct ast *x, struct loop *l) {
    *l = (struct loop){.n = -1};
    if (ev->domain == DOMAIN_CHECK || !is_range(ev, x))
        return eval_expr(ev, x, &l->over) && iterate_count(ev, l->over, x->span, &l->n);
    struct value args[3] = {{0}}, f;
    struct actual actuals[3];
    bool ok = true;
    int n = 0;
    for (; ok && n < x->n; n++) {
        ok = eval_expr(ev, x->list[n]->a, &args[n]);
        actuals[n] = (struct actual){.value = args[n], .at = x->list[n]->span};
    }
    if (ok && !count_rounds(args, n, l)) {
        ok = global_get(ev, x->a->name, &f) && call_value(ev, f, actuals, n, x->span, &l->over) &&
             iterate_count(ev, l->over, x->span, &l->n);
    }
    for (int i = 0; i < n; i++) value_unref(args[i]);
    return ok || err_at(ev->e, x->span);
}

bool loop_item(struct eval *ev, const struct loop *l, int64_t i, struct value *out) {
    if (!l->counted) return iterate_item(ev, l->over, i, out);
    return *out = value_int((int64_t)((__int128)l->first + (__int128)i * l->step)), true;
}

void loop_end(struct loop *l) {
    value_unref(l->over);
}
