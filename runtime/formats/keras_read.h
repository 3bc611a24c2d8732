/* Models in the files of Keras 3: the layers that its config describes, with the weights of its
 * HDF5 file. Sequential and functional models, also one inside another. */
#pragma once
#include "data/read.h"
#include "nn/model.h"

/* A .keras file. NULL with an error that names the layer that is not known. */
struct model *keras_load(const char *path, struct weights **weights, struct err *e);
/* The same from its parts: config.json, and the weights by their paths (may be none: first values).
 */
struct model *keras_read_config(struct str config, const char *title,
                                const struct named_tensor *items, int n, struct weights **weights,
                                struct err *e);
