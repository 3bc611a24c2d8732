/* Advice about numbers: targets against what a constant guess would score. */
#include "advice_parts.h"
#include "lang/values/value.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LOOKED_AT = 1000000, MOST_CLASSES = 1000 };

struct spread {
    double mean, deviation, absolute; /* of all numbers; mean |x - mean| */
    double variance;                  /* around each output's own mean */
};

static int64_t stride_of(int64_t n) {
    return n / MOST_LOOKED_AT + 1;
}

static struct spread spread_of(const struct tensor *t) {
    struct spread s = {0};
    int64_t step = stride_of(t->count), n = 0;
    for (int64_t i = 0; i < t->count; i += step, n++) s.mean += tensor_get(t, i);
    s.mean /= (double)n;
    for (int64_t i = 0; i < t->count; i += step) {
        double d = tensor_get(t, i) - s.mean;
        s.deviation += d * d;
        s.absolute += fabs(d);
    }
    s.absolute /= (double)n;
    s.deviation = sqrt(s.deviation / (double)n);
    return s;
}

/* The mean square of the best constant output: one constant for each number of an example. */
static double variance_of(const struct tensor *t) {
    int64_t rows = t->shape.size[0], width = rows ? t->count / rows : 0;
    double sum = 0;
    if (width == 0 || width > 4096) return INFINITY;
    int64_t step = stride_of(t->count);
    for (int64_t k = 0; k < width; k++) {
        double mean = 0, square = 0;
        int64_t n = 0;
        for (int64_t i = 0; i < rows; i += step, n++) mean += tensor_get(t, i * width + k);
        mean /= (double)n;
        for (int64_t i = 0; i < rows; i += step) {
            double d = tensor_get(t, i * width + k) - mean;
            square += d * d;
        }
        sum += square / (double)n;
    }
    return sum / (double)width;
}

/* ---- classes ---- */

struct classes {
    int64_t counts[MOST_CLASSES], n;
    int64_t largest;
    int largest_class;
};

/* From class numbers 0 … 999 or from rows with a single 1; false for other targets. */
static bool count_classes(const struct tensor *t, struct classes *c) {
    int64_t rows = t->shape.n ? t->shape.size[0] : 0, width = rows ? t->count / rows : 0;
    memset(c, 0, sizeof *c);
    if (rows < 20 || width < 1 || width > MOST_CLASSES || t->shape.n > 2) return false;
    for (int64_t i = 0; i < rows; i++) {
        double k = tensor_get(t, i * width);
        for (int64_t j = 1; j < width; j++)
            if (tensor_get(t, i * width + j) > 0.5) k = (double)j;
        if (width > 1 && k == 1 && tensor_get(t, i * width) > 0.5) k = 0;
        if (!(k >= 0 && k < MOST_CLASSES) || k != floor(k)) return false;
        c->counts[(int)k]++;
    }
    c->n = rows;
    for (int k = 0; k < MOST_CLASSES; k++) {
        if (c->counts[k] <= c->largest) continue;
        c->largest = c->counts[k];
        c->largest_class = k;
    }
    return true;
}

static double entropy(const struct classes *c) {
    double sum = 0;
    for (int k = 0; k < MOST_CLASSES; k++) {
        double p = (double)c->counts[k] / (double)c->n;
        if (p > 0) sum -= p * log(p);
    }
    return sum;
}

static bool only_accuracy(const struct measure *measures, int n) {
    int accuracy = 0;
    for (int i = 0; i < n; i++) {
        const struct config *c = measures[i].config;
        if (!c || c->row->group != CONFIG_METRIC) continue;
        if (c->row->kind != METRIC_accuracy) return false;
        accuracy++;
    }
    return accuracy > 0;
}

/* "1", or what class 1 is called. */
static const char *class_words(const struct classes *c, const struct levels *names, char *out,
                               size_t cap) {
    if (names && c->largest_class < names->n)
        snprintf(out, cap, "\"%s\"", names->names[c->largest_class]);
    else snprintf(out, cap, "%d", c->largest_class);
    return out;
}

void advice_rare_class(struct advice *a, const struct tensor *targets,
                       const struct measure *measures, int n, const struct levels *classes) {
    char words[64];
    struct classes *c = only_accuracy(measures, n) ? pool_alloc(sizeof *c) : NULL;
    if (c && targets && targets->data && count_classes(targets, c) &&
        c->largest * 100 >= c->n * 95 && c->largest < c->n)
        advice_say(a, "rare class",
                   "%.3g%% of these examples are of class %s: always answering that has an "
                   "accuracy of %.3g. precision, recall, f1 or auc show whether the rare ones are "
                   "found.",
                   100.0 * (double)c->largest / (double)c->n,
                   class_words(c, classes, words, sizeof words), (double)c->largest / (double)c->n);
    pool_free(c);
}

/* ---- the constant guess ---- */

/* The loss of always giving the same: never more than it really is by an error of ours. */
static double guess_loss(int loss, const struct tensor *targets) {
    double best = INFINITY;
    struct classes *c;
    switch (loss) {
    case LOSS_mse: return variance_of(targets);
    case LOSS_mae: return spread_of(targets).absolute;
    case LOSS_bce:
    case LOSS_crossentropy:
        c = pool_alloc(sizeof *c);
        if (c && count_classes(targets, c)) best = entropy(c);
        pool_free(c);
        return best;
    default: return INFINITY;
    }
}

static const double *column(const struct table *history, const char *name) {
    int i = table_find(history, str_of(name));
    return i < 0 ? NULL : history->columns[i].numbers;
}

/* The best value that the training reached on the rows that `targets` are of. One epoch's running
 * mean still holds the start, so it says nothing. */
static double reached(const struct training *t, const struct tensor **targets) {
    const struct table *h = t->history;
    const double *validation = column(h, "val_loss"), *training = column(h, "loss");
    const double *loss = t->spec->has_validation && validation ? validation : training;
    double best = INFINITY;
    *targets = loss == validation ? t->spec->validation.targets[0] : t->spec->data.targets[0];
    if (!loss || (loss == training && h->n_rows < 2)) return NAN;
    for (int64_t i = 0; i < h->n_rows; i++)
        if (loss[i] < best) best = loss[i];
    return isinf(best) ? NAN : best;
}

static bool ends_unscaled(const struct model *m) {
    for (int i = model_n_layers(m) - 1, k = 0; i >= 0 && k < 2; i--, k++) {
        struct str text = str_of(model_layer(m, i)->text);
        if (str_starts(text, "Unscale") || str_starts(text, "Scale") ||
            str_starts(text, "Rescaling"))
            return false;
    }
    return true;
}

static bool far_from_0(const struct spread *s) {
    double size = fabs(s->mean);
    return size >= 100 || s->deviation >= 100 || (size >= 5 && size >= 5 * s->deviation);
}

/* A built-in loss, or none named and so the usual one; NULL for a student's own. */
static const struct config_row *loss_of(const struct train_spec *s) {
    if (s->losses[0].config) return s->losses[0].config->row;
    return s->losses[0].build ? NULL : train_default_loss(s->model, 0);
}

/* Enough steps to have learned something if there is something to learn. */
enum { FEWEST_STEPS = 100 };

static bool has_had_time(const struct training *t) {
    const struct tensor *y = t->spec->data.targets[0];
    int64_t batch = t->spec->batch > 0 ? t->spec->batch : 32;
    int64_t per_epoch = y->shape.n ? (y->shape.size[0] + batch - 1) / batch : 0;
    return t->history->n_rows * per_epoch >= FEWEST_STEPS;
}

/* One output, the plain loss: only then is the constant's loss known. */
static bool is_plain(const struct train_spec *s) {
    return model_n_outputs(s->model) == 1 && loss_of(s) && !s->penalty && !s->class_weight &&
           !s->sample_weight && s->data.targets[0] && s->data.targets[0]->data &&
           s->data.targets[0]->count > 0;
}

void advice_numbers(struct advice *a, const struct training *t) {
    const struct tensor *targets;
    if (!t->history || t->interrupted || !is_plain(t->spec) || !has_had_time(t)) return;
    double loss = reached(t, &targets);
    if (isnan(loss) || !targets || !targets->data || targets->shape.n == 0) return;
    const struct config_row *row = loss_of(t->spec);
    double guess = guess_loss(row->kind, targets);
    struct spread s = spread_of(targets);
    bool numbers = row->kind == LOSS_mse || row->kind == LOSS_mae;
    if (isinf(guess) || loss < (numbers ? 0.5 : 1.02) * guess) return;
    if (numbers && far_from_0(&s) && ends_unscaled(t->spec->model))
        advice_say(a, "targets far from 0",
                   "The targets have mean %.3g, spread %.3g, and the network starts around 0: "
                   "scale them, (y - mean) / std, and the outputs back. Always guessing the mean "
                   "has %s %.3g; this reached %.3g.",
                   s.mean, s.deviation, row->name, guess, loss);
    else if (loss > 1.02 * guess)
        advice_say(a, "constant guess",
                   "The %s of %.3g is not below that of always giving the same answer (%.3g): "
                   "nothing has been learned from the inputs yet.",
                   row->name, loss, guess);
}
