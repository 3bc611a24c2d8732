/* Models in the files of Keras: the layers that the config describes, with the weights of an HDF5
 * file. Sequential and functional models, also one inside another. */
#pragma once
#include "data/read.h"
#include "nn/model.h"

/* A .keras file, or a whole model as .h5 (keras_old.c). NULL with an error that names the layer
 * that is not known. */
struct model *keras_load(const char *path, struct weights **weights, struct err *e);
struct model *keras_load_h5(const char *path, struct weights **weights, struct err *e);
/* The same from its parts: config.json, and the weights by their paths (may be none: first values).
 */
struct model *keras_read_config(struct str config, const char *title,
                                const struct named_tensor *items, int n, struct weights **weights,
                                struct err *e);
/* The same where the weights have names, as in an .h5 file. */
struct model *keras_read_old(struct str config, const char *title, const struct named_tensor *items,
                             int n, struct weights **weights, struct err *e);
