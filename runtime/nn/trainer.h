/* One training run on its way: what train_setup.c prepares and train.c drives. Private to nn/. */
#pragma once
#include "callbacks.h"
#include "evaluate.h"
#include "optimizer.h"

enum { TRAIN_MAX_CALLBACKS = 8 };

struct trainer {
    const struct train_spec *spec;
    int n_outputs;
    struct measure losses[MODEL_MAX_PORTS]; /* with defaults filled in */
    struct config *own[MODEL_MAX_PORTS];    /* the defaults */
    /* the training step */
    struct objective objective;
    struct learn *learn;
    int n_learn;
    double penalties; /* sum of all factors; 0 = no penalty */
    struct update update;
    double base_rate, rate_factor, rate; /* rate: of the last step */
    struct tensor *example_weights;      /* [n] float32, or NULL */
    struct workspace *workspace;         /* of all plans of this run */
    struct pass pass;
    int64_t *order;                        /* this epoch's order of the examples */
    struct weights *now, *kept, *slots[2]; /* under training; best epoch so far; optimizer's */
    float values[1 + MODEL_MAX_PORTS];     /* loss of the batch, then of each output */
    void *outputs[1 + MODEL_MAX_PORTS];
    /* epochs */
    int64_t n_epochs, steps_per_epoch, total_steps, step, epoch;
    struct evaluator *on_training, *on_validation; /* NULL = nothing to measure */
    struct history history;
    int metrics_at, val_loss_at; /* columns; -1 = none */
    struct callback callbacks[TRAIN_MAX_CALLBACKS];
    int64_t best_epoch;
    double best_loss;
    /* time */
    double started, epoch_started, told, told_epoch;
    const char *note; /* interned; why it ended early, or NULL */
    char advice[256]; /* something odd about the data that is no mistake; or empty */
    bool interrupted;
};

bool trainer_init(struct trainer *t, const struct train_spec *spec, struct err *e);
void trainer_clear(struct trainer *t);
/* The penalties' part of the loss, for the weights as they are. */
double trainer_penalty(const struct trainer *t);
/* The line of facts above a training. */
void trainer_print(const struct trainer *t, char *out, size_t cap);
