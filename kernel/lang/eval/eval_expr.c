/* Expressions: one case per kind of tree. */
#include "eval_parts.h"
#include "quantity.h"
#include "advice/advice.h"
#include "modules.h"
#include "builtin.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/tables/columns.h"
#include "fused.h"
#include "lang/values/format.h"
#include "loop.h"
#include "lang/values/names.h"
#include "scalar.h"
#include "lang/eval/names/scope.h"
#include "shape_log.h"
#include "lang/eval/names/unused.h"
#include "lang/values/stack.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 1 << 26 };

/* ---- names ---- */

static const struct value *overlay_get(const struct eval *ev, const char *name) {
    for (int i = ev->overlay.n - 1; i >= 0; i--) {
        if (ev->overlay.items[i].name == name) return &ev->overlay.items[i].value;
    }
    return NULL;
}

static const struct {
    const char *name;
    double x;
} constants[] = {
    {"pi", 3.14159265358979323846}, {"e", 2.71828182845904523536}, {"inf", INFINITY}, {"nan", NAN}};

bool constant_find(const char *name, double *x) {
    for (size_t i = 0; i < ARRAY_LEN(constants); i++) {
        if (strcmp(constants[i].name, name) == 0) return *x = constants[i].x, true;
    }
    return false;
}

const char *constant_name(int i) {
    return (size_t)i < ARRAY_LEN(constants) ? constants[i].name : NULL;
}

const struct value *global_value(struct eval *ev, const char *name) {
    const struct module *m = ev->program->module;
    return m ? module_get(m, name) : names_get(engine_names(ev->engine), name);
}

/* A name that is not a local: session, built-in, constant. */
bool global_get(struct eval *ev, const char *name, struct value *out) {
    const struct module *m = ev->program->module;
    const struct value *v = m                            ? module_get(m, name)
                            : ev->domain == DOMAIN_CHECK ? overlay_get(ev, name)
                                                         : NULL;
    if (!v && !m) v = names_get(engine_names(ev->engine), name);
    if (v && v->kind != V_MISSING) return *out = value_ref(*v), true;
    const struct builtin *b = builtin_find(name);
    if (b) return *out = (struct value){.kind = V_BUILTIN, .builtin = b}, true;
    double x;
    if (constant_find(name, &x)) return *out = value_float(x), true;
    return false;
}

/* A name that the cell gives a value, but not before this point. */
static bool no_value_yet(struct eval *ev, const struct ast *x) {
    const struct ast *given = name_first_given(ev->program, x->name);
    const struct source *source = source_find(x->span.source);
    int line = 0, column;
    fail(ev, x->span, ERR_NAME, "`%s` has no value yet.", x->name);
    err_label(ev->e, "is not defined at this point");
    if (!given || !source || given->span.source != source->id) return false;
    source_position(source, given->span.start, &line, &column);
    if (given->span.start > x->span.start)
        return err_hint(ev->e, "It gets its first value in line %d, further down.", line);
    if (given->span.end > x->span.start)
        err_hint(ev->e,
                 "Line %d gives it its first value, and uses it for that. Give it a value to start "
                 "from in a line above.",
                 line);
    return false;
}

bool name_get(struct eval *ev, const struct ast *x, struct value *out) {
    if (x->slot != SLOT_GLOBAL) {
        struct value *v = slot_of(ev, x->slot);
        if (v->kind != V_MISSING) return *out = value_ref(*v), true;
        fail(ev, x->span, ERR_NAME, "`%s` has no value yet at this point.", x->name);
        err_label(ev->e, "is used before it is given a value");
        return err_hint(ev->e, "A name that is assigned inside a function belongs to the function. "
                               "To use a value from outside, pass it in, or use another name.");
    }
    if (global_get(ev, x->name, out)) return true;
    const char *later = builtin_later(x->name);
    if (later) return fail_later_name(ev, x->span, x->name, later);
    return no_value_yet(ev, x);
}

static bool overlay_set(struct eval *ev, const char *name, struct value take) {
    struct bindings *o = &ev->overlay;
    for (int i = 0; i < o->n; i++) {
        if (o->items[i].name != name) continue;
        value_unref(o->items[i].value);
        o->items[i].value = take;
        return true;
    }
    if (o->n == o->cap) {
        int cap = o->cap ? 2 * o->cap : 32;
        struct binding *more = pool_realloc(o->items, (size_t)cap * sizeof *more);
        if (!more) return value_unref(take), err_memory(ev->e, (size_t)cap * sizeof *more);
        o->items = more;
        o->cap = cap;
    }
    o->items[o->n++] = (struct binding){name, take};
    return true;
}

bool name_set(struct eval *ev, const struct ast *x, struct value take) {
    if (ev->shapes) shape_log_name(ev->shapes, x, take);
    if (x->slot != SLOT_GLOBAL) {
        struct value *v = slot_of(ev, x->slot);
        value_unref(*v);
        *v = take;
        return true;
    }
    if (ev->program->module) return module_set(ev, ev->program->module, x->name, take);
    if (ev->domain == DOMAIN_CHECK) return overlay_set(ev, x->name, take);
    return names_set(engine_names(ev->engine), x->name, take, ev->e);
}

/* ---- literals ---- */

static bool eval_number(struct eval *ev, const struct ast *x, struct value *out) {
    if (x->unit) return quantity_new(ev, x->is_int ? (double)x->integer : x->number, x->unit, out);
    *out = x->is_int ? value_int(x->integer) : value_float(x->number);
    return true;
}

static bool eval_items(struct eval *ev, const struct ast *x, struct value *out) {
    *out = value_list_new(x->n, ev->e);
    if (out->kind != V_LIST) return false;
    for (int i = 0; i < x->n; i++) {
        struct value item;
        if (eval_expr(ev, x->list[i], &item) && list_add(out->list, item, ev->e)) continue;
        value_unref(*out);
        return false;
    }
    return true;
}

static bool is_single(struct value v) {
    struct desc d;
    return value_describe(v, &d) && d.shape.n == 0;
}

/* A bracketed list of numbers, or of such lists, is a tensor; of anything else a list. */
/* The first row that is not as long as the one before all; the list where there is none. */
static struct span odd_row(const struct ast *x, const struct list *rows) {
    struct desc first, d;
    if (!value_describe(rows->items[0], &first)) return x->span;
    for (int i = 1; i < x->n; i++) {
        bool known = value_describe(rows->items[i], &d);
        if (known && (d.shape.n != first.shape.n || !shape_same_sizes(&d.shape, &first.shape)))
            return x->list[i]->span;
    }
    return x->span;
}

static bool eval_list(struct eval *ev, const struct ast *x, struct value *out) {
    struct value list;
    TRY(eval_items(ev, x, &list));
    bool numbers = x->n > 0, rows = x->n > 0;
    for (int i = 0; i < x->n; i++) {
        numbers = numbers && is_single(list.list->items[i]);
        rows = rows && (x->list[i]->kind == AST_LIST || x->list[i]->kind == AST_SIZE);
    }
    if (!numbers && !rows) return *out = list, true;
    bool ok = list_to_tensor(ev, list.list, out);
    if (!ok) err_at(ev->e, ev->e->kind == ERR_SHAPE ? odd_row(x, list.list) : x->span);
    value_unref(list);
    return ok;
}

static bool eval_tuple(struct eval *ev, const struct ast *x, struct value *out) {
    TRY(eval_items(ev, x, out));
    out->list->is_tuple = true;
    return true;
}

static bool eval_record(struct eval *ev, const struct ast *x, struct value *out) {
    *out = value_record_new(ev->e);
    if (out->kind != V_RECORD) return false;
    for (int i = 0; i < x->n; i++) {
        struct value item;
        if (eval_expr(ev, x->list[i]->a, &item) &&
            record_set(out->record, x->list[i]->name, item, ev->e))
            continue;
        value_unref(*out);
        return false;
    }
    return true;
}

/* {x = }: the text in front of the value, blanks included. */
static struct str field_source(const struct ast *field) {
    struct str s = source_piece(field->span);
    size_t n = field->a->span.end - field->span.start;
    while (n < s.n && s.p[n] != '=') n++;
    if (n < s.n) n++;
    while (n < s.n && s.p[n] == ' ') n++;
    return n > 1 ? (struct str){s.p + 1, n - 1} : (struct str){s.p, 0};
}

static bool add_field(struct eval *ev, const struct ast *field, struct text *t) {
    struct value v;
    TRY(eval_expr(ev, field->a, &v));
    if (field->shows_source) text_add(t, field_source(field));
    bool ok = true;
    bool known = v.kind != V_UNKNOWN && v.kind != V_DESC && v.kind != V_NODE;
    if (!known) text_adds(t, "?");
    else if (field->is_repr) value_repr(v, t);
    else ok = format_value(v, field->text, t, ev->e);
    value_unref(v);
    return ok || err_at(ev->e, field->span);
}

static bool eval_ftext(struct eval *ev, const struct ast *x, struct value *out) {
    struct text t = {0};
    bool ok = true;
    for (int i = 0; ok && i < x->n; i++) {
        if (x->list[i]->kind == AST_TEXT) text_add(&t, x->list[i]->text);
        else ok = add_field(ev, x->list[i], &t);
    }
    if (ok) *out = value_text(text_str(&t), ev->e);
    text_clear(&t);
    return ok && out->kind == V_TEXT;
}

static bool eval_text(struct eval *ev, const struct ast *x, struct value *out) {
    *out = value_text(x->text, ev->e);
    return out->kind == V_TEXT;
}

/* ---- comprehension ---- */

struct comprehension {
    const struct ast *x;
    struct list *out;
    int64_t rounds;
    bool described; /* something about its length is unknown */
};

static bool bind_names(struct eval *ev, struct ast *const *names, int n, struct value take) {
    if (n == 1) return name_set(ev, names[0], take);
    return assign_many(ev, names, n, take);
}

static bool comprehension_part(struct eval *ev, struct comprehension *c, int part);

static bool comprehension_element(struct eval *ev, struct comprehension *c) {
    if (c->x->b) {
        struct value v;
        TRY(eval_short(ev, c->x->b, &v));
        enum truth t = value_truth(ev, v, c->x->b, "if");
        value_unref(v);
        if (t == TRUTH_ERROR) return false;
        if (t == TRUTH_NO) return true;
        if (t == TRUTH_UNKNOWN) c->described = true;
    }
    struct value item;
    TRY(eval_short(ev, c->x->a, &item));
    return list_add(c->out, item, ev->e);
}

static bool comprehension_part(struct eval *ev, struct comprehension *c, int part) {
    if (part == c->x->n) return comprehension_element(ev, c);
    const struct ast *p = c->x->list[part];
    struct loop loop;
    bool ok = loop_start(ev, p->a, &loop);
    int64_t n = loop.n;
    int64_t limit = ev->domain == DOMAIN_CHECK && !ev->graph ? 64 : INT64_MAX;
    if (n < 0 || n > limit) c->described = true;
    if (n < 0) n = 1;
    if (n > limit) n = 2;
    struct place round = place_round(ev->place);
    uint64_t draws = ev->draws;
    ev->place = &round;
    for (int64_t i = 0; ok && i < n; i++) {
        struct value item;
        place_set_round(&round, i);
        ev->draws = draws;
        ok = !stopped(ev, p->span) && loop_item(ev, &loop, i, &item) &&
             bind_names(ev, p->list, p->n, item) && comprehension_part(ev, c, part + 1);
    }
    ev->place = round.outer;
    ev->draws = draws + 1;
    loop_end(&loop);
    return ok;
}

/* Results of several shapes are a list, not a mistake. */
static bool stays_list(struct eval *ev, struct value list, struct value *out) {
    if (ev->e->kind != ERR_SHAPE) return false;
    *ev->e = (struct err){0};
    return *out = value_ref(list), true;
}

static bool eval_comprehension(struct eval *ev, const struct ast *x, struct value *out) {
    struct value list = value_list_new(8, ev->e);
    if (list.kind != V_LIST) return false;
    struct comprehension c = {.x = x, .out = list.list};
    bool ok = comprehension_part(ev, &c, 0);
    if (ok && c.described) *out = value_unknown();
    else if (ok && list.list->n == 0) *out = value_ref(list);
    else if (ok) ok = list_to_tensor(ev, list.list, out) || stays_list(ev, list, out);
    value_unref(list);
    return ok || err_at(ev->e, x->span);
}

/* ---- logic ---- */

/* A column of bools becomes a tensor of them. */
static bool truth_of(struct eval *ev, struct value *v) {
    struct value t;
    if (v->kind != V_COLUMN) return true;
    TRY(column_truth(ev, *v, &t));
    value_unref(*v);
    *v = t;
    return true;
}

static bool eval_logic(struct eval *ev, const struct ast *x, struct value *out) {
    bool is_and = x->kind == AST_AND;
    struct value a, b;
    TRY(eval_expr(ev, x->a, &a));
    if (a.kind == V_BOOL && a.boolean != is_and) return *out = a, true;
    if (!eval_expr(ev, x->b, &b)) return value_unref(a), false;
    struct span spans[] = {x->a->span, x->b->span};
    struct desc da, db;
    bool ok = truth_of(ev, &a) && truth_of(ev, &b);
    if (!ok) {
        err_at(ev->e, x->span);
    } else if (a.kind == V_BOOL && b.kind == V_BOOL) {
        *out = b;
        return true;
    } else if (a.kind == V_UNKNOWN || b.kind == V_UNKNOWN) {
        *out = value_unknown();
    } else if (value_describe(a, &da) && value_describe(b, &db) && da.dtype == DT_BOOL &&
               db.dtype == DT_BOOL) {
        ok = apply2(ev, is_and ? OP_and : OP_or, a, b, out) || fail_from(ev, x->span, spans, 2);
    } else {
        bool left = !(value_describe(a, &da) && da.dtype == DT_BOOL);
        const struct ast *wrong = left ? x->a : x->b;
        ok = fail(ev, wrong->span, ERR_TYPE, "`%s` joins true-or-false values, and this is %s.",
                  is_and ? "and" : "or", value_kind_words(left ? a.kind : b.kind));
    }
    value_unref(a);
    value_unref(b);
    return ok;
}

static bool eval_not(struct eval *ev, const struct ast *x, struct value *out) {
    struct value a;
    TRY(eval_expr(ev, x->a, &a));
    struct desc d;
    bool ok = truth_of(ev, &a);
    if (!ok) {
        *out = value_missing();
    } else if (a.kind == V_BOOL) {
        *out = value_bool(!a.boolean);
    } else if (value_describe(a, &d) && d.dtype == DT_BOOL) {
        ok = apply1(ev, OP_not, a, NULL, out) || fail_from(ev, x->span, &x->a->span, 1);
    } else {
        enum truth t = value_truth(ev, a, x->a, "not");
        *out = value_unknown();
        ok = t != TRUTH_ERROR;
    }
    value_unref(a);
    return ok;
}

static bool eval_compare(struct eval *ev, const struct ast *x, struct value *out) {
    struct value left, all = value_missing();
    TRY(eval_expr(ev, x->list[0], &left));
    bool ok = true;
    for (int i = 0; ok && i + 1 < x->n; i++) {
        struct span spans[] = {x->list[i]->span, x->list[i + 1]->span};
        struct value right = value_missing(), one = value_missing(), both = value_missing();
        ok = eval_expr(ev, x->list[i + 1], &right) &&
             (apply_compare(ev, x->ops[i], left, right, &one) || fail_from(ev, x->span, spans, 2));
        value_unref(left);
        left = right;
        if (!ok) break;
        if (i == 0) {
            all = one;
            continue;
        }
        ok = all.kind == V_BOOL && one.kind == V_BOOL
                 ? (both = value_bool(all.boolean && one.boolean), true)
                 : apply2(ev, OP_and, all, one, &both) || fail_from(ev, x->span, spans, 2);
        value_unref(all);
        value_unref(one);
        all = both;
    }
    value_unref(left);
    if (!ok) return value_unref(all), false;
    *out = all;
    return true;
}

static bool eval_ternary(struct eval *ev, const struct ast *x, struct value *out) {
    struct value c;
    TRY(eval_expr(ev, x->b, &c));
    enum truth t = value_truth(ev, c, x->b, "if");
    if (t == TRUTH_ERROR) hint_where(ev, x, c);
    value_unref(c);
    if (t == TRUTH_ERROR) return false;
    if (t == TRUTH_YES) return eval_expr(ev, x->a, out);
    if (t == TRUTH_NO) return eval_expr(ev, x->c, out);
    struct value a, b;
    TRY(eval_expr(ev, x->a, &a));
    if (!eval_expr(ev, x->c, &b)) return value_unref(a), false;
    *out = value_join(a, b, ev->e);
    return true;
}

/* The operand of an operation. Where the whole could not be computed by the short way, because of a
 * call in it, a part of it may still be. */
static inline bool operand(struct eval *ev, const struct ast *x, const struct ast *part,
                           struct value *out) {
    return x->is_scalar && !x->has_call ? eval_expr(ev, part, out) : eval_short(ev, part, out);
}

/* [0] * 5, which in Python is five zeros. */
static void note_repeat(struct eval *ev, const struct ast *x, struct value by) {
    struct str item = source_piece(x->a->n ? x->a->list[0]->span : x->a->span);
    bool repeats = x->op == AST_OP_MUL && x->a->n == 1 && by.kind == V_INT && by.integer > 1;
    if (!repeats || ev->domain != DOMAIN_RUN || item.n > 40) return;
    advice_say(engine_advice(ev->engine), "repeated",
               "[%.*s] * %lld is one number multiplied. To repeat it %lld times: full(%lld, %.*s)",
               (int)item.n, item.p, (long long)by.integer, (long long)by.integer,
               (long long)by.integer, (int)item.n, item.p);
}

/* [1, 2] + [3], which in Python is three numbers. */
static void note_joined(struct eval *ev, const struct ast *x) {
    struct str a = source_piece(x->a->span), b = source_piece(x->b->span);
    bool joins = x->op == AST_OP_ADD && x->b->kind == AST_LIST && x->a->n != x->b->n;
    if (!joins || ev->domain != DOMAIN_RUN || a.n > 40 || b.n > 40) return;
    advice_say(engine_advice(ev->engine), "joined",
               "%.*s + %.*s adds numbers. To put one behind the other: concat([%.*s, %.*s])",
               (int)a.n, a.p, (int)b.n, b.p, (int)a.n, a.p, (int)b.n, b.p);
}

static bool eval_binary(struct eval *ev, const struct ast *x, struct value *out) {
    struct value a, b;
    TRY(operand(ev, x, x->a, &a));
    if (!operand(ev, x, x->b, &b)) return value_unref(a), false;
    *out = scalar_pair(x->op, a, b);
    if (out->kind != V_MISSING) return true;
    bool ok = apply_binary(ev, x->op, a, b, out);
    if (ok && x->a->kind == AST_LIST && a.kind == V_TENSOR) {
        note_repeat(ev, x, b);
        note_joined(ev, x);
    }
    if (ok && ev->shapes) shape_log_pair(ev->shapes, x, a, b);
    value_unref(a);
    value_unref(b);
    bool by_zero = !ok && ev->e->kind == ERR_NUMBER && strcmp(ev->e->label, "is 0") == 0;
    struct span parts[] = {x->a->span, x->b->span};
    return ok || fail_from(ev, by_zero ? x->b->span : x->span, parts, 2);
}

static bool eval_unary(struct eval *ev, const struct ast *x, struct value *out) {
    struct value a;
    TRY(eval_expr(ev, x->a, &a));
    bool ok = a.kind == V_UNKNOWN ? (*out = a, true) : apply_unary(ev, x->op, a, out);
    value_unref(a);
    return ok || fail_from(ev, x->span, &x->a->span, 1);
}

static bool eval_arrow(struct eval *ev, const struct ast *x, struct value *out) {
    struct value a, b;
    TRY(eval_expr(ev, x->a, &a));
    if (!eval_expr(ev, x->b, &b)) return value_unref(a), false;
    int64_t na = examples_in(a), nb = examples_in(b);
    if (na >= 0 && nb >= 0 && na != nb) {
        char text[32];
        fail(
            ev, x->span, ERR_SHAPE,
            "Inputs and targets must have the same number of examples: each input has its target.");
        struct str pa = source_piece(x->a->span), pb = source_piece(x->b->span);
        snprintf(text, sizeof text, "%.*s", (int)(pa.n < 30 ? pa.n : 30), pa.p);
        err_fact(ev->e, text, "%lld examples", (long long)na);
        snprintf(text, sizeof text, "%.*s", (int)(pb.n < 30 ? pb.n : 30), pb.p);
        err_fact(ev->e, text, "%lld examples", (long long)nb);
        value_unref(a);
        value_unref(b);
        return false;
    }
    *out = value_pair(a, b, ev->e);
    return out->kind == V_PAIR;
}

static bool eval_lambda(struct eval *ev, const struct ast *x, struct value *out) {
    return make_function(ev, x, out);
}

static bool eval_simple(struct eval *ev, const struct ast *x, struct value *out) {
    (void)ev;
    *out = x->kind == AST_NONE ? value_none() : value_bool(x->kind == AST_TRUE);
    return true;
}

static bool eval_size(struct eval *ev, const struct ast *x, struct value *out) {
    return eval_list(ev, x, out);
}

static bool eval_spoiled(struct eval *ev, const struct ast *x, struct value *out) {
    (void)ev, (void)x;
    return *out = value_unknown(), true;
}

static bool (*const eval_of[AST_N_KINDS])(struct eval *, const struct ast *, struct value *) = {
    [AST_NUMBER] = eval_number,
    [AST_SIZE] = eval_size,
    [AST_TEXT] = eval_text,
    [AST_FTEXT] = eval_ftext,
    [AST_TRUE] = eval_simple,
    [AST_FALSE] = eval_simple,
    [AST_NONE] = eval_simple,
    [AST_NAME] = name_get,
    [AST_COLUMN] = eval_column,
    [AST_LIST] = eval_list,
    [AST_TUPLE] = eval_tuple,
    [AST_RECORD] = eval_record,
    [AST_LISTCOMP] = eval_comprehension,
    [AST_LAMBDA] = eval_lambda,
    [AST_ARROW] = eval_arrow,
    [AST_TERNARY] = eval_ternary,
    [AST_SPOILED] = eval_spoiled,
    [AST_AND] = eval_logic,
    [AST_OR] = eval_logic,
    [AST_NOT] = eval_not,
    [AST_COMPARE] = eval_compare,
    [AST_BINARY] = eval_binary,
    [AST_UNARY] = eval_unary,
    [AST_CALL] = eval_call,
    [AST_ATTRIBUTE] = eval_attribute,
    [AST_INDEX] = eval_index,
    [AST_TRAIN] = eval_train,
    [AST_PLOT] = eval_plot_block,
    [AST_SEARCH] = eval_search,
};

static inline bool operation(struct eval *ev, const struct ast *x, struct value *out) {
    if (eval_of[x->kind](ev, x, out)) return true;
    *out = value_missing(); /* nothing that a caller could give back */
    return false;
}

bool eval_operation(struct eval *ev, const struct ast *x, struct value *out) {
    return operation(ev, x, out);
}

static __attribute__((noinline)) bool eval_carefully(struct eval *ev, const struct ast *x,
                                                     struct value *out) {
    *out = value_missing();
    bool checking = ev->domain == DOMAIN_CHECK;
    if (checking && stack_is_low()) ev->fuel = -1;
    if (checking && --ev->fuel < 0) return *out = value_unknown(), true;
    if (!checking && stack_is_low()) return too_deep(ev, x->span);
    if (!eval_of[x->kind])
        return fail(ev, x->span, ERR_SYNTAX, "This cannot stand inside an expression.");
    bool ok = true;
    if (ev->fused && fused_leaf(ev, x, out)) return true;
    if (x->n_ops < 2 || !eval_fused(ev, x, out, &ok)) return eval_operation(ev, x, out);
    if (!ok) *out = value_missing();
    return ok;
}

bool eval_expr(struct eval *ev, const struct ast *x, struct value *out) {
    bool simple = ev->domain == DOMAIN_RUN && !ev->fused && x->n_ops < 2 && eval_of[x->kind];
    return simple && !stack_is_low() ? operation(ev, x, out) : eval_carefully(ev, x, out);
}
