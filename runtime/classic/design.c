/* Columns read in place, and what a fitted model remembers of them. */
#include "design.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- making ---- */

static bool make_features(struct design *x, int64_t n, int64_t d, struct err *e) {
    *x = (struct design){.n = n};
    if (d > 1 << 20)
        return err_set(e, ERR_VALUE, "A classical model reads at most a million columns, not %lld.",
                       (long long)d);
    x->features = pool_need((size_t)(d ? d : 1) * sizeof *x->features, e);
    x->d = (int32_t)d;
    return x->features != NULL;
}

bool design_from_tensor(struct design *x, const struct tensor *t, struct err *e) {
    int64_t n = t->shape.n ? t->shape.size[0] : 1, d = n ? t->count / n : 0;
    TRY(make_features(x, n, d, e));
    size_t bytes = dtype_bytes(t->dtype);
    for (int64_t f = 0; f < d; f++)
        x->features[f] = (struct feature){.dtype = t->dtype,
                                          .base = (const char *)t->data + (size_t)f * bytes,
                                          .step = d * (int64_t)bytes};
    return true;
}

bool design_from_table(struct design *x, const struct table *t, struct err *e) {
    TRY(make_features(x, t->n_rows, t->n_columns, e));
    for (int f = 0; f < x->d; f++) {
        const struct column *c = &t->columns[f];
        x->features[f] = (struct feature){.name = c->name,
                                          .dtype = DT_FLOAT64,
                                          .base = (const char *)c->numbers,
                                          .step = sizeof(double),
                                          .texts = c->kind == COLUMN_TEXT ? c->texts : NULL,
                                          .levels = c->levels};
    }
    return true;
}

void design_clear(struct design *x) {
    for (int f = 0; x->features && f < x->d; f++) pool_free(x->features[f].owned);
    pool_free(x->features);
    *x = (struct design){0};
}

bool design_part_begin(struct design *part, const struct design *of, struct err *e) {
    return make_features(part, 0, of->d, e);
}

void design_part(struct design *part, const struct design *of, int64_t begin, int64_t n) {
    part->n = n;
    for (int f = 0; f < of->d; f++) {
        part->features[f] = of->features[f];
        part->features[f].base += begin * of->features[f].step;
    }
}

void design_part_end(struct design *part) {
    pool_free(part->features); /* what the columns own is the whole's */
    *part = (struct design){0};
}

/* ---- reading ---- */

/* Cells begin … begin + n of feature f as numbers of `to`, whatever their type. */
#define COPY(type)                                                                                 \
    for (int64_t i = 0; i < n; i++, p += step) {                                                   \
        type value;                                                                                \
        memcpy(&value, p, sizeof value);                                                           \
        out[i] = (__typeof__(out[0]))value;                                                        \
    }                                                                                              \
    return
#define READ_AS(name, to)                                                                          \
    void name(const struct design *x, int f, int64_t begin, int64_t n, to *out) {                  \
        int64_t step = x->features[f].step;                                                        \
        const char *p = x->features[f].base + begin * step;                                        \
        switch (x->features[f].dtype) {                                                            \
        case DT_FLOAT32: COPY(float);                                                              \
        case DT_INT64: COPY(int64_t);                                                              \
        case DT_INT32: COPY(int32_t);                                                              \
        case DT_UINT8:                                                                             \
        case DT_BOOL: COPY(uint8_t);                                                               \
        case DT_FLOAT64:                                                                           \
        case DT_COUNT: COPY(double);                                                               \
        }                                                                                          \
    }
READ_AS(design_floats, float)
READ_AS(design_doubles, double)

void design_rows(const struct design *x, int64_t begin, int64_t n, double *out) {
    enum { ROWS = 256 }; /* some rows stay in the cache for all their columns */
    double chunk[ROWS];
    for (int64_t at = 0; at < n; at += ROWS) {
        int64_t m = n - at < ROWS ? n - at : ROWS;
        for (int f = 0; f < x->d; f++) {
            design_doubles(x, f, begin + at, m, chunk);
            for (int64_t i = 0; i < m; i++) out[(at + i) * x->d + f] = chunk[i];
        }
    }
}

/* The first of n numbers of a column that is odd, or n. */
static int64_t odd_of(const double *numbers, int64_t n, double most, bool odd_too) {
    int64_t i = 0;
    while (i < n && (fabs(numbers[i]) <= most || (!isfinite(numbers[i]) && !odd_too))) i++;
    return i;
}

int64_t design_odd(const struct design *x, double most, bool odd_too, int *f,
                   const _Atomic bool *stop) {
    enum { ROWS = 256 };
    double chunk[ROWS];
    for (int64_t at = 0; at < x->n; at += ROWS) {
        int64_t m = x->n - at < ROWS ? x->n - at : ROWS;
        if (stop && atomic_load_explicit(stop, memory_order_relaxed)) return -1;
        for (*f = 0; *f < x->d; ++*f) {
            if (!dtype_is_float(x->features[*f].dtype)) continue;
            design_doubles(x, *f, at, m, chunk);
            int64_t odd = odd_of(chunk, m, most, odd_too);
            if (odd < m) return at + odd;
        }
    }
    return -1;
}

/* ---- texts as codes ---- */

static bool is_category(const struct feature *f) {
    return f->texts || f->levels;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The different texts of a column, sorted. */
static bool learn_levels(struct feature_info *info, const struct feature *f, int64_t n,
                         struct err *e) {
    int64_t m = 0, kept = 0;
    if (f->levels) n = f->levels->n;
    const char **all = pool_need((size_t)(n ? n : 1) * sizeof *all, e);
    if (!all) return false;
    for (int64_t i = 0; i < n; i++) {
        const char *text = f->levels ? f->levels->names[i] : f->texts[i];
        if (text) all[m++] = text;
    }
    qsort(all, (size_t)m, sizeof *all, by_text);
    for (int64_t i = 0; i < m; i++)
        if (kept == 0 || strcmp(all[kept - 1], all[i]) != 0) all[kept++] = all[i];
    for (int64_t i = 0; i < kept; i++) all[i] = intern(str_of(all[i]));
    info->levels = all;
    info->n_levels = kept ? (int32_t)kept : 1;
    if (kept == 0) all[0] = intern_c("");
    return true;
}

static const char *text_at(const struct feature *f, int64_t row) {
    if (f->texts) return f->texts[row];
    double code;
    memcpy(&code, f->base + row * f->step, sizeof code);
    return code >= 0 && code < f->levels->n ? f->levels->names[(int)code] : NULL;
}

static bool encode_texts(const struct feature_info *info, struct feature *f, int64_t n,
                         struct err *e) {
    float *codes = pool_need((size_t)(n ? n : 1) * sizeof *codes, e);
    if (!codes) return false;
    for (int64_t i = 0; i < n; i++) {
        const char *text = text_at(f, i);
        const char *const *at = !text ? NULL
                                      : bsearch(&text, info->levels, (size_t)info->n_levels,
                                                sizeof *info->levels, by_text);
        codes[i] = at ? (float)(at - info->levels) : NAN;
    }
    f->owned = codes;
    f->base = (const char *)codes;
    f->step = sizeof *codes;
    f->dtype = DT_FLOAT32;
    f->texts = NULL;
    f->levels = NULL;
    return true;
}

bool features_learn(struct feature_set *s, struct design *x, struct err *e) {
    *s = (struct feature_set){.infos = pool_need((size_t)(x->d + 1) * sizeof *s->infos, e)};
    if (!s->infos) return false;
    s->d = x->d;
    for (int f = 0; f < x->d; f++) {
        s->infos[f].name = x->features[f].name;
        if (!is_category(&x->features[f])) continue;
        TRY(learn_levels(&s->infos[f], &x->features[f], x->n, e));
        TRY(encode_texts(&s->infos[f], &x->features[f], x->n, e));
    }
    return true;
}

static bool wrong_width(const struct feature_set *s, const struct design *x, struct err *e) {
    err_set(e, ERR_SHAPE, "The model was fitted on %d column%s, and `{1}` has %d.", s->d,
            s->d == 1 ? "" : "s", x->d);
    err_fact(e, "fitted on", "%d numbers for each example", s->d);
    return err_fact(e, "{1}", "%d numbers for each example", x->d);
}

static int find_feature(const struct design *x, const char *name) {
    for (int f = 0; f < x->d; f++)
        if (x->features[f].name && strcmp(x->features[f].name, name) == 0) return f;
    return -1;
}

/* Columns with names are taken by name; the others are dropped. */
static bool order_by_name(const struct feature_set *s, struct design *x, struct err *e) {
    struct feature *sorted = pool_need((size_t)(s->d + 1) * sizeof *sorted, e);
    if (!sorted) return false;
    for (int f = 0; f < s->d; f++) {
        int at = find_feature(x, s->infos[f].name);
        if (at < 0) {
            pool_free(sorted);
            err_set(e, ERR_COLUMN,
                    "The model `{0}` was fitted with a column `%s`, which `{1}` lacks.",
                    s->infos[f].name);
            return err_hint(e, "Give it the same columns as in training.");
        }
        sorted[f] = x->features[at];
    }
    pool_free(x->features);
    x->features = sorted;
    x->d = s->d;
    return true;
}

bool features_match(const struct feature_set *s, struct design *x, struct err *e) {
    bool named = s->d > 0 && s->infos[0].name && x->d > 0 && x->features[0].name;
    if (named) TRY(order_by_name(s, x, e));
    if (x->d != s->d) return wrong_width(s, x, e);
    for (int f = 0; f < x->d; f++) {
        bool text = is_category(&x->features[f]);
        if (text != (s->infos[f].n_levels > 0)) {
            char room[32];
            return err_set(e, ERR_COLUMN, "The column `%s` holds %s here, and held %s in training.",
                           feature_name(s, f, room, sizeof room), text ? "texts" : "numbers",
                           text ? "numbers" : "texts");
        }
        if (text) TRY(encode_texts(&s->infos[f], &x->features[f], x->n, e));
    }
    return true;
}

void features_clear(struct feature_set *s) {
    for (int f = 0; s->infos && f < s->d; f++) pool_free(s->infos[f].levels);
    pool_free(s->infos);
    *s = (struct feature_set){0};
}

const char *feature_name(const struct feature_set *s, int f, char *room, size_t cap) {
    if (s->infos[f].name) return s->infos[f].name;
    snprintf(room, cap, "x%d", f);
    return room;
}

void targets_clear(struct targets *y) {
    pool_free(y->numbers);
    pool_free(y->labels);
    *y = (struct targets){0};
}
