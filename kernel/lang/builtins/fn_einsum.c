/* Sums of products over named axes. Operands are multiplied from left to right: axes that are in
 * both and needed later stand first, axes that are summed are the inner ones of a matrix product.
 * Only ops are used, so it works on numbers, in models and under grad. */
#include "einsum_pattern.h"
#include "fn.h"
#include "op/size.h"
#include "base/intern.h"
#include <stdio.h>
#include <string.h>

/* What has been multiplied so far: axis i of the value is name names[i] of the pattern. */
struct product {
    struct value v; /* owned */
    struct einsum_part axes;
};

struct einsum {
    struct call *c;
    struct einsum_pattern pattern;
    int64_t size[EINSUM_NAMES]; /* of each name; 0 = not seen yet */
    bool seen[EINSUM_NAMES];
    const char *axis[EINSUM_NAMES]; /* the name of that axis in the result, or NULL */
    uint32_t weak;
};

static struct value operand(const struct einsum *s, int i) {
    return s->c->actuals[s->c->rest[i]].value;
}
static struct span operand_at(const struct einsum *s, int i) {
    return s->c->actuals[s->c->rest[i]].at;
}

/* ---- what is wrong ---- */

static bool add_operands(struct einsum *s) {
    char text[256];
    struct err *e = s->c->ev->e;
    for (int i = 0; i < s->pattern.n_parts; i++) {
        const struct einsum_part *p = &s->pattern.parts[i];
        struct value v;
        struct desc d;
        TRY(as_tensorlike(s->c->ev, operand(s, i), &v));
        bool known = value_describe(v, &d);
        value_unref(v);
        if (!known) continue;
        struct shape named = {.n = d.shape.n};
        for (int k = 0; k < d.shape.n; k++) {
            named.size[k] = d.shape.size[k];
            named.axis[k] = k < p->n ? s->pattern.names[p->names[k]] : NULL;
        }
        struct str piece = source_piece(operand_at(s, i));
        char what[40];
        snprintf(what, sizeof what, "%.*s", (int)(piece.n < 30 ? piece.n : 30), piece.p);
        err_fact(e, what, "%s", shape_print_axes(&named, 0, text, sizeof text));
    }
    return false;
}

static bool wrong_count(struct einsum *s) {
    return call_fail(s->c, 0, ERR_ARGUMENT, "The pattern describes %d tensor%s, and %d %s given.",
                     s->pattern.n_parts, s->pattern.n_parts == 1 ? "" : "s", s->c->n_rest,
                     s->c->n_rest == 1 ? "is" : "are");
}

static bool wrong_axes(struct einsum *s, int i, const struct shape *found) {
    char text[256];
    const struct einsum_part *p = &s->pattern.parts[i];
    fail(s->c->ev, operand_at(s, i), ERR_SHAPE,
         "`%.*s` in the pattern names %d ax%s, and this tensor has %d.", (int)p->text.n, p->text.p,
         p->n, p->n == 1 ? "is" : "es", found->n);
    err_label(s->c->ev->e, "is %s", shape_print(found, text, sizeof text));
    return false;
}

static bool wrong_size(struct einsum *s, int name, int64_t other) {
    call_fail(s->c, 0, ERR_SHAPE,
              "`%s` is %lld in one place and %lld in another, and a name stands for one size.",
              s->pattern.names[name], (long long)s->size[name], (long long)other);
    return add_operands(s);
}

static bool wrong_name(struct einsum *s, int i, const char *written, const char *found) {
    char text[256];
    struct desc d;
    fail(s->c->ev, operand_at(s, i), ERR_SHAPE,
         "The pattern calls an axis `%s`, and here it has the name `%s`.", written, found);
    if (value_describe(operand(s, i), &d))
        err_label(s->c->ev->e, "is %s", shape_print(&d.shape, text, sizeof text));
    return err_hint(s->c->ev->e,
                    "Write the axes in the order they have, or rename them with axes.");
}

/* ---- operands and their sizes ---- */

static bool learn_axis(struct einsum *s, int i, const struct shape *found, int k) {
    int name = s->pattern.parts[i].names[k];
    const char *written = s->pattern.names[name], *axis = found->axis[k];
    bool weak = found->weak >> k & 1;
    if (s->pattern.words && axis && !weak && axis != written && strcmp(written, "batch") != 0)
        return wrong_name(s, i, written, axis);
    int64_t size = found->size[k];
    if (s->seen[name] && size_conflict(s->size[name], size)) return wrong_size(s, name, size);
    if (!s->seen[name] || s->size[name] < 0) s->size[name] = size;
    s->seen[name] = true;
    bool better = axis && (!s->axis[name] || ((s->weak >> name & 1) && !weak));
    if (s->pattern.words) s->axis[name] = written;
    else if (better) {
        s->axis[name] = axis;
        s->weak = (s->weak & ~(1u << name)) | ((uint32_t)weak << name);
    }
    return true;
}

/* Operand i without names of axes. *unknown: nothing is known of it yet. */
static bool take(struct einsum *s, int i, struct product *p, bool *unknown) {
    struct value v;
    struct desc d;
    p->axes = s->pattern.parts[i];
    p->v = value_missing();
    TRY(as_tensorlike(s->c->ev, operand(s, i), &v));
    *unknown = v.kind == V_UNKNOWN;
    if (*unknown) return true;
    bool ok = value_describe(v, &d) ||
              fail(s->c->ev, operand_at(s, i), ERR_TYPE,
                   "einsum multiplies tensors, and this is %s.", value_kind_words(v.kind));
    if (ok && d.shape.n != p->axes.n) ok = wrong_axes(s, i, &d.shape);
    for (int k = 0; ok && k < d.shape.n; k++) ok = learn_axis(s, i, &d.shape, k);
    if (ok) {
        struct attrs a = {.shape = {.n = d.shape.n}};
        memcpy(a.shape.size, d.shape.size, sizeof a.shape.size);
        ok = apply1(s->c->ev, OP_reshape, v, &a, &p->v);
    }
    value_unref(v);
    return ok;
}

/* ---- steps ---- */

/* v = op(v) */
static bool step(struct einsum *s, struct product *p, enum op op, const struct attrs *a) {
    struct value made;
    TRY(apply1(s->c->ev, op, p->v, a, &made));
    value_unref(p->v);
    p->v = made;
    return true;
}

static int place_of(const struct einsum_part *p, int name) {
    for (int i = 0; i < p->n; i++)
        if (p->names[i] == name) return i;
    return -1;
}

/* Adds up over the axes that are not in `keep`. */
static bool sum_out(struct einsum *s, struct product *p, uint32_t keep) {
    struct attrs a = {0};
    struct einsum_part rest = {0};
    for (int i = 0; i < p->axes.n; i++) {
        if (keep >> p->axes.names[i] & 1) rest.names[rest.n++] = p->axes.names[i];
        else a.axes |= 1u << i;
    }
    p->axes = rest;
    return !a.axes || step(s, p, OP_sum, &a);
}

/* The axes in this order. */
static bool put_in_order(struct einsum *s, struct product *p, const struct einsum_part *order) {
    struct attrs a = {0};
    bool same = true;
    for (int i = 0; i < order->n; i++) {
        a.perm[i] = place_of(&p->axes, order->names[i]);
        same = same && a.perm[i] == i;
    }
    p->axes = *order;
    return same || step(s, p, OP_transpose, &a);
}

/* A name that stands twice in one operand: its diagonal. Times the identity matrix, summed. */
static bool take_diagonal(struct einsum *s, struct product *p, int first, int second) {
    int name = p->axes.names[first], n_axes = p->axes.n;
    int64_t n = s->size[name];
    struct attrs a = {0};
    for (int i = 0, k = 0; i < n_axes; i++)
        if (i != first && i != second) a.perm[k++] = i;
    a.perm[n_axes - 2] = first;
    a.perm[n_axes - 1] = second;
    TRY(step(s, p, OP_transpose, &a));
    struct einsum_part rest = {0};
    for (int i = 0; i < n_axes - 2; i++) rest.names[rest.n++] = p->axes.names[a.perm[i]];
    rest.names[rest.n++] = name;
    p->axes = rest;
    if (n < 0)
        return call_fail(s->c, 0, ERR_SHAPE,
                         "`%s` stands twice in one part, and its size is not known here.",
                         s->pattern.names[name]);
    struct shape eye = {.n = n_axes};
    for (int i = 0; i < n_axes; i++) eye.size[i] = i < n_axes - 2 ? 1 : n;
    struct tensor *t = tensor_zeros(DT_FLOAT64, &eye, s->c->ev->e);
    if (!t) return false;
    for (int64_t i = 0; i < n; i++) ((double *)t->data)[i * n + i] = 1;
    struct value identity = value_tensor(t);
    bool ok = fn_step2(s->c->ev, OP_mul, &p->v, identity);
    value_unref(identity);
    return ok && step(s, p, OP_sum, &(struct attrs){.axes = 1u << (n_axes - 1)});
}

static bool take_diagonals(struct einsum *s, struct product *p) {
    for (int i = 0; i < p->axes.n; i++) {
        for (int k = i + 1; k < p->axes.n; k++) {
            if (p->axes.names[i] != p->axes.names[k]) continue;
            TRY(take_diagonal(s, p, i, k));
            i = -1; /* once more from the beginning */
            break;
        }
    }
    return true;
}

static int64_t size_of(const struct einsum *s, const struct einsum_part *p) {
    int64_t n = 1;
    for (int i = 0; i < p->n; i++) n = size_times(n, s->size[p->names[i]]);
    return n;
}

static void part_add(struct einsum_part *to, const struct einsum_part *from) {
    for (int i = 0; i < from->n && to->n < MAX_AXES; i++) to->names[to->n++] = from->names[i];
}

static struct einsum_part part_of(const struct einsum_part *p, uint32_t set) {
    struct einsum_part out = {0};
    for (int i = 0; i < p->n; i++)
        if (set >> p->names[i] & 1) out.names[out.n++] = p->names[i];
    return out;
}

/* ---- the product of two ---- */

struct split_axes {
    struct einsum_part batch, inner, rows, columns, result;
};

/* a * b with size 1 in place of the axes that one of them lacks; then summed over the inner ones.
 */
static bool multiply(struct einsum *s, struct product *a, struct product *b,
                     const struct split_axes *x) {
    struct product *small = x->rows.n ? b : a;
    const struct einsum_part *more = x->rows.n ? &x->rows : &x->columns;
    struct attrs wide = {0};
    for (int i = 0; i < small->axes.n; i++)
        wide.shape.size[wide.shape.n++] = s->size[small->axes.names[i]];
    for (int i = 0; i < more->n; i++) wide.shape.size[wide.shape.n++] = 1;
    TRY(!more->n || step(s, small, OP_reshape, &wide));
    TRY(fn_step2(s->c->ev, OP_mul, &a->v, b->v));
    if (more->n) part_add(&small->axes, more);
    a->axes = small->axes;
    return sum_out(s, a, einsum_set(&x->result));
}

/* [batch, rows, inner] @ [batch, inner, columns]; several axes are one. */
static bool matrix_product(struct einsum *s, struct product *a, struct product *b,
                           const struct split_axes *x) {
    struct attrs left = {0}, right = {0}, whole = {0};
    int64_t batch = size_of(s, &x->batch), inner = size_of(s, &x->inner);
    if (x->batch.n) left.shape.size[left.shape.n++] = right.shape.size[right.shape.n++] = batch;
    left.shape.size[left.shape.n++] = size_of(s, &x->rows);
    left.shape.size[left.shape.n++] = inner;
    right.shape.size[right.shape.n++] = inner;
    right.shape.size[right.shape.n++] = size_of(s, &x->columns);
    TRY(step(s, a, OP_reshape, &left) && step(s, b, OP_reshape, &right));
    TRY(fn_step2(s->c->ev, OP_matmul, &a->v, b->v));
    a->axes = x->result;
    for (int i = 0; i < x->result.n; i++)
        whole.shape.size[whole.shape.n++] = s->size[x->result.names[i]];
    return step(s, a, OP_reshape, &whole);
}

/* a = a * b, summed over the axes that nobody needs any more. */
static bool multiply_in(struct einsum *s, struct product *a, struct product *b, uint32_t needed) {
    uint32_t in_a = einsum_set(&a->axes), in_b = einsum_set(&b->axes);
    TRY(sum_out(s, a, needed | in_b) && sum_out(s, b, needed | in_a));
    in_a = einsum_set(&a->axes), in_b = einsum_set(&b->axes);
    struct split_axes x = {.batch = part_of(&a->axes, in_b & needed),
                           .inner = part_of(&a->axes, in_b & ~needed),
                           .rows = part_of(&a->axes, ~in_b),
                           .columns = part_of(&b->axes, ~in_a)};
    if (x.batch.n + x.rows.n + x.columns.n > MAX_AXES)
        return call_fail(s->c, 0, ERR_SHAPE, "A product on the way would have more than %d axes.",
                         MAX_AXES);
    part_add(&x.result, &x.batch);
    part_add(&x.result, &x.rows);
    part_add(&x.result, &x.columns);
    bool plain = (!x.rows.n && !x.columns.n) || (!x.inner.n && (!x.rows.n || !x.columns.n));
    struct einsum_part left = x.batch, right = x.batch;
    if (plain) part_add(&left, &x.inner);
    part_add(&left, &x.rows);
    if (!plain) part_add(&left, &x.inner);
    part_add(&right, &x.inner);
    part_add(&right, &x.columns);
    TRY(put_in_order(s, a, &left) && put_in_order(s, b, &right));
    return plain ? multiply(s, a, b, &x) : matrix_product(s, a, b, &x);
}

/* The result's axes in their order, with names; no name twice. */
static bool finish(struct einsum *s, struct product *p) {
    TRY(sum_out(s, p, einsum_set(&s->pattern.result)));
    TRY(put_in_order(s, p, &s->pattern.result));
    struct attrs a = {0};
    for (int i = 0; i < p->axes.n; i++) {
        int name = p->axes.names[i];
        bool taken = s->axis[name] && shape_find_axis(&a.shape, s->axis[name]) >= 0;
        a.shape.size[i] = s->size[name];
        a.shape.axis[i] = taken ? NULL : s->axis[name];
        a.shape.weak |= (uint8_t)((s->weak >> name & 1) << i);
        a.shape.n++;
    }
    return !a.shape.n || step(s, p, OP_reshape, &a);
}

/* Sizes of all operands before the first product, so that a misfit costs nothing. */
static bool take_all(struct einsum *s, struct product *all, bool *unknown) {
    *unknown = false;
    for (int i = 0; i < s->pattern.n_parts; i++) {
        bool this_one = false;
        TRY(take(s, i, &all[i], &this_one));
        *unknown = *unknown || this_one;
    }
    for (int i = 0; !*unknown && i < s->pattern.n_parts; i++) TRY(take_diagonals(s, &all[i]));
    return true;
}

static bool multiply_all(struct einsum *s, struct product *all) {
    for (int i = 1; i < s->pattern.n_parts; i++) {
        uint32_t needed = einsum_set(&s->pattern.result);
        for (int k = i + 1; k < s->pattern.n_parts; k++) needed |= einsum_set(&all[k].axes);
        TRY(multiply_in(s, &all[0], &all[i], needed));
    }
    return finish(s, &all[0]);
}

bool fn_einsum(struct call *c, struct value *out) {
    struct einsum s = {.c = c};
    struct product all[EINSUM_PARTS] = {0};
    struct str text;
    bool unknown;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(call_text(c, 0, &text));
    if (!einsum_parse(text, &s.pattern, c->ev->e)) return err_at(c->ev->e, c->spans[0]);
    if (c->n_rest != s.pattern.n_parts) return wrong_count(&s);
    bool ok = take_all(&s, all, &unknown);
    if (ok && unknown) *out = value_unknown();
    else if (ok) ok = multiply_all(&s, all);
    if (ok && !unknown) *out = value_ref(all[0].v);
    for (int i = 0; i < s.pattern.n_parts; i++) value_unref(all[i].v);
    return ok;
}
