/* Things a student makes by a call with arguments and hands to a model or a train statement: layers,
 * initialisers, penalties, optimizers, schedules, callbacks, and the losses and metrics by name.
 * Each is one row of a .list file; its signature string is what the language's checker, completion,
 * help and documentation read. The runtime gets the arguments already checked, in the order of the
 * signature. */
#pragma once
#include "../tensor.h"

enum config_group {
    CONFIG_LAYER,
    CONFIG_INITIALIZER,
    CONFIG_PENALTY,
    CONFIG_OPTIMIZER,
    CONFIG_SCHEDULE,
    CONFIG_CALLBACK,
    CONFIG_LOSS,   /* also usable as a function (y, yhat) */
    CONFIG_METRIC, /* likewise */
    CONFIG_N_GROUPS
};

enum arg_kind { ARG_NONE, ARG_NUMBER, ARG_INT, ARG_BOOL, ARG_TEXT, ARG_SHAPE, ARG_ACTIVATION,
                ARG_CONFIG };

struct config;

/* One argument's value. A missing optional argument has its default; `None` is ARG_NONE. */
struct arg {
    enum arg_kind kind;
    double number;         /* NUMBER, INT, BOOL (0 or 1) */
    const char *text;      /* TEXT: interned */
    struct shape shape;    /* SHAPE (reshape, sizes such as 3x3) */
    int activation;        /* ACTIVATION: position in activations.list */
    struct config *config; /* CONFIG: initialiser, penalty, … : a counted reference */
};

enum { CONFIG_MAX_ARGS = 10 };

/* signature: comma-separated "name: kind = default"; kind is one of int, number, bool, text, shape,
 * activation, initializer, penalty, layer, duration(epochs), any. No default = required. Example:
 * "units: int, activation: activation = None, bias: bool = True". */
struct config_row {
    const char *name;      /* the one shown in help: "Dense" */
    const char *aliases;   /* "Linear FullyConnected" or "" */
    enum config_group group;
    int kind;              /* the group's own enum */
    const char *signature;
    const char *help;      /* one paragraph, Markdown; the formula where there is one */
    const char *example;   /* a line or cell of awml that runs; "" = none */
};

/* Counted; made by the language. */
struct config {
    _Atomic int32_t refs;
    const struct config_row *row;
    int n_args;
    struct arg args[CONFIG_MAX_ARGS];
};

struct config *config_new(const struct config_row *row, struct err *e);
struct config *config_ref(struct config *c);
void config_unref(struct config *c);

/* All rows of all lists, for registering the language's names. */
int config_n_rows(void);
const struct config_row *config_row_at(int i);
/* By name or alias; NULL if there is none. */
const struct config_row *config_find(struct str name);

/* Activations usable as a layer's argument by name. */
int activation_find(struct str name); /* position in activations.list, or -1 */
const char *activation_name(int activation);
