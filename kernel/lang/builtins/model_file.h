/* Models that a file describes whole, and the trained networks that are kept after a first use. */
#pragma once
#include "fn.h"
#include "lang/eval/models/model.h"

struct pretrained_cache;
void pretrained_cache_free(struct pretrained_cache *c); /* NULL is fine */

/* By the ending of the path: .onnx, .keras or .h5. NULL with an error. */
struct model *read_model_file(const char *path, struct weights **weights, struct err *e);
/* A value that takes both, also if it fails. */
bool model_as_value(struct call *c, struct model *m, struct weights *w, struct value *out);
