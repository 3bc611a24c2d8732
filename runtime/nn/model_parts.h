/* The inside of a model, for the files of nn/ that build, run and save it. */
#pragma once
#include "model.h"

/* Batch statistics of a training graph and the moving averages that stand for them otherwise. */
struct statistic {
    struct node *value; /* node of the training graph */
    int32_t weight;     /* index of the weight that holds its average */
};

struct model {
    _Atomic int32_t refs;
    const char *name;
    bool built;
    bool training_only;      /* the first walk is done, the second is not */
    uint32_t walk;           /* counts first walks, so that layers know old places from new ones */
    struct graph *graphs[2]; /* [training] */
    int n_inputs[2], n_outputs[2];
    struct port inputs[2][MODEL_MAX_PORTS], outputs[2][MODEL_MAX_PORTS];
    struct weight_info *weights; /* n_weights of cap_weights */
    int n_weights, cap_weights;
    int64_t block; /* floats */
    struct layer_info *layers;
    int n_layers, cap_layers;
    struct node **layer_ends; /* by layer: what it gave last in the training graph */
    struct {
        struct node *weight, *value;
    } assigns[MODEL_MAX_ASSIGNS];
    int n_assigns;
    struct statistic statistics[MODEL_MAX_ASSIGNS];
    int n_statistics;
    struct layer_use *uses; /* in the order of the walk */
    int n_uses, cap_uses, next_use;
    struct model_name_entry *names;
    int n_names, cap_names;
};

void weight_info_clear(struct weight_info *w);
/* One more row of the summary; *place becomes its index. */
bool builder_add_layer(struct builder *b, const struct layer_info *info, int32_t *place,
                       struct err *e);
/* Remember that the nodes from `first` on are an application of a layer. */
bool builder_add_use(struct builder *b, int32_t row, int32_t first, struct node *const *in,
                     int n_in, struct node *out, struct err *e);
/* The node of weight i in a graph of this model (or a copy of one), or NULL. */
struct node *model_weight_node(const struct graph *g, int weight);
/* Which layer gave this node of the training graph, looking through reshapes; -1 if none. */
int model_layer_of(const struct model *m, const struct node *n);
/* Does this data fit the model's input? In texts {0} is the model, {1} the data. (input_check.c) */
bool model_check_input(const struct model *m, int input, const struct desc *data, struct err *e);
/* Are these whole numbers inside the tables of the Embeddings that read this input? */
bool model_check_positions(const struct model *m, int input, const struct tensor *t, struct err *e);
/* All inputs, of the same number of examples. */
bool model_check_inputs(const struct model *m, struct tensor *const *inputs, struct err *e);
/* "time=24 feature=4", "96 numbers", "1 number": what one example is. */
const char *example_print(const struct shape *s, char *out, size_t cap);
/* Product of the sizes of an example; -1 if one is not known. */
int64_t example_numbers(const struct shape *s);
/* Do two named axes stand in each other's place? The first such axis, or -1. */
int axes_conflict(const struct shape *a, const struct shape *b);
