/* What layers on images (height, width, channel) and sequences (time, channel) share. Sequences are
 * images of height 1: every layer computes on four axes (batch, height, width, channel). Private to
 * nn/. */
#pragma once
#include "layer.h"

/* A size argument: one number for both sides, or two ("3x3"), each from `low` on. For a sequence
 * (axes = 1) the height gets `across`, which is 1. */
bool image_sizes(const struct layer *l, int arg, int axes, int64_t low, int32_t out[2],
                 struct err *e);
/* The same with `fallback` in place of None. */
bool image_sizes_or(const struct layer *l, int arg, int axes, const int32_t *fallback,
                    int32_t out[2], struct err *e);

/* x as floats with four axes, of `axes` (1 or 2) sides; or NULL with an error that says what the
 * layer reads and how to get there. */
struct node *image_open(struct builder *b, const struct layer *l, struct node *x, int axes,
                        struct err *e);
/* A result with four axes as the layer gives it: sequences lose their height again; axes without a
 * name get "height", "width" (or "time") and "channel"; `fresh` channels always "channel". */
struct node *image_close(struct builder *b, struct node *y, int axes, bool fresh, struct err *e);

/* How a window of w->size, w->stride and w->dilation is padded: "valid", "same" as TensorFlow does
 * it, or for sequences "causal". False with an error when the window does not fit into the image.
 */
bool image_padding(struct builder *b, const struct layer *l, const struct node *x, int arg,
                   int axes, struct sliding *w, struct err *e);
/* Images of size[0] x size[1], as TensorFlow resizes them. */
struct node *image_resize(struct builder *b, struct node *x, const int64_t *size, bool nearest,
                          struct err *e);

/* bias and activation by argument number; -1 = none. */
struct node *image_finish(struct builder *b, struct layer *l, struct node *z, int bias, int slot,
                          int activation, struct err *e);
