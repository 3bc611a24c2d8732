/* Rounds of boosting: gradients of the loss, a tree on them, scores moved by its leaves. */
#include "boost.h"
#include "grow.h"
#include "../base/pool.h"
#include "../cpu/threads.h"
#include "../rng.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096 }; /* rows of one sum of losses */

struct boost {
    const struct boost_spec *s;
    int32_t n_outputs;
    float *score, *valid_score; /* [output][row] */
    float *y;                   /* numbers, less the base for the squared loss */
    struct gh *gh;      /* [output][row]: all gradients are of the scores before the round */
    double *chunk_sums; /* losses */
    float *residuals;
    struct tree_grower *grower;
    bool all_rows;
    double best;
    int32_t best_round;
    double losses[2];
};

/* ---- where to start ---- */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Linear between the two nearest, as quantile() of the language. */
static double quantile_of(double *sorted, int64_t n, double q) {
    double at = q * (double)(n - 1);
    int64_t i = (int64_t)at;
    if (i + 1 >= n) return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

static bool quantile_base(const struct boost_spec *s, double *out, struct err *e) {
    int64_t n = s->bins->n;
    double *sorted = pool_need((size_t)n * sizeof *sorted, e);
    if (!sorted) return false;
    memcpy(sorted, s->y, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_size);
    *out = quantile_of(sorted, n, s->quantile);
    pool_free(sorted);
    return true;
}

static bool find_base(const struct boost_spec *s, double *base, struct err *e) {
    int64_t n = s->bins->n;
    if (s->loss == BOOST_QUANTILE) return quantile_base(s, base, e);
    if (s->loss == BOOST_SOFTMAX) {
        int64_t count[256] = {0};
        for (int64_t i = 0; i < n; i++) count[s->labels[i]]++;
        for (int k = 0; k < s->n_classes; k++) base[k] = log(((double)count[k] + 1e-9) / (double)n);
        return true;
    }
    double mean = 0;
    for (int64_t i = 0; i < n; i++) mean += s->y[i];
    mean /= (double)n;
    double p = mean < 1e-7 ? 1e-7 : mean > 1 - 1e-7 ? 1 - 1e-7 : mean;
    base[0] = s->loss == BOOST_LOGISTIC  ? log(p / (1 - p))
              : s->loss == BOOST_POISSON ? log(mean > 1e-9 ? mean : 1e-9)
                                         : mean;
    return true;
}

/* ---- gradients ---- */

struct softmax_row {
    float p[256];
};

static void softmax_at(const float *score, int64_t n, int64_t i, int k, struct softmax_row *row) {
    float most = score[i], sum = 0;
    for (int c = 1; c < k; c++) most = score[c * n + i] > most ? score[c * n + i] : most;
    for (int c = 0; c < k; c++) sum += row->p[c] = fm_exp_f(score[c * n + i] - most);
    for (int c = 0; c < k; c++) row->p[c] /= sum;
}

static void softmax_part(struct boost *b, int64_t begin, int64_t end) {
    int k = b->n_outputs;
    int64_t n = b->s->bins->n;
    float factor = (float)k / (float)(k - 1);
    struct softmax_row row;
    for (int64_t i = begin; i < end; i++) {
        softmax_at(b->score, n, i, k, &row);
        for (int c = 0; c < k; c++) {
            float p = row.p[c];
            b->gh[c * n + i] =
                (struct gh){p - (b->s->labels[i] == c), factor * p * (1 - p) + 1e-16f};
        }
    }
}

static void gradient_part(void *user, int part) {
    struct boost *b = user;
    int64_t n = b->s->bins->n, begin = part ? n / 2 : 0, end = part ? n : n / 2;
    float q = (float)b->s->quantile;
    switch (b->s->loss) {
    case BOOST_LOGISTIC:
        tree_kernels()->logistic(b->gh + begin, b->score + begin, b->y + begin, end - begin);
        return;
    case BOOST_SOFTMAX: softmax_part(b, begin, end); return;
    case BOOST_SQUARED:
        for (int64_t i = begin; i < end; i++) b->gh[i] = (struct gh){b->score[i] - b->y[i], 1};
        return;
    case BOOST_QUANTILE:
        for (int64_t i = begin; i < end; i++)
            b->gh[i] = (struct gh){b->score[i] > b->y[i] ? 1 - q : -q, 1};
        return;
    case BOOST_POISSON:
        for (int64_t i = begin; i < end; i++) {
            float rate = fm_exp_f(b->score[i]);
            b->gh[i] = (struct gh){rate - b->y[i], rate + 1e-6f};
        }
        return;
    }
}

/* ---- the loss, for the history ---- */

struct loss_job {
    const struct boost_spec *s;
    const float *score;
    const double *y;
    const int32_t *labels;
    int64_t n;
    double base;
    double *sums; /* of each chunk: added up in order, whoever made them */
};

static double loss_at(const struct loss_job *j, int64_t i) {
    double z = (double)j->score[i];
    if (j->s->loss == BOOST_SQUARED) return (z + j->base - j->y[i]) * (z + j->base - j->y[i]);
    if (j->s->loss == BOOST_POISSON) return exp(z) - j->y[i] * z;
    if (j->s->loss == BOOST_SOFTMAX) {
        struct softmax_row row;
        softmax_at(j->score, j->n, i, j->s->n_classes, &row);
        float p = row.p[j->labels[i]];
        return -(double)fm_log_f(p > 1e-15f ? p : 1e-15f);
    }
    double d = j->y[i] - z;
    return d > 0 ? j->s->quantile * d : (j->s->quantile - 1) * d;
}

static void loss_part(void *user, int part) {
    struct loss_job *j = user;
    for (int64_t chunk = part; chunk * CHUNK < j->n; chunk += 2) {
        int64_t at = chunk * CHUNK, n = j->n - at < CHUNK ? j->n - at : CHUNK;
        double sum = 0;
        if (j->s->loss == BOOST_LOGISTIC)
            sum = tree_kernels()->logistic_loss(j->score + at, j->y + at, n);
        else
            for (int64_t i = at; i < at + n; i++) sum += loss_at(j, i);
        j->sums[chunk] = sum;
    }
}

/* Of the rows learned from, or of those kept for validation. */
static double loss_of(struct boost *b, bool valid, const double *base) {
    const struct boost_spec *s = b->s;
    struct loss_job j = {.s = s,
                         .score = valid ? b->valid_score : b->score,
                         .y = valid ? s->valid_y : s->y,
                         .labels = valid ? s->valid_labels : s->labels,
                         .n = valid ? s->valid->n : s->bins->n,
                         .base = base[0],
                         .sums = b->chunk_sums};
    double sum = 0;
    threads_run(loss_part, &j, 2);
    for (int64_t chunk = 0; chunk * CHUNK < j.n; chunk++) sum += j.sums[chunk];
    return sum / (double)j.n;
}

/* ---- one round ---- */

/* Draw the rows of the round: each with the probability `subsample`. */
static int64_t choose_rows(struct boost *b, int32_t round) {
    int32_t *rows = tree_grower_rows(b->grower);
    int64_t n = b->s->bins->n, kept = 0;
    struct rng_key key = {b->s->seed, b->s->stream, (uint64_t)round};
    uint32_t words[4];
    for (int64_t i = 0; i < n; i++) {
        if (!b->all_rows && i % 4 == 0) rng_block(key, (uint64_t)i / 4, words);
        if (b->all_rows || (double)words[i % 4] * 0x1p-32 < b->s->subsample)
            rows[kept++] = (int32_t)i;
    }
    if (kept == 0 && n > 0) rows[kept++] = 0;
    return kept;
}

static int by_float(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* A leaf of a quantile loss is the quantile of what its rows still lack. */
static void renew_leaf(struct boost *b, struct tree *t, const struct grown_leaf *leaf) {
    const int32_t *rows = tree_grower_rows(b->grower) + leaf->begin;
    for (int32_t i = 0; i < leaf->n; i++) b->residuals[i] = b->y[rows[i]] - b->score[rows[i]];
    qsort(b->residuals, (size_t)leaf->n, sizeof *b->residuals, by_float);
    double at = b->s->quantile * (leaf->n - 1);
    int32_t i = (int32_t)at, next = i + 1 < leaf->n ? i + 1 : i;
    double value =
        (double)b->residuals[i] + (at - i) * ((double)b->residuals[next] - (double)b->residuals[i]);
    t->nodes[leaf->node].threshold = (float)(b->s->learning_rate * value);
}

struct update {
    struct boost *b;
    const struct tree *tree;
    const struct grown_leaf *leaves;
    int n_leaves, output;
};

static void update_part(void *user, int part) {
    struct update *u = user;
    struct boost *b = u->b;
    float *score = b->score + u->output * b->s->bins->n;
    const int32_t *rows = tree_grower_rows(b->grower);
    for (int k = 0; b->all_rows && k < u->n_leaves; k++) {
        const struct grown_leaf *leaf = &u->leaves[k];
        float value = u->tree->nodes[leaf->node].threshold;
        int32_t begin = part ? leaf->n / 2 : 0, end = part ? leaf->n : leaf->n / 2;
        for (int32_t i = begin; i < end; i++) score[rows[leaf->begin + i]] += value;
    }
    int64_t n = b->s->bins->n;
    for (int64_t i = part ? n / 2 : 0; !b->all_rows && i < (part ? n : n / 2); i++)
        score[i] += u->tree->nodes[tree_leaf_binned(u->tree, b->s->bins, i)].threshold;
    if (!b->s->valid) return;
    n = b->s->valid->n;
    score = b->valid_score + u->output * n;
    for (int64_t i = part ? n / 2 : 0; i < (part ? n : n / 2); i++)
        score[i] += u->tree->nodes[tree_leaf_binned(u->tree, b->s->valid, i)].threshold;
}

/* Each round took more back than was missing, until no number was large enough. */
static bool leaves_overflow(const struct boost_spec *s, int32_t round, struct err *e) {
    err_set(e, ERR_NUMBER, "In round %d the numbers of the leaves became too large to hold.",
            round);
    err_fact(e, "learning_rate", "%g", s->learning_rate);
    return err_hint(e, "With a learning_rate of 1 a tree adds all that it found; 0.1 is usual.");
}

static bool add_tree(struct boost *b, int32_t round, int output, struct trees *out, struct err *e) {
    const struct boost_spec *s = b->s;
    int64_t n_rows = choose_rows(b, round);
    struct grow_spec g = {.bins = s->bins,
                          .gh = b->gh + (int64_t)output * s->bins->n,
                          .max_depth = s->max_depth,
                          .leaves = s->leaves,
                          .min_rows = s->min_rows,
                          .l2 = s->l2,
                          .rate = s->learning_rate,
                          .stop = s->stop};
    struct tree t;
    TRY(tree_grow(b->grower, &g, n_rows, &t, e));
    struct update u = {.b = b, .tree = &t, .output = output};
    u.n_leaves = tree_grower_leaves(b->grower, &u.leaves);
    for (int i = 0; s->loss == BOOST_QUANTILE && i < u.n_leaves; i++)
        renew_leaf(b, &t, &u.leaves[i]);
    for (int i = 0; i < u.n_leaves; i++)
        if (!isfinite(t.nodes[u.leaves[i].node].threshold))
            return tree_clear(&t), leaves_overflow(s, round, e);
    threads_run(update_part, &u, 2);
    return trees_add(out, &t, e);
}

/* The loss so far; false when it has not become better for `patience` rounds. */
static bool watch(struct boost *b, int32_t round, const double *base) {
    const struct boost_spec *s = b->s;
    double valid = NAN;
    if (s->valid) valid = loss_of(b, true, base);
    if (s->valid && !(valid >= b->best)) {
        b->best = valid;
        b->best_round = round;
    }
    if (s->progress) s->progress(s->user, round, loss_of(b, false, base), valid);
    return !s->valid || !s->patience || round - b->best_round < s->patience;
}

/* ---- all rounds ---- */

/* Asked before the first round: do all rounds have room if each tree grows as far as its rows and
 * settings let it? With patience most of them are never grown. */
static bool full_rounds_have_room(const struct boost_spec *s, int64_t outputs, struct err *e) {
    int64_t leaves = s->bins->n / (s->min_rows > 1 ? s->min_rows : 1);
    if (s->valid && s->patience) return true;
    if (leaves > s->leaves) leaves = s->leaves;
    if (s->max_depth > 0 && s->max_depth < 30 && leaves > (int64_t)1 << s->max_depth)
        leaves = (int64_t)1 << s->max_depth;
    return trees_full_room(s->rounds * outputs, leaves > 1 ? leaves : 1, e);
}

/* Asked after 16, 32, 64 ... rounds: have those to come room? With patience all rounds are a bound
 * that is rarely reached, so it is asked about the next ones only. `before`: bytes before the
 * first round. */
static bool rounds_have_room(const struct boost *b, int32_t round, size_t before, struct err *e) {
    const struct boost_spec *s = b->s;
    if (round < 16 || (round & (round - 1)) != 0) return true;
    int64_t k = b->n_outputs, to_come = s->rounds - round, most = INT32_MAX / 2;
    if (s->valid && s->patience && to_come > round) to_come = round;
    if (to_come * k < most) most = to_come * k;
    size_t live = pool_live_bytes();
    size_t taken = live > before ? live - before : 0;
    return trees_have_room((int32_t)(round * k), (int32_t)most, taken, e);
}

static bool prepare(struct boost *b, const double *base, struct err *e) {
    const struct boost_spec *s = b->s;
    size_t k = (size_t)b->n_outputs, n = (size_t)s->bins->n;
    size_t m = s->valid ? (size_t)s->valid->n : 0;
    b->score = pool_need(n * k * sizeof *b->score, e);
    b->valid_score = pool_need((m * k + 1) * sizeof *b->valid_score, e);
    b->gh = pool_need(n * k * sizeof *b->gh, e);
    b->y = pool_need(n * sizeof *b->y, e);
    b->residuals = pool_need(n * sizeof *b->residuals, e);
    b->chunk_sums = pool_need(((n > m ? n : m) / CHUNK + 1) * sizeof *b->chunk_sums, e);
    b->grower = tree_grower_new(s->bins, s->leaves, e);
    if (!b->score || !b->valid_score || !b->gh || !b->y || !b->residuals || !b->chunk_sums ||
        !b->grower)
        return false;
    double shift = s->loss == BOOST_SQUARED ? base[0] : 0;
    for (size_t i = 0; s->y && i < n; i++) b->y[i] = (float)(s->y[i] - shift);
    for (size_t c = 0; c < k && s->loss != BOOST_SQUARED; c++) {
        for (size_t i = 0; i < n; i++) b->score[c * n + i] = (float)base[c];
        for (size_t i = 0; i < m; i++) b->valid_score[c * m + i] = (float)base[c];
    }
    return true;
}

static void boost_clear(struct boost *b) {
    pool_free(b->score);
    pool_free(b->valid_score);
    pool_free(b->gh);
    pool_free(b->y);
    pool_free(b->residuals);
    pool_free(b->chunk_sums);
    tree_grower_free(b->grower);
}

static void drop_rounds(struct trees *out, int32_t from) {
    while (out->n > from) tree_clear(&out->items[--out->n]);
}

bool boost_grow(const struct boost_spec *s, struct trees *out, struct boost_result *r,
                struct err *e) {
    struct boost b = {.s = s, .n_outputs = s->loss == BOOST_SOFTMAX ? s->n_classes : 1};
    int32_t first = out->n;
    if (s->bins->n > INT32_MAX / 2)
        return err_set(e, ERR_VALUE, "Boosting reads at most a thousand million rows.");
    *r = (struct boost_result){0};
    b.best = INFINITY;
    b.all_rows = s->subsample >= 1;
    bool ok = full_rounds_have_room(s, b.n_outputs, e) && find_base(s, r->base, e) &&
              prepare(&b, r->base, e);
    bool more = true;
    size_t before = pool_live_bytes();
    for (int32_t round = 1; ok && more && round <= s->rounds; round++) {
        if (s->stop && atomic_load_explicit(s->stop, memory_order_relaxed)) {
            r->interrupted = true;
            break;
        }
        threads_run(gradient_part, &b, 2);
        for (int k = 0; ok && k < b.n_outputs; k++) ok = add_tree(&b, round, k, out, e);
        r->interrupted = !ok && e->kind == ERR_INTERRUPT; /* its round is dropped */
        ok = ok && rounds_have_room(&b, round, before, e);
        if (!ok) break;
        r->n_rounds = round;
        more = watch(&b, round, r->base);
    }
    if (r->interrupted) *e = (struct err){0};
    ok = ok || r->interrupted;
    if (ok && s->valid && b.best_round > 0) r->n_rounds = b.best_round;
    if (ok) drop_rounds(out, first + r->n_rounds * b.n_outputs);
    boost_clear(&b);
    return ok;
}
