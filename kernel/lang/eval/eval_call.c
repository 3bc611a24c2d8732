/* Calls: chains, arguments, the user's functions, built-ins. */
#include "eval_parts.h"
#include "builtin.h"
#include "known_calls.h"
#include "lang/eval/tables/columns.h"
#include "lang/builtins/fn.h"
#include "plan.h"
#include "lang/values/scaler_value.h"
#include "lang/eval/models/estimator.h"
#include "lang/values/names.h"
#include "scalar.h"
#include "lang/eval/names/scope.h"
#include "lang/syntax/spelling.h"
#include "lang/values/stack.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

enum { MAX_ACTUALS = 64, CHECK_DEPTH = 24, SMALL_SLOTS = 16 };

/* ---- arguments ---- */

struct actuals {
    struct actual items[MAX_ACTUALS];
    int n;
};

static void actuals_clear(struct actuals *a) {
    for (int i = 0; i < a->n; i++) value_unref(a->items[i].value);
    a->n = 0;
}

static bool add_actual(struct eval *ev, struct actuals *a, struct actual one, struct span at) {
    if (a->n == MAX_ACTUALS) {
        value_unref(one.value);
        return fail(ev, at, ERR_ARGUMENT, "A call can have at most %d arguments.", MAX_ACTUALS);
    }
    a->items[a->n++] = one;
    return true;
}

static bool eval_actuals(struct eval *ev, const struct ast *call, struct value callee,
                         struct actuals *a) {
    bool verb = callee.kind == V_BUILTIN && (callee.builtin->flags & FN_COLUMNS);
    for (int i = 0; i < call->n; i++) {
        const struct ast *arg = call->list[i];
        struct actual one = {
            .name = arg->name, .at = arg->a->span, .name_at = arg->key_span, .tree = arg->a};
        if (verb && a->n > 0)
            TRY(eval_verb_argument(ev, callee.builtin, &a->items[0].value, arg->a, &one.value));
        else TRY(eval_short(ev, arg->a, &one.value));
        TRY(add_actual(ev, a, one, arg->span));
    }
    return true;
}

/* ---- the user's functions ---- */

bool make_closure(struct eval *ev, const struct ast *f, struct value **captured,
                  int32_t *n_captured, struct value **defaults) {
    const struct scope *s = f->scope;
    *captured = pool_need((size_t)s->n_captures * sizeof **captured + 1, ev->e);
    *defaults = pool_need((size_t)f->n * sizeof **defaults + 1, ev->e);
    *n_captured = s->n_captures;
    bool ok = *captured && *defaults;
    for (int i = 0; ok && i < s->n_captures; i++)
        (*captured)[i] = value_ref(*slot_of(ev, s->captures[i].outer));
    for (int i = 0; ok && i < f->n; i++) {
        if (f->list[i]->a) ok = eval_expr(ev, f->list[i]->a, &(*defaults)[i]);
    }
    if (ok) return true;
    for (int i = 0; *captured && i < s->n_captures; i++) value_unref((*captured)[i]);
    for (int i = 0; *defaults && i < f->n; i++) value_unref((*defaults)[i]);
    pool_free(*captured);
    pool_free(*defaults);
    return false;
}

bool make_function(struct eval *ev, const struct ast *x, struct value *out) {
    struct function *f = pool_need(sizeof *f, ev->e);
    if (!f) return false;
    *f = (struct function){.refs = 1, .ast = x, .n_defaults = x->n};
    if (!make_closure(ev, x, &f->captured, &f->n_captured, &f->defaults))
        return pool_free(f), false;
    f->program = program_ref(ev->program);
    *out = (struct value){.kind = V_FUNCTION, .function = f};
    return true;
}

static const char *function_title(const struct ast *f) {
    return f->name ? f->name : "this function";
}

static bool parameter_missing(struct eval *ev, const struct ast *f, int i, struct span at) {
    fail(ev, at, ERR_ARGUMENT, "%s needs a value for `%s`.", function_title(f), f->list[i]->name);
    err_note(ev->e, f->span, "defined here");
    return false;
}

static bool parameter_unknown(struct eval *ev, const struct ast *f, const struct actual *a) {
    struct spelling s;
    spelling_start(&s, str_of(a->name));
    for (int i = 0; i < f->n; i++) spelling_add(&s, str_of(f->list[i]->name));
    struct str best = spelling_best(&s);
    fail(ev, a->name_at, ERR_ARGUMENT, "%s has no argument of the name `%s`.", function_title(f),
         a->name);
    err_label(ev->e, "%s has no argument of this name", function_title(f));
    if (best.n) err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    err_note(ev->e, f->span, "defined here");
    return false;
}

bool bind_parameters(struct eval *ev, const struct ast *f, const struct value *defaults,
                     const struct actual *actuals, int n, struct span at, struct value *slots) {
    int next = 0;
    for (int i = 0; i < n; i++) {
        int to = -1;
        if (!actuals[i].name) {
            to = next++;
            if (to >= f->n) {
                fail(ev, actuals[i].at, ERR_ARGUMENT,
                     "%s takes %d argument%s, and this is number "
                     "%d.",
                     function_title(f), f->n, f->n == 1 ? "" : "s", to + 1);
                err_note(ev->e, f->span, "defined here");
                return false;
            }
        }
        for (int k = 0; actuals[i].name && k < f->n; k++) {
            if (f->list[k]->name == actuals[i].name) to = k;
        }
        if (to < 0) return parameter_unknown(ev, f, &actuals[i]);
        if (slots[to].kind != V_MISSING)
            return fail(ev, actuals[i].at, ERR_ARGUMENT, "`%s` is given twice.", f->list[to]->name);
        slots[to] = value_ref(actuals[i].value);
    }
    for (int i = 0; i < f->n; i++) {
        if (slots[i].kind == V_MISSING && defaults) slots[i] = value_ref(defaults[i]);
        if (slots[i].kind == V_MISSING) return parameter_missing(ev, f, i, at);
    }
    return true;
}

/* Where the arguments of a call stand: its actuals, or the call itself with all of them by
 * position.
 */
struct arguments {
    const struct actual *actuals;
    const struct ast *call;
    int n;
};

/* The argument of parameter i; the whole call for a default, and where a value was passed by the
 * program. */
static struct span argument_span(const struct arguments *args, int i, const char *name,
                                 struct span call) {
    if (args && args->call) return args->call->list[i]->a->span;
    for (int k = 0, position = 0; args && k < args->n; k++) {
        const struct actual *a = &args->actuals[k];
        bool here = a->name ? a->name == name : position == i;
        position += !a->name;
        if (here) return a->at;
    }
    return call;
}

static bool check_parameters(struct eval *ev, const struct ast *f, struct value *slots,
                             struct span at, const struct arguments *args) {
    for (int i = 0; i < f->n; i++) {
        const struct ast *p = f->list[i];
        if (!p->b) continue;
        TRY(check_type(ev, p->b, &slots[i], p->name, argument_span(args, i, p->name, at)));
    }
    return true;
}

static bool run_body(struct eval *ev, const struct ast *f, struct value *out) {
    if (f->kind == AST_LAMBDA) return eval_short(ev, f->a, out);
    enum flow flow = exec_function(ev, f->body, f->n_body);
    struct value pending = ev->frame->pending;
    if (flow == FLOW_ERROR) return value_unref(pending), false;
    if (flow != FLOW_RETURN) *out = value_none();
    if (pending.kind != V_MISSING) *out = value_join(pending, *out, ev->e);
    return true;
}

bool too_deep(struct eval *ev, struct span at) {
    if (ev->depth >= MAX_DEPTH)
        fail(ev, at, ERR_RECURSION, "Functions call each other more than %d levels deep.",
             MAX_DEPTH);
    else fail(ev, at, ERR_RECURSION, "The calls and brackets here are nested too deeply.");
    return err_hint(ev->e, "A function that calls itself needs a case in which it stops. For long "
                           "repetitions use a loop.");
}

/* A mistake that lies elsewhere says by which call one came there. Returns false. */
static bool called_from(struct eval *ev, const struct function *f, struct span at) {
    const struct err *e = ev->e;
    bool here = e->at.source == at.source && e->at.start >= at.start && e->at.end <= at.end;
    if (!here && e->at.source && f->ast->kind == AST_DEF && e->n_notes < 3)
        err_note(ev->e, at, "called from");
    return false;
}

static inline bool run_with(struct eval *ev, struct function *f, struct value *slots,
                            struct span at, const struct arguments *args, struct value *out) {
    struct frame frame = {
        .scope = f->ast->scope, .slots = slots, .captured = f->captured, .returned = out};
    struct place call = place_call(ev->place, ev->draws);
    struct caller caller = body_enter(ev, f->program, &frame);
    if (f->ast->kind == AST_LAMBDA) ev->plot = caller.plot, ev->at_hand = caller.at_hand;
    ev->place = &call;
    ev->draws = 0;
    bool ok = check_parameters(ev, f->ast, slots, at, args) && run_body(ev, f->ast, out);
    body_leave(ev, &caller);
    ev->draws++;
    for (int i = 0; i < frame.scope->n_slots; i++) value_unref(slots[i]);
    return ok || called_from(ev, f, at);
}

bool run_function(struct eval *ev, struct function *f, struct value *slots, struct span at,
                  struct value *out) {
    return run_with(ev, f, slots, at, NULL, out);
}

static bool call_bound(struct eval *ev, struct function *f, const struct actual *actuals, int n,
                       struct span at, struct value *out) {
    if (ev->depth >= MAX_DEPTH) return too_deep(ev, at);
    if (stopped(ev, at)) return false;
    const struct scope *s = f->ast->scope;
    struct value small[SMALL_SLOTS];
    struct value *slots = small;
    if (s->n_slots > SMALL_SLOTS) slots = pool_need((size_t)s->n_slots * sizeof *slots, ev->e);
    if (!slots) return false;
    memset(slots, 0, (size_t)s->n_slots * sizeof *slots); /* V_MISSING is 0 */
    bool ok = bind_parameters(ev, f->ast, f->defaults, actuals, n, at, slots);
    struct arguments given = {.actuals = actuals, .n = n};
    if (ok) ok = run_with(ev, f, slots, at, &given, out);
    else
        for (int i = 0; i < s->n_slots; i++) value_unref(slots[i]);
    if (slots != small) pool_free(slots);
    return ok;
}

/* While checking: every call once, and not too deep. */
static bool check_call(struct eval *ev, struct function *f, const struct actual *actuals, int n,
                       struct span at, struct value *out) {
    if (ev->depth >= CHECK_DEPTH) return *out = value_unknown(), true;
    if (known_call_find(ev, f, actuals, n, out)) return ev->draws++, true;
    struct known_calls kept = {0}, *outer = ev->known;
    if (!outer) ev->known = &kept;
    bool ok = call_bound(ev, f, actuals, n, at, out);
    ev->known = outer;
    if (ok) known_call_keep(ev, f, actuals, n, *out);
    known_calls_clear(&kept);
    return ok;
}

static bool call_function_value(struct eval *ev, struct function *f, const struct actual *actuals,
                                int n, struct span at, struct value *out) {
    bool checking = ev->domain == DOMAIN_CHECK;
    return checking ? check_call(ev, f, actuals, n, at, out)
                    : call_bound(ev, f, actuals, n, at, out);
}

bool call_simple(struct eval *ev, struct value callee, const struct value *args, int n,
                 struct span at, struct value *out) {
    struct actual actuals[8] = {0};
    for (int i = 0; i < n && i < 8; i++) actuals[i] = (struct actual){.value = args[i], .at = at};
    return call_value(ev, callee, actuals, n, at, out);
}

/* ---- built-ins ---- */

/* Is something in it not known while checking? */
bool value_has_unknown(struct value v) {
    if (v.kind == V_UNKNOWN || v.kind == V_DESC || stack_is_low()) return true;
    if (v.kind == V_TABLE_DESC || v.kind == V_COLUMN_DESC) return true;
    if (v.kind == V_GROUPS) return !v.groups->known;
    if (v.kind == V_PAIR)
        return value_has_unknown(v.pair->inputs) || value_has_unknown(v.pair->targets);
    int32_t n = v.kind == V_LIST ? v.list->n : v.kind == V_RECORD ? v.record->n : 0;
    const struct value *items = v.kind == V_LIST ? v.list->items : n ? v.record->items : NULL;
    for (int32_t i = 0; i < n; i++) {
        if (value_has_unknown(items[i])) return true;
    }
    return false;
}

static bool argument_unknown(const struct call *c) {
    for (int i = 0; i < c->n_actuals; i++) {
        if (value_has_unknown(c->actuals[i].value)) return true;
    }
    return false;
}

/* An elementwise function of one number. False: something else. */
static bool call_on_number(struct eval *ev, const struct builtin *b, const struct actual *actuals,
                           int n, struct value *out) {
    if (n != 1 || actuals->name || ev->domain == DOMAIN_CHECK) return false;
    *out = scalar_function(b, actuals->value);
    return out->kind != V_MISSING;
}

/* While a cell runs everything is known: a function that gives something unknown has met arguments
 * that it has no meaning for. */
static bool is_known(const struct call *c, const struct value *out) {
    bool known = out->kind != V_UNKNOWN && out->kind != V_DESC;
    if (known || c->ev->domain == DOMAIN_CHECK || c->ev->graph) return true;
    value_unref(*out);
    err_set(c->ev->e, ERR_TYPE, "%s cannot do anything with %s.", c->row->name,
            value_kind_words(c->args[0].kind));
    return err_hint(c->ev->e, "%s? shows what it takes.", c->row->name);
}

static bool is_inside(struct span a, struct span of) {
    return a.source == of.source && a.start >= of.start && a.end <= of.end;
}

/* The place of a mistake that speaks of several arguments, {0}, {1} …, and has none yet: those of
 * them that stand in the call's brackets. Of one argument or none: the whole call. */
static struct span mentioned(const struct call *c) {
    const struct err *e = c->ev->e;
    int first = -1, last = -1, n = 0;
    for (int i = 0; i < c->signature->n && i < 10; i++) {
        char mark[] = {'{', (char)('0' + i), '}', 0};
        if (c->index[i] < 0 || (!strstr(e->what, mark) && !strstr(e->facts, mark))) continue;
        n++;
        if (!is_inside(c->spans[i], c->at)) continue; /* before the dot of a chain */
        if (first < 0) first = i;
        last = i;
    }
    if (n < 2 || first < 0) return c->at;
    return first == last ? c->spans[first] : span_between(c->spans[first], c->spans[last], c->at);
}

static bool call_builtin(struct eval *ev, const struct builtin *b, const struct actual *actuals,
                         int n, struct span at, struct value *out) {
    if (call_on_number(ev, b, actuals, n, out)) return true;
    if (b->config) return call_config(ev, b->config, actuals, n, at, out);
    if (b->op == OP_log && n == 2) /* log(name, value) */
        return call_builtin(ev, builtin_find(intern_c("log_value")), actuals, n, at, out);
    struct call c = {.ev = ev, .row = b, .at = at, .n_actuals = n, .actuals = actuals};
    c.signature = signature_of(b->name, b->signature);
    TRY(signature_bind(c.signature, actuals, n, c.index, c.rest, &c.n_rest, at, ev->e));
    for (int i = 0; i < c.signature->n; i++) {
        bool given = c.index[i] >= 0;
        c.args[i] = given ? actuals[c.index[i]].value : value_missing();
        if (c.args[i].kind == V_RUNS) /* for every function, a search is its table */
            c.args[i] = (struct value){.kind = V_TABLE, .table = c.args[i].runs->table};
        c.spans[i] = given ? actuals[c.index[i]].at : at;
    }
    bool checking = ev->domain == DOMAIN_CHECK;
    if (checking && !(plot_check(&c) && save_check(&c)))
        return fail_from(ev, at, c.spans, c.signature->n);
    if (checking && (b->flags & FN_EFFECT)) return *out = value_none(), true;
    if (checking && (b->flags & FN_NUMBERS)) return *out = value_unknown(), true;
    bool done;
    bool ok = column_call(&c, &done, out);
    bool unknown = ok && !done && checking && (b->flags & FN_KNOWN) && argument_unknown(&c);
    if (unknown) *out = value_unknown();
    else if (ok && !done) ok = call_row(&c, out) && is_known(&c, out);
    for (int i = 0; i < c.n_held; i++) value_unref(c.held[i]);
    return ok || fail_from(ev, mentioned(&c), c.spans, c.signature->n);
}

static bool not_callable(struct eval *ev, struct value v, struct span at) {
    return fail(ev, at, ERR_TYPE, "This is %s, not a function, so it cannot be called.",
                value_kind_words(v.kind));
}

/* A configuration that computes: a loss on tensors, a schedule at a step, a layer on a node. */
static bool call_config_value(struct eval *ev, struct value v, const struct actual *actuals, int n,
                              struct span at, struct value *out) {
    if (v.config->row->group == CONFIG_LAYER) {
        struct layer *l = layer_new(v.config, ev->e);
        if (!l) return false;
        bool ok = call_layer(ev, l, actuals, n, at, out);
        layer_unref(l);
        return ok;
    }
    if (v.config->row->group == CONFIG_SCHEDULE)
        return call_schedule(ev, v.config, actuals, n, at, out);
    if (v.config->row->group == CONFIG_LOSS || v.config->row->group == CONFIG_METRIC)
        return call_measure(ev, v.config, actuals, n, at, out);
    return not_callable(ev, v, at);
}

bool call_value(struct eval *ev, struct value callee, const struct actual *actuals, int n,
                struct span at, struct value *out) {
    *out = value_missing();
    switch (callee.kind) {
    case V_FUNCTION: return call_function_value(ev, callee.function, actuals, n, at, out);
    case V_BUILTIN: return call_builtin(ev, callee.builtin, actuals, n, at, out);
    case V_CONFIG: return call_config_value(ev, callee, actuals, n, at, out);
    case V_LAYER: return call_layer(ev, callee.layer, actuals, n, at, out);
    case V_MAKER: return call_maker(ev, callee.maker, actuals, n, at, out);
    case V_ESTIMATOR:
        if (n != 1)
            return fail(ev, at, ERR_ARGUMENT, "A model is applied to one value: %s(x).",
                        callee.estimator->name);
        return apply_any_model(ev, callee, actuals[0].value, actuals[0].at, out);
    case V_MODEL: return call_model(ev, callee.model, actuals, n, at, out);
    case V_SCALER:
        if (n != 1) return fail(ev, at, ERR_ARGUMENT, "A scaler is applied to one thing: s(x).");
        return scaler_apply(ev, callee.scaler, actuals[0].value, callee.scaler->inverse, out) ||
               fail_from(ev, at, &actuals[0].at, 1);
    case V_UNKNOWN: return *out = value_unknown(), true;
    default: return not_callable(ev, callee, at);
    }
}

/* ---- chains ---- */

static bool is_callable(struct value v) {
    return v.kind == V_FUNCTION || v.kind == V_BUILTIN || v.kind == V_LAYER || v.kind == V_MAKER ||
           v.kind == V_CONFIG || v.kind == V_MODEL || v.kind == V_ESTIMATOR || v.kind == V_SCALER;
}

/* The function that `x.name(…)` calls: a local or session name if it is one, else a built-in. */
static bool find_method(struct eval *ev, const struct ast *field, struct value *out) {
    if (field->slot != SLOT_GLOBAL) {
        struct value *v = slot_of(ev, field->slot);
        if (is_callable(*v)) return *out = value_ref(*v), true;
    }
    if (global_get(ev, field->name, out)) {
        if (is_callable(*out)) return true;
        value_unref(*out);
    }
    const struct builtin *b = builtin_find(field->name);
    *out = b ? (struct value){.kind = V_BUILTIN, .builtin = b} : value_missing();
    return b != NULL;
}

static bool makes_layers(struct value f) {
    return (f.kind == V_BUILTIN && f.builtin->config && f.builtin->config->group == CONFIG_LAYER) ||
           f.kind == V_MAKER;
}

static void see_name(void *user, const char *name, const struct value *v) {
    if (is_callable(*v)) spelling_add(user, str_of(name));
}

static bool no_method(struct eval *ev, const struct ast *field, struct value self) {
    const char *later = builtin_later(field->name);
    if (later) return fail_later_name(ev, field->key_span, field->name, later);
    struct spelling s;
    spelling_start(&s, str_of(field->name));
    for (int i = 0; i < builtin_count(); i++)
        if (!builtin_at(i)->config || ev->builder) spelling_add(&s, str_of(builtin_at(i)->name));
    names_each(engine_names(ev->engine), see_name, &s);
    struct str best = spelling_best(&s);
    const char *foreign = spelling_foreign(str_of(field->name), true);
    fail(ev, field->key_span, ERR_NAME, "There is no function `%s` that could be applied to %s.",
         field->name, value_kind_words(self.kind));
    err_label(ev->e, "is not defined");
    if (foreign) err_hint(ev->e, "%s", foreign);
    else if (best.n) err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    return false;
}

static bool layer_outside(struct eval *ev, const struct ast *field, struct value f) {
    fail(ev, field->key_span, ERR_TYPE,
         "%s is a layer: it has weights or a mode, and lives inside a model.", f.builtin->name);
    return err_hint(ev->e, "    model Net():\n        input x: [4]\n        output x.%s(…)",
                    f.builtin->name);
}

/* The last link of a chain, `.MaxPool2D(8x8)` without its dot: what a message points at. */
static struct span link_span(const struct ast *x) {
    return (struct span){x->span.source, x->a->key_span.start, x->span.end};
}

/* f(a)(x): make the layer from the arguments, then apply it to what stands before the dot. */
static bool chain_layer(struct eval *ev, struct value f, struct value self, struct actuals *a,
                        const struct ast *x, struct value *out) {
    struct value made;
    TRY(call_value(ev, f, a->items, a->n, link_span(x), &made));
    struct actual on = {.value = self, .at = x->a->a->span};
    bool ok = call_value(ev, made, &on, 1, link_span(x), out);
    value_unref(made);
    return ok;
}

/* Of something unknown: it may be a table, and .x a column of it. */
static bool unknown_actuals(struct eval *ev, const struct ast *x, struct value self,
                            struct actuals *a) {
    const struct value *outer = ev->at_hand;
    ev->at_hand = &self;
    bool ok = eval_actuals(ev, x, value_missing(), a);
    ev->at_hand = outer;
    return ok;
}

static bool call_chain(struct eval *ev, const struct ast *x, struct value self, struct value *out) {
    const struct ast *field = x->a;
    struct actuals a;
    a.n = 0;
    struct value f = value_missing();
    bool is_field = self.kind == V_RECORD && record_get(self.record, field->name);
    if (self.kind == V_UNKNOWN) {
        bool ok = unknown_actuals(ev, x, self, &a);
        actuals_clear(&a);
        return *out = value_unknown(), ok;
    }
    if (is_field) f = value_ref(*record_get(self.record, field->name));
    else if (!find_method(ev, field, &f)) return no_method(ev, field, self);
    bool layer = !is_field && makes_layers(f);
    bool ok = !layer || f.kind == V_MAKER || ev->builder || layer_outside(ev, field, f);
    if (ok && !is_field && !layer)
        ok = add_actual(
            ev, &a,
            (struct actual){.value = value_ref(self), .at = field->a->span, .tree = field->a},
            x->span);
    ok = ok && eval_actuals(ev, x, f, &a);
    if (ok && layer) ok = chain_layer(ev, f, self, &a, x, out);
    else if (ok) ok = call_value(ev, f, a.items, a.n, link_span(x), out);
    actuals_clear(&a);
    value_unref(f);
    return ok;
}

/* A user's function with all its arguments by position: they are evaluated into its slots. False:
 * another kind of call, and nothing has happened. */
static bool call_directly(struct eval *ev, const struct ast *x, struct function *f,
                          struct value *out, bool *ok) {
    struct value slots[SMALL_SLOTS];
    const struct scope *s = f->ast->scope;
    bool usual = ev->domain == DOMAIN_RUN && x->n == f->ast->n && s->n_slots <= SMALL_SLOTS;
    for (int i = 0; usual && i < x->n; i++) usual = !x->list[i]->name;
    if (!usual || ev->depth >= MAX_DEPTH) return false;
    if (stopped(ev, x->span)) return *ok = false, true;
    for (int i = 0; i < s->n_slots; i++) slots[i].kind = V_MISSING;
    *ok = true;
    for (int i = 0; *ok && i < x->n; i++) *ok = eval_short(ev, x->list[i]->a, &slots[i]);
    struct arguments given = {.call = x, .n = x->n};
    if (*ok) *ok = run_with(ev, f, slots, x->span, &given, out);
    else
        for (int i = 0; i < x->n; i++) value_unref(slots[i]);
    return true;
}

/* The user's function that a name stands for, borrowed: while it runs, nothing can take it from the
 * name, because functions only assign to names of their own. NULL: anything else. */
static struct function *named_function(struct eval *ev, const struct ast *x) {
    if (x->kind != AST_NAME || ev->domain != DOMAIN_RUN) return NULL;
    const struct value *v =
        x->slot == SLOT_GLOBAL ? global_value(ev, x->name) : slot_of(ev, x->slot);
    return v && v->kind == V_FUNCTION ? v->function : NULL;
}

/* Room for arguments is large, and has no place in the frames of a recursion. */
static __attribute__((noinline)) bool call_with_actuals(struct eval *ev, const struct ast *x,
                                                        struct value *out) {
    struct value callee;
    if (x->a->kind == AST_ATTRIBUTE) {
        TRY(eval_expr(ev, x->a->a, &callee));
        bool ok = call_chain(ev, x, callee, out);
        value_unref(callee);
        return ok || err_at(ev->e, x->span);
    }
    TRY(eval_expr(ev, x->a, &callee));
    struct actuals a;
    a.n = 0;
    bool ok = eval_actuals(ev, x, callee, &a) && call_value(ev, callee, a.items, a.n, x->span, out);
    actuals_clear(&a);
    value_unref(callee);
    return ok || err_at(ev->e, x->span);
}

bool eval_call(struct eval *ev, const struct ast *x, struct value *out) {
    bool done;
    struct function *own = named_function(ev, x->a);
    if (own && call_directly(ev, x, own, out, &done)) return done || err_at(ev->e, x->span);
    return call_with_actuals(ev, x, out);
}
