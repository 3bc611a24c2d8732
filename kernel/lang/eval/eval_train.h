/* The train statement: what its settings fill in. */
#pragma once
#include "eval_model.h"
#include "settings.h"

/* A measure written by the student: called on symbols when a plan is built. */
struct traced_measure {
    struct eval *ev;
    struct value function;
    struct span at;
};

struct train_block {
    struct eval *ev;
    const struct ast *statement;
    struct train_spec spec;
    struct value validate; /* MISSING = none */
    struct span validate_at, loss_at, metrics_at;
    const struct ast *validate_ast;
    struct value loss; /* kept alive; MISSING = by output */
    struct traced_measure traced[TRAIN_MAX_MEASURES + MODEL_MAX_PORTS];
    int n_traced;
    struct config *owned[64]; /* references to give back */
    int n_owned;
    struct tensor *owned_tensors[8];
    int n_owned_tensors;
    double class_weights[1024];
    struct value frozen; /* parts that do not learn; MISSING = none */
    struct span frozen_at;
    bool *frozen_layers, *frozen_weights; /* of the model, or NULL */
    bool quiet, seeded,
        unknown; /* seeded: `seed` is set; unknown: something is not known while checking */
    int resume;  /* -1 not said, else 0 or 1 */
    int run;     /* number of the run, for the observer */
    struct model_value **made; /* a member of an ensemble: goes here, not into a name */
    bool hidden;               /* its course is not shown */
};

/* Train one network on a pair; the result goes to b->made. */
bool train_member(struct train_block *b, struct model_value *m, struct value pair,
                  struct value *history);
/* A loss or metric from a value. */
bool measure_from(struct train_block *b, const struct ast *at, struct value v, bool loss,
                  struct measure *out);
