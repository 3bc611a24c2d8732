/* Tables: making, parts, splitting. */
#include "fn.h"
#include "base/hash.h"
#include "data/split.h"
#include "data/stats.h"
#include <math.h>
#include <string.h>

static bool want_table(struct call *c, const struct table **t) {
    if (c->args[0].kind != V_TABLE && c->args[0].kind != V_HISTORY)
        return call_fail(c, 0, ERR_TYPE, "%s works on tables, and this is %s.", c->row->name,
                         value_kind_words(c->args[0].kind));
    *t = c->args[0].table;
    return true;
}

/* table([{a: 1}, {a: 2}]) */
static bool table_of_records(struct call *c, const struct list *l, struct value *out) {
    const char *names[64];
    struct value columns[64];
    int n = 0;
    bool ok = true;
    if (l->n == 0 || l->items[0].kind != V_RECORD)
        return call_fail(
            c, -1, ERR_TYPE,
            "A table is made from columns, table(a=…, b=…), or from a list of records.");
    const struct record *first = l->items[0].record;
    for (; ok && n < first->n && n < 64; n++) {
        names[n] = first->keys[n];
        columns[n] = value_list_new(l->n, c->ev->e);
        ok = columns[n].kind == V_LIST;
        for (int i = 0; ok && i < l->n; i++) {
            const struct value *v =
                l->items[i].kind == V_RECORD ? record_get(l->items[i].record, names[n]) : NULL;
            ok = list_add(columns[n].list, v ? value_ref(*v) : value_none(), c->ev->e);
        }
    }
    ok = ok && table_make(c->ev, names, columns, n, out);
    for (int i = 0; i < n; i++) value_unref(columns[i]);
    return ok;
}

bool fn_table(struct call *c, struct value *out) {
    const char *names[64];
    struct value columns[64];
    int n = 0;
    for (int i = 0; i < c->n_actuals; i++) {
        struct value v = c->actuals[i].value;
        bool unknown = c->ev->domain == DOMAIN_CHECK && value_has_unknown(v);
        if (unknown || v.kind == V_NODE) return *out = value_unknown(), true;
    }
    if (c->n_rest == 1 && !c->actuals[c->rest[0]].name &&
        c->actuals[c->rest[0]].value.kind == V_LIST)
        return table_of_records(c, c->actuals[c->rest[0]].value.list, out);
    for (; n < c->n_rest && n < 64; n++) {
        const struct actual *a = &c->actuals[c->rest[n]];
        if (!a->name) return call_fail(c, -1, ERR_ARGUMENT, "Columns have names: table(a=…, b=…).");
        names[n] = a->name;
        columns[n] = a->value;
    }
    return table_make(c->ev, names, columns, n, out);
}

static bool ends(struct call *c, bool tail, struct value *out) {
    int64_t n, rows = value_length(c->args[0]);
    TRY(call_int(c, 1, 5, &n));
    if (rows < 0)
        return call_fail(c, 0, ERR_TYPE, "%s has no rows.", value_kind_words(c->args[0].kind));
    if (n < 0) n = 0;
    if (n > rows) n = rows;
    int64_t begin = tail ? rows - n : 0;
    if (c->args[0].kind == V_TENSOR) {
        *out = value_tensor(tensor_rows(c->args[0].tensor, begin, begin + n, c->ev->e));
        return out->kind != V_MISSING;
    }
    const struct table *t = NULL;
    TRY(want_table(c, &t));
    *out = value_table(table_slice(t, begin, begin + n, c->ev->e));
    return out->kind == V_TABLE;
}

bool fn_head(struct call *c, struct value *out) {
    return ends(c, false, out);
}

bool fn_tail(struct call *c, struct value *out) {
    return ends(c, true, out);
}

bool fn_select(struct call *c, struct value *out) {
    const struct table *t = NULL;
    int columns[64], n = 0;
    TRY(want_table(c, &t));
    for (; n < c->n_rest && n < 64; n++) {
        const struct actual *a = &c->actuals[c->rest[n]];
        columns[n] = a->value.kind == V_TEXT ? table_find(t, value_str(&a->value)) : -1;
        if (columns[n] >= 0) continue;
        fail(c->ev, a->at, ERR_COLUMN, "The table has no such column.");
        return err_label(c->ev->e, "is not a column");
    }
    *out = value_table(table_pick_columns(t, columns, n, c->ev->e));
    return out->kind == V_TABLE;
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
    TRY(want_table(c, &t));
    int n = 0;
    for (int i = 0; i < t->n_columns; i++) n += t->columns[i].kind != COLUMN_TEXT;
    struct table *d = table_new(8, n + 1, c->ev->e);
    bool ok = d && table_set_column(d, 0, intern_c("statistic"), COLUMN_TEXT, c->ev->e);
    for (int i = 0; ok && i < 8; i++) ok = table_set_text(d, 0, i, str_of(words[i]), c->ev->e);
    for (int i = 0, k = 1; ok && i < t->n_columns; i++) {
        if (t->columns[i].kind != COLUMN_TEXT) ok = describe_column(c, t, i, d, k++);
    }
    if (!ok) return table_unref(d), false;
    *out = value_table(d);
    return true;
}

bool fn_to_tensor(struct call *c, struct value *out) {
    if (value_is_tensorlike(c->args[0]) || c->args[0].kind == V_LIST)
        return fn_take_operand(c, 0, out);
    const struct table *t = NULL;
    struct value part = value_missing();
    TRY(want_table(c, &t));
    if (call_has(c, 1)) {
        int columns[256], n = 0;
        struct value names = c->args[1];
        int count = names.kind == V_LIST ? names.list->n : 1;
        for (; n < count && n < 256; n++) {
            struct value name = names.kind == V_LIST ? names.list->items[n] : names;
            columns[n] = name.kind == V_TEXT ? table_find(t, value_str(&name)) : -1;
            if (columns[n] < 0) return call_fail(c, 1, ERR_COLUMN, "The table has no such column.");
        }
        part = value_table(table_pick_columns(t, columns, n, c->ev->e));
        if (part.kind != V_TABLE) return false;
        t = part.table;
    }
    *out = value_tensor(table_to_tensor(t, c->ev->e));
    value_unref(part);
    return out->kind != V_MISSING;
}

bool fn_to_table(struct call *c, struct value *out) {
    struct tensor *x;
    const char *names[4096];
    struct value list = c->args[1];
    TRY(call_tensor(c, 0, &x));
    int64_t columns = x->shape.n == 2 ? x->shape.size[1] : 1;
    bool named = call_has(c, 1);
    if (named && (list.kind != V_LIST || list.list->n != columns || columns > 4096)) {
        tensor_unref(x);
        return call_fail(c, 1, ERR_ARGUMENT,
                         "`names` is a list with one text for each of the %lld columns.",
                         (long long)columns);
    }
    for (int64_t i = 0; named && i < columns; i++)
        names[i] =
            list.list->items[i].kind == V_TEXT ? intern(value_str(&list.list->items[i])) : "";
    *out = value_table(table_from_tensor(x, named ? names : NULL, c->ev->e));
    tensor_unref(x);
    return out->kind == V_TABLE;
}

bool fn_one_hot(struct call *c, struct value *out) {
    struct tensor *x;
    int64_t classes;
    TRY(call_tensor(c, 0, &x));
    double most = -1;
    for (int64_t i = 0; i < x->count; i++) {
        double k = tensor_get(x, i);
        if (k < 0 || k != floor(k)) {
            tensor_unref(x);
            return call_fail(c, 0, ERR_VALUE, "Classes are numbered 0, 1, 2 …, and this holds %g.",
                             k);
        }
        most = k > most ? k : most;
    }
    bool ok = call_int(c, 1, (int64_t)most + 1, &classes);
    if (ok && classes <= (int64_t)most)
        ok = call_fail(c, 1, ERR_VALUE, "There is a class %g, so there are at least %g classes.",
                       most, most + 1);
    struct attrs a = {.shape = shape_of(1, &classes)};
    struct value v = value_tensor(tensor_cast(x, DT_INT64, c->ev->e));
    tensor_unref(x);
    ok = ok && v.kind != V_MISSING && apply1(c->ev, OP_one_hot, v, &a, out);
    value_unref(v);
    return ok;
}

/* ---- split ---- */

bool pick_rows(struct eval *ev, struct value v, struct tensor *rows, struct value *out) {
    struct value a = value_missing(), b = value_missing();
    bool ok = true;
    if (v.kind == V_TABLE) {
        *out = value_table(table_pick_rows(v.table, rows->data, rows->count, ev->e));
        return out->kind == V_TABLE;
    }
    if (v.kind == V_PAIR) {
        ok = pick_rows(ev, v.pair->inputs, rows, &a) && pick_rows(ev, v.pair->targets, rows, &b);
        if (ok) *out = value_pair(a, b, ev->e);
        return ok && out->kind == V_PAIR;
    }
    if (v.kind == V_RECORD) {
        *out = value_record_new(ev->e);
        for (int i = 0; ok && i < v.record->n; i++)
            ok = pick_rows(ev, v.record->items[i], rows, &a) &&
                 record_set(out->record, v.record->keys[i], a, ev->e);
        return ok;
    }
    if (v.kind == V_LIST) {
        *out = value_list_new((int32_t)rows->count, ev->e);
        for (int64_t i = 0; ok && out->kind == V_LIST && i < rows->count; i++)
            ok = list_add(out->list, value_ref(v.list->items[((const int64_t *)rows->data)[i]]),
                          ev->e);
        return ok;
    }
    if (v.kind != V_TENSOR || v.tensor->shape.n == 0)
        return err_set(ev->e, ERR_TYPE, "Only what has examples can be split, and this is %s.",
                       value_kind_words(v.kind));
    struct value at = {.kind = V_TENSOR, .tensor = rows};
    ok = apply2(ev, OP_gather, v, at, out);
    if (ok && out->kind == V_TENSOR) out->tensor->is_image = v.tensor->is_image;
    return ok;
}

static bool fractions_of(struct call *c, double *fractions, int *n) {
    *n = 0;
    for (int i = 0; i < c->n_rest; i++) {
        struct value v = c->actuals[c->rest[i]].value;
        if (!value_is_number(v) || *n == 16)
            return fail(c->ev, c->actuals[c->rest[i]].at, ERR_ARGUMENT,
                        "The parts are given as shares: split(80%%, 20%%).");
        fractions[(*n)++] = value_number(v);
    }
    double sum = 0;
    for (int i = 0; i < *n; i++) sum += fractions[i];
    if (sum > 1 + 1e-9) {
        call_fail(c, -1, ERR_VALUE, "The parts of the split add up to %g%%, not to 100%%.",
                  100 * sum);
        return err_hint(c->ev->e,
                        "Write one share for each part, such as split(80%%, 10%%, 10%%).");
    }
    if (*n >= 1) return true;
    call_fail(c, -1, ERR_ARGUMENT, "split needs the shares of the parts.");
    return err_hint(c->ev->e, "    train, test = x.split(80%%, 20%%)");
}

/* Labels to be spread evenly: a tensor, or the name of a column or field. */
static bool labels_of(struct call *c, struct groups *g) {
    struct value by = c->args[1], xs = c->args[0], t;
    if (by.kind == V_TEXT && xs.kind == V_TABLE) {
        int column = table_find(xs.table, value_str(&by));
        if (column < 0)
            return call_fail(c, 1, ERR_COLUMN, "The table has no column \"%s\".", by.text->bytes);
        return groups_of_column(&xs.table->columns[column], xs.table->n_rows, g, c->ev->e);
    }
    if (by.kind == V_TEXT && xs.kind == V_RECORD) {
        const struct value *f = record_get(xs.record, intern(value_str(&by)));
        if (!f) return call_fail(c, 1, ERR_NAME, "The record has no field \"%s\".", by.text->bytes);
        by = *f;
    } else if (by.kind == V_TEXT && xs.kind == V_PAIR) {
        by = xs.pair->targets;
    }
    TRY(as_tensorlike(c->ev, by, &t));
    bool ok =
        t.kind == V_TENSOR ||
        call_fail(c, 1, ERR_ARGUMENT, "`stratify` is a tensor of labels, or the name of a column.");
    ok = ok && groups_of_tensor(t.tensor, g, c->ev->e);
    value_unref(t);
    return ok;
}

static bool hand_out(struct call *c, const struct split *s, struct value *out) {
    *out = value_list_new(s->n_parts, c->ev->e);
    bool ok = out->kind == V_LIST;
    if (ok) out->list->is_tuple = true;
    for (int i = 0; ok && i < s->n_parts; i++) {
        int64_t n = s->starts[i + 1] - s->starts[i];
        struct shape shape = shape_of(1, &n);
        struct tensor *rows = tensor_new(DT_INT64, &shape, c->ev->e);
        struct value part;
        ok = rows != NULL;
        if (ok && n) memcpy(rows->data, s->rows + s->starts[i], (size_t)n * sizeof(int64_t));
        ok = ok && pick_rows(c->ev, c->args[0], rows, &part) && list_add(out->list, part, c->ev->e);
        tensor_unref(rows);
    }
    if (!ok) value_unref(*out);
    return ok;
}

/* A tensor with another, unknown number of rows. */
static struct value describe_part(struct call *c, struct value v, int64_t rows) {
    struct desc d;
    if (!value_describe(v, &d) || d.shape.n == 0) return value_unknown();
    d.shape.size[0] = rows;
    return value_desc(&d, c->ev->e);
}

/* While checking: the parts' shapes, as far as they follow from the shares. */
static bool describe_parts(struct call *c, const double *fractions, int n, struct value *out) {
    *out = value_list_new(n, c->ev->e);
    if (out->kind != V_LIST) return false;
    out->list->is_tuple = true;
    (void)fractions;
    for (int i = 0; i < n; i++) {
        int64_t rows = unknown_size();
        struct value part = describe_part(c, c->args[0], rows);
        if (c->args[0].kind == V_PAIR) {
            struct value x = describe_part(c, c->args[0].pair->inputs, rows);
            struct value y = describe_part(c, c->args[0].pair->targets, rows);
            part = value_pair(x, y, c->ev->e);
        }
        if (!list_add(out->list, part, c->ev->e)) return false;
    }
    return true;
}

bool fn_split(struct call *c, struct value *out) {
    double fractions[16];
    int n;
    struct split s = {0};
    struct groups g = {0};
    uint64_t stream = next_stream(c->ev);
    if (c->args[0].kind == V_TEXT) { /* "a b".split() */
        struct value by = c->n_rest ? c->actuals[c->rest[0]].value : value_missing();
        if (by.kind == V_TEXT) return split_text(c, value_str(&c->args[0]), value_str(&by), out);
        return fn_words(c, out);
    }
    for (int i = 0; i < c->n_rest; i++) {
        enum value_kind k = c->actuals[c->rest[i]].value.kind;
        if (k == V_UNKNOWN || k == V_DESC) return *out = value_unknown(), true;
    }
    TRY(fractions_of(c, fractions, &n));
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (c->ev->domain == DOMAIN_CHECK) return describe_parts(c, fractions, n, out);
    if (call_has(c, 2)) {
        int64_t seed;
        TRY(call_int(c, 2, 0, &seed));
        stream = hash_add(0x5eed, (uint64_t)seed);
    }
    struct rng_key key = {engine_seed(c->ev->engine), stream, 0};
    int64_t rows = value_length(c->args[0]);
    if (rows < 0 && c->args[0].kind != V_RECORD)
        return call_fail(c, 0, ERR_TYPE, "Only what has examples can be split, and this is %s.",
                         value_kind_words(c->args[0].kind));
    if (c->args[0].kind == V_RECORD && c->args[0].record->n)
        rows = value_length(c->args[0].record->items[0]);
    bool ok;
    if (call_has(c, 1)) {
        ok = labels_of(c, &g) &&
             (g.n_rows == rows ||
              call_fail(c, 1, ERR_SHAPE, "There are %lld labels for %lld examples.",
                        (long long)g.n_rows, (long long)rows));
        ok = ok && split_stratified(key, &g, fractions, n, &s, c->ev->e);
    } else {
        ok = split_rows(key, rows, fractions, n, &s, c->ev->e);
    }
    ok = ok && hand_out(c, &s, out);
    groups_clear(&g);
    split_clear(&s);
    return ok;
}
