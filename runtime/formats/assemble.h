/* Models built from a file's description instead of the language: the two walks that a builder
 * wants, with the same layers in both, and the weights that the file has. */
#pragma once
#include "nn/model.h"

struct assembly {
    struct builder *builder; /* of the walk that is under way */
    struct err *e;
    struct layer **layers; /* in the order in which they are made */
    int n_layers, cap_layers, next;
    struct given_weight *given;
    int n_given, cap_given;
};

/* Makes the walk on a->builder: inputs, layers, outputs. Called twice. */
typedef bool (*assemble_walk_fn)(struct assembly *a, void *user);
/* The built model, and its weights: those that were given, and first values for others. NULL with
 * an error. */
struct model *assemble(const char *name, assemble_walk_fn walk, void *user,
                       struct weights **weights, struct err *e);

/* The next layer of the walk, made from `c` (whose reference it takes, also if it fails) in the
 * first walk. Belongs to the assembly. */
struct layer *assemble_layer(struct assembly *a, struct config *c);
struct node *assemble_apply(struct assembly *a, struct layer *l, struct node *const *in, int n_in);
/* Both at once, for a layer that is used once. */
struct node *assemble_use(struct assembly *a, struct config *c, struct node *x);
/* The numbers of the layer's weight `slot`, once it has been applied; takes the reference. False
 * if it has no such weight, or one of another shape. A NULL tensor fails. */
bool assemble_give(struct assembly *a, const struct layer *l, int slot, struct tensor *t);
int assemble_n_weights(const struct assembly *a, const struct layer *l);

/* A name that the language can use: letters, digits and _ (the others become _), interned. */
const char *assemble_name(const char *name);
/* "x/net.onnx" -> "net" */
const char *assemble_title(const char *path);
