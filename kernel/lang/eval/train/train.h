/* The train statement: what its settings fill in. */
#pragma once
#include "lang/eval/models/model.h"
#include "lang/eval/settings.h"

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
    struct tensor *owned_tensors[24];
    int n_owned_tensors;
    double class_weights[1024];
    struct value frozen; /* parts that do not learn; MISSING = none */
    struct span frozen_at;
    bool *frozen_layers, *frozen_weights; /* of the model, or NULL */
    struct value optimizers;              /* a record by model, or MISSING */
    struct span optimizers_at;
    struct each_blocks *each; /* for the hooks of `each epoch:` and `each batch:` */
    bool quiet, seeded,
        unknown; /* seeded: `seed` is set; unknown: something is not known while checking */
    int resume;  /* -1 not said, else 0 or 1 */
    int run;     /* number of the run, for the observer */
    struct model_value **made; /* a member of an ensemble: goes here, not into a name */
    bool hidden;               /* its course is not shown */
    struct levels *classes;    /* names of the targets' classes: borrowed from them, or NULL */
    bool classes_open;         /* checking: the targets may have names, which are not known yet */
};

/* Train one network on a pair; the result goes to b->made. */
bool train_member(struct train_block *b, struct model_value *m, struct value pair,
                  struct value *history);

/* What the runtime's events go to. */
struct watcher {
    struct eval *ev;
    int run;
    bool quiet, hidden; /* hidden: a member of an ensemble, not even its notes */
    struct each_blocks *each;
};
void train_watch(void *user, const struct train_event *event);

/* Shared by the train statements with and without a step (train.c). */
bool train_read_block(struct train_block *b);
bool train_not_a_model(struct eval *ev, const struct ast *target, struct value v);
/* The instance has been trained, and nothing says whether to go on. */
bool train_needs_resume(struct train_block *b, const struct ast *target,
                        const struct model_value *m);
struct weights *train_start(struct train_block *b, const struct ast *target,
                            const struct model_value *m); /* new reference */
/* Runs what the block says from these weights, whose reference it takes, and shows it. */
bool train_from(struct train_block *b, struct weights *start, struct each_blocks *each,
                struct train_result *r);
void train_note_interrupt(struct train_block *b, const struct train_result *r);
/* Layers and weights of `m` among the parts behind `freeze`; new arrays. *n counts the parts of it.
 */
bool train_freeze(struct train_block *b, const struct model *m, bool **layers, bool **weights,
                  int *n);
/* `validate` of a step's single model: data and losses. */
bool train_validation(struct train_block *b, const struct model_value *m);
bool train_has_step(const struct ast *train);

/* Kept until the statement ends; takes the reference. */
bool keep_tensor(struct train_block *b, struct tensor *take);
/* A loss or metric from a value. */
bool measure_from(struct train_block *b, const struct ast *at, struct value v, bool loss,
                  struct measure *out);
