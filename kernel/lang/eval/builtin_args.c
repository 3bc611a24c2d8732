/* Arguments of built-ins with their kinds: each says what was expected and what was found. */
#include "builtin.h"
#include "eval_ops.h"
#include "lang/syntax/spelling.h"
#include "base/intern.h"
#include "base/word_list.h"
#include <stdio.h>
#include <string.h>

bool call_fail(struct call *c, int i, enum err_kind kind, const char *format, ...) {
    char what[700];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return fail(c->ev, i >= 0 ? c->spans[i] : c->at, kind, "%s", what);
}

struct span call_element(const struct call *c, int i, int k) {
    const struct ast *x = c->index[i] >= 0 ? c->actuals[c->index[i]].tree : NULL;
    bool written = x && x->kind == AST_LIST && k < x->n;
    return written ? x->list[k]->span : c->spans[i];
}

bool call_has(const struct call *c, int i) {
    return c->args[i].kind != V_MISSING && c->args[i].kind != V_NONE;
}

static bool wrong(struct call *c, int i, const char *wanted) {
    call_fail(c, i, ERR_ARGUMENT, "`%s` of %s has to be %s.", c->signature->parameters[i].name,
              c->row->name, wanted);
    return err_label(c->ev->e, "is %s", value_kind_words(c->args[i].kind));
}

bool call_number(struct call *c, int i, double fallback, double *out) {
    *out = fallback;
    if (!call_has(c, i)) return true;
    if (!value_is_number(c->args[i])) return wrong(c, i, "a number");
    *out = value_number(c->args[i]);
    return true;
}

bool call_int(struct call *c, int i, int64_t fallback, int64_t *out) {
    *out = fallback;
    if (!call_has(c, i)) return true;
    if (c->args[i].kind != V_INT) return wrong(c, i, "a whole number");
    *out = c->args[i].integer;
    return true;
}

bool call_bool(struct call *c, int i, bool fallback, bool *out) {
    *out = fallback;
    if (!call_has(c, i)) return true;
    if (c->args[i].kind != V_BOOL) return wrong(c, i, "True or False");
    *out = c->args[i].boolean;
    return true;
}

bool call_text(struct call *c, int i, struct str *out) {
    if (c->args[i].kind != V_TEXT) return wrong(c, i, "a text in quotes");
    *out = value_str(&c->args[i]);
    return true;
}

bool call_choice(struct call *c, int i, int *out) {
    const struct parameter *p = &c->signature->parameters[i];
    struct str word = p->fallback; /* "inner", in quotes, or None */
    if (word.n > 1) word.p++, word.n -= 2;
    bool text = c->args[i].kind == V_TEXT;
    if (text) word = value_str(&c->args[i]);
    *out = words_find(p->choices, word);
    /* Binding has looked at texts; a check may not know them. */
    if (text || !call_has(c, i) || c->args[i].kind == V_UNKNOWN) return true;
    struct text all = {0};
    text_add_words(&all, p->choices);
    wrong(c, i, all.p ? all.p : "a text");
    text_clear(&all);
    return false;
}

const char *call_name(struct call *c, int i) {
    return c->args[i].kind == V_TEXT ? intern(value_str(&c->args[i])) : NULL;
}

bool call_tensor(struct call *c, int i, struct tensor **out) {
    struct value v;
    *out = NULL;
    TRY(as_tensorlike(c->ev, c->args[i], &v));
    if (v.kind == V_TENSOR || value_is_number(v)) *out = value_to_tensor(v, c->ev->e);
    else if (v.kind == V_NODE)
        fail(c->ev, c->spans[i], ERR_TYPE,
             "%s needs numbers, and inside %s they are not known yet.", c->row->name,
             c->ev->context ? c->ev->context : "a graph");
    else wrong(c, i, "a tensor of numbers");
    value_unref(v);
    return *out != NULL;
}

bool call_floats(struct call *c, int i, struct tensor **out) {
    struct tensor *t;
    TRY(call_tensor(c, i, &t));
    *out = tensor_cast(t, DT_FLOAT64, c->ev->e);
    tensor_unref(t);
    return *out != NULL;
}

bool call_function(struct call *c, int i, struct value *out) {
    enum value_kind k = c->args[i].kind;
    bool callable = k == V_FUNCTION || k == V_BUILTIN || k == V_MODEL || k == V_ESTIMATOR ||
                    k == V_SCALER || k == V_CONFIG || k == V_UNKNOWN || k == V_LAYER;
    *out = c->args[i];
    return callable || wrong(c, i, "a function");
}

/* free_size: -1 is allowed, and its position + 1 goes there; NULL = not allowed. */
static bool add_size(struct call *c, const struct actual *a, struct value v, struct shape *s,
                     bool *known, int *free_size) {
    if (s->n == MAX_AXES) return fail(c->ev, a->at, ERR_ARGUMENT, "At most %d axes.", MAX_AXES);
    s->axis[s->n] = a->name;
    if (v.kind == V_NODE && v.node->op == OP_count) { /* len(x) of a batch */
        s->size[s->n++] = v.node->in[0]->desc.shape.size[0];
        *known = false;
        return true;
    }
    if (v.kind == V_UNKNOWN || v.kind == V_DESC) {
        s->size[s->n++] = unknown_size();
        *known = false;
        return true;
    }
    if (v.kind != V_INT) {
        fail(c->ev, a->at, ERR_ARGUMENT, "A size is a whole number, and this is %s.",
             value_kind_words(v.kind));
        return false;
    }
    if (v.integer < 0 && !(free_size && v.integer == -1)) {
        fail(c->ev, a->at, ERR_VALUE, "A size cannot be negative, and this one is %lld.",
             (long long)v.integer);
        return false;
    }
    if (v.integer == -1 && *free_size)
        return fail(c->ev, a->at, ERR_SHAPE,
                    "Only one size can be -1: it is worked out from the others.");
    if (v.integer == -1) *free_size = s->n + 1;
    s->size[s->n++] = v.integer;
    return true;
}

static bool sizes_of_list(struct call *c, const struct actual *a, struct shape *s, bool *known,
                          int *free_size) {
    struct value v = a->value;
    if (v.kind == V_SHAPE) return *s = v.shape->shape, true;
    int64_t n = v.kind == V_TENSOR ? v.tensor->count : v.list->n;
    for (int64_t i = 0; i < n; i++) {
        struct value one;
        TRY(iterate_item(c->ev, v, i, &one));
        TRY(add_size(c, a, one, s, known, free_size));
    }
    return true;
}

bool call_sizes(struct call *c, struct shape *out, bool *known, int *free_size) {
    *out = (struct shape){0};
    *known = true;
    for (int i = 0; i < c->n_rest; i++) {
        const struct actual *a = &c->actuals[c->rest[i]];
        bool list = a->value.kind == V_SHAPE || a->value.kind == V_LIST ||
                    (a->value.kind == V_TENSOR && a->value.tensor->shape.n == 1);
        if (list && c->n_rest == 1) return sizes_of_list(c, a, out, known, free_size);
        TRY(add_size(c, a, a->value, out, known, free_size));
    }
    return true;
}

bool axis_hint(struct err *e, const struct shape *s, struct str wanted) {
    struct spelling near;
    spelling_start(&near, wanted);
    for (int k = 0; k < s->n; k++)
        if (s->axis[k]) spelling_add(&near, str_of(s->axis[k]));
    struct str best = spelling_best(&near);
    return best.n ? err_hint(e, "Did you mean `%.*s`?", (int)best.n, best.p) : false;
}

static bool no_axis(struct call *c, int i, const struct shape *s, const char *found) {
    char axes[256];
    call_fail(c, i, ERR_SHAPE, "There is no axis %s.", found);
    bool named = false;
    for (int k = 0; k < s->n; k++) named = named || s->axis[k];
    err_fact(c->ev->e, "the axes", "%s",
             named ? shape_print_axes(s, 0, axes, sizeof axes) : shape_print(s, axes, sizeof axes));
    return c->args[i].kind == V_TEXT ? axis_hint(c->ev->e, s, value_str(&c->args[i])) : false;
}

static bool one_axis(struct call *c, int i, struct value v, const struct shape *s, int *axis) {
    char found[80];
    if (v.kind == V_TEXT) {
        *axis = shape_find_axis(s, intern(value_str(&v)));
        snprintf(found, sizeof found, "`%.60s`", v.text->bytes);
        return *axis >= 0 || no_axis(c, i, s, found);
    }
    if (v.kind != V_INT) return wrong(c, i, "the number or name of an axis");
    *axis = (int)(v.integer < 0 ? v.integer + s->n : v.integer);
    snprintf(found, sizeof found, "%lld", (long long)v.integer);
    return (v.integer >= -s->n && v.integer < s->n) || no_axis(c, i, s, found);
}

bool call_axes(struct call *c, int i, const struct shape *s, uint32_t *axes) {
    struct value v = c->args[i];
    *axes = s->n ? (1u << s->n) - 1 : 0;
    if (!call_has(c, i)) return true;
    int axis;
    if (v.kind != V_LIST && v.kind != V_TENSOR) {
        TRY(one_axis(c, i, v, s, &axis));
        *axes = 1u << axis;
        return true;
    }
    int64_t n = v.kind == V_LIST ? v.list->n : v.tensor->count;
    *axes = 0;
    for (int64_t k = 0; k < n; k++) {
        struct value one;
        TRY(iterate_item(c->ev, v, k, &one));
        bool ok = one_axis(c, i, one, s, &axis);
        value_unref(one);
        TRY(ok);
        *axes |= 1u << axis;
    }
    return true;
}

bool call_axis(struct call *c, int i, const struct shape *s, int fallback, int *axis) {
    if (call_has(c, i)) return one_axis(c, i, c->args[i], s, axis);
    *axis = fallback < 0 ? fallback + s->n : fallback;
    return s->n > 0 || call_fail(c, 0, ERR_SHAPE, "A single number has no axes.");
}
