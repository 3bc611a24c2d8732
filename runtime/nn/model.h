/* A model: a graph from inputs to outputs with the weights it uses, once for training and once for
 * inference. It is built by a caller who walks the model's description (the language, or C code)
 * with a struct builder; layers only compose ops and declare weights.
 *
 *     struct builder b;
 *     builder_init(&b, model, training, e);
 *     x = builder_input(&b, "image", &desc, e);
 *     h = layer_apply(&b, layer, &x, 1, e);  …
 *     builder_output(&b, "label", h, e);
 *     builder_finish(&b, e);
 *
 * The walk is made twice, training then inference, with the SAME struct layer objects, which
 * remember their weights: that is also how layers are shared. A nested model is walked with the
 * builder of the outer one. */
#pragma once
#include "../graph.h"
#include "config.h"

enum { MODEL_MAX_PORTS = 8, MODEL_MAX_ASSIGNS = 512 };

/* One block of numbers that belongs to a layer. */
struct weight_info {
    const char *name; /* "Dense_2.kernel", interned, unique in the model */
    struct shape shape;
    int64_t offset;      /* in the block, in floats; 16-float aligned */
    struct config *init; /* initialiser row + arguments */
    int fan_in, fan_out;
    bool learns;          /* false: moving averages */
    double l1, l2;        /* the layer's penalty */
    uint64_t stream;      /* for drawing its first values */
    struct tensor *start; /* its first values are these (a trained model inside another), or NULL */
};

/* One line of the summary. */
struct layer_info {
    const char *text; /* "Dense 64 relu" */
    const char *call; /* "Dense(64, relu)" */
    const char *name;
    struct config *config; /* of the layer; the model's own reference */
    struct span span;
    struct shape output; /* first axis = batch */
    int64_t n_weights, n_learning;
    int32_t first_weight, n_weight_infos;
    int32_t times_used;
};

/* One application of a layer: its nodes are those with ids [first, end) of each graph. */
enum { LAYER_MAX_INPUTS = 4 };
struct layer_use {
    int32_t row;
    int32_t first[2], end[2]; /* [training] */
    int32_t n_in;
    struct node *in[2][LAYER_MAX_INPUTS], *out[2];
};

struct port {
    const char *name;  /* interned */
    struct node *node; /* in the graph it was asked for */
    struct desc desc;
};

struct model;
struct weights;

/* A name of a model's body and what it stands for: a layer, a model inside (several layers), a
 * tensor on the way. */
struct model_name_entry {
    const char *name;              /* interned */
    int32_t first_layer, n_layers; /* n 0 = no layers of its own */
    int32_t first_weight, n_weights;
    struct node *node[2]; /* [training]; NULL = no tensor */
};

struct model *model_new(const char *name, struct err *e);
struct model *model_ref(struct model *m);
void model_unref(struct model *m);
const char *model_name(const struct model *m);
bool model_is_built(const struct model *m);
struct graph *model_graph(const struct model *m, bool training);
int model_n_inputs(const struct model *m);
int model_n_outputs(const struct model *m);
const struct port *model_input(const struct model *m, bool training, int i);
const struct port *model_output(const struct model *m, bool training, int i);
int model_n_weights(const struct model *m);
const struct weight_info *model_weight(const struct model *m, int i);
int64_t model_block_size(const struct model *m); /* floats in a block of weights */
int64_t model_n_params(const struct model *m, bool learning_only);
int model_n_layers(const struct model *m);
const struct layer_info *model_layer(const struct model *m, int i);
/* Applications of layers in the order of the walk. */
int model_n_uses(const struct model *m);
const struct layer_use *model_use(const struct model *m, int i);

int model_n_names(const struct model *m);
const struct model_name_entry *model_name_at(const struct model *m, int i);
/* The entry of a body's name, or NULL. */
const struct model_name_entry *model_find_name(const struct model *m, const char *interned_name);
int model_find_layer(const struct model *m, const char *interned_name); /* row, or -1 */
/* A model of its own that ends where another has a name or a layer: the same inputs, the tensor of
 * that name as output, and only the weights on the way. *weights is its block, from `from`. */
struct model *model_part(const struct model *m, const char *interned_name,
                         const struct weights *from, struct weights **weights, struct err *e);

/* A model on images without what follows them: it ends where the last image of several places is,
 * before everything is pooled or laid out as one axis. Its output is called "features". */
struct model *model_without_head(const struct model *m, const struct weights *from,
                                 struct weights **weights, struct err *e);

/* One version of a model's numbers. Immutable once shared, counted. */
struct weights {
    _Atomic int32_t refs;
    int64_t n;   /* floats */
    float *data; /* 64-byte aligned */
};
struct weights *weights_new(int64_t n, struct err *e); /* zeroed */
struct weights *weights_copy(const struct weights *w, struct err *e);
struct weights *weights_ref(struct weights *w);
void weights_unref(struct weights *w);
/* First values, by each weight's initialiser: Philox(seed, hash(stream, the weight's stream)). */
struct weights *model_init(const struct model *m, uint64_t seed, uint64_t stream, struct err *e);

/* ---- building ---- */

struct builder {
    struct model *model;
    struct graph *graph;
    bool training;
    uint64_t stream; /* next random stream: dropout masks */
    int32_t i_layer;
    /* moving averages to store after a training step */
    struct {
        struct node *weight, *value;
    } assigns[MODEL_MAX_ASSIGNS];
    int n_assigns;
};

bool builder_init(struct builder *b, struct model *m, bool training, struct err *e);
struct node *builder_input(struct builder *b, const char *name, const struct desc *d,
                           struct err *e);
/* A weight declared by a layer or by the student's `weight` line. On the second walk the same
 * `place` gives the same weight; *place starts as -1. */
struct node *builder_weight(struct builder *b, int32_t *place, const struct weight_info *info,
                            struct err *e);
bool builder_output(struct builder *b, const char *name, struct node *n, struct err *e);
/* A name of the body: what it stood for at the end of this walk. */
bool builder_name(struct builder *b, const struct model_name_entry *entry, struct err *e);
bool builder_finish(struct builder *b, struct err *e);

/* A layer: a config of group CONFIG_LAYER, and, once applied, its weights. Counted. Applying it
 * twice in one walk shares the weights. */
struct layer;
struct layer *layer_new(struct config *c, struct err *e); /* takes a reference */
struct layer *layer_ref(struct layer *l);
void layer_unref(struct layer *l);
const struct config *layer_config(const struct layer *l);
struct node *layer_apply(struct builder *b, struct layer *l, struct node *const *in, int n_in,
                         struct err *e);
/* Names of the inputs of a layer that is called by name, two at least; NULL, n = 0: it takes one.
 */
const char *const *layer_input_names(const struct layer *l, int *n);
/* What its last use gave besides: the states of a recurrent layer with return_state=True. */
int layer_n_extra(const struct layer *l);
struct node *layer_extra(const struct layer *l, int i);
/* The layer's row in the model that was walked last with it; -1 if it was not applied there. */
int layer_row(const struct layer *l, const struct model *m);

/* Where a model inside another one has its weights and rows; all zero before the first use. Using
 * it again in the same walk, or in the second walk, shares the weights. */
struct nest {
    const struct model *outer;
    uint32_t walk;
    int32_t first_weight, first_layer;
    struct node *out[2]; /* [training]: its (first) output, of the last use */
};
/* The built model `inside` as a part of the one being built. `values`: the first values of its
 * weights, or NULL: drawn anew. outputs: room for model_n_outputs(inside). */
bool builder_nest(struct builder *b, const struct model *inside, const struct weights *values,
                  struct nest *nest, struct node *const *inputs, struct node **outputs,
                  struct err *e);

/* A built model's computation put into any graph, for inference, with its weights as constants.
 * The inputs' first axis may be of any size. */
bool model_inline(const struct model *m, const struct weights *w, struct graph *g,
                  struct node *const *inputs, struct node **outputs, struct err *e);

/* The same for training or inference, with weights that the caller provides. */
struct model_embedding {
    const struct model *model;
    bool training;
    struct graph *graph;
    uint64_t salt;      /* mixed into random streams: another mask for each use */
    const bool *frozen; /* by layer: these compute as in inference; or NULL */
    /* the node for weight old->index; asked for again at each use */
    struct node *(*weight)(void *user, const struct node *old, struct err *e);
    /* what a moving average becomes after this use */
    void (*average)(void *user, int weight, struct node *value);
    void *user;
};
bool model_embed(const struct model_embedding *how, struct node *const *inputs,
                 struct node **outputs, struct err *e);

/* An activation from activations.list; usable in any graph. */
struct node *activation_apply(struct graph *g, int activation, struct node *x, struct err *e);

/* ---- using ---- */

/* Outputs for all rows of the inputs (batches of `batch`, 0 = 256), inference mode unless
 * `dropout`: then the training graph's random layers are on (seed, stream) but no averages move.
 * outputs[i] are new references. */
struct predict_spec {
    const struct model *model;
    const struct weights *weights;
    struct tensor *const *inputs;
    int64_t batch;
    bool dropout;
    int64_t samples; /* with dropout: so many draws of each row, 0 = 1. Two and more make a first
                        axis of the outputs; what comes before the first random layer is computed
                        once for all of them */
    uint64_t seed, stream;
    const _Atomic bool *stop;
    void (*progress)(void *user, double share); /* after each batch; or NULL */
    void *user;
};
bool model_predict(const struct predict_spec *spec, struct tensor **outputs, struct err *e);

/* Weights in safetensors files, by weight name; loading checks names and shapes. */
bool model_save_weights(const struct model *m, const struct weights *w, const char *path,
                        struct err *e);
struct weights *model_load_weights(const struct model *m, const char *path, struct err *e);
