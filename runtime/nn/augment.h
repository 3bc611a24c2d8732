/* Changing training images at random: the layers RandomFlip, RandomRotation … outside of a model,
 * as the setting `augment` and `show` use them. */
#pragma once
#include "config.h"
#include "../graph.h"

/* Is this one of the layers that change images in training only? */
bool is_augmentation(const struct config *layer);
/* Is x something they can change: (batch, height, width) or (batch, height, width, channel)? */
bool is_augmentable(const struct desc *x);
/* x changed by one layer after the other, differently for each image and each step. */
struct node *augment_node(struct graph *g, const struct config *const *layers, int n,
                          struct node *x, struct err *e);
/* `count` versions of one image (height, width) or (height, width, channel): a batch of the image's
 * type. New reference. */
struct tensor *augment_image(const struct config *const *layers, int n, struct tensor *image,
                             int64_t count, uint64_t seed, struct err *e);
