/* What a name can stand for. Values are immutable and counted; one evaluator works on all three
 * domains, and a tensor-like value says which one it is in: V_TENSOR numbers in memory, V_NODE a
 * node of a graph being built, V_DESC only a description. Numbers never touch the heap. */
#pragma once
#include "data/keys.h"
#include "graph.h"
#include "nn/model.h"
#include "nn/train.h"
#include "classic/estimator.h"
#include "plot.h"
#include "lang/syntax/ast.h"

#define VALUE_KINDS(K)                                                                             \
    K(MISSING, "nothing given")                                                                    \
    K(NONE, "None")                                                                                \
    K(BOOL, "True or False")                                                                       \
    K(INT, "a whole number")                                                                       \
    K(FLOAT, "a number")                                                                           \
    K(TEXT, "a text")                                                                              \
    K(TENSOR, "a tensor")                                                                          \
    K(NODE, "a tensor")                                                                            \
    K(DESC, "a tensor")                                                                            \
    K(SHAPE, "a shape")                                                                            \
    K(LIST, "a list")                                                                              \
    K(RECORD, "a record")                                                                          \
    K(TABLE, "a table")                                                                            \
    K(TABLE_DESC, "a table")                                                                       \
    K(COLUMN, "a column")                                                                          \
    K(COLUMN_DESC, "a column")                                                                     \
    K(GROUPS, "a table in groups")                                                                 \
    K(SCALER, "a scaler")                                                                          \
    K(TIME, "a time")                                                                              \
    K(PAIR, "inputs -> targets")                                                                   \
    K(FUNCTION, "a function")                                                                      \
    K(BUILTIN, "a function")                                                                       \
    K(METHOD, "a function")                                                                        \
    K(CONFIG, "a setting object")                                                                  \
    K(LAYER, "a layer")                                                                            \
    K(MAKER, "a model description")                                                                \
    K(MODEL, "a model")                                                                            \
    K(ESTIMATOR, "a classical model")                                                              \
    K(QUANTITY, "a quantity")                                                                      \
    K(PLOT, "a plot")                                                                              \
    K(FIGURE, "a figure")                                                                          \
    K(HISTORY, "a training history")                                                               \
    K(SPACE, "a search space")                                                                     \
    K(RUNS, "the runs of a search")                                                                \
    K(PART, "a part of a model")                                                                   \
    K(UNKNOWN, "something not known yet")

#define K(name, words) V_##name,
enum value_kind { VALUE_KINDS(K) V_N_KINDS };
#undef K

struct value {
    enum value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double number; /* FLOAT; TIME: seconds since 1970 */
        struct string *text;
        struct tensor *tensor;
        struct node *node; /* owned by its graph */
        struct desc_value *desc;
        struct shape_value *shape;
        struct list *list;
        struct record *record;
        struct table *table; /* TABLE and HISTORY; COLUMN: a table of one; *_DESC: without cells */
        struct groups_value *groups;
        struct scaler_value *scaler;
        struct pair *pair;
        struct function *function;
        const struct builtin *builtin;
        struct method *method;
        struct config *config;
        struct layer *layer;
        struct maker *maker;
        struct model_value *model;
        struct estimator_value *estimator;
        struct quantity *quantity;
        struct plot *plot;
        struct figure *figure;
        struct space *space;
        struct runs *runs;
        struct part *part;
    };
};

struct string {
    _Atomic int32_t refs;
    size_t n;
    char bytes[]; /* NUL-terminated UTF-8 */
};

struct desc_value {
    _Atomic int32_t refs;
    struct desc desc;
};

struct shape_value {
    _Atomic int32_t refs;
    struct shape shape;
};

struct list {
    _Atomic int32_t refs;
    int32_t n, cap;
    bool is_tuple;
    struct value *items;
};

struct record {
    _Atomic int32_t refs;
    int32_t n, cap;
    const char **keys; /* interned */
    struct value *items;
};

struct pair {
    _Atomic int32_t refs;
    struct value inputs, targets;
    bool by_name; /* both are one table, whose columns have the names of inputs and outputs */
};

/* A def or lambda with what it saw when it was made. */
struct function {
    _Atomic int32_t refs;
    struct program *program;
    const struct ast *ast; /* AST_DEF or AST_LAMBDA */
    int32_t n_captured;
    struct value *captured; /* values of outer locals, in the scope's order */
    struct value *defaults; /* one per parameter; MISSING where there is none */
    int32_t n_defaults;
};

/* x.f without a call, kept for fields that are functions of x. */
struct method {
    _Atomic int32_t refs;
    struct value self, function;
};

/* `model Denoiser(hidden=32):` — what makes instances. */
struct maker {
    _Atomic int32_t refs;
    struct program *program;
    const struct ast *ast; /* AST_MODEL */
    int32_t n_captured;
    struct value *captured;
    struct value *defaults;
    int32_t n_defaults;
};

/* A model instance: its maker, arguments, architecture and one version of weights. */
struct model_value {
    _Atomic int32_t refs;
    struct maker *maker; /* NULL: cut out of another instance by part() */
    int32_t n_args;
    struct value *args;      /* one per parameter of the maker */
    struct model *model;     /* shared by all versions; graphs are built when inputs are known */
    struct weights *weights; /* NULL until built */
    uint64_t stream;         /* of the first weights */
    bool is_inside;          /* made in the body of another model, which has its weights */
    int64_t epochs_trained;
    struct span trained_at; /* the train statement; source 0 = never trained */
    struct levels *classes; /* what the classes of its one output are called, or NULL */
    bool classes_open;      /* checking: they may have names, which are not known yet */
};

/* Layers of an instance: a name of its body, or one of its .layers. */
struct part {
    _Atomic int32_t refs;
    struct model_value *model;
    const char *name; /* interned; what it is called */
    int32_t first_layer, n_layers, first_weight, n_weights;
};

/* A classical model, or several models together; fitted or not yet. */
enum ensemble { ENSEMBLE_NONE, ENSEMBLE_BAGGING, ENSEMBLE_VOTING, ENSEMBLE_STACKING };

struct estimator_value {
    _Atomic int32_t refs;
    const char *name;         /* "RandomForest", "Bagging" */
    struct config *config;    /* a classical model's settings, else NULL */
    struct estimator *fitted; /* of a classical model, or NULL */
    enum ensemble ensemble;
    int32_t n_members;
    struct value *members; /* of an ensemble: as given, or fitted ones */
    struct value final;    /* STACKING: the model that joins the others' answers */
    int64_t copies, folds; /* BAGGING: members to make of the one; STACKING */
    bool soft;             /* VOTING: probabilities, not votes */
    bool is_fitted, single;
    struct class_names classes; /* of a fitted ensemble */
    uint64_t stream;
    struct span trained_at; /* the train statement; source 0 = never */
};

/* t.group("a", "b"): rows with equal keys, in the order of the keys. While checking a large table,
 * only which columns are keys. */
struct groups_value {
    _Atomic int32_t refs;
    struct table *table;
    bool known; /* rows are there: not a description */
    int32_t n_keys;
    int keys[16];
    struct keys codes;
    struct row_groups rows;
};

struct quantity {
    _Atomic int32_t refs;
    double amount;
    const char *unit; /* interned singular: "epoch", "minute" */
};

enum space_kind { SPACE_CHOICE, SPACE_UNIFORM, SPACE_LOGUNIFORM, SPACE_INTEGERS };

/* What a search may try for one name. */
struct space {
    _Atomic int32_t refs;
    enum space_kind kind;
    struct value values; /* CHOICE: a list */
    double low, high;    /* the others; both ends included */
};

/* What a search found: a table with a row for each trial, and the best one's record with its
 * values, history and model (NONE when no trial gave a number). */
struct runs {
    _Atomic int32_t refs;
    struct table *table;
    struct value best;
    bool interrupted;
};

const char *value_kind_words(enum value_kind kind); /* "a tensor" */
/* Counting. Kinds up to FLOAT hold nothing: most values are single numbers. */
void value_unref_counted(struct value v);
struct value value_ref_counted(struct value v);
static inline void value_unref(struct value v) {
    if (v.kind > V_FLOAT) value_unref_counted(v);
}
static inline struct value value_ref(struct value v) {
    return v.kind > V_FLOAT ? value_ref_counted(v) : v;
}

static inline struct value value_none(void) {
    return (struct value){.kind = V_NONE};
}
static inline struct value value_missing(void) {
    return (struct value){.kind = V_MISSING};
}
static inline struct value value_unknown(void) {
    return (struct value){.kind = V_UNKNOWN};
}
static inline struct value value_bool(bool b) {
    return (struct value){.kind = V_BOOL, .boolean = b};
}
static inline struct value value_int(int64_t i) {
    return (struct value){.kind = V_INT, .integer = i};
}
static inline struct value value_float(double x) {
    return (struct value){.kind = V_FLOAT, .number = x};
}
/* These take the reference they are given. */
struct value value_tensor(struct tensor *t); /* no axes: becomes BOOL, INT or FLOAT */
struct value value_node(struct node *n);
/* New values; kind MISSING when memory is out (and e says so). */
struct value value_text(struct str s, struct err *e);
struct value value_desc(const struct desc *d, struct err *e);
struct value value_shape(const struct shape *s, struct err *e);
struct value value_list_new(int32_t cap, struct err *e);
bool list_add(struct list *l, struct value take, struct err *e);
struct value value_record_new(struct err *e);
bool record_set(struct record *r, const char *interned_key, struct value take, struct err *e);
struct value *record_get(const struct record *r, const char *interned_key); /* NULL if none */
struct value value_pair(struct value take_inputs, struct value take_targets, struct err *e);
struct value value_table(struct table *take);
struct value value_column(struct table *take); /* of one column */
static inline struct value value_time(double seconds) {
    return (struct value){.kind = V_TIME, .number = seconds};
}

const char *model_value_name(const struct model_value *m); /* "Denoiser" */
struct str value_str(const struct value *text);            /* bytes of a TEXT */
/* Is it a single number, whatever the kind? */
static inline bool value_is_number(struct value v) {
    return v.kind == V_BOOL || v.kind == V_INT || v.kind == V_FLOAT;
}
/* Of BOOL, INT, FLOAT. */
static inline double value_number(struct value v) {
    if (v.kind == V_BOOL) return v.boolean;
    return v.kind == V_INT ? (double)v.integer : v.number;
}

/* As print shows it: texts bare, numbers to six significant digits, containers in one line. */
void value_print(struct value v, struct text *out);
/* The same with quotes around texts, as in lists and results. */
void value_repr(struct value v, struct text *out);
/* A number as the language shows it: six significant digits, no trailing zeros. */
void number_print(double x, struct text *out);
