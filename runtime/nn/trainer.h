/* One training run on its way: what train_setup.c prepares and train.c drives. Private to nn/. */
#pragma once
#include "callbacks.h"
#include "evaluate.h"
#include "frozen.h"
#include "optimizer.h"

enum { TRAIN_MAX_CALLBACKS = 8, TRAIN_MAX_AHEAD = 32 };

/* A batch whose losses have not been looked at: on a device, several are under way. */
struct ahead {
    int64_t count; /* its examples */
    double penalty;
    float values[1 + MODEL_MAX_PORTS]; /* loss, then of each output */
};

/* One minimisation of a step of the student's own. */
struct stage {
    struct pass pass;
    struct learn *learn;
    int n_learn;
    struct update update;
    double base_rate;
    int n_values;                                     /* its value first, then its logs */
    int columns[1 + STEP_MAX_LOGS];                   /* of the history */
    float values[TRAIN_MAX_AHEAD][1 + STEP_MAX_LOGS]; /* of batches that are under way */
};

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
    struct device *device;               /* where it computes; NULL: the processor */
    char place_note[512];                /* why not on the GPU that is there; or empty */
    struct workspace *workspace;         /* of all plans of this run, there */
    struct node *scale;                  /* input of the graph: the loss's scale; NULL: 1 */
    struct frozen *frozen;               /* of a frozen part, or NULL */
    struct pass pass;
    int64_t *order;                        /* this epoch's order of the examples */
    struct weights *now, *kept, *slots[2]; /* under training; best epoch so far; optimizer's */
    struct ahead ahead[TRAIN_MAX_AHEAD];
    int n_ahead, window;  /* so many are waited for together: 1 on the processor */
    double settled;       /* when that was the last time */
    struct stage *stages; /* of spec->step: n_stages and one for late logs; or NULL */
    int n_stages;
    int64_t n_examples;
    /* what an epoch adds up for columns of the history: stages, logs */
    double sums[HISTORY_MAX_COLUMNS], counts[HISTORY_MAX_COLUMNS];
    /* epochs */
    int64_t n_epochs, steps_per_epoch, total_steps, step, epoch;
    struct evaluator *on_training, *on_validation; /* NULL = nothing to measure */
    struct history history;
    int metrics_at, val_loss_at, loss_at, lr_at, seconds_at; /* columns; -1 = none */
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
/* Everything but choosing the device (train_place.c), which t->device holds. */
bool trainer_prepare(struct trainer *t, struct err *e);
void trainer_clear(struct trainer *t);
/* A step of the student's own (train_step.c). */
bool stages_init(struct trainer *t, struct err *e);
void stages_clear(struct trainer *t);
bool stages_add_columns(struct trainer *t, struct err *e);
/* One batch through all stages, as number `at` of those under way. *count: its examples. */
bool stages_run(struct trainer *t, int64_t batch, int at, int64_t *count, struct err *e);
/* Its values into the sums; *first: the first stage's. False: one is not finite. */
bool stages_take(struct trainer *t, int at, int64_t count, double *first);
/* Waits for the batches that are under way (train_place.c), and decides how many may be next time:
 * as many as take a twentieth of a second, so that nobody waits longer for the stop button. */
bool trainer_settle(struct trainer *t, double now, struct err *e);
/* Columns that were added up, as means, into the history's row. */
void sums_to_row(struct trainer *t, double *row);
void sums_clear(struct trainer *t);
/* What the weights' penalty is. */
void trainer_fill_learn(const struct train_spec *s, const struct weight_info *w, struct learn *l);
/* The penalties' part of the loss, for the weights as they are. */
double trainer_penalty(const struct trainer *t);
/* What slopes are computed of: the loss, times its scale where float16 needs one. The scale is the
 * graph's last input, without data. */
struct node *trainer_scaled(struct trainer *t, struct graph *g, struct node *loss, struct err *e);
/* Brings the weights as they are now into t->now, wherever they are computed. */
bool trainer_fetch(struct trainer *t, struct err *e);
/* "GPU NVIDIA T4, driver for CUDA 12.4": part of the line of facts. */
void trainer_print_place(const struct trainer *t, char *out, size_t cap);
/* The line of facts above a training. */
void trainer_print(const struct trainer *t, char *out, size_t cap);
