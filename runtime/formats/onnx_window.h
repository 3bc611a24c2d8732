/* Windows of convolutions and pooling as ONNX describes them. */
#pragma once
#include "onnx_read.h"

struct onnx_window {
    int32_t size[2], stride[2], dilation[2];
    int64_t before[2], after[2];
    bool ceil;           /* a last window that is only partly filled counts too */
    const char *padding; /* "valid" or "same" where our layers have just this padding, else NULL */
};

/* Of the operator at hand, for images x with channels last. size: of the kernel, or NULL: the
 * attribute kernel_shape. */
bool onnx_window_read(struct onnx_reader *r, const struct node *x, const int64_t *size, int axes,
                      struct onnx_window *w);
/* x with zeros around it where `padding` does not say it; then it is "valid". */
struct node *onnx_window_pad(struct onnx_reader *r, struct node *x, struct onnx_window *w,
                             int axes);
/* Zeros around the places of images with channels last: as a layer where there is one. */
struct node *onnx_pad_places(struct onnx_reader *r, struct node *x, const int64_t *before,
                             const int64_t *after, int axes);
/* Pooling that no layer has, as an operation by itself. */
struct node *onnx_window_pool(struct onnx_reader *r, enum op op, struct node *x,
                              const struct onnx_window *w, int axes);
