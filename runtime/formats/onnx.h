/* Models as ONNX files, the format that most other programs read. */
#pragma once
#include "nn/model.h"

/* The model's inference computation with its weights (opset 17). Inputs and outputs are as in the
 * language: (batch, height, width, channel). What ONNX has no operator for is an error that names
 * it. */
bool onnx_save(const struct model *m, const struct weights *w, const char *path, struct err *e);
