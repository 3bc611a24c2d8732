/* Choosing the family of an operation, running it in pieces, and reporting faults. */
#include "call.h"
#include <stdatomic.h>

typedef void (*family_fn)(struct call *c, const struct call_spec *s);

static const family_fn families[OP_COUNT] = {
    [OP_fill] = call_make,
    [OP_range] = call_make,
    [OP_uniform] = call_make,
    [OP_normal] = call_make,
    [OP_bernoulli] = call_make,
    [OP_count] = call_make,
    [OP_expand] = call_copy,
    [OP_transpose] = call_copy,
    [OP_slice] = call_copy,
    [OP_place] = call_place,
    [OP_concat] = call_concat,
    [OP_gather] = call_index,
    [OP_scatter_add] = call_index,
    [OP_one_hot] = call_index,
    [OP_sum] = call_fold,
    [OP_mean] = call_fold,
    [OP_max] = call_fold,
    [OP_min] = call_fold,
    [OP_any] = call_fold,
    [OP_all] = call_fold,
    [OP_argmax] = call_along,
    [OP_argmin] = call_along,
    [OP_cumsum] = call_along,
    [OP_softmax] = call_along,
    [OP_log_softmax] = call_along,
    [OP_softmax_crossentropy] = call_along,
    [OP_matmul] = call_matmul,
    [OP_recur] = call_recur,
    [OP_recur_states] = call_recur,
    [OP_recur_slopes] = call_recur,
    [OP_recur_weight] = call_recur,
    [OP_recur_bias] = call_recur,
    [OP_conv] = call_conv,
    [OP_conv_input] = call_conv,
    [OP_conv_kernel] = call_conv,
    [OP_max_pool] = call_pool,
    [OP_max_take] = call_pool,
    [OP_max_spread] = call_pool,
    [OP_warp] = call_warp,
    [OP_warp_back] = call_warp,
    [OP_mean_pool] = call_pool,
    [OP_mean_spread] = call_pool,
    [OP_heads_scores] = call_heads,
    [OP_heads_mix] = call_heads,
    [OP_norm] = call_norm,
    [OP_norm_slope] = call_norm,
    [OP_softmax_slope] = call_along,
};

size_t call_memory(int n_in) {
    return (size_t)n_in * sizeof(int64_t);
}

bool call_init(struct call *c, enum op op, const struct desc *const *in, int n_in,
               const struct desc *out, const struct attrs *attrs, void *memory, struct err *e) {
    struct call_spec spec = {op, in, n_in, out, attrs, memory};
    *c = (struct call){0};
    if (families[op]) families[op](c, &spec);
    c->op = op;
    c->stream.stream = attrs->stream;
    if (c->run) return true;
    return err_set(e, ERR_BUG, "There is no kernel for `%s` on %s.", op_name(op),
                   dtype_name(n_in > 0 ? in[n_in - 1]->dtype : out->dtype));
}

bool call_stopped(const struct call_env *env) {
    return env->stop && atomic_load_explicit(env->stop, memory_order_relaxed);
}

/* A piece takes a few milliseconds at most. */
static int64_t piece_units(const struct call *c) {
    double units = 4e6 / (c->unit_work > 1 ? c->unit_work : 1);
    if (units >= 1e15) return INT64_MAX / 4;
    int64_t n = (int64_t)units;
    if (c->grain > 0) return n > c->grain ? n / c->grain * c->grain : c->grain;
    return n < 1 ? 1 : n > GROUP_ALIGN ? n / GROUP_ALIGN * GROUP_ALIGN : n;
}

unsigned call_run(const struct call *c, void *const *out, const void *const *in, int64_t begin,
                  int64_t end, const struct call_env *env) {
    unsigned faults = 0;
    int64_t step = piece_units(c);
    for (int64_t i = begin; i < end; i += step) {
        if (call_stopped(env)) return faults | FAULT_STOP;
        faults |= c->run(c, out, in, i, end - i < step ? end : i + step, env);
    }
    return faults;
}

unsigned call_rows(const struct call *c, void *out, const void *const *in, int64_t row,
                   int64_t row_end, const struct call_env *env) {
    if (c->op == OP_conv_kernel) return call_kernel_rows(c, out, in, row, row_end, env);
    call_product_rows(c, out, in, row, row_end, env);
    return 0;
}

bool call_report(unsigned faults, enum op op, struct err *e) {
    if (!faults) return true;
    if (faults & FAULT_STOP) return err_set(e, ERR_INTERRUPT, "Stopped.");
    if (faults & FAULT_INDEX) {
        const char *what = op == OP_one_hot ? "a class number" : "a position";
        err_set(e, ERR_INDEX, "{%d} holds %s outside the range.", op == OP_one_hot ? 0 : 1, what);
        if (op == OP_COUNT)
            err_hint(e, "Embedding(size, units) takes whole numbers from 0 to size - 1.");
        return false;
    }
    if (faults & FAULT_DIVIDE) {
        err_set(e, ERR_NUMBER, "A whole number is divided by zero.");
        return err_hint(e, "Divide with `/`, which gives inf or nan, or test {1} first.");
    }
    if (faults & FAULT_NEGATIVE_POWER) {
        err_set(e, ERR_NUMBER, "A whole number to a negative power is not a whole number.");
        return err_hint(e, "Use floats: 2.0 ** -1.");
    }
    err_set(e, ERR_NUMBER, "The result does not fit into a 64-bit whole number.");
    return err_hint(e, "Use floats, for example 2.0 in place of 2.");
}
