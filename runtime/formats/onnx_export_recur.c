/* Export of recurrent layers: the operators RNN, GRU and LSTM. */
#include "onnx_write.h"
#include "onnx_gates.h"
#include "base/pool.h"
#include "op/recur.h"
#include <string.h>

/* Is the input times its kernel the product of a sequence and a known matrix, as layers make it?
 * Then ONNX gets both; otherwise the product itself with an identity matrix. */
bool onnx_is_projected(struct tensor *const *known, const struct node *x) {
    return x->op == OP_matmul && !x->attrs.trans_a && !x->attrs.trans_b && !x->attrs.axes &&
           x->in[0]->desc.shape.n == 3 && x->in[1]->desc.shape.n == 2 && known[x->in[1]->id];
}

static struct tensor *identity(int64_t n, struct err *e) {
    struct shape s = shape_of(2, (int64_t[]){n, n});
    struct tensor *t = tensor_zeros(DT_FLOAT32, &s, e);
    for (int64_t i = 0; t && i < n; i++) tensor_set(t, i * n + i, 1);
    return t;
}

/* (in, gates units) -> (1, gates units, in), gates in ONNX' order. */
static const char *matrix(struct onnx_writer *x, const struct tensor *k, int cell,
                          const char *label) {
    if (!k) return NULL;
    int64_t in = k->shape.size[0], wide = k->shape.size[1], units = wide / recur_gates[cell];
    struct shape s = shape_of(3, (int64_t[]){1, wide, in});
    struct tensor *t = tensor_new(DT_FLOAT32, &s, x->e);
    for (int64_t i = 0; t && i < t->count; i++) {
        int64_t row = i / in, gate = onnx_gates[cell][row / units];
        tensor_set(t, i, tensor_get(k, i % in * wide + gate * units + row % units));
    }
    return onnx_tensor(x, t, label);
}

/* [biases] -> (1, 2 gates units): those of the input, then those of the state. */
static const char *biases(struct onnx_writer *x, const struct tensor *b, int cell,
                          const char *label) {
    int64_t both = recur_biases[cell] / recur_gates[cell];
    int64_t wide = b->count / both, units = wide / recur_gates[cell];
    struct shape s = shape_of(2, (int64_t[]){1, 2 * wide});
    struct tensor *t = tensor_zeros(DT_FLOAT32, &s, x->e);
    for (int64_t i = 0; t && i < both * wide; i++) {
        int64_t row = i % wide, gate = onnx_gates[cell][row / units];
        tensor_set(t, i, tensor_get(b, i / wide * wide + gate * units + row % units));
    }
    return onnx_tensor(x, t, label);
}

static void functions(struct onnx_writer *x, const struct node *n) {
    static const char *const names[] = {[RECUR_TANH] = "Tanh",
                                        [RECUR_SIGMOID] = "Sigmoid",
                                        [RECUR_RELU] = "Relu",
                                        [RECUR_LINEAR] = "Affine",
                                        [RECUR_HARD_SIGMOID] = "HardSigmoid"};
    static const int of_cell[RECUR_N_CELLS][3] = {{0}, {1, 0}, {1, 0, 0}}; /* 1 = the gates' */
    const char *called[3];
    float alpha[3], beta[3];
    int n_numbers = 0, count = n->attrs.axis + 1;
    for (int i = 0; i < count; i++) {
        int fn = n->attrs.perm[of_cell[n->attrs.axis][i]];
        called[i] = names[fn];
        if (fn != RECUR_LINEAR && fn != RECUR_HARD_SIGMOID) continue;
        alpha[n_numbers] = fn == RECUR_LINEAR ? 1 : 1.0F / 6;
        beta[n_numbers++] = fn == RECUR_LINEAR ? 0 : 0.5F;
    }
    onnx_texts(x, "activations", called, count);
    if (!n_numbers) return;
    onnx_floats(x, "activation_alpha", alpha, n_numbers);
    onnx_floats(x, "activation_beta", beta, n_numbers);
}

/* The name of the result is that of all states; the last ones are "<name>_1" and "_2" (onnx_op_n).
 */
bool onnx_export_recur(struct onnx_writer *x, const struct node *n, const char *op) {
    static const char *const names[] = {"RNN", "GRU", "LSTM"};
    static const int64_t by_time[] = {1, 0, 2};
    const struct node *projected = n->in[0];
    int cell = n->attrs.axis;
    bool apart = onnx_is_projected(x->known, projected);
    const struct tensor *u = x->known[n->in[1]->id], *b = x->known[n->in[2]->id];
    (void)op;
    if (!u || !b) return onnx_not_there(x, n, "a recurrent layer with weights that are computed");
    struct tensor *k = apart ? tensor_ref(x->known[projected->in[1]->id])
                             : identity(projected->desc.shape.size[2], x->e);
    const char *sequence =
        onnx_op(x, "Transpose", onnx_natural(x, apart ? projected->in[0] : projected), NULL, NULL);
    onnx_ints(x, "perm", by_time, 3);
    const char *in[4] = {sequence, matrix(x, k, cell, apart ? projected->in[1]->name : NULL),
                         matrix(x, u, cell, n->in[1]->name), biases(x, b, cell, NULL)};
    tensor_unref(k);
    if (!in[0] || !in[1] || !in[2] || !in[3]) return false;
    const char *name = onnx_op_n(x, names[cell], in, 4, cell == RECUR_LSTM ? 2 : 1);
    onnx_int(x, "hidden_size", u->shape.size[0]);
    onnx_text(x, "direction", n->attrs.trans_a ? "reverse" : "forward");
    if (cell == RECUR_GRU) onnx_int(x, "linear_before_reset", 1);
    functions(x, n);
    return onnx_set(x, n, name, false);
}

bool onnx_export_recur_states(struct onnx_writer *x, const struct node *n, const char *op) {
    static const int64_t by_example[] = {1, 0, 2}, axis[2] = {0, 1};
    const char *all = x->names[n->in[0]->id].natural;
    int form = (int)n->attrs.axes;
    const char *from = form == RECUR_ALL ? all
                       : all ? arena_printf(x->arena, "%s_%d", all, form == RECUR_LAST ? 1 : 2)
                             : NULL;
    const char *name = onnx_op(x, op, from, onnx_whole(x, &axis[form == RECUR_ALL], 1), NULL);
    if (form != RECUR_ALL) return onnx_set(x, n, name, false);
    name = onnx_op(x, "Transpose", name, NULL, NULL);
    onnx_ints(x, "perm", by_example, 3);
    return onnx_set(x, n, name, false);
}
