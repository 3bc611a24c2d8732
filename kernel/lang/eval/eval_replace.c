/* x[…] = v and x.name = v: the value with one part replaced. The old value stays as it was. */
#include "append.h"
#include "eval_parts.h"
#include "scalar.h"
#include "selection.h"
#include "lang/values/names.h"
#include "lang/eval/names/scope.h"
#include "lang/eval/tables/tables.h"
#include "base/intern.h"
#include <stdatomic.h>
#include <string.h>

/* Nobody but the name that is about to get the new value, and the caller, knows this memory: it may
 * be written to, so that a loop over x[i] = v does not copy x in every round. */
static bool is_private(struct eval *ev, const struct ast *target, _Atomic int32_t *refs) {
    const struct ast *name = target->a;
    if (ev->domain == DOMAIN_CHECK || name->kind != AST_NAME || atomic_load(refs) != 2)
        return false;
    if (name->slot != SLOT_GLOBAL) return name->slot >= 0;
    return names_is_fresh(engine_names(ev->engine), name->name);
}

static bool record_copy(struct eval *ev, const struct record *r, struct value *out) {
    *out = value_record_new(ev->e);
    if (out->kind != V_RECORD) return false;
    for (int i = 0; i < r->n; i++)
        if (!record_set(out->record, r->keys[i], value_ref(r->items[i]), ev->e))
            return value_unref(*out), false;
    return true;
}

static bool replace_key(struct eval *ev, struct value base, const struct ast *target,
                        const char *key, struct value v, struct value *out) {
    if (base.kind == V_TABLE || base.kind == V_TABLE_DESC)
        return table_with(ev, base.table, key, v, out);
    bool private = is_private(ev, target, &base.record->refs);
    if (private) {
        *out = value_ref(base);
        return record_set(base.record, key, value_ref(v), ev->e) || (value_unref(base), false);
    }
    TRY(record_copy(ev, base.record, out));
    if (record_set(out->record, key, value_ref(v), ev->e)) return true;
    value_unref(*out);
    return false;
}

static bool replace_item(struct eval *ev, struct value base, const struct ast *target, int64_t i,
                         struct value v, struct value *out) {
    int64_t n = base.list->n;
    if (i < 0) i += n;
    if (i < 0 || i >= n)
        return fail(ev, target->span, ERR_INDEX, "The list has %lld elements.", (long long)n);
    if (is_private(ev, target, &base.list->refs)) {
        struct value old = base.list->items[i];
        base.list->items[i] = value_ref(v);
        value_unref(old);
        return *out = value_ref(base), true;
    }
    *out = value_list_new((int32_t)n, ev->e);
    for (int32_t k = 0; out->kind == V_LIST && k < n; k++) {
        struct value item = value_ref(k == i ? v : base.list->items[k]);
        if (!list_add(out->list, item, ev->e)) return value_unref(*out), false;
    }
    return out->kind == V_LIST;
}

/* Names and whole numbers with + - *: may be evaluated twice, draws nothing, calls nothing. */
static bool is_plain(const struct ast *x) {
    if (x->kind == AST_BINARY) return is_plain(x->a) && is_plain(x->b);
    if (x->kind == AST_UNARY) return is_plain(x->a);
    return x->kind == AST_NAME || (x->kind == AST_NUMBER && x->is_int && !x->unit);
}

/* One whole number for each axis: the flat position. False (and no error): it is something else. */
static bool single_place(struct eval *ev, const struct tensor *t, const struct ast *target,
                         int64_t *place) {
    if (target->n != t->shape.n) return false;
    for (int i = 0; i < target->n; i++) {
        if (target->list[i]->name || !is_plain(target->list[i]->a)) return false;
    }
    *place = 0;
    for (int i = 0; i < target->n; i++) {
        struct value v;
        int64_t n = t->shape.size[i];
        if (!eval_expr(ev, target->list[i]->a, &v)) return *ev->e = (struct err){0}, false;
        int64_t at = v.kind == V_INT && v.integer < 0 ? v.integer + n : v.integer;
        bool ok = v.kind == V_INT && at >= 0 && at < n;
        value_unref(v);
        if (!ok) return false;
        *place = *place * n + at;
    }
    return true;
}

static bool places_of(struct eval *ev, const struct tensor *t, const struct ast *target,
                      struct value *out) {
    int64_t place;
    if (single_place(ev, t, target, &place)) return *out = value_int(place), true;
    return selection_places(ev, target, &t->shape, out);
}

/* The tensor itself if nobody else sees it, else a copy. */
static struct tensor *writable(struct eval *ev, struct tensor *t, const struct ast *target,
                               bool to_float) {
    enum dtype type = to_float && !dtype_is_float(t->dtype) ? DT_FLOAT64 : t->dtype;
    if (type == t->dtype && !t->owner && is_private(ev, target, &t->refs)) return tensor_ref(t);
    struct tensor *copy = tensor_new(type, &t->shape, ev->e);
    if (!copy) return NULL;
    if (type == t->dtype) memcpy(copy->data, t->data, (size_t)t->count * dtype_bytes(type));
    else
        for (int64_t i = 0; i < t->count; i++) tensor_set(copy, i, tensor_get(t, i));
    copy->is_image = t->is_image;
    return copy;
}

static void write_one(struct tensor *t, int64_t i, struct value v) {
    if (t->dtype == DT_INT64 && v.kind == V_INT) ((int64_t *)t->data)[i] = v.integer;
    else tensor_set(t, i, value_number(v));
}

/* The flat position of single numbers, by the short way. */
static bool short_place(struct eval *ev, const struct tensor *t, const struct ast *target,
                        int64_t *place) {
    *place = 0;
    for (int i = 0; i < target->n; i++) {
        const struct ast *subscript = target->list[i];
        if (subscript->name || !subscript->a->is_scalar || subscript->a->has_call) return false;
        struct value v = scalar_eval(ev, subscript->a);
        int64_t n = t->shape.size[i], at = v.integer;
        if (v.kind != V_INT) return false;
        if (at < 0) at += n;
        if (at < 0 || at >= n) return false;
        *place = *place * n + at;
    }
    return true;
}

bool replace_number(struct eval *ev, const struct ast *target, struct value v) {
    if (target->kind != AST_INDEX || target->a->kind != AST_NAME || !value_is_number(v))
        return false;
    if (ev->domain != DOMAIN_RUN || ev->shapes) return false;
    struct value own = own_value(ev, target->a);
    if (own.kind != V_TENSOR) return false;
    struct tensor *t = own.tensor;
    bool fits = v.kind != V_FLOAT || dtype_is_float(t->dtype);
    int64_t place;
    if (t->owner || !t->data || !fits || target->n != t->shape.n) return false;
    if (!short_place(ev, t, target, &place)) return false;
    if (t->dtype == DT_FLOAT64) ((double *)t->data)[place] = value_number(v);
    else write_one(t, place, v);
    return true;
}

/* v's numbers to those places of t; most often both are float64. */
static void write_each(struct tensor *t, const int64_t *at, const struct tensor *v) {
    if (t->dtype == DT_FLOAT64 && v->dtype == DT_FLOAT64) {
        for (int64_t i = 0; i < v->count; i++)
            ((double *)t->data)[at[i]] = ((const double *)v->data)[i];
        return;
    }
    for (int64_t i = 0; i < v->count; i++) tensor_set(t, at[i], tensor_get(v, i));
}

static bool write_many(struct eval *ev, struct tensor *t, const struct tensor *at, struct value v,
                       struct span span) {
    if (value_is_number(v)) {
        for (int64_t i = 0; i < at->count; i++) write_one(t, ((const int64_t *)at->data)[i], v);
        return true;
    }
    char a[128], b[128];
    bool fits = v.kind == V_TENSOR && v.tensor->count == at->count &&
                (shape_same_sizes(&v.tensor->shape, &at->shape) || at->shape.n == 1);
    if (!fits) {
        fail(ev, span, ERR_SHAPE, "The new values must have the shape of the part they replace.");
        err_fact(ev->e, "the part", "%s", shape_print(&at->shape, a, sizeof a));
        if (v.kind == V_TENSOR)
            err_fact(ev->e, "the values", "%s", shape_print(&v.tensor->shape, b, sizeof b));
        return false;
    }
    write_each(t, at->data, v.tensor);
    return true;
}

static bool replace_in_tensor(struct eval *ev, struct value base, const struct ast *target,
                              struct value v, struct value *out) {
    struct value places, values;
    struct desc d;
    TRY(places_of(ev, base.tensor, target, &places));
    if (!as_tensorlike(ev, v, &values)) return value_unref(places), false;
    bool ok = value_describe(values, &d);
    if (!ok)
        fail(ev, target->span, ERR_TYPE, "A tensor holds numbers, and this is %s.",
             value_kind_words(values.kind));
    struct tensor *t = ok ? writable(ev, base.tensor, target, dtype_is_float(d.dtype)) : NULL;
    ok = t != NULL;
    if (ok && places.kind == V_INT) {
        ok = value_is_number(values) ||
             fail(ev, target->span, ERR_SHAPE, "One place holds one number.");
        if (ok) write_one(t, places.integer, values);
    } else if (ok) {
        ok = places.kind == V_TENSOR
                 ? write_many(ev, t, places.tensor, values, target->span)
                 : fail(ev, target->span, ERR_INDEX, "These are not places of the tensor.");
    }
    value_unref(places);
    value_unref(values);
    if (!ok) return tensor_unref(t), false;
    *out = value_tensor(t);
    return true;
}

/* While checking: the same shape with other numbers, if the new ones fit. */
static bool describe_replaced(struct eval *ev, struct value base, const struct ast *target,
                              struct value v, struct value *out) {
    struct desc d, part, new;
    struct value places = value_missing();
    char a[128], b[128];
    value_describe(base, &d);
    struct value all = value_desc(&d, ev->e);
    bool ok = all.kind == V_DESC && index_value(ev, target, all, &places);
    value_unref(all);
    bool known = ok && value_describe(places, &part) && value_describe(v, &new) &&
                 shape_known(&part.shape) && shape_known(&new.shape) && new.shape.n > 0;
    if (known && !shape_same_sizes(&part.shape, &new.shape) &&
        (part.shape.n != 1 || new.shape.size[0] != part.shape.size[0])) {
        ok = fail(ev, target->span, ERR_SHAPE,
                  "The new values must have the shape of the part they replace.");
        err_fact(ev->e, "the part", "%s", shape_print(&part.shape, a, sizeof a));
        err_fact(ev->e, "the values", "%s", shape_print(&new.shape, b, sizeof b));
    }
    value_unref(places);
    if (!ok) return false;
    if (value_describe(v, &new) && dtype_is_float(new.dtype) && !dtype_is_float(d.dtype))
        d.dtype = DT_FLOAT64;
    *out = value_desc(&d, ev->e);
    return out->kind == V_DESC;
}

static bool replace_subscript(struct eval *ev, struct value base, const struct ast *target,
                              struct value v, struct value *out) {
    if (base.kind == V_UNKNOWN || base.kind == V_DESC) return *out = value_ref(base), true;
    if (base.kind == V_NODE)
        return fail_later(ev, target->span, "replacing parts of a tensor inside a model or grad");
    if (base.kind == V_TENSOR) {
        if (ev->domain == DOMAIN_CHECK) return describe_replaced(ev, base, target, v, out);
        return replace_in_tensor(ev, base, target, v, out);
    }
    struct value key;
    TRY(eval_expr(ev, target->list[0]->a, &key));
    bool ok = true;
    bool named = base.kind == V_RECORD || base.kind == V_TABLE || base.kind == V_TABLE_DESC;
    if (key.kind == V_UNKNOWN || key.kind == V_DESC) *out = value_unknown();
    else if (named && key.kind == V_TEXT)
        ok = replace_key(ev, base, target, intern(value_str(&key)), v, out);
    else if (base.kind == V_LIST && key.kind == V_INT)
        ok = replace_item(ev, base, target, key.integer, v, out);
    else
        ok = fail(ev, target->span, ERR_TYPE, "Nothing can be put into %s this way.",
                  value_kind_words(base.kind));
    value_unref(key);
    return ok;
}

/* t.columns and t.shape are said of a table, and are no columns of it. */
static bool is_said_of_tables(struct eval *ev, struct value base, const struct ast *target) {
    bool columns = strcmp(target->name, "columns") == 0;
    if (base.kind == V_RECORD || (!columns && strcmp(target->name, "shape") != 0)) return false;
    if (table_find(base.table, str_of(target->name)) >= 0) return false;
    fail(ev, target->span, ERR_VALUE,
         "`%s` tells something of a table and cannot be given a value.", target->name);
    if (columns) err_hint(ev->e, "To give a column another name: t = t.rename(old=\"new\")");
    return true;
}

bool index_replace(struct eval *ev, struct value base, const struct ast *target, struct value v,
                   struct value *out) {
    if (target->kind == AST_INDEX) return replace_subscript(ev, base, target, v, out);
    if (base.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (base.kind == V_RECORD || base.kind == V_TABLE || base.kind == V_TABLE_DESC)
        return !is_said_of_tables(ev, base, target) &&
               replace_key(ev, base, target, target->name, v, out);
    fail(ev, target->span, ERR_TYPE, "This is %s: its fields cannot be replaced.",
         value_kind_words(base.kind));
    return err_hint(ev->e, "Only records and tables have fields that can be given new values.");
}
