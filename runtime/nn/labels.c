/* The targets' values against what a loss can read. */
#include "labels.h"
#include "../base/pool.h"
#include "evaluate.h"
#include <math.h>
#include <stdio.h>

enum { CHUNK = 1024, MANY_CLASSES = 1 << 16 };

/* What a set of numbers holds. */
struct scan {
    double low, high;
    int64_t n, missing, fractions, not_signs;
};

static void scan_number(struct scan *s, double x) {
    if (isnan(x)) {
        s->missing++;
        return;
    }
    if (x < s->low) s->low = x;
    if (x > s->high) s->high = x;
    s->fractions += x != floor(x);
    s->not_signs += x != 1 && x != -1;
}

/* Only the missing ones: a loop without branches, because targets can be whole data sets. */
static void scan_missing(struct scan *s, const double *x, int64_t n) {
    int64_t missing = 0;
    for (int64_t i = 0; i < n; i++) missing += x[i] != x[i];
    s->missing += missing;
}

/* With `range`, everything; else what is missing. */
static struct scan scan_tensor(const struct tensor *t, bool range) {
    struct scan s = {.low = INFINITY, .high = -INFINITY, .n = t->count};
    double chunk[CHUNK];
    for (int64_t begin = 0; begin < t->count; begin += CHUNK) {
        int64_t n = t->count - begin < CHUNK ? t->count - begin : CHUNK;
        load_doubles(t->dtype, (const char *)t->data + (size_t)begin * dtype_bytes(t->dtype), chunk,
                     n);
        if (!range) scan_missing(&s, chunk, n);
        for (int64_t i = 0; range && i < n; i++) scan_number(&s, chunk[i]);
    }
    return s;
}

static int64_t count_equal(const struct tensor *t, double x) {
    int64_t n = 0;
    for (int64_t i = 0; i < t->count; i++) n += tensor_get(t, i) == x;
    return n;
}

/* How many different whole numbers from `low` on there are; 0 if there may be too many. */
static int64_t count_distinct(const struct tensor *t, const struct scan *s) {
    if (s->high - s->low >= MANY_CLASSES) return 0;
    uint8_t *seen = pool_zalloc(MANY_CLASSES);
    int64_t n = 0;
    for (int64_t i = 0; seen && i < t->count; i++) {
        double x = tensor_get(t, i) - s->low;
        if (!(x >= 0 && x < MANY_CLASSES)) continue;
        n += !seen[(int64_t)x];
        seen[(int64_t)x] = 1;
    }
    pool_free(seen);
    return n;
}

static bool missing_values(const struct scan *s, struct err *e) {
    err_set(e, ERR_LABEL,
            "The targets `{2}` hold missing values (NaN), from which nothing can be "
            "learned.");
    err_label(e, "holds %lld missing value%s", (long long)s->missing, s->missing == 1 ? "" : "s");
    err_fact(e, "{2}", "%lld of %lld numbers are missing", (long long)s->missing, (long long)s->n);
    return err_hint(e, "Drop these rows, or fill the values in. Nothing was computed.");
}

static bool class_out_of_range(const struct tensor *t, const struct scan *s, int64_t k,
                               struct err *e) {
    double odd = s->high >= (double)k ? s->high : s->low;
    char rows[32], values[48] = "";
    int64_t distinct = count_distinct(t, s);
    if (distinct) snprintf(values, sizeof values, "%lld values    ", (long long)distinct);
    err_set(e, ERR_LABEL,
            "The model has %lld outputs, so the classes are numbered 0 to %lld, but `{2}` runs "
            "from %g to %g.",
            (long long)k, (long long)k - 1, s->low, s->high);
    err_label(e, "holds class %g", odd);
    err_fact(e, "output", "%lld classes    0 … %lld", (long long)k, (long long)k - 1);
    err_fact(e, "{2}", "%s%g … %g    (%s rows hold the %g)", values, s->low, s->high,
             with_commas(count_equal(t, odd), rows, sizeof rows), odd);
    bool shifted = s->low == 1 && s->high == (double)k;
    if (shifted && k == 10)
        return err_hint(e, "If 10 stands for the digit 0, write {2} %% 10. If the classes are "
                           "counted from 1, write {2} - 1.");
    if (shifted) return err_hint(e, "If the classes are counted from 1, write {2} - 1.");
    if (s->low >= 0)
        return err_hint(e, "For classes 0 to %g the output needs %g units.", s->high, s->high + 1);
    return err_hint(e, "Class numbers count from 0.");
}

static bool check_classes(const struct tensor *t, const struct scan *s, int64_t k, struct err *e) {
    if (s->fractions) {
        err_set(e, ERR_LABEL, "Class numbers are whole, but `{2}` holds fractions.");
        err_label(e, "holds fractions");
        err_fact(e, "{2}", "%g … %g, %lld of %lld are not whole", s->low, s->high,
                 (long long)s->fractions, (long long)s->n);
        return err_hint(e, "To learn numbers instead of classes, take the loss mse and an output "
                           "without softmax.");
    }
    if (s->n == 0 || (s->low >= 0 && s->high < (double)k)) return true;
    return class_out_of_range(t, s, k, e);
}

/* Rows of a target that should be distributions. */
static bool check_distributions(const struct tensor *t, struct err *e) {
    int64_t k = t->shape.size[t->shape.n - 1], wrong = 0, row = 0;
    double example = 0;
    for (int64_t i = 0; k > 0 && i + k <= t->count; i += k) {
        double sum = 0, low = 0;
        for (int64_t j = 0; j < k; j++) {
            double x = tensor_get(t, i + j);
            sum += x;
            low = fmin(low, x);
        }
        if (low >= 0 && fabs(sum - 1) < 1e-3) continue;
        if (!wrong++) example = sum, row = i / k;
    }
    if (!wrong) return true;
    err_set(e, ERR_LABEL,
            "Targets for a distribution are class numbers, or rows of numbers that "
            "sum to 1, but not all rows of `{2}` do.");
    err_label(e, "row %lld sums to %g", (long long)row, example);
    return err_fact(e, "{2}", "%lld rows of %lld do not sum to 1", (long long)wrong,
                    (long long)(t->count / k));
}

static bool out_of_range(const struct config_row *loss, const struct scan *s, const char *needs,
                         const char *hint, struct err *e) {
    err_set(e, ERR_LABEL, "The loss %s needs targets that are %s, but `{2}` runs from %g to %g.",
            loss->name, needs, s->low, s->high);
    err_label(e, "holds %g", s->high > 1 ? s->high : s->low);
    err_fact(e, "{2}", "%g … %g", s->low, s->high);
    err_fact(e, loss->name, "%s", needs);
    return err_hint(e, "%s", hint);
}

static bool check_values(const struct config_row *loss, const struct scan *s, struct err *e) {
    if (s->n == 0) return true;
    if (loss->kind == LOSS_bce && (s->low < 0 || s->high > 1))
        return out_of_range(loss, s, "between 0 and 1",
                            "Divide pixels by 255; make classes True and False by a comparison, "
                            "such as {2} == 1.",
                            e);
    if (loss->kind == LOSS_poisson && s->low < 0)
        return out_of_range(loss, s, "counts, 0 or more",
                            "For numbers of either sign take mse or mae.", e);
    if (loss->kind == LOSS_negative_binomial && s->low < 0)
        return out_of_range(loss, s, "counts, 0 or more",
                            "For numbers of either sign take gaussian.", e);
    if (loss->kind == LOSS_hinge && s->not_signs)
        return out_of_range(loss, s, "-1 or 1", "For targets 0 and 1 write 2 * {2} - 1.", e);
    return true;
}

bool labels_check(const struct config *loss, const struct tensor *target,
                  const struct shape *output, struct err *e) {
    if (!loss || loss->row->group != CONFIG_LOSS) return true;
    enum fit fit = measure_fit(loss, &target->shape, output);
    bool classes = fit == FIT_CLASSES || fit == FIT_CLASSES_COLUMN;
    bool any = loss_needs(loss->row) == CONTENT_ANY && loss->row->kind != LOSS_hinge &&
               loss->row->kind != LOSS_negative_binomial;
    if (any && !dtype_is_float(target->dtype)) return true;
    struct scan s = scan_tensor(target, !any);
    bool ok = !s.missing || missing_values(&s, e);
    if (ok && classes) ok = check_classes(target, &s, output->size[output->n - 1], e);
    if (ok && !classes && !any) ok = check_values(loss->row, &s, e);
    if (ok && !classes && loss_needs(loss->row) == CONTENT_DISTRIBUTION)
        ok = check_distributions(target, e);
    if (!ok && e->at.source == 0) e->at = (struct span){0, 2, 2};
    return ok;
}
