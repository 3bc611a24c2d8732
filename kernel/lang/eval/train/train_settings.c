/* The settings of a train block, one row and one function each. */
#include "train.h"
#include "lang/eval/tables/table_examples.h"
#include "lang/eval/builtin.h"
#include "nn/augment.h"
#include "lang/eval/eval_ops.h"
#include "lang/eval/names/scope.h"
#include "base/intern.h"
#include <string.h>

/* ---- measures ---- */

static bool keep_config(struct train_block *b, struct config *c) {
    if (b->n_owned == (int)ARRAY_LEN(b->owned)) {
        config_unref(c);
        return err_set(b->ev->e, ERR_SETTING, "Too many settings with objects in one block.");
    }
    b->owned[b->n_owned++] = c;
    return true;
}

/* The student's function on symbols; the evaluator is put into the graph's context meanwhile. */
static bool build_traced(void *user, struct graph *g, struct node *target, struct node *output,
                         struct node **value, struct err *e) {
    struct traced_measure *m = user;
    struct eval *ev = m->ev;
    struct eval saved = *ev;
    ev->graph = g;
    ev->builder = NULL;
    ev->memo = NULL;
    ev->context = "a loss or metric";
    ev->e = e;
    struct value args[] = {value_node(target), value_node(output)}, result;
    bool ok = call_simple(ev, m->function, args, 2, m->at, &result);
    if (ok && result.kind == V_NODE) {
        *value = result.node;
    } else if (ok && value_is_number(result)) {
        *value = graph_number(g, value_number(result), e);
        ok = *value != NULL;
    } else if (ok) {
        err_set(e, ERR_TYPE, "A loss or metric gives one number, and this gives %s.",
                value_kind_words(result.kind));
        value_unref(result);
        ok = err_at(e, m->at);
    }
    ev->graph = saved.graph;
    ev->builder = saved.builder;
    ev->memo = saved.memo;
    ev->context = saved.context;
    ev->e = saved.e;
    return ok;
}

static bool traced_measure(struct train_block *b, const struct ast *at, struct value v,
                           struct measure *out) {
    if (b->n_traced == (int)ARRAY_LEN(b->traced))
        return fail(b->ev, at->span, ERR_SETTING, "Too many losses and metrics.");
    if (v.function->ast->n < 2)
        return fail(b->ev, at->span, ERR_SETTING,
                    "A loss or metric is a function of targets and outputs: def name(y, yhat).");
    struct traced_measure *m = &b->traced[b->n_traced++];
    *m = (struct traced_measure){b->ev, value_ref(v), at->span};
    const char *name = v.function->ast->name ? v.function->ast->name : intern_c("metric");
    *out = (struct measure){.name = name, .build = build_traced, .user = m, .factor = 1};
    return true;
}

static bool weighted_measure(struct train_block *b, const struct ast *at, struct value v, bool loss,
                             struct measure *out) {
    struct value *items = v.list->items;
    bool pair = loss && v.list->n == 2 && value_is_number(items[1]);
    if (!pair) { /* at: the setting, or an element of its list */
        fail(b->ev, at->a ? at->a->span : at->span, ERR_SETTING,
             loss ? "A loss is a name such as mse, or a list [loss, weight]."
                  : "A metric is a name such as mse, and this is a list.");
        return err_label(b->ev->e, "is %s", value_kind_words(v.kind));
    }
    TRY(measure_from(b, at, items[0], loss, out));
    out->factor = value_number(items[1]);
    return true;
}

bool measure_from(struct train_block *b, const struct ast *at, struct value v, bool loss,
                  struct measure *out) {
    struct eval *ev = b->ev;
    if (v.kind == V_FUNCTION) return traced_measure(b, at, v, out);
    if (v.kind == V_LIST) return weighted_measure(b, at, v, loss, out);
    struct config *c = value_config(ev, v, loss ? CONFIG_LOSS : CONFIG_METRIC);
    if (!c && !ev->e->kind) c = value_config(ev, v, CONFIG_LOSS);
    if (!c) {
        if (ev->e->kind) return false;
        fail(ev, at->span, ERR_SETTING, "This is %s, and %s is needed.", value_kind_words(v.kind),
             loss ? "a loss such as mse, bce or crossentropy, or a function (y, yhat)"
                  : "a metric such as accuracy, mae or r2, or a function (y, yhat)");
        bool near = hint_near_name(ev, v, (int)(loss ? CONFIG_LOSS : CONFIG_METRIC)) ||
                    hint_near_name(ev, v, (int)CONFIG_LOSS);
        if (!near && v.kind == V_TEXT) err_hint(ev->e, "Write the name without quotes.");
        return false;
    }
    TRY(keep_config(b, c));
    *out = (struct measure){.name = c->row->name, .config = c, .factor = 1};
    return true;
}

/* ---- one function per setting ---- */

static bool set_validate(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    struct value pair;
    if (v.kind == V_TABLE || v.kind == V_TABLE_DESC || v.kind == V_RECORD) {
        TRY(table_as_pair(ev, value_ref(v), &pair));
        bool ok = set_validate(ev, s, pair, to);
        value_unref(pair);
        return ok;
    }
    if (v.kind != V_PAIR) {
        setting_wrong(ev, s, v, "a pair: inputs -> targets");
        return err_hint(ev->e, "Write validate: valid_x -> valid_y");
    }
    value_unref(b->validate);
    b->validate = value_ref(v);
    b->validate_at = s->a->span;
    b->validate_ast = s->a;
    b->spec.has_validation = true;
    return true;
}

static bool set_loss(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    (void)ev;
    value_unref(b->loss);
    b->loss = value_ref(v);
    b->loss_at = s->a->span;
    return true;
}

/* Keras names things by texts: "adam" is Adam() here. */
static bool wrong_object(struct eval *ev, const struct ast *s, struct value v,
                         enum config_group group, const char *wanted) {
    setting_wrong(ev, s, v, wanted);
    for (int i = 0; v.kind == V_TEXT && i < config_n_rows(); i++) {
        const struct config_row *row = config_row_at(i);
        if (row->group == group && str_distance(str_of(row->name), value_str(&v)) == 0)
            return err_hint(ev->e, "Write it as a call, without quotes: %s()", row->name);
    }
    hint_near_name(ev, v, (int)group);
    return false;
}

static bool set_object(struct eval *ev, const struct ast *s, struct value v, void *to,
                       enum config_group group, const char *wanted, const struct config **out) {
    struct config *c = value_config(ev, v, group);
    if (!c) return ev->e->kind ? false : wrong_object(ev, s, v, group, wanted);
    *out = c;
    return keep_config(to, c);
}

static bool set_optimizer(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    if (v.kind == V_RECORD && train_has_step(b->statement)) {
        value_unref(b->optimizers);
        b->optimizers = value_ref(v);
        b->optimizers_at = s->a->span;
        return true;
    }
    return set_object(ev, s, v, to, CONFIG_OPTIMIZER, "an optimizer, such as Adam(1e-3)",
                      &b->spec.optimizer);
}

static bool set_schedule(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    return set_object(ev, s, v, to, CONFIG_SCHEDULE, "a schedule, such as CosineDecay()",
                      &b->spec.schedule);
}

static bool set_penalty(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    if (value_is_number(v) && value_number(v) == 0) return true;
    return set_object(ev, s, v, to, CONFIG_PENALTY, "a penalty, such as l2(1e-4)",
                      &b->spec.penalty);
}

static bool set_epochs(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_int(ev, s, v, "epoch", 1, &((struct train_block *)to)->spec.epochs);
}

static bool set_batch(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_int(ev, s, v, "row", 1, &((struct train_block *)to)->spec.batch);
}

static bool set_steps(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_int(ev, s, v, "step", 1, &((struct train_block *)to)->spec.steps);
}

static bool set_limit(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_seconds(ev, s, v, &((struct train_block *)to)->spec.limit_seconds);
}

static bool set_metrics(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    int n = v.kind == V_LIST ? v.list->n : 1;
    b->metrics_at = s->a->span;
    for (int i = 0; i < n; i++) {
        if (b->spec.n_metrics == TRAIN_MAX_MEASURES)
            return fail(ev, s->a->span, ERR_SETTING, "At most %d metrics.", TRAIN_MAX_MEASURES);
        const struct ast *at = v.kind == V_LIST && s->a->kind == AST_LIST ? s->a->list[i] : s->a;
        TRY(measure_from(b, at, v.kind == V_LIST ? v.list->items[i] : v, false,
                         &b->spec.metrics[b->spec.n_metrics]));
        b->spec.n_metrics++;
    }
    return true;
}

static bool set_callbacks(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    int n = v.kind == V_LIST ? v.list->n : 1;
    for (int i = 0; i < n; i++) {
        if (b->spec.n_callbacks == (int)ARRAY_LEN(b->spec.callbacks))
            return fail(ev, s->a->span, ERR_SETTING, "Too many callbacks.");
        TRY(set_object(ev, s, v.kind == V_LIST ? v.list->items[i] : v, to, CONFIG_CALLBACK,
                       "a list of callbacks, such as [EarlyStopping(patience=5 epochs)]",
                       &b->spec.callbacks[b->spec.n_callbacks]));
        b->spec.n_callbacks++;
    }
    return true;
}

static bool set_resume(struct eval *ev, const struct ast *s, struct value v, void *to) {
    bool yes = false;
    TRY(setting_bool(ev, s, v, &yes));
    ((struct train_block *)to)->resume = yes;
    return true;
}

static bool set_quiet(struct eval *ev, const struct ast *s, struct value v, void *to) {
    return setting_bool(ev, s, v, &((struct train_block *)to)->quiet);
}

static bool set_seed(struct eval *ev, const struct ast *s, struct value v, void *to) {
    int64_t seed = 0;
    TRY(setting_int(ev, s, v, NULL, INT64_MIN, &seed));
    ((struct train_block *)to)->spec.seed = (uint64_t)seed;
    ((struct train_block *)to)->seeded = true;
    return true;
}

static const char devices[] = "auto cpu gpu"; /* in the order of enum device_choice */

static bool set_device(struct eval *ev, const struct ast *s, struct value v, void *to) {
    int device;
    TRY(setting_choice(ev, s, v, devices, &device));
    ((struct train_block *)to)->spec.device = (enum device_choice)device;
    return true;
}

static const char precisions[] = "float32 tf32 mixed"; /* in the order of enum precision */

static bool set_precision(struct eval *ev, const struct ast *s, struct value v, void *to) {
    int precision;
    TRY(setting_choice(ev, s, v, precisions, &precision));
    ((struct train_block *)to)->spec.precision = (enum precision)precision;
    return true;
}

bool keep_tensor(struct train_block *b, struct tensor *t) {
    if (b->n_owned_tensors == (int)ARRAY_LEN(b->owned_tensors)) return tensor_unref(t), false;
    b->owned_tensors[b->n_owned_tensors++] = t;
    return true;
}

static bool set_sample_weight(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    if (v.kind == V_DESC) return b->unknown = true;
    if (v.kind != V_TENSOR || v.tensor->shape.n != 1)
        return setting_wrong(ev, s, v, "a tensor with one number for each example");
    b->spec.sample_weight = v.tensor;
    return keep_tensor(b, tensor_ref(v.tensor));
}

static bool set_class_weight(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    if (v.kind == V_DESC) return b->unknown = true;
    bool fits = v.kind == V_TENSOR && v.tensor->shape.n == 1 &&
                v.tensor->count <= (int64_t)ARRAY_LEN(b->class_weights);
    if (!fits) return setting_wrong(ev, s, v, "a list with one number for each class");
    for (int64_t i = 0; i < v.tensor->count; i++) b->class_weights[i] = tensor_get(v.tensor, i);
    b->spec.class_weight = b->class_weights;
    b->spec.n_class_weight = (int)v.tensor->count;
    return true;
}

static bool set_freeze(struct eval *ev, const struct ast *s, struct value v, void *to) {
    struct train_block *b = to;
    bool parts = v.kind == V_PART || v.kind == V_LIST;
    for (int i = 0; v.kind == V_LIST && i < v.list->n; i++)
        parts = parts && v.list->items[i].kind == V_PART;
    if (!parts) {
        setting_wrong(ev, s, v, "a part of the model, or a list of layers");
        return err_hint(ev->e, "    freeze: net.backbone          a name of the model's body\n"
                               "    freeze: net.layers[:-2]       all but its last two layers");
    }
    value_unref(b->frozen);
    b->frozen = value_ref(v);
    b->frozen_at = s->a->span;
    return true;
}

static bool set_augment(struct eval *ev, const struct ast *s, struct value v, void *to) {
    static const char *const wanted =
        "a list of layers that change images, such as [RandomFlip(\"horizontal\"), "
        "RandomRotation(5%)]";
    struct train_block *b = to;
    int n = v.kind == V_LIST ? v.list->n : 1;
    for (int i = 0; i < n; i++) {
        const struct config **c = &b->spec.augment[b->spec.n_augment];
        struct value item = v.kind == V_LIST ? v.list->items[i] : v;
        if (b->spec.n_augment == (int)ARRAY_LEN(b->spec.augment))
            return fail(ev, s->a->span, ERR_SETTING, "At most %d layers change the images.",
                        (int)ARRAY_LEN(b->spec.augment));
        TRY(set_object(ev, s, item, to, CONFIG_LAYER, wanted, c));
        if (!is_augmentation(*c)) return setting_wrong(ev, s, item, wanted);
        b->spec.n_augment++;
    }
    return true;
}

static const struct setting_row rows[] = {
    {"validate", "none",
     "A pair x -> y that is only looked at, after each epoch; it decides which "
     "epoch is the best.",
     NULL, set_validate},
    {"loss", "by output",
     "What is made small: mse, mae, huber, bce, crossentropy …, a function "
     "(y, yhat), or [loss, weight].",
     "@loss", set_loss},
    {"optimizer", "Adam(1e-3)", "How weights move.", "@optimizer", set_optimizer},
    {"schedule", "constant", "How the learning rate changes.", "@schedule", set_schedule},
    {"epochs", "10", "How often each example is seen.", NULL, set_epochs},
    {"batch", "32", "Examples per step.", NULL, set_batch},
    {"steps", "none", "End after so many steps.", NULL, set_steps},
    {"limit", "none", "A time, such as 20 minutes: ends after the epoch that crosses it.", NULL,
     set_limit},
    {"metrics", "none", "A list of metrics, over the whole set at the end of each epoch.",
     "@metric @loss", set_metrics},
    {"callbacks", "none", "A list: EarlyStopping(…), ReduceLROnPlateau(…), ModelCheckpoint(…).",
     "@callback", set_callbacks},
    {"penalty", "0", "A penalty on all weights, such as l2(1e-4).", "@penalty", set_penalty},
    {"class_weight", "none", "One number for each class.", NULL, set_class_weight},
    {"sample_weight", "none", "One number for each example.", NULL, set_sample_weight},
    {"resume", "must be said for a trained model",
     "True: go on from the trained weights. False: "
     "start again.",
     "@bool", set_resume},
    {"seed", "the notebook's", "Another shuffle and other masks.", NULL, set_seed},
    {"quiet", "False", "True: nothing is shown.", "@bool", set_quiet},
    {"device", "%device's",
     "Where it runs: \"cpu\", \"gpu\", or \"auto\": on the GPU if there is one.", devices,
     set_device},
    {"precision", "\"float32\"",
     "How a GPU multiplies in layers with 16 and more units: \"float32\", exactly; \"mixed\", in "
     "16 "
     "bits with sums in float32, for large networks; \"tf32\", factors of 11 bits. The line above "
     "the training says what the GPU at hand does; a CPU computes in float32.",
     precisions, set_precision},
    {"freeze", "none",
     "Parts that do not learn, such as net.backbone or net.layers[:-20]; their BatchNorm and "
     "Dropout work as after training.",
     NULL, set_freeze},
    {"augment", "none",
     "Layers that change the images of the training set, each time anew: "
     "[RandomFlip(\"horizontal\"), "
     "RandomRotation(5%)]. Never those of validate.",
     "@layer", set_augment},
};
const struct setting_table train_settings = {"train", rows, (int)ARRAY_LEN(rows)};
