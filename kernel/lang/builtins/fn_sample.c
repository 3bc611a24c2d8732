/* Elements and rows at random, each as likely as the others or by weights. */
#include "fn.h"
#include "rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPLACE = 2, SEED, WEIGHTS };

/* Takes the rows' numbers. */
static bool pick(struct call *c, struct tensor *rows, struct value *out) {
    struct value xs = c->args[0];
    bool parts = xs.kind == V_TABLE || xs.kind == V_LIST || xs.kind == V_PAIR;
    bool ok = (parts || fn_operand(c, 0, &xs)) && pick_rows(c->ev, xs, rows, out);
    tensor_unref(rows);
    return ok;
}

/* ---- weights ---- */

static bool take_weights(struct call *c, int64_t count, struct tensor **out) {
    struct value xs = c->args[0], w = c->args[WEIGHTS], column = value_missing();
    if (w.kind == V_TEXT && xs.kind == V_TABLE) {
        int at = table_find(xs.table, value_str(&w));
        if (at < 0) return no_such_column(c->ev, xs.table, value_str(&w), c->spans[WEIGHTS]);
        TRY(table_column(c->ev, xs.table, at, &column));
        c->args[WEIGHTS] = column;
    }
    bool ok = call_floats(c, WEIGHTS, out);
    c->args[WEIGHTS] = w;
    value_unref(column);
    if (!ok) return false;
    const double *x = (*out)->data;
    double sum = 0;
    for (int64_t i = 0; ok && i < (*out)->count; i++) {
        ok = x[i] >= 0 && isfinite(x[i]);
        sum += x[i];
        if (!ok) call_fail(c, WEIGHTS, ERR_VALUE, "A weight is 0 or more, and one is %g.", x[i]);
    }
    if (ok && (*out)->count != count)
        ok = call_fail(c, WEIGHTS, ERR_SHAPE,
                       "There is a weight for each of %lld, and these are %lld.", (long long)count,
                       (long long)(*out)->count);
    if (ok && !(sum > 0)) ok = call_fail(c, WEIGHTS, ERR_VALUE, "All weights are 0.");
    if (!ok) tensor_unref(*out);
    return ok;
}

/* With putting back: the place of a uniform number among the running sums. */
static bool draw_again(struct call *c, struct rng_key key, const struct tensor *w,
                       struct tensor *rows) {
    double *sums = pool_need((size_t)w->count * sizeof *sums, c->ev->e), sum = 0;
    if (!sums) return false;
    for (int64_t i = 0; i < w->count; i++) sums[i] = sum += ((double *)w->data)[i];
    for (int64_t i = 0; i < rows->count; i++) {
        double x = rng_uniform(key, (uint64_t)i) * sum;
        int64_t low = 0, high = w->count - 1;
        while (low < high) {
            int64_t middle = (low + high) / 2;
            if (sums[middle] > x) high = middle;
            else low = middle + 1;
        }
        ((int64_t *)rows->data)[i] = low;
    }
    pool_free(sums);
    return true;
}

struct waiting {
    double time;
    int64_t row;
};

static int sooner(const void *a, const void *b) {
    const struct waiting *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Without: everything waits for an exponential time with its weight as the rate, and the first ones
 * are taken (Efraimidis and Spirakis, 2006). */
static bool draw_once(struct call *c, struct rng_key key, const struct tensor *w,
                      struct tensor *rows) {
    struct waiting *all = pool_need((size_t)w->count * sizeof *all, c->ev->e);
    int64_t possible = 0;
    if (!all) return false;
    for (int64_t i = 0; i < w->count; i++) {
        double rate = ((double *)w->data)[i];
        if (rate > 0)
            all[possible++] = (struct waiting){-log(1 - rng_uniform(key, (uint64_t)i)) / rate, i};
    }
    bool enough = possible >= rows->count;
    if (!enough)
        call_fail(c, 1, ERR_VALUE, "%lld cannot be drawn from %lld with a weight above 0.",
                  (long long)rows->count, (long long)possible);
    if (enough) qsort(all, (size_t)possible, sizeof *all, sooner);
    for (int64_t i = 0; enough && i < rows->count; i++) ((int64_t *)rows->data)[i] = all[i].row;
    pool_free(all);
    return enough;
}

/* ---- sample ---- */

static bool draw_rows(struct call *c, struct rng_key key, int64_t count, bool replace,
                      struct tensor *rows) {
    struct tensor *w;
    if (call_has(c, WEIGHTS)) {
        TRY(take_weights(c, count, &w));
        bool ok = replace ? draw_again(c, key, w, rows) : draw_once(c, key, w, rows);
        return tensor_unref(w), ok;
    }
    if (replace) {
        rng_fill_below(key, 0, rows->count, (uint64_t)count, 0, rows->data);
        return true;
    }
    int64_t *all = pool_need((size_t)count * sizeof *all, c->ev->e);
    if (!all) return false;
    rng_permutation(key, all, count);
    memcpy(rows->data, all, (size_t)rows->count * sizeof *all);
    pool_free(all);
    return true;
}

bool fn_sample(struct call *c, struct value *out) {
    int64_t n, count;
    bool replace;
    uint64_t stream;
    TRY(fn_stream(c, SEED, &stream));
    if (c->ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
    TRY(call_int(c, 1, 1, &n) && call_bool(c, REPLACE, false, &replace));
    count = value_length(c->args[0]);
    if (count < 1) return call_fail(c, 0, ERR_VALUE, "There is nothing to draw from.");
    if (n < 0 || (!replace && n > count))
        return call_fail(c, 1, ERR_VALUE,
                         "%lld cannot be drawn from %lld without putting them back.", (long long)n,
                         (long long)count);
    struct shape s = shape_of(1, &n);
    struct tensor *rows = tensor_new(DT_INT64, &s, c->ev->e);
    struct rng_key key = {engine_seed(c->ev->engine), stream, 0};
    if (rows && draw_rows(c, key, count, replace, rows)) return pick(c, rows, out);
    tensor_unref(rows);
    return false;
}
