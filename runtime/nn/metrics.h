/* Metrics over a whole set, fed batch by batch: sums are kept, not averages of batches. auc keeps
 * every output, because it needs their ranks. Private to nn/. */
#pragma once
#include "config.h"
#include "losses.h"

/* What a metric knows of the set before it sees any of it. */
struct meter_setup {
    const struct config *config; /* a row of metrics.list */
    struct shape target, output; /* first axis = examples */
    enum content content;        /* of the output */
};

struct meter;
/* NULL with ERR_SHAPE when target and output do not fit. */
struct meter *meter_new(const struct meter_setup *s, struct err *e);
void meter_free(struct meter *m);
void meter_reset(struct meter *m);
/* n examples: y and yhat lie row after row. */
bool meter_add(struct meter *m, const double *y, const double *yhat, int64_t n, struct err *e);
double meter_value(struct meter *m);
/* -1 lower is better, 1 higher, 0 nearest to zero; losses: -1. */
int measure_direction(const struct config_row *row);
