/* What the two files of the Keras reader share: the layer at hand, its settings and weights. */
#pragma once
#include "assemble.h"
#include "data/read.h"
#include <jansson.h>

enum { KERAS_MOST_INPUTS = 64, KERAS_PATH = 512 };

struct keras_reader {
    struct assembly *a; /* of the walk that is under way */
    struct err *e;
    const json_t *root;
    const struct named_tensor *items;
    int n_items;
    struct keras_made { /* layers by their description, so that shared ones stay shared */
        const json_t *from;
        struct layer *layer;
    } * made;
    int n_made, cap_made;
    int depth; /* of models inside models */
    bool old;  /* weights have names instead of places (keras_old.c) */
    bool two;  /* described by Keras 2: batch_input_shape, in Keras 3 batch_shape */
};

/* One layer as the file describes it. */
struct keras_layer {
    const json_t *json, *config;
    const char *class_name, *name;
    char path[KERAS_PATH];            /* where its weights stand: "layers/dense_1" */
    char prefix[128];                 /* of its name here: "inner." */
    const struct keras_layer *inside; /* the model that it belongs to; NULL: the outermost */
};

/* What the layer gives for these inputs; out[0] is the result, further ones states. False with an
 * error. */
bool keras_apply(struct keras_reader *r, const struct keras_layer *l, struct node *const *in,
                 int n_in, struct node **out, int *n_out);
/* A model as a layer: of its json's "config". */
bool keras_run(struct keras_reader *r, const struct keras_layer *model, struct node *const *in,
               int n_in, struct node **out, int *n_out);
/* Which of r->items is the weight at this place of the layer ("cell/vars/1"), in a file where
 * weights have names; -1: none, or it is not clear. */
int keras_old_item(const struct keras_reader *r, const struct keras_layer *l, const char *place);
bool keras_cannot(struct keras_reader *r, const struct keras_layer *l, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
