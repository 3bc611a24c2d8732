/* A logistic function or a softmax that a student wrote out, recognised by its quotient:
 * 1 / (1 + exp(-h)), exp(h) / (1 + exp(h)), exp(a) / sum(exp(a)) along the last axis. */
#pragma once
#include "graph.h"

/* What is known of the values of above / below: p / (p + q) of numbers that are not negative is a
 * probability, e / sum(e) along the last axis a distribution. CONTENT_ANY: nothing. */
enum content written_content(const struct node *above, const struct node *below);
/* h or a of the functions above, so that a loss can take their stable form; NULL: something else.
 * May add a node to g. */
struct node *written_sigmoid_input(struct graph *g, struct node *p, struct err *e);
struct node *written_softmax_input(struct node *p);
