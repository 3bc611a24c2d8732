/* General functions: length, printing, records, lists, questions to the user. */
#include "fn.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool fn_len(struct call *c, struct value *out) {
    struct desc d;
    struct value v = c->args[0];
    if (v.kind == V_UNKNOWN) return *out = v, true;
    if (v.kind == V_NODE && v.node->desc.shape.n > 0 && v.node->desc.shape.size[0] < 0) {
        struct attrs along = {.axes = 1}; /* the batch's size, known when it runs */
        return apply1(c->ev, OP_count, v, &along, out);
    }
    if (value_describe(v, &d) && d.shape.n > 0 && d.shape.size[0] < 0) {
        struct desc n = {.dtype = DT_INT64};
        *out = value_desc(&n, c->ev->e);
        return out->kind == V_DESC;
    }
    int64_t n = v.kind == V_PAIR ? examples_in(v.pair->inputs) : value_length(v);
    if (v.kind == V_PAIR && n < 0) return *out = value_unknown(), true;
    if (n >= 0) return *out = value_int(n), true;
    if (v.kind == V_TABLE_DESC || v.kind == V_COLUMN_DESC || v.kind == V_GROUPS) {
        struct desc number = {.dtype = DT_INT64};
        *out = value_desc(&number, c->ev->e);
        return out->kind == V_DESC;
    }
    call_fail(c, 0, ERR_TYPE, "This is %s: it has no length.", value_kind_words(v.kind));
    return false;
}

/* A table is printed as a table, on lines of its own; everything else in one line. */
static void print_one(const struct engine_observer *o, struct value v, struct text *out) {
    bool is_table = v.kind == V_TABLE || v.kind == V_HISTORY || v.kind == V_RUNS;
    if (!is_table || !o->plain) {
        value_print(v, out);
        return;
    }
    if (out->n && out->p[out->n - 1] != '\n') text_addc(out, '\n');
    o->plain(o->user, v, out);
}

bool fn_print(struct call *c, struct value *out) {
    struct text t = {0};
    struct str between = STR(" "), end = STR("\n");
    const struct engine_observer *o = c->ev->observer;
    *out = value_none();
    if (call_has(c, 0)) TRY(call_text(c, 0, &between));
    if (call_has(c, 1)) TRY(call_text(c, 1, &end));
    for (int i = 0; i < c->n_rest; i++) {
        if (i) text_add(&t, between);
        print_one(o, c->actuals[c->rest[i]].value, &t);
    }
    text_add(&t, end);
    if (o->text) o->text(o->user, text_str(&t), false);
    text_clear(&t);
    return true;
}

bool fn_type(struct call *c, struct value *out) {
    static const char *const words[V_N_KINDS] = {
        [V_NONE] = "None",          [V_BOOL] = "bool",          [V_INT] = "number",
        [V_FLOAT] = "number",       [V_TEXT] = "text",          [V_TENSOR] = "tensor",
        [V_NODE] = "tensor",        [V_DESC] = "tensor",        [V_SHAPE] = "shape",
        [V_LIST] = "list",          [V_RECORD] = "record",      [V_TABLE] = "table",
        [V_PAIR] = "dataset",       [V_FUNCTION] = "function",  [V_BUILTIN] = "function",
        [V_METHOD] = "function",    [V_LAYER] = "layer",        [V_MAKER] = "model description",
        [V_ESTIMATOR] = "model",    [V_MODEL] = "model",        [V_QUANTITY] = "quantity",
        [V_PLOT] = "plot",          [V_FIGURE] = "plot",        [V_HISTORY] = "history",
        [V_SPACE] = "search space", [V_RUNS] = "table",         [V_PART] = "layers",
        [V_COLUMN] = "column",      [V_COLUMN_DESC] = "column", [V_TABLE_DESC] = "table",
        [V_GROUPS] = "groups",      [V_TIME] = "time",          [V_SCALER] = "scaler"};
    static const char *const groups[CONFIG_N_GROUPS] = {
        [CONFIG_LAYER] = "layer",       [CONFIG_INITIALIZER] = "initializer",
        [CONFIG_PENALTY] = "penalty",   [CONFIG_OPTIMIZER] = "optimizer",
        [CONFIG_SCHEDULE] = "schedule", [CONFIG_CALLBACK] = "callback",
        [CONFIG_LOSS] = "loss",         [CONFIG_METRIC] = "metric",
        [CONFIG_ESTIMATOR] = "model"};
    struct value v = c->args[0];
    if (v.kind == V_UNKNOWN) return *out = v, true;
    const char *word = v.kind == V_CONFIG ? groups[v.config->row->group] : words[v.kind];
    if (v.kind == V_BUILTIN && v.builtin->config) word = groups[v.builtin->config->group];
    *out = value_text(str_of(word ? word : "value"), c->ev->e);
    return out->kind == V_TEXT;
}

static bool one_number(struct call *c, bool whole, struct value *out) {
    struct value v = c->args[0];
    struct desc d;
    if (v.kind == V_UNKNOWN) return *out = v, true;
    if (v.kind == V_TEXT) {
        char *end;
        double x = strtod(v.text->bytes, &end);
        while (*end == ' ' || *end == '\n') end++;
        if (v.text->n == 0 || *end)
            return call_fail(c, 0, ERR_VALUE, "\"%.40s\" is not a number.", v.text->bytes);
        v = value_float(x);
    }
    if (v.kind == V_DESC && value_describe(v, &d) && d.shape.n == 0) {
        d.dtype = whole ? DT_INT64 : DT_FLOAT64;
        *out = value_desc(&d, c->ev->e);
        return out->kind == V_DESC;
    }
    if (v.kind == V_NODE)
        return call_fail(c, 0, ERR_TYPE, "Inside %s the number is not known yet.",
                         c->ev->context ? c->ev->context : "a graph");
    if (v.kind == V_TENSOR && v.tensor->count == 1) v = value_float(tensor_get(v.tensor, 0));
    if (!value_is_number(v))
        return call_fail(c, 0, ERR_TYPE, "%s makes one number, and this is %s.", c->row->name,
                         value_kind_words(v.kind));
    double x = value_number(v);
    if (!whole) return *out = value_float(x), true;
    if (v.kind == V_INT) return *out = v, true;
    if (!(x > -9.2e18 && x < 9.2e18))
        return call_fail(c, 0, ERR_NUMBER, "%g is not a whole number of 64 bits.", x);
    return *out = value_int((int64_t)x), true;
}

bool fn_int(struct call *c, struct value *out) {
    return one_number(c, true, out);
}

bool fn_float(struct call *c, struct value *out) {
    return one_number(c, false, out);
}

bool fn_text(struct call *c, struct value *out) {
    struct text t = {0};
    value_print(c->args[0], &t);
    *out = value_text(text_str(&t), c->ev->e);
    text_clear(&t);
    return out->kind == V_TEXT;
}

/* ---- records and lists ---- */

static bool tuple2(struct eval *ev, struct value a, struct value b, struct value *out) {
    *out = value_list_new(2, ev->e);
    if (out->kind != V_LIST) return value_unref(a), value_unref(b), false;
    out->list->is_tuple = true;
    return list_add(out->list, a, ev->e) && list_add(out->list, b, ev->e);
}

static bool want_record(struct call *c) {
    return c->args[0].kind == V_RECORD ||
           call_fail(c, 0, ERR_TYPE, "%s works on records, and this is %s.", c->row->name,
                     value_kind_words(c->args[0].kind));
}

bool fn_items(struct call *c, struct value *out) {
    TRY(want_record(c));
    const struct record *r = c->args[0].record;
    *out = value_list_new(r->n, c->ev->e);
    for (int i = 0; out->kind == V_LIST && i < r->n; i++) {
        struct value pair, key = value_text(str_of(r->keys[i]), c->ev->e);
        TRY(tuple2(c->ev, key, value_ref(r->items[i]), &pair) &&
            list_add(out->list, pair, c->ev->e));
    }
    return out->kind == V_LIST;
}

bool fn_keys(struct call *c, struct value *out) {
    TRY(want_record(c));
    const struct record *r = c->args[0].record;
    *out = value_list_new(r->n, c->ev->e);
    for (int i = 0; out->kind == V_LIST && i < r->n; i++)
        TRY(list_add(out->list, value_text(str_of(r->keys[i]), c->ev->e), c->ev->e));
    return out->kind == V_LIST;
}

bool fn_zip(struct call *c, struct value *out) {
    int64_t shortest = INT64_MAX, n;
    for (int i = 0; i < c->n_rest; i++) {
        const struct actual *a = &c->actuals[c->rest[i]];
        TRY(iterate_count(c->ev, a->value, a->at, &n));
        if (n < shortest) shortest = n;
    }
    if (c->n_rest == 0) shortest = 0;
    if (shortest < 0) return *out = value_unknown(), true;
    *out = value_list_new((int32_t)shortest, c->ev->e);
    for (int64_t i = 0; out->kind == V_LIST && i < shortest; i++) {
        struct value row = value_list_new(c->n_rest, c->ev->e), item;
        if (row.kind != V_LIST) return false;
        row.list->is_tuple = true;
        for (int k = 0; k < c->n_rest; k++)
            TRY(iterate_item(c->ev, c->actuals[c->rest[k]].value, i, &item) &&
                list_add(row.list, item, c->ev->e));
        TRY(list_add(out->list, row, c->ev->e));
    }
    return out->kind == V_LIST;
}

bool fn_enumerate(struct call *c, struct value *out) {
    int64_t n, start;
    TRY(call_int(c, 1, 0, &start));
    TRY(iterate_count(c->ev, c->args[0], c->spans[0], &n));
    if (n < 0) return *out = value_unknown(), true;
    *out = value_list_new((int32_t)n, c->ev->e);
    for (int64_t i = 0; out->kind == V_LIST && i < n; i++) {
        struct value item, pair;
        TRY(iterate_item(c->ev, c->args[0], i, &item) &&
            tuple2(c->ev, value_int(start + i), item, &pair) &&
            list_add(out->list, pair, c->ev->e));
    }
    return out->kind == V_LIST;
}

bool fn_map(struct call *c, struct value *out) {
    int64_t n;
    struct value f;
    if (c->args[1].kind == V_FUNCTION || c->args[1].kind == V_BUILTIN) {
        call_fail(c, 0, ERR_ARGUMENT, "map takes the function first, then the values.");
        return err_hint(c->ev->e, "Write map(f, xs), or [f(x) for x in xs].");
    }
    TRY(call_function(c, 0, &f));
    TRY(iterate_count(c->ev, c->args[1], c->spans[1], &n));
    if (n < 0 || (c->ev->domain == DOMAIN_CHECK && n > 64)) return *out = value_unknown(), true;
    struct value list = value_list_new((int32_t)n, c->ev->e);
    bool ok = list.kind == V_LIST;
    for (int64_t i = 0; ok && i < n; i++) {
        struct value item, made;
        ok = !stopped(c->ev, c->at) && iterate_item(c->ev, c->args[1], i, &item);
        if (!ok) break;
        ok = call_simple(c->ev, f, &item, 1, c->at, &made) && list_add(list.list, made, c->ev->e);
        value_unref(item);
    }
    if (ok && n > 0) {
        ok = list_to_tensor(c->ev, list.list, out);
        if (!ok && c->ev->e->kind == ERR_SHAPE) {
            *c->ev->e = (struct err){0};
            *out = value_ref(list);
            ok = true;
        }
    } else if (ok) {
        *out = value_ref(list);
    }
    value_unref(list);
    return ok;
}

static bool append_list(struct call *c, struct value *out) {
    const struct list *l = c->args[0].list;
    *out = value_list_new(l->n + 1, c->ev->e);
    for (int i = 0; out->kind == V_LIST && i < l->n; i++)
        TRY(list_add(out->list, value_ref(l->items[i]), c->ev->e));
    return out->kind == V_LIST && list_add(out->list, value_ref(c->args[1]), c->ev->e);
}

/* A tensor with one row more along its first axis. */
bool fn_append(struct call *c, struct value *out) {
    struct desc d, r;
    struct value row;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (c->args[0].kind == V_LIST) return append_list(c, out);
    if (!value_describe(c->args[0], &d) || d.shape.n == 0)
        return call_fail(c, 0, ERR_TYPE, "append adds to a list or a tensor, and this is %s.",
                         value_kind_words(c->args[0].kind));
    TRY(fn_operand(c, 1, &row));
    if (!value_describe(row, &r)) return *out = value_unknown(), true;
    struct attrs a = {.shape = d.shape};
    a.shape.size[0] = 1;
    bool ok = r.shape.n == d.shape.n - 1 ||
              call_fail(c, 1, ERR_SHAPE, "A row of the tensor has %d ax%ss, and this has %d.",
                        d.shape.n - 1, d.shape.n == 2 ? "i" : "e", r.shape.n);
    struct value one = value_missing();
    ok = ok && apply1(c->ev, OP_reshape, row, &a, &one) &&
         concat_values(c->ev, (struct value[]){c->args[0], one}, 2, 0, out);
    value_unref(one);
    return ok;
}

/* ---- the outside ---- */

bool fn_input(struct call *c, struct value *out) {
    struct str prompt = {0};
    bool hidden;
    if (call_has(c, 0)) TRY(call_text(c, 0, &prompt));
    TRY(call_bool(c, 1, false, &hidden));
    const struct engine_observer *o = c->ev->observer;
    if (!o->ask) {
        call_fail(c, -1, ERR_INPUT,
                  "There is nobody to answer here: the notebook runs without a user.");
        return false;
    }
    struct text answer = {0};
    bool ok = o->ask(o->user, prompt, hidden, &answer, c->ev->e);
    if (ok) *out = value_text(text_str(&answer), c->ev->e);
    text_clear(&answer);
    return ok && out->kind == V_TEXT;
}

bool fn_clear(struct call *c, struct value *out) {
    bool wait;
    TRY(call_bool(c, 0, false, &wait));
    *out = value_none();
    const struct engine_observer *o = c->ev->observer;
    if (o->clear) o->clear(o->user, wait);
    return true;
}

bool fn_error(struct call *c, struct value *out) {
    struct str message;
    (void)out;
    TRY(call_text(c, 0, &message));
    return call_fail(c, -1, ERR_VALUE, "%.*s", (int)(message.n < 600 ? message.n : 600), message.p);
}

bool fn_exit(struct call *c, struct value *out) {
    *out = value_none();
    const struct engine_observer *o = c->ev->observer;
    if (o->exit) o->exit(o->user);
    return true;
}

bool fn_quit(struct call *c, struct value *out) {
    return fn_exit(c, out);
}
