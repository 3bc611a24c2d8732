/* Advice about a model: activations that undo each other, a momentum turned round. */
#include "advice_parts.h"
#include "nn/model.h"
#include <stdio.h>

/* Looks through what does not change the numbers. */
static const struct node *behind(const struct node *n) {
    while (n->n_in == 1 && (n->op == OP_reshape || n->op == OP_cast || n->op == OP_transpose))
        n = n->in[0];
    return n;
}

static bool squashes(enum op op) {
    return op == OP_sigmoid || op == OP_tanh || op == OP_softmax || op == OP_relu;
}

static const char *line_words(const struct node *n, char *out, size_t cap) {
    const struct source *s = source_find(n->span.source);
    int line, column;
    out[0] = 0;
    if (!s) return out;
    source_position(s, n->span.start, &line, &column);
    snprintf(out, cap, " (line %d)", line);
    return out;
}

/* relu of softmax and of sigmoid changes nothing, tanh of relu is a slip too; what is used in other
 * ways as well (gates) is somebody's formula. */
static void look_at_activation(struct advice *a, const struct node *n) {
    char line[32];
    if (!squashes(n->op)) return;
    if (n->op == OP_softmax && n->desc.shape.n > 1 && n->desc.shape.size[n->attrs.axis] == 1) {
        advice_say(a, "softmax of one",
                   "The softmax over one unit%s is always 1. For yes or no write Dense(1, sigmoid) "
                   "with the loss bce; for classes one unit each.",
                   line_words(n, line, sizeof line));
        return;
    }
    const struct node *before = behind(n->in[0]);
    if (before != n && squashes(before->op))
        advice_say(a, "two activations",
                   "%s follows directly on %s%s: two activations in a row make one worse one.",
                   op_name(n->op), op_name(before->op), line_words(n, line, sizeof line));
}

/* In PyTorch momentum is the share of the new batch, 0.1; here, as in Keras, that of the old mean.
 */
static void look_at_momentum(struct advice *a, const struct model *m) {
    for (int i = 0; i < model_n_layers(m); i++) {
        const struct config *c = model_layer(m, i)->config;
        if (!c || c->row->kind != LAYER_batch_norm || c->args[0].kind != ARG_NUMBER) continue;
        double momentum = c->args[0].number;
        if (momentum >= 0.5) continue;
        advice_say(
            a, "momentum",
            "BatchNorm(momentum=%g) keeps %g %% of its moving averages at each step, so they "
            "are nearly those of the last batch. PyTorch counts the other way round: its %g "
            "is momentum=%g here.",
            momentum, 100 * momentum, momentum, 1 - momentum);
    }
}

void advice_model(struct advice *a, const struct model *m) {
    const struct graph *g = model_is_built(m) ? model_graph(m, false) : NULL;
    if (g) look_at_momentum(a, m);
    for (int i = 0; g && i < graph_n_nodes(g); i++) look_at_activation(a, graph_node(g, i));
}
