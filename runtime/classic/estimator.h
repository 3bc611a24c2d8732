/* Classical models: fitted in one pass, immutable afterwards, counted. What a fitted model knows is
 * trees and named matrices of numbers; so every model is shown, saved and read in the same way. */
#pragma once
#include "tree.h"
#include "../nn/config.h"

/* The classes of a target, in the order of their numbers. */
struct class_names {
    int32_t n;
    bool bools;         /* False, True */
    const char **texts; /* n interned names, or NULL: the numbers 0 … n - 1 */
};

struct matrix {
    const char *name; /* a literal: "coefficients" */
    int64_t rows, cols;
    double *data; /* (rows, cols) */
};

enum { ESTIMATOR_MATRICES = 6, ESTIMATOR_CLASSES = 256 };

struct estimator {
    _Atomic int32_t refs;
    struct config *config;
    struct feature_set features;
    struct class_names classes; /* n = 0: numbers */
    int32_t n_targets;          /* columns of numbers */
    bool single;                /* the target was [n], so answers are [n] */
    int32_t n_sets;             /* forests: one for each target; boosting likewise */
    struct trees *sets;
    struct matrix matrices[ESTIMATOR_MATRICES];
    int64_t n_rows; /* examples seen */
};

struct fit_spec {
    const struct config *config;
    struct design x, vx;        /* taken over; vx.n = 0: no validation */
    struct targets y, vy;       /* taken over; y.n = 0 for models without targets */
    struct class_names classes; /* taken over when y holds classes */
    bool single;
    uint64_t seed, stream;
    const _Atomic bool *stop;
    /* Part of the work is done: of boosting with its losses (else NaN). */
    void (*progress)(void *user, int64_t done, int64_t n, double loss, double valid_loss);
    void *user;
};

enum estimator_task { TASK_BOTH, TASK_CLASSES, TASK_NUMBERS, TASK_NONE };
enum estimator_task estimator_task(const struct config *c);
/* Are the settings of `c` allowed? */
bool estimator_check(const struct config *c, struct err *e);

/* A fitted model (one reference), or NULL. *interrupted: stopped, and the model is of what was done
 * until then. */
struct estimator *estimator_fit(struct fit_spec *s, bool *interrupted, struct err *e);
struct estimator *estimator_ref(struct estimator *m);
void estimator_unref(struct estimator *m);

/* Columns of an answer: 1 for two classes (the probability of the second), the classes otherwise;
 * the targets for numbers. */
int32_t estimator_width(const struct estimator *m);
/* Who waits for an answer: how much of it there is, from time to time; NULL = nobody does. */
struct answer_watch {
    void (*progress)(void *user, double share);
    void *user;
};
/* out: (n, width). x is brought into the model's order. Rows are answered in blocks; an answer does
 * not depend on the rows beside it. {0} is the model, {1} the inputs. */
bool estimator_predict(const struct estimator *m, struct design *x, double *out,
                       const struct answer_watch *watch, const _Atomic bool *stop, struct err *e);

const struct matrix *estimator_matrix(const struct estimator *m, const char *name);
/* Shares of the features in what the trees (or the sizes of standardised coefficients) gained;
 * false if the model has none. out: d numbers. */
bool estimator_importance(const struct estimator *m, double *out);
/* Have all parts the sizes that answering needs? For models that come from files. */
bool estimator_fits(const struct estimator *m);
void class_names_clear(struct class_names *c);
