/* How one kind of classical model fits and answers: a table of functions for each row of
 * estimators.list. */
#pragma once
#include "estimator.h"
#include <float.h>

/* Trees compare floats; most others sum squares, those of float rows in float. */
#define MOST_OF_TREES ((double)FLT_MAX)
#define MOST_OF_SQUARES 1e150
#define MOST_OF_FLOAT_SQUARES 1e18

struct method {
    bool missing; /* columns may hold missing values */
    /* Fill `m` (its features, classes and targets are set). *interrupted: see estimator_fit. */
    bool (*fit)(struct estimator *m, const struct fit_spec *s, bool *interrupted, struct err *e);
    bool (*predict)(const struct estimator *m, const struct design *x, double *out,
                    const _Atomic bool *stop, struct err *e);
    bool (*check)(const struct config *c, struct err *e); /* settings among themselves, or NULL */
    double most; /* the largest number that a column may hold: what is computed has to find room */
};

#define ESTIMATOR(id, name, aliases, task, signature, help, example)                               \
    extern const struct method method_##id;
#include "estimators.list"
#undef ESTIMATOR

/* A setting by name; `fallback` where it is None. */
double config_number(const struct config *c, const char *name, double fallback);
const char *config_text(const struct config *c, const char *name);
const struct arg *config_arg_named(const struct config *c, const char *name);

/* A zeroed matrix of the model, in the next free place; NULL without memory. */
double *matrix_add(struct estimator *m, const char *name, int64_t rows, int64_t cols,
                   struct err *e);
/* All rows as doubles, (n, d); the caller gives it back to the pool. `stop` ends it with an error.
 */
double *design_matrix(const struct design *x, const _Atomic bool *stop, struct err *e);
bool fit_stopped(const _Atomic bool *stop);
/* The same as an error; true while nobody wants to stop. */
bool fit_goes_on(const _Atomic bool *stop, struct err *e);

/* The answer for one row of x->d numbers: `width` numbers. `room` holds as many more as were asked
 * for. Two threads call it, for different rows. */
typedef void (*row_answer_fn)(const void *user, const double *row, double *out, double *room);
/* Every row on its own, until all are answered or somebody wants to stop. */
bool answer_rows(const struct design *x, row_answer_fn fn, const void *user, double *out,
                 int64_t width, int64_t room, const _Atomic bool *stop, struct err *e);
