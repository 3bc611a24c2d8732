/* HDF5 files by libhdf5, which is opened when the first one is met: tensors by their paths, as
 * Keras keeps weights. */
#pragma once
#include "read.h"

/* items: new array of *n with paths such as "layers/dense/vars/0" (pool_free it, unref the
 * values). Only numbers are read; float32 stays so, everything else becomes float64. */
bool read_hdf5(const char *path, struct named_tensor **items, int *n, struct err *e);
/* A text attribute of the file itself, such as "model_config", appended to out; nothing if there
 * is none. */
bool read_hdf5_text(const char *path, const char *attribute, struct text *out, struct err *e);
/* A NULL value makes a group without anything in it. */
bool write_hdf5(const struct named_tensor *items, int n, const char *path, struct err *e);
