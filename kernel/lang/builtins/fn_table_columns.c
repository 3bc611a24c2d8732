/* Table verbs that choose, name and make columns. */
#include "fn_tables.h"
#include "lang/eval/tables/column_ops.h"
#include "data/aggregate.h"
#include <math.h>
#include <string.h>

bool fn_select(struct call *c, struct value *out) {
    const struct table *t;
    int *columns, n;
    TRY(verb_table(c, &t));
    TRY(verb_columns(c, t, false, &columns, &n));
    bool ok = verb_result(table_pick_columns(t, columns, n, c->ev->e), out);
    pool_free(columns);
    return ok;
}

bool fn_drop(struct call *c, struct value *out) {
    const struct table *t;
    int *columns, n, kept = 0;
    TRY(verb_table(c, &t));
    TRY(verb_columns(c, t, false, &columns, &n));
    int *rest = pool_need((size_t)t->n_columns * sizeof *rest + 1, c->ev->e);
    for (int i = 0; rest && i < t->n_columns; i++) {
        bool dropped = false;
        for (int k = 0; k < n; k++) dropped = dropped || columns[k] == i;
        if (!dropped) rest[kept++] = i;
    }
    bool ok = rest && verb_result(table_pick_columns(t, rest, kept, c->ev->e), out);
    pool_free(columns);
    pool_free(rest);
    return ok;
}

/* ---- rename ---- */

static bool rename_one(struct call *c, const struct table *from, struct table *to, struct str old,
                       struct value new, struct span at) {
    int column = table_find(from, old);
    if (column < 0) return no_such_column(c->ev, from, old, at);
    if (new.kind != V_TEXT)
        return fail(c->ev, at, ERR_ARGUMENT, "The new name is a text: rename(%.*s=\"…\").",
                    (int)old.n, old.p);
    int other = table_find(to, value_str(&new));
    if (other >= 0 && other != column)
        return fail(c->ev, at, ERR_COLUMN, "There is a column `%s` already.", new.text->bytes);
    const char *name = intern(value_str(&new));
    if (!name) return err_memory(c->ev->e, new.text->n);
    to->columns[column].name = name;
    return true;
}

static bool rename_all(struct call *c, const struct table *t, struct table *to) {
    for (int i = 0; i < c->n_rest; i++) {
        const struct actual *a = &c->actuals[c->rest[i]];
        bool pandas = a->name && strcmp(a->name, "columns") == 0 && a->value.kind == V_RECORD;
        if (a->name && !pandas) {
            TRY(rename_one(c, t, to, str_of(a->name), a->value, a->name_at));
            continue;
        }
        if (a->value.kind != V_RECORD)
            return fail(c->ev, a->at, ERR_ARGUMENT,
                        "rename takes old=\"new\", or a record {\"old name\": \"new name\"}.");
        const struct record *r = a->value.record;
        for (int k = 0; k < r->n; k++)
            TRY(rename_one(c, t, to, str_of(r->keys[k]), r->items[k], a->at));
    }
    return true;
}

bool fn_rename(struct call *c, struct value *out) {
    const struct table *t;
    TRY(verb_table(c, &t));
    struct table *to = table_extend(t, 0, c->ev->e);
    if (to && rename_all(c, t, to)) return verb_result(to, out);
    return table_unref(to), false;
}

/* ---- assign ---- */

static bool assign_one(struct call *c, const struct actual *a, struct value *table) {
    struct value next;
    if (!a->name) {
        fail(c->ev, a->at, ERR_ARGUMENT, "assign needs the new column's name.");
        return err_hint(c->ev->e, "    t.assign(ratio=.a / .b)");
    }
    if (a->value.kind == V_FUNCTION || a->value.kind == V_BUILTIN) {
        fail(c->ev, a->at, ERR_ARGUMENT, "A column holds values, and this is a function.");
        return err_hint(c->ev->e,
                        "Columns begin with a dot, and need no function: t.assign(%s=.a + 1)",
                        a->name);
    }
    if (!table_with(c->ev, table->table, a->name, a->value, &next)) return err_at(c->ev->e, a->at);
    value_unref(*table);
    *table = next;
    return true;
}

bool fn_assign(struct call *c, struct value *out) {
    const struct table *t;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (c->args[0].kind == V_GROUPS) t = c->args[0].groups->table;
    else TRY(verb_table(c, &t));
    TRY(verb_result(table_extend(t, 0, c->ev->e), out));
    for (int i = 0; i < c->n_rest; i++) {
        if (assign_one(c, &c->actuals[c->rest[i]], out)) continue;
        value_unref(*out);
        return *out = value_missing(), false;
    }
    return true;
}

/* ---- fill_missing ---- */

/* "mean", "median", "min", "max", "previous", "next" fill by the column; else a value. */
static bool is_way(struct value v, const char **way) {
    static const char *const ways[] = {"mean", "median", "min", "max", "previous", "next"};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        if (v.kind == V_TEXT && str_is(value_str(&v), ways[i])) return *way = ways[i], true;
    return false;
}

static void fill_along(struct column *to, const struct column *from, int64_t n, bool next) {
    int64_t last = -1;
    for (int64_t k = 0; k < n; k++) {
        int64_t i = next ? n - 1 - k : k;
        if (!column_is_missing(from, i)) last = i;
        if (to->texts) to->texts[i] = last < 0 ? NULL : from->texts[last];
        else to->numbers[i] = last < 0 ? (double)NAN : from->numbers[last];
    }
}

static bool typical(struct call *c, const struct column *from, int64_t n, const char *way,
                    double *x) {
    enum aggregate how = strcmp(way, "mean") == 0     ? AGGREGATE_MEAN
                         : strcmp(way, "median") == 0 ? AGGREGATE_MEDIAN
                         : strcmp(way, "min") == 0    ? AGGREGATE_MIN
                                                      : AGGREGATE_MAX;
    struct keys k = {.n_rows = n, .n_codes = 1};
    struct row_groups g = {0};
    k.codes = pool_need((size_t)n * sizeof *k.codes + 1, c->ev->e);
    bool ok = k.codes && row_groups_of(&k, &g, c->ev->e) &&
              aggregate(from->numbers, &g, how, 0, x, c->ev->e);
    row_groups_clear(&g);
    keys_clear(&k);
    return ok;
}

static bool fill_number(struct call *c, struct column *to, const struct column *from, int64_t n,
                        double x) {
    TRY(column_make(to, from->name, from->kind, n, c->ev->e));
    bool whole = x == floor(x);
    if (to->kind == COLUMN_INT && !whole) to->kind = COLUMN_NUMBER;
    for (int64_t i = 0; i < n; i++) to->numbers[i] = isnan(from->numbers[i]) ? x : from->numbers[i];
    return true;
}

static bool fill_text(struct call *c, struct table *t, int i, const struct column *from,
                      struct value v) {
    TRY(table_set_column(t, i, from->name, COLUMN_TEXT, c->ev->e));
    const char *filler = NULL, *last = NULL, *copy = NULL;
    for (int64_t r = 0; r < t->n_rows; r++) {
        const char *s = from->texts[r];
        const char **to = &t->columns[i].texts[r];
        if (s ? s == last : filler != NULL) {
            *to = s ? copy : filler;
            continue;
        }
        TRY(table_set_text(t, i, r, s ? str_of(s) : value_str(&v), c->ev->e));
        if (s) last = s, copy = *to;
        else filler = *to;
    }
    return true;
}

static bool cannot_fill(struct call *c, const struct column *from, struct value v) {
    call_fail(c, -1, ERR_TYPE, "The column \"%.100s\" holds %s and cannot be filled with %s.",
              from->name, column_kind_words(from->kind), value_kind_words(v.kind));
    return err_hint(c->ev->e, "Fill columns one by one: fill_missing(%.60s=…).", from->name);
}

static bool fill_category(struct call *c, struct table *t, int i, const struct column *from,
                          struct value v) {
    int level = v.kind == V_TEXT ? levels_find(from->levels, value_str(&v)) : -1;
    if (level < 0) return cannot_fill(c, from, v);
    struct levels *levels = levels_ref(from->levels);
    bool ok = fill_number(c, &t->columns[i], from, t->n_rows, level);
    if (ok) t->columns[i].levels = levels;
    else levels_unref(levels);
    return ok;
}

static bool fill_column(struct call *c, struct table *t, int i, const struct column *from,
                        struct value v) {
    const char *way = NULL;
    double x;
    bool texts = from->kind == COLUMN_TEXT;
    if (is_way(v, &way) && (way[0] == 'p' || way[0] == 'n')) {
        struct column made = {0};
        int64_t none = 0;
        TRY(column_pick(&made, from, &none, 0, c->ev->e)); /* its levels and texts */
        TRY(column_make(&t->columns[i], from->name, from->kind, t->n_rows, c->ev->e));
        t->columns[i].levels = made.levels;
        t->columns[i].store = made.store;
        made.levels = NULL;
        made.store = NULL;
        column_clear(&made);
        fill_along(&t->columns[i], from, t->n_rows, way[0] == 'n');
        return true;
    }
    if (way &&
        (from->kind == COLUMN_NUMBER || from->kind == COLUMN_INT || from->kind == COLUMN_TIME))
        return typical(c, from, t->n_rows, way, &x) &&
               fill_number(c, &t->columns[i], from, t->n_rows, x);
    if (texts && v.kind == V_TEXT) return fill_text(c, t, i, from, v);
    if (from->levels) return fill_category(c, t, i, from, v);
    if (from->kind == COLUMN_TIME)
        return as_time(c->ev, v, &x) && fill_number(c, &t->columns[i], from, t->n_rows, x);
    if (texts || !value_is_number(v)) return cannot_fill(c, from, v);
    return fill_number(c, &t->columns[i], from, t->n_rows, value_number(v));
}

/* One value for all columns that it fits; an error only if it fits none of those with gaps. */
static bool fill_all(struct call *c, const struct table *t, struct table *to, struct value v) {
    bool any = false, failed = false;
    for (int i = 0; i < t->n_columns; i++) {
        const struct column *from = &t->columns[i];
        if (column_n_missing(from, t->n_rows) == 0) continue;
        struct err before = *c->ev->e;
        struct column kept = {0};
        column_share(&kept, from, NULL);
        bool ok = fill_column(c, to, i, &kept, v);
        column_clear(&kept);
        any = any || ok;
        failed = failed || !ok;
        if (!ok && c->ev->e->kind == ERR_MEMORY) return false;
        if (!ok && any) *c->ev->e = before;
    }
    if (any || !failed) *c->ev->e = (struct err){0};
    return any || !failed;
}

static bool fill_named(struct call *c, const struct table *t, struct table *to) {
    for (int i = 0; i < c->n_rest; i++) {
        const struct actual *a = &c->actuals[c->rest[i]];
        int column = a->name ? table_find(t, str_of(a->name)) : -1;
        if (!a->name)
            return fail(c->ev, a->at, ERR_ARGUMENT,
                        "Write fill_missing(0), or column by column: "
                        "fill_missing(price=0).");
        if (column < 0) return no_such_column(c->ev, t, str_of(a->name), a->name_at);
        if (!fill_column(c, to, column, &t->columns[column], a->value))
            return err_at(c->ev->e, a->at);
    }
    return true;
}

bool fn_fill_missing(struct call *c, struct value *out) {
    const struct table *t;
    bool column = c->args[0].kind == V_COLUMN;
    bool number = c->args[0].kind == V_TENSOR || value_is_number(c->args[0]);
    if (c->args[0].kind == V_UNKNOWN || c->args[0].kind == V_COLUMN_DESC ||
        c->args[0].kind == V_DESC || number) /* nothing is missing there */
        return *out = value_ref(c->args[0]), true;
    if (column) t = c->args[0].table;
    else TRY(verb_table(c, &t));
    if (!call_has(c, 1) && c->n_rest == 0) {
        call_fail(c, -1, ERR_ARGUMENT,
                  "With what? fill_missing(0), fill_missing(\"mean\"), or "
                  "column by column: fill_missing(price=0, city=\"?\").");
        return false;
    }
    if (!verb_computes(c, t)) return verb_result(table_description(t, t->n_rows, c->ev->e), out);
    struct table *to = table_extend(t, 0, c->ev->e);
    bool ok = to && (!call_has(c, 1) || fill_all(c, t, to, c->args[1])) && fill_named(c, t, to);
    if (!ok) return table_unref(to), false;
    return column ? column_as_value(c->ev, to, out) : verb_result(to, out);
}
