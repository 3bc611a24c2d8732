/* Types of results (language.md 2.4). Whole numbers stay whole under + - * // %, floats win over
 * whole numbers, float64 over float32, tensors over single numbers; pictures of bytes become
 * float32 as soon as they are computed with. */
#include "rules.h"

enum dtype type_in(enum dtype t, enum dtype real) {
    return t == DT_FLOAT64 ? real : t;
}

enum dtype type_arithmetic(enum dtype t, enum dtype real) {
    if (dtype_is_float(t)) return type_in(t, real);
    return t == DT_UINT8 ? DT_FLOAT32 : DT_INT64;
}

enum dtype type_float(enum dtype t, enum dtype real) {
    t = type_arithmetic(t, real);
    return dtype_is_float(t) ? t : real;
}

/* Which types occur among the operands with axes (or among all, when none has axes). */
struct census {
    bool has[DT_COUNT], scalar_float, scalar_wide;
};

static struct census take_census(const struct desc *const *in, int n_in) {
    struct census c = {0};
    bool tensors = false;
    for (int i = 0; i < n_in; i++) tensors = tensors || in[i]->shape.n > 0;
    for (int i = 0; i < n_in; i++) {
        enum dtype t = in[i]->dtype;
        if (!tensors || in[i]->shape.n > 0) {
            c.has[t] = true;
        } else {
            c.scalar_float = c.scalar_float || dtype_is_float(t);
            c.scalar_wide = c.scalar_wide || t == DT_INT64 || t == DT_INT32;
        }
    }
    return c;
}

/* The float type if one is needed; DT_COUNT if all are whole numbers. */
static enum dtype census_float(const struct census *c, enum dtype real) {
    if (c->has[DT_FLOAT64]) return real;
    if (c->has[DT_FLOAT32]) return DT_FLOAT32;
    if (!c->scalar_float) return DT_COUNT;
    return c->has[DT_UINT8] ? DT_FLOAT32 : real;
}

enum dtype type_common(const struct desc *const *in, int n_in, enum dtype real) {
    struct census c = take_census(in, n_in);
    enum dtype t = census_float(&c, real);
    if (t != DT_COUNT) return t;
    return c.has[DT_UINT8] ? DT_FLOAT32 : DT_INT64;
}

enum dtype type_comparable(const struct desc *const *in, int n_in, enum dtype real) {
    struct census c = take_census(in, n_in);
    enum dtype t = census_float(&c, real);
    if (t != DT_COUNT) return t;
    if (c.has[DT_INT64] || c.scalar_wide) return DT_INT64;
    int kinds = 0;
    for (int i = 0; i < DT_COUNT; i++) {
        if (c.has[i]) t = (enum dtype)i;
        kinds += c.has[i];
    }
    return kinds == 1 ? t : DT_INT64;
}
