/* Networks on sequences that tests and benchmarks share. */
#include "sequence_models.h"
#include "nn/compose.h"
#include <stdio.h>
#include <stdlib.h>

static struct node *plus(struct builder *b, struct node *x, struct node *y) {
    struct err e;
    struct node *z = op2(b->graph, OP_add, x, y, &e);
    if (z) return z;
    fprintf(stderr, "%s\n", e.what);
    exit(1);
}

struct node *body_gru_pair(struct builder *b, struct node *x) {
    x = lay(b, x, "GRU", "units", 32., "return_sequences", 1., NULL);
    x = lay(b, x, "GRU", "units", 16., NULL);
    return lay(b, x, "Dense", "units", 24., NULL);
}

struct node *body_lstm(struct builder *b, struct node *x) {
    x = lay(b, x, "LSTM", "units", 128., NULL);
    return lay(b, x, "Dense", "units", 1., NULL);
}

/* Norms after the sums, as in the first paper. */
static struct node *block(struct builder *b, struct node *x, double heads, double wide) {
    double features = (double)x->desc.shape.size[2];
    struct node *a = lay(b, x, "MultiHeadAttention", "heads", heads, NULL);
    a = lay(b, plus(b, x, a), "LayerNorm", NULL);
    struct node *h = lay(b, a, "Dense", "units", wide, "activation", "gelu", NULL);
    h = lay(b, h, "Dense", "units", features, NULL);
    return lay(b, plus(b, a, h), "LayerNorm", NULL);
}

struct node *body_transformer(struct builder *b, struct node *x) {
    return block(b, x, 4, 256);
}

static struct node *small(struct builder *b, struct node *x, const char *cell) {
    x = lay(b, x, cell, "units", 5., "return_sequences", 1., NULL);
    x = lay(b, x, cell, "units", 3., NULL);
    return lay(b, x, "Dense", "units", 2., NULL);
}

struct node *body_small_rnn(struct builder *b, struct node *x) {
    return small(b, x, "SimpleRNN");
}

struct node *body_small_gru(struct builder *b, struct node *x) {
    return small(b, x, "GRU");
}

struct node *body_small_lstm(struct builder *b, struct node *x) {
    return small(b, x, "LSTM");
}

struct node *body_small_block(struct builder *b, struct node *x) {
    x = block(b, x, 2, 7);
    x = lay(b, x, "GroupNorm", "groups", 2., NULL);
    return lay(b, lay(b, x, "Flatten", NULL), "Dense", "units", 2., NULL);
}
