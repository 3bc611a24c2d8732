/* Numbers as codes of one byte: the histogram trees' view of a table. Code 0 is a missing value,
 * 1 … 255 are bins in the order of the values; a cut after code c is the question
 * "x <= edges[c - 1]". With at most 255 different values the bins are exact; with more they hold
 * equal shares of up to 200,000 rows drawn evenly.
 *
 * Features stand in blocks of up to 16: codes lie as [block][row][16], so that a row of a block is
 * a quarter of a cache line, and two threads take different blocks. They lie as [feature][row] a
 * second time, for questions about one feature of many rows. */
#pragma once
#include "design.h"
#include "tree_kernels.h"

struct bin_feature {
    int32_t n_codes;  /* largest code; 0 = only missing values */
    bool categorical; /* code = 1 + category */
    bool missing;     /* there are some */
    float edges[256]; /* limits of codes 1 … n_codes - 1, then infinity */
    float low[256];   /* smallest and largest value of each code, as far as sampled */
    float high[256];
};

struct bins {
    int64_t n;
    int32_t d, n_blocks, lanes; /* lanes: features of a block; feature f is lane f % lanes */
    struct bin_feature *features;
    int32_t *block_codes; /* largest code of each block */
    uint8_t *codes, *columns;
    bool missing, categorical; /* some feature is */
};

/* Bins for x; with `s`, columns of texts become categories. `stop`, here and below, ends it with an
 * error. */
struct bins *bins_new(const struct design *x, const struct feature_set *s, const _Atomic bool *stop,
                      struct err *e);
/* Other rows in the bins of `like`. */
struct bins *bins_like(const struct bins *like, const struct design *x, const _Atomic bool *stop,
                       struct err *e);
void bins_free(struct bins *b);

/* Codes of one feature in the blocks, HIST_LANES apart; and on their own, one after the other. */
static inline uint8_t *bins_lane(const struct bins *b, int f) {
    return b->codes + ((int64_t)(f / b->lanes) * b->n) * HIST_LANES + f % b->lanes;
}
static inline uint8_t *bins_column(const struct bins *b, int f) {
    return b->columns + (int64_t)f * b->n;
}
static inline uint8_t bins_code(const struct bins *b, int f, int64_t row) {
    return bins_lane(b, f)[row * HIST_LANES];
}
