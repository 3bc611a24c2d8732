/* The order of a recurrent layer's gates in ONNX: which gate of ours (op/recur.h) its i-th one is.
 * Ours are z r a and i f a o, ONNX has z r h and i o f c. */
#pragma once
#include "op/recur.h"

static const int onnx_gates[RECUR_N_CELLS][4] = {{0}, {0, 1, 2}, {0, 3, 1, 2}};

struct node;
struct tensor;
bool onnx_is_projected(struct tensor *const *known, const struct node *x);
