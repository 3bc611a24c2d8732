/* Parts of examples: at random, with equal shares of classes, groups kept whole, cut in time, and
 * folds. */
#include "fn_tables.h"
#include "base/hash.h"
#include "data/split.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/eval_ops.h"
#include <math.h>
#include <string.h>

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

/* Groups of examples: from a tensor, a column, or the name of a column or field. */
static bool labels_of(struct call *c, int arg, struct groups *g) {
    struct value by = c->args[arg], xs = c->args[0], t;
    const struct table *table = xs.kind == V_TABLE ? xs.table : NULL;
    const struct column *col = column_of(by);
    if (by.kind == V_TEXT && table) {
        int column;
        TRY(verb_column(c, table, by, c->spans[arg], &column));
        return groups_of_column(&table->columns[column], table->n_rows, g, c->ev->e);
    }
    if (col) return groups_of_column(col, by.table->n_rows, g, c->ev->e);
    if (by.kind == V_TEXT && xs.kind == V_RECORD) {
        const struct value *f = record_get(xs.record, intern(value_str(&by)));
        if (!f)
            return call_fail(c, arg, ERR_NAME, "The record has no field \"%s\".", by.text->bytes);
        by = *f;
    } else if (by.kind == V_TEXT && xs.kind == V_PAIR) {
        by = xs.pair->targets;
    }
    if (column_of(by)) return groups_of_column(column_of(by), by.table->n_rows, g, c->ev->e);
    TRY(as_tensorlike(c->ev, by, &t));
    bool ok =
        t.kind == V_TENSOR ||
        call_fail(c, arg, ERR_ARGUMENT, "`%s` is a tensor of labels, or the name of a column.",
                  c->signature->parameters[arg].name);
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

/* The same with another number of rows. */
static struct value describe_part(struct call *c, struct value v, int64_t rows) {
    struct desc d;
    if (v.kind == V_TABLE || v.kind == V_TABLE_DESC) {
        struct table *t = table_description(v.table, rows, c->ev->e);
        return t ? (struct value){.kind = V_TABLE_DESC, .table = t} : value_unknown();
    }
    if (!value_describe(v, &d) || d.shape.n == 0) return value_unknown();
    d.shape.size[0] = rows;
    return value_desc(&d, c->ev->e);
}

static struct value describe_any_part(struct call *c, int64_t rows) {
    struct value xs = c->args[0];
    if (xs.kind != V_PAIR) return describe_part(c, xs, rows);
    return value_pair(describe_part(c, xs.pair->inputs, rows),
                      describe_part(c, xs.pair->targets, rows), c->ev->e);
}

/* While checking: the parts' shapes. */
static bool describe_parts(struct call *c, int n, struct value *out) {
    *out = value_list_new(n, c->ev->e);
    if (out->kind != V_LIST) return false;
    out->list->is_tuple = true;
    for (int i = 0; i < n; i++)
        if (!list_add(out->list, describe_any_part(c, unknown_size()), c->ev->e)) return false;
    return true;
}

static bool rows_to_split(struct call *c, int64_t *rows) {
    struct value xs = c->args[0];
    *rows =
        xs.kind == V_RECORD && xs.record->n ? value_length(xs.record->items[0]) : value_length(xs);
    return *rows >= 0 ||
           call_fail(c, 0, ERR_TYPE, "Only what has examples can be split, and this is %s.",
                     value_kind_words(xs.kind));
}

/* The random stream: of the statement, or by `seed`. */
static bool split_key(struct call *c, int seed_arg, struct rng_key *key) {
    uint64_t stream = next_stream(c->ev);
    int64_t seed;
    TRY(call_int(c, seed_arg, 0, &seed));
    if (call_has(c, seed_arg)) stream = hash_add(0x5eed, (uint64_t)seed);
    *key = (struct rng_key){engine_seed(c->ev->engine), stream, 0};
    return true;
}

static bool groups_fit(struct call *c, int arg, const struct groups *g, int64_t rows) {
    return g->n_rows == rows ||
           call_fail(c, arg, ERR_SHAPE, "There are %lld labels for %lld examples.",
                     (long long)g->n_rows, (long long)rows);
}

/* Cut where the shares say, in the order of a column. */
static bool split_in_order(struct call *c, const double *fractions, int n, struct split *s) {
    int column;
    const struct table *t = c->args[0].table;
    if (c->args[0].kind != V_TABLE)
        return call_fail(c, 3, ERR_ARGUMENT, "`order` names a column, and only tables have some.");
    TRY(verb_column(c, t, c->args[3], c->spans[3], &column));
    s->n_parts = n;
    s->rows = pool_need((size_t)t->n_rows * sizeof *s->rows + 1, c->ev->e);
    s->starts = pool_need(((size_t)n + 1) * sizeof *s->starts, c->ev->e);
    if (!s->rows || !s->starts) return false;
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += fractions[i];
        s->starts[i + 1] = (int64_t)(sum * (double)t->n_rows + 0.5);
        if (s->starts[i + 1] > t->n_rows) s->starts[i + 1] = t->n_rows;
    }
    return sort_rows(t, &column, &(bool){false}, 1, s->rows, c->ev->e);
}

static bool choose_rows(struct call *c, const double *fractions, int n, struct split *s) {
    struct rng_key key;
    struct groups g = {0};
    int64_t rows;
    int arg = call_has(c, 2) ? 2 : 1;
    TRY(split_key(c, 4, &key) && rows_to_split(c, &rows));
    if (call_has(c, 1) + call_has(c, 2) + call_has(c, 3) > 1)
        return call_fail(c, -1, ERR_ARGUMENT, "One of `stratify`, `by` and `order` at a time.");
    if (call_has(c, 3)) return split_in_order(c, fractions, n, s);
    if (!call_has(c, arg)) return split_rows(key, rows, fractions, n, s, c->ev->e);
    bool ok = labels_of(c, arg, &g) && groups_fit(c, arg, &g, rows) &&
              (arg == 2 ? split_together(key, &g, fractions, n, s, c->ev->e)
                        : split_stratified(key, &g, fractions, n, s, c->ev->e));
    groups_clear(&g);
    return ok;
}

bool fn_split(struct call *c, struct value *out) {
    double fractions[16];
    int n;
    struct split s = {0};
    if (c->args[0].kind == V_TEXT) { /* "a b".split() */
        struct value by = c->n_rest ? c->actuals[c->rest[0]].value : value_missing();
        next_stream(c->ev);
        if (by.kind == V_TEXT) return split_text(c, value_str(&c->args[0]), value_str(&by), out);
        return fn_words(c, out);
    }
    for (int i = 0; i < c->n_rest; i++) {
        enum value_kind k = c->actuals[c->rest[i]].value.kind;
        if (k == V_UNKNOWN || k == V_DESC) return *out = value_unknown(), true;
    }
    TRY(fractions_of(c, fractions, &n));
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    for (int arg = 1; arg < 4 && (c->args[0].kind == V_TABLE || c->args[0].kind == V_TABLE_DESC);
         arg++) {
        int column;
        if (c->args[arg].kind == V_TEXT)
            TRY(verb_column(c, c->args[0].table, c->args[arg], c->spans[arg], &column));
    }
    if (c->ev->domain == DOMAIN_CHECK) return describe_parts(c, n, out);
    bool ok = choose_rows(c, fractions, n, &s) && hand_out(c, &s, out);
    split_clear(&s);
    return ok;
}

/* ---- folds ---- */

/* (train, rest): everything but part i, and part i. */
static bool fold(struct call *c, const struct split *s, int i, struct value *out) {
    int64_t n = s->starts[s->n_parts], begin = s->starts[i], size = s->starts[i + 1] - begin;
    struct shape all = shape_of(1, &(int64_t){n - size}), one = shape_of(1, &size);
    struct tensor *train = tensor_new(DT_INT64, &all, c->ev->e);
    struct tensor *rest = tensor_new(DT_INT64, &one, c->ev->e);
    struct value a = value_missing(), b = value_missing();
    bool ok = train && rest;
    if (ok) {
        int64_t *to = train->data;
        memcpy(to, s->rows, (size_t)begin * sizeof *to);
        memcpy(to + begin, s->rows + begin + size, (size_t)(n - begin - size) * sizeof *to);
        memcpy(rest->data, s->rows + begin, (size_t)size * sizeof *to);
        ok = pick_rows(c->ev, c->args[0], train, &a) && pick_rows(c->ev, c->args[0], rest, &b);
    }
    tensor_unref(train);
    tensor_unref(rest);
    *out = value_list_new(2, c->ev->e);
    if (ok && out->kind == V_LIST) out->list->is_tuple = true;
    return ok && out->kind == V_LIST && list_add(out->list, a, c->ev->e) &&
           list_add(out->list, b, c->ev->e);
}

static bool all_folds(struct call *c, const struct split *s, struct value *out) {
    *out = value_list_new(s->n_parts, c->ev->e);
    for (int i = 0; out->kind == V_LIST && i < s->n_parts; i++) {
        struct value one;
        if (fold(c, s, i, &one) && list_add(out->list, one, c->ev->e)) continue;
        value_unref(*out);
        return false;
    }
    return out->kind == V_LIST;
}

static bool describe_folds(struct call *c, int64_t k, struct value *out) {
    *out = value_list_new((int32_t)k, c->ev->e);
    for (int64_t i = 0; out->kind == V_LIST && i < k; i++) {
        struct value one;
        TRY(describe_parts(c, 2, &one) && list_add(out->list, one, c->ev->e));
    }
    return out->kind == V_LIST;
}

bool fn_folds(struct call *c, struct value *out) {
    struct rng_key key;
    struct groups g = {0};
    struct split s = {0};
    int64_t k, rows;
    TRY(split_key(c, 3, &key));
    if (c->args[0].kind == V_UNKNOWN || c->args[1].kind == V_UNKNOWN || c->args[1].kind == V_DESC)
        return *out = value_unknown(), true;
    TRY(call_int(c, 1, 5, &k));
    if (k < 2 || k > 1000)
        return call_fail(c, 1, ERR_VALUE, "Between 2 and 1000 folds, and this is %lld.",
                         (long long)k);
    if (c->ev->domain == DOMAIN_CHECK) return describe_folds(c, k, out);
    TRY(rows_to_split(c, &rows));
    if (rows < k)
        return call_fail(c, 1, ERR_VALUE, "%lld examples do not make %lld folds.", (long long)rows,
                         (long long)k);
    bool some = call_has(c, 2);
    bool ok = (!some || (labels_of(c, 2, &g) && groups_fit(c, 2, &g, rows))) &&
              split_folds(key, some ? &g : NULL, rows, (int)k, &s, c->ev->e) &&
              all_folds(c, &s, out);
    groups_clear(&g);
    split_clear(&s);
    return ok;
}
