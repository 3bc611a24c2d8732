/* What a kind of layer implements: one function that composes operations and declares weights. It
 * runs twice for each use (training and inference). Private to nn/. */
#pragma once
#include "compose.h"
#include "model_parts.h"
#include "penalty.h"

enum { LAYER_MAX_WEIGHTS = 8, LAYER_MAX_EXTRA = 4 };

struct layer {
    _Atomic int32_t refs;
    struct config *config;
    /* what it remembers of the model it was last used in */
    struct model *model; /* a reference, or NULL */
    uint32_t walk;
    int32_t row; /* in the summary */
    int32_t weights[LAYER_MAX_WEIGHTS];
    struct node *more[2]; /* inputs after the first, of the current use */
    int n_more;
    struct node *extra[LAYER_MAX_EXTRA]; /* further results of the last use: states */
    int n_extra;
    const char *name; /* interned */
};

/* The arguments in the order of the signature. */
const struct arg *layer_arg(const struct layer *l, int i);
/* The layer's weight number `slot`: "Dense_2.kernel". init NULL = the constant `value`. */
struct layer_weight {
    const char *name;
    struct shape shape;
    struct config *init;
    double value;
    int64_t fan_in, fan_out;
    bool fixed; /* moved by assignments, not by gradients */
    const struct config *penalty;
};
struct node *layer_weight(struct builder *b, struct layer *l, int slot,
                          const struct layer_weight *w, struct err *e);
/* A random stream of its own for this place in the model. */
uint64_t layer_stream(struct builder *b);
/* The known size of the last axis, or 0 with an error that names the layer. */
int64_t layer_last_size(const struct layer *l, const struct node *x, struct err *e);

/* The layer's function on x, outside of a model: for layers without weights. */
struct node *layer_build(struct builder *b, struct layer *l, struct node *x, struct err *e);
/* Inverted dropout with one decision for each element of `mask`, whose sizes are x's or 1. */
struct node *dropout_apply(struct builder *b, struct node *x, const struct shape *mask, double rate,
                           struct err *e);
/* The last axis gets the weak name "unit"; passes NULL on. */
struct node *layer_units(struct node *x);
struct node *layer_axis(struct node *x, const char *name); /* another name for the last axis */

/* layer_build_<id> for each row of layers.list. */
typedef struct node *(*layer_build_fn)(struct builder *b, struct layer *l, struct node *x,
                                       struct err *e);
#define LAYER(id, name, aliases, signature, help, example)                                         \
    struct node *layer_build_##id(struct builder *b, struct layer *l, struct node *x,              \
                                  struct err *e);
#include "layers.list"
#undef LAYER

/* activations with their options */
struct node *activation_leaky_relu_slope(struct graph *g, struct node *x, double slope,
                                         struct err *e);
struct node *activation_elu_alpha(struct graph *g, struct node *x, double alpha, struct err *e);
