/* Calls of the runtime's own things: layers, optimizers, losses … Arguments are converted by the
 * kinds that their signatures name. */
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "estimator.h"
#include "model.h"
#include "lang/eval/eval_ops.h"
#include "lang/syntax/spelling.h"
#include "nn/losses.h"
#include "base/intern.h"
#include <string.h>

static bool wrong_kind(struct eval *ev, const struct parameter *p, const struct actual *a,
                       const char *wanted) {
    struct text found = {0};
    value_repr(a->value, &found);
    fail(ev, a->at, ERR_ARGUMENT, "`%s` has to be %s.", p->name, wanted);
    err_label(ev->e, "is %s", value_kind_words(a->value.kind));
    text_clear(&found);
    return false;
}

/* PyTorch counts the padding in pixels. */
static bool wrong_text(struct eval *ev, const struct parameter *p, const struct actual *a) {
    wrong_kind(ev, p, a, "a text in quotes");
    if (strcmp(p->name, "padding") != 0) return false;
    return err_hint(ev->e, "padding=\"same\" keeps the size (for a 3x3 kernel that is one pixel on "
                           "each side), padding=\"valid\" is none. Other numbers of pixels are a "
                           "layer: x.ZeroPadding2D(2).Conv2D(…)");
}

bool hint_near_name(struct eval *ev, struct value v, int group) {
    struct spelling s;
    if (v.kind != V_TEXT) return false;
    spelling_start(&s, value_str(&v));
    for (int i = 0; i < builtin_count(); i++) {
        const struct builtin *b = builtin_at(i);
        bool fits = b->config && (int)b->config->group == group;
        if (group == NEAR_ACTIVATION) fits = activation_find(str_of(b->name)) >= 0;
        if (fits) spelling_add(&s, str_of(b->name));
    }
    struct str best = spelling_best(&s);
    if (!best.n || str_same(best, s.wanted)) return false;
    err_hint(ev->e, "Did you mean `%.*s`? It is written without quotes.", (int)best.n, best.p);
    return true;
}

static bool number_arg(struct eval *ev, const struct parameter *p, const struct actual *a,
                       struct arg *out) {
    bool whole = strcmp(p->kind, "int") == 0;
    if (a->value.kind == V_FLOAT && whole)
        return wrong_kind(ev, p, a, "a whole number, without a decimal point");
    if (a->value.kind != V_INT && a->value.kind != V_FLOAT)
        return wrong_kind(ev, p, a, whole ? "a whole number" : "a number");
    out->kind = whole ? ARG_INT : ARG_NUMBER;
    out->number = value_number(a->value);
    return true;
}

static bool duration_arg(struct eval *ev, const struct parameter *p, const struct actual *a,
                         struct arg *out) {
    if (value_is_number(a->value) && a->value.kind != V_BOOL) {
        *out = (struct arg){.kind = ARG_NUMBER, .number = value_number(a->value)};
        return true;
    }
    const char *unit = a->value.kind == V_QUANTITY ? a->value.quantity->unit : NULL;
    bool fits = unit && (strcmp(unit, "epoch") == 0 || strcmp(unit, "step") == 0 ||
                         strcmp(unit, "batch") == 0);
    if (!fits) {
        fail(ev, a->at, ERR_ARGUMENT, "`%s` counts epochs or steps.", p->name);
        return err_hint(ev->e, "Write %s=5 epochs.", p->name);
    }
    if (strcmp(unit, "batch") == 0) unit = intern_c("step");
    *out = (struct arg){.kind = ARG_NUMBER, .number = a->value.quantity->amount, .text = unit};
    return true;
}

static bool activation_arg(struct eval *ev, const struct parameter *p, const struct actual *a,
                           struct arg *out) {
    struct str name = {0};
    if (a->value.kind == V_BUILTIN) name = str_of(a->value.builtin->name);
    if (a->value.kind == V_TEXT) name = value_str(&a->value);
    int found = name.n ? activation_find(name) : -1;
    if (found >= 0) return *out = (struct arg){.kind = ARG_ACTIVATION, .activation = found}, true;
    wrong_kind(ev, p, a, "an activation: relu, tanh, sigmoid, softmax, gelu …");
    hint_near_name(ev, a->value, NEAR_ACTIVATION);
    if (a->value.kind == V_FUNCTION)
        err_hint(ev->e, "A function of your own is applied in a step of its own:\n\n"
                        "    h = my_function(h.Dense(64))");
    return false;
}

static const struct {
    const char *kind, *words;
    enum config_group group;
} groups[] = {
    {"initializer", "a way to draw first weights, such as he_normal()", CONFIG_INITIALIZER},
    {"penalty", "a penalty, such as l2(1e-4)", CONFIG_PENALTY},
    {"optimizer", "an optimizer, such as Adam(1e-3)", CONFIG_OPTIMIZER},
    {"schedule", "a schedule, such as CosineDecay()", CONFIG_SCHEDULE},
    {"callback", "a callback, such as EarlyStopping(patience=5 epochs)", CONFIG_CALLBACK},
    {"loss", "a loss, such as mse", CONFIG_LOSS},
    {"metric", "a metric, such as accuracy", CONFIG_METRIC},
    {"layer", "a layer, such as Dense(64)", CONFIG_LAYER}};

/* A config, or the bare name of one, which means its defaults. New reference, or NULL. */
struct config *value_config(struct eval *ev, struct value v, enum config_group group) {
    if (v.kind == V_CONFIG && v.config->row->group == group) return config_ref(v.config);
    if (v.kind == V_LAYER && group == CONFIG_LAYER)
        return config_ref((struct config *)(uintptr_t)layer_config(v.layer));
    const struct config_row *row = v.kind == V_BUILTIN ? v.builtin->config : NULL;
    if (v.kind == V_BUILTIN && !row) { /* l2 is a function, and a penalty by name */
        row = config_find(str_of(v.builtin->name));
    }
    if (!row || row->group != group) return NULL;
    return config_default(row, ev->e);
}

static bool config_arg(struct eval *ev, const struct parameter *p, const struct actual *a,
                       struct arg *out) {
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        if (strcmp(groups[i].kind, p->kind) != 0) continue;
        struct config *c = value_config(ev, a->value, groups[i].group);
        if (!c && !ev->e->kind) {
            wrong_kind(ev, p, a, groups[i].words);
            hint_near_name(ev, a->value, (int)groups[i].group);
        }
        if (!c) return false;
        *out = (struct arg){.kind = ARG_CONFIG, .config = c};
        return true;
    }
    return fail(ev, a->at, ERR_BUG, "The kind `%s` is not known.", p->kind);
}

/* 3x3, [1, 0, 2, 2] or one whole number. */
static bool size_arg(struct eval *ev, const struct parameter *p, const struct actual *a,
                     struct arg *out) {
    struct value v = a->value;
    bool list = v.kind == V_TENSOR && v.tensor->shape.n == 1 && v.tensor->count > 0 &&
                v.tensor->count <= 4 && !dtype_is_float(v.tensor->dtype);
    if (v.kind != V_INT && !list)
        return wrong_kind(ev, p, a, "a size: one whole number, or two such as 3x3");
    *out = (struct arg){.kind = ARG_SHAPE, .shape.n = list ? (int32_t)v.tensor->count : 1};
    for (int i = 0; i < out->shape.n; i++)
        out->shape.size[i] = list ? (int64_t)tensor_get(v.tensor, i) : v.integer;
    return true;
}

/* One number or a short list of them. */
static bool numbers_arg(struct eval *ev, const struct parameter *p, const struct actual *a,
                        struct arg *out) {
    struct value v = a->value;
    bool list = v.kind == V_TENSOR && v.tensor->shape.n == 1 && v.tensor->count > 0 &&
                v.tensor->count <= (int64_t)ARRAY_LEN(out->numbers);
    if (!list && v.kind != V_INT && v.kind != V_FLOAT)
        return wrong_kind(ev, p, a, "a number, or a list of at most 8");
    *out = (struct arg){.kind = ARG_NUMBERS, .n_numbers = list ? (int)v.tensor->count : 1};
    for (int i = 0; i < out->n_numbers; i++)
        out->numbers[i] = list ? tensor_get(v.tensor, i) : value_number(v);
    return true;
}

static bool convert(struct eval *ev, const struct parameter *p, const struct actual *a,
                    struct arg *out) {
    bool optional = !p->required && str_is(p->fallback, "None");
    if (a->value.kind == V_NONE && optional) return *out = (struct arg){0}, true;
    const char *k = p->kind ? p->kind : "";
    if (strcmp(k, "int") == 0 || strcmp(k, "number") == 0) return number_arg(ev, p, a, out);
    if (strcmp(k, "duration") == 0) return duration_arg(ev, p, a, out);
    if (strcmp(k, "activation") == 0) return activation_arg(ev, p, a, out);
    if (strcmp(k, "numbers") == 0) return numbers_arg(ev, p, a, out);
    if (strcmp(k, "size") == 0) return size_arg(ev, p, a, out);
    if (strcmp(k, "bool") == 0) {
        if (a->value.kind != V_BOOL) return wrong_kind(ev, p, a, "True or False");
        *out = (struct arg){.kind = ARG_BOOL, .number = a->value.boolean};
        return true;
    }
    if (strcmp(k, "text") == 0) {
        if (a->value.kind != V_TEXT) return wrong_text(ev, p, a);
        *out = (struct arg){.kind = ARG_TEXT, .text = intern(value_str(&a->value))};
        return true;
    }
    if (strcmp(k, "choice") == 0) {
        if (a->value.kind != V_TEXT) return number_arg(ev, p, a, out);
        *out = (struct arg){.kind = ARG_TEXT, .text = intern(value_str(&a->value))};
        return true;
    }
    return config_arg(ev, p, a, out);
}

/* Sizes take all arguments: Reshape(28, 28), Reshape(height=28, width=28), Reshape([28, 28]). */
static bool sizes_arg(struct eval *ev, const struct actual *actuals, int n, struct span at,
                      struct arg *out) {
    out->kind = ARG_SHAPE;
    for (int i = 0; i < n; i++) {
        struct value v = actuals[i].value;
        bool list = n == 1 && v.kind == V_TENSOR && v.tensor->shape.n == 1;
        int64_t count = list ? v.tensor->count : 1;
        for (int64_t k = 0; k < count; k++) {
            if (out->shape.n == MAX_AXES || (!list && v.kind != V_INT))
                return fail(ev, actuals[i].at, ERR_ARGUMENT, "A size is a whole number.");
            out->shape.axis[out->shape.n] = actuals[i].name;
            out->shape.size[out->shape.n++] = list ? (int64_t)tensor_get(v.tensor, k) : v.integer;
        }
    }
    if (n > 0) return true;
    fail(ev, at, ERR_ARGUMENT, "The new sizes are missing.");
    return err_hint(ev->e, "Write Reshape(28, 28), or with names Reshape(height=28, width=28).");
}

static bool any_unknown(const struct actual *actuals, int n) {
    for (int i = 0; i < n; i++) {
        if (actuals[i].value.kind == V_UNKNOWN || actuals[i].value.kind == V_DESC) return true;
    }
    return false;
}

/* `name="hidden"`, which every layer takes and no signature lists. */
static int take_layer_name(struct config *c, const struct actual *actuals, int n,
                           struct actual *rest) {
    int kept = 0;
    for (int i = 0; i < n; i++) {
        bool is_name = c->row->group == CONFIG_LAYER && actuals[i].name &&
                       strcmp(actuals[i].name, "name") == 0 && actuals[i].value.kind == V_TEXT;
        if (is_name) c->name = intern(value_str(&actuals[i].value));
        else rest[kept++] = actuals[i];
    }
    return kept;
}

static bool fill_config(struct eval *ev, struct config *c, const struct actual *given, int n_given,
                        struct span at) {
    struct actual actuals[64];
    int n = take_layer_name(c, given, n_given, actuals);
    const struct signature *s = signature_of(c->row->name, c->row->signature);
    if (s->n == 1 && s->parameters[0].kind && strcmp(s->parameters[0].kind, "shape") == 0)
        return sizes_arg(ev, actuals, n, at, &c->args[0]);
    int index[SIGNATURE_MAX], rest[64], n_rest = 0;
    TRY(signature_bind(s, actuals, n, index, rest, &n_rest, at, ev->e));
    for (int i = 0; i < s->n; i++) {
        if (index[i] < 0) continue;
        struct arg a = {0};
        TRY(convert(ev, &s->parameters[i], &actuals[index[i]], &a));
        if (c->args[i].kind == ARG_CONFIG) config_unref(c->args[i].config);
        c->args[i] = a;
    }
    return config_check(c, ev->e) || fail_from(ev, at, &at, 1);
}

/* ---- penalties as functions: l2(net.weights) ---- */

static bool holds_weights(struct value v) {
    struct desc d;
    return v.kind == V_RECORD || v.kind == V_LIST ||
           (value_describe(v, &d) && (d.shape.n > 0 || v.kind == V_NODE));
}

static bool add_penalty(struct eval *ev, bool squares, struct value v, struct value *sum);

static bool add_penalties(struct eval *ev, bool squares, const struct value *items, int32_t n,
                          struct value *sum) {
    for (int32_t i = 0; i < n; i++) TRY(add_penalty(ev, squares, items[i], sum));
    return true;
}

/* *sum += the squares or sizes of all numbers in v. */
static bool add_penalty(struct eval *ev, bool squares, struct value v, struct value *sum) {
    struct value t, parts, one, total;
    if (v.kind == V_RECORD) return add_penalties(ev, squares, v.record->items, v.record->n, sum);
    TRY(as_tensorlike(ev, v, &t));
    struct desc d;
    if (!value_describe(t, &d)) {
        value_unref(t);
        if (t.kind == V_UNKNOWN) return *sum = value_unknown(), true;
        return err_set(ev->e, ERR_TYPE, "A penalty is of numbers, and this is %s.",
                       value_kind_words(v.kind));
    }
    struct attrs all = {.axes = (1u << d.shape.n) - 1};
    bool ok = apply1(ev, squares ? OP_square : OP_abs, t, NULL, &parts);
    value_unref(t);
    TRY(ok);
    ok = apply1(ev, OP_sum, parts, &all, &one);
    value_unref(parts);
    TRY(ok);
    ok = apply2(ev, OP_add, *sum, one, &total);
    value_unref(one);
    value_unref(*sum);
    *sum = ok ? total : value_missing();
    return ok;
}

static bool penalty_of(struct eval *ev, const struct config_row *row, struct value v,
                       struct value *out) {
    *out = value_float(0);
    return add_penalty(ev, strcmp(row->name, "l2") == 0, v, out);
}

bool call_config(struct eval *ev, const struct config_row *row, const struct actual *actuals, int n,
                 struct span at, struct value *out) {
    bool measure = row->group == CONFIG_LOSS || row->group == CONFIG_METRIC;
    bool by_position = n > 0 && !actuals[0].name;
    if (measure && by_position) {
        struct config *c = config_default(row, ev->e);
        bool ok = c && call_measure(ev, c, actuals, n, at, out);
        config_unref(c);
        return ok;
    }
    if (row->group == CONFIG_PENALTY && n == 1 && holds_weights(actuals[0].value))
        return penalty_of(ev, row, actuals[0].value, out) || err_at(ev->e, at);
    if (any_unknown(actuals, n)) {
        if (ev->memo) ev->memo->unknown = true;
        return *out = value_unknown(), true;
    }
    struct config *c = config_default(row, ev->e);
    if (!c) return false;
    bool ok = fill_config(ev, c, actuals, n, at);
    if (ok && row->group == CONFIG_ESTIMATOR)
        return make_estimator(ev, c, out) || fail_from(ev, at, &at, 1);
    if (ok && row->group == CONFIG_LAYER && ev->builder) ok = memo_layer(ev, c, out);
    else if (ok) *out = (struct value){.kind = V_CONFIG, .config = config_ref(c)};
    config_unref(c);
    return ok;
}

/* ---- schedules and measures as functions ---- */

bool call_schedule(struct eval *ev, struct config *c, const struct actual *actuals, int n,
                   struct span at, struct value *out) {
    if (n != 1 || (actuals[0].value.kind != V_INT && actuals[0].value.kind != V_UNKNOWN &&
                   actuals[0].value.kind != V_DESC))
        return fail(ev, at, ERR_ARGUMENT,
                    "A schedule is asked for its rate at one step: %s(…)(20).", c->row->name);
    if (actuals[0].value.kind != V_INT) return *out = value_unknown(), true;
    double rate = schedule_rate(c, 1e-3, actuals[0].value.integer, 1, 0);
    return *out = value_float(rate), true;
}

static bool measure_nodes(struct eval *ev, struct config *c, struct value y, struct value yhat,
                          struct value *out) {
    struct node *a = value_to_node(ev, y), *b = a ? value_to_node(ev, yhat) : NULL;
    if (!b) return false;
    if (c->row->group == CONFIG_METRIC) {
        const struct config_row *loss = config_find(str_of(c->row->name));
        if (!loss || loss->group != CONFIG_LOSS)
            return err_set(ev->e, ERR_VALUE, "%s has no slope: it cannot be part of a loss.",
                           c->row->name);
    }
    struct node *made = loss_mean(c, ev->graph, a, b, NULL, ev->e);
    *out = value_node(made);
    return made != NULL;
}

/* A single number as target of every output: bce(1, D(x)). */
static bool same_shape_as(struct eval *ev, struct value y, struct value yhat, struct value *out) {
    struct desc d;
    bool single = value_is_number(y) && value_describe(yhat, &d) && d.shape.n > 0;
    if (!single) return *out = value_ref(y), true;
    if (yhat.kind == V_NODE) { /* of the batch's size */
        struct attrs fill = {.dtype = graph_dtype(ev->graph), .a = value_number(y)};
        fill.shape = d.shape;
        struct node *n = graph_add(ev->graph, OP_fill, NULL, 0, &fill, ev->e);
        return *out = value_node(n), n != NULL;
    }
    struct attrs a = {.shape = d.shape, .axes = (1u << d.shape.n) - 1};
    return apply1(ev, OP_expand, value_float(value_number(y)), &a, out);
}

static bool measure_values(struct eval *ev, struct config *c, struct value y, struct value yhat,
                           struct value *out) {
    if (!value_is_tensorlike(y) || !value_is_tensorlike(yhat))
        return err_set(ev->e, ERR_TYPE, "%s compares two tensors: %s(y, yhat).", c->row->name,
                       c->row->name);
    if (y.kind == V_NODE || yhat.kind == V_NODE) return measure_nodes(ev, c, y, yhat, out);
    if (ev->domain == DOMAIN_CHECK) {
        struct desc number = {.dtype = DT_FLOAT64};
        *out = value_desc(&number, ev->e);
        return out->kind == V_DESC;
    }
    struct tensor *a = value_to_tensor(y, ev->e), *b = a ? value_to_tensor(yhat, ev->e) : NULL;
    double value = 0;
    bool ok = b && measure_eval(c, a, b, &value, ev->e);
    tensor_unref(a);
    tensor_unref(b);
    return *out = value_float(value), ok;
}

bool call_measure(struct eval *ev, struct config *c, const struct actual *actuals, int n,
                  struct span at, struct value *out) {
    if (n < 2 || actuals[0].name || actuals[1].name)
        return fail(ev, at, ERR_ARGUMENT, "%s compares targets with outputs: %s(y, yhat).",
                    c->row->name, c->row->name);
    if (actuals[0].value.kind == V_UNKNOWN || actuals[1].value.kind == V_UNKNOWN)
        return *out = value_unknown(), true;
    TRY(n == 2 || fill_config(ev, c, actuals + 2, n - 2, at));
    struct value y, yhat, target;
    TRY(as_tensorlike(ev, actuals[0].value, &y));
    if (!as_tensorlike(ev, actuals[1].value, &yhat)) return value_unref(y), false;
    bool ok = same_shape_as(ev, y, yhat, &target);
    if (ok) {
        ok = measure_values(ev, c, target, yhat, out);
        value_unref(target);
    }
    value_unref(y);
    value_unref(yhat);
    struct span spans[] = {actuals[0].at, actuals[1].at};
    return ok || fail_from(ev, span_between(spans[0], spans[1], at), spans, 2);
}
