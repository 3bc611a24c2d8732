/* What an operation does to its operands before it computes: types become one, shapes become one.
 * Shared by graph_add, which appends the steps as nodes, by op_describe, and by op_eval, which runs
 * them. Nothing is computed here. */
#pragma once
#include "graph.h"

struct prepared {
    struct desc out;    /* the result */
    enum dtype cast[3]; /* type wanted of operand 0, 1, and all the later ones */
    bool broadcast;     /* operands are brought to out.shape */
};

/* Types, shapes and names by the op's rule. `real` is the float type of the graph: DT_FLOAT32 makes
 * every float a float32; DT_FLOAT64 leaves float32 operands what they are. */
bool op_prepare(enum op op, const struct desc *const *in, int n_in, const struct attrs *attrs,
                enum dtype real, struct prepared *p, struct err *e);

/* One-input ops (cast, transpose, reshape, expand), to be applied in order, that turn operand i, as
 * it was given, into what the op takes. Usually none. */
struct operand_steps {
    int n;
    struct {
        enum op op;
        struct attrs attrs;
    } step[5];
};

void op_operand_steps(const struct prepared *p, const struct desc *in, int i,
                      struct operand_steps *steps);

/* Attributes as the kernels read them: {shape} resolved. */
struct attrs op_final_attrs(enum op op, const struct attrs *attrs, const struct prepared *p);

/* A whole-number power with a negative exponent needs attrs.a = 1. */
bool op_pow_is_float(const struct tensor *exponent);
