/* Classical models and ensembles in the language: making, data, fitting, answers, fields. */
#pragma once
#include "lang/eval/train/train.h"
#include "lang/values/estimator_value.h"

/* What any trained model, network or classical, puts out for x. While checking: a description or
 * UNKNOWN. */
bool apply_any_model(struct eval *ev, struct value model, struct value x, struct span at,
                     struct value *out);
/* RandomForest(trees=200): from a ready config, whose reference is taken. */
bool make_estimator(struct eval *ev, struct config *take, struct value *out);
/* m.importance, m.leaves, m.centers … */
bool estimator_field(struct eval *ev, const struct ast *x, struct estimator_value *m,
                     struct value *out);
/* The names of classes instead of their numbers. `codes`: a tensor of whole numbers. */
bool classes_as_values(struct eval *ev, const struct class_names *c, const struct tensor *codes,
                       struct value *out);
/* A category column of class numbers with these levels. */
bool category_of_codes(struct eval *ev, struct levels *levels, const struct tensor *codes,
                       struct value *out);
/* Texts of classes as levels: a new reference. */
struct levels *levels_of_classes(const struct class_names *c, struct err *e);
/* Is `m` fitted? An error that says how to if not. */
bool estimator_ready(struct eval *ev, const struct estimator_value *m, struct span at);

/* Targets as a model with these classes counts them: a tensor of class numbers, or of numbers. */
bool targets_as_tensor(struct eval *ev, const struct class_names *classes, struct value y,
                       struct span at, struct tensor **out);

/* ---- data (estimator_data.c) ---- */

/* Columns of x; *hold is a value to give back after the design is done with. */
bool design_from_value(struct eval *ev, struct value x, struct span at, struct design *out,
                       struct value *hold);
struct target_values {
    struct targets y;
    struct class_names classes;
    bool single;
};
/* `known`: the classes that the numbers of y mean, or NULL. */
bool targets_from_value(struct eval *ev, struct value y, enum estimator_task task,
                        const struct class_names *known, struct span at, struct target_values *out);
bool class_names_copy(struct class_names *to, const struct class_names *from, struct err *e);

/* ---- training (train_estimator.c, ensemble.c) ---- */

/* One train statement on classical models. */
struct fitting {
    struct train_block *block;
    struct eval *ev;
    struct value x, y, vx, vy; /* borrowed; vx MISSING = no validation */
    struct span x_at, y_at;
    const struct class_names *classes; /* of the whole set, inside ensembles; or NULL */
    uint64_t stream;
    int depth;             /* above 0: a member; its progress is the ensemble's */
    int64_t done, n_parts; /* members fitted, and of how many */
    bool is_boosting;
    const char *counted;            /* "trees", "rounds" */
    struct table *rounds, *history; /* rows of boosting; those that are filled */
    int64_t n_rounds;
    double started, shown;
    bool interrupted;
};
bool train_estimator(struct train_block *b, const struct ast *target, struct value model,
                     struct value data, struct value *out);
/* A fitted version of a model on f's data; a network is trained with the block's settings. */
bool fit_any(struct fitting *f, struct value model, struct value *out);
bool fit_ensemble(struct fitting *f, const struct estimator_value *m, struct value *out);
/* The header of facts of an ensemble's training. */
void fitting_begin(struct fitting *f, const struct estimator_value *m, int64_t n,
                   const struct class_names *classes);
bool fit_stopped_now(const struct fitting *f);
void fitting_progress(struct fitting *f, int64_t done, int64_t n, double loss, double valid_loss);
/* Answers of a fitted ensemble, (n, width). */
bool apply_ensemble(struct eval *ev, const struct estimator_value *m, struct value x,
                    struct span at, struct value *out);
