/* Recurrent layers: SimpleRNN, GRU, LSTM, and Bidirectional around them. The input meets its kernel
 * for all steps in one product; the steps themselves are the operation `recur`. */
#include "layer.h"
#include "../op/recur.h"
#include <stdio.h>
#include <string.h>

/* One direction of one layer. The arguments are those of the signatures in layers.list. */
struct run {
    const struct config *config;
    enum recur_cell cell;
    const char *prefix; /* of the weights' names */
    int first_slot;
    bool backwards;
};

static double number_of(const struct config *c, const char *name) {
    const char *next = c->row->signature;
    struct signature_arg a;
    for (int i = 0; signature_next(&next, &a); i++)
        if (str_is(a.name, name) && i < c->n_args) return c->args[i].number;
    return 0;
}

static int activation_of(const struct config *c, const char *name, int fallback) {
    const char *next = c->row->signature;
    struct signature_arg a;
    for (int i = 0; signature_next(&next, &a); i++)
        if (str_is(a.name, name) && i < c->n_args && c->args[i].kind == ARG_ACTIVATION)
            return c->args[i].activation;
    return fallback;
}

static enum recur_cell cell_of(const struct config *c) {
    if (c->row->kind == LAYER_gru) return RECUR_GRU;
    return c->row->kind == LAYER_lstm ? RECUR_LSTM : RECUR_SIMPLE;
}

static bool function_of(int activation, const char *layer, int32_t *code, struct err *e) {
    switch (activation) {
    case ACTIVATION_tanh: return *code = RECUR_TANH, true;
    case ACTIVATION_sigmoid: return *code = RECUR_SIGMOID, true;
    case ACTIVATION_relu: return *code = RECUR_RELU, true;
    case ACTIVATION_linear: return *code = RECUR_LINEAR, true;
    case ACTIVATION_hard_sigmoid: return *code = RECUR_HARD_SIGMOID, true;
    default: break;
    }
    err_set(e, ERR_VALUE, "The activation of %s cannot be %s.", layer, activation_name(activation));
    return err_hint(e, "It can be tanh, sigmoid, hard_sigmoid, relu or linear.");
}

/* ---- the input ---- */

static bool is_last_state(const struct node *x) {
    return x->op == OP_recur_states && x->attrs.axes != RECUR_ALL;
}

/* Examples of (time, feature), both known. */
static bool check_sequence(const char *layer, const struct node *x, struct err *e) {
    const struct shape *s = &x->desc.shape;
    char text[128];
    if (s->n == 3 && s->size[1] > 0 && s->size[2] > 0) return true;
    err_set(e, ERR_SHAPE,
            "%s reads a sequence: an example needs two axes, time and feature, with at least one "
            "step.",
            layer);
    err_label(e, "an example has %s here",
              s->n > 1 ? shape_print_axes(s, 1, text, sizeof text) : "no axis");
    if (s->n > 1) err_fact(e, "what is there", "%s", shape_print_axes(s, 1, text, sizeof text));
    err_fact(e, "what is needed", "time feature");
    if (is_last_state(x))
        return err_hint(e, "The layer before gives its last state only. Let it give all of them: "
                           "return_sequences=True.");
    if (s->n == 2)
        return err_hint(e,
                        "One number for each step needs an axis of features too: "
                        "x.Reshape(time=%lld, feature=1).",
                        (long long)(s->size[1] > 0 ? s->size[1] : 1));
    return err_hint(e, "Bring the axes to two, for example with Reshape(time=…, feature=…).");
}

/* The same numbers are left out at every step (Gal and Ghahramani, 2016). */
static struct node *drop_features(struct builder *b, struct node *x, double rate, struct err *e) {
    struct shape mask = x->desc.shape;
    mask.size[1] = 1;
    return dropout_apply(b, x, &mask, rate, e);
}

/* ---- one direction ---- */

struct parts {
    struct node *kernel, *recurrent, *bias;
};

static bool name_weight(const struct run *r, const char *name, char *out, size_t cap) {
    return snprintf(out, cap, "%s%s", r->prefix, name) > 0;
}

static bool declare(struct builder *b, struct layer *l, const struct run *r, int64_t in,
                    struct parts *p, struct err *e) {
    int64_t units = (int64_t)number_of(r->config, "units"), wide = units * recur_gates[r->cell];
    char kernel_name[48], recurrent_name[48], bias_name[48];
    name_weight(r, "kernel", kernel_name, sizeof kernel_name);
    name_weight(r, "recurrent_kernel", recurrent_name, sizeof recurrent_name);
    name_weight(r, "bias", bias_name, sizeof bias_name);
    struct config *glorot =
        config_default(config_find_in(CONFIG_INITIALIZER, STR("glorot_uniform")), e);
    struct config *orthogonal =
        config_default(config_find_in(CONFIG_INITIALIZER, STR("orthogonal")), e);
    struct config *forget =
        r->cell == RECUR_LSTM
            ? config_default(config_find_in(CONFIG_INITIALIZER, STR("forget_bias")), e)
            : NULL;
    struct layer_weight kernel = {.name = kernel_name,
                                  .shape = shape_of(2, (int64_t[]){in, wide}),
                                  .init = glorot,
                                  .fan_in = in,
                                  .fan_out = wide};
    struct layer_weight recurrent = {.name = recurrent_name,
                                     .shape = shape_of(2, (int64_t[]){units, wide}),
                                     .init = orthogonal,
                                     .fan_in = units,
                                     .fan_out = wide};
    struct layer_weight bias = {.name = bias_name, .init = forget};
    bias.shape = r->cell == RECUR_GRU ? shape_of(2, (int64_t[]){2, wide}) : shape_of(1, &wide);
    bool ok = glorot && orthogonal && (forget || r->cell != RECUR_LSTM) &&
              (p->kernel = layer_weight(b, l, r->first_slot, &kernel, e)) &&
              (p->recurrent = layer_weight(b, l, r->first_slot + 1, &recurrent, e)) &&
              (p->bias = layer_weight(b, l, r->first_slot + 2, &bias, e));
    config_unref(glorot);
    config_unref(orthogonal);
    config_unref(forget);
    return ok;
}

static bool attributes(const struct run *r, struct attrs *a, struct err *e) {
    const char *layer = r->config->row->name;
    int activation = activation_of(r->config, "activation", ACTIVATION_tanh);
    int gates = activation_of(r->config, "recurrent_activation", ACTIVATION_sigmoid);
    *a = (struct attrs){.axis = (int32_t)r->cell, .trans_a = r->backwards};
    return function_of(activation, layer, &a->perm[0], e) &&
           function_of(gates, layer, &a->perm[1], e);
}

static struct node *states(struct graph *g, struct node *const *in, struct attrs a,
                           enum recur_form form, struct err *e) {
    a.axes = form;
    return layer_units(graph_add(g, OP_recur_states, in, 4, &a, e));
}

/* Everything as the layer's options ask for it, in the order of time. state[0] and state[1] (the
 * cell's, of an LSTM) only where wanted. */
static struct node *run_direction(struct builder *b, struct layer *l, const struct run *r,
                                  struct node *x, struct node **state, struct err *e) {
    struct graph *g = b->graph;
    struct parts p;
    struct attrs a;
    double rate = number_of(r->config, "dropout");
    bool all = number_of(r->config, "return_sequences") != 0;
    if (!check_sequence(l->config->row->name, x, e) || !attributes(r, &a, e)) return NULL;
    if (!(x = op_float(g, x, e)) || !declare(b, l, r, x->desc.shape.size[2], &p, e)) return NULL;
    if (b->training && rate > 0) x = drop_features(b, x, rate, e);
    struct shape flat =
        shape_of(1, (int64_t[]){p.recurrent->desc.shape.size[0] * recur_biases[r->cell]});
    struct node *in[4] = {NULL, op2(g, OP_matmul, x, p.kernel, e), p.recurrent,
                          op_reshape(g, p.bias, &flat, e)};
    if (!in[1] || !in[3]) return NULL;
    if (!(in[0] = graph_add(g, OP_recur, in + 1, 3, &a, e))) return NULL;
    if (number_of(r->config, "return_state") != 0) {
        if (!(state[0] = states(g, in, a, RECUR_LAST, e))) return NULL;
        if (r->cell == RECUR_LSTM && !(state[1] = states(g, in, a, RECUR_LAST_CELL, e)))
            return NULL;
        if (!all) return state[0];
    }
    return states(g, in, a, all ? RECUR_ALL : RECUR_LAST, e);
}

/* Steps in the opposite order. */
static struct node *turned(struct graph *g, struct node *x, struct err *e) {
    struct attrs a = {.shape = x->desc.shape, .step = {1, -1, 1}};
    a.begin[1] = x->desc.shape.size[1] - 1;
    return graph_add1(g, OP_slice, x, &a, e);
}

static void give_states(struct layer *l, struct node *const *state) {
    l->n_extra = 0;
    for (int i = 0; i < 4; i++)
        if (state[i]) l->extra[l->n_extra++] = state[i];
}

static struct node *recurrent(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    struct node *state[4] = {NULL};
    struct run r = {.config = l->config, .cell = cell_of(l->config), .prefix = ""};
    r.backwards = number_of(l->config, "go_backwards") != 0;
    struct node *h = run_direction(b, l, &r, x, state, e);
    if (h && r.backwards && h->desc.shape.n == 3) h = turned(b->graph, h, e);
    give_states(l, state);
    return h;
}

struct node *layer_build_simple_rnn(struct builder *b, struct layer *l, struct node *x,
                                    struct err *e) {
    return recurrent(b, l, x, e);
}

struct node *layer_build_gru(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    return recurrent(b, l, x, e);
}

struct node *layer_build_lstm(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    return recurrent(b, l, x, e);
}

/* ---- both directions ---- */

static bool check_inner(const struct config *inner, struct err *e) {
    int kind = inner->row->kind;
    if (kind == LAYER_simple_rnn || kind == LAYER_gru || kind == LAYER_lstm) return true;
    err_set(e, ERR_ARGUMENT,
            "Bidirectional reads a sequence from both ends with a recurrent "
            "layer, and %s is none.",
            inner->row->name);
    return err_hint(e, "Write Bidirectional(GRU(32)), or with LSTM or SimpleRNN.");
}

/* how: a word that the signature of Bidirectional lists. */
static struct node *merge(struct graph *g, const char *how, struct node *a, struct node *b,
                          struct err *e) {
    struct node *in[2] = {a, b};
    struct attrs last = {.axis = a->desc.shape.n - 1};
    if (strcmp(how, "sum") == 0) return op2(g, OP_add, a, b, e);
    if (strcmp(how, "mul") == 0) return op2(g, OP_mul, a, b, e);
    if (strcmp(how, "ave") == 0) return op_number(g, OP_mul, op2(g, OP_add, a, b, e), 0.5, e);
    return graph_add(g, OP_concat, in, 2, &last, e);
}

struct node *layer_build_bidirectional(struct builder *b, struct layer *l, struct node *x,
                                       struct err *e) {
    const struct config *inner = layer_arg(l, 0)->config;
    struct node *state[4] = {NULL};
    if (!check_inner(inner, e)) return NULL;
    struct run forwards = {inner, cell_of(inner), "forward_", 0, false};
    struct run backwards = {inner, cell_of(inner), "backward_", 3, true};
    struct node *there = run_direction(b, l, &forwards, x, state, e);
    struct node *back = there ? run_direction(b, l, &backwards, x, state + 2, e) : NULL;
    give_states(l, state);
    return back ? merge(b->graph, layer_arg(l, 1)->text, there, back, e) : NULL;
}
