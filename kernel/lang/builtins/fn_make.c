/* Functions that make tensors: fixed patterns and random draws. */
#include "fn.h"
#include "base/hash.h"
#include "plan.h"
#include "rng.h"
#include <math.h>
#include <string.h>

enum { CHECK_MAKES = 4096 };

static bool described(struct eval *ev, const struct shape *s, enum dtype t, struct value *out) {
    struct desc d = {.dtype = t, .shape = *s};
    *out = value_desc(&d, ev->e);
    return out->kind == V_DESC;
}

/* While checking, only small tensors of known size are made. */
static bool too_big_to_check(const struct eval *ev, const struct shape *s, bool known) {
    if (!known) return true;
    if (ev->domain == DOMAIN_RUN) return false;
    int64_t n = 1;
    for (int i = 0; i < s->n; i++) {
        n *= s->size[i] <= CHECK_MAKES ? s->size[i] : CHECK_MAKES + 1;
        if (n > CHECK_MAKES) return true;
    }
    return false;
}

/* In a step, sizes may be the batch's: the maker becomes a node of its graph. */
static bool make_node(struct call *c, enum op op, struct attrs *a, struct value *out) {
    if (a->dtype == DT_FLOAT64) a->dtype = graph_dtype(c->ev->graph);
    struct node *n = graph_add(c->ev->graph, op, NULL, 0, a, c->ev->e);
    *out = value_node(n);
    return n != NULL;
}

static bool in_step(const struct eval *ev) {
    return ev->step && ev->graph;
}

static bool filled(struct call *c, double x, enum dtype t, struct value *out) {
    struct shape s;
    bool known;
    TRY(call_sizes(c, &s, &known, NULL));
    if (!known && in_step(c->ev))
        return make_node(c, OP_fill, &(struct attrs){.a = x, .dtype = t, .shape = s}, out);
    if (too_big_to_check(c->ev, &s, known)) return described(c->ev, &s, t, out);
    struct tensor *made = x == 0 ? tensor_zeros(t, &s, c->ev->e) : tensor_new(t, &s, c->ev->e);
    if (!made) return false;
    for (int64_t i = 0; x != 0 && i < made->count; i++) tensor_set(made, i, x);
    return *out = value_tensor(made), true;
}

bool fn_zeros(struct call *c, struct value *out) {
    return filled(c, 0, DT_FLOAT64, out);
}

bool fn_ones(struct call *c, struct value *out) {
    return filled(c, 1, DT_FLOAT64, out);
}

bool fn_full(struct call *c, struct value *out) {
    struct value x = c->args[0];
    if (x.kind == V_MISSING && c->n_rest > 0 && !c->actuals[c->rest[c->n_rest - 1]].name)
        x = c->actuals[c->rest[--c->n_rest]].value;
    if (x.kind == V_UNKNOWN || x.kind == V_DESC) return *out = value_unknown(), true;
    if (!value_is_number(x))
        return call_fail(c, -1, ERR_ARGUMENT,
                         "full needs the number as its last argument: full(3, 7).");
    enum dtype t = x.kind == V_INT ? DT_INT64 : x.kind == V_BOOL ? DT_BOOL : DT_FLOAT64;
    return filled(c, value_number(x), t, out);
}

bool fn_eye(struct call *c, struct value *out) {
    int64_t n;
    if (c->args[0].kind == V_DESC || c->args[0].kind == V_UNKNOWN)
        return *out = value_unknown(), true;
    TRY(call_int(c, 0, 0, &n));
    if (n < 0) return call_fail(c, 0, ERR_VALUE, "A size cannot be negative.");
    struct shape s = shape_of(2, (int64_t[]){n, n});
    if (too_big_to_check(c->ev, &s, true)) return described(c->ev, &s, DT_FLOAT64, out);
    struct tensor *t = tensor_zeros(DT_FLOAT64, &s, c->ev->e);
    if (!t) return false;
    for (int64_t i = 0; i < n; i++) ((double *)t->data)[i * n + i] = 1;
    return *out = value_tensor(t), true;
}

static bool any_unknown(const struct call *c) {
    for (int i = 0; i < c->n_actuals; i++) {
        enum value_kind k = c->actuals[i].value.kind;
        if (k == V_DESC || k == V_UNKNOWN) return true;
    }
    return false;
}

static bool float_range(struct call *c, double a, double b, double step, struct value *out) {
    double span = ceil((b - a) / step - 1e-12);
    if (step == 0 || !(span < 1e15))
        return call_fail(c, -1, ERR_VALUE, "range cannot get from %g to %g in steps of %g.", a, b,
                         step);
    struct tensor *t = fn_vector(span > 0 ? (int64_t)span : 0, c->ev->e);
    if (!t) return false;
    for (int64_t i = 0; i < t->count; i++) ((double *)t->data)[i] = a + (double)i * step;
    return *out = value_tensor(t), true;
}

bool fn_range(struct call *c, struct value *out) {
    if (any_unknown(c)) {
        struct shape s = shape_of(1, &(int64_t){unknown_size()});
        return described(c->ev, &s, DT_INT64, out);
    }
    double x[3] = {0, 0, 1};
    bool whole = true;
    for (int i = 0; i < 3; i++) {
        TRY(call_number(c, i, x[i], &x[i]));
        whole = whole && (c->args[i].kind != V_FLOAT);
    }
    if (!call_has(c, 1)) x[1] = x[0], x[0] = 0;
    if (!whole) return float_range(c, x[0], x[1], x[2], out);
    int64_t a = 0, b, step;
    TRY(call_int(c, call_has(c, 1) ? 1 : 0, 0, &b) && call_int(c, 2, 1, &step));
    if (call_has(c, 1)) TRY(call_int(c, 0, 0, &a));
    if (step == 0) return call_fail(c, 2, ERR_VALUE, "range cannot go in steps of 0.");
    __int128 way = step > 0 ? (__int128)b - a : (__int128)a - b;
    __int128 width = step > 0 ? step : -(__int128)step, n = (way + width - 1) / width;
    struct shape s = shape_of(1, &(int64_t){n <= 0 ? 0 : n > INT64_MAX ? INT64_MAX : (int64_t)n});
    if (too_big_to_check(c->ev, &s, true)) return described(c->ev, &s, DT_INT64, out);
    struct tensor *t = tensor_new(DT_INT64, &s, c->ev->e);
    if (!t) return false;
    for (int64_t i = 0; i < t->count; i++) {
        ((int64_t *)t->data)[i] = a + i * step;
        if ((i & 0xffff) == 0 && stopped(c->ev, c->at)) return tensor_unref(t), false;
    }
    return *out = value_tensor(t), true;
}

bool fn_linspace(struct call *c, struct value *out) {
    double a, b;
    int64_t n;
    if (any_unknown(c)) return *out = value_unknown(), true;
    TRY(call_number(c, 0, 0, &a));
    TRY(call_number(c, 1, 1, &b));
    TRY(call_int(c, 2, 50, &n));
    if (n < 1) return call_fail(c, 2, ERR_VALUE, "linspace gives at least one number.");
    struct shape s = shape_of(1, &n);
    if (too_big_to_check(c->ev, &s, true)) return described(c->ev, &s, DT_FLOAT64, out);
    struct tensor *t = fn_vector(n, c->ev->e);
    if (!t) return false;
    for (int64_t i = 0; i < n; i++)
        ((double *)t->data)[i] = n == 1       ? a
                                 : i == n - 1 ? b
                                              : a + (b - a) * (double)i / (double)(n - 1);
    return *out = value_tensor(t), true;
}

/* ---- random draws ---- */

bool fn_stream(struct call *c, int seed_arg, uint64_t *stream) {
    *stream = next_stream(c->ev);
    if (!call_has(c, seed_arg)) return true;
    int64_t seed;
    TRY(call_int(c, seed_arg, 0, &seed));
    *stream = hash_add(0x5eed, (uint64_t)seed);
    return true;
}

static bool draw(struct call *c, enum op op, double p, int seed_arg, enum dtype t,
                 struct value *out) {
    struct attrs a = {.a = p, .dtype = t};
    bool known;
    TRY(call_sizes(c, &a.shape, &known, NULL));
    TRY(fn_stream(c, seed_arg, &a.stream));
    if (in_step(c->ev)) return make_node(c, op, &a, out);
    if (!known || c->ev->domain == DOMAIN_CHECK) return described(c->ev, &a.shape, t, out);
    return apply_op(c->ev, op, NULL, 0, &a, out);
}

bool fn_rand(struct call *c, struct value *out) {
    return draw(c, OP_uniform, 0, 0, DT_FLOAT64, out);
}

bool fn_randn(struct call *c, struct value *out) {
    return draw(c, OP_normal, 0, 0, DT_FLOAT64, out);
}

bool fn_bernoulli(struct call *c, struct value *out) {
    double p = 0;
    if (c->args[0].kind != V_UNKNOWN && c->args[0].kind != V_DESC) TRY(call_number(c, 0, 0, &p));
    if (!(p >= 0 && p <= 1))
        return call_fail(c, 0, ERR_VALUE, "A probability is between 0 and 1, and this is %g.", p);
    return draw(c, OP_bernoulli, p, 1, DT_BOOL, out);
}

static struct rng_key key_of(const struct call *c, uint64_t stream) {
    return (struct rng_key){engine_seed(c->ev->engine), stream, 0};
}

enum { WHOLE_PARTS = 8, WORTH_THREADS = 1 << 15 };

struct whole_numbers {
    struct rng_key key;
    struct tensor *to;
    int64_t low;
    uint64_t below;
};

static void draw_whole(void *user, int part) {
    const struct whole_numbers *w = user;
    int64_t size = w->to->count / WHOLE_PARTS, begin = size * part;
    int64_t n = part + 1 < WHOLE_PARTS ? size : w->to->count - begin;
    rng_fill_below(w->key, (uint64_t)begin, n, w->below, w->low, (int64_t *)w->to->data + begin);
}

bool fn_randint(struct call *c, struct value *out) {
    int64_t low, high;
    struct shape s;
    bool known;
    uint64_t stream;
    TRY(call_sizes(c, &s, &known, NULL));
    TRY(fn_stream(c, 2, &stream));
    if (any_unknown(c) || c->ev->domain == DOMAIN_CHECK) return described(c->ev, &s, DT_INT64, out);
    TRY(call_int(c, 0, 0, &low));
    TRY(call_int(c, 1, 1, &high));
    if (high <= low)
        return call_fail(c, 1, ERR_VALUE,
                         "There is no whole number from %lld up to %lld (excluded).",
                         (long long)low, (long long)high);
    struct tensor *t = tensor_new(DT_INT64, &s, c->ev->e);
    if (!t) return false;
    struct whole_numbers w = {key_of(c, stream), t, low, (uint64_t)high - (uint64_t)low};
    if (t->count < WORTH_THREADS) rng_fill_below(w.key, 0, t->count, w.below, low, t->data);
    else compute_parts(draw_whole, &w, WHOLE_PARTS);
    return *out = value_tensor(t), true;
}

static struct tensor *shuffled(struct call *c, int64_t n, uint64_t stream) {
    struct shape s = shape_of(1, &n);
    struct tensor *t = tensor_new(DT_INT64, &s, c->ev->e);
    if (t && n) rng_permutation(key_of(c, stream), t->data, n);
    return t;
}

bool fn_permutation(struct call *c, struct value *out) {
    int64_t n;
    uint64_t stream;
    TRY(fn_stream(c, 1, &stream));
    if (any_unknown(c)) return *out = value_unknown(), true;
    TRY(call_int(c, 0, 0, &n));
    if (n < 0)
        return call_fail(c, 0, ERR_VALUE, "There is no permutation of %lld things.", (long long)n);
    struct shape s = shape_of(1, &n);
    if (c->ev->domain == DOMAIN_CHECK) return described(c->ev, &s, DT_INT64, out);
    struct tensor *t = shuffled(c, n, stream);
    *out = value_tensor(t);
    return t != NULL;
}

bool fn_meshgrid(struct call *c, struct value *out) {
    struct value x, y, gx = value_missing(), gy = value_missing();
    struct desc dx, dy;
    TRY(fn_operand(c, 0, &x));
    TRY(fn_operand(c, 1, &y));
    if (!value_describe(x, &dx) || !value_describe(y, &dy)) return *out = value_unknown(), true;
    if (dx.shape.n != 1 || dy.shape.n != 1)
        return call_fail(c, -1, ERR_SHAPE,
                         "meshgrid takes two vectors: the positions along x and along y.");
    struct attrs a = {.shape = shape_of(2, (int64_t[]){dy.shape.size[0], dx.shape.size[0]}),
                      .axes = 1};
    struct attrs column = {.shape = shape_of(2, (int64_t[]){dy.shape.size[0], 1})};
    struct value tall = value_missing();
    bool ok = apply1(c->ev, OP_expand, x, &a, &gx) && apply1(c->ev, OP_reshape, y, &column, &tall);
    a.axes = 2;
    ok = ok && apply1(c->ev, OP_expand, tall, &a, &gy);
    value_unref(tall);
    *out = ok ? value_list_new(2, c->ev->e) : value_missing();
    if (out->kind != V_LIST) return false;
    out->list->is_tuple = true;
    return list_add(out->list, gx, c->ev->e) && list_add(out->list, gy, c->ev->e);
}

bool fn_tensor(struct call *c, struct value *out) {
    return fn_take_operand(c, 0, out);
}

struct tensor *fn_vector(int64_t n, struct err *e) {
    struct shape s = shape_of(1, &n);
    return tensor_new(DT_FLOAT64, &s, e);
}
