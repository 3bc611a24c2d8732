/* Copying a model's graph into another graph, node by node, as it stands: no rule is asked again.
 * Private to nn/. */
#pragma once
#include "model_parts.h"

struct embedding {
    struct graph *to;
    int64_t batch;     /* in place of SIZE_BATCH: a number, or another unknown */
    uint64_t salt;     /* mixed into random streams; 0 = as they are */
    struct node **map; /* node of the model's graph -> its copy; set beforehand = used as it is */
    /* the copy of a weight (asked once for each) */
    struct node *(*weight)(void *user, const struct node *old, struct err *e);
    void *user;
};

/* One node; its inputs must have copies. NULL on failure. */
struct node *embed_node(const struct embedding *s, const struct node *old, struct err *e);
/* All nodes of a graph that have no copy yet. */
bool embed_graph(const struct embedding *s, const struct graph *from, struct err *e);
/* A model's graph; frozen: by layer, those that compute as in inference, or NULL. */
bool embed_model(const struct embedding *s, const struct model *m, bool training,
                 const bool *frozen, struct err *e);
/* The model's inputs for embedding: as its ports' type. map has graph_n_nodes entries. */
bool embed_inputs(struct embedding *s, const struct model *m, bool training,
                  struct node *const *inputs, struct err *e);
