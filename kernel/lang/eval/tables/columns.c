/* Columns with a leading dot, and arguments worked out group by group. */
#include "columns.h"
#include "column_ops.h"
#include "tables.h"
#include "lang/values/names.h"
#include "data/aggregate.h"
#include "lang/eval/names/scope.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

bool eval_column(struct eval *ev, const struct ast *x, struct value *out) {
    const struct value *v = ev->at_hand;
    if (!v) {
        fail(ev, x->span, ERR_SYNTAX,
             "A column with a leading dot belongs inside a table verb, such as filter or assign.");
        err_label(ev->e, "is a column of which table?");
        return err_hint(ev->e, "Elsewhere the table is named: t.%.60s", x->name);
    }
    if (v->kind == V_UNKNOWN) return *out = value_unknown(), true;
    int column = table_find(v->table, str_of(x->name));
    if (column < 0) return no_such_column(ev, v->table, str_of(x->name), x->span);
    return table_column(ev, v->table, column, out);
}

/* ---- all groups at once ---- */

/* What an expression gives: the same for every group, one value for each row, one for each group,
 * or something that has to be found out group by group. */
enum extent { SAME, ROWS, GROUPED, APART };

static enum extent joined(enum extent a, enum extent b) {
    if (a == APART || b == APART) return APART;
    if (a == SAME) return b;
    return b == SAME || a == b ? a : APART;
}

static enum extent extent_of(struct eval *ev, const struct ast *x);

static enum extent extent_of_list(struct eval *ev, struct ast *const *list, int n) {
    enum extent all = SAME;
    for (int i = 0; i < n; i++) all = joined(all, extent_of(ev, list[i]));
    return all;
}

/* The built-in that a call means, and what stands before the dot. */
static const struct builtin *called(struct eval *ev, const struct ast *call,
                                    const struct ast **self) {
    const struct ast *f = call->a;
    *self = f->kind == AST_ATTRIBUTE ? f->a : NULL;
    if (f->kind != AST_NAME && f->kind != AST_ATTRIBUTE) return NULL;
    if (f->slot != SLOT_GLOBAL || names_get(engine_names(ev->engine), f->name)) return NULL;
    return builtin_find(f->name);
}

static bool is_elementwise(const struct builtin *b) {
    static const char *const groups[] = {"Element by element", "Text", "Times"};
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (strcmp(b->group, groups[i]) == 0) return true;
    return false;
}

static enum extent extent_of_call(struct eval *ev, const struct ast *x) {
    const struct ast *self;
    const struct builtin *b = called(ev, x, &self);
    int how;
    if (!b) return APART;
    enum extent first = self ? extent_of(ev, self) : SAME, rest = SAME;
    for (int i = 0; i < x->n; i++) {
        enum extent one = extent_of(ev, x->list[i]->a);
        if (i == 0 && !self) first = one;
        else rest = joined(rest, one);
    }
    if (aggregate_of(b, &how)) {
        bool rows = !self && x->n == 0 && how == AGGREGATE_COUNT;
        return (rows || first == ROWS) && rest == SAME ? GROUPED : APART;
    }
    return is_elementwise(b) ? joined(first, rest) : APART;
}

static enum extent extent_of(struct eval *ev, const struct ast *x) {
    switch (x->kind) {
    case AST_NUMBER:
    case AST_TEXT:
    case AST_TRUE:
    case AST_FALSE:
    case AST_NONE:
    case AST_NAME: return SAME;
    case AST_COLUMN: return ROWS;
    case AST_UNARY:
    case AST_NOT: return extent_of(ev, x->a);
    case AST_BINARY:
    case AST_AND:
    case AST_OR: return joined(extent_of(ev, x->a), extent_of(ev, x->b));
    case AST_COMPARE: return extent_of_list(ev, x->list, x->n);
    case AST_CALL: return extent_of_call(ev, x);
    default: return APART;
    }
}

/* ---- group by group ---- */

enum { MOST_USED = 64 };

struct used {
    int columns[MOST_USED];
    int n;
    bool too_many;
};

static void find_used(const struct table *t, const struct ast *x, struct used *u) {
    if (!x || u->too_many) return;
    if (x->kind == AST_COLUMN) {
        int column = table_find(t, str_of(x->name));
        for (int i = 0; i < u->n; i++)
            if (u->columns[i] == column) return;
        u->too_many = u->n == MOST_USED;
        if (column >= 0 && !u->too_many) u->columns[u->n++] = column;
        return;
    }
    find_used(t, x->a, u), find_used(t, x->b, u), find_used(t, x->c, u);
    for (int i = 0; i < x->n; i++) find_used(t, x->list[i], u);
}

/* The table with only the columns that the expression reads. */
static struct table *narrow_table(const struct table *t, const struct ast *x, struct err *e) {
    struct used u = {.n = 0};
    find_used(t, x, &u);
    return u.too_many ? table_extend(t, 0, e) : table_pick_columns(t, u.columns, u.n, e);
}

static bool one_group(struct eval *ev, const struct table *t, const struct row_groups *g, int64_t k,
                      const struct ast *x, struct value *out) {
    int64_t n = g->starts[k + 1] - g->starts[k];
    struct table *part = table_pick_rows(t, g->rows + g->starts[k], n, ev->e);
    if (!part) return false;
    struct value at_hand = value_table(part);
    const struct value *outer = ev->at_hand;
    const struct engine_observer *observer = ev->observer;
    struct engine_observer quiet = *observer;
    quiet.note = NULL; /* not one for each group */
    ev->observer = &quiet;
    ev->at_hand = &at_hand;
    bool ok = eval_expr(ev, x, out);
    ev->at_hand = outer;
    ev->observer = observer;
    value_unref(at_hand);
    return ok;
}

static bool is_one_value(struct value v) {
    return value_is_number(v) || v.kind == V_TEXT || v.kind == V_TIME || v.kind == V_NONE ||
           v.kind == V_UNKNOWN;
}

static bool many_values(struct eval *ev, const struct ast *x, struct value v) {
    fail(ev, x->span, ERR_SHAPE, "summarize needs one value for each group, and this gives %s.",
         value_kind_words(v.kind));
    err_label(ev->e, "is not one value");
    struct str s = source_piece(x->span);
    if (s.n < 40 && x->kind == AST_COLUMN)
        return err_hint(ev->e, "Say which: %.*s.mean(), %.*s.max(), %.*s.first() …", (int)s.n, s.p,
                        (int)s.n, s.p, (int)s.n, s.p);
    return err_hint(ev->e, "Aggregates give one: sum, mean, min, max, median, first, count …");
}

static bool summarize_apart(struct eval *ev, const struct groups_value *g, const struct ast *x,
                            struct value *out) {
    struct table *t = narrow_table(g->table, x, ev->e);
    *out = value_list_new((int32_t)g->rows.n_groups, ev->e);
    bool ok = t && out->kind == V_LIST;
    for (int64_t k = 0; ok && k < g->rows.n_groups; k++) {
        struct value v;
        ok = !stopped(ev, x->span) && one_group(ev, t, &g->rows, k, x, &v);
        if (ok && !is_one_value(v)) ok = many_values(ev, x, v), value_unref(v);
        else if (ok) ok = list_add(out->list, v, ev->e);
    }
    table_unref(t);
    if (!ok) value_unref(*out);
    return ok;
}

/* ---- a value for each row, found group by group ---- */

/* Cell i of a group's result; single values stand for all its rows. */
static bool row_value(struct eval *ev, const struct ast *x, struct value v, int64_t i, int64_t n,
                      struct value *out) {
    if (is_one_value(v)) return *out = value_ref(v), true;
    if (value_length(v) != n || v.kind == V_TABLE)
        return fail(
            ev, x->span, ERR_SHAPE,
            "assign needs one value for each row of the group, and this gives %lld for %lld "
            "rows.",
            (long long)value_length(v), (long long)n);
    if (v.kind == V_COLUMN) return *out = table_cell(ev, column_of(v), i), true;
    return iterate_item(ev, v, i, out);
}

static bool assign_apart(struct eval *ev, const struct groups_value *g, const struct ast *x,
                         struct value *out) {
    const struct row_groups *r = &g->rows;
    struct table *t = narrow_table(g->table, x, ev->e);
    *out = value_list_new((int32_t)r->n_rows, ev->e);
    bool ok = t && out->kind == V_LIST;
    for (int64_t i = 0; ok && i < r->n_rows; i++) ok = list_add(out->list, value_none(), ev->e);
    for (int64_t k = 0; ok && k < r->n_groups; k++) {
        struct value v;
        int64_t n = r->starts[k + 1] - r->starts[k];
        ok = !stopped(ev, x->span) && one_group(ev, t, r, k, x, &v);
        bool made = ok;
        for (int64_t i = 0; ok && i < n; i++)
            ok = row_value(ev, x, v, i, n, &out->list->items[r->rows[r->starts[k] + i]]);
        if (made) value_unref(v);
    }
    table_unref(t);
    if (!ok) value_unref(*out);
    return ok;
}

/* ---- while checking ---- */

/* One group of which nothing but the columns is known. */
static bool describe_group(struct eval *ev, const struct groups_value *g, const struct ast *x,
                           bool summarize, struct value *out) {
    struct table *t = table_description(g->table, unknown_size(), ev->e);
    if (!t) return false;
    struct value v, at_hand = {.kind = V_TABLE_DESC, .table = t};
    const struct value *outer = ev->at_hand;
    ev->at_hand = &at_hand;
    bool ok = eval_expr(ev, x, &v);
    ev->at_hand = outer;
    value_unref(at_hand);
    TRY(ok);
    struct desc d;
    bool one = is_one_value(v) || (value_describe(v, &d) && d.shape.n == 0);
    if (summarize && !one) ok = many_values(ev, x, v);
    else if (v.kind == V_UNKNOWN || v.kind == V_COLUMN_DESC) *out = value_unknown();
    else if (value_describe(v, &d))
        ok = describe_rows(ev, summarize ? g->rows.n_groups : g->table->n_rows, d.dtype, out);
    else *out = value_ref(v);
    value_unref(v);
    return ok;
}

static bool argument_in_groups(struct eval *ev, bool summarize, const struct groups_value *g,
                               const struct ast *x, struct value *out) {
    if (!g->known) return describe_group(ev, g, x, summarize, out);
    enum extent extent = extent_of(ev, x);
    if (extent == SAME) return eval_expr(ev, x, out);
    if (!summarize) return assign_apart(ev, g, x, out);
    if (extent != GROUPED) return summarize_apart(ev, g, x, out);
    struct value at_hand = value_table(g->table);
    const struct value *outer = ev->at_hand;
    const struct row_groups *outer_groups = ev->groups;
    ev->at_hand = &at_hand;
    ev->groups = &g->rows;
    bool ok = eval_expr(ev, x, out);
    ev->at_hand = outer;
    ev->groups = outer_groups;
    return ok;
}

bool eval_verb_argument(struct eval *ev, const struct builtin *verb, const struct value *first,
                        const struct ast *x, struct value *out) {
    if (first->kind == V_GROUPS) {
        bool summarize = strcmp(verb->name, "summarize") == 0;
        if (summarize || strcmp(verb->name, "assign") == 0)
            return argument_in_groups(ev, summarize, first->groups, x, out);
    }
    struct value at_hand = *first;
    if (first->kind == V_GROUPS) at_hand = table_value(first->groups->table);
    bool table = first->kind == V_TABLE || first->kind == V_TABLE_DESC ||
                 first->kind == V_HISTORY || first->kind == V_GROUPS || first->kind == V_UNKNOWN;
    const struct value *outer = ev->at_hand;
    if (table) ev->at_hand = &at_hand;
    bool ok = eval_expr(ev, x, out);
    ev->at_hand = outer;
    return ok;
}
