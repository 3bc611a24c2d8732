/* Inner loops of trees; see tree_kernels.h. Compiled once per instruction set (-DISA=avx2). Bounds:
 * hist_add makes one 8-byte load, add and store per row and feature (about one store a cycle);
 * hist_scan one division for 16 features and code; score_masks three operations for 16 rows and
 * node. */
#include "tree_kernels.h"
#include "../fmath.h"

#define JOIN_(name, isa) name##_##isa
#define JOIN(name, isa) JOIN_(name, isa)

typedef float f2 __attribute__((vector_size(8), aligned(4), may_alias));
typedef float f16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t i16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t u16 __attribute__((vector_size(64), aligned(4), may_alias));

#ifdef __clang__
#define DEINTERLEAVE_G(a, b)                                                                       \
    __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define DEINTERLEAVE_H(a, b)                                                                       \
    __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#else
#define DEINTERLEAVE_G(a, b)                                                                       \
    __builtin_shuffle(a, b, (i16){0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30})
#define DEINTERLEAVE_H(a, b)                                                                       \
    __builtin_shuffle(a, b, (i16){1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31})
#endif

static inline f16 all(float x) {
    return (f16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

static inline i16 all_i(int32_t x) {
    return (i16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

static inline f16 pick(i16 mask, f16 yes, f16 no) {
    return (f16)((mask & (i16)yes) | (~mask & (i16)no));
}

/* ---- histograms ---- */

enum { AHEAD = 24 };

static inline __attribute__((always_inline)) void add_rows(float *hist, const uint8_t *codes,
                                                           const int32_t *rows, int64_t n,
                                                           const struct gh *gh, int lanes) {
    for (int64_t i = 0; i < n; i++) {
        if (rows && i + AHEAD < n)
            __builtin_prefetch(codes + (int64_t)rows[i + AHEAD] * HIST_LANES);
        const uint8_t *c = codes + (rows ? rows[i] : i) * HIST_LANES;
        f2 pair = *(const f2 *)(const void *)(gh + i);
        for (int lane = 0; lane < lanes; lane++) /* one shift, and the rest in the address */
            *(f2 *)(void *)(hist + lane * 2 + (size_t)c[lane] * (HIST_LANES * 2)) += pair;
    }
}

static void hist_add(float *hist, const uint8_t *codes, const int32_t *rows, int64_t n,
                     const struct gh *gh, int lanes) {
    switch ((lanes + 1) / 2) { /* the number of features is a constant in each copy of the loop */
    case 1: add_rows(hist, codes, rows, n, gh, 2); return;
    case 2: add_rows(hist, codes, rows, n, gh, 4); return;
    case 3: add_rows(hist, codes, rows, n, gh, 6); return;
    case 4: add_rows(hist, codes, rows, n, gh, 8); return;
    case 5: add_rows(hist, codes, rows, n, gh, 10); return;
    case 6: add_rows(hist, codes, rows, n, gh, 12); return;
    case 7: add_rows(hist, codes, rows, n, gh, 14); return;
    default: add_rows(hist, codes, rows, n, gh, 16); return;
    }
}

static void hist_subtract(float *parent, const float *part, int n_codes) {
    for (int i = 0; i < (n_codes + 1) * 2; i++) {
        f16 *p = (f16 *)(void *)parent + i;
        *p -= ((const f16 *)(const void *)part)[i];
    }
}

/* ---- the best cut ---- */

struct best {
    f16 score;
    i16 cut, missing_left;
};

static inline void scan_from(const float *hist, const struct scan_spec *s, f16 gl, f16 hl,
                             bool missing_left, struct best *best) {
    const f16 *rows = (const f16 *)(const void *)hist;
    f16 l2 = all(s->l2), least = all(s->least), g = all(s->g), h = all(s->h);
    for (int code = 1; code <= s->n_codes; code++) {
        f16 low = rows[2 * code], high = rows[2 * code + 1];
        gl += DEINTERLEAVE_G(low, high);
        hl += DEINTERLEAVE_H(low, high);
        f16 gr = g - gl, hr = h - hl, dl = hl + l2, dr = hr + l2;
        f16 score = (gl * gl * dr + gr * gr * dl) / (dl * dr);
        i16 better = (hl >= least) & (hr >= least) & (score > best->score);
        best->score = pick(better, score, best->score);
        best->cut = (better & all_i(code)) | (~better & best->cut);
        best->missing_left = (better & all_i(missing_left)) | (~better & best->missing_left);
    }
}

static void put_best(const struct best *best, struct scan_result *out) {
    for (int i = 0; i < HIST_LANES; i++) {
        out->score[i] = best->score[i];
        out->cut[i] = best->cut[i];
        out->missing_left[i] = best->missing_left[i];
    }
}

static void hist_scan(const float *hist, const struct scan_spec *s, struct scan_result *out) {
    const f16 *rows = (const f16 *)(const void *)hist;
    struct best best = {.score = all(-1)};
    scan_from(hist, s, all(0), all(0), false, &best);
    if (s->missing)
        scan_from(hist, s, DEINTERLEAVE_G(rows[0], rows[1]), DEINTERLEAVE_H(rows[0], rows[1]), true,
                  &best);
    put_best(&best, out);
}

/* left += one code's counts; sums of squares and weights of both sides. */
static inline void class_step(const f16 *row, const float *total, f16 *left, int n, f16 sums[4]) {
    f16 sl = all(0), sr = all(0), hl = all(0), hr = all(0);
    for (int k = 0; k < n; k++) {
        f16 l = left[k] + row[k], r = all(total[k]) - l;
        left[k] = l;
        sl += l * l;
        sr += r * r;
        hl += l;
        hr += r;
    }
    sums[0] = sl;
    sums[1] = sr;
    sums[2] = hl;
    sums[3] = hr;
}

static void class_scan_from(const float *hist, const float *total, f16 *left,
                            const struct scan_spec *s, bool missing_left, struct best *best) {
    f16 least = all(s->least), sums[4];
    for (int code = 1; code <= s->n_codes; code++) {
        const f16 *row = (const f16 *)(const void *)hist + code * s->n_counters;
        class_step(row, total, left, s->n_counters, sums);
        f16 score = sums[0] / sums[2] + sums[1] / sums[3];
        i16 better = (sums[2] >= least) & (sums[3] >= least) & (score > best->score);
        best->score = pick(better, score, best->score);
        best->cut = (better & all_i(code)) | (~better & best->cut);
        best->missing_left = (better & all_i(missing_left)) | (~better & best->missing_left);
    }
}

static void class_scan(const float *hist, const float *total, float *room,
                       const struct scan_spec *s, struct scan_result *out) {
    f16 *left = (f16 *)(void *)room;
    struct best best = {.score = all(-1)};
    for (int k = 0; k < s->n_counters; k++) left[k] = all(0);
    class_scan_from(hist, total, left, s, false, &best);
    if (s->missing) {
        for (int k = 0; k < s->n_counters; k++) left[k] = ((const f16 *)(const void *)hist)[k];
        class_scan_from(hist, total, left, s, true, &best);
    }
    put_best(&best, out);
}

/* ---- gradients, scores, codes ---- */

static void logistic(struct gh *gh, const float *score, const float *y, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float p = 1.0f / (1.0f + fm_exp_f(-score[i]));
        gh[i].g = p - y[i];
        gh[i].h = p * (1.0f - p);
    }
}

/* log(1 + exp(m)) of each row goes to a strip first: a loop of that kind becomes vector code. */
static double logistic_loss(const float *score, const double *y, int64_t n) {
    enum { STRIP = 256, LANES = 16 };
    float terms[STRIP];
    f16 sums = all(0);
    double sum = 0;
    for (int64_t at = 0; at < n; at += STRIP) {
        int64_t k = n - at < STRIP ? n - at : STRIP;
        for (int64_t i = 0; i < k; i++) {
            float m = y[at + i] > 0.5 ? -score[at + i] : score[at + i];
            terms[i] = fm_softplus_f(m);
        }
        for (int64_t i = k; i < STRIP; i++) terms[i] = 0;
        for (int64_t i = 0; i < k; i += LANES) sums += *(const f16 *)(const void *)(terms + i);
    }
    for (int l = 0; l < LANES; l++) sum += (double)sums[l];
    return sum;
}

/* The position of the lowest bit, from the exponent of that bit as a float. */
static inline i16 lowest_bit(u16 bits) {
    u16 one = bits & -bits;
    f16 x = __builtin_convertvector((i16)one, f16);
    return (i16)((((u16)x >> 23) & 255) - 127);
}

static inline f16 look_up(const float *values, i16 at) {
#ifdef __clang__
    f16 out;
    for (int i = 0; i < 16; i++) out[i] = values[at[i]];
    return out;
#else
    const f16 *v = (const f16 *)(const void *)values;
    return __builtin_shuffle(v[0], v[1], at);
#endif
}

static inline __attribute__((always_inline)) void
masks(u16 bits[4], const float *x, const struct mask_node *nodes, int n_nodes, bool missing) {
    for (int i = 0; i < n_nodes; i++) {
        const f16 *column = (const f16 *)(const void *)(x + nodes[i].feature * SCORE_ROWS);
        f16 t = all(nodes[i].threshold);
        u16 keep = (u16)all_i((int32_t)nodes[i].keep);
        u16 odd = (u16)all_i((int32_t)nodes[i].missing_right);
        for (int k = 0; k < 4; k++) {
            u16 no = (u16)(column[k] > t);
            /* NOLINTNEXTLINE(misc-redundant-expression): only NaN differs from itself */
            if (missing) no |= (u16)(column[k] != column[k]) & odd;
            bits[k] &= ~no | keep;
        }
    }
}

static void score_masks(float out[SCORE_ROWS], const float *x, const struct mask_node *nodes,
                        int n_nodes, const float *values, bool missing) {
    u16 bits[4];
    for (int k = 0; k < 4; k++) bits[k] = (u16)all_i(-1);
    if (missing) masks(bits, x, nodes, n_nodes, true);
    else masks(bits, x, nodes, n_nodes, false);
    for (int k = 0; k < 4; k++) {
        f16 *o = (f16 *)(void *)(out + 16 * k);
        *o += look_up(values, lowest_bit(bits[k]));
    }
}

/* Eight steps of a binary search without branches, of a strip of values side by side. */
static void encode(uint8_t *codes, const float *x, int64_t n, const float *edges, int n_edges) {
    enum { STRIP = 256 };
    int width = 1;
    int32_t at[STRIP];
    while (width <= n_edges) width *= 2;
    for (int64_t begin = 0; begin < n; begin += STRIP) {
        int64_t k = n - begin < STRIP ? n - begin : STRIP;
        const float *v = x + begin;
        for (int64_t i = 0; i < k; i++) at[i] = 0;
        for (int32_t half = width / 2; half > 0; half /= 2)
            for (int64_t i = 0; i < k; i++) {
                int32_t next = at[i] + half;
                at[i] = edges[next - 1] < v[i] ? next : at[i];
            }
        for (int64_t i = 0; i < k; i++) codes[begin + i] = (uint8_t)(v[i] != v[i] ? 0 : at[i] + 1);
    }
}

const struct tree_kernels JOIN(tree_kernels, ISA) = {
    .name = "trees",
    .hist_add = hist_add,
    .hist_subtract = hist_subtract,
    .hist_scan = hist_scan,
    .class_scan = class_scan,
    .logistic = logistic,
    .logistic_loss = logistic_loss,
    .score_masks = score_masks,
    .encode = encode,
};
