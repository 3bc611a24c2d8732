/* The evaluator: one walk over the tree for all three domains (architecture.md 2). In DOMAIN_CHECK
 * nothing is read, drawn, trained or shown; tensors of any size are descriptions. In DOMAIN_RUN
 * values are numbers, except where a graph is being traced: then they are nodes. */
#pragma once
#include "lang/observer.h"
#include "place.h"
#include "lang/values/value.h"
#include <stdatomic.h>

enum domain { DOMAIN_CHECK, DOMAIN_RUN };

struct engine;
struct scope;
struct memo;
struct shape_log;
struct names;
struct builder;
struct trial;
struct fused;
struct step_trace;
struct slow;
struct train_moment;
struct known_calls;

/* Locals of a running function, model body or cell. */
struct frame {
    const struct scope *scope;
    struct value *slots;
    struct value *captured; /* borrowed from the function */
    struct value *returned; /* where the value of `return` goes; a body outside functions: NULL */
    struct value pending;   /* checking: a return in an arm that may or may not be taken */
};

/* Names of the session as seen while checking: assigned there, gone afterwards. */
struct binding {
    const char *name;
    struct value value;
};
struct bindings {
    struct binding *items;
    int n, cap;
};
void bindings_clear(struct bindings *o);

struct eval {
    struct engine *engine;
    const _Atomic bool *stop; /* set from outside: end soon */
    enum domain domain;
    const struct engine_observer *observer; /* never NULL; members may be */
    struct err *e;
    struct program *program;
    struct frame *frame;
    struct bindings overlay;  /* DOMAIN_CHECK */
    struct graph *graph;      /* being traced, or NULL */
    struct builder *builder;  /* inside a model body, or NULL */
    struct memo *memo;        /* layers of that body */
    struct fused *fused;      /* inside an array expression that may become one plan, or NULL */
    struct plot *plot;        /* inside a plot block, or NULL */
    struct shape_log *shapes; /* %shapes: what is written down; NULL = nothing */
    struct trial *trial;      /* inside a search, or NULL */
    struct step_trace *step;  /* inside a training's step, or NULL */
    struct slow *slow;        /* what is shown to be under way (slow.h), or NULL */
    const struct train_moment *moment; /* inside `each epoch:` or `each batch:`, or NULL */
    const char *context;               /* what is being traced, for messages: "a model", "grad" */
    int depth;
    struct known_calls *known;       /* checking: inside a function, calls made already; or NULL */
    int64_t fuel;                    /* checking: steps left before everything is unknown */
    const struct place *place;       /* of the statement being run */
    uint64_t draws;                  /* random calls made by it so far */
    const struct value *at_hand;     /* the table that .x is a column of, or NULL */
    const struct row_groups *groups; /* aggregates fold each of these, or NULL */
    bool ending;                     /* the statement under way is the last: ev->e says why */
    bool unsure;                     /* checking: inside an arm that may not be taken */
};

enum flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_ERROR };

/* Each gives a new reference in *out. False: ev->e is complete with its place. */
bool eval_expr(struct eval *ev, const struct ast *x, struct value *out);
enum flow exec_statement(struct eval *ev, const struct ast *s);
enum flow exec_body(struct eval *ev, struct ast *const *body, int n);
/* Statements that have a value when assigned: train, plot. */
bool eval_block(struct eval *ev, const struct ast *s, struct value *out);
bool eval_train(struct eval *ev, const struct ast *s, struct value *out);
bool eval_plot_block(struct eval *ev, const struct ast *s, struct value *out);
bool eval_define_model(struct eval *ev, const struct ast *s);

/* Calls. `at` is the place for messages; actuals are borrowed. */
struct actual;
bool call_value(struct eval *ev, struct value callee, const struct actual *actuals, int n,
                struct span at, struct value *out);
/* A user's function on ready values. */
bool call_simple(struct eval *ev, struct value callee, const struct value *args, int n,
                 struct span at, struct value *out);
bool call_config(struct eval *ev, const struct config_row *row, const struct actual *actuals, int n,
                 struct span at, struct value *out);
bool call_maker(struct eval *ev, struct maker *m, const struct actual *actuals, int n,
                struct span at, struct value *out);
bool call_layer(struct eval *ev, struct layer *l, const struct actual *actuals, int n,
                struct span at, struct value *out);
bool call_model(struct eval *ev, struct model_value *m, const struct actual *actuals, int n,
                struct span at, struct value *out);

/* A config of the group, or the bare name of one with its defaults: new reference; NULL otherwise.
 */
struct config *value_config(struct eval *ev, struct value v, enum config_group group);
/* "sigmod" where a name of this group (or NEAR_ACTIVATION) is needed: the hint says which is meant.
 * False, without a hint, for other values and where none is near. */
enum { NEAR_ACTIVATION = -1 };
bool hint_near_name(struct eval *ev, struct value v, int group);
/* A schedule at a step; a loss or metric on tensors. */
bool call_schedule(struct eval *ev, struct config *c, const struct actual *actuals, int n,
                   struct span at, struct value *out);
bool call_measure(struct eval *ev, struct config *c, const struct actual *actuals, int n,
                  struct span at, struct value *out);

/* Names. */
bool name_get(struct eval *ev, const struct ast *name, struct value *out);
bool name_set(struct eval *ev, const struct ast *name, struct value take);
bool assign_target(struct eval *ev, const struct ast *target, struct value take);

/* Fields: x.name without a call. False with an error when there is none. */
bool eval_attribute(struct eval *ev, const struct ast *x, struct value *out);
bool eval_index(struct eval *ev, const struct ast *x, struct value *out);
/* x[i] = number where x is a tensor that nobody else sees: is it done? No: nothing has happened. */
bool replace_number(struct eval *ev, const struct ast *target, struct value v);
/* The value with one element or field replaced. */
bool index_replace(struct eval *ev, struct value base, const struct ast *target, struct value v,
                   struct value *out);

/* Tensor work, whatever the domain. Inputs are borrowed values: numbers, tensors, nodes,
 * descriptions; UNKNOWN gives UNKNOWN. Errors keep {0}…: apply_named puts the students' words. */
bool apply_op(struct eval *ev, enum op op, const struct value *in, int n, const struct attrs *attrs,
              struct value *out);
bool apply1(struct eval *ev, enum op op, struct value a, const struct attrs *attrs,
            struct value *out);
bool apply2(struct eval *ev, enum op op, struct value a, struct value b, struct value *out);
/* Is it a number, tensor, node or description? And what is known of it. */
bool value_is_tensorlike(struct value v);
bool value_describe(struct value v, struct desc *d);
/* One tensor from a list of numbers or of equal tensors; the list itself where that is not so. */
bool list_to_tensor(struct eval *ev, const struct list *l, struct value *out);

/* One yes or no, or unknown (only while checking). Conditions of if, while, assert, not … */
enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN, TRUTH_ERROR };
enum truth value_truth(struct eval *ev, struct value v, const struct ast *x, const char *word);
/* After that error, for a if many else b: what was meant is mostly a choice for each of them. */
void hint_where(struct eval *ev, const struct ast *ternary, struct value condition);

/* Iterate: number of elements (-1 unknown) and the i-th (new reference). */
bool iterate_count(struct eval *ev, struct value v, struct span at, int64_t *n);
bool iterate_item(struct eval *ev, struct value v, int64_t i, struct value *out);

/* A node's gradient of a traced function: builds, runs (or describes). */
bool eval_grad(struct eval *ev, struct value f, const struct value *args, int n, int wrt,
               struct span at, struct value *value, struct value *slope);
/* The slopes of every number of f(x): [outputs…, inputs…]. Differentiates once, then runs once for
 * each output. */
bool eval_jacobian(struct eval *ev, struct value f, struct value x, struct span at,
                   struct value *out);

/* Mistakes: set kind and sentence with a place. */
bool fail(struct eval *ev, struct span at, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool fail_later(struct eval *ev, struct span at, const char *feature);
bool fail_later_name(struct eval *ev, struct span at, const char *name, const char *feature);
/* Add the place and the students' words for {0}… to an error from below. */
bool fail_from(struct eval *ev, struct span at, const struct span *args, int n);
/* Did the user press stop? Then an ERR_INTERRUPT is set. Cheap; called at loop edges. */
bool stopped_fails(struct eval *ev, struct span at);
static inline bool stopped(struct eval *ev, struct span at) {
    return __builtin_expect(atomic_load_explicit(ev->stop, memory_order_relaxed), 0) &&
           stopped_fails(ev, at);
}

/* While checking: a size that is equal to itself only. */
int64_t unknown_size(void);
/* The next random stream of this statement (language.md 2.17). */
uint64_t next_stream(struct eval *ev);
uint64_t engine_seed(const struct engine *en);
bool engine_is_again(const struct engine *en); /* the cell began with %again */
enum device_choice engine_device(const struct engine *en);
int engine_next_run(struct engine *en); /* numbers training runs, from 1 */

/* While checking: forget what is only known in one arm. Values become their common description. */
struct value value_join(struct value take_a, struct value take_b, struct err *e);

struct files_seen *engine_files(const struct engine *en); /* lang/values/files_seen.h */
/* Networks that pretrained() has read (fn_pretrained.c); NULL before the first. */
struct pretrained_cache **engine_pretrained(struct engine *en);
struct names *engine_names(struct engine *en);
