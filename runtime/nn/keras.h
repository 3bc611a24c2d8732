/* Models in the files of Keras 3: weights alone (.weights.h5), the architecture alone (.json), or
 * both (.keras, a zip archive). What is written is a functional model of the layers in
 * keras_layers.list and of sums, products, differences and concatenations between them; anything
 * else is an error that names it. */
#pragma once
#include "model.h"

bool keras_save(const struct model *m, const struct weights *w, const char *path, struct err *e);
bool keras_save_weights(const struct model *m, const struct weights *w, const char *path,
                        struct err *e);
/* The architecture as Keras' model.to_json() gives it, appended. */
bool keras_json(const struct model *m, struct text *out, struct err *e);
/* Weights of a .keras or .weights.h5 file for a model with the same layers in the same order;
 * weights are matched layer by layer within each kind. */
struct weights *keras_load_weights(const struct model *m, const char *path, struct err *e);

/* "MaxPooling2D" -> "max_pooling2d": how Keras names places in its files. `cap`: bytes of out. */
void keras_place(const char *class_name, char *out, size_t cap);
