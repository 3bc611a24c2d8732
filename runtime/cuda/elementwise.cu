/* Elementwise groups: one kernel that reads a little program, the same for all threads, so that a
 * chain of operations is one pass over memory. Formulas are those of cpu/elem.c, in fmath.h's
 * functions, so the bits are those of the CPU. Bound: memory; for chains of cheap operations on
 * numbers in cache, the reading of the program. */
#include "device.h"

#define OP(name, arity, rule, flags, help) E_##name,
enum {
#include "../ops.list"
    E_COUNT
};
#undef OP

union elem_reg {
    float f;
    int64_t i;
};

/* ---- whole numbers ---- */

DEVICE int64_t add_whole(int64_t x, int64_t y, uint32_t *bad) {
    int64_t r = (int64_t)((uint64_t)x + (uint64_t)y);
    if (((x ^ r) & (y ^ r)) < 0) *bad |= MET_OVERFLOW;
    return r;
}

DEVICE int64_t sub_whole(int64_t x, int64_t y, uint32_t *bad) {
    int64_t r = (int64_t)((uint64_t)x - (uint64_t)y);
    if (((x ^ y) & (x ^ r)) < 0) *bad |= MET_OVERFLOW;
    return r;
}

DEVICE int64_t mul_whole(int64_t x, int64_t y, uint32_t *bad) {
    __int128 r = (__int128)x * y;
    if (r != (__int128)(int64_t)r) *bad |= MET_OVERFLOW;
    return (int64_t)((uint64_t)x * (uint64_t)y);
}

DEVICE int64_t floordiv_whole(int64_t x, int64_t y, uint32_t *bad) {
    if (y == 0) return *bad |= MET_DIVIDE, 0;
    if (y == -1) return sub_whole(0, x, bad);
    int64_t q = x / y;
    return q - (x % y != 0 && (x < 0) != (y < 0));
}

DEVICE int64_t mod_whole(int64_t x, int64_t y, uint32_t *bad) {
    if (y == 0) return *bad |= MET_DIVIDE, 0;
    if (y == -1) return 0;
    int64_t r = x % y;
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

DEVICE int64_t pow_whole(int64_t x, int64_t y, uint32_t *bad) {
    if (y < 0) return *bad |= MET_NEGATIVE_POWER, 0;
    int64_t r = 1;
    for (;;) {
        if (y & 1) r = mul_whole(r, x, bad);
        y >>= 1;
        if (!y) return r;
        x = mul_whole(x, x, bad);
    }
}

DEVICE int64_t elem_whole(int op, int64_t x, int64_t y, int64_t z, uint32_t *bad) {
    switch (op) {
    case E_neg: return sub_whole(0, x, bad);
    case E_abs: return x < 0 ? sub_whole(0, x, bad) : x;
    case E_sign: return (x > 0) - (x < 0);
    case E_square: return mul_whole(x, x, bad);
    case E_relu: return x < 0 ? 0 : x;
    case E_not: return x == 0;
    case E_is_nan: return 0;
    case E_add: return add_whole(x, y, bad);
    case E_sub: return sub_whole(x, y, bad);
    case E_mul: return mul_whole(x, y, bad);
    case E_floordiv: return floordiv_whole(x, y, bad);
    case E_mod: return mod_whole(x, y, bad);
    case E_pow: return pow_whole(x, y, bad);
    case E_maximum: return x > y ? x : y;
    case E_minimum: return x < y ? x : y;
    case E_lt: return x < y;
    case E_le: return x <= y;
    case E_gt: return x > y;
    case E_ge: return x >= y;
    case E_eq: return x == y;
    case E_ne: return x != y;
    case E_and: return x & y;
    case E_or: return x | y;
    case E_where: return x ? y : z;
    default: return x; /* round, floor */
    }
}

/* ---- floats ---- */

DEVICE double mod_real(double x, double y) {
    double r = fmod(x, y);
    if (r == 0) return fm_copysign(0, y);
    return (r < 0) != (y < 0) ? r + y : r;
}

DEVICE double floordiv_real(double x, double y) {
    if (y == 0) return x / y;
    double r = fmod(x, y), q = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) q -= 1;
    double f = fm_floor(q);
    return q - f > 0.5 ? f + 1 : f;
}

DEVICE double pow_real(double x, double y) {
    return y == 2 ? x * x : y == 1 ? x : pow(x, y);
}

DEVICE double trig(double x, int quarter) {
    if (fm_abs(x) <= FM_TRIG_LIMIT) return fm_trig(x, quarter);
    return quarter ? cos(x) : sin(x);
}

DEVICE float elem_real_rare(int op, float x, float y) {
    switch (op) {
    case E_sin: return (float)trig((double)x, 0);
    case E_cos: return (float)trig((double)x, 1);
    case E_tan: return (float)tan((double)x);
    case E_asin: return (float)asin((double)x);
    case E_acos: return (float)acos((double)x);
    case E_atan: return (float)atan((double)x);
    case E_sinh: return (float)sinh((double)x);
    case E_cosh: return (float)cosh((double)x);
    case E_log2: return (float)log2((double)x);
    case E_log10: return (float)log10((double)x);
    case E_log1p: return (float)log1p((double)x);
    case E_expm1: return (float)expm1((double)x);
    case E_floordiv: return (float)floordiv_real((double)x, (double)y);
    case E_mod: return (float)mod_real((double)x, (double)y);
    case E_pow: return (float)pow_real((double)x, (double)y);
    default: return x;
    }
}

DEVICE float elem_maths(int op, float x) {
    float density;
    switch (op) {
    case E_exp: return fm_exp_f(x);
    case E_log: return fm_log_f(x);
    case E_tanh: return fm_tanh_f(x);
    case E_sigmoid: return fm_sigmoid_f(x);
    case E_softplus: return fm_softplus_f(x);
    case E_erf: return fm_erf_f(x);
    case E_gelu: return x * fm_normal_f(x, &density);
    case E_gelu_slope: {
        float share = fm_normal_f(x, &density);
        return share + x * density;
    }
    default: return elem_real_rare(op, x, 0);
    }
}

/* NaN stays in relu and sign, and wins in maximum and minimum. */
DEVICE float elem_real(int op, float x, float y) {
    switch (op) {
    case E_neg: return -x;
    case E_abs: return fm_abs_f(x);
    case E_sign: return x > 0 ? 1.0f : x < 0 ? -1.0f : x * 0;
    case E_square: return x * x;
    case E_round: return fm_round_f(x);
    case E_floor: return fm_floor_f(x);
    case E_ceil: return -fm_floor_f(-x);
    case E_sqrt: return sqrtf(x);
    case E_rsqrt: return 1 / sqrtf(x);
    case E_recip: return 1 / x;
    case E_relu: return x < 0 ? 0 : x;
    case E_add: return x + y;
    case E_sub: return x - y;
    case E_mul: return x * y;
    case E_div: return x / y;
    case E_maximum: return x > y || x != x ? x : y;
    case E_minimum: return x < y || x != x ? x : y;
    case E_sigmoid_bce: return fm_softplus_f(x) - x * y;
    case E_floordiv:
    case E_mod:
    case E_pow: return elem_real_rare(op, x, y);
    default: return elem_maths(op, x);
    }
}

DEVICE int64_t elem_test(int op, float x, float y) {
    switch (op) {
    case E_is_nan: return x != x;
    case E_lt: return x < y;
    case E_le: return x <= y;
    case E_gt: return x > y;
    case E_ge: return x >= y;
    case E_eq: return x == y;
    default: return x != y;
    }
}

/* ---- one code ---- */

DEVICE union elem_reg elem_cast(const struct elem_step *s, union elem_reg x) {
    union elem_reg r;
    r.i = 0;
    if (s->from == T_F32 && s->to == T_F32) r.f = x.f;
    else if (s->to == T_F32) r.f = (float)x.i;
    else if (s->to == T_BOOL) r.i = s->from == T_F32 ? x.f != 0 : x.i != 0;
    else {
        r.i = s->from == T_F32 ? whole_of((double)x.f) : x.i;
        if (s->to == T_I32) r.i = clamp_whole(r.i, INT32_MIN, INT32_MAX);
        if (s->to == T_U8) r.i = clamp_whole(r.i, 0, 255);
    }
    return r;
}

DEVICE union elem_reg elem_fill(const struct elem_step *s) {
    union elem_reg r;
    r.i = 0;
    if (s->to == T_F32) r.f = (float)s->a;
    else r.i = s->to == T_BOOL ? s->a != 0 : whole_of(s->a);
    return r;
}

DEVICE union elem_reg elem_code(const struct elem_step *s, const union elem_reg *reg,
                                uint32_t *bad) {
    union elem_reg x = reg[s->in[0]], y = reg[s->in[1]], z = reg[s->in[2]], r;
    r.i = 0;
    if (s->op == E_cast) return elem_cast(s, x);
    if (s->op == E_fill) return elem_fill(s);
    if (s->from != T_F32) r.i = elem_whole(s->op, x.i, y.i, z.i, bad);
    else if (s->op == E_where) r.f = x.i ? y.f : z.f;
    else if (s->to == T_F32) r.f = elem_real(s->op, x.f, y.f);
    else r.i = elem_test(s->op, x.f, y.f);
    return r;
}

KERNEL(elem_run, elem_args) {
    union elem_reg reg[32];
    uint32_t bad = 0;
    for (int k = 0; k < 32; k++) reg[k].i = 0;
    EACH(i, a.count) {
        for (int k = 0; k < a.n_in; k++) {
            int64_t at = walk_at(&a.in[k].walk, i);
            if (a.in[k].dtype == T_F32) reg[k].f = ((const float *)a.in[k].at)[at];
            else reg[k].i = whole_at(a.in[k].at, a.in[k].dtype, at);
        }
        for (int k = 0; k < a.n_steps; k++) reg[a.steps[k].out] = elem_code(&a.steps[k], reg, &bad);
        for (int k = 0; k < a.n_out; k++) {
            if (a.out[k].dtype == T_F32) ((float *)a.out[k].at)[i] = reg[a.out[k].reg].f;
            else put_whole(a.out[k].at, a.out[k].dtype, i, reg[a.out[k].reg].i);
        }
    }
    if (bad) ATOMIC_OR(a.faults, bad);
}
