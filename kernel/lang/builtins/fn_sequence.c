/* Functions for sequences: attention by its formula, on tensors of any number of axes. */
#include "fn.h"
#include <math.h>
#include <string.h>

static const char *const names[] = {"query", "key", "value"};

static bool short_of_axes(struct call *c, int i, const struct desc *d) {
    char text[128];
    call_fail(c, i, ERR_SHAPE,
              "attention needs rows of features: `%s` has to have two axes or more.", names[i]);
    return err_fact(c->ev->e, names[i], "%s", shape_print(&d->shape, text, sizeof text));
}

static bool mismatch(struct call *c, const struct desc *d, int i, const char *what) {
    char text[128];
    call_fail(c, i, ERR_SHAPE, "%s", what);
    for (int k = 0; k < 3; k++)
        err_fact(c->ev->e, names[k], "%s", shape_print(&d[k].shape, text, sizeof text));
    return err_hint(c->ev->e,
                    "query (…, queries, features), key (…, keys, features), value (…, keys, "
                    "anything).");
}

static bool differ(int64_t a, int64_t b) {
    return a >= 0 && b >= 0 && a != b;
}

static bool check(struct call *c, const struct desc *d) {
    for (int i = 0; i < 3; i++)
        if (d[i].shape.n < 2) return short_of_axes(c, i, &d[i]);
    const struct shape *q = &d[0].shape, *k = &d[1].shape, *v = &d[2].shape;
    if (differ(q->size[q->n - 1], k->size[k->n - 1]))
        return mismatch(c, d, 1,
                        "A query is compared with a key number by number, so that both need "
                        "as many features.");
    if (differ(k->size[k->n - 2], v->size[v->n - 2]))
        return mismatch(c, d, 2, "Every key needs one value.");
    return true;
}

/* What a mask hides cannot be chosen: its score becomes very small. */
static bool hide(struct call *c, struct value *scores, bool *causal) {
    struct value mask, in[3], out;
    *causal = false;
    if (!call_has(c, 3)) return true;
    const char *word = c->args[3].kind == V_TEXT ? call_name(c, 3) : NULL;
    if (word && strcmp(word, "causal") == 0) return *causal = true;
    if (word)
        return call_fail(c, 3, ERR_VALUE, "A mask is a tensor of True and False, or \"causal\".");
    TRY(fn_operand(c, 3, &mask));
    in[0] = mask, in[1] = *scores, in[2] = value_float(-1e9);
    TRY(apply_op(c->ev, OP_where, in, 3, NULL, &out));
    value_unref(*scores);
    return *scores = out, true;
}

static bool weigh(struct call *c, struct value *scores, int64_t features, struct value v,
                  struct value *out) {
    bool scaled, causal;
    struct value p;
    struct desc d;
    TRY(call_bool(c, 4, true, &scaled));
    if (scaled) TRY(fn_step2(c->ev, OP_mul, scores, value_float(1 / sqrt((double)features))));
    TRY(hide(c, scores, &causal));
    if (!value_describe(*scores, &d)) return *out = value_unknown(), true;
    struct attrs along = {.axis = d.shape.n - 1, .axes = causal};
    TRY(apply1(c->ev, OP_softmax, *scores, &along, &p));
    bool ok = apply2(c->ev, OP_matmul, p, v, out);
    value_unref(p);
    return ok;
}

bool fn_attention(struct call *c, struct value *out) {
    struct value v[3], scores;
    struct desc d[3];
    for (int i = 0; i < 3; i++) {
        TRY(fn_operand(c, i, &v[i]));
        if (!value_describe(v[i], &d[i])) return *out = value_unknown(), true;
    }
    TRY(check(c, d));
    int64_t features = d[0].shape.size[d[0].shape.n - 1];
    if (features <= 0) return *out = value_unknown(), true;
    const struct attrs turned = {.trans_b = true};
    TRY(apply_op(c->ev, OP_matmul, v, 2, &turned, &scores));
    bool ok = weigh(c, &scores, features, v[2], out);
    value_unref(scores);
    return ok;
}
