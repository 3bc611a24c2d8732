/* What the evaluator's files share and nobody else needs. */
#pragma once
#include "eval_ops.h"

enum { MAX_DEPTH = 250 }; /* calls inside each other */
/* The mistake of going too deep. */
bool too_deep(struct eval *ev, struct span at);
/* What eval_expr does for this kind of tree, without looking for a better way. */
bool eval_operation(struct eval *ev, const struct ast *x, struct value *out);
bool eval_call(struct eval *ev, const struct ast *x, struct value *out);
bool eval_search(struct eval *ev, const struct ast *x, struct value *out);
/* exec_body for the body of a function. */
enum flow exec_function(struct eval *ev, struct ast *const *body, int n);
/* What the evaluator goes on with after the body of a function or model. */
struct caller {
    struct program *program;
    struct frame *frame;
    struct plot *plot;
    const struct value *at_hand;
    const struct row_groups *groups;
    const struct place *place;
    uint64_t draws;
};
/* Into a body, which sees no plot, table or groups of its caller, and back. */
static inline struct caller body_enter(struct eval *ev, struct program *program,
                                       struct frame *frame) {
    struct caller c = {ev->program, ev->frame, ev->plot, ev->at_hand,
                       ev->groups,  ev->place, ev->draws};
    ev->program = program;
    ev->frame = frame;
    ev->plot = NULL;
    ev->at_hand = NULL;
    ev->groups = NULL;
    ev->depth++;
    return c;
}
static inline void body_leave(struct eval *ev, const struct caller *c) {
    ev->program = c->program;
    ev->frame = c->frame;
    ev->plot = c->plot;
    ev->at_hand = c->at_hand;
    ev->groups = c->groups;
    ev->place = c->place;
    ev->draws = c->draws;
    ev->depth--;
}
/* A def or lambda as a value, with what it captures. */
bool make_function(struct eval *ev, const struct ast *f, struct value *out);
/* The captured values and defaults of a def, lambda or model; new arrays. */
bool make_closure(struct eval *ev, const struct ast *f, struct value **captured,
                  int32_t *n_captured, struct value **defaults);
/* a, b = value: as many parts as targets. Takes the value. */
bool assign_many(struct eval *ev, struct ast *const *targets, int n, struct value take);
/* Number of examples in a tensor, table or record of them; -1 if it is not known. */
int64_t examples_in(struct value v);
/* Is something in it (a list's element, a record's field) not known while checking? */
bool value_has_unknown(struct value v);
/* From the one to the other, both inside `within`, or `within` where that is no piece of text with
 * its brackets. */
struct span span_between(struct span a, struct span b, struct span within);
/* What a name that is not a local was given, borrowed; NULL: nothing. Not while checking. */
const struct value *global_value(struct eval *ev, const char *name);
bool global_get(struct eval *ev, const char *name, struct value *out);
bool index_value(struct eval *ev, const struct ast *x, struct value v, struct value *out);
bool constant_find(const char *name, double *x);
const char *constant_name(int i); /* NULL behind the last */
static inline struct value *slot_of(struct eval *ev, int slot) {
    return slot >= 0 ? &ev->frame->slots[slot] : &ev->frame->captured[-2 - slot];
}
/* Does a value fit `[batch, time=24]`? Names sizes that are learned. `what` is for the message. */
bool check_type(struct eval *ev, const struct ast *type, struct value *v, const char *what,
                struct span at);
/* The sizes of a shape in the tree; learned names become unknown sizes, known ones numbers. */
bool eval_shape(struct eval *ev, const struct ast *type, struct shape *out);
/* Fill the parameters of a function or model from actuals: new values in slots[0 … n). */
bool bind_parameters(struct eval *ev, const struct ast *f, const struct value *defaults,
                     const struct actual *actuals, int n, struct span at, struct value *slots);
/* Run a user's function with arguments that are bound already: takes the slots' values. */
bool run_function(struct eval *ev, struct function *f, struct value *slots, struct span at,
                  struct value *out);
