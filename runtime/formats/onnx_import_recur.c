/* Import of RNN, GRU and LSTM. */
#include "onnx_read.h"
#include "onnx_gates.h"
#include <string.h>

/* What the operator is, as far as its weights need it. */
struct cell {
    int cell; /* RECUR_… */
    int64_t units, directions;
    int64_t direction; /* at hand */
};

/* (directions, gates units, in) in ONNX' order -> (in, gates units) in ours, of one direction. */
static struct tensor *matrix(struct onnx_reader *r, int i, const struct cell *c) {
    const struct tensor *w = onnx_numbers(r, i);
    int64_t wide = recur_gates[c->cell] * c->units;
    if (!w) return NULL;
    if (w->shape.n != 3 || w->shape.size[0] != c->directions || w->shape.size[1] != wide)
        return onnx_cannot(r, "weights of another shape"), NULL;
    int64_t in = w->shape.size[2], from = c->direction * wide * in;
    struct shape s = shape_of(2, (int64_t[]){in, wide});
    struct tensor *t = tensor_new(DT_FLOAT32, &s, r->e);
    for (int64_t k = 0; t && k < wide * in; k++) {
        int64_t row = k / in, gate = onnx_gates[c->cell][row / c->units];
        tensor_set(t, k % in * wide + gate * c->units + row % c->units, tensor_get(w, from + k));
    }
    return t;
}

/* Both biases: kept apart in a GRU, added in the others. */
static struct tensor *biases(struct onnx_reader *r, const struct cell *c) {
    int64_t wide = recur_gates[c->cell] * c->units, from = c->direction * 2 * wide;
    struct shape one = shape_of(1, &wide), two = shape_of(2, (int64_t[]){2, wide});
    struct tensor *t = tensor_zeros(DT_FLOAT32, c->cell == RECUR_GRU ? &two : &one, r->e);
    const struct tensor *b = t && onnx_has_input(r, 3) ? onnx_numbers(r, 3) : NULL;
    if (!b && !r->e->kind) return t;
    if (!b || b->count != c->directions * 2 * wide) {
        tensor_unref(t);
        return onnx_cannot(r, "biases of another number"), NULL;
    }
    for (int64_t k = 0; k < 2 * wide; k++) {
        int64_t row = k % wide, gate = onnx_gates[c->cell][row / c->units];
        int64_t at = gate * c->units + row % c->units;
        if (c->cell == RECUR_GRU) at += k / wide * wide;
        tensor_set(t, at, tensor_get(t, at) + tensor_get(b, from + k));
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

/* The activations of ONNX are those of the gates (none in an RNN), the candidate, the output; and
 * once more those of the other direction. */
static bool activations(struct onnx_reader *r, const struct cell *k, struct config *c) {
    const Onnx__AttributeProto *a = onnx_attr(r, "activations");
    int called[3], cell = k->cell;
    if (!a || !a->n_strings) return true;
    if (a->n_strings != (size_t)(cell + 1) * (size_t)k->directions)
        return onnx_cannot(r, "%zu activations", a->n_strings);
    for (int i = 0; i < (int)a->n_strings; i++) {
        int one = activation((struct str){(const char *)a->strings[i].data, a->strings[i].len});
        if (one < 0) return onnx_cannot(r, "an activation that is not known");
        if (i > cell && one != called[i - cell - 1])
            return onnx_cannot(r, "other activations in the other direction");
        if (i <= cell) called[i] = one;
    }
    if (cell == RECUR_LSTM && called[1] != called[2])
        return onnx_cannot(r, "two different activations in one LSTM");
    return config_set_activation(c, "activation", called[cell > 0], r->e) &&
           (cell == 0 || config_set_activation(c, "recurrent_activation", called[0], r->e));
}

/* A first state of zeros, as it is without one; lengths of all steps. */
static bool is_usual_input(struct onnx_reader *r, int i, int64_t steps) {
    const struct tensor *t = i == 7 ? NULL : onnx_known(r, onnx_input(r, i));
    for (int64_t k = 0; t && k < t->count; k++)
        if (tensor_get(t, k) != (i == 4 ? (double)steps : 0)) return false;
    return t != NULL;
}

static bool is_usual(struct onnx_reader *r, int cell, int64_t steps) {
    for (int i = 4; i < 8; i++)
        if (onnx_has_input(r, i) && !is_usual_input(r, i, steps))
            return onnx_cannot(r, "lengths, first states or peepholes");
    if (onnx_attr(r, "clip") || onnx_attr_int(r, "input_forget", 0))
        return onnx_cannot(r, "clipping or coupled gates");
    if (cell == RECUR_GRU && !onnx_attr_int(r, "linear_before_reset", 0))
        return onnx_cannot(r, "a GRU that resets before its product (linear_before_reset = 0)");
    return true;
}

/* (batch, time, feature), whichever way the operator reads it. */
static struct node *sequence(struct onnx_reader *r) {
    struct onnx_value *v = onnx_input(r, 0);
    bool by_example = onnx_attr_int(r, "layout", 0) == 1;
    if (!v) return NULL;
    if (!by_example && v->by_time && v->node) return v->node;
    struct node *x = onnx_plain(r, v);
    const struct attrs turn = {.perm = {1, 0, 2}};
    if (x && x->desc.shape.n != 3) return onnx_cannot(r, "a sequence has three axes"), NULL;
    return by_example ? x : onnx_apply(r, OP_transpose, x, NULL, &turn);
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
    if (!onnx_attr_is(r, "direction", "reverse", "forward")) return y;
    return onnx_apply(r, OP_slice, y, NULL, &a);
}

/* The layer, inside a Bidirectional if the operator reads from both ends. */
static struct config *recurrent(struct onnx_reader *r, const struct cell *k, bool all, bool state) {
    static const enum layer_kind kinds[] = {LAYER_simple_rnn, LAYER_gru, LAYER_lstm};
    struct config *c = onnx_config(r, kinds[k->cell]);
    bool ok = c && config_set_number(c, "units", (double)k->units, r->e) &&
              config_set_number(c, "return_sequences", all, r->e) &&
              config_set_number(c, "return_state", state, r->e) &&
              config_set_number(c, "go_backwards",
                                onnx_attr_is(r, "direction", "reverse", "forward"), r->e) &&
              activations(r, k, c);
    struct config *both = ok && k->directions == 2 ? onnx_config(r, LAYER_bidirectional) : NULL;
    if (both) both->args[0] = (struct arg){.kind = ARG_CONFIG, .config = config_ref(c)};
    if (!ok || k->directions == 2) {
        config_unref(c);
        return both;
    }
    return c;
}

static bool give_weights(struct onnx_reader *r, struct layer *l, struct cell *k) {
    for (k->direction = 0; k->direction < k->directions; k->direction++) {
        int slot = (int)k->direction * 3;
        TRY(assemble_give(r->a, l, slot, matrix(r, 1, k)) &&
            assemble_give(r->a, l, slot + 1, matrix(r, 2, k)) &&
            assemble_give(r->a, l, slot + 2, biases(r, k)));
    }
    return true;
}

/* The last state (0) or cell (1), of both directions side by side. */
static struct node *last_of(struct onnx_reader *r, const struct cell *k, const struct layer *l,
                            int which) {
    int each = layer_n_extra(l) / (int)k->directions;
    struct attrs a = {.axis = 1};
    if (which >= each) return onnx_cannot(r, "a state that the layer does not have"), NULL;
    struct node *there = layer_extra(l, which);
    if (k->directions == 1) return there;
    return onnx_apply(r, OP_concat, there, layer_extra(l, each + which), &a);
}

bool onnx_import_recur(struct onnx_reader *r, int cell) {
    struct node *x = sequence(r);
    struct cell k = {.cell = cell, .units = onnx_attr_int(r, "hidden_size", 0), .directions = 1};
    bool all = is_read(r, 0), last = is_read(r, 1) || is_read(r, 2);
    bool state = (all && last) || is_read(r, 2), batch = onnx_attr_int(r, "layout", 0) == 1;
    if (!x || !is_usual(r, cell, x->desc.shape.size[1])) return false;
    if (onnx_attr_is(r, "direction", "bidirectional", "forward")) k.directions = 2;
    if (k.units < 1 || k.units > 1000000) return onnx_cannot(r, "%lld units", (long long)k.units);
    struct config *c = recurrent(r, &k, all, state);
    struct layer *l = c ? assemble_layer(r->a, c) : NULL;
    struct node *y = l ? assemble_apply(r->a, l, &x, 1) : NULL;
    if (!y || !give_weights(r, l, &k)) return false;
    if (all) TRY(onnx_give_order(r, 0, in_time(r, y), batch ? "BTDU" : "TDBU", k.directions));
    for (int i = 1; i <= 2; i++) {
        struct node *n = i == 1 && !state ? y : is_read(r, i) ? last_of(r, &k, l, i - 1) : NULL;
        if (is_read(r, i)) TRY(n && onnx_give_order(r, i, n, batch ? "BDU" : "DBU", k.directions));
    }
    return true;
}
