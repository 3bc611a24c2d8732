/* A copy of one of a model's graphs, to which targets and measures are added. Private to nn/. */
#pragma once
#include "losses.h"
#include "model_parts.h"
#include "train.h"

struct objective {
    const struct model *model;
    bool training;
    struct graph *graph;
    struct node *outputs[MODEL_MAX_PORTS];
    struct node *targets[MODEL_MAX_PORTS];
    struct node **map; /* node of the model's graph -> its copy */
};

/* frozen: by layer (as in the summary), those that compute as in inference; or NULL. */
/* `spec`: its frozen layers and its augmentation, or NULL. */
bool objective_init(struct objective *o, const struct model *m, bool training,
                    const struct train_spec *spec, struct err *e);
void objective_clear(struct objective *o);
/* The input for the targets of output i. `classes`: they may be class numbers. */
bool objective_target(struct objective *o, int i, const struct desc *target, bool classes,
                      struct err *e);
/* The measure of output i as one number for a batch, times a factor; weights (batch) or NULL. */
struct node *objective_measure(struct objective *o, int i, const struct measure *m, double factor,
                               struct node *weights, struct err *e);
/* A loss, or a function of the student's, as one number of the graph. */
struct node *measure_node(const struct measure *m, struct graph *g, struct node *target,
                          struct node *output, struct node *weights, struct err *e);
/* The loss of an output: the one given, or the default. *c owns a reference. */
bool measure_resolve(const struct model *m, int output, const struct measure *given,
                     struct measure *out, struct config **c, struct err *e);
