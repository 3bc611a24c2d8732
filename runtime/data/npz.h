/* NumPy's .npz: a zip archive of .npy files. */
#pragma once
#include "read.h"

/* items: new array of *n with names (without ".npy"; pool_free it, unref the values). */
bool read_npz(const char *path, struct named_tensor **items, int *n, struct err *e);
bool write_npz(const struct named_tensor *items, int n, const char *path, struct err *e);
