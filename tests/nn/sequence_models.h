/* Networks on sequences that tests and benchmarks share. */
#pragma once
#include "image_models.h"

struct model *sequence_model(body_fn body, int64_t steps, int64_t features);

struct node *body_gru_pair(struct builder *b, struct node *x);    /* GRU 32, GRU 16, Dense 24 */
struct node *body_lstm(struct builder *b, struct node *x);        /* LSTM 128, Dense 1 */
struct node *body_transformer(struct builder *b, struct node *x); /* one block, 4 heads, x's size */
struct node *body_small_rnn(struct builder *b,
                            struct node *x); /* 5 units over all steps, Dense 2 */
struct node *body_small_gru(struct builder *b, struct node *x);
struct node *body_small_lstm(struct builder *b, struct node *x);
struct node *body_small_block(struct builder *b, struct node *x); /* 2 heads, GroupNorm after */
