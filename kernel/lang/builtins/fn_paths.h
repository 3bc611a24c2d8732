/* Paths as arguments: shared by the built-ins that read and write files. */
#pragma once
#include "fn.h"

/* Argument i as a NUL-terminated path. */
bool path_of(struct call *c, int i, char *out, size_t cap);
/* The folders above `path`, which is argument i. */
bool make_folders(struct call *c, int i, const char *path);
