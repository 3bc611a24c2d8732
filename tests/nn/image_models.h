/* Networks on images that tests and benchmarks share, built layer by layer. */
#pragma once
#include "nn/model.h"
#include "plan.h"

/* One layer applied to x: pairs (argument, value) ended by NULL, where a value is a double, also
 * for sizes. For texts and activations: argument names "padding" and "activation" take a const char
 * *. */
struct node *lay(struct builder *b, struct node *x, const char *layer, ...);

/* What is made of the input x. */
typedef struct node *(*body_fn)(struct builder *b, struct node *x);
/* The model, built in both modes with the same layers; prints and exits on a mistake. */
struct model *image_model(body_fn body, int64_t height, int64_t width, int64_t channels);
struct model *vector_model(body_fn body, int64_t n);

struct node *body_lenet(struct builder *b, struct node *x);     /* 28 x 28 x 1 -> 10 classes */
struct node *body_cnn(struct builder *b, struct node *x);       /* Keras' MNIST example */
struct node *body_generator(struct builder *b, struct node *x); /* 64 numbers -> 28 x 28 x 1 */
struct node *body_discriminator(struct builder *b, struct node *x);
struct node *body_residual(struct builder *b, struct node *x);  /* two blocks, small */
struct node *body_inverted(struct builder *b, struct node *x);  /* MobileNet's block, small */
struct node *body_heavy(struct builder *b, struct node *x);     /* few positions, large kernels */
struct node *body_resnet18(struct builder *b, struct node *x);  /* -> 10 classes */
struct node *body_mobilenet(struct builder *b, struct node *x); /* like V3-small, ReLU only */

/* The model's graph of one mode in g, reading `in`; its weights lie `shift` further on. Moving
 * averages are added to assigns[*n …], unless that is NULL. */
struct node *image_graph(struct graph *g, const struct model *m, bool training, struct node *in,
                         int64_t shift, struct assign *assigns, int *n);
struct node *image_loss(struct graph *g, const char *name, struct node *y, struct node *yhat);
/* Steps of Adam (epsilon 1e-7) on the weights of g whose offset lies in [from, to); the loss is the
 * plan's only output. */
struct plan *image_plan(struct graph *g, struct node *loss, int64_t batch, int64_t from, int64_t to,
                        const struct assign *assigns, int n_assigns);
