/* A train statement, checked without a number of its data: inputs, outputs, losses and targets
 * (language.md 2.10). In texts {0} is the model, {1} the inputs, {2} the targets, {3} the loss. */
#include "objective.h"
#include <stdio.h>
#include <string.h>

/* Which of {0} … {3} gets the caret, see train.h. */
static bool point_at(struct err *e, uint32_t argument) {
    if (e->at.source == 0) e->at = (struct span){0, argument, argument};
    return false;
}

/* ---- outputs against losses ---- */

static const char *content_words(enum content c) {
    switch (c) {
    case CONTENT_ANY: return "any number";
    case CONTENT_POSITIVE: return "0 or more";
    case CONTENT_PROBABILITY: return "probability, 0 to 1";
    case CONTENT_DISTRIBUTION: return "distribution over classes";
    }
    return "";
}

/* "Dense(1)" -> "Dense(1, sigmoid)"; other layers get the activation behind them. */
static void print_fixed(const char *call, const char *activation, char *out, size_t cap) {
    struct str s = str_of(call);
    bool dense = str_starts(s, "Dense(") && str_ends(s, ")");
    if (!dense) {
        snprintf(out, cap, "%s(…) around the output", activation);
        return;
    }
    size_t units = 6;
    while (units < s.n && call[units] != ',' && call[units] != ')') units++;
    snprintf(out, cap, "%.*s, %s)", (int)units, call, activation);
}

static const char *fitting_activation(enum content needed) {
    if (needed == CONTENT_PROBABILITY) return "sigmoid";
    return needed == CONTENT_DISTRIBUTION ? "softmax" : "softplus";
}

static const char *label_for(enum content needed) {
    if (needed == CONTENT_PROBABILITY) return "needs probabilities between 0 and 1";
    if (needed == CONTENT_DISTRIBUTION) return "needs a distribution over the classes";
    return "needs positive numbers";
}

static const char *compared(enum content needed) {
    if (needed == CONTENT_PROBABILITY) return "probabilities";
    return needed == CONTENT_DISTRIBUTION ? "distributions over classes" : "positive numbers";
}

/* "comes straight from Dense(1), so it can be any number, also below 0 or above 1" */
static void say_mismatch(const struct port *out, const char *call, const struct config_row *loss,
                         enum content needed, struct err *e) {
    if (out->desc.content == CONTENT_DISTRIBUTION && needed == CONTENT_DISTRIBUTION) {
        err_set(e, ERR_OUTPUT,
                "The loss %s compares distributions over classes, but `%s` has one unit, so a "
                "softmax makes it 1, whatever the input.",
                loss->name, out->name);
        return;
    }
    const char *range = "it can be any number, also below 0 or above 1";
    if (needed == CONTENT_POSITIVE) range = "it can be any number, also below 0";
    if (needed == CONTENT_DISTRIBUTION) range = "its numbers do not sum to 1";
    if (needed == CONTENT_DISTRIBUTION && out->desc.content == CONTENT_ANY)
        range = "it can be any numbers, which do not sum to 1";
    if (needed == CONTENT_PROBABILITY && out->desc.content == CONTENT_POSITIVE)
        range = "it can be above 1";
    err_set(e, ERR_OUTPUT, "The loss %s compares %s, but `%s` comes %s%s, so %s.", loss->name,
            compared(needed), out->name, call ? "straight from " : "from the body of `{0}`",
            call ? call : "", range);
}

static bool wrong_output(const struct model *m, int i, const struct config_row *loss,
                         struct err *e) {
    const struct port *out = &m->outputs[1][i];
    enum content needed = loss_needs(loss);
    int layer = model_layer_of(m, out->node);
    const char *call = layer >= 0 ? m->layers[layer].call : NULL;
    say_mismatch(out, call, loss, needed, e);
    err_label(e, "%s", label_for(needed));
    char axes[128], left[96], fixed[96];
    shape_print_axes(&out->desc.shape, 1, axes, sizeof axes);
    snprintf(left, sizeof left, "output %s", out->name);
    err_fact(e, left, "%s  %s", axes, content_words(out->desc.content));
    snprintf(left, sizeof left, "%s expects", loss->name);
    err_fact(e, left, "%s  %s", axes, content_words(needed));
    const char *activation = fitting_activation(needed);
    print_fixed(call ? call : "", activation, fixed, sizeof fixed);
    bool classes = needed == CONTENT_DISTRIBUTION;
    int64_t k = out->desc.shape.size[out->desc.shape.n - 1];
    if (classes && k == 1)
        err_hint(e, "One output cannot be a distribution. For two classes use the loss bce with a "
                    "sigmoid; for more, give the output one unit for each class.");
    else
        err_hint(e,
                 "Write %s. The %s and the loss are then computed together%s. Nothing was "
                 "computed.",
                 fixed, activation,
                 needed == CONTENT_POSITIVE ? "" : ", so there is no from_logits to set");
    if (out->node->span.source) err_note(e, out->node->span, "`%s` is made here", out->name);
    return point_at(e, 3);
}

static bool check_output(const struct model *m, int i, const struct measure *loss, struct err *e) {
    if (!loss->config || loss->config->row->group != CONFIG_LOSS) return true;
    const struct desc *d = &m->outputs[1][i].desc;
    enum content needed = loss_needs(loss->config->row);
    if (d->content < needed) return wrong_output(m, i, loss->config->row, e);
    if (needed == CONTENT_DISTRIBUTION && d->shape.size[d->shape.n - 1] == 1)
        return wrong_output(m, i, loss->config->row, e);
    return true;
}

/* ---- targets against outputs ---- */

/* Does no layer of the model fold axes? */
static bool keeps_axes(const struct model *m) {
    static const char *const folding[] = {"Flatten", "Reshape", "Global", "RNN", "GRU", "LSTM"};
    for (int i = 0; i < model_n_layers(m); i++)
        for (size_t k = 0; k < ARRAY_LEN(folding); k++)
            if (strstr(model_layer(m, i)->text, folding[k])) return false;
    return true;
}

static bool wrong_target(const struct model *m, int i, const struct shape *target,
                         const struct config_row *row, struct err *e) {
    const struct port *out = &m->outputs[1][i];
    char found[160], needed[160], left[96];
    err_set(e, ERR_SHAPE,
            "The targets `{2}` do not look like the output `%s` of `{0}`, with which %s "
            "compares them.",
            out->name, row ? row->name : "the loss");
    err_label(e, "is %s", shape_print(target, found, sizeof found));
    snprintf(left, sizeof left, "output %s", out->name);
    err_fact(e, left, "%s    for each example",
             example_print(&out->desc.shape, needed, sizeof needed));
    err_fact(e, "{2}", "%s    for each example", example_print(target, found, sizeof found));
    int64_t there = example_numbers(target), needs = example_numbers(&out->desc.shape);
    if (there > 0 && there == needs)
        err_hint(e, "The numbers are as many: reshape {2} to the output's axes, or the output to "
                    "those of {2}.");
    else if (needs == 1 && there > 1)
        err_hint(e,
                 "For class numbers the output needs one unit for each class; for %lld numbers "
                 "it needs %lld units.",
                 (long long)there, (long long)there);
    else if (there == 1 && out->desc.content == CONTENT_DISTRIBUTION)
        err_hint(e, "If {2} holds class numbers, the loss of a softmax is crossentropy.");
    else if (there == 1 && out->desc.shape.n == 2)
        err_hint(e,
                 "If {2} holds class numbers, 0 to %lld, end the output in softmax: Dense(%lld, "
                 "softmax). For one number each it needs one unit: Dense(1).",
                 (long long)needs - 1, (long long)needs);
    else if (out->desc.shape.n > 2 && target->n < out->desc.shape.n && keeps_axes(m))
        err_hint(e, "Each example keeps an axis that nothing folds: .Flatten() before the first "
                    "Dense makes one row of numbers of it.");
    return point_at(e, 2);
}

/* A loss that reads several numbers for each of the target. */
static bool wrong_parameters(const struct model *m, int i, const struct shape *target,
                             const struct config *loss, struct err *e) {
    const struct port *out = &m->outputs[1][i];
    char found[160], there[160];
    int n = loss_parameters(loss);
    err_set(e, ERR_SHAPE,
            "The loss %s reads %d numbers of the output for each number of the target: the output "
            "needs the target's axes and one more of size %d.",
            loss->row->name, n, n);
    err_label(e, "is %s", shape_print(target, found, sizeof found));
    err_fact(e, "output", "%s    for each example",
             example_print(&out->desc.shape, there, sizeof there));
    err_fact(e, "{2}", "%s    for each example", example_print(target, found, sizeof found));
    int64_t each = example_numbers(target);
    if (each == 1) err_hint(e, "End the model with Dense(%d).", n);
    else if (each > 1 && target->n == 2)
        err_hint(e, "End the model with Dense(%lld).Reshape(%lld, %d).", (long long)each * n,
                 (long long)each, n);
    return point_at(e, 2);
}

static bool conflicting_names(const struct port *out, const struct shape *target, int axis,
                              struct err *e) {
    err_set(e, ERR_SHAPE, "The output `%s` has the axis `%s` where the targets `{2}` have `%s`.",
            out->name, out->desc.shape.axis[axis], target->axis[axis]);
    char found[160], needed[160], left[96];
    snprintf(left, sizeof left, "output %s", out->name);
    err_fact(e, left, "%s", shape_print_axes(&out->desc.shape, 1, needed, sizeof needed));
    err_fact(e, "{2}", "%s", shape_print_axes(target, 1, found, sizeof found));
    return point_at(e, 2);
}

static bool check_target(const struct model *m, int i, const struct measure *loss,
                         const struct desc *target, struct err *e) {
    const struct port *out = &m->outputs[1][i];
    const struct config_row *row = loss->config ? loss->config->row : NULL;
    if (target->shape.n == 0) return wrong_target(m, i, &target->shape, row, e);
    if (!row) return true; /* a function of the student's: it is run on the shapes below */
    struct shape output = out->desc.shape;
    output.size[0] = SIZE_BATCH;
    enum fit fit = measure_fit(loss->config, &target->shape, &output);
    if (fit == FIT_NONE && loss_parameters(loss->config))
        return wrong_parameters(m, i, &target->shape, loss->config, e);
    if (fit == FIT_NONE) return wrong_target(m, i, &target->shape, row, e);
    int axis = fit == FIT_SAME ? axes_conflict(&out->desc.shape, &target->shape) : -1;
    return axis < 0 || conflicting_names(out, &target->shape, axis, e);
}

/* The student's loss, built once on shapes. */
static bool check_function(const struct model *m, int i, const struct measure *loss,
                           const struct desc *target, struct err *e) {
    if (loss->config) return true;
    for (int a = 1; a < target->shape.n; a++)
        if (target->shape.size[a] < 0) return true; /* not known yet; checked when it runs */
    struct objective o;
    bool ok = objective_init(&o, m, true, NULL, e) && objective_target(&o, i, target, true, e) &&
              objective_measure(&o, i, loss, 1, NULL, e);
    objective_clear(&o);
    return ok || point_at(e, 3);
}

static bool check_pair(const struct train_spec *spec, int i, const struct measure *given,
                       const struct desc *target, struct err *e) {
    struct measure loss;
    struct config *own = NULL;
    bool ok = measure_resolve(spec->model, i, given, &loss, &own, e) &&
              check_output(spec->model, i, &loss, e) &&
              check_target(spec->model, i, &loss, target, e) &&
              check_function(spec->model, i, &loss, target, e);
    config_unref(own);
    return ok;
}

/* ---- counts and settings ---- */

static bool check_counts(const struct train_spec *spec, const struct train_shapes *shapes,
                         struct err *e) {
    const struct shape *first = &shapes->inputs[0].shape;
    int64_t n = first->n ? first->size[0] : -1;
    for (int i = 0; i < spec->model->n_outputs[1]; i++) {
        const struct shape *t = &shapes->targets[i].shape;
        if (n < 0 || t->n == 0 || t->size[0] < 0 || t->size[0] == n) continue;
        err_set(e, ERR_SHAPE, "Inputs and targets have different numbers of examples.");
        err_fact(e, "{1}", "%lld examples", (long long)n);
        err_fact(e, "{2}", "%lld examples", (long long)t->size[0]);
        return point_at(e, 2);
    }
    return true;
}

static bool check_whole(const char *name, int64_t x, struct err *e) {
    enum { MOST = 100 * 1000 * 1000 };
    if (x >= 1 && x <= MOST) return true;
    err_set(e, ERR_SETTING, "The setting `%s` is %lld, but it has to be %s.", name, (long long)x,
            x < 1 ? "1 or more" : "100 million at most");
    return err_label(e, "%s is %lld", name, (long long)x);
}

static bool check_settings(const struct train_spec *spec, struct err *e) {
    TRY(check_whole("epochs", spec->steps > 0 ? 1 : spec->epochs, e));
    TRY(check_whole("batch", spec->batch, e));
    if (spec->n_metrics < 0 || spec->n_metrics > TRAIN_MAX_MEASURES)
        return err_set(e, ERR_SETTING, "At most %d metrics can be taken at once.",
                       TRAIN_MAX_MEASURES);
    const struct config *one[] = {spec->optimizer, spec->schedule, spec->penalty};
    for (size_t i = 0; i < ARRAY_LEN(one); i++)
        if (one[i]) TRY(config_check(one[i], e));
    for (int i = 0; i < spec->n_callbacks; i++) TRY(config_check(spec->callbacks[i], e));
    for (int i = 0; i < spec->n_metrics; i++)
        if (spec->metrics[i].config) TRY(config_check(spec->metrics[i].config, e));
    for (int i = 0; i < spec->model->n_outputs[1]; i++)
        if (spec->losses[i].config) TRY(config_check(spec->losses[i].config, e));
    return true;
}

static bool check_metrics(const struct train_spec *spec, const struct train_shapes *shapes,
                          struct err *e) {
    const struct desc *out = &spec->model->outputs[1][0].desc;
    for (int i = 0; i < spec->n_metrics; i++) {
        const struct config *c = spec->metrics[i].config;
        if (!c) {
            if (check_function(spec->model, 0, &spec->metrics[i], &shapes->targets[0], e)) continue;
            struct str names[] = {STR("{0}"), STR("{1}"), STR("{2}"),
                                  str_of(spec->metrics[i].name)};
            err_name_args(e, names, ARRAY_LEN(names));
            if (e->at.source == 0) e->at = (struct span){0, 5, 5};
            return false;
        }
        struct shape output = out->shape;
        output.size[0] = SIZE_BATCH;
        if (measure_fit(c, &shapes->targets[0].shape, &output) == FIT_NONE)
            return wrong_target(spec->model, 0, &shapes->targets[0].shape, c->row, e);
    }
    return true;
}

bool train_check(const struct train_spec *spec, const struct train_shapes *shapes, struct err *e) {
    const struct model *m = spec->model;
    TRY(check_settings(spec, e));
    for (int i = 0; i < m->n_inputs[1]; i++)
        if (!model_check_input(m, i, &shapes->inputs[i], e)) return point_at(e, 1);
    TRY(check_counts(spec, shapes, e));
    for (int i = 0; i < m->n_outputs[1]; i++)
        TRY(check_pair(spec, i, &spec->losses[i], &shapes->targets[i], e));
    return check_metrics(spec, shapes, e);
}

bool evaluate_check(const struct model *m, const struct train_shapes *shapes,
                    const struct measure *measures, int n, struct err *e) {
    struct train_spec spec = {.model = (struct model *)(uintptr_t)m, .n_metrics = n};
    if (n > TRAIN_MAX_MEASURES)
        return err_set(e, ERR_ARGUMENT, "At most %d metrics can be taken at once.",
                       TRAIN_MAX_MEASURES);
    memcpy(spec.metrics, measures, (size_t)n * sizeof *measures);
    for (int i = 0; i < m->n_inputs[1]; i++)
        if (!model_check_input(m, i, &shapes->inputs[i], e)) return point_at(e, 1);
    return check_counts(&spec, shapes, e) && check_metrics(&spec, shapes, e);
}
