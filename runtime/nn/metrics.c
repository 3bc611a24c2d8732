/* Metrics over a whole set. */
#include "metrics.h"
#include "../base/pool.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums for one class or one column. */
struct tally {
    double hit, false_alarm, miss;   /* precision, recall, f1 */
    double n, mean, spread, residue; /* r2: Welford's mean and sum of squared deviations */
};

/* One output and whether its example belongs to the class. */
struct score {
    double value;
    bool positive;
};

struct meter {
    const struct config *config;
    bool classes;      /* the answer is the largest along the last axis */
    bool numbered;     /* the target holds class numbers */
    int64_t k;         /* numbers in a group: classes, or columns of an example */
    int64_t groups;    /* groups per example */
    int64_t y_width;   /* numbers of the target per example */
    double sum, count; /* sums over everything */
    int64_t n_tallies;
    struct tally *tallies;
    struct score *scores; /* auc: class after class, each n_scores of cap_scores */
    int64_t n_scores, cap_scores;
};

/* What a metric does with one group of k numbers, and how it ends. */
typedef void (*group_fn)(struct meter *m, const double *y, const double *yhat);
typedef double (*value_fn)(const struct meter *m);

static const int directions[] = {
#define METRIC(id, name, aliases, direction, signature, help, example) direction,
#include "metrics.list"
#undef METRIC
};

int measure_direction(const struct config_row *row) {
    return row->group == CONFIG_METRIC ? directions[row->kind] : -1;
}

/* ---- errors of numbers ---- */

static void group_rmse(struct meter *m, const double *y, const double *yhat) {
    for (int64_t i = 0; i < m->k; i++) m->sum += (y[i] - yhat[i]) * (y[i] - yhat[i]);
    m->count += (double)m->k;
}

static void group_mape(struct meter *m, const double *y, const double *yhat) {
    for (int64_t i = 0; i < m->k; i++) m->sum += fabs(y[i] - yhat[i]) / fmax(fabs(y[i]), 1e-7);
    m->count += (double)m->k;
}

static void group_bias(struct meter *m, const double *y, const double *yhat) {
    for (int64_t i = 0; i < m->k; i++) m->sum += yhat[i] - y[i];
    m->count += (double)m->k;
}

static void group_r2(struct meter *m, const double *y, const double *yhat) {
    for (int64_t i = 0; i < m->k; i++) {
        struct tally *t = &m->tallies[i];
        double off = y[i] - t->mean;
        t->mean += off / ++t->n;
        t->spread += off * (y[i] - t->mean);
        t->residue += (y[i] - yhat[i]) * (y[i] - yhat[i]);
    }
}

static double value_mean(const struct meter *m) {
    return m->count > 0 ? m->sum / m->count : NAN;
}

static double value_rmse(const struct meter *m) {
    return sqrt(value_mean(m));
}

static double value_mape(const struct meter *m) {
    return 100 * value_mean(m);
}

/* A column that never changes is explained fully or not at all. */
static double value_r2(const struct meter *m) {
    double sum = 0;
    for (int64_t i = 0; i < m->n_tallies; i++) {
        const struct tally *t = &m->tallies[i];
        if (t->n == 0) return NAN;
        if (t->spread > 0) sum += 1 - t->residue / t->spread;
        else sum += t->residue == 0;
    }
    return sum / (double)m->n_tallies;
}

/* ---- right and wrong answers ---- */

static int64_t largest(const double *x, int64_t n) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

/* -1: not a class number of the output. */
static int64_t true_class(const struct meter *m, const double *y) {
    if (!m->numbered) return largest(y, m->k);
    return y[0] >= 0 && y[0] < (double)m->k && y[0] == floor(y[0]) ? (int64_t)y[0] : -1;
}

/* Yes or no: whole numbers are answers already, anything between is compared with the threshold. */
static double answer(const struct meter *m, double yhat) {
    return yhat == floor(yhat) ? yhat : yhat > m->config->args[0].number;
}

static void group_accuracy(struct meter *m, const double *y, const double *yhat) {
    if (m->classes) {
        m->sum += largest(yhat, m->k) == true_class(m, y);
        m->count++;
        return;
    }
    for (int64_t i = 0; i < m->k; i++) m->sum += answer(m, yhat[i]) == y[i];
    m->count += (double)m->k;
}

/* The class counts as found when fewer than k others are more probable. */
static void group_top_k_accuracy(struct meter *m, const double *y, const double *yhat) {
    int64_t c = true_class(m, y), above = 0;
    m->count++;
    if (c < 0) return;
    for (int64_t i = 0; i < m->k; i++) above += yhat[i] > yhat[c];
    m->sum += (double)above < m->config->args[0].number;
}

static void group_tally(struct meter *m, const double *y, const double *yhat) {
    if (!m->classes) {
        struct tally *t = m->tallies;
        for (int64_t i = 0; i < m->k; i++) {
            bool found = answer(m, yhat[i]) > 0, there = y[i] > 0;
            t->hit += found && there;
            t->false_alarm += found && !there;
            t->miss += !found && there;
        }
        return;
    }
    int64_t found = largest(yhat, m->k), there = true_class(m, y);
    if (there < 0) return;
    if (found == there) m->tallies[there].hit++;
    else m->tallies[found].false_alarm++, m->tallies[there].miss++;
}

/* Mean over classes of hit / (hit + a * false alarms + b * misses). */
static double tally_mean(const struct meter *m, double a, double b) {
    double sum = 0;
    for (int64_t i = 0; i < m->n_tallies; i++) {
        const struct tally *t = &m->tallies[i];
        double all = t->hit + a * t->false_alarm + b * t->miss;
        sum += all > 0 ? t->hit / all : 0;
    }
    return sum / (double)m->n_tallies;
}

static double value_precision(const struct meter *m) {
    return tally_mean(m, 1, 0);
}

static double value_recall(const struct meter *m) {
    return tally_mean(m, 0, 1);
}

static double value_f1(const struct meter *m) {
    return tally_mean(m, 0.5, 0.5);
}

/* ---- area under the curve ---- */

/* Binary: each number is a score of one class. Classes: number c of a group is a score of class c.
 */
static void group_auc(struct meter *m, const double *y, const double *yhat) {
    int64_t there = m->classes ? true_class(m, y) : 0;
    for (int64_t i = 0; i < m->k; i++) {
        int64_t at = m->classes ? i * m->cap_scores + m->n_scores : m->n_scores + i;
        m->scores[at] = (struct score){yhat[i], m->classes ? i == there : y[i] > 0};
    }
    m->n_scores += m->classes ? 1 : m->k;
}

static int score_order(const void *a, const void *b) {
    double x = ((const struct score *)a)->value, y = ((const struct score *)b)->value;
    return (x > y) - (x < y);
}

/* Sum of the positives' ranks (equal scores share their mean rank): Mann and Whitney, 1947. */
static double area(struct score *s, int64_t n) {
    qsort(s, (size_t)n, sizeof *s, score_order);
    double ranks = 0, positives = 0;
    for (int64_t i = 0, end; i < n; i = end) {
        int64_t here = 0;
        for (end = i; end < n && (end == i || s[end].value == s[i].value); end++)
            here += s[end].positive;
        ranks += (double)here * (double)(i + end + 1) / 2;
        positives += (double)here;
    }
    double pairs = positives * ((double)n - positives);
    return pairs > 0 ? (ranks - positives * (positives + 1) / 2) / pairs : NAN;
}

static double value_auc(const struct meter *m) {
    double sum = 0, n = 0;
    for (int64_t c = 0; c < (m->classes ? m->k : 1); c++) {
        double a = area(m->scores + c * m->cap_scores, m->n_scores);
        if (isnan(a)) continue; /* a class that nobody has */
        sum += a;
        n++;
    }
    return n > 0 ? sum / n : NAN;
}

static bool scores_room(struct meter *m, int64_t more, struct err *e) {
    int64_t rows = m->classes ? m->k : 1;
    if (m->n_scores + more <= m->cap_scores) return true;
    int64_t cap = 2 * (m->n_scores + more);
    struct score *bigger = pool_need((size_t)(cap * rows) * sizeof *bigger, e);
    if (!bigger) return false;
    for (int64_t c = 0; c < rows && m->scores; c++)
        memcpy(bigger + c * cap, m->scores + c * m->cap_scores,
               (size_t)m->n_scores * sizeof *bigger);
    pool_free(m->scores);
    m->scores = bigger;
    m->cap_scores = cap;
    return true;
}

/* ---- meters ---- */

static const struct {
    group_fn add;
    value_fn value;
} kinds[] = {
    [METRIC_accuracy] = {group_accuracy, value_mean},
    [METRIC_top_k_accuracy] = {group_top_k_accuracy, value_mean},
    [METRIC_precision] = {group_tally, value_precision},
    [METRIC_recall] = {group_tally, value_recall},
    [METRIC_f1] = {group_tally, value_f1},
    [METRIC_auc] = {group_auc, value_auc},
    [METRIC_rmse] = {group_rmse, value_rmse},
    [METRIC_mape] = {group_mape, value_mape},
    [METRIC_bias] = {group_bias, value_mean},
    [METRIC_r2] = {group_r2, value_r2},
};
_Static_assert(ARRAY_LEN(kinds) == METRIC_N_KINDS, "each row of metrics.list has its functions");

static int64_t example_size(const struct shape *s) {
    int64_t n = 1;
    for (int i = 1; i < s->n; i++) n *= s->size[i];
    return n;
}

static bool not_fitting(const struct meter_setup *s, struct err *e) {
    char y[128], yhat[128];
    err_set(e, ERR_SHAPE, "%s compares a target with an output of the same shape.",
            s->config->row->name);
    err_fact(e, "target", "%s", shape_print(&s->target, y, sizeof y));
    return err_fact(e, "output", "%s", shape_print(&s->output, yhat, sizeof yhat));
}

/* Split an example into groups. */
static void meter_lay_out(struct meter *m, const struct meter_setup *s, enum fit fit) {
    int64_t width = example_size(&s->output);
    bool reads = measure_reads_classes(s->config);
    m->numbered = fit == FIT_CLASSES || fit == FIT_CLASSES_COLUMN;
    m->classes = m->numbered || (reads && s->content == CONTENT_DISTRIBUTION && s->output.n > 1) ||
                 s->config->row->kind == METRIC_top_k_accuracy;
    m->k = m->classes ? s->output.size[s->output.n - 1] : width;
    m->groups = m->k ? width / m->k : 0;
    m->y_width = example_size(&s->target);
    bool columns = s->config->row->kind == METRIC_r2;
    m->n_tallies = m->classes || columns ? m->k : 1;
}

struct meter *meter_new(const struct meter_setup *s, struct err *e) {
    enum fit fit = target_fit(&s->target, &s->output, measure_reads_classes(s->config));
    bool vectors = s->output.n > 1 || s->config->row->kind != METRIC_top_k_accuracy;
    if (fit == FIT_NONE || !vectors) return not_fitting(s, e), NULL;
    struct meter *m = pool_need(sizeof *m, e);
    if (!m) return NULL;
    m->config = s->config;
    meter_lay_out(m, s, fit);
    m->tallies = pool_need((size_t)m->n_tallies * sizeof *m->tallies + 1, e);
    if (m->tallies) return m;
    meter_free(m);
    return NULL;
}

void meter_free(struct meter *m) {
    if (!m) return;
    pool_free(m->tallies);
    pool_free(m->scores);
    pool_free(m);
}

void meter_reset(struct meter *m) {
    m->sum = m->count = 0;
    m->n_scores = 0;
    memset(m->tallies, 0, (size_t)m->n_tallies * sizeof *m->tallies);
}

bool meter_add(struct meter *m, const double *y, const double *yhat, int64_t n, struct err *e) {
    int kind = m->config->row->kind;
    if (kind == METRIC_auc) TRY(scores_room(m, n * m->groups * (m->classes ? 1 : m->k), e));
    int64_t width = m->k * m->groups, y_group = m->groups ? m->y_width / m->groups : 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m->groups; j++)
            kinds[kind].add(m, y + i * m->y_width + j * y_group, yhat + i * width + j * m->k);
    return true;
}

double meter_value(struct meter *m) {
    return kinds[m->config->row->kind].value(m);
}
