/* Training: one module turns (model, data, settings) into plans and drives them. It never prints;
 * what happens is told to the observer. Weights under training are a private copy until an epoch
 * ends; an interrupt keeps the best finished epoch. */
#pragma once
#include "../device.h"
#include "model.h"
#include "../data/table.h"

/* A loss or metric: builds its value from target and output. Built-in ones come from losses.list
 * and metrics.list; the language makes others from a `def`. `build` must give a single number
 * (loss), using SIZE_BATCH rows. */
typedef bool (*measure_build_fn)(void *user, struct graph *g, struct node *target,
                                 struct node *output, struct node **value, struct err *e);

struct measure {
    const char *name;            /* column in the history */
    const struct config *config; /* a row of losses.list or metrics.list, or NULL */
    measure_build_fn build;      /* used when config is NULL */
    void *user;
    double factor; /* losses may be weighted; 1 */
};

/* What is learned from: example i is row i of every tensor. One tensor per model input/output, in
 * the model's order. uint8 and float64 data are converted batch by batch. */
struct examples {
    struct tensor *inputs[MODEL_MAX_PORTS];
    struct tensor *targets[MODEL_MAX_PORTS];
};

enum { TRAIN_MAX_MEASURES = 16 };

enum train_event_kind { TRAIN_BEGIN, TRAIN_BATCH, TRAIN_EPOCH, TRAIN_NOTE, TRAIN_END };

/* 40 of 200 "trees" are done. */
struct train_count {
    const char *things; /* NULL: nothing is counted */
    int64_t done, n;
};

struct train_event {
    enum train_event_kind kind;
    int64_t epoch, n_epochs;  /* from 1 */
    int64_t batch, n_batches; /* within the epoch */
    int64_t n_examples;       /* of an epoch; 0 = of no interest */
    /* What is counted instead of epochs, and what within the part that is under way: the trees of a
     * member of an ensemble. */
    struct train_count parts, inner;
    double loss;                 /* running mean of the epoch */
    double seconds;              /* since the start */
    const struct table *history; /* EPOCH, END: rows of the finished epochs. After epoch 1000,
                                  * EPOCH comes at most 10 times a second */
    const char *text;            /* BEGIN: the header of facts; NOTE: what happened */
    bool interrupted;            /* END */
};

struct text;
/* "3 of 10 models, 40 of 200 trees": what is done of the parts, and of the one under way. */
void train_counts_print(const struct train_count *parts, const struct train_count *inner,
                        struct text *out);

/* A training step of the student's own: several minimisations, one after the other, each of a
 * number of one graph over some weights. The blocks of all models lie one behind the other in the
 * run's block, and the graph's weights have their places there. What a stage reads of another
 * stage's computation is computed again from the same random numbers. */
enum { STEP_MAX_STAGES = 32, STEP_MAX_LOGS = 16, STEP_MAX_DATA = 16 };

struct step_stage {
    const char *name;   /* its column: the model's name */
    struct node *value; /* one number; made small, or large */
    bool maximize;
    const struct config *optimizer; /* NULL = Adam(1e-3) */
    int n_weights, n_assigns;
    struct node **weights;            /* that may move */
    const struct weight_info **infos; /* of each: its penalties */
    struct assign *assigns;           /* averages that move with it */
};

struct step_log {
    const char *name;
    struct node *value;
    int stage; /* computed with this one, before it moves anything; n_stages = after all */
};

struct train_step {
    struct graph *graph;
    int n_data, n_stages, n_logs;
    struct tensor *data[STEP_MAX_DATA]; /* one per input of the graph; rows are examples */
    struct step_stage stages[STEP_MAX_STAGES];
    struct step_log logs[STEP_MAX_LOGS];
};

/* Where a training stands when the student's `each epoch:` or `each batch:` runs. */
struct train_moment {
    const struct weights *weights; /* as they are now; the run's, copy them to keep them */
    int64_t epoch, batch;          /* from 1; batch 0 = the epoch is over */
    struct trainer *trainer;
};
/* A value for this epoch's row of the history; several in one epoch are averaged. */
bool train_log(const struct train_moment *m, const char *name, double value, struct err *e);

struct train_spec {
    struct model *model;         /* with a step of several models: NULL */
    const struct weights *start; /* not changed */
    struct examples data;
    bool has_validation;
    struct examples validation;
    struct measure losses[MODEL_MAX_PORTS]; /* one per output */
    int n_metrics;
    struct measure metrics[TRAIN_MAX_MEASURES]; /* on output 0, over the whole set */
    const struct config *optimizer;             /* NULL = Adam(1e-3) */
    const struct config *schedule;              /* or NULL */
    int n_callbacks;
    const struct config *callbacks[8];
    int n_augment;
    const struct config *augment[8]; /* layers that change images of the training set (augment.h) */
    const struct config *penalty;    /* on all weights of rank 2 and more, or NULL */
    const double *class_weight;      /* by class number, or NULL */
    int n_class_weight;
    const struct tensor *sample_weight; /* [n] or NULL */
    int64_t epochs, batch;              /* 10, 32 */
    int64_t steps;                      /* 0 = whole epochs */
    double limit_seconds;               /* 0 = none */
    const bool *frozen_layers;          /* by layer: these compute as in inference; or NULL */
    const bool *frozen_weights;         /* by weight: these do not move; or NULL */
    bool recompute;                     /* run a frozen part in each epoch: for comparison */
    uint64_t seed, stream;
    enum device_choice device;
    enum precision precision; /* of products, on a GPU */
    const _Atomic bool *stop;
    const struct train_step *step; /* instead of losses and targets, or NULL */
    /* May be NULL. False with an error ends the training; an interrupt keeps the best epoch. */
    bool (*each_batch)(void *user, const struct train_moment *m, struct err *e);
    bool (*each_epoch)(void *user, const struct train_moment *m, struct err *e);
    void (*observe)(void *user, const struct train_event *event); /* may be NULL */
    void *user;
};

struct train_result {
    struct weights *weights; /* best epoch by val_loss, or the last; new reference */
    struct table *history;   /* epoch loss val_loss … lr seconds; new reference */
    bool interrupted;        /* stopped by the user; results are of the finished epochs */
    int64_t best_epoch;      /* from 1; 0 = none finished: weights are the start's */
};

/* Everything that can be known without numbers: data against inputs, outputs against losses against
 * targets (language.md 2.10). Descriptions with unknown sizes are fine. In texts, {0} is the model,
 * {1} the inputs, {2} the targets, {3} the loss. When the mistake has no place of its own
 * (e->at.source is 0), e->at.start is the number of the one that gets the caret; 4 = `validate`,
 * 5 = `metrics`. */
struct train_shapes {
    struct desc inputs[MODEL_MAX_PORTS], targets[MODEL_MAX_PORTS];
};
bool train_check(const struct train_spec *spec, const struct train_shapes *shapes, struct err *e);
/* The same for an evaluation; a wrong function among the measures points at 5. */
bool evaluate_check(const struct model *m, const struct train_shapes *shapes,
                    const struct measure *measures, int n, struct err *e);

bool train_run(const struct train_spec *spec, struct train_result *out, struct err *e);

/* The loss that goes with output 0 when none is named (2.10): sigmoid -> bce, softmax ->
 * crossentropy, else mse. */
const struct config_row *train_default_loss(const struct model *m, int output);

/* One table row per measure over a whole set, as `evaluate` shows. values[i] is measure i. */
struct evaluate_spec {
    const struct model *model;
    const struct weights *weights;
    const struct examples *data;
    const struct measure *measures;
    int n;
    const _Atomic bool *stop;
    void (*progress)(void *user, double share); /* after each batch; or NULL */
    void *user;
};
bool train_evaluate(const struct evaluate_spec *s, double *values, struct err *e);

/* A measure on plain tensors: mse(y, yhat). */
bool measure_eval(const struct config *c, struct tensor *target, struct tensor *output,
                  double *value, struct err *e);

/* Learning rate at a step: schedule applied to a base rate. */
double schedule_rate(const struct config *schedule, double base, int64_t step,
                     int64_t steps_per_epoch, int64_t total_steps);
/* One step of an optimizer on a free vector (the bumpy surface): state is made on first use. */
struct optimizer_state;
bool optimizer_move(const struct config *optimizer, struct optimizer_state **state, double *x,
                    const double *gradient, int64_t n, struct err *e);
void optimizer_state_free(struct optimizer_state *s);
