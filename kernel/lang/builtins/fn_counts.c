/* Numbers into named intervals, and how often each value occurs. */
#include "fn_tables.h"
#include "lang/eval/tables/column_ops.h"
#include "data/stats.h"
#include <math.h>
#include <string.h>

/* ---- cut ---- */

/* As many equal intervals as asked for, from the lowest number to the highest. */
static struct tensor *equal_edges(struct call *c, const struct tensor *x, double count) {
    double low, high;
    if (count != floor(count) || count < 1 || count > 1000) {
        call_fail(c, 1, ERR_VALUE, "From 1 to 1000 intervals, or a list of their edges.");
        return NULL;
    }
    if (!stats_range(x, &low, &high)) low = 0, high = 1;
    if (low == high) low -= 0.5, high += 0.5;
    struct tensor *t = fn_vector((int64_t)count + 1, c->ev->e);
    for (int64_t i = 0; t && i < t->count; i++)
        ((double *)t->data)[i] = low + (high - low) * (double)i / count;
    return t;
}

static bool edges_rise(struct call *c, const struct tensor *t) {
    const double *x = t->data;
    if (t->shape.n != 1 || t->count < 2)
        return call_fail(c, 1, ERR_ARGUMENT,
                         "The edges are a list of two numbers or more: cut(x, [0, 18, 65, inf]).");
    for (int64_t i = 1; i < t->count; i++)
        if (!(x[i] > x[i - 1]))
            return call_fail(c, 1, ERR_VALUE, "The edges have to rise, and %g is followed by %g.",
                             x[i - 1], x[i]);
    return true;
}

/* The names that are given, one for each interval, or "(0, 18]" made of the edges. */
static struct levels *interval_names(struct call *c, const struct tensor *edges, bool closed) {
    int32_t n = (int32_t)edges->count - 1;
    const double *x = edges->data;
    struct value names = c->args[2];
    bool given = call_has(c, 2);
    if (given && (names.kind != V_LIST || names.list->n != n)) {
        call_fail(c, 2, ERR_ARGUMENT, "%d edges make %d intervals: `labels` is a list of %d texts.",
                  n + 1, n, n);
        err_hint(c->ev->e,
                 "An interval without an end has the edge -inf or inf: [-inf, 18, 65, inf].");
        return NULL;
    }
    struct text *texts = pool_need((size_t)n * sizeof *texts + 1, c->ev->e);
    struct str *all = pool_need((size_t)n * sizeof *all + 1, c->ev->e);
    for (int32_t i = 0; texts && all && i < n; i++) {
        if (given) value_print(names.list->items[i], &texts[i]);
        else text_addf(&texts[i], "%s%.6g, %.6g]", closed && i == 0 ? "[" : "(", x[i], x[i + 1]);
        all[i] = text_str(&texts[i]);
    }
    struct levels *l = texts && all ? levels_new(all, n, true, c->ev->e) : NULL;
    for (int32_t i = 0; texts && i < n; i++) text_clear(&texts[i]);
    pool_free(texts);
    pool_free(all);
    return l;
}

/* edges[k] < x <= edges[k + 1]; missing where there is no such k. `closed`: the lowest edge belongs
 * to the first interval. */
static double interval_of(double x, const struct tensor *edges, bool closed) {
    const double *edge = edges->data;
    int64_t low = 0, high = edges->count; /* how many edges lie below x */
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (edge[middle] < x) low = middle + 1;
        else high = middle;
    }
    if (closed && x == edge[0]) return 0;
    return isnan(x) || low == 0 || low == edges->count ? (double)NAN : (double)(low - 1);
}

static bool cut_numbers(struct call *c, const struct tensor *x, const char *name,
                        struct value *out) {
    struct tensor *edges = NULL;
    bool closed = value_is_number(c->args[1]);
    if (closed) edges = equal_edges(c, x, value_number(c->args[1]));
    else if (!call_floats(c, 1, &edges)) return false;
    struct levels *l = edges && edges_rise(c, edges) ? interval_names(c, edges, closed) : NULL;
    struct table *t = l ? table_new(x->count, 1, c->ev->e) : NULL;
    bool ok = t && column_make(&t->columns[0], name, COLUMN_CATEGORY, x->count, c->ev->e);
    for (int64_t i = 0; ok && i < x->count; i++)
        t->columns[0].numbers[i] = interval_of(tensor_get(x, i), edges, closed);
    tensor_unref(edges);
    if (!ok) return table_unref(t), levels_unref(l), false;
    t->columns[0].levels = l;
    *out = value_column(t);
    return true;
}

static bool describe_cut(struct call *c, int64_t n, const char *name, struct value *out) {
    struct table *t = table_new(n, 1, c->ev->e);
    if (!t) return false;
    t->columns[0] = (struct column){.name = name, .kind = COLUMN_CATEGORY};
    *out = (struct value){.kind = V_COLUMN_DESC, .table = t};
    return true;
}

bool fn_cut(struct call *c, struct value *out) {
    struct value v = c->args[0];
    const struct column *col = column_of(v);
    const char *name = col ? col->name : intern_c("interval");
    struct tensor *x;
    struct desc d;
    if (col && col->kind > COLUMN_BOOL && col->kind != COLUMN_UNKNOWN)
        return call_fail(c, 0, ERR_TYPE, "cut works on numbers, and the column \"%.60s\" holds %s.",
                         name, column_kind_words(col->kind));
    if (v.kind == V_COLUMN_DESC) return describe_cut(c, v.table->n_rows, name, out);
    if (v.kind == V_DESC && value_describe(v, &d) && d.shape.n == 1)
        return describe_cut(c, d.shape.size[0], name, out);
    if (value_has_unknown(v) || value_has_unknown(c->args[1]) || value_has_unknown(c->args[2]))
        return *out = value_unknown(), true;
    TRY(call_floats(c, 0, &x));
    bool ok = x->shape.n == 1 ? cut_numbers(c, x, name, out)
                              : call_fail(c, 0, ERR_SHAPE, "cut works on a column or vector.");
    tensor_unref(x);
    return ok;
}

/* ---- value_counts ---- */

/* Groups by falling size, equal ones in the order of their values. */
static bool fill_counts(struct call *c, const struct table *from, const struct row_groups *g,
                        int64_t n, struct value *out) {
    const char *name = from->columns[0].name, *count = intern_c("count");
    struct table *sizes = table_new(n, 1, c->ev->e), *t = table_new(n, 2, c->ev->e);
    int64_t *order = pool_need((size_t)n * sizeof *order + 1, c->ev->e);
    bool ok =
        sizes && t && order && column_make(&sizes->columns[0], count, COLUMN_INT, n, c->ev->e) &&
        column_make(&t->columns[1], name == count ? intern_c("n") : count, COLUMN_INT, n, c->ev->e);
    for (int64_t k = 0; ok && k < n; k++)
        sizes->columns[0].numbers[k] = (double)(g->starts[k + 1] - g->starts[k]);
    ok = ok && sort_rows(sizes, (int[]){0}, (bool[]){true}, 1, order, c->ev->e);
    for (int64_t k = 0; ok && k < n; k++)
        t->columns[1].numbers[k] = sizes->columns[0].numbers[order[k]];
    for (int64_t k = 0; ok && k < n; k++) order[k] = g->rows[g->starts[order[k]]];
    ok = ok && column_pick(&t->columns[0], &from->columns[0], order, n, c->ev->e);
    pool_free(order);
    table_unref(sizes);
    if (!ok) return table_unref(t), false;
    *out = value_table(t);
    return true;
}

bool fn_value_counts(struct call *c, struct value *out) {
    struct value v = c->args[0];
    struct keys k = {0};
    struct row_groups g = {0};
    if (v.kind == V_TABLE || v.kind == V_GROUPS) {
        call_fail(c, 0, ERR_TYPE, "value_counts counts the values of one column.");
        return err_hint(c->ev->e, "Write t.name.value_counts(), or for the pairs of several: "
                                  "t.group(\"a\", \"b\").summarize(n=count()).");
    }
    if (c->ev->groups)
        return call_fail(c, -1, ERR_ARGUMENT,
                         "value_counts makes a table. Inside summarize write count() or nunique.");
    int64_t n = value_length(v);
    struct table *from = n >= 0 ? table_new(n, 1, c->ev->e) : NULL;
    const struct column *col = column_of(v);
    if (n < 0) return call_fail(c, 0, ERR_TYPE, "value_counts works on a column or list.");
    bool ok = from && table_put(c->ev, from, 0, intern_c("value"), v);
    if (ok && col) from->columns[0].name = col->name;
    ok =
        ok && keys_of_column(&from->columns[0], n, &k, c->ev->e) && row_groups_of(&k, &g, c->ev->e);
    ok = ok && fill_counts(c, from, &g, g.n_groups - k.missing, out);
    row_groups_clear(&g);
    keys_clear(&k);
    table_unref(from);
    return ok;
}
