/* Built-ins on columns: elementwise functions keep missing cells missing, statistics leave them
 * out, functions of texts work on each cell, and inside groups statistics fold each group. */
#include "fn.h"
#include "data/aggregate.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/tables/columns.h"
#include "lang/eval/eval_ops.h"
#include <math.h>
#include <string.h>

/* ---- aggregates ---- */

static const char *const aggregate_names[AGGREGATE_N] = {
    [AGGREGATE_COUNT] = "count", [AGGREGATE_SUM] = "sum",       [AGGREGATE_MEAN] = "mean",
    [AGGREGATE_MIN] = "min",     [AGGREGATE_MAX] = "max",       [AGGREGATE_VAR] = "var",
    [AGGREGATE_STD] = "std",     [AGGREGATE_MEDIAN] = "median", [AGGREGATE_QUANTILE] = "quantile",
    [AGGREGATE_FIRST] = "first", [AGGREGATE_LAST] = "last",     [AGGREGATE_UNIQUE] = "nunique",
    [AGGREGATE_PROD] = "prod",   [AGGREGATE_ANY] = "any",       [AGGREGATE_ALL] = "all"};

bool aggregate_of(const struct builtin *b, int *how) {
    for (*how = 0; *how < AGGREGATE_N; ++*how)
        if (strcmp(b->name, aggregate_names[*how]) == 0) return true;
    return false;
}

/* The kind of an aggregate of such a column. */
static enum column_kind kind_after(enum column_kind kind, int how) {
    switch ((enum aggregate)how) {
    case AGGREGATE_COUNT:
    case AGGREGATE_UNIQUE: return COLUMN_INT;
    case AGGREGATE_ANY:
    case AGGREGATE_ALL: return COLUMN_BOOL;
    case AGGREGATE_SUM:
    case AGGREGATE_PROD: return kind == COLUMN_NUMBER ? COLUMN_NUMBER : COLUMN_INT;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
    case AGGREGATE_FIRST:
    case AGGREGATE_LAST: return kind;
    default: return kind == COLUMN_TIME ? COLUMN_TIME : COLUMN_NUMBER;
    }
}

static bool fits(struct eval *ev, const struct column *c, int how) {
    bool numbers = c->kind <= COLUMN_BOOL, order = how == AGGREGATE_MIN || how == AGGREGATE_MAX;
    bool any = how == AGGREGATE_COUNT || how == AGGREGATE_UNIQUE || how == AGGREGATE_FIRST ||
               how == AGGREGATE_LAST;
    bool time = c->kind == COLUMN_TIME && (order || how == AGGREGATE_MEAN ||
                                           how == AGGREGATE_MEDIAN || how == AGGREGATE_QUANTILE);
    if (numbers || any || time || (order && c->kind != COLUMN_TIME)) return true;
    err_set(ev->e, ERR_TYPE, "There is no %s of the column \"%.100s\": it holds %s.",
            aggregate_names[how], c->name, column_kind_words(c->kind));
    if (c->kind == COLUMN_TEXT)
        err_hint(ev->e,
                 "Numbers written as texts are read by to_number(.%.60s). Of texts there are "
                 "count, nunique, first, last, min and max.",
                 c->name);
    return false;
}

/* Texts and categories by the codes of their cells: -> a column of texts. */
static bool aggregate_cells(struct eval *ev, const struct column *c, int64_t n,
                            const struct row_groups *g, int how, struct column *to) {
    struct keys k;
    TRY(keys_of_column(c, n, &k, ev->e));
    double *codes = pool_need((size_t)n * sizeof *codes + 1, ev->e);
    int64_t *row_of = pool_need(((size_t)k.n_codes + 1) * sizeof *row_of, ev->e);
    double *folded = pool_need((size_t)g->n_groups * sizeof *folded + 1, ev->e);
    bool ok = codes && row_of && folded;
    for (int64_t i = 0; ok && i < n; i++) {
        codes[i] = column_is_missing(c, i) ? (double)NAN : k.codes[i];
        row_of[k.codes[i]] = i;
    }
    ok = ok && aggregate(codes, g, (enum aggregate)how, 0, folded, ev->e);
    bool number = how == AGGREGATE_COUNT || how == AGGREGATE_UNIQUE;
    if (ok && number) {
        ok = column_make(to, c->name, COLUMN_INT, g->n_groups, ev->e);
        if (ok && g->n_groups) memcpy(to->numbers, folded, (size_t)g->n_groups * sizeof *folded);
    } else if (ok) {
        int64_t *rows = row_of; /* reused: as many groups as codes, or fewer rows than both */
        rows = pool_need((size_t)g->n_groups * sizeof *rows + 1, ev->e);
        for (int64_t i = 0; rows && i < g->n_groups; i++)
            rows[i] = isnan(folded[i]) ? -1 : row_of[(int64_t)folded[i]];
        ok = rows && column_pick(to, c, rows, g->n_groups, ev->e);
        pool_free(rows);
    }
    pool_free(codes);
    pool_free(row_of);
    pool_free(folded);
    keys_clear(&k);
    return ok;
}

static bool group_sizes(struct eval *ev, const struct row_groups *g, struct value *out) {
    struct table *t = table_new(g->n_groups, 1, ev->e);
    if (!t || !column_make(&t->columns[0], intern_c("count"), COLUMN_INT, g->n_groups, ev->e))
        return table_unref(t), false;
    for (int64_t k = 0; k < g->n_groups; k++)
        t->columns[0].numbers[k] = (double)(g->starts[k + 1] - g->starts[k]);
    return column_as_value(ev, t, out);
}

bool aggregate_value(struct eval *ev, struct value v, const struct row_groups *g, int how, double q,
                     struct value *out) {
    if (v.kind == V_MISSING) return group_sizes(ev, g, out);
    struct table *from = table_new(g->n_rows, 1, ev->e), *to = table_new(g->n_groups, 1, ev->e);
    bool ok = from && to && table_put(ev, from, 0, intern_c("value"), v);
    const struct column *c = ok ? &from->columns[0] : NULL;
    if (ok && column_of(v)) from->columns[0].name = column_of(v)->name;
    if (ok && how == AGGREGATE_COUNT && c->kind == COLUMN_BOOL) how = AGGREGATE_SUM;
    ok = ok && fits(ev, c, how);
    if (ok && c->kind != COLUMN_TEXT && c->kind != COLUMN_CATEGORY) {
        ok = column_make(&to->columns[0], c->name, kind_after(c->kind, how), g->n_groups, ev->e) &&
             aggregate(c->numbers, g, (enum aggregate)how, q, to->columns[0].numbers, ev->e);
    } else if (ok) {
        ok = aggregate_cells(ev, c, g->n_rows, g, how, &to->columns[0]);
    }
    table_unref(from);
    if (!ok) return table_unref(to), false;
    return column_as_value(ev, to, out);
}

/* Inside groups: fold the rows of each. */
static bool aggregate_groups(struct call *c, int how, struct value *out) {
    double q = 0.5;
    if (how == AGGREGATE_QUANTILE) TRY(call_number(c, 1, 0.5, &q));
    if (q < 0 || q > 1) return call_fail(c, 1, ERR_VALUE, "A share lies between 0 and 1.");
    return aggregate_value(c->ev, c->args[0], c->ev->groups, how, q, out);
}

/* The whole column as one group: a single value. */
static bool aggregate_whole(struct call *c, int how, struct value *out) {
    const struct column *col = column_of(c->args[0]);
    int64_t n = c->args[0].table->n_rows;
    double q = 0.5;
    if (how == AGGREGATE_QUANTILE) TRY(call_number(c, 1, 0.5, &q));
    if (q < 0 || q > 1) return call_fail(c, 1, ERR_VALUE, "A share lies between 0 and 1.");
    struct keys k = {.n_rows = n, .n_codes = 1};
    k.codes = pool_need((size_t)n * sizeof *k.codes + 1, c->ev->e);
    struct row_groups g = {0};
    struct value all = value_missing();
    bool ok = k.codes && row_groups_of(&k, &g, c->ev->e) &&
              aggregate_value(c->ev, c->args[0], &g, how, q, &all);
    if (ok && all.kind == V_COLUMN) *out = table_cell(c->ev, column_of(all), 0);
    else if (ok) ok = iterate_item(c->ev, all, 0, out);
    value_unref(all);
    row_groups_clear(&g);
    keys_clear(&k);
    bool told = how >= AGGREGATE_SUM && how <= AGGREGATE_QUANTILE;
    int64_t missing = ok && told ? column_n_missing(col, n) : 0;
    const struct engine_observer *o = c->ev->observer;
    if (missing && o->note && c->ev->domain == DOMAIN_RUN && !c->ev->at_hand) {
        struct text note = {0};
        text_addf(&note, "%s of %s: %lld missing value%s left out.", c->row->name, col->name,
                  (long long)missing, missing == 1 ? "" : "s");
        o->note(o->user, text_str(&note));
        text_clear(&note);
    }
    return ok;
}

/* While checking. */
static bool describe_aggregate(struct call *c, int how, struct value *out) {
    const struct column *col = column_of(c->args[0]);
    TRY(col->kind == COLUMN_UNKNOWN || fits(c->ev, col, how));
    struct desc d = {.dtype = DT_FLOAT64};
    enum column_kind kind = kind_after(col->kind, how);
    if (kind > COLUMN_BOOL) return *out = value_unknown(), true;
    if (kind != COLUMN_NUMBER) d.dtype = kind == COLUMN_INT ? DT_INT64 : DT_BOOL;
    *out = value_desc(&d, c->ev->e);
    return out->kind == V_DESC;
}

/* ---- elementwise functions on numbers ---- */

static bool call_with(struct call *c, const struct value *args, struct value *out) {
    struct call plain = *c;
    for (int i = 0; i < c->signature->n; i++) plain.args[i] = args[i];
    plain.n_held = 0;
    bool ok = call_row(&plain, out);
    for (int i = 0; i < plain.n_held; i++) value_unref(plain.held[i]);
    return ok;
}

static bool call_elementwise(struct call *c, struct value *out) {
    struct value args[SIGNATURE_MAX], r;
    const char *name = NULL;
    bool ok = true;
    int n = 0;
    for (; ok && n < c->signature->n; n++) {
        const struct column *col = column_of(c->args[n]);
        if (col && !name) name = col->name;
        if (!col) args[n] = value_ref(c->args[n]);
        else if (col->kind == COLUMN_BOOL) ok = column_truth(c->ev, c->args[n], &args[n]);
        else ok = as_tensorlike(c->ev, c->args[n], &args[n]);
    }
    for (int i = 0; i < c->signature->n; i++) {
        if (ok && args[i].kind == V_UNKNOWN) {
            for (int k = 0; k < n; k++) value_unref(args[k]);
            return *out = value_unknown(), true;
        }
    }
    ok = ok && call_with(c, args, &r);
    for (int i = 0; i < n; i++)
        if (ok || i < n - 1) value_unref(args[i]);
    return ok && numbers_as_column(c->ev, r, name ? name : intern_c("value"), out);
}

/* ---- functions of texts on each cell ---- */

/* Equal texts are worked out once. */
static bool map_cells(struct call *c, struct value *out) {
    const struct table *t = c->args[0].table;
    struct keys k;
    struct value args[SIGNATURE_MAX];
    memcpy(args, c->args, sizeof args);
    TRY(keys_of_column(&t->columns[0], t->n_rows, &k, c->ev->e));
    struct value *of_code = pool_need(((size_t)k.n_codes + 1) * sizeof *of_code, c->ev->e);
    struct value cells = value_list_new((int32_t)t->n_rows, c->ev->e);
    bool ok = of_code && cells.kind == V_LIST;
    for (int64_t i = 0; ok && i < t->n_rows; i++) {
        struct value *v = &of_code[k.codes[i]];
        if (v->kind == V_MISSING && column_is_missing(&t->columns[0], i)) {
            bool question = strcmp(c->row->name, "contains") == 0 ||
                            strcmp(c->row->name, "startswith") == 0 ||
                            strcmp(c->row->name, "endswith") == 0;
            *v = question ? value_bool(false) : value_none();
        } else if (v->kind == V_MISSING) {
            args[0] = table_cell(c->ev, &t->columns[0], i);
            ok = call_with(c, args, v);
            value_unref(args[0]);
            if (ok && (v->kind == V_LIST || v->kind == V_TENSOR))
                ok = call_fail(c, -1, ERR_TYPE,
                               "%s gives a list for each row, and a column holds "
                               "one value for each row.",
                               c->row->name);
        }
        ok = ok && list_add(cells.list, value_ref(*v), c->ev->e);
    }
    struct table *to = ok ? table_new(t->n_rows, 1, c->ev->e) : NULL;
    ok = to && table_put(c->ev, to, 0, t->columns[0].name, cells);
    for (int32_t i = 0; of_code && i < k.n_codes; i++) value_unref(of_code[i]);
    pool_free(of_code);
    keys_clear(&k);
    value_unref(cells);
    if (!ok) return table_unref(to), false;
    return column_as_value(c->ev, to, out);
}

static bool describe_mapped(struct call *c, struct value *out) {
    static const char *const questions[] = {"contains", "startswith", "endswith"};
    int64_t n = c->args[0].table->n_rows;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++)
        if (strcmp(c->row->name, questions[i]) == 0) return describe_rows(c->ev, n, DT_BOOL, out);
    if (strcmp(c->row->name, "to_number") == 0) return describe_rows(c->ev, n, DT_FLOAT64, out);
    struct table *t = table_new(n, 1, c->ev->e);
    if (!t) return false;
    t->columns[0] = (struct column){.name = column_of(c->args[0])->name, .kind = COLUMN_TEXT};
    *out = (struct value){.kind = V_COLUMN_DESC, .table = t};
    return true;
}

/* ---- which of these ---- */

static bool any_described(const struct call *c) {
    for (int i = 0; i < c->signature->n; i++) {
        enum value_kind k = c->args[i].kind;
        if (k == V_COLUMN_DESC || k == V_DESC || k == V_UNKNOWN) return true;
    }
    return false;
}

static bool is_group(const struct call *c, const char *name) {
    return strcmp(c->row->group, name) == 0;
}

bool column_call(struct call *c, bool *done, struct value *out) {
    const struct column *first = column_of(c->args[0]);
    bool any = false,
         texts = first && (first->kind == COLUMN_TEXT || first->kind == COLUMN_CATEGORY);
    int how;
    bool folds = c->row->fn && aggregate_of(c->row, &how);
    *done = true;
    if (folds && c->ev->groups) return aggregate_groups(c, how, out);
    for (int i = 0; i < c->signature->n; i++) any = any || column_of(c->args[i]);
    if (any && first && folds)
        return c->args[0].kind == V_COLUMN ? aggregate_whole(c, how, out)
                                           : describe_aggregate(c, how, out);
    if (texts && is_group(c, "Text") && c->args[0].kind == V_COLUMN && !any_described(c))
        return map_cells(c, out);
    if (texts && is_group(c, "Text")) return describe_mapped(c, out);
    bool numbers = true;
    for (int i = 0; i < c->signature->n; i++) {
        const struct column *col = column_of(c->args[i]);
        numbers = numbers && (!col || col->kind <= COLUMN_BOOL) && c->args[i].kind != V_TEXT;
    }
    if (any && numbers && is_group(c, "Element by element")) return call_elementwise(c, out);
    return *done = false, true;
}
