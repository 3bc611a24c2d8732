/* Table verbs that choose or order rows. */
#include "fn_tables.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/eval_ops.h"
#include <math.h>
#include <string.h>

/* ---- filter ---- */

static bool not_a_condition(struct call *c, struct value v) {
    struct desc d;
    bool numbers = value_describe(v, &d) || v.kind == V_COLUMN || v.kind == V_COLUMN_DESC;
    call_fail(c, 1, ERR_TYPE, "filter needs one True or False for each row.");
    err_label(c->ev->e, "is %s", numbers ? "no question" : value_kind_words(v.kind));
    return err_hint(c->ev->e, "Compare the column with something: t.filter(.price > 3)");
}

static bool wrong_mask(struct call *c, int64_t found, int64_t rows) {
    call_fail(c, 1, ERR_SHAPE, "The condition has %lld values and the table %lld rows.",
              (long long)found, (long long)rows);
    return err_hint(c->ev->e, "Inside filter, `.name` is a column of this very table.");
}

static bool filter_rows(struct call *c, const struct table *t, const struct tensor *mask,
                        struct value *out) {
    const uint8_t *keep = mask->data;
    int64_t n = 0;
    for (int64_t i = 0; i < mask->count; i++) n += keep[i];
    if (n == mask->count) return verb_result(table_extend(t, 0, c->ev->e), out);
    int64_t *rows = pool_need(((size_t)n + 1) * sizeof *rows, c->ev->e);
    int64_t k = 0; /* no branch: what a condition says of the next row is hard to guess */
    for (int64_t i = 0; rows && i < mask->count; k += keep[i++]) rows[k] = i;
    return verb_pick(c, t, rows, n, out);
}

bool fn_filter(struct call *c, struct value *out) {
    const struct table *t;
    struct value v = c->args[1], mask;
    struct desc d;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(verb_table(c, &t));
    if (v.kind == V_UNKNOWN) return verb_some_rows(c, t, out);
    if (v.kind == V_BOOL) { /* the same for all rows */
        if (v.boolean || table_is_described(t)) return *out = value_ref(c->args[0]), true;
        return verb_result(table_slice(t, 0, 0, c->ev->e), out);
    }
    TRY(column_truth(c->ev, v, &mask));
    bool bools = value_describe(mask, &d) && d.dtype == DT_BOOL && d.shape.n == 1;
    bool ok = bools || not_a_condition(c, mask);
    int64_t n = bools ? d.shape.size[0] : 0;
    if (ok && n >= 0 && t->n_rows >= 0 && n != t->n_rows) ok = wrong_mask(c, n, t->n_rows);
    if (ok && mask.kind == V_TENSOR && !table_is_described(t))
        ok = filter_rows(c, t, mask.tensor, out);
    else if (ok) ok = verb_some_rows(c, t, out);
    value_unref(mask);
    return ok;
}

/* ---- head, tail ---- */

static bool ends(struct call *c, bool tail, struct value *out) {
    const struct table *t;
    int64_t n, rows = value_length(c->args[0]);
    TRY(call_int(c, 1, 5, &n));
    if (n < 0) n = 0;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (c->args[0].kind == V_TABLE_DESC) {
        TRY(verb_table(c, &t));
        int64_t some = rows >= 0 && rows < n ? rows : rows >= 0 ? n : unknown_size();
        return verb_result(table_description(t, some, c->ev->e), out);
    }
    if (c->args[0].kind == V_DESC || c->args[0].kind == V_COLUMN_DESC)
        return *out = value_unknown(), true;
    if (rows < 0)
        return call_fail(c, 0, ERR_TYPE, "%s has no rows.", value_kind_words(c->args[0].kind));
    if (n > rows) n = rows;
    int64_t begin = tail ? rows - n : 0;
    if (c->args[0].kind == V_TENSOR) {
        *out = value_tensor(tensor_rows(c->args[0].tensor, begin, begin + n, c->ev->e));
        return out->kind != V_MISSING;
    }
    if (c->args[0].kind == V_COLUMN)
        return column_as_value(c->ev, table_slice(c->args[0].table, begin, begin + n, c->ev->e),
                               out);
    TRY(verb_table(c, &t));
    return verb_result(table_slice(t, begin, begin + n, c->ev->e), out);
}

bool fn_head(struct call *c, struct value *out) {
    return ends(c, false, out);
}

bool fn_tail(struct call *c, struct value *out) {
    return ends(c, true, out);
}

/* ---- sort ---- */

/* descending=True for all columns, or a list with one for each. */
static bool directions(struct call *c, int n, bool **out) {
    struct value d = c->args[1];
    bool all = false;
    *out = pool_need((size_t)n + 1, c->ev->e);
    if (!*out) return false;
    bool list = d.kind == V_TENSOR && d.tensor->dtype == DT_BOOL && d.tensor->count == n;
    if (!list && !call_bool(c, 1, false, &all)) {
        if (d.kind == V_TENSOR)
            call_fail(
                c, 1, ERR_ARGUMENT,
                "`descending` is True or False, or a list with one for each of the %d columns.", n);
        pool_free(*out);
        return false;
    }
    for (int i = 0; i < n; i++) (*out)[i] = list ? tensor_get(d.tensor, i) != 0 : all;
    return true;
}

static bool sort_by(struct call *c, const struct table *t, const int *columns, int n,
                    struct value *out) {
    bool *descending;
    TRY(directions(c, n, &descending));
    if (!verb_computes(c, t)) {
        pool_free(descending);
        return verb_result(table_description(t, t->n_rows, c->ev->e), out);
    }
    int64_t *rows = pool_need((size_t)t->n_rows * sizeof *rows + 1, c->ev->e);
    if (rows && !sort_rows(t, columns, descending, n, rows, c->ev->e)) {
        pool_free(rows);
        rows = NULL;
    }
    pool_free(descending);
    return verb_pick(c, t, rows, t->n_rows, out);
}

/* sort(-.price), sort(.name.lower()): by values that are worked out. */
static bool sort_by_value(struct call *c, const struct table *t, struct value key,
                          struct value *out) {
    struct table *by = table_new(t->n_rows, 1, c->ev->e);
    if (!by || !table_put(c->ev, by, 0, intern_c("key"), key)) return table_unref(by), false;
    bool known = verb_computes(c, t) && !table_is_described(by), *descending;
    bool ok = directions(c, 1, &descending);
    int64_t *rows = ok && known ? pool_need((size_t)t->n_rows * sizeof *rows + 1, c->ev->e) : NULL;
    if (rows && !sort_rows(by, &(int){0}, descending, 1, rows, c->ev->e)) {
        pool_free(rows);
        rows = NULL;
    }
    table_unref(by);
    if (ok) pool_free(descending);
    if (ok && !known) return verb_result(table_description(t, t->n_rows, c->ev->e), out);
    return ok && verb_pick(c, t, rows, t->n_rows, out);
}

bool sort_table(struct call *c, struct value *out) {
    const struct table *t;
    int *columns, n;
    TRY(verb_table(c, &t));
    if (c->n_rest == 0) return call_fail(c, -1, ERR_ARGUMENT, "By which column? t.sort(\"name\")");
    struct value key = c->actuals[c->rest[0]].value;
    if (key.kind == V_UNKNOWN) return verb_result(table_description(t, t->n_rows, c->ev->e), out);
    if (c->n_rest == 1 && key.kind != V_TEXT && key.kind != V_LIST)
        return sort_by_value(c, t, key, out);
    TRY(verb_columns(c, t, false, &columns, &n));
    bool ok = sort_by(c, t, columns, n, out);
    pool_free(columns);
    return ok;
}

bool sort_column(struct call *c, bool descending, struct value *out) {
    const struct table *t = c->args[0].table;
    int64_t *rows = pool_need((size_t)t->n_rows * sizeof *rows + 1, c->ev->e);
    bool ok = rows && sort_rows(t, &(int){0}, &descending, 1, rows, c->ev->e);
    struct table *sorted = ok ? table_pick_rows(t, rows, t->n_rows, c->ev->e) : NULL;
    pool_free(rows);
    return column_as_value(c->ev, sorted, out);
}

/* ---- distinct rows ---- */

/* The first row of each group, in the rows' order. */
bool unique_rows(struct call *c, struct value *out) {
    const struct table *t = c->args[0].table;
    int *columns = pool_need((size_t)t->n_columns * sizeof *columns + 1, c->ev->e);
    struct keys k;
    if (!columns) return false;
    for (int i = 0; i < t->n_columns; i++) columns[i] = i;
    bool ok = t->n_columns > 0 && keys_of_columns(t, columns, t->n_columns, &k, c->ev->e);
    pool_free(columns);
    if (!ok) return *out = value_ref(c->args[0]), t->n_columns == 0;
    uint8_t *seen = pool_need((size_t)k.n_codes + 1, c->ev->e);
    int64_t *rows = pool_need((size_t)k.n_codes * sizeof *rows + 1, c->ev->e), n = 0;
    bool sorted = c->args[0].kind == V_COLUMN; /* a column's values in order, as a tensor's */
    for (int64_t i = 0; seen && rows && i < t->n_rows; i++) {
        if (!seen[k.codes[i]]) rows[sorted ? k.codes[i] : n] = i;
        n += !seen[k.codes[i]];
        seen[k.codes[i]] = 1;
    }
    pool_free(seen);
    keys_clear(&k);
    if (c->args[0].kind != V_COLUMN) return verb_pick(c, t, rows, n, out);
    struct table *picked = rows ? table_pick_rows(t, rows, n, c->ev->e) : NULL;
    pool_free(rows);
    return column_as_value(c->ev, picked, out);
}

/* ---- missing cells ---- */

bool fn_is_missing(struct call *c, struct value *out) {
    struct value v = c->args[0];
    if (is_columnar(v) && column_of(v))
        return column_compare(c->ev, AST_OP_EQ, v, value_none(), out);
    if (v.kind == V_NONE) return *out = value_bool(true), true;
    if (v.kind == V_TABLE || v.kind == V_TABLE_DESC || v.kind == V_HISTORY) {
        call_fail(c, 0, ERR_TYPE, "is_missing looks at a column or a value, and this is a table.");
        return err_hint(c->ev->e, "How many are missing in a column: t.price.is_missing().sum(). A "
                                  "table that is shown says it for each of its columns.");
    }
    struct desc d;
    if (!value_describe(v, &d)) return *out = value_bool(false), true;
    return apply2(c->ev, OP_ne, v, v, out); /* only NaN differs from itself */
}

/* A column without missing cells is a tensor: it stays as it is, but for NaN. */
static bool drop_nan(struct call *c, struct tensor *x, struct value *out) {
    int64_t kept = 0, k = 0;
    for (int64_t i = 0; i < x->count; i++) kept += !isnan(tensor_get(x, i));
    if (kept == x->count)
        return *out = (struct value){.kind = V_TENSOR, .tensor = tensor_ref(x)}, true;
    struct shape s = x->shape;
    s.size[0] = kept;
    struct tensor *t = tensor_new(x->dtype, &s, c->ev->e);
    for (int64_t i = 0; t && i < x->count; i++)
        if (!isnan(tensor_get(x, i))) tensor_set(t, k++, tensor_get(x, i));
    *out = (struct value){.kind = V_TENSOR, .tensor = t};
    return t != NULL;
}

bool fn_drop_missing(struct call *c, struct value *out) {
    const struct table *t;
    int *columns, n;
    if (c->args[0].kind == V_TENSOR && c->args[0].tensor->shape.n == 1 && c->n_rest == 0)
        return drop_nan(c, c->args[0].tensor, out);
    if (c->args[0].kind == V_DESC) return *out = value_unknown(), true;
    if (c->args[0].kind == V_COLUMN || c->args[0].kind == V_COLUMN_DESC) {
        if (c->args[0].kind == V_COLUMN_DESC) return *out = value_unknown(), true;
        t = c->args[0].table;
    } else {
        TRY(verb_table(c, &t));
    }
    TRY(verb_columns(c, t, true, &columns, &n));
    if (!verb_computes(c, t)) {
        pool_free(columns);
        return verb_some_rows(c, t, out);
    }
    int64_t *rows = pool_need((size_t)t->n_rows * sizeof *rows + 1, c->ev->e), kept = 0;
    for (int64_t i = 0; rows && i < t->n_rows; i++) {
        bool missing = false;
        for (int k = 0; k < n && !missing; k++)
            missing = column_is_missing(&t->columns[columns[k]], i);
        if (!missing) rows[kept++] = i;
    }
    pool_free(columns);
    if (c->args[0].kind != V_COLUMN) return verb_pick(c, t, rows, kept, out);
    struct table *picked = rows ? table_pick_rows(t, rows, kept, c->ev->e) : NULL;
    pool_free(rows);
    return column_as_value(c->ev, picked, out);
}
