/* Rows and the rows before them: shift, diff, rolling. In a table verb after group, within each
 * group by itself. */
#include "fn_tables.h"
#include "data/aggregate.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/tables/columns.h"
#include "lang/eval/eval_ops.h"
#include <math.h>
#include <string.h>

/* ---- the operand as a column ---- */

/* Argument 0 as a table of one column; *t is NULL if only `out` can be said. New reference. */
static bool series(struct call *c, struct table **t, struct value *out) {
    struct value v = c->args[0];
    struct desc d;
    *t = NULL;
    if (v.kind == V_UNKNOWN) return *out = value_unknown(), true;
    bool columnar = v.kind == V_COLUMN || v.kind == V_COLUMN_DESC || v.kind == V_LIST;
    bool known = value_describe(v, &d);
    if (!columnar && (!known || v.kind == V_NODE || d.shape.n != 1)) {
        call_fail(c, 0, ERR_TYPE, "%s works on a column of a table, and this is %s.", c->row->name,
                  value_kind_words(v.kind));
        if (v.kind == V_TABLE || v.kind == V_TABLE_DESC || v.kind == V_GROUPS)
            return err_hint(c->ev->e, "Inside assign: t.assign(before=.price.%s(1))", c->row->name);
        if (known && d.shape.n > 1) return err_hint(c->ev->e, "One column of it: x[:, 0]"), false;
        return false;
    }
    if (v.kind == V_DESC) {
        *t = table_new(d.shape.size[0], 1, c->ev->e);
        if (!*t) return false;
        enum column_kind kind = d.dtype == DT_BOOL ? COLUMN_BOOL : COLUMN_NUMBER;
        if (!dtype_is_float(d.dtype) && kind != COLUMN_BOOL) kind = COLUMN_INT;
        (*t)->columns[0] = (struct column){.name = intern_c("value"), .kind = kind};
        return true;
    }
    if (v.kind == V_COLUMN || v.kind == V_COLUMN_DESC) return *t = table_ref(v.table), true;
    *t = table_new(value_length(v), 1, c->ev->e);
    if (*t && table_put(c->ev, *t, 0, intern_c("value"), v)) return true;
    table_unref(*t);
    return *t = NULL, false;
}

/* While checking: as many cells of such a kind. */
static bool describe_series(struct call *c, const struct table *t, enum column_kind kind,
                            struct value *out) {
    if (kind <= COLUMN_BOOL) return describe_rows(c->ev, t->n_rows, DT_FLOAT64, out);
    struct table *d = table_new(t->n_rows, 1, c->ev->e);
    if (!d) return false;
    d->columns[0] = (struct column){.name = t->columns[0].name, .kind = kind};
    *out = (struct value){.kind = V_COLUMN_DESC, .table = d};
    return true;
}

/* Argument 1 as a number of rows; *known = false while checking. */
static bool row_count(struct call *c, int64_t *n, bool *known) {
    *known = c->args[1].kind != V_UNKNOWN && c->args[1].kind != V_DESC;
    if (c->args[1].kind == V_QUANTITY) {
        const char *unit = c->args[1].quantity->unit;
        if (strncmp(unit, "row", 3) != 0) {
            call_fail(c, 1, ERR_ARGUMENT, "%s counts rows, not %s.", c->row->name, unit);
            return err_hint(c->ev->e, "With one row an hour, a day is 24 rows.");
        }
        return *n = (int64_t)c->args[1].quantity->amount, true;
    }
    return !*known || call_int(c, 1, 1, n);
}

/* ---- shift and diff ---- */

/* The cell `by` rows further up (by < 0: further down), missing where there is none. */
static bool shifted(struct call *c, const struct table *t, int64_t by, struct value *out) {
    int64_t n = t->n_rows;
    int64_t *rows = pool_need((size_t)n * sizeof *rows + 1, c->ev->e);
    struct table *to = rows ? table_new(n, 1, c->ev->e) : NULL;
    for (int64_t i = 0; to && i < n; i++) {
        bool inside = by >= 0 ? i >= by : by >= -n && i < n + by;
        rows[i] = inside ? i - by : -1;
    }
    bool ok = to && column_pick(&to->columns[0], &t->columns[0], rows, n, c->ev->e);
    pool_free(rows);
    if (!ok) return table_unref(to), false;
    return column_as_value(c->ev, to, out);
}

bool fn_shift(struct call *c, struct value *out) {
    struct table *t;
    int64_t by = 1;
    bool known;
    TRY(row_count(c, &by, &known));
    TRY(series(c, &t, out));
    if (!t) return true;
    bool ok = known && verb_computes(c, t) ? shifted(c, t, by, out)
                                           : describe_series(c, t, t->columns[0].kind, out);
    table_unref(t);
    return ok;
}

bool fn_diff(struct call *c, struct value *out) {
    struct table *t;
    int64_t by = 1;
    bool known;
    TRY(row_count(c, &by, &known));
    TRY(series(c, &t, out));
    if (!t) return true;
    enum column_kind kind = t->columns[0].kind;
    struct value before, now;
    bool ok = true;
    if (kind > COLUMN_BOOL && kind != COLUMN_TIME && kind != COLUMN_UNKNOWN)
        ok = call_fail(c, 0, ERR_TYPE, "diff subtracts, and the column \"%.100s\" holds %s.",
                       t->columns[0].name, column_kind_words(kind));
    else if (!known || !verb_computes(c, t)) ok = describe_series(c, t, COLUMN_NUMBER, out);
    else if ((ok = shifted(c, t, by, &before))) {
        ok = column_as_value(c->ev, table_ref(t), &now);
        if (ok) ok = apply_binary(c->ev, AST_OP_SUB, now, before, out), value_unref(now);
        value_unref(before);
    }
    table_unref(t);
    return ok;
}

/* ---- rolling ---- */

struct rolling {
    int64_t size;
    bool partial; /* the first rows have shorter windows instead of nothing */
    bool folds;   /* one of the aggregates, or a function of the student's */
    int how;
    struct value f;
};

static int64_t window_start(const struct rolling *r, int64_t row) {
    return row + 1 >= r->size ? row + 1 - r->size : 0;
}

/* Windows of rows from … to-1 as groups of one column, folded at once. */
static bool fold_windows(struct call *c, const struct rolling *r, const double *x, int64_t from,
                         int64_t to, double *results) {
    struct row_groups g = {.n_groups = to - from};
    int64_t n = 0;
    for (int64_t i = from; i < to; i++) n += i + 1 - window_start(r, i);
    g.starts = pool_need((size_t)(to - from + 1) * sizeof *g.starts, c->ev->e);
    g.rows = pool_need((size_t)(n + 1) * sizeof *g.rows, c->ev->e);
    int32_t *window = pool_need((size_t)(n + 1) * sizeof *window, c->ev->e);
    double *cells = pool_need((size_t)(n + 1) * sizeof *cells, c->ev->e);
    bool ok = g.starts && g.rows && window && cells;
    g.of_row = window;
    for (int64_t i = from; ok && i < to; i++) {
        g.starts[i - from] = g.n_rows;
        for (int64_t k = window_start(r, i); k <= i; k++) {
            g.rows[g.n_rows] = g.n_rows;
            window[g.n_rows] = (int32_t)(i - from);
            cells[g.n_rows++] = x[k];
        }
    }
    if (ok) g.starts[to - from] = g.n_rows;
    ok = ok && aggregate(cells, &g, (enum aggregate)r->how, 0.5, results + from, c->ev->e);
    pool_free(g.starts);
    pool_free(g.rows);
    pool_free(window);
    pool_free(cells);
    return ok;
}

static bool fold_all(struct call *c, const struct rolling *r, const double *x, int64_t n,
                     double *results) {
    enum { CELLS = 1 << 18 }; /* at a time */
    int64_t step = CELLS / (r->size < n ? r->size : n) + 1;
    for (int64_t i = 0; i < n; i += step) {
        int64_t to = i + step < n ? i + step : n;
        TRY(!stopped(c->ev, c->at) && fold_windows(c, r, x, i, to, results));
    }
    return true;
}

static bool call_on_window(struct call *c, const struct rolling *r, const double *x, int64_t from,
                           int64_t n, double *result) {
    struct tensor *t = fn_vector(n, c->ev->e);
    if (!t) return false;
    memcpy(t->data, x + from, (size_t)n * sizeof *x);
    struct value window = value_tensor(t), y;
    bool ok = call_simple(c->ev, r->f, &window, 1, c->spans[2], &y);
    value_unref(window);
    TRY(ok);
    ok = value_is_number(y) || call_fail(c, 2, ERR_TYPE,
                                         "The function makes %s of a window, and one number is "
                                         "needed.",
                                         value_kind_words(y.kind));
    if (ok) *result = value_number(y);
    value_unref(y);
    return ok;
}

static bool roll(struct call *c, const struct rolling *r, const struct table *t,
                 struct value *out) {
    int64_t n = t->n_rows;
    struct table *to = table_new(n, 1, c->ev->e);
    bool ok = to && column_make(&to->columns[0], t->columns[0].name, COLUMN_NUMBER, n, c->ev->e);
    const double *x = t->columns[0].numbers;
    double *y = ok ? to->columns[0].numbers : NULL;
    if (ok && r->folds) ok = fold_all(c, r, x, n, y);
    for (int64_t i = 0; ok && !r->folds && i < n; i++) {
        int64_t from = window_start(r, i);
        ok = !stopped(c->ev, c->at);
        if (ok && (r->partial || i + 1 >= r->size))
            ok = call_on_window(c, r, x, from, i + 1 - from, &y[i]);
    }
    for (int64_t i = 0; ok && !r->partial && i < r->size - 1 && i < n; i++) y[i] = (double)NAN;
    if (!ok) return table_unref(to), false;
    return column_as_value(c->ev, to, out);
}

static bool window_function(struct call *c, struct rolling *r) {
    if (!call_has(c, 2)) {
        call_fail(c, -1, ERR_ARGUMENT, "What is to be worked out of each window?");
        return err_hint(c->ev->e, "The function comes second: .price.rolling(7, mean). Also sum, "
                                  "min, max, std, median, or one of your own.");
    }
    if (!call_function(c, 2, &r->f)) return false;
    r->folds = r->f.kind == V_BUILTIN && aggregate_of(r->f.builtin, &r->how) &&
               r->how != AGGREGATE_QUANTILE;
    return true;
}

bool fn_rolling(struct call *c, struct value *out) {
    struct rolling r = {.size = 1};
    struct table *t;
    bool known;
    TRY(window_function(c, &r));
    TRY(row_count(c, &r.size, &known));
    TRY(call_bool(c, 3, false, &r.partial));
    if (r.size < 1)
        return call_fail(c, 1, ERR_VALUE, "A window has at least one row, and this says %lld.",
                         (long long)r.size);
    TRY(series(c, &t, out));
    if (!t) return true;
    enum column_kind kind = t->columns[0].kind;
    bool ok = true;
    if (kind > COLUMN_BOOL && kind != COLUMN_UNKNOWN)
        ok = call_fail(c, 0, ERR_TYPE,
                       "rolling works on numbers, and the column \"%.100s\" holds %s.",
                       t->columns[0].name, column_kind_words(kind));
    else if (!known || r.f.kind == V_UNKNOWN || !verb_computes(c, t))
        ok = describe_series(c, t, COLUMN_NUMBER, out);
    else ok = roll(c, &r, t, out);
    table_unref(t);
    return ok;
}
