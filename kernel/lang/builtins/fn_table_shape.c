/* Long and wide tables, panels, and tensors from tables. */
#include "fn_tables.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/eval_ops.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- melt ---- */

/* All columns but the ids: one below the other. */
struct melting {
    const struct table *t;
    int *ids, n_ids, *others, n_others;
    const char *name, *value;
};

static bool melt_columns(struct call *c, struct melting *m) {
    if (call_has(c, 1)) TRY(named_columns(c, m->t, c->args[1], c->spans[1], &m->ids, &m->n_ids));
    m->others = pool_need((size_t)m->t->n_columns * sizeof *m->others + 1, c->ev->e);
    if (!m->others) return false;
    for (int i = 0; i < m->t->n_columns; i++) {
        bool id = false;
        for (int k = 0; k < m->n_ids; k++) id = id || m->ids[k] == i;
        if (!id) m->others[m->n_others++] = i;
    }
    if (m->n_others == 0)
        return call_fail(c, -1, ERR_ARGUMENT, "Every column is an id: nothing is left to melt.");
    const struct column *first = &m->t->columns[m->others[0]];
    for (int k = 1; k < m->n_others; k++) {
        const struct column *next = &m->t->columns[m->others[k]];
        bool numbers = first->kind <= COLUMN_BOOL && next->kind <= COLUMN_BOOL;
        if (numbers || first->kind == next->kind) continue;
        call_fail(c, -1, ERR_TYPE, "The columns to be melted hold different kinds of values.");
        err_fact(c->ev->e, first->name, "%s", column_kind_words(first->kind));
        err_fact(c->ev->e, next->name, "%s", column_kind_words(next->kind));
        return err_hint(c->ev->e, "Name those that stay in `id`, or drop them first.");
    }
    return true;
}

static enum column_kind melted_kind(const struct melting *m) {
    enum column_kind kind = m->t->columns[m->others[0]].kind;
    for (int k = 1; k < m->n_others; k++)
        if (m->t->columns[m->others[k]].kind != kind) kind = COLUMN_NUMBER;
    return kind;
}

static bool melt_ids(struct call *c, const struct melting *m, struct table *to) {
    int64_t n = m->t->n_rows;
    int64_t *rows = pool_need((size_t)to->n_rows * sizeof *rows + 1, c->ev->e);
    bool ok = rows != NULL;
    for (int64_t i = 0; ok && i < to->n_rows; i++) rows[i] = i % n;
    for (int k = 0; ok && k < m->n_ids; k++)
        ok = column_pick(&to->columns[k], &m->t->columns[m->ids[k]], rows, to->n_rows, c->ev->e);
    pool_free(rows);
    return ok;
}

static bool melt_values(struct call *c, const struct melting *m, struct table *to) {
    int64_t n = m->t->n_rows;
    int names = m->n_ids, values = m->n_ids + 1;
    TRY(table_set_column(to, names, m->name, COLUMN_TEXT, c->ev->e));
    TRY(column_make(&to->columns[values], m->value, melted_kind(m), to->n_rows, c->ev->e));
    struct column *out = &to->columns[values];
    for (int k = 0; k < m->n_others; k++) {
        const struct column *from = &m->t->columns[m->others[k]];
        if (n == 0) break;
        TRY(table_set_text(to, names, k * n, str_of(from->name), c->ev->e));
        const char **cells = to->columns[names].texts + k * n;
        for (int64_t i = 1; i < n; i++) cells[i] = cells[0];
        if (out->numbers) {
            memcpy(out->numbers + k * n, from->numbers, (size_t)n * sizeof *out->numbers);
            continue;
        }
        for (int64_t i = 0; i < n; i++) {
            out->texts[k * n + i] = NULL;
            if (from->texts[i])
                TRY(table_set_text(to, values, k * n + i, str_of(from->texts[i]), c->ev->e));
        }
    }
    return true;
}

static bool describe_melted(struct call *c, const struct melting *m, struct value *out) {
    struct table *to = table_new(unknown_size(), m->n_ids + 2, c->ev->e);
    if (!to) return false;
    for (int k = 0; k < m->n_ids; k++) {
        const struct column *id = &m->t->columns[m->ids[k]];
        to->columns[k] =
            (struct column){.name = id->name, .kind = id->kind, .levels = levels_ref(id->levels)};
    }
    to->columns[m->n_ids] = (struct column){.name = m->name, .kind = COLUMN_TEXT};
    to->columns[m->n_ids + 1] = (struct column){.name = m->value, .kind = melted_kind(m)};
    return verb_result(to, out);
}

bool fn_melt(struct call *c, struct value *out) {
    struct melting m = {.name = intern_c("name"), .value = intern_c("value")};
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(verb_table(c, &m.t));
    if (call_has(c, 2) && !(m.name = call_name(c, 2)))
        return call_fail(c, 2, ERR_ARGUMENT, "`name` is a text: the new column for the old names.");
    if (call_has(c, 3) && !(m.value = call_name(c, 3)))
        return call_fail(c, 3, ERR_ARGUMENT, "`value` is a text: the new column for the cells.");
    bool ok = melt_columns(c, &m);
    bool known = ok && verb_computes(c, m.t);
    if (ok && !known) ok = describe_melted(c, &m, out);
    if (known) {
        struct table *to = table_new(m.t->n_rows * m.n_others, m.n_ids + 2, c->ev->e);
        ok = to && melt_ids(c, &m, to) && melt_values(c, &m, to);
        if (ok) ok = verb_result(to, out);
        else table_unref(to);
    }
    pool_free(m.ids);
    pool_free(m.others);
    return ok;
}

/* ---- pivot ---- */

/* One row for each index, one column for each name. */
struct pivoting {
    const struct table *t;
    int *index, n_index, *names, n_names, *values, n_values;
    struct keys rows, columns;
};

static bool twice(struct call *c, const struct pivoting *p, int64_t first, int64_t second) {
    call_fail(c, -1, ERR_VALUE,
              "Rows %lld and %lld have the same index and the same name: which of "
              "their values shall it be?",
              (long long)first, (long long)second);
    return err_hint(c->ev->e,
                    "Summarize first, so that one is left:\n    t.group(\"%s\", "
                    "\"%s\").summarize(%s=.%s.mean())",
                    p->t->columns[p->index[0]].name, p->t->columns[p->names[0]].name,
                    p->t->columns[p->values[0]].name, p->t->columns[p->values[0]].name);
}

/* The row of t that fills each place of the new table, -1 where there is none. */
static bool pivot_places(struct call *c, const struct pivoting *p, int64_t *places) {
    int64_t n_rows = p->rows.n_codes, n = n_rows * p->columns.n_codes;
    for (int64_t i = 0; i < n; i++) places[i] = -1;
    for (int64_t i = 0; i < p->t->n_rows; i++) {
        int64_t *place = &places[p->columns.codes[i] * n_rows + p->rows.codes[i]];
        if (*place >= 0) return twice(c, p, *place, i);
        *place = i;
    }
    return true;
}

static const char *pivot_name(struct call *c, const struct column *names, int64_t row) {
    struct value v = table_cell(c->ev, names, row);
    struct text t = {0};
    value_print(v, &t);
    if (column_is_missing(names, row)) t.n = 0, text_adds(&t, "missing");
    const char *name = intern(text_str(&t));
    value_unref(v);
    text_clear(&t);
    return name;
}

static bool fill_pivot(struct call *c, const struct pivoting *p, const int64_t *places,
                       struct table *to) {
    int64_t n = p->rows.n_codes;
    int64_t *first = pool_need((size_t)n * sizeof *first + 1, c->ev->e);
    for (int64_t i = p->t->n_rows; first && i-- > 0;) first[p->rows.codes[i]] = i;
    bool ok = first != NULL;
    for (int k = 0; ok && k < p->n_index; k++)
        ok = column_pick(&to->columns[k], &p->t->columns[p->index[k]], first, n, c->ev->e);
    pool_free(first);
    const struct column *names = &p->t->columns[p->names[0]];
    const struct column *values = &p->t->columns[p->values[0]];
    for (int64_t i = p->t->n_rows; ok && i-- > 0;) { /* the first row of each name last */
        struct column *col = &to->columns[p->n_index + p->columns.codes[i]];
        if (!col->name) ok = (col->name = pivot_name(c, names, i)) != NULL;
    }
    for (int32_t k = 0; ok && k < p->columns.n_codes; k++) {
        struct column *col = &to->columns[p->n_index + k];
        const char *name = col->name;
        ok = column_pick(col, values, places + k * n, n, c->ev->e);
        col->name = name;
    }
    return ok;
}

static bool run_pivot(struct call *c, struct pivoting *p, struct value *out) {
    TRY(keys_of_columns(p->t, p->index, p->n_index, &p->rows, c->ev->e));
    TRY(keys_of_column(&p->t->columns[p->names[0]], p->t->n_rows, &p->columns, c->ev->e));
    size_t n = (size_t)p->rows.n_codes * (size_t)p->columns.n_codes;
    if (p->columns.n_codes > 100000)
        return call_fail(c, 2, ERR_VALUE, "`%s` has %d different values: too many columns.",
                         p->t->columns[p->names[0]].name, p->columns.n_codes);
    int64_t *places = pool_need(n * sizeof *places + 1, c->ev->e);
    struct table *to =
        places ? table_new(p->rows.n_codes, p->n_index + p->columns.n_codes, c->ev->e) : NULL;
    bool ok = to && pivot_places(c, p, places) && fill_pivot(c, p, places, to);
    pool_free(places);
    if (!ok) return table_unref(to), false;
    return verb_result(to, out);
}

bool fn_pivot(struct call *c, struct value *out) {
    struct pivoting p = {0};
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(verb_table(c, &p.t));
    bool ok = named_columns(c, p.t, c->args[1], c->spans[1], &p.index, &p.n_index) &&
              named_columns(c, p.t, c->args[2], c->spans[2], &p.names, &p.n_names) &&
              named_columns(c, p.t, c->args[3], c->spans[3], &p.values, &p.n_values);
    ok = ok &&
         ((p.n_names == 1 && p.n_values == 1 && p.n_index > 0) ||
          call_fail(c, -1, ERR_ARGUMENT, "pivot takes one column of names and one of values."));
    if (ok && !verb_computes(c, p.t)) *out = value_unknown(); /* its columns come from cells */
    else if (ok) ok = run_pivot(c, &p, out);
    pool_free(p.index);
    pool_free(p.names);
    pool_free(p.values);
    keys_clear(&p.rows);
    keys_clear(&p.columns);
    return ok;
}

/* ---- tensors ---- */

bool fn_to_tensor(struct call *c, struct value *out) {
    if (value_is_tensorlike(c->args[0]) || c->args[0].kind == V_LIST ||
        c->args[0].kind == V_COLUMN || c->args[0].kind == V_COLUMN_DESC ||
        c->args[0].kind == V_UNKNOWN)
        return fn_take_operand(c, 0, out);
    const struct table *t;
    int *columns, n;
    TRY(verb_table(c, &t));
    for (int i = 0; i < c->n_rest; i++)
        if (c->actuals[c->rest[i]].value.kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(verb_columns(c, t, true, &columns, &n));
    struct table *part = table_pick_columns(t, columns, n, c->ev->e);
    pool_free(columns);
    bool ok = part && table_as_tensor(c->ev, part, out);
    table_unref(part);
    return ok;
}

/* Columns on their way into a table: names and values, which are given back. */
struct named_columns {
    const char *names[256];
    struct value values[256];
    int n;
};

static bool add_named(struct call *c, struct named_columns *all, const char *name,
                      struct value take) {
    if (all->n == (int)ARRAY_LEN(all->names)) {
        value_unref(take);
        return call_fail(c, 0, ERR_SHAPE, "These are more than %d columns.",
                         (int)ARRAY_LEN(all->names));
    }
    all->names[all->n] = name;
    all->values[all->n++] = take;
    return true;
}

/* One field: a vector or column is a column, a matrix of one column too, and one of several is
 * name_0, name_1 … */
static bool add_field(struct call *c, struct named_columns *all, const char *name,
                      struct value field) {
    struct tensor *x = field.kind == V_TENSOR ? field.tensor : NULL;
    if (!x || x->shape.n != 2) return add_named(c, all, name, value_ref(field));
    struct table *t = table_from_tensor(x, NULL, c->ev->e);
    bool ok = t != NULL;
    for (int i = 0; ok && i < t->n_columns; i++) {
        char several[96];
        struct value column;
        snprintf(several, sizeof several, "%.80s_%d", name, i);
        ok = table_column(c->ev, t, i, &column) &&
             add_named(c, all, t->n_columns == 1 ? name : intern_c(several), column);
    }
    table_unref(t);
    return ok;
}

/* What a model with several outputs gives: a record of them. */
bool record_to_table(struct call *c, const struct record *r, struct value *out) {
    struct named_columns *all = pool_zalloc(sizeof *all);
    if (!all) return err_memory(c->ev->e, sizeof *all);
    bool ok = r->n > 0 || call_fail(c, 0, ERR_VALUE, "An empty record makes no table.");
    for (int i = 0; ok && i < r->n; i++) ok = add_field(c, all, r->keys[i], r->items[i]);
    ok = ok && table_make(c->ev, all->names, all->values, all->n, out);
    for (int i = 0; i < all->n; i++) value_unref(all->values[i]);
    pool_free(all);
    return ok;
}

bool fn_to_table(struct call *c, struct value *out) {
    struct tensor *x;
    struct value list = c->args[1];
    if (c->args[0].kind == V_TABLE) return *out = value_ref(c->args[0]), true;
    if (c->args[0].kind == V_RECORD && !call_has(c, 1))
        return record_to_table(c, c->args[0].record, out);
    TRY(call_tensor(c, 0, &x));
    int64_t columns = x->shape.n == 2 ? x->shape.size[1] : 1;
    bool named = call_has(c, 1);
    struct value one = value_missing();
    if (named && list.kind == V_TEXT && columns == 1) {
        one = value_list_new(1, c->ev->e);
        if (one.kind == V_LIST && list_add(one.list, value_ref(list), c->ev->e)) list = one;
    }
    const char **names = pool_need((size_t)columns * sizeof *names + 1, c->ev->e);
    bool ok = names != NULL;
    if (ok && named && (list.kind != V_LIST || list.list->n != columns))
        ok = call_fail(c, 1, ERR_ARGUMENT,
                       "`names` is a list with one text for each of the %lld columns.",
                       (long long)columns);
    for (int64_t i = 0; ok && named && i < columns; i++)
        names[i] =
            list.list->items[i].kind == V_TEXT ? intern(value_str(&list.list->items[i])) : "";
    if (ok) *out = value_table(table_from_tensor(x, named ? names : NULL, c->ev->e));
    value_unref(one);
    pool_free(names);
    tensor_unref(x);
    return ok && out->kind == V_TABLE;
}
