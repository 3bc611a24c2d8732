/* Callbacks look at each finished epoch and may slow down, save or end a training. Private to nn/.
 */
#pragma once
#include "history.h"
#include "model.h"

struct callback {
    const struct config *config;
    int column; /* of the history that it watches; -1 = none */
    int direction;
    double best; /* NaN at first */
    int64_t waited, cooling;
};

/* What callbacks may see and change at the end of an epoch. */
struct epoch_end {
    const struct model *model;
    const struct weights *weights;
    int64_t epoch;       /* from 1 */
    const double *row;   /* of the history */
    double rate;         /* learning rate of the last step */
    double *rate_factor; /* multiplies all later rates */
    bool stop;           /* set to end the training */
    char note[256];      /* set to tell what was done */
};

/* Find the watched column; ERR_SETTING with the columns there are. */
bool callback_init(struct callback *c, const struct config *config, const struct history *h,
                   bool has_validation, struct err *e);
bool callback_run(struct callback *c, struct epoch_end *end, struct err *e);
