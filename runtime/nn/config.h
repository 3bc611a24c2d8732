/* Things a student makes by a call with arguments and hands to a model or a train statement:
 * layers, initialisers, penalties, optimizers, schedules, callbacks, and the losses and metrics by
 * name. Each is one row of a .list file; its signature string is what the language's checker,
 * completion, help and documentation read. The runtime gets the arguments already checked, in the
 * order of the signature. */
#pragma once
#include "../tensor.h"

enum config_group {
    CONFIG_LAYER,
    CONFIG_INITIALIZER,
    CONFIG_PENALTY,
    CONFIG_OPTIMIZER,
    CONFIG_SCHEDULE,
    CONFIG_CALLBACK,
    CONFIG_LOSS,      /* also usable as a function (y, yhat) */
    CONFIG_METRIC,    /* likewise */
    CONFIG_ESTIMATOR, /* classical models (runtime/classic) */
    CONFIG_N_GROUPS
};

enum arg_kind {
    ARG_NONE,
    ARG_NUMBER,
    ARG_INT,
    ARG_BOOL,
    ARG_TEXT,
    ARG_SHAPE,
    ARG_NUMBERS,
    ARG_ACTIVATION,
    ARG_CONFIG
};

struct config;

/* The kinds of each group: LAYER_dense, OPTIMIZER_adam, … */
#define LAYER(id, name, aliases, signature, help, example) LAYER_##id,
#define ACTIVATION(id, help) ACTIVATION_##id,
#define INITIALIZER(id, name, aliases, signature, help, example) INITIALIZER_##id,
#define PENALTY(id, name, aliases, signature, help, example) PENALTY_##id,
#define OPTIMIZER(id, name, aliases, signature, help, example) OPTIMIZER_##id,
#define SCHEDULE(id, name, aliases, signature, help, example) SCHEDULE_##id,
#define CALLBACK(id, name, aliases, signature, help, example) CALLBACK_##id,
#define LOSS(id, output, name, aliases, signature, help, example) LOSS_##id,
#define METRIC(id, name, aliases, direction, signature, help, example) METRIC_##id,
#define ESTIMATOR(id, name, aliases, task, signature, help, example) ESTIMATOR_##id,
enum layer_kind {
#include "layers.list"
    LAYER_N_KINDS
};
enum activation_kind {
#include "activations.list"
    ACTIVATION_N_KINDS
};
enum initializer_kind {
#include "initializers.list"
    INITIALIZER_N_KINDS
};
enum penalty_kind {
#include "penalties.list"
    PENALTY_N_KINDS
};
enum optimizer_kind {
#include "optimizers.list"
    OPTIMIZER_N_KINDS
};
enum schedule_kind {
#include "schedules.list"
    SCHEDULE_N_KINDS
};
enum callback_kind {
#include "callbacks.list"
    CALLBACK_N_KINDS
};
enum loss_kind {
#include "losses.list"
    LOSS_N_KINDS
};
enum metric_kind {
#include "metrics.list"
    METRIC_N_KINDS
};
enum estimator_kind {
#include "../classic/estimators.list"
    ESTIMATOR_N_KINDS
};
#undef LAYER
#undef ACTIVATION
#undef INITIALIZER
#undef PENALTY
#undef OPTIMIZER
#undef SCHEDULE
#undef CALLBACK
#undef LOSS
#undef METRIC
#undef ESTIMATOR

/* One argument's value. A missing optional argument has its default; `None` is ARG_NONE. A
 * `duration` is a NUMBER with its unit in `text`: interned "epoch" or "step", or NULL when the
 * student wrote a plain number (epochs for callbacks, steps for schedules). */
struct arg {
    enum arg_kind kind;
    double number;      /* NUMBER, INT, BOOL (0 or 1) */
    const char *text;   /* TEXT: interned; NUMBER: unit of a duration */
    struct shape shape; /* SHAPE (reshape, sizes such as 3x3) */
    int n_numbers;      /* NUMBERS: one or more */
    double numbers[8];
    int activation;        /* ACTIVATION: position in activations.list */
    struct config *config; /* CONFIG: initialiser, penalty, … : a counted reference */
};

enum { CONFIG_MAX_ARGS = 16 };

/* signature: comma-separated "name: kind = default"; kind is one of int, number, bool, text, shape,
 * size (3x3, [3, 3] or one number for all sides), activation, initializer, penalty, duration,
 * numbers (one or a list), choice (a text or a number). Behind text stand the words that it may be,
 * text(valid same); with "..." among them others too (see base/word_list.h). No default = required;
 * a default is written as in the language (None, True, relu, glorot_uniform, 1e-3, "val_loss") and
 * `= None` allows None. Layers also take name=…, which no signature lists: it goes to config.name.
 * The signature of a loss or metric lists its options, which follow (y, yhat) when it is called as
 * a function. Example: "units: int, activation: activation = None, bias: bool = True". */
struct config_row {
    const char *name;    /* the one shown in help: "Dense" */
    const char *aliases; /* "Linear FullyConnected" or "" */
    enum config_group group;
    int kind; /* the group's own enum */
    const char *signature;
    const char *help;    /* one paragraph, Markdown; the formula where there is one */
    const char *example; /* a line or cell of awml that runs; "" = none */
};

/* Counted; made by the language. */
struct config {
    _Atomic int32_t refs;
    const struct config_row *row;
    const char *name; /* layers: interned, given by the student as name=…; or NULL */
    int n_args;
    struct arg args[CONFIG_MAX_ARGS];
};

/* All arguments None; the caller fills args[] and n_args. The struct owns the references in args.
 */
struct config *config_new(const struct config_row *row, struct err *e);
/* A config with the defaults of its signature (required arguments stay None); for C callers. */
struct config *config_default(const struct config_row *row, struct err *e);
/* Put a number (or an activation) in the place of the named argument; a name that the signature
 * lacks is a mistake of ours and fails with ERR_BUG. */
bool config_set_number(struct config *c, const char *arg_name, double x, struct err *e);
bool config_set_text(struct config *c, const char *arg_name, const char *text, struct err *e);
bool config_set_shape(struct config *c, const char *arg_name, const struct shape *s, struct err *e);
bool config_set_activation(struct config *c, const char *arg_name, int activation, struct err *e);
/* Are all values allowed (units above 0, a rate from 0 to 1 …)? ERR_VALUE if not; {0} stands for
 * the call. The makers of layers and train_run ask it; so may the language, at once. */
bool config_check(const struct config *c, struct err *e);
struct config *config_ref(struct config *c);
void config_unref(struct config *c);

/* All rows of all lists, for registering the language's names. */
int config_n_rows(void);
const struct config_row *config_row_at(int i);
/* By name or alias; NULL if there is none. */
const struct config_row *config_find(struct str name);

/* In one group only (a name may be both an initialiser and something else of the language). */
const struct config_row *config_find_in(enum config_group group, struct str name);

/* One argument of a signature, read from its text. `next` starts at the signature and is moved. */
struct signature_arg {
    struct str name, kind, preset; /* preset: the default's text; p NULL = required */
    struct str choices;            /* the words in the brackets behind kind */
};
bool signature_next(const char **next, struct signature_arg *out);

/* Activations usable as a layer's argument by name. */
int activation_find(struct str name); /* position in activations.list, or -1 */
const char *activation_name(int activation);
const char *activation_help(int activation);
