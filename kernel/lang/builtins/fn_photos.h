/* Tables with pictures on disk: shared by the built-ins that change and show them. */
#pragma once
#include "fn.h"

/* The table of argument 0 with its pictures at another size (0: as before), with other channels. */
bool photos_change(struct call *c, int64_t h, int64_t w, int method, int channels,
                   struct value *out);
/* The first column of pictures of a table, or -1. */
int photos_column(struct value v);
/* Its first pictures side by side, each with its label. */
bool photos_figure(const struct table *t, int column, struct value *out, struct err *e);
