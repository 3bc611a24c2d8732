/* What a classical model is fitted on: examples as columns that are read in place, and targets as
 * numbers or classes. Nothing here owns the student's tensors; a design is valid while they are. */
#pragma once
#include "../data/table.h"
#include <stdatomic.h>

/* One column. Missing values are NaN. */
struct feature {
    const char *name; /* interned, or NULL for columns of a tensor */
    enum dtype dtype;
    const char *base;
    int64_t step;                /* bytes from one row to the next */
    const char *const *texts;    /* a column of texts, not yet numbers; or NULL */
    const struct levels *levels; /* a column of categories; or NULL */
    float *owned;                /* codes made from texts or categories */
};

struct design {
    int64_t n;
    int32_t d;
    struct feature *features;
};

/* [n] is one column; further axes are laid out as columns. The caller keeps the tensor alive. */
bool design_from_tensor(struct design *x, const struct tensor *t, struct err *e);
bool design_from_table(struct design *x, const struct table *t, struct err *e);
void design_clear(struct design *x);
/* Rows of another design, block after block, in place; texts must have become codes. */
bool design_part_begin(struct design *part, const struct design *of, struct err *e);
void design_part(struct design *part, const struct design *of, int64_t begin, int64_t n);
void design_part_end(struct design *part);

/* Rows [begin, begin + n) of column f. */
void design_floats(const struct design *x, int f, int64_t begin, int64_t n, float *out);
void design_doubles(const struct design *x, int f, int64_t begin, int64_t n, double *out);
/* Rows laid out one after the other, (n, d), as doubles. */
void design_rows(const struct design *x, int64_t begin, int64_t n, double *out);
/* The first row with a number that is finite and above `most` in size, or with odd_too one that is
 * missing or infinite; or -1. *f is its column. Ends early, with -1, when `stop` is seen. */
int64_t design_odd(const struct design *x, double most, bool odd_too, int *f,
                   const _Atomic bool *stop);

/* What a fitted model remembers of its columns: it finds them again in other tables, by name. */
struct feature_info {
    const char *name;    /* or NULL */
    int32_t n_levels;    /* above 0: a column of texts or categories; the code of levels[i] is i */
    const char **levels; /* sorted, interned */
};

struct feature_set {
    int32_t d;
    struct feature_info *infos;
};

/* Remember x's columns; texts become codes. */
bool features_learn(struct feature_set *s, struct design *x, struct err *e);
/* Bring x into the order of the set and turn texts into codes (unknown ones are missing). In
 * messages {0} is the model and {1} the data. */
bool features_match(const struct feature_set *s, struct design *x, struct err *e);
void features_clear(struct feature_set *s);
/* "x3" or the column's name. */
const char *feature_name(const struct feature_set *s, int f, char *room, size_t cap);

/* Targets: numbers (n, width), or classes with a label for each row. */
struct targets {
    int64_t n;
    int32_t width; /* columns of numbers; 0 = classes */
    int32_t n_classes;
    double *numbers; /* owned, column by column (width, n) */
    int32_t *labels; /* owned, 0 … n_classes - 1; -1 = missing */
};
void targets_clear(struct targets *y);
