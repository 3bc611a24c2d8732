/* Statistics that need all numbers at once (runtime/data/stats.h). */
#include "fn.h"
#include "data/order.h"
#include "data/stats.h"
#include <string.h>

/* The shape without one axis, behind that of the shares that are asked for. */
static bool rest_shape(const struct shape *x, int axis, const struct shape *q, struct shape *rest,
                       struct err *e) {
    *rest = *q;
    if (q->n + x->n - 1 > MAX_AXES)
        return err_set(e, ERR_SHAPE, "The result would have more than %d axes.", MAX_AXES);
    for (int a = 0; a < x->n; a++) {
        if (a == axis) continue;
        if (x->weak >> a & 1) rest->weak |= (uint8_t)(1u << rest->n);
        rest->axis[rest->n] = x->axis[a];
        rest->size[rest->n++] = x->size[a];
    }
    return true;
}

/* Quantiles along one axis: each line of numbers is laid side by side first. */
static struct tensor *quantiles_along(const struct tensor *x, int axis, const struct tensor *q,
                                      struct err *e) {
    struct shape rest;
    int64_t n = x->shape.size[axis], inner = 1;
    for (int a = axis + 1; a < x->shape.n; a++) inner *= x->shape.size[a];
    if (!rest_shape(&x->shape, axis, &q->shape, &rest, e)) return NULL;
    struct shape line_shape = shape_of(1, &n);
    struct tensor *line = tensor_new(DT_FLOAT64, &line_shape, e);
    struct tensor *one = line ? tensor_new(DT_FLOAT64, &q->shape, e) : NULL;
    struct tensor *out = one ? tensor_new(DT_FLOAT64, &rest, e) : NULL;
    bool ok = out != NULL;
    int64_t lines = ok && q->count ? out->count / q->count : 0;
    for (int64_t i = 0; ok && i < lines; i++) {
        const double *from = (const double *)x->data + i / inner * inner * n + i % inner;
        for (int64_t k = 0; k < n; k++) ((double *)line->data)[k] = from[k * inner];
        ok = stats_quantiles(line, q->data, (int)q->count, one->data, e);
        for (int64_t k = 0; k < q->count; k++)
            ((double *)out->data)[k * lines + i] = ((double *)one->data)[k];
    }
    tensor_unref(line);
    tensor_unref(one);
    if (ok) return out;
    tensor_unref(out);
    return NULL;
}

static bool all_quantiles(struct call *c, const struct tensor *x, const struct tensor *q,
                          struct value *out) {
    struct tensor *made = tensor_new(DT_FLOAT64, &q->shape, c->ev->e);
    if (made && stats_quantiles(x, q->data, (int)q->count, made->data, c->ev->e))
        return *out = value_tensor(made), true;
    tensor_unref(made);
    return false;
}

/* Of x, which is argument 0, along the axis in argument `place` if it is given. */
static bool quantiles(struct call *c, const struct tensor *x, const struct tensor *q, int place,
                      struct value *out) {
    int axis;
    if (!call_has(c, place)) return all_quantiles(c, x, q, out);
    TRY(call_axis(c, place, &x->shape, 0, &axis));
    *out = value_tensor(quantiles_along(x, axis, q, c->ev->e));
    return out->kind != V_MISSING;
}

bool fn_median(struct call *c, struct value *out) {
    struct tensor *x, *q;
    TRY(call_floats(c, 0, &x));
    bool ok = (q = tensor_scalar(0.5, c->ev->e)) && quantiles(c, x, q, 1, out);
    tensor_unref(q);
    tensor_unref(x);
    return ok;
}

bool fn_quantile(struct call *c, struct value *out) {
    struct tensor *x, *q;
    TRY(call_floats(c, 0, &x));
    if (!call_floats(c, 1, &q)) return tensor_unref(x), false;
    bool ok = quantiles(c, x, q, 2, out);
    tensor_unref(x);
    tensor_unref(q);
    return ok;
}

/* Two vectors as the rows of one matrix. */
static struct tensor *two_rows(struct call *c, const struct tensor *x, const struct tensor *y) {
    if (x->count != y->count) {
        call_fail(c, 1, ERR_SHAPE,
                  "%s needs vectors of equal length, and these have %lld and %lld numbers.",
                  c->row->name, (long long)x->count, (long long)y->count);
        return NULL;
    }
    struct shape s = shape_of(2, (int64_t[]){2, x->count});
    struct tensor *t = tensor_new(DT_FLOAT64, &s, c->ev->e);
    if (!t) return NULL;
    memcpy(t->data, x->data, (size_t)x->count * sizeof(double));
    memcpy((double *)t->data + x->count, y->data, (size_t)x->count * sizeof(double));
    return t;
}

typedef struct tensor *(*moments)(const struct tensor *rows, struct err *e);

/* Of the rows of a matrix with each other, or the one number of two vectors. */
static bool of_rows(struct call *c, moments between, struct value *out) {
    struct tensor *x, *y = NULL, *rows = NULL, *made = NULL;
    TRY(call_floats(c, 0, &x));
    if (call_has(c, 1)) {
        if (call_floats(c, 1, &y)) rows = two_rows(c, x, y);
    } else if (x->shape.n != 2) {
        call_fail(c, 0, ERR_SHAPE, "%s needs a matrix with one variable per row, or two vectors.",
                  c->row->name);
    } else {
        rows = tensor_ref(x);
    }
    if (rows) made = between(rows, c->ev->e);
    if (made && y) *out = value_float(tensor_get(made, 1));
    else if (made) *out = value_tensor(tensor_ref(made));
    bool ok = made != NULL;
    tensor_unref(made);
    tensor_unref(rows);
    tensor_unref(x);
    tensor_unref(y);
    return ok;
}

bool fn_corrcoef(struct call *c, struct value *out) {
    return of_rows(c, stats_corrcoef, out);
}

bool fn_cov(struct call *c, struct value *out) {
    return of_rows(c, stats_cov, out);
}

bool fn_histogram(struct call *c, struct value *out) {
    struct tensor *x;
    int64_t bins, counts[1000];
    double low, high;
    TRY(call_int(c, 1, 10, &bins));
    if (bins < 1 || bins > 1000) return call_fail(c, 1, ERR_VALUE, "From 1 to 1000 bins.");
    TRY(call_floats(c, 0, &x));
    if (!stats_range(x, &low, &high)) low = 0, high = 1;
    if (low == high) low -= 0.5, high += 0.5;
    bool counted = stats_histogram(x, bins, low, high, counts, c->ev->e);
    tensor_unref(x);
    struct table *t = counted ? table_new(bins, 3, c->ev->e) : NULL;
    bool ok = t && table_set_column(t, 0, intern_c("from"), COLUMN_NUMBER, c->ev->e) &&
              table_set_column(t, 1, intern_c("to"), COLUMN_NUMBER, c->ev->e) &&
              table_set_column(t, 2, intern_c("count"), COLUMN_INT, c->ev->e);
    for (int64_t i = 0; ok && i < bins; i++) {
        t->columns[0].numbers[i] = low + (high - low) * (double)i / (double)bins;
        t->columns[1].numbers[i] = low + (high - low) * (double)(i + 1) / (double)bins;
        t->columns[2].numbers[i] = (double)counts[i];
    }
    *out = value_table(t);
    return ok;
}

bool fn_argsort(struct call *c, struct value *out) {
    struct tensor *x;
    TRY(call_tensor(c, 0, &x));
    struct tensor *made = stats_argsort(x, false, c->ev->e);
    tensor_unref(x);
    *out = value_tensor(made);
    return made != NULL;
}

bool fn_topk(struct call *c, struct value *out) {
    struct tensor *x, *values = NULL, *positions = NULL;
    int64_t k;
    TRY(call_int(c, 1, 1, &k));
    TRY(call_tensor(c, 0, &x));
    bool ok = stats_topk(x, k, &values, &positions, c->ev->e);
    tensor_unref(x);
    tensor_unref(positions);
    *out = value_tensor(values);
    return ok;
}

static bool call_vector(struct call *c, struct tensor **x) {
    TRY(call_tensor(c, 0, x));
    if ((*x)->shape.n == 1) return true;
    tensor_unref(*x);
    return call_fail(c, 0, ERR_SHAPE, "Only a vector can be put in order.");
}

/* The numbers of a vector in order. */
static bool sorted_tensor(struct call *c, bool descending, struct value *out) {
    struct tensor *x;
    TRY(call_vector(c, &x));
    struct tensor *made = order_values(x, descending, c->ev->e);
    tensor_unref(x);
    *out = value_tensor(made);
    return made != NULL;
}

/* ---- sort and sorted ---- */

static int text_compare(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int r = n ? memcmp(a.p, b.p, n) : 0;
    return r ? r : (a.n > b.n) - (a.n < b.n);
}

static bool less(struct call *c, struct value a, struct value b, bool *result) {
    if (a.kind == V_TEXT && b.kind == V_TEXT)
        *result = text_compare(value_str(&a), value_str(&b)) < 0;
    else if (value_is_number(a) && value_is_number(b)) *result = value_number(a) < value_number(b);
    else
        return call_fail(c, 0, ERR_TYPE, "%s and %s have no order.", value_kind_words(a.kind),
                         value_kind_words(b.kind));
    return true;
}

/* Merge sort of positions by keys: stable. */
static bool merge_sort(struct call *c, const struct value *keys, int32_t *at, int32_t *spare,
                       int32_t n, bool descending) {
    if (n < 2) return true;
    int32_t half = n / 2, i = 0, k = half, to = 0;
    TRY(merge_sort(c, keys, at, spare, half, descending));
    TRY(merge_sort(c, keys, at + half, spare, n - half, descending));
    while (i < half || k < n) {
        bool right = i == half;
        if (!right && k < n)
            TRY(descending ? less(c, keys[at[i]], keys[at[k]], &right)
                           : less(c, keys[at[k]], keys[at[i]], &right));
        spare[to++] = right ? at[k++] : at[i++];
    }
    memcpy(at, spare, (size_t)n * sizeof *at);
    return true;
}

static bool make_keys(struct call *c, const struct list *l, struct value *keys) {
    for (int32_t i = 0; i < l->n; i++) {
        if (!call_has(c, 1)) keys[i] = value_ref(l->items[i]);
        else TRY(call_simple(c->ev, c->args[1], &l->items[i], 1, c->at, &keys[i]));
    }
    return true;
}

static bool sort_list(struct call *c, const struct list *l, bool descending, struct value *out) {
    size_t n = (size_t)l->n;
    struct value *keys = pool_need(n * sizeof *keys + 1, c->ev->e);
    int32_t *at = pool_need(2 * n * sizeof *at + 1, c->ev->e);
    bool ok = keys && at && make_keys(c, l, keys);
    for (int32_t i = 0; ok && i < l->n; i++) at[i] = i;
    ok = ok && merge_sort(c, keys, at, at + n, l->n, descending);
    if (ok) *out = value_list_new(l->n, c->ev->e);
    for (int32_t i = 0; ok && i < l->n; i++)
        ok = list_add(out->list, value_ref(l->items[at[i]]), c->ev->e);
    for (size_t i = 0; keys && i < n; i++) value_unref(keys[i]);
    pool_free(keys);
    pool_free(at);
    return ok;
}

/* A list's different elements: texts, mostly. */
static bool unique_items(struct call *c, struct value *out) {
    struct value sorted;
    TRY(sort_list(c, c->args[0].list, false, &sorted));
    const struct list *l = sorted.list;
    *out = value_list_new(l->n, c->ev->e);
    bool ok = out->kind == V_LIST;
    for (int32_t i = 0; ok && i < l->n; i++) {
        bool same = false;
        ok = i == 0 || values_equal(c->ev, l->items[i], l->items[i - 1], &same);
        if (ok && !same) ok = list_add(out->list, value_ref(l->items[i]), c->ev->e);
    }
    value_unref(sorted);
    if (!ok) value_unref(*out);
    return ok;
}

bool fn_unique(struct call *c, struct value *out) {
    struct tensor *x;
    enum value_kind k = c->args[0].kind;
    if (k == V_TABLE || k == V_COLUMN || k == V_HISTORY) return unique_rows(c, out);
    if (c->args[0].kind == V_LIST && c->args[0].list->n) return unique_items(c, out);
    TRY(call_vector(c, &x));
    struct tensor *made = order_once(x, c->ev->e);
    tensor_unref(x);
    *out = value_tensor(made);
    return made != NULL;
}

static bool list_of_items(struct call *c, struct value *list) {
    int64_t n;
    struct value xs = c->args[0];
    if (xs.kind == V_LIST) return *list = value_ref(xs), true;
    TRY(iterate_count(c->ev, xs, c->spans[0], &n));
    *list = value_list_new((int32_t)n, c->ev->e);
    for (int64_t i = 0; list->kind == V_LIST && i < n; i++) {
        struct value v;
        if (!iterate_item(c->ev, xs, i, &v) || !list_add(list->list, v, c->ev->e))
            return value_unref(*list), false;
    }
    return list->kind == V_LIST;
}

bool fn_sorted(struct call *c, struct value *out) {
    bool descending;
    struct value list;
    TRY(call_bool(c, 2, false, &descending));
    if (c->args[0].kind == V_TENSOR && !call_has(c, 1)) return sorted_tensor(c, descending, out);
    TRY(list_of_items(c, &list));
    bool ok = sort_list(c, list.list, descending, out);
    value_unref(list);
    return ok;
}

bool fn_sort(struct call *c, struct value *out) {
    bool descending;
    enum value_kind k = c->args[0].kind;
    if (k == V_TABLE || k == V_HISTORY || k == V_TABLE_DESC || k == V_GROUPS)
        return sort_table(c, out);
    if (k == V_UNKNOWN || k == V_DESC || k == V_COLUMN_DESC)
        return *out = k == V_DESC ? value_unknown() : value_ref(c->args[0]), true;
    TRY(call_bool(c, 1, false, &descending));
    if (k == V_COLUMN) return sort_column(c, descending, out);
    if (c->n_rest > 0)
        return call_fail(
            c, -1, ERR_ARGUMENT,
            "Only a table is sorted by a column; for lists there is sorted(xs, key=…).");
    if (value_has_unknown(c->args[0])) return *out = value_unknown(), true;
    if (c->args[0].kind == V_TENSOR) return sorted_tensor(c, descending, out);
    if (c->args[0].kind != V_LIST)
        return call_fail(c, 0, ERR_TYPE, "There is nothing to put in order here.");
    return sort_list(c, c->args[0].list, descending, out);
}
