/* Import of RNN, GRU and LSTM. */
#include "onnx_read.h"
#include "onnx_gates.h"
#include <string.h>

/* (1, gates units, in) in ONNX' order -> (in, gates units) in ours. */
static struct tensor *matrix(struct onnx_reader *r, int i, int cell, int64_t units) {
    const struct tensor *w = onnx_numbers(r, i);
    int64_t wide = recur_gates[cell] * units;
    if (!w) return NULL;
    if (w->shape.n != 3 || w->shape.size[0] != 1 || w->shape.size[1] != wide)
        return onnx_cannot(r, "weights of another shape, or of both directions"), NULL;
    int64_t in = w->shape.size[2];
    struct shape s = shape_of(2, (int64_t[]){in, wide});
    struct tensor *t = tensor_new(DT_FLOAT32, &s, r->e);
    for (int64_t k = 0; t && k < w->count; k++) {
        int64_t row = k / in, gate = onnx_gates[cell][row / units];
        tensor_set(t, k % in * wide + gate * units + row % units, tensor_get(w, k));
    }
    return t;
}

/* Both biases: kept apart in a GRU, added in the others. */
static struct tensor *biases(struct onnx_reader *r, int cell, int64_t units) {
    int64_t wide = recur_gates[cell] * units;
    struct shape one = shape_of(1, &wide), two = shape_of(2, (int64_t[]){2, wide});
    struct tensor *t = tensor_zeros(DT_FLOAT32, cell == RECUR_GRU ? &two : &one, r->e);
    const struct tensor *b = t && onnx_has_input(r, 3) ? onnx_numbers(r, 3) : NULL;
    if (!b && !r->e->kind) return t;
    if (!b || b->count != 2 * wide) {
        tensor_unref(t);
        return onnx_cannot(r, "biases of another number"), NULL;
    }
    for (int64_t k = 0; k < b->count; k++) {
        int64_t row = k % wide, gate = onnx_gates[cell][row / units];
        int64_t at = gate * units + row % units;
        if (cell == RECUR_GRU) at += k / wide * wide;
        tensor_set(t, at, tensor_get(t, at) + tensor_get(b, k));
    }
    return t;
}

static int activation(struct str name) {
    if (str_is(name, "Tanh")) return ACTIVATION_tanh;
    if (str_is(name, "Sigmoid")) return ACTIVATION_sigmoid;
    if (str_is(name, "Relu")) return ACTIVATION_relu;
    if (str_is(name, "Affine")) return ACTIVATION_linear;
    return str_is(name, "HardSigmoid") ? ACTIVATION_hard_sigmoid : -1;
}

/* The activations of ONNX are those of the gates (none in an RNN), the candidate, the output. */
static bool activations(struct onnx_reader *r, int cell, struct config *c) {
    const Onnx__AttributeProto *a = onnx_attr(r, "activations");
    int called[3];
    if (!a || !a->n_strings) return true;
    if (a->n_strings != (size_t)cell + 1) return onnx_cannot(r, "%zu activations", a->n_strings);
    for (int i = 0; i <= cell; i++) {
        called[i] = activation((struct str){(const char *)a->strings[i].data, a->strings[i].len});
        if (called[i] < 0) return onnx_cannot(r, "an activation that is not known");
    }
    if (cell == RECUR_LSTM && called[1] != called[2])
        return onnx_cannot(r, "two different activations in one LSTM");
    return config_set_activation(c, "activation", called[cell > 0], r->e) &&
           (cell == 0 || config_set_activation(c, "recurrent_activation", called[0], r->e));
}

/* A first state of zeros, as it is without one. */
static bool is_zero(struct onnx_reader *r, int i) {
    const struct tensor *t = i == 4 || i == 7 ? NULL : onnx_known(r, onnx_input(r, i));
    for (int64_t k = 0; t && k < t->count; k++)
        if (tensor_get(t, k) != 0) return false;
    return t != NULL;
}

static bool is_usual(struct onnx_reader *r, int cell) {
    for (int i = 4; i < 8; i++)
        if (onnx_has_input(r, i) && !is_zero(r, i))
            return onnx_cannot(r, "lengths, first states or peepholes");
    if (onnx_attr(r, "clip") || onnx_attr_int(r, "layout", 0) ||
        onnx_attr_int(r, "input_forget", 0))
        return onnx_cannot(r, "clipping, another layout or coupled gates");
    if (onnx_attr_is(r, "direction", "bidirectional", "forward"))
        return onnx_cannot(r, "both directions in one operator");
    if (cell == RECUR_GRU && !onnx_attr_int(r, "linear_before_reset", 0))
        return onnx_cannot(r, "a GRU that resets before its product (linear_before_reset = 0)");
    return true;
}

static struct node *sequence(struct onnx_reader *r) {
    struct onnx_value *v = onnx_input(r, 0);
    if (!v) return NULL;
    if (v->by_time && v->node) return v->node;
    struct node *x = onnx_plain(r, v);
    const struct attrs turn = {.perm = {1, 0, 2}};
    if (x && x->desc.shape.n != 3) return onnx_cannot(r, "a sequence has three axes"), NULL;
    return onnx_apply(r, OP_transpose, x, NULL, &turn);
}

/* Results: all states, the last one, the last cell; only those that are read. */
static bool give(struct onnx_reader *r, int i, struct node *n, bool by_time) {
    struct onnx_value *v = onnx_output(r, i);
    if (!v) return true;
    TRY(onnx_give_node(r, i, n, false));
    v->one_direction = true;
    v->by_time = by_time;
    return true;
}

static bool is_read(const struct onnx_reader *r, int i) {
    const struct onnx_value *v =
        (size_t)i < r->now->n_output ? onnx_find(r, r->now->output[i]) : NULL;
    return v && v->n_readers > 0;
}

/* Our layers give the steps in the order in which they took them. */
static struct node *in_time(struct onnx_reader *r, struct node *y) {
    struct attrs a = {.shape = y->desc.shape, .step = {1, -1, 1}};
    a.begin[1] = y->desc.shape.size[1] - 1;
    if (onnx_attr_is(r, "direction", "forward", "forward")) return y;
    return onnx_apply(r, OP_slice, y, NULL, &a);
}

bool onnx_import_recur(struct onnx_reader *r, int cell) {
    static const enum layer_kind kinds[] = {LAYER_simple_rnn, LAYER_gru, LAYER_lstm};
    struct node *x = is_usual(r, cell) ? sequence(r) : NULL;
    int64_t units = onnx_attr_int(r, "hidden_size", 0);
    bool all = is_read(r, 0), last = is_read(r, 1) || is_read(r, 2);
    if (!x) return false;
    if (units < 1 || units > 1000000) return onnx_cannot(r, "%lld units", (long long)units);
    struct config *c = onnx_config(r, kinds[cell]);
    bool ok = c && config_set_number(c, "units", (double)units, r->e) &&
              config_set_number(c, "return_sequences", all, r->e) &&
              config_set_number(c, "return_state", all && last, r->e) &&
              config_set_number(c, "go_backwards",
                                onnx_attr_is(r, "direction", "reverse", "forward"), r->e) &&
              activations(r, cell, c);
    if (ok && is_read(r, 2)) ok = config_set_number(c, "return_state", 1, r->e);
    if (!ok) return config_unref(c), false;
    struct layer *l = assemble_layer(r->a, c);
    struct node *y = assemble_apply(r->a, l, &x, 1);
    TRY(y && assemble_give(r->a, l, 0, matrix(r, 1, cell, units)) &&
        assemble_give(r->a, l, 1, matrix(r, 2, cell, units)) &&
        assemble_give(r->a, l, 2, biases(r, cell, units)));
    if (all) TRY(give(r, 0, in_time(r, y), true));
    if (is_read(r, 1)) TRY(give(r, 1, layer_n_extra(l) ? layer_extra(l, 0) : y, false));
    return !is_read(r, 2) ||
           (layer_n_extra(l) > 1 ? give(r, 2, layer_extra(l, 1), false)
                                 : onnx_cannot(r, "a state that the layer does not have"));
}
