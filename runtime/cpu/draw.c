/* Many random numbers at once; the same ones as rng.c draws singly. Bound: ten rounds of two
 * products for each four words. */
#include "isa.h"

/* Blocks are drawn BATCH at a time so that the ten rounds become vector code. */
enum { BATCH = 64 };

struct words {
    uint32_t w[4][BATCH]; /* word w of block j of the batch */
};

/* All the elements that a batch of blocks gives, in order. */
typedef void (*emit_fn)(const struct words *in, void *out, double p);

static void philox_blocks(struct rng_key key, uint64_t first, struct words *words) {
    uint32_t base[4], k[2];
    rng_counter(key, first, base, k);
    uint32_t *c0 = words->w[0], *c1 = words->w[1], *c2 = words->w[2], *c3 = words->w[3];
    for (uint32_t j = 0; j < BATCH; j++) {
        c0[j] = (uint32_t)(first + j);
        c1[j] = (uint32_t)((first + j) >> 32);
        c2[j] = base[2];
        c3[j] = base[3];
    }
    for (int round = 0; round < 10; round++) {
        for (int j = 0; j < BATCH; j++) {
            uint64_t a = (uint64_t)0xD2511F53u * c0[j], b = (uint64_t)0xCD9E8D57u * c2[j];
            c0[j] = (uint32_t)(b >> 32) ^ c1[j] ^ k[0];
            c1[j] = (uint32_t)b;
            c2[j] = (uint32_t)(a >> 32) ^ c3[j] ^ k[1];
            c3[j] = (uint32_t)a;
        }
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
}

struct draw_range {
    struct rng_key key;
    int64_t first, n;
    int64_t per_block; /* elements a block gives */
    size_t bytes;      /* of an element */
    double p;
};

static void draw(const struct draw_range *d, emit_fn emit, char *out) {
    int64_t per = d->per_block * BATCH, end = d->first + d->n;
    for (int64_t at = d->first / per * per; at < end; at += per) {
        struct words words;
        double elements[2 * BATCH]; /* the largest need: 128 doubles */
        philox_blocks(d->key, (uint64_t)(at / d->per_block), &words);
        emit(&words, elements, d->p);
        int64_t from = at < d->first ? d->first : at, to = at + per < end ? at + per : end;
        memcpy(out + (size_t)(from - d->first) * d->bytes,
               (const char *)elements + (size_t)(from - at) * d->bytes,
               (size_t)(to - from) * d->bytes);
    }
}

static void emit_uniform_f64(const struct words *in, void *out, double p) {
    double *o = out;
    (void)p;
    for (int j = 0; j < BATCH; j++) {
        o[2 * j] = rng_unit(in->w[0][j], in->w[1][j]);
        o[2 * j + 1] = rng_unit(in->w[2][j], in->w[3][j]);
    }
}

/* The leading 24 bits: rounding must not make a 1. */
static void emit_uniform_f32(const struct words *in, void *out, double p) {
    float *o = out;
    (void)p;
    for (int j = 0; j < BATCH; j++) {
        o[2 * j] = (float)(int32_t)(in->w[0][j] >> 8) * 0x1p-24f;
        o[2 * j + 1] = (float)(int32_t)(in->w[2][j] >> 8) * 0x1p-24f;
    }
}

static void emit_normal_f64(const struct words *in, void *out, double p) {
    double *o = out;
    (void)p;
    for (int j = 0; j < BATCH; j++) {
        uint32_t w[4] = {in->w[0][j], in->w[1][j], in->w[2][j], in->w[3][j]};
        o[j] = rng_gauss(w);
    }
}

static void emit_normal_f32(const struct words *in, void *out, double p) {
    double wide[BATCH];
    float *o = out;
    emit_normal_f64(in, wide, p);
    for (int j = 0; j < BATCH; j++) o[j] = (float)wide[j];
}

/* Element i is True when word i is below p * 2^32. */
static void emit_bernoulli(const struct words *in, void *out, double p) {
    uint8_t *o = out;
    double limit = p * 4294967296.0;
    uint64_t below = limit >= 4294967296.0 ? 4294967296u : limit > 0 ? (uint64_t)limit : 0;
    for (int j = 0; j < BATCH; j++)
        for (int w = 0; w < 4; w++) o[4 * j + w] = in->w[w][j] < below;
}

/* The first two words of a block as one number. */
static void emit_bits(const struct words *in, void *out, double p) {
    uint64_t *o = out;
    (void)p;
    for (int j = 0; j < BATCH; j++) o[j] = (uint64_t)in->w[0][j] << 32 | in->w[1][j];
}

#define DRAW(name, per, size)                                                                      \
    static void name(void *out, struct rng_key key, int64_t first, int64_t n, double p) {          \
        struct draw_range d = {key, first, n, per, size, p};                                       \
        draw(&d, emit_##name, out);                                                                \
    }
DRAW(uniform_f64, 2, 8)
DRAW(uniform_f32, 2, 4)
DRAW(normal_f64, 1, 8)
DRAW(normal_f32, 1, 4)
DRAW(bernoulli, 4, 1)
DRAW(bits, 1, 8)

const draw_fn ISA_NAME(draw_table)[DRAW_COUNT][DT_COUNT] = {
    [DRAW_UNIFORM] = {uniform_f64, uniform_f32},
    [DRAW_NORMAL] = {normal_f64, normal_f32},
    [DRAW_BERNOULLI] = {[DT_BOOL] = bernoulli},
    [DRAW_BITS] = {[DT_INT64] = bits},
};
