/* Models as ONNX files, the format that most other programs read. */
#pragma once
#include "nn/model.h"

/* The model's inference computation with its weights (opset 17). Inputs and outputs are as in the
 * language: (batch, height, width, channel). What ONNX has no operator for is an error that names
 * it. */
bool onnx_save(const struct model *m, const struct weights *w, const char *path, struct err *e);

/* The other way: a model like any other, with the weights of the file. Images and the sequences of
 * convolutions get their channels last, as here; what cannot be read is an error that names the
 * operator. NULL with an error. */
struct model *onnx_load(const char *path, struct weights **weights, struct err *e);
/* The same from memory; path NULL: there are no files beside it. */
struct model *onnx_read_bytes(struct str bytes, const char *path, struct weights **weights,
                              struct err *e);
