/* Steps of the student's own: `step x -> y:` is traced once, on symbols, into one graph with a list
 * of minimisations. Each has the weights of its models as they are at that moment: a model that has
 * been moved gets new nodes for its weights, and what was computed with the old ones before cannot
 * be minimised any more, because its slopes would belong to other weights. */
#pragma once
#include "train.h"
#include "plan.h"

enum { STEP_MAX_MODELS = 8 };

/* A model of the header. */
struct step_model {
    const struct ast *target;
    const char *name; /* interned; as it stands behind `over` */
    struct model_value *model;
    int64_t offset;         /* of its block in the run's block; set when it is first used */
    int first_weight;       /* number of its first weight in the graph */
    int version;            /* how often it has been moved in this step */
    struct node **nodes;    /* of its weights in this version; NULL = not used yet */
    struct node **averages; /* what its moving averages become in this version, or NULL */
    int moved_at[STEP_MAX_STAGES + 1];    /* by version: the stage that ended it */
    bool *frozen_layers, *frozen_weights; /* or NULL */
    const struct config *optimizer;
};

/* A node that stands for a weight, and of which version. */
struct weight_use {
    const struct node *node;
    int model, version;
};

struct step_trace {
    struct train_block *block_of;
    struct graph *graph;
    struct step_model models[STEP_MAX_MODELS];
    int n_models;
    struct weight_use *uses;
    int n_uses, cap_uses;
    uint64_t calls; /* of models: each draws masks of its own */
    int64_t block;  /* floats of the run's block so far */
    int n_weights;
    bool unknown; /* something is not known while checking */
    bool updates; /* there was a minimize or maximize */
    struct train_step plan;
};

/* Is it a model of the step's header? Its number, or -1. */
int step_find_model(const struct eval *ev, const struct model_value *m);
/* A header's model on nodes, in training mode. */
bool step_call_model(struct eval *ev, int model, struct node *const *inputs, struct node **outputs);
/* .weights of a header's model: those that learn, as nodes. */
bool step_weights(struct eval *ev, int model, struct value *out);
/* minimize … over …, maximize … over … */
bool exec_update(struct eval *ev, const struct ast *s);
/* log(name, value) in a step. */
bool step_log_value(struct eval *ev, const char *name, struct value v, struct span at);

/* The step of a train statement on these data. False with an error. */
bool step_trace(struct step_trace *t, struct eval *ev, const struct ast *step, struct value data);
void step_clear(struct step_trace *t);

/* The train statement with several models or a step. */
bool train_with_step(struct train_block *b, struct value *out);

/* `each epoch:` and `each batch:` (each.c): sets the spec's hooks. */
struct each_target {
    const struct ast *target;
    const struct model_value *model;
    int64_t offset;
};
struct each_blocks {
    struct train_block *block;
    int n_targets;
    struct each_target targets[STEP_MAX_MODELS];
};
void each_prepare(struct each_blocks *e, struct train_block *b);
/* While checking: the blocks once, with numbers that are not known. */
bool each_check(struct train_block *b);
/* One model's version out of the run's block. */
struct value model_from_block(struct eval *ev, const struct model_value *m,
                              const struct weights *block, int64_t offset);
