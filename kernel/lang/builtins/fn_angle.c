/* The angle of a point in the plane. */
#include "fn.h"
#include <math.h>

static bool choose(struct eval *ev, struct value condition, struct value a, struct value b,
                   struct value *out) {
    return apply_op(ev, OP_where, (struct value[]){condition, a, b}, 3, NULL, out);
}

/* The smaller coordinate by the larger one, so that nothing overflows and the slopes are right on
 * both axes:
 *
 *   |x| >= |y|:  atan(y / x), and pi more (less, where y < 0) where x < 0
 *   else:        pi / 2 (-pi / 2, where y < 0) - atan(x / y)
 *
 * 0 at the origin. */
static bool angle_of(struct eval *ev, struct value y, struct value x, struct value *t,
                     struct value *out) {
    struct value zero = value_float(0), one = value_float(1);
    struct value *wide = t, *big = t + 1, *small = t + 2, *angle = t + 3, *left = t + 4;
    struct value *turn = t + 5, *steep = t + 6, *none = t + 7, *above = t + 8, *tall = t + 9;
    TRY(apply1(ev, OP_abs, x, NULL, wide) && apply1(ev, OP_abs, y, NULL, tall));
    TRY(fn_step2(ev, OP_ge, wide, *tall));
    TRY(choose(ev, *wide, x, y, big) && choose(ev, *wide, y, x, small));
    TRY(apply2(ev, OP_eq, *big, zero, none) && choose(ev, *none, one, *big, angle));
    TRY(apply2(ev, OP_div, *small, *angle, steep) && fn_step1(ev, OP_atan, steep));
    TRY(apply2(ev, OP_ge, y, zero, above));
    value_unref(*angle);
    *angle = value_missing();
    TRY(choose(ev, *above, value_float(M_PI), value_float(-M_PI), angle));
    TRY(apply2(ev, OP_lt, x, zero, left) && choose(ev, *left, *angle, zero, turn));
    TRY(fn_step2(ev, OP_add, turn, *steep) && fn_step2(ev, OP_mul, angle, value_float(0.5)));
    return fn_step2(ev, OP_sub, angle, *steep) && choose(ev, *wide, *turn, *angle, out);
}

bool fn_atan2(struct call *c, struct value *out) {
    enum { STEPS = 10 };
    struct value y, x, steps[STEPS];
    TRY(fn_operand(c, 0, &y));
    TRY(fn_operand(c, 1, &x));
    for (int i = 0; i < STEPS; i++) steps[i] = value_missing();
    bool ok = angle_of(c->ev, y, x, steps, out);
    for (int i = 0; i < STEPS; i++) value_unref(steps[i]);
    return ok;
}
