/* group and summarize. */
#include "fn_tables.h"
#include "lang/eval/tables/column_ops.h"
#include <string.h>

/* The keys: columns named in quotes, and new ones, group(month=.date.floor("month")). */
static bool key_columns(struct call *c, struct value *table, struct groups_value *g) {
    for (int i = 0; i < c->n_rest; i++) {
        const struct actual *a = &c->actuals[c->rest[i]];
        struct value next;
        int *columns = NULL, n = 0;
        if (a->name) {
            if (!table_with(c->ev, table->table, a->name, a->value, &next))
                return err_at(c->ev->e, a->at);
            value_unref(*table);
            *table = next;
            n = 1;
            columns = pool_need(sizeof *columns, c->ev->e);
            if (!columns) return false;
            columns[0] = table_find(table->table, str_of(a->name));
        } else if (!named_columns(c, table->table, a->value, a->at, &columns, &n)) {
            pool_free(columns);
            return false;
        }
        bool fits = g->n_keys + n <= (int)ARRAY_LEN(g->keys);
        for (int k = 0; fits && k < n; k++) g->keys[g->n_keys++] = columns[k];
        pool_free(columns);
        if (!fits)
            return call_fail(c, -1, ERR_ARGUMENT, "At most %d columns make groups.",
                             (int)ARRAY_LEN(g->keys));
    }
    return g->n_keys > 0 || call_fail(c, -1, ERR_ARGUMENT, "By which column? t.group(\"name\")");
}

static bool make_groups(struct call *c, struct groups_value *g) {
    const struct table *t = g->table;
    g->known = verb_computes(c, t);
    g->rows.n_groups = g->known ? 0 : unknown_size();
    return !g->known || (keys_of_columns(t, g->keys, g->n_keys, &g->codes, c->ev->e) &&
                         row_groups_of(&g->codes, &g->rows, c->ev->e));
}

bool fn_group(struct call *c, struct value *out) {
    const struct table *t;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(verb_table(c, &t));
    struct groups_value *g = pool_need(sizeof *g, c->ev->e);
    if (!g) return false;
    g->refs = 1;
    struct value table = value_missing();
    bool ok = verb_result(table_extend(t, 0, c->ev->e), &table) && key_columns(c, &table, g);
    if (table.kind != V_MISSING) g->table = table.table;
    *out = (struct value){.kind = V_GROUPS, .groups = g};
    if (ok && make_groups(c, g)) return true;
    value_unref(*out);
    return *out = value_missing(), false;
}

/* The key columns of the result: a row of each group. */
static bool put_keys(struct call *c, const struct groups_value *g, struct table *to) {
    int64_t *first = NULL;
    if (g->known) first = pool_need((size_t)g->rows.n_groups * sizeof *first + 1, c->ev->e);
    for (int64_t k = 0; first && k < g->rows.n_groups; k++)
        first[k] = g->rows.rows[g->rows.starts[k]];
    bool ok = !g->known || first;
    for (int i = 0; ok && i < g->n_keys; i++) {
        const struct column *key = &g->table->columns[g->keys[i]];
        if (g->known) ok = column_pick(&to->columns[i], key, first, g->rows.n_groups, c->ev->e);
        else
            to->columns[i] = (struct column){
                .name = key->name, .kind = key->kind, .levels = levels_ref(key->levels)};
    }
    pool_free(first);
    return ok;
}

static bool put_summaries(struct call *c, struct table *to, int first) {
    for (int i = 0; i < c->n_rest; i++) {
        const struct actual *a = &c->actuals[c->rest[i]];
        if (!a->name) {
            fail(c->ev, a->at, ERR_ARGUMENT, "summarize needs a name for each result.");
            return err_hint(c->ev->e, "    t.group(\"city\").summarize(mean=.price.mean())");
        }
        for (int k = 0; k < first + i; k++)
            if (to->columns[k].name == a->name)
                return fail(c->ev, a->name_at, ERR_COLUMN, "There is a column `%s` already.",
                            a->name);
        if (a->value.kind == V_FUNCTION || a->value.kind == V_BUILTIN) {
            fail(c->ev, a->at, ERR_ARGUMENT, "A column holds values, and this is a function.");
            return err_hint(c->ev->e, "Say of which column: .summarize(%s=.price.mean())", a->name);
        }
        if (!table_put(c->ev, to, first + i, a->name, a->value)) return err_at(c->ev->e, a->at);
    }
    return true;
}

/* Without groups: the whole table in one row. */
static bool one_row(struct call *c, struct value *out) {
    const struct table *t;
    struct desc d;
    TRY(verb_table(c, &t));
    for (int i = 0; i < c->n_rest; i++) {
        const struct actual *a = &c->actuals[c->rest[i]];
        bool many = a->value.kind == V_COLUMN || a->value.kind == V_COLUMN_DESC ||
                    a->value.kind == V_LIST || (value_describe(a->value, &d) && d.shape.n > 0);
        if (!many) continue;
        fail(c->ev, a->at, ERR_SHAPE, "summarize needs one value, and this has one for each row.");
        return err_hint(c->ev->e, "Aggregates give one: sum, mean, min, max, median, first, count "
                                  "…");
    }
    struct table *to = table_new(1, c->n_rest, c->ev->e);
    if (to && put_summaries(c, to, 0)) return verb_result(to, out);
    return table_unref(to), false;
}

bool fn_summarize(struct call *c, struct value *out) {
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (c->args[0].kind != V_GROUPS) return one_row(c, out);
    const struct groups_value *g = c->args[0].groups;
    struct table *to = table_new(g->rows.n_groups, g->n_keys + c->n_rest, c->ev->e);
    if (to && put_keys(c, g, to) && put_summaries(c, to, g->n_keys)) return verb_result(to, out);
    return table_unref(to), false;
}

/* ---- aggregates that only columns have ---- */

static bool needs_column(struct call *c, struct value *out) {
    struct value v = c->args[0];
    if (v.kind == V_UNKNOWN || v.kind == V_DESC) return *out = value_unknown(), true;
    return call_fail(c, 0, ERR_TYPE, "%s works on columns and lists, and this is %s.", c->row->name,
                     value_kind_words(v.kind));
}

static bool at_end(struct call *c, bool last, struct value *out) {
    int64_t n = value_length(c->args[0]);
    struct value v = c->args[0];
    if (v.kind != V_TENSOR && v.kind != V_LIST) return needs_column(c, out);
    if (n == 0) return call_fail(c, 0, ERR_VALUE, "It is empty: nothing is %s.", c->row->name);
    return iterate_item(c->ev, v, last ? n - 1 : 0, out);
}

bool fn_first(struct call *c, struct value *out) {
    return at_end(c, false, out);
}

bool fn_last(struct call *c, struct value *out) {
    return at_end(c, true, out);
}

bool fn_nunique(struct call *c, struct value *out) {
    struct value v = c->args[0];
    if (v.kind != V_TENSOR && v.kind != V_LIST) return needs_column(c, out);
    struct table *t = table_new(value_length(v), 1, c->ev->e);
    struct keys k;
    bool ok = t && table_put(c->ev, t, 0, intern_c("value"), v) &&
              keys_of_column(&t->columns[0], t->n_rows, &k, c->ev->e);
    if (ok) {
        *out = value_int(k.n_codes - k.missing);
        keys_clear(&k);
    }
    table_unref(t);
    return ok;
}
