/* Splits: each row gets the number of its part; then one permutation deals the rows out. */
#include "split.h"
#include "base/hash.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

void split_clear(struct split *s) {
    pool_free(s->rows);
    pool_free(s->starts);
    *s = (struct split){0};
}

void groups_clear(struct groups *g) {
    pool_free(g->of_row);
    *g = (struct groups){0};
}

static bool check_fractions(const double *fractions, int n_parts, struct err *e) {
    double sum = 0;
    for (int i = 0; i < n_parts; i++) {
        if (!(fractions[i] > 0))
            return err_set(e, ERR_VALUE, "Part %d of the split is %g%%, so it would be empty.",
                           i + 1, 100 * fractions[i]);
        sum += fractions[i];
    }
    if (fabs(sum - 1) <= 1e-9) return true;
    err_set(e, ERR_VALUE, "The parts of the split add up to %.6g%%, not to 100%%.", 100 * sum);
    return err_hint(e, "Write one share for each part, such as split(80%%, 10%%, 10%%).");
}

/* bounds[i] = rows before part i, of n: the shares, rounded. */
static void bounds_of(int64_t n, const double *fractions, int n_parts, int64_t *bounds) {
    double sum = 0;
    for (int i = 0; i < n_parts; i++) {
        bounds[i] = (int64_t)floor((double)n * sum + 0.5);
        sum += fractions[i];
    }
    bounds[n_parts] = n;
}

static bool make(struct split *s, int64_t n_rows, int n_parts, struct err *e) {
    *s = (struct split){.n_parts = n_parts};
    s->rows = pool_need((size_t)n_rows * sizeof *s->rows, e);
    s->starts = s->rows ? pool_need((size_t)(n_parts + 1) * sizeof *s->starts, e) : NULL;
    if (!s->starts) split_clear(s);
    return s->starts != NULL;
}

bool split_rows(struct rng_key key, int64_t n_rows, const double *fractions, int n_parts,
                struct split *out, struct err *e) {
    TRY(check_fractions(fractions, n_parts, e) && make(out, n_rows, n_parts, e));
    rng_permutation(key, out->rows, n_rows);
    bounds_of(n_rows, fractions, n_parts, out->starts);
    return true;
}

/* ---- groups ---- */

/* Rows are alike if they hold the same number, or the same text. */
struct cells {
    const double *numbers;
    const char *const *texts;
    const struct tensor *tensor;
};

static uint64_t cell_hash(const struct cells *c, int64_t row) {
    if (c->texts) {
        struct str s = str_of(c->texts[row]);
        return hash_bytes(s.p, s.n, s.p != NULL);
    }
    double x = c->tensor ? tensor_get(c->tensor, row) : c->numbers[row];
    x = isnan(x) ? NAN : x + 0.0; /* one NaN, one zero */
    return hash_bytes(&x, sizeof x, 0);
}

static bool cell_same(const struct cells *c, int64_t a, int64_t b) {
    if (c->texts) {
        bool missing = !c->texts[a] || !c->texts[b];
        return missing ? c->texts[a] == c->texts[b] : strcmp(c->texts[a], c->texts[b]) == 0;
    }
    double x = c->tensor ? tensor_get(c->tensor, a) : c->numbers[a];
    double y = c->tensor ? tensor_get(c->tensor, b) : c->numbers[b];
    return x == y || (isnan(x) && isnan(y));
}

/* slot[i]: 1 + the first row of a group. */
static void number_groups(const struct cells *c, struct groups *g, int64_t *slot, size_t mask) {
    for (int64_t row = 0; row < g->n_rows; row++) {
        size_t i = (size_t)cell_hash(c, row) & mask;
        while (slot[i] && !cell_same(c, slot[i] - 1, row)) i = (i + 1) & mask;
        if (slot[i]) {
            g->of_row[row] = g->of_row[slot[i] - 1];
        } else {
            slot[i] = row + 1;
            g->of_row[row] = g->n_groups++;
        }
    }
}

static bool find_groups(const struct cells *c, int64_t n_rows, struct groups *g, struct err *e) {
    *g = (struct groups){.n_rows = n_rows};
    size_t mask = 15;
    while (mask < 2 * (size_t)n_rows) mask = mask * 2 + 1;
    int64_t *slot = pool_need((mask + 1) * sizeof *slot, e);
    g->of_row = slot ? pool_need((size_t)n_rows * sizeof *g->of_row, e) : NULL;
    if (g->of_row) number_groups(c, g, slot, mask);
    pool_free(slot);
    return g->of_row != NULL;
}

bool groups_of_tensor(const struct tensor *labels, struct groups *out, struct err *e) {
    if (labels->shape.n != 1) {
        char shape[160];
        return err_set(e, ERR_SHAPE, "One label for each row is needed, and this has the shape %s.",
                       shape_print(&labels->shape, shape, sizeof shape));
    }
    return find_groups(&(struct cells){.tensor = labels}, labels->count, out, e);
}

bool groups_of_column(const struct column *c, int64_t n_rows, struct groups *out, struct err *e) {
    return find_groups(&(struct cells){.numbers = c->numbers, .texts = c->texts}, n_rows, out, e);
}

/* ---- parts by group ---- */

/* Deal the rows, in random order, to the parts that part_of names for them. */
static bool deal(struct rng_key key, const int32_t *part_of, int64_t n_rows, int n_parts,
                 struct split *out, struct err *e) {
    TRY(make(out, n_rows, n_parts, e));
    int64_t *order = pool_need((size_t)n_rows * sizeof *order, e);
    if (!order) return split_clear(out), false;
    rng_permutation(key, order, n_rows);
    for (int64_t row = 0; row < n_rows; row++) out->starts[part_of[row] + 1]++;
    for (int i = 0; i < n_parts; i++) out->starts[i + 1] += out->starts[i];
    for (int64_t k = 0; k < n_rows; k++) out->rows[out->starts[part_of[order[k]]]++] = order[k];
    for (int i = n_parts; i > 0; i--) out->starts[i] = out->starts[i - 1];
    out->starts[0] = 0;
    pool_free(order);
    return true;
}

/* Numbers of rows in each group; the caller's to free. */
static int64_t *group_sizes(const struct groups *g, struct err *e) {
    int64_t *size = pool_need((size_t)g->n_groups * sizeof *size, e);
    for (int64_t row = 0; size && row < g->n_rows; row++) size[g->of_row[row]]++;
    return size;
}

/* The part of the k-th row of a sequence (k from 1): no part is ever a whole row from its share of
 * the first k (Tijdeman, "The chairman assignment problem", 1980). Of the parts that have waited
 * long enough, the one whose time runs out first. */
static int part_at(int64_t k, const double *fractions, int n_parts, const int64_t *taken) {
    double least = n_parts > 1 ? 1.0 / (2 * n_parts - 2) : 0, soonest = INFINITY;
    int best = 0;
    for (int i = 0; i < n_parts; i++) {
        double lacks = fractions[i] * (double)k - (double)taken[i];
        double wait = (1 - least - lacks) / fractions[i];
        if (lacks < least - 1e-9 || wait >= soonest) continue;
        soonest = wait;
        best = i;
    }
    return best;
}

/* Rows in sequence, group after group, each in random order. `place` holds n_groups + 1 numbers. */
static void line_up(struct rng_key key, const struct groups *g, int64_t *place, int64_t *order,
                    int64_t *sequence) {
    rng_permutation(key, order, g->n_rows);
    for (int64_t row = 0; row < g->n_rows; row++) place[g->of_row[row] + 1]++;
    for (int64_t i = 0; i < g->n_groups; i++) place[i + 1] += place[i];
    for (int64_t k = 0; k < g->n_rows; k++) sequence[place[g->of_row[order[k]]]++] = order[k];
}

/* Dealt out along that sequence, every group comes within two rows of its shares, and the whole
 * within one. */
static bool assign_shares(struct rng_key key, const struct groups *g, const double *fractions,
                          int n_parts, int32_t *part_of, struct err *e) {
    int64_t *place = pool_need((size_t)(g->n_groups + 1) * sizeof *place, e);
    int64_t *order = place ? pool_need((size_t)g->n_rows * sizeof *order, e) : NULL;
    int64_t *sequence = order ? pool_need((size_t)g->n_rows * sizeof *sequence, e) : NULL;
    int64_t *taken = sequence ? pool_need((size_t)n_parts * sizeof *taken, e) : NULL;
    if (taken) line_up(key, g, place, order, sequence);
    for (int64_t k = 0; taken && k < g->n_rows; k++) {
        int part = part_at(k + 1, fractions, n_parts, taken);
        taken[part]++;
        part_of[sequence[k]] = part;
    }
    bool ok = taken != NULL;
    pool_free(taken);
    pool_free(sequence);
    pool_free(order);
    pool_free(place);
    return ok;
}

static bool check_sizes(const int64_t *size, int64_t n_groups, int64_t n_rows, struct err *e) {
    for (int64_t i = 0; i < n_groups; i++) {
        if (size[i] > 1) continue;
        err_set(e, ERR_VALUE, "Rows cannot be shared out evenly: one group has a single row.");
        err_fact(e, "rows", "%lld", (long long)n_rows);
        err_fact(e, "groups", "%lld", (long long)n_groups);
        return err_hint(e, "Stratify by a label with few values, each of them in several rows.");
    }
    return true;
}

bool split_stratified(struct rng_key key, const struct groups *g, const double *fractions,
                      int n_parts, struct split *out, struct err *e) {
    TRY(check_fractions(fractions, n_parts, e));
    struct rng_key second = {key.seed, key.stream, key.step + 1};
    int64_t *size = group_sizes(g, e);
    int32_t *part_of = size ? pool_need((size_t)g->n_rows * sizeof *part_of, e) : NULL;
    bool ok = part_of && check_sizes(size, g->n_groups, g->n_rows, e) &&
              assign_shares(key, g, fractions, n_parts, part_of, e) &&
              deal(second, part_of, g->n_rows, n_parts, out, e);
    pool_free(part_of);
    pool_free(size);
    return ok;
}

/* Groups in random order, each to the part that lacks most rows. */
static bool assign_groups(struct rng_key key, const struct groups *g, const double *fractions,
                          int n_parts, const int64_t *size, int32_t *part_of, struct err *e) {
    int64_t *order = pool_need((size_t)g->n_groups * sizeof *order, e);
    double *lacks = order ? pool_need((size_t)n_parts * sizeof *lacks, e) : NULL;
    int32_t *part = lacks ? pool_need((size_t)g->n_groups * sizeof *part, e) : NULL;
    if (part) rng_permutation(key, order, g->n_groups);
    for (int i = 0; part && i < n_parts; i++) lacks[i] = fractions[i] * (double)g->n_rows;
    for (int64_t k = 0; part && k < g->n_groups; k++) {
        int best = 0;
        for (int i = 1; i < n_parts; i++) best = lacks[i] > lacks[best] ? i : best;
        part[order[k]] = best;
        lacks[best] -= (double)size[order[k]];
    }
    for (int64_t row = 0; part && row < g->n_rows; row++) part_of[row] = part[g->of_row[row]];
    bool ok = part != NULL;
    pool_free(part);
    pool_free(lacks);
    pool_free(order);
    return ok;
}

bool split_together(struct rng_key key, const struct groups *g, const double *fractions,
                    int n_parts, struct split *out, struct err *e) {
    TRY(check_fractions(fractions, n_parts, e));
    if (g->n_groups < n_parts)
        return err_set(e, ERR_VALUE, "%lld group%s cannot be split into %d parts.",
                       (long long)g->n_groups, g->n_groups == 1 ? "" : "s", n_parts);
    struct rng_key second = {key.seed, key.stream, key.step + 1};
    int64_t *size = group_sizes(g, e);
    int32_t *part_of = size ? pool_need((size_t)g->n_rows * sizeof *part_of, e) : NULL;
    bool ok = part_of && assign_groups(key, g, fractions, n_parts, size, part_of, e) &&
              deal(second, part_of, g->n_rows, n_parts, out, e);
    pool_free(part_of);
    pool_free(size);
    return ok;
}

bool split_folds(struct rng_key key, const struct groups *g, int64_t n_rows, int k,
                 struct split *out, struct err *e) {
    if (k < 2 || k > n_rows)
        return err_set(e, ERR_VALUE, "%lld rows cannot be split into %d folds.", (long long)n_rows,
                       k);
    double *fractions = pool_need((size_t)k * sizeof *fractions, e);
    if (!fractions) return false;
    for (int i = 0; i < k; i++) fractions[i] = 1.0 / k;
    bool ok = g ? split_stratified(key, g, fractions, k, out, e)
                : split_rows(key, n_rows, fractions, k, out, e);
    pool_free(fractions);
    return ok;
}
