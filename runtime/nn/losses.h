/* Losses as compositions of operations, and how targets fit outputs. Private to nn/. */
#pragma once
#include "compose.h"
#include "config.h"

/* How a target is laid beside an output. */
enum fit {
    FIT_NONE,           /* it cannot be */
    FIT_SAME,           /* same sizes */
    FIT_DROP_OUTPUT,    /* output has one more axis, of size 1, at its end */
    FIT_DROP_TARGET,    /* target has */
    FIT_CLASSES,        /* class numbers: the output's last axis is the classes */
    FIT_CLASSES_COLUMN, /* the same, in a last axis of size 1 */
    FIT_PARAMETERS,     /* the output's last axis describes each number of the target */
};

/* Do the two agree under the loss or metric (classes: it can read class numbers)? Unknown sizes go
 * with anything. */
enum fit target_fit(const struct shape *target, const struct shape *output, bool classes);
/* The same for one loss or metric, also one that reads several numbers for each of the target. */
enum fit measure_fit(const struct config *c, const struct shape *target,
                     const struct shape *output);
/* How many numbers of the output's last axis describe one of the target; 0: the two are compared.
 */
int loss_parameters(const struct config *c);
/* Does this loss (or metric) read class numbers? */
bool measure_reads_classes(const struct config *c);
/* What the output must be, by losses.list. */
enum content loss_needs(const struct config_row *loss);

/* The loss of a batch as one number, the mean over its examples; weights (batch) may be NULL. The
 * last sigmoid or softmax is joined with its loss in the stable form. NULL on failure. */
struct node *loss_mean(const struct config *loss, struct graph *g, struct node *target,
                       struct node *output, struct node *weights, struct err *e);
