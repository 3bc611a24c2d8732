/* Leaf-wise growth. A leaf that may be split has a histogram in a slot of its own; when it is
 * split, the smaller side is added up anew, and the larger one is what is left of the parent's.
 * Blocks of features are shared out between two threads, so that no sum depends on their number. */
#include "grow.h"
#include "../base/pool.h"
#include "../base/room.h"
#include "../cpu/threads.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum {
    ALONE = 600,   /* rows times blocks below which one thread is faster */
    LARGE = 16384, /* rows worth two threads for one pass over them */
    AHEAD = 24     /* rows */
};

struct leaf {
    struct grown_leaf at;
    int32_t depth, slot; /* slot -1: cannot be split */
    struct split best;   /* score: the gain; 0 or less: none */
};

struct tree_grower {
    const struct bins *bins;
    const struct grow_spec *s;
    int32_t *rows, *other;
    struct gh *ordered; /* the pairs of the leaf that is added up, in the order of its rows */
    float *hist;        /* [slot][block] */
    int32_t n_slots, free_slots;
    int32_t *slots; /* stack of free ones */
    struct leaf *leaves;
    struct grown_leaf *grown;
    int32_t n_leaves;
    struct side {
        struct leaf *leaf;
        struct split best;
    } sides[2][2]; /* [part][side]: what each thread found */
};

static float *hist_of(const struct tree_grower *w, int slot, int block) {
    return w->hist + ((int64_t)slot * w->bins->n_blocks + block) * HIST_FLOATS;
}

/* Every leaf that grows keeps a histogram of all columns. */
static bool leaves_have_room(const struct bins *b, size_t slots, struct err *e) {
    double need = (double)slots * b->n_blocks * HIST_FLOATS * sizeof(float);
    if (need < 1e8) return true;
    size_t left = room_left();
    if (need <= 0.9 * (double)left) return true;
    err_set(e, ERR_MEMORY, "Trees of so many leaves are too large for the memory of this machine.");
    err_fact(e, "leaves", "%zu", slots - 1);
    err_fact(e, "they need", "%.3g GB while a tree grows", need / 1e9);
    err_fact(e, "free", "%.3g GB", (double)left / 1e9);
    return err_hint(e, "Boosting adds many small trees: 31 leaves are usual.");
}

struct tree_grower *tree_grower_new(const struct bins *b, int leaves, struct err *e) {
    size_t n = (size_t)b->n + 1; /* no tree has more leaves than rows */
    size_t slots = (size_t)leaves < n ? (size_t)leaves + 1 : n;
    if (!leaves_have_room(b, slots, e)) return NULL;
    struct tree_grower *w = pool_need(sizeof *w, e);
    if (!w) return NULL;
    w->bins = b;
    w->n_slots = (int32_t)slots;
    w->rows = pool_need(n * sizeof *w->rows, e);
    w->other = pool_need(n * sizeof *w->other, e);
    w->ordered = pool_need(n * sizeof *w->ordered, e);
    w->slots = pool_need(slots * sizeof *w->slots, e);
    w->leaves = pool_need(slots * sizeof *w->leaves, e);
    w->grown = pool_need(slots * sizeof *w->grown, e);
    w->hist = pool_need(slots * (size_t)b->n_blocks * HIST_FLOATS * sizeof *w->hist, e);
    if (w->rows && w->other && w->ordered && w->slots && w->leaves && w->grown && w->hist) return w;
    tree_grower_free(w);
    return NULL;
}

void tree_grower_free(struct tree_grower *w) {
    if (!w) return;
    pool_free(w->rows);
    pool_free(w->other);
    pool_free(w->ordered);
    pool_free(w->slots);
    pool_free(w->leaves);
    pool_free(w->grown);
    pool_free(w->hist);
    pool_free(w);
}

int32_t *tree_grower_rows(struct tree_grower *w) {
    return w->rows;
}

int tree_grower_leaves(const struct tree_grower *w, const struct grown_leaf **leaves) {
    *leaves = w->grown;
    return w->n_leaves;
}

/* ---- the best split of a histogram ---- */

static void try_categories(const struct tree_grower *w, const float *hist, int lane, int feature,
                           double least, struct split *best) {
    struct code_sum sums[HIST_CODES];
    struct split made = {.feature = feature};
    int n_codes = w->bins->features[feature].n_codes;
    for (int code = 0; code <= n_codes; code++) {
        const float *cell = hist + (code * HIST_LANES + lane) * 2;
        sums[code] = (struct code_sum){(double)cell[0], (double)cell[1], code};
        if (sums[code].h < least * 1e-3) sums[code].h = 0;
    }
    if (!split_categories(sums, n_codes + 1, w->s->l2, least, &made)) return;
    if (made.score > best->score) *best = made;
}

static double least_of(const struct tree_grower *w, const struct leaf *leaf) {
    double share = ((double)w->s->min_rows - 0.5) / (double)leaf->at.n;
    double least = share * leaf->at.h;
    return least > 1e-6 ? least : 1e-6;
}

static void scan_block(struct tree_grower *w, const struct leaf *leaf, int block,
                       struct split *best) {
    const struct bins *b = w->bins;
    const float *hist = hist_of(w, leaf->slot, block);
    double least = least_of(w, leaf);
    struct scan_spec spec = {.n_codes = b->block_codes[block],
                             .g = (float)leaf->at.g,
                             .h = (float)leaf->at.h,
                             .l2 = (float)w->s->l2,
                             .least = (float)least,
                             .missing = b->missing};
    struct scan_result r;
    tree_kernels()->hist_scan(hist, &spec, &r);
    for (int lane = 0; lane < b->lanes; lane++) {
        int f = block * b->lanes + lane;
        if (f >= b->d) break;
        if (b->features[f].categorical) {
            try_categories(w, hist, lane, f, least, best);
        } else if (r.score[lane] > best->score) {
            *best = (struct split){.score = r.score[lane],
                                   .feature = f,
                                   .cut = r.cut[lane],
                                   .missing_left = r.missing_left[lane]};
        }
    }
}

/* ---- histograms ---- */

struct step {
    struct tree_grower *w;
    struct leaf *small, *large; /* large NULL: the root */
    bool build;
};

static void add_up(struct tree_grower *w, const struct leaf *leaf, int block) {
    const struct bins *b = w->bins;
    float *hist = hist_of(w, leaf->slot, block);
    size_t codes = (size_t)b->block_codes[block] + 1;
    int lanes = b->d - block * b->lanes < b->lanes ? b->d - block * b->lanes : b->lanes;
    memset(hist, 0, codes * HIST_LANES * 2 * sizeof *hist);
    bool all = leaf->at.n == b->n;
    if (lanes > 0)
        tree_kernels()->hist_add(hist, b->codes + (int64_t)block * b->n * HIST_LANES,
                                 all ? NULL : w->rows + leaf->at.begin, leaf->at.n,
                                 all ? w->s->gh : w->ordered, lanes);
}

/* The small side's histogram, the large side's by subtraction; then the best split of each. */
static void work_blocks(void *user, int part) {
    struct step *t = user;
    struct tree_grower *w = t->w;
    struct side *sides = w->sides[part];
    for (int i = 0; i < 2; i++) sides[i].best = (struct split){.score = -1};
    for (int block = part; block < w->bins->n_blocks; block += 2) {
        add_up(w, t->small, block);
        if (t->large)
            tree_kernels()->hist_subtract(hist_of(w, t->large->slot, block),
                                          hist_of(w, t->small->slot, block),
                                          w->bins->block_codes[block]);
        if (t->small->at.n >= 2 * w->s->min_rows) scan_block(w, t->small, block, &sides[0].best);
        if (t->large && t->large->at.n >= 2 * w->s->min_rows)
            scan_block(w, t->large, block, &sides[1].best);
    }
}

static void choose(struct tree_grower *w, struct leaf *leaf, int side) {
    const struct split *a = &w->sides[0][side].best, *b = &w->sides[1][side].best;
    leaf->best = b->score > a->score || (b->score == a->score && b->feature < a->feature) ? *b : *a;
    if (leaf->best.score < 0) return;
    double own = leaf->at.g * leaf->at.g / (leaf->at.h + w->s->l2);
    leaf->best.score = (float)((double)leaf->best.score - own);
}

static void search_leaves(struct tree_grower *w, struct leaf *small, struct leaf *large) {
    struct step t = {.w = w, .small = small, .large = large};
    if ((int64_t)small->at.n * w->bins->n_blocks < ALONE) {
        work_blocks(&t, 0);
        work_blocks(&t, 1);
    } else {
        threads_run(work_blocks, &t, 2);
    }
    choose(w, small, 0);
    if (large) choose(w, large, 1);
}

/* ---- splitting ---- */

/* The pairs of a leaf in the order of its rows, and their sums; of many rows each half for itself,
 * whether on two threads or on one. */
struct gather {
    struct tree_grower *w;
    const int32_t *rows;
    int32_t n, middle;
    struct {
        double g, h;
    } sums[2];
};

static void gather_part(void *user, int part) {
    struct gather *t = user;
    const struct gh *gh = t->w->s->gh;
    double g = 0, h = 0;
    int32_t end = part ? t->n : t->middle;
    for (int32_t i = part ? t->middle : 0; i < end; i++) {
        if (i + AHEAD < end) __builtin_prefetch(gh + t->rows[i + AHEAD]);
        struct gh pair = gh[t->rows[i]];
        t->w->ordered[i] = pair;
        g += (double)pair.g;
        h += (double)pair.h;
    }
    t->sums[part].g = g;
    t->sums[part].h = h;
}

static void sum_rows(struct tree_grower *w, struct grown_leaf *leaf) {
    struct gather t = {.w = w, .rows = w->rows + leaf->begin, .n = leaf->n, .middle = leaf->n};
    if (leaf->n >= LARGE) t.middle = leaf->n / 2;
    if (leaf->n >= LARGE) threads_run(gather_part, &t, 2);
    else gather_part(&t, 0);
    leaf->g = t.sums[0].g + t.sums[1].g;
    leaf->h = t.sums[0].h + t.sums[1].h;
}

static bool may_split(const struct tree_grower *w, const struct leaf *leaf) {
    return (w->s->max_depth == 0 || leaf->depth < w->s->max_depth) &&
           leaf->at.n >= 2 * w->s->min_rows && leaf->at.n >= 2;
}

/* Two leaves from one; the left one stays in its place. NULL: the question does not divide. */
static struct leaf *divide(struct tree_grower *w, struct leaf *from) {
    uint8_t left[256];
    split_table(&from->best, left);
    int32_t begin = from->at.begin;
    int32_t n_left = (int32_t)split_divide(w->rows + begin, w->other, from->at.n,
                                           bins_column(w->bins, from->best.feature), left);
    if (n_left == 0 || n_left == from->at.n) return NULL;
    struct leaf *right = &w->leaves[w->n_leaves++];
    struct grown_leaf all = from->at;
    *right = (struct leaf){
        .at = {.begin = begin + n_left, .n = all.n - n_left}, .depth = from->depth + 1, .slot = -1};
    from->at.n = n_left;
    from->depth++;
    struct leaf *small = n_left <= right->at.n ? from : right;
    struct leaf *large = small == from ? right : from;
    sum_rows(w, &small->at);
    large->at.g = all.g - small->at.g;
    large->at.h = all.h - small->at.h;
    return right;
}

static bool put_question(struct tree_grower *w, struct tree_builder *b, struct leaf *from,
                         const struct split *s, struct leaf *right, struct err *e) {
    const struct bin_feature *f = &w->bins->features[s->feature];
    int32_t n_right = right->at.n;
    struct tree_node q = {.threshold = f->edges[s->cut > 0 ? s->cut - 1 : 0],
                          .feature = s->feature,
                          .cut = (uint8_t)s->cut,
                          .missing_right = f->missing ? !s->missing_left : n_right > from->at.n};
    int32_t at = tree_split(b, from->at.node, &q, s->categorical ? &s->mask : NULL, s->score, e);
    if (at < 0) return false;
    from->at.node = at;
    right->at.node = at + 1;
    return true;
}

/* After a split: slots and searches for the two sides. */
static void search_sides(struct tree_grower *w, struct leaf *left, struct leaf *right) {
    struct leaf *small = left->at.n <= right->at.n ? left : right;
    struct leaf *large = small == left ? right : left;
    int32_t slot = left->slot;
    left->best.score = right->best.score = -1;
    left->slot = -1;
    if (!may_split(w, small) && !may_split(w, large)) {
        w->slots[w->free_slots++] = slot;
        return;
    }
    large->slot = slot;
    small->slot = w->slots[--w->free_slots];
    search_leaves(w, small, large);
    for (int i = 0; i < 2; i++) {
        struct leaf *leaf = i ? large : small;
        if (leaf->best.score > 0) continue;
        w->slots[w->free_slots++] = leaf->slot;
        leaf->slot = -1;
    }
}

static struct leaf *best_leaf(struct tree_grower *w) {
    struct leaf *best = NULL;
    for (int i = 0; i < w->n_leaves; i++) {
        struct leaf *l = &w->leaves[i];
        if (l->slot >= 0 && l->best.score > 1e-9f && (!best || l->best.score > best->best.score))
            best = l;
    }
    return best;
}

static bool grow_all(struct tree_grower *w, struct tree_builder *b, struct err *e) {
    const _Atomic bool *stop = w->s->stop;
    while (w->n_leaves < w->s->leaves) {
        if (stop && atomic_load_explicit(stop, memory_order_relaxed))
            return err_set(e, ERR_INTERRUPT, "Stopped.");
        struct leaf *from = best_leaf(w);
        if (!from) break;
        struct split s = from->best;
        struct leaf *right = divide(w, from);
        if (!right) {
            w->slots[w->free_slots++] = from->slot;
            from->slot = -1;
            continue;
        }
        TRY(put_question(w, b, from, &s, right, e));
        if (w->n_leaves == w->s->leaves) break;
        search_sides(w, from, right);
    }
    return true;
}

bool tree_grow(struct tree_grower *w, const struct grow_spec *s, int64_t n_rows, struct tree *out,
               struct err *e) {
    struct tree_builder b;
    TRY(tree_begin(&b, 1, e));
    w->s = s;
    w->free_slots = 0;
    for (int32_t i = w->n_slots - 1; i > 0; i--) w->slots[w->free_slots++] = i;
    w->n_leaves = 1;
    w->leaves[0] = (struct leaf){.at = {.n = (int32_t)n_rows}, .best = {.score = -1}};
    sum_rows(w, &w->leaves[0].at);
    if (may_split(w, &w->leaves[0]) && s->leaves > 1) search_leaves(w, &w->leaves[0], NULL);
    bool ok = grow_all(w, &b, e);
    for (int i = 0; ok && i < w->n_leaves; i++) {
        const struct grown_leaf *l = &w->leaves[i].at;
        w->grown[i] = *l;
        b.tree.nodes[l->node].threshold = (float)(-s->rate * l->g / (l->h + s->l2 + 1e-12));
    }
    ok = ok && tree_end(&b, e);
    if (!ok) return tree_clear(&b.tree), false;
    *out = b.tree;
    return true;
}
