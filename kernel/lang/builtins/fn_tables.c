/* Tables: making, parts, splitting. */
#include "fn_tables.h"
#include "base/hash.h"
#include "data/stats.h"
#include <math.h>
#include <string.h>

/* The fields of all records, in the order in which they come up. */
static int32_t all_fields(const struct list *l, const char ***names, struct err *e) {
    int32_t n = 0, cap = 0;
    for (int i = 0; i < l->n; i++) {
        const struct record *r = l->items[i].kind == V_RECORD ? l->items[i].record : NULL;
        for (int k = 0; r && k < r->n; k++) {
            bool seen = k < n && (*names)[k] == r->keys[k];
            for (int32_t j = 0; !seen && j < n; j++) seen = (*names)[j] == r->keys[k];
            if (seen) continue;
            if (n == cap) {
                cap = 2 * cap + 16;
                const char **more = pool_realloc(*names, (size_t)cap * sizeof *more);
                if (!more) return err_memory(e, (size_t)cap * sizeof *more), -1;
                *names = more;
            }
            (*names)[n++] = r->keys[k];
        }
    }
    return n;
}

/* table([{a: 1}, {a: 2}]); a field that a record lacks is missing. */
static bool table_of_records(struct call *c, const struct list *l, struct value *out) {
    const char **names = NULL;
    if (l->n == 0 || l->items[0].kind != V_RECORD)
        return call_fail(
            c, -1, ERR_TYPE,
            "A table is made from columns, table(a=…, b=…), or from a list of records.");
    int32_t n = all_fields(l, &names, c->ev->e), made = 0;
    struct value *columns = n < 0 ? NULL : pool_need((size_t)(n + 1) * sizeof *columns, c->ev->e);
    bool ok = columns != NULL;
    for (; ok && made < n; made++) {
        columns[made] = value_list_new(l->n, c->ev->e);
        ok = columns[made].kind == V_LIST;
        for (int i = 0; ok && i < l->n; i++) {
            const struct value *v =
                l->items[i].kind == V_RECORD ? record_get(l->items[i].record, names[made]) : NULL;
            ok = list_add(columns[made].list, v ? value_ref(*v) : value_none(), c->ev->e);
        }
    }
    ok = ok && table_make(c->ev, names, columns, n, out);
    for (int32_t i = 0; i < made; i++) value_unref(columns[i]);
    pool_free(columns);
    pool_free(names);
    return ok;
}

bool fn_table(struct call *c, struct value *out) {
    const char *names[64];
    struct value columns[64];
    int n = 0;
    for (int i = 0; i < c->n_actuals; i++) {
        struct value v = c->actuals[i].value;
        bool unknown = c->ev->domain == DOMAIN_CHECK && value_has_unknown(v) &&
                       (!c->actuals[i].name || v.kind == V_LIST);
        if (unknown || v.kind == V_NODE) return *out = value_unknown(), true;
    }
    if (c->n_rest == 1 && !c->actuals[c->rest[0]].name &&
        c->actuals[c->rest[0]].value.kind == V_LIST)
        return table_of_records(c, c->actuals[c->rest[0]].value.list, out);
    if (c->n_rest == 1 && !c->actuals[c->rest[0]].name &&
        c->actuals[c->rest[0]].value.kind == V_RECORD)
        return record_to_table(c, c->actuals[c->rest[0]].value.record, out);
    for (; n < c->n_rest && n < 64; n++) {
        const struct actual *a = &c->actuals[c->rest[n]];
        if (!a->name) return call_fail(c, -1, ERR_ARGUMENT, "Columns have names: table(a=…, b=…).");
        names[n] = a->name;
        columns[n] = a->value;
    }
    if (table_make(c->ev, names, columns, n, out)) return true;
    int odd = c->ev->e->kind == ERR_SHAPE ? table_odd_column(columns, n) : -1;
    return odd >= 0 && err_at(c->ev->e, c->actuals[c->rest[odd]].at);
}

static bool is_number(const struct column *c) {
    return c->kind <= COLUMN_BOOL;
}

static double deviation(const double *x, int64_t n, double *mean, int64_t *count) {
    double sum = 0, squares = 0;
    *count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(x[i])) sum += x[i], ++*count;
    }
    *mean = *count ? sum / (double)*count : NAN;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(x[i])) squares += (x[i] - *mean) * (x[i] - *mean);
    }
    return *count > 1 ? sqrt(squares / (double)(*count - 1)) : NAN;
}

static struct tensor *present(const struct column *col, int64_t n, int64_t count, struct err *e) {
    struct tensor *t = fn_vector(count, e);
    int64_t k = 0;
    for (int64_t i = 0; t && i < n; i++) {
        if (!isnan(col->numbers[i])) ((double *)t->data)[k++] = col->numbers[i];
    }
    return t;
}

static bool describe_column(struct call *c, const struct table *t, int from, struct table *to,
                            int i) {
    static const double shares[] = {0, 0.25, 0.5, 0.75, 1};
    const struct column *col = &t->columns[from];
    double mean, q[5] = {NAN, NAN, NAN, NAN, NAN};
    int64_t count;
    TRY(table_set_column(to, i, col->name, COLUMN_NUMBER, c->ev->e));
    double *x = to->columns[i].numbers;
    double std = deviation(col->numbers, t->n_rows, &mean, &count);
    struct tensor *all = present(col, t->n_rows, count, c->ev->e);
    bool ok = all && (count == 0 || stats_quantiles(all, shares, 5, q, c->ev->e));
    tensor_unref(all);
    x[0] = (double)count;
    x[1] = mean;
    x[2] = std;
    memcpy(x + 3, q, sizeof q);
    return ok;
}

bool fn_describe(struct call *c, struct value *out) {
    static const char *const words[] = {"count", "mean", "std", "min", "25%", "50%", "75%", "max"};
    const struct table *t = NULL;
    TRY(verb_table(c, &t));
    int n = 0;
    for (int i = 0; i < t->n_columns; i++) n += is_number(&t->columns[i]);
    struct table *d = table_new(8, n + 1, c->ev->e);
    bool ok = d && table_set_column(d, 0, intern_c("statistic"), COLUMN_TEXT, c->ev->e);
    for (int i = 0; ok && i < 8; i++) ok = table_set_text(d, 0, i, str_of(words[i]), c->ev->e);
    for (int i = 0, k = 1; ok && i < t->n_columns; i++) {
        if (is_number(&t->columns[i])) ok = describe_column(c, t, i, d, k++);
    }
    if (!ok) return table_unref(d), false;
    *out = value_table(d);
    return true;
}
