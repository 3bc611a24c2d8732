/* Measures over a whole set, in inference mode. Losses are the mean over examples; metrics are
 * summed up batch by batch, never averaged over batches; a metric of the student's own sees the
 * whole set at once. Private to nn/. */
#pragma once
#include "objective.h"
#include "pass.h"

struct eval_item {
    const struct measure *measure;
    int output;
    bool is_loss; /* a mean over examples, also when it is a function of the student's */
};

struct evaluator;

/* Borrows the data and the measures. It computes in `workspace`; NULL = its own. `frozen`: of the
 * frozen part of a training, or NULL; they must have been filled before it runs. */
struct frozen;
struct evaluator *evaluator_new(const struct model *m, const struct examples *data,
                                const struct eval_item *items, int n, struct frozen *frozen,
                                struct workspace *workspace, struct err *e);
void evaluator_free(struct evaluator *v);
/* Tell after each batch how much is done. */
void evaluator_watch(struct evaluator *v, void (*progress)(void *user, double share), void *user);
/* values[i] belongs to items[i]. */
bool evaluator_run(struct evaluator *v, const struct weights *w, double *values,
                   const _Atomic bool *stop, struct err *e);
/* Examples of a set: rows of its first input. */
int64_t examples_count(const struct examples *data);
/* n numbers of any type as float64. */
void load_doubles(enum dtype t, const void *from, double *out, int64_t n);
