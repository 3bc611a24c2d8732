/* Models in the language: from `model …:` to instances with weights. */
#pragma once
#include "lang/eval/eval.h"

struct inside;

/* Layers made while a model's body is walked, in order: the second walk meets the same ones. */
struct memo {
    struct layer **layers;
    int n, cap, next;
    const struct desc *data; /* descriptions of the inputs' data, or NULL */
    int n_data, i_input;
    bool needs_data;    /* an input's size is not known without data */
    bool unknown;       /* something in the body is not known while checking */
    int32_t places[64]; /* of `weight` lines */
    int i_place;
    struct inside *insides; /* models used in the body, those made there first come first */
    int n_insides, cap_insides, next_made;
};

/* A model used in another one's body. */
struct inside {
    struct model_value *model;     /* a reference */
    bool made;                     /* by a call in the body, in this order */
    const struct model_value *now; /* what stands for it in this walk; NULL = not met yet */
    struct nest nest;
};

/* A layer for a call in a model's body: the memo's next one. New reference. */
bool memo_layer(struct eval *ev, struct config *c, struct value *out);

/* The next model that the body makes, met before in this memo: new reference; or NULL. */
struct model_value *memo_made(struct memo *m, const struct maker *maker);
bool memo_add_made(struct eval *ev, struct model_value *m);
/* At the end of a walk: which name of the body stands for what. */
bool keep_names(struct eval *ev, const struct frame *f);

/* Make sure that the instance has its graphs (and, when running, weights). `data` describes the
 * inputs with their first axis, or is NULL. *built = false when sizes are still missing. */
bool model_ensure(struct eval *ev, struct model_value *m, const struct desc *data, int n_data,
                  struct span at, bool *built);
/* A copy of the instance (new reference) to which new weights may be given. */
struct model_value *model_copy(struct eval *ev, const struct model_value *m);
bool model_field(struct eval *ev, const struct ast *x, struct model_value *m, struct value *out);
/* The inputs (or targets) of a model: new references (tensors), or descriptions only while
 * checking; known = false if nothing can be said. */
struct model_data {
    int n;
    struct tensor *tensors[MODEL_MAX_PORTS]; /* NULL while checking */
    struct desc descs[MODEL_MAX_PORTS];
    bool known;
};
enum data_side {
    DATA_INPUTS = 0,
    DATA_TARGETS = 1, /* what belongs to the outputs */
    DATA_BY_NAME = 2, /* a table stands for both sides: columns have to have the names */
};
/* From one tensor, a record by the names of the inputs, a table that has columns of these names, or
 * one whose columns are the numbers of an example. m: NULL for tensors and tables of numbers. */
bool model_data_from(struct eval *ev, struct value v, const struct model_value *m, int side,
                     struct span at, struct model_data *out);
/* A model reads many examples; called on one alone, without the axis of examples, it puts out one.
 * Is `d` one example of m, which has one input? */
bool is_one_example(const struct model *m, const struct desc *d);
bool as_one_example(struct eval *ev, struct value v, struct value *out); /* [1, …] */
/* Outputs without their axis of one example, which is the second if `draws` are in front. */
bool the_one_example(struct eval *ev, struct value take, bool draws, struct value *out);
/* Does it look like what the inputs read? */
bool model_check_data(struct eval *ev, const struct model_value *m, const struct model_data *d,
                      struct span at);
/* A part as a value; takes nothing. */
bool part_field(struct eval *ev, const struct ast *x, const struct part *p, struct value *out);
void model_data_clear(struct model_data *d);
/* On a value, `draws` times with random layers on; 0: without, that is inference; more than one:
 * along a first axis `draw`. */
bool model_draws(struct eval *ev, struct model_value *m, struct value x, int64_t draws,
                 struct span at, struct value *out);
bool model_apply(struct eval *ev, struct model_value *m, struct value x, bool dropout,
                 struct span at, struct value *out);
