/* Growing forests: a node draws its features, adds up a histogram of its rows for them (or, when it
 * has few rows, only for the codes that occur), and takes the best cut. */
#include "forest.h"
#include "question.h"
#include "../base/pool.h"
#include "../cpu/threads.h"
#include "../rng.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { FEW_ROWS = 48, BATCH = 16 };

/* What one thread needs. */
struct grower {
    const struct forest_spec *s;
    int32_t *rows, *other, *features;
    struct gh *gh; /* weight times target, weight */
    float *hist, *room, *total;
    struct code_sum *sums;
    struct node_task *stack;
    int32_t stack_cap;
    uint32_t words[4]; /* random words of the tree under way */
    uint64_t drawn;
    struct rng_key key;
    bool classes; /* more than two: class histograms */
    struct err e;
};

struct node_task {
    int32_t node, begin, n, depth;
};

/* A node's rows and sums. */
struct node_sums {
    const int32_t *rows;
    int32_t n;
    float g, h;
    bool pure;
};

static uint32_t draw(struct grower *w) {
    if ((w->drawn & 3) == 0) rng_block(w->key, w->drawn >> 2, w->words);
    return w->words[w->drawn++ & 3];
}

static uint32_t draw_below(struct grower *w, uint32_t n) {
    return (uint32_t)((uint64_t)draw(w) * n >> 32);
}

/* ---- sums of a node ---- */

static struct node_sums sum_node(struct grower *w, const struct node_task *t) {
    struct node_sums s = {.rows = w->rows + t->begin, .n = t->n, .pure = true};
    double g = 0, h = 0;
    float first = 0;
    for (int k = 0; w->classes && k < w->s->n_classes; k++) w->total[k] = 0;
    for (int32_t i = 0; i < t->n; i++) {
        int32_t row = s.rows[i];
        float y = w->s->labels ? (float)w->s->labels[row] : w->s->y[row];
        if (i == 0) first = y;
        s.pure = s.pure && y == first;
        g += (double)w->gh[row].g;
        h += (double)w->gh[row].h;
        if (w->classes && w->s->labels) w->total[w->s->labels[row]] += w->gh[row].h;
    }
    s.g = (float)g;
    s.h = (float)h;
    return s;
}

static float node_score(const struct grower *w, const struct node_sums *s) {
    if (!w->classes) return s->g * s->g / s->h;
    float squares = 0;
    for (int k = 0; k < w->s->n_classes; k++) squares += w->total[k] * w->total[k];
    return squares / s->h;
}

static float least_of(const struct grower *w) {
    return (float)w->s->min_rows - 0.5f;
}

/* ---- one feature, scalar ---- */

/* Histogram of one feature: cell c has `width` numbers: {g, h} or the counts of the classes. */
struct strip {
    float *cells;
    int64_t step; /* numbers from one code to the next */
    int64_t each; /* numbers from one counter to the next */
    uint64_t seen[4];
};

static double strip_weight(const struct grower *w, const struct strip *p, int code) {
    const float *c = p->cells + code * p->step;
    if (!w->classes) return (double)c[p->each];
    double sum = 0;
    for (int k = 0; k < w->s->n_classes; k++) sum += (double)c[k * p->each];
    return sum;
}

/* Score of "left" against the rest of the node. */
static float sides_score(const struct grower *w, const struct node_sums *s, const float *left,
                         float *weight) {
    if (!w->classes) {
        float gr = s->g - left[0], hr = s->h - left[1];
        *weight = left[1];
        return left[0] * left[0] / left[1] + gr * gr / hr;
    }
    float sl = 0, sr = 0, hl = 0;
    for (int k = 0; k < w->s->n_classes; k++) {
        float r = w->total[k] - left[k];
        sl += left[k] * left[k];
        sr += r * r;
        hl += left[k];
    }
    *weight = hl;
    return sl / hl + sr / (s->h - hl);
}

static void add_cell(const struct grower *w, const struct strip *p, int code, float *left) {
    const float *c = p->cells + code * p->step;
    int width = w->classes ? w->s->n_classes : 2;
    for (int k = 0; k < width; k++) left[k] += c[k * p->each];
}

static int next_seen(const struct strip *p, int code) {
    for (code++; code < HIST_CODES; code++) {
        uint64_t rest = p->seen[code >> 6] >> (code & 63);
        if (rest) return code + __builtin_ctzll(rest);
        code |= 63;
    }
    return HIST_CODES;
}

static float between(const struct bin_feature *f, int cut, int next) {
    float a = f->high[cut], b = next < HIST_CODES ? f->low[next] : a;
    float m = a + (b - a) / 2;
    return m >= a && m < b ? m : a;
}

static void try_cut(const struct grower *w, const struct node_sums *s, int feature, int cut,
                    const float *left, bool missing_left, struct split *best) {
    float weight, score = sides_score(w, s, left, &weight);
    if (weight < least_of(w) || s->h - weight < least_of(w) || !(score > best->score)) return;
    *best = (struct split){
        .score = score, .feature = feature, .cut = cut, .missing_left = missing_left};
}

static void try_cuts(const struct grower *w, const struct node_sums *s, int feature,
                     const struct strip *p, bool missing_left, struct split *best) {
    float left[256] = {0};
    if (missing_left) add_cell(w, p, 0, left);
    for (int code = next_seen(p, 0); code < HIST_CODES; code = next_seen(p, code)) {
        add_cell(w, p, code, left);
        try_cut(w, s, feature, code, left, missing_left, best);
    }
}

/* One cut drawn evenly between the node's smallest and largest value. */
static void try_random(struct grower *w, const struct node_sums *s, int feature,
                       const struct strip *p, struct split *best) {
    const struct bin_feature *f = &w->s->bins->features[feature];
    int first = next_seen(p, 0), last = first;
    for (int c = first; c < HIST_CODES; c = next_seen(p, c)) last = c;
    float u = (float)(draw(w) >> 8) * 0x1p-24f;
    if (first >= HIST_CODES || (first == last && !(p->seen[0] & 1))) return;
    float at = f->low[first] + u * (f->high[last] - f->low[first]), left[256] = {0};
    bool missing_left = (p->seen[0] & 1) && (draw(w) & 1);
    if (missing_left) add_cell(w, p, 0, left);
    int cut = first;
    for (int c = first; c < HIST_CODES && (c == first || f->high[c] <= at); c = next_seen(p, c)) {
        if (c == last && !(p->seen[0] & 1)) break;
        add_cell(w, p, c, left);
        cut = c;
    }
    struct split before = *best;
    try_cut(w, s, feature, cut, left, missing_left, best);
    if (best->score > before.score) best->threshold = at < f->high[cut] ? f->high[cut] : at;
}

/* Categories: by the mean target, or by the share of the node's commonest class. */
static void try_categories(struct grower *w, const struct node_sums *s, int feature,
                           const struct strip *p, struct split *best) {
    int n = 0, common = 0;
    for (int k = 1; w->classes && k < w->s->n_classes; k++)
        if (w->total[k] > w->total[common]) common = k;
    for (int code = p->seen[0] & 1 ? 0 : next_seen(p, 0); code < HIST_CODES;
         code = next_seen(p, code)) {
        const float *c = p->cells + code * p->step;
        double g = (double)c[w->classes ? common * p->each : 0];
        w->sums[n++] = (struct code_sum){g, strip_weight(w, p, code), code};
    }
    struct split made = {.score = -1, .feature = feature};
    if (!split_categories(w->sums, n, 0, (double)least_of(w), &made)) return;
    float left[256] = {0}, weight;
    for (int code = 0; code < HIST_CODES; code++)
        if (made.mask.bits[code >> 6] >> (code & 63) & 1) add_cell(w, p, code, left);
    made.score = sides_score(w, s, left, &weight);
    if (made.score > best->score) *best = made;
}

static void try_strip(struct grower *w, const struct node_sums *s, int feature,
                      const struct strip *p, struct split *best) {
    if (w->s->bins->features[feature].categorical) {
        try_categories(w, s, feature, p, best);
    } else if (w->s->random_cuts) {
        try_random(w, s, feature, p, best);
    } else {
        float before = best->score;
        try_cuts(w, s, feature, p, false, best);
        if (p->seen[0] & 1) try_cuts(w, s, feature, p, true, best);
        if (best->score > before)
            best->threshold =
                between(&w->s->bins->features[feature], best->cut, next_seen(p, best->cut));
    }
}

/* Few rows: only the codes that occur are touched. */
static void scan_few(struct grower *w, const struct node_sums *s, int feature, struct split *best) {
    int width = w->classes ? w->s->n_classes : 2;
    struct strip p = {.cells = w->hist, .step = width, .each = 1};
    const uint8_t *lane = bins_lane(w->s->bins, feature);
    for (int32_t i = 0; i < s->n; i++) {
        int32_t row = s->rows[i];
        int code = lane[(int64_t)row * HIST_LANES];
        float *cell = p.cells + code * width;
        uint64_t bit = UINT64_C(1) << (code & 63);
        if (!(p.seen[code >> 6] & bit)) memset(cell, 0, (size_t)width * sizeof *cell);
        p.seen[code >> 6] |= bit;
        if (w->classes) {
            cell[w->s->labels[row]] += w->gh[row].h;
        } else {
            cell[0] += w->gh[row].g;
            cell[1] += w->gh[row].h;
        }
    }
    try_strip(w, s, feature, &p, best);
}

/* ---- up to 16 features at once ---- */

static void add_up(struct grower *w, const struct node_sums *s, const int32_t *features, int n) {
    const uint8_t *lanes[HIST_LANES];
    int width = w->classes ? w->s->n_classes : 2;
    memset(w->hist, 0, (size_t)(HIST_CODES * HIST_LANES * width) * sizeof *w->hist);
    for (int k = 0; k < n; k++) lanes[k] = bins_lane(w->s->bins, features[k]);
    for (int32_t i = 0; i < s->n; i++) {
        int64_t row = s->rows[i];
        struct gh pair = w->gh[row];
        int label = w->classes ? w->s->labels[row] : 0;
        for (int k = 0; k < n; k++) {
            int code = lanes[k][row * HIST_LANES];
            if (w->classes) {
                w->hist[(code * width + label) * HIST_LANES + k] += pair.h;
            } else {
                float *cell = w->hist + (code * HIST_LANES + k) * 2;
                cell[0] += pair.g;
                cell[1] += pair.h;
            }
        }
    }
}

static struct strip strip_of(const struct grower *w, int lane, int n_codes) {
    struct strip p = {.cells = w->hist + (w->classes ? lane : 2 * lane),
                      .step = w->classes ? (int64_t)HIST_LANES * w->s->n_classes : 2 * HIST_LANES,
                      .each = w->classes ? HIST_LANES : 1};
    for (int code = 0; code <= n_codes; code++)
        if (strip_weight(w, &p, code) > 0) p.seen[code >> 6] |= UINT64_C(1) << (code & 63);
    return p;
}

static void scan_many(struct grower *w, const struct node_sums *s, const int32_t *features, int n,
                      struct split *best) {
    const struct bins *b = w->s->bins;
    add_up(w, s, features, n);
    struct scan_spec spec = {.g = s->g,
                             .h = s->h,
                             .least = least_of(w),
                             .missing = b->missing,
                             .n_counters = w->s->n_classes};
    struct scan_result r;
    bool vector = !w->s->random_cuts;
    for (int k = 0; k < n; k++)
        if (b->features[features[k]].n_codes > spec.n_codes)
            spec.n_codes = b->features[features[k]].n_codes;
    if (vector && w->classes) tree_kernels()->class_scan(w->hist, w->total, w->room, &spec, &r);
    else if (vector) tree_kernels()->hist_scan(w->hist, &spec, &r);
    for (int k = 0; k < n; k++) {
        const struct bin_feature *f = &b->features[features[k]];
        if (!vector || f->categorical) {
            struct strip p = strip_of(w, k, f->n_codes);
            try_strip(w, s, features[k], &p, best);
        } else if (r.score[k] > best->score) {
            *best = (struct split){.score = r.score[k],
                                   .feature = features[k],
                                   .cut = r.cut[k],
                                   .missing_left = r.missing_left[k]};
            struct strip p = strip_of(w, k, f->n_codes);
            best->threshold = between(f, best->cut, next_seen(&p, best->cut));
        }
    }
}

/* ---- one node ---- */

/* max_features at random; more of them while none can be cut. */
static struct split find_split(struct grower *w, const struct node_sums *s) {
    struct split best = {.score = -1};
    int32_t d = w->s->bins->d, tried = 0;
    while (tried < d && (tried < w->s->max_features || best.score < 0)) {
        int32_t group = w->s->max_features - tried % w->s->max_features;
        if (group > HIST_LANES) group = HIST_LANES;
        if (group > d - tried) group = d - tried;
        for (int32_t k = tried; k < tried + group && w->s->max_features < d; k++) {
            int32_t at = k + (int32_t)draw_below(w, (uint32_t)(d - k)), f = w->features[at];
            w->features[at] = w->features[k];
            w->features[k] = f;
        }
        if (s->n > FEW_ROWS) {
            scan_many(w, s, w->features + tried, group, &best);
        } else {
            for (int32_t k = tried; k < tried + group; k++) scan_few(w, s, w->features[k], &best);
        }
        tried += group;
    }
    return best;
}

static bool push(struct grower *w, struct node_task t, int32_t *n) {
    if (*n == w->stack_cap) {
        int32_t cap = w->stack_cap * 2;
        struct node_task *more = pool_realloc(w->stack, (size_t)cap * sizeof *more);
        if (!more) return err_memory(&w->e, (size_t)cap * sizeof *more);
        w->stack = more;
        w->stack_cap = cap;
    }
    w->stack[(*n)++] = t;
    return true;
}

static bool grow_node(struct grower *w, struct tree_builder *b, struct node_task t, int32_t *n) {
    struct node_sums s = sum_node(w, &t);
    b->tree.nodes[t.node].threshold = s.g / s.h;
    bool leaf = s.pure || t.n < 2 || (w->s->max_depth && t.depth >= w->s->max_depth);
    if (leaf || s.h < 2 * least_of(w)) return true;
    float parent = node_score(w, &s);
    struct split best = find_split(w, &s);
    if (best.score < 0 || (best.categorical && b->tree.n_masks == TREE_MASKS)) return true;
    uint8_t left[256];
    split_table(&best, left);
    int32_t n_left = (int32_t)split_divide(w->rows + t.begin, w->other, t.n,
                                           bins_column(w->s->bins, best.feature), left);
    if (n_left == 0 || n_left == t.n) return true;
    bool seen_missing = w->s->bins->features[best.feature].missing;
    struct tree_node q = {.threshold = best.threshold,
                          .feature = best.feature,
                          .cut = (uint8_t)best.cut,
                          .missing_right = seen_missing ? !best.missing_left : 2 * n_left < t.n};
    int32_t at = tree_split(b, t.node, &q, best.categorical ? &best.mask : NULL,
                            best.score > parent ? best.score - parent : 0, &w->e);
    return at >= 0 &&
           push(w, (struct node_task){at + 1, t.begin + n_left, t.n - n_left, t.depth + 1}, n) &&
           push(w, (struct node_task){at, t.begin, n_left, t.depth + 1}, n);
}

/* ---- one tree ---- */

/* The rows of the tree, each with how often it was drawn. */
static int32_t draw_rows(struct grower *w) {
    const struct forest_spec *s = w->s;
    int32_t n = (int32_t)s->bins->n, kept = 0;
    for (int32_t i = 0; i < n; i++) w->gh[i].h = s->bootstrap ? 0 : 1;
    for (int32_t i = 0; s->bootstrap && i < n; i++) w->gh[draw_below(w, (uint32_t)n)].h += 1;
    for (int32_t i = 0; i < n; i++) {
        w->gh[i].g = w->gh[i].h * (s->y ? s->y[i] : (float)s->labels[i]);
        if (w->gh[i].h > 0) w->rows[kept++] = i;
    }
    return kept;
}

/* Shares of the classes in every leaf, from the rows that end there. */
static void put_shares(struct grower *w, struct tree *t, int32_t n_rows) {
    int k = w->s->n_classes;
    for (int32_t i = 0; i < n_rows; i++) {
        int32_t row = w->rows[i], leaf = t->nodes[w->other[i]].left;
        t->shares[(int64_t)leaf * k + w->s->labels[row]] += w->gh[row].h;
    }
    for (int32_t leaf = 0; leaf < t->n_leaves; leaf++) {
        float sum = 0, *shares = t->shares + (int64_t)leaf * k;
        for (int i = 0; i < k; i++) sum += shares[i];
        for (int i = 0; i < k && sum > 0; i++) shares[i] /= sum;
    }
}

static bool grow_tree(struct grower *w, int number, struct tree *out) {
    struct tree_builder b;
    int32_t n = 0, n_rows;
    w->key = (struct rng_key){w->s->seed, w->s->stream, (uint64_t)number};
    w->drawn = 0;
    for (int32_t f = 0; f < w->s->bins->d; f++) w->features[f] = f;
    TRY(tree_begin(&b, w->classes ? w->s->n_classes : 1, &w->e));
    n_rows = draw_rows(w);
    bool ok = push(w, (struct node_task){0, 0, n_rows, 0}, &n);
    while (ok && n) {
        struct node_task t = w->stack[--n];
        ok = grow_node(w, &b, t, &n);
        bool leaf = ok && b.tree.nodes[t.node].feature < 0;
        /* rows of leaves are never moved again: `other` is free behind them, node by node */
        if (leaf && w->classes)
            for (int32_t i = t.begin; i < t.begin + t.n; i++) w->other[n_rows + i] = t.node;
        if (w->s->stop && atomic_load_explicit(w->s->stop, memory_order_relaxed))
            ok = err_set(&w->e, ERR_INTERRUPT, "Stopped.");
    }
    ok = ok && tree_end(&b, &w->e);
    if (ok && w->classes) {
        memcpy(w->other, w->other + n_rows, (size_t)n_rows * sizeof *w->other);
        put_shares(w, &b.tree, n_rows);
    }
    if (!ok) return tree_clear(&b.tree), false;
    *out = b.tree;
    return true;
}

/* ---- all trees ---- */

static bool grower_init(struct grower *w, const struct forest_spec *s, struct err *e) {
    size_t n = (size_t)s->bins->n + 1, d = (size_t)s->bins->d + 1;
    *w = (struct grower){.s = s, .stack_cap = 1024, .classes = s->labels && s->n_classes > 2};
    size_t width = w->classes ? (size_t)s->n_classes : 2;
    w->rows = pool_need(n * sizeof *w->rows, e);
    w->other = pool_need(2 * n * sizeof *w->other, e);
    w->gh = pool_need(n * sizeof *w->gh, e);
    w->features = pool_need(d * sizeof *w->features, e);
    w->hist = pool_need(HIST_CODES * HIST_LANES * width * sizeof *w->hist, e);
    w->room = pool_need(HIST_LANES * width * sizeof *w->room, e);
    w->total = pool_need(width * sizeof *w->total, e);
    w->sums = pool_need(HIST_CODES * sizeof *w->sums, e);
    w->stack = pool_need((size_t)w->stack_cap * sizeof *w->stack, e);
    return w->rows && w->other && w->gh && w->features && w->hist && w->room && w->total &&
           w->sums && w->stack;
}

static void grower_clear(struct grower *w) {
    void *all[] = {w->rows, w->other, w->gh,   w->features, w->hist,
                   w->room, w->total, w->sums, w->stack};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) pool_free(all[i]);
}

struct batch {
    struct grower growers[2];
    struct tree trees[BATCH];
    int first, n;
    bool ok[2];
};

static void grow_part(void *user, int part) {
    struct batch *b = user;
    b->ok[part] = true;
    for (int i = part; i < b->n && b->ok[part]; i += 2)
        b->ok[part] = grow_tree(&b->growers[part], b->first + i, &b->trees[i]);
}

static bool grow_batch(struct batch *b, struct trees *out, struct err *e) {
    threads_run(grow_part, b, 2);
    bool ok = b->ok[0] && b->ok[1];
    if (!ok) *e = b->growers[b->ok[0] ? 1 : 0].e;
    for (int i = 0; i < b->n; i++) {
        if (ok) ok = trees_add(out, &b->trees[i], e);
        else tree_clear(&b->trees[i]);
    }
    return ok;
}

bool forest_grow(const struct forest_spec *s, struct trees *out, struct err *e) {
    if (s->bins->n > INT32_MAX / 2)
        return err_set(e, ERR_VALUE, "A forest reads at most a thousand million rows.");
    struct batch *b = pool_need(sizeof *b, e);
    bool ok = b && grower_init(&b->growers[0], s, e) && grower_init(&b->growers[1], s, e);
    size_t before = pool_live_bytes();
    for (int i = 0; ok && i < s->n_trees; i += BATCH) {
        b->first = i;
        b->n = s->n_trees - i < BATCH ? s->n_trees - i : BATCH;
        ok = grow_batch(b, out, e);
        if (i == 0 && b->n < s->n_trees)
            ok = ok && trees_have_room(b->n, s->n_trees - b->n, pool_live_bytes() - before, e);
        if (ok && s->progress) s->progress(s->user, i + b->n, s->n_trees);
    }
    if (b) {
        grower_clear(&b->growers[0]);
        grower_clear(&b->growers[1]);
    }
    pool_free(b);
    return ok;
}
