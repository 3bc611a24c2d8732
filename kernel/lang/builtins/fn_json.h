/* Values as JSON, and records of tensors as .npz: for save and load. */
#pragma once
#include "fn.h"

/* Missing numbers are null. */
bool value_to_json(struct eval *ev, struct value v, struct text *out);
bool load_npz(struct call *c, const char *path, struct value *out);
bool save_npz(struct call *c, const struct record *r, const char *path);
