/* Sums over many trees. Trees of up to 32 leaves are answered by bit masks, 64 rows at a time; the
 * others by walking, eight rows side by side, so that the waits of one walk are filled by the
 * others. */
#include "tree.h"
#include "../base/pool.h"
#include "../base/room.h"
#include "../cpu/threads.h"
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { MASK_LEAVES = 32, SIDE_BY_SIDE = 8 };

struct mask_tree {
    int32_t first, n;
    float values[MASK_LEAVES];
};

struct masks {
    struct mask_tree *trees;
    struct mask_node *nodes;
};

static bool too_large(int64_t trees, double need, const char *source, struct err *e) {
    size_t left = room_left();
    if (need <= 0.9 * (double)left) return true;
    err_set(e, ERR_MEMORY, "So many trees are too large for the memory of this machine.");
    err_fact(e, "trees", "%lld", (long long)trees);
    err_fact(e, "they need", "%.3g GB%s", need / 1e9, source);
    err_fact(e, "free", "%.3g GB", (double)left / 1e9);
    return err_hint(e, "Beyond some hundred trees little is gained. max_depth and min_rows make "
                       "each of them smaller.");
}

bool trees_full_room(int64_t n, int64_t leaves, struct err *e) {
    enum { BYTES = sizeof(struct tree_node) + sizeof(float) };
    double need = (double)n * (double)(2 * leaves - 1) * BYTES;
    char source[64];
    snprintf(source, sizeof source, ", if each grows to %lld leaves", (long long)leaves);
    return need < 1e8 || too_large(n, need, source, e);
}

bool trees_have_room(int32_t grown, int32_t to_come, size_t taken, struct err *e) {
    double need = (double)taken / grown * to_come;
    char source[64];
    snprintf(source, sizeof source, ", as the first %d tell", grown);
    return need < 1e8 || too_large((int64_t)grown + to_come, need, source, e);
}

bool trees_add(struct trees *s, struct tree *take, struct err *e) {
    if (s->n == s->cap) {
        int32_t cap = s->cap ? 2 * s->cap : 64;
        struct tree *more = pool_realloc(s->items, (size_t)cap * sizeof *more);
        if (!more) {
            tree_clear(take);
            return err_memory(e, (size_t)cap * sizeof *more);
        }
        s->items = more;
        s->cap = cap;
    }
    s->items[s->n++] = *take;
    *take = (struct tree){0};
    return true;
}

/* ---- preparing ---- */

/* Bits of the leaves below `at`: numbers from `first` on, in order. */
static uint32_t leaves_below(const struct tree *t, int32_t at) {
    if (t->nodes[at].feature < 0) return 1u << t->nodes[at].left;
    return leaves_below(t, t->nodes[at].left) | leaves_below(t, t->nodes[at].left + 1);
}

static void fill_masks(const struct tree *t, struct mask_tree *m, struct mask_node *nodes) {
    for (int32_t i = 0; i < t->n_nodes; i++) {
        const struct tree_node *q = &t->nodes[i];
        if (q->feature < 0) {
            m->values[q->left] = q->threshold;
            continue;
        }
        nodes[m->n++] = (struct mask_node){.threshold = q->threshold,
                                           .feature = q->feature,
                                           .keep = ~leaves_below(t, q->left),
                                           .missing_right = q->missing_right ? ~0u : 0};
    }
}

bool trees_prepare(struct trees *s, struct err *e) {
    int64_t n_nodes = 0;
    bool small = s->width <= 1;
    for (int32_t i = 0; i < s->n; i++) {
        small = small && s->items[i].n_leaves <= MASK_LEAVES && s->items[i].n_masks == 0;
        n_nodes += s->items[i].n_leaves - 1;
        s->categorical = s->categorical || s->items[i].n_masks > 0;
    }
    if (!small || s->n == 0) return true;
    s->masks = pool_need(sizeof *s->masks, e);
    if (!s->masks) return false;
    s->masks->trees = pool_need((size_t)s->n * sizeof *s->masks->trees, e);
    s->masks->nodes = pool_need((size_t)(n_nodes + 1) * sizeof *s->masks->nodes, e);
    if (!s->masks->trees || !s->masks->nodes) return false;
    int32_t at = 0;
    for (int32_t i = 0; i < s->n; i++) {
        struct mask_tree *m = &s->masks->trees[i];
        m->first = at;
        fill_masks(&s->items[i], m, s->masks->nodes + at);
        at += m->n;
    }
    return true;
}

void trees_clear(struct trees *s) {
    for (int32_t i = 0; i < s->n; i++) tree_clear(&s->items[i]);
    pool_free(s->items);
    if (s->masks) {
        pool_free(s->masks->trees);
        pool_free(s->masks->nodes);
    }
    pool_free(s->masks);
    *s = (struct trees){0};
}

/* ---- answers ---- */

struct answer {
    const struct trees *s;
    const struct design *x;
    double *out;
    const _Atomic bool *stop;
    float *rooms[2]; /* 64 rows of d numbers */
    int64_t chunks;
    _Atomic bool stopped;
};

/* 64 rows by masks: room is [feature][64]. */
static void answer_masks(const struct answer *a, float *room, int64_t begin, int64_t n) {
    const struct trees *s = a->s;
    float sums[SCORE_ROWS];
    bool missing = false;
    for (int f = 0; f < s->d; f++) {
        float *column = room + f * SCORE_ROWS;
        for (int64_t i = n; i < SCORE_ROWS; i++) column[i] = 0;
        design_floats(a->x, f, begin, n, column);
        for (int i = 0; i < SCORE_ROWS; i++) missing |= column[i] != column[i];
    }
    for (int k = 0; k < s->n_outputs; k++) {
        memset(sums, 0, sizeof sums);
        for (int32_t t = k; t < s->n; t += s->n_outputs) {
            const struct mask_tree *m = &s->masks->trees[t];
            tree_kernels()->score_masks(sums, room, s->masks->nodes + m->first, m->n, m->values,
                                        missing);
        }
        for (int64_t i = 0; i < n; i++) a->out[(begin + i) * s->n_outputs + k] = sums[i];
    }
}

/* Leaves of eight rows of numbers, (8, d). */
static void walk_side_by_side(const struct tree *t, const float *x, int d,
                              int32_t leaf[SIDE_BY_SIDE]) {
    int32_t at[SIDE_BY_SIDE] = {0};
    bool going = t->nodes[0].feature >= 0;
    while (going) {
        going = false;
        for (int r = 0; r < SIDE_BY_SIDE; r++) {
            const struct tree_node *q = &t->nodes[at[r]];
            int inside = q->feature >= 0;
            float v = x[r * d + (inside ? q->feature : 0)];
            int right = (v > q->threshold) | ((v != v) & q->missing_right);
            at[r] = inside ? q->left + right : at[r];
            going |= inside;
        }
    }
    memcpy(leaf, at, sizeof at);
}

static void add_leaf(const struct trees *s, const struct tree *t, int32_t leaf, double *out) {
    if (s->width <= 1) {
        *out += (double)t->nodes[leaf].threshold;
        return;
    }
    const float *shares = t->shares + (int64_t)t->nodes[leaf].left * s->width;
    for (int k = 0; k < s->width; k++) out[k] += (double)shares[k];
}

/* 64 rows by walking: room is (64, d). */
static void answer_walks(const struct answer *a, float *room, int64_t begin, int64_t n) {
    const struct trees *s = a->s;
    int width = s->n_outputs * s->width;
    float column[SCORE_ROWS];
    for (int f = 0; f < s->d; f++) {
        design_floats(a->x, f, begin, n, column);
        for (int i = 0; i < SCORE_ROWS; i++) room[i * s->d + f] = i < n ? column[i] : 0;
    }
    double *out = a->out + begin * width;
    memset(out, 0, (size_t)(n * width) * sizeof *out);
    for (int32_t t = 0; t < s->n; t++) {
        int32_t leaf[SIDE_BY_SIDE];
        const struct tree *tree = &s->items[t];
        for (int64_t i = 0; i < n; i += SIDE_BY_SIDE) {
            if (!s->categorical) walk_side_by_side(tree, room + i * s->d, s->d, leaf);
            for (int64_t r = i; r < i + SIDE_BY_SIDE && r < n; r++) {
                int32_t at = s->categorical ? tree_leaf(tree, room + r * s->d) : leaf[r - i];
                add_leaf(s, tree, at, out + r * width + (t % s->n_outputs) * s->width);
            }
        }
    }
}

static void answer_part(void *user, int part) {
    struct answer *a = user;
    int64_t begin = part ? a->chunks / 2 : 0, end = part ? a->chunks : a->chunks / 2;
    for (int64_t c = begin; c < end; c++) {
        int64_t row = c * SCORE_ROWS, left = a->x->n - row;
        if (a->stop && atomic_load_explicit(a->stop, memory_order_relaxed)) {
            atomic_store(&a->stopped, true);
            return;
        }
        if (a->s->masks)
            answer_masks(a, a->rooms[part], row, left < SCORE_ROWS ? left : SCORE_ROWS);
        else answer_walks(a, a->rooms[part], row, left < SCORE_ROWS ? left : SCORE_ROWS);
    }
}

bool trees_sum(const struct trees *s, const struct design *x, double *out, const _Atomic bool *stop,
               struct err *e) {
    struct answer a = {.s = s, .x = x, .out = out, .stop = stop};
    a.chunks = (x->n + SCORE_ROWS - 1) / SCORE_ROWS;
    size_t bytes = ((size_t)s->d + 1) * SCORE_ROWS * sizeof(float);
    a.rooms[0] = pool_need(bytes, e);
    a.rooms[1] = a.rooms[0] ? pool_need(bytes, e) : NULL;
    bool ok = a.rooms[1] != NULL;
    if (ok) threads_run(answer_part, &a, 2);
    pool_free(a.rooms[0]);
    pool_free(a.rooms[1]);
    if (ok && atomic_load(&a.stopped)) return err_set(e, ERR_INTERRUPT, "Stopped.");
    return ok;
}

/* ---- what they are made of ---- */

void trees_importance(const struct trees *s, bool each, double *out) {
    double total = 0;
    for (int f = 0; f < s->d; f++) out[f] = 0;
    for (int32_t i = 0; i < s->n; i++) {
        const struct tree *t = &s->items[i];
        double sum = 0;
        for (int32_t k = 0; k < t->n_nodes; k++) sum += (double)t->gains[k];
        for (int32_t k = 0; k < t->n_nodes; k++)
            if (t->nodes[k].feature >= 0 && sum > 0)
                out[t->nodes[k].feature] += (double)t->gains[k] / (each ? sum : 1);
    }
    for (int f = 0; f < s->d; f++) total += out[f];
    for (int f = 0; f < s->d && total > 0; f++) out[f] /= total;
}

int64_t trees_leaves(const struct trees *s) {
    int64_t n = 0;
    for (int32_t i = 0; i < s->n; i++) n += s->items[i].n_leaves;
    return n;
}

int32_t trees_depth(const struct trees *s) {
    int32_t depth = 0;
    for (int32_t i = 0; i < s->n; i++)
        if (s->items[i].depth > depth) depth = s->items[i].depth;
    return depth;
}
