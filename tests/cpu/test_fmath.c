/* Our own elementary functions against the C library's, in units in the last place; special values.
 */
#include "fmath.h"
#include "tests/harness.h"

enum { POINTS = 20000 };

static long double softplus_l(long double x) {
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

static long double sigmoid_l(long double x) {
    return 1 / (1 + expl(-x));
}

struct row {
    const char *name;
    double (*wide)(double);
    float (*narrow)(float);
    long double (*truth)(long double);
    double low, high, bound; /* the error in ulp stays below bound */
};

#define WRAP(f)                                                                                    \
    static double wide_##f(double x) {                                                             \
        return fm_##f(x);                                                                          \
    }                                                                                              \
    static float narrow_##f(float x) {                                                             \
        return fm_##f##_f(x);                                                                      \
    }
WRAP(exp)
WRAP(log)
WRAP(tanh)
WRAP(sigmoid)
WRAP(softplus)
WRAP(erf)

static long double normal_l(long double x) {
    return erfcl(-x * 0.70710678118654752440L) / 2;
}

static double wide_normal(double x) {
    double density;
    return fm_normal(x, &density);
}

static float narrow_normal(float x) {
    float density;
    return fm_normal_f(x, &density);
}

static double wide_sin(double x) {
    return fm_sin(x);
}

static double wide_cos(double x) {
    return fm_cos(x);
}

static const struct row rows[] = {
    {"exp", wide_exp, NULL, expl, -708, 709, 1.5},
    {"exp", NULL, narrow_exp, expl, -87, 88.5, 1.5},
    {"exp", wide_exp, narrow_exp, expl, -1, 1, 1.5},
    {"log", wide_log, NULL, logl, 1e-300, 1e-9, 1},
    {"log", wide_log, narrow_log, logl, 0.4, 3, 1},
    {"log", wide_log, narrow_log, logl, 1e-3, 1e6, 1},
    {"tanh", wide_tanh, narrow_tanh, tanhl, -6, 6, 3},
    {"tanh", wide_tanh, narrow_tanh, tanhl, -1e-3, 1e-3, 3},
    {"sigmoid", wide_sigmoid, narrow_sigmoid, sigmoid_l, -40, 40, 3},
    {"softplus", wide_softplus, narrow_softplus, softplus_l, -40, 40, 3},
    {"erf", wide_erf, narrow_erf, erfl, -7, 7, 3},
    {"erf", wide_erf, narrow_erf, erfl, 0.9, 1.1, 3},
    {"normal", wide_normal, narrow_normal, normal_l, 0, 7, 4},
    {"normal", wide_normal, NULL, normal_l, -1, 0, 4},
    {"normal", NULL, narrow_normal, normal_l, -1, 0, 10},
    {"normal", NULL, narrow_normal, normal_l, -8, -1, 40},
    {"sin", wide_sin, NULL, sinl, -10, 10, 2},
    {"cos", wide_cos, NULL, cosl, -10, 10, 2},
    {"sin", wide_sin, NULL, sinl, 9e4, 1e5, 3},
    {"cos", wide_cos, NULL, cosl, -1e5, -9e4, 3},
};

static double worst_wide(const struct row *r) {
    double worst = 0;
    for (int i = 0; i < POINTS; i++) {
        double x = r->low + (r->high - r->low) * (i + 0.37) / POINTS;
        long double y = r->truth(x);
        double unit = fabs(nextafter((double)y, INFINITY) - (double)y);
        worst = fmax(worst, (double)fabsl((r->wide(x) - y) / unit));
    }
    return worst;
}

static double worst_narrow(const struct row *r) {
    double worst = 0;
    for (int i = 0; i < POINTS; i++) {
        float x = (float)(r->low + (r->high - r->low) * (i + 0.37) / POINTS);
        long double y = r->truth(x);
        double unit = fabs((double)nextafterf((float)y, INFINITY) - (double)(float)y);
        worst = fmax(worst, (double)fabsl((r->narrow(x) - y) / unit));
    }
    return worst;
}

static void accuracy(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        double wide = r->wide ? worst_wide(r) : 0, narrow = r->narrow ? worst_narrow(r) : 0;
        CHECK(wide < r->bound);
        CHECK(narrow < r->bound);
        if (wide >= r->bound || narrow >= r->bound)
            fprintf(stderr, "  %s on %g … %g: %.2f and %.2f ulp\n", r->name, r->low, r->high, wide,
                    narrow);
    }
}

static void special_values(void) {
    CHECK(isnan(fm_exp(NAN)) && isnan(fm_exp_f(NAN)) && isnan(fm_tanh(NAN)) && isnan(fm_erf(NAN)));
    CHECK(isnan(fm_log(-1)) && isnan(fm_log_f(-1)) && isnan(fm_log(NAN)));
    CHECK(isnan(fm_tanh_f(NAN)) && isnan(fm_sigmoid(NAN)) && isnan(fm_softplus_f(NAN)));
    CHECK(fm_exp(INFINITY) == INFINITY && fm_exp(-INFINITY) == 0 && fm_exp(0) == 1);
    CHECK(fm_exp_f(INFINITY) == INFINITY && fm_exp_f(-INFINITY) == 0 && fm_exp_f(0) == 1);
    CHECK(fm_log(0) == -INFINITY && fm_log(INFINITY) == INFINITY && fm_log(1) == 0);
    CHECK(fm_log_f(0) == -INFINITY && fm_log_f(INFINITY) == INFINITY && fm_log_f(1) == 0);
    CHECK(fm_tanh(INFINITY) == 1 && fm_tanh_f(-INFINITY) == -1 && signbit(fm_tanh(-0.0)));
    CHECK(fm_erf(INFINITY) == 1 && fm_erf_f(-INFINITY) == -1);
    CHECK(isnan(narrow_normal(NAN)) && narrow_normal(INFINITY) == 1);
    CHECK(narrow_normal(-INFINITY) == 0 && narrow_normal(0) == 0.5f);
    CHECK(fm_sigmoid(-INFINITY) == 0 && fm_sigmoid(INFINITY) == 1);
    CHECK(fm_softplus(-INFINITY) == 0 && fm_softplus(INFINITY) == INFINITY);
    CHECK_NEAR(fm_log(5e-324), -744.4400719213812, 1e-15);
    CHECK_NEAR(fm_log_f(1e-44f), log((double)1e-44f), 1e-7);
    CHECK(fm_exp(-745) == 5e-324);
}

static void rounding(void) {
    static const double points[] = {-2.5, -1.5, -0.5, -0.2,      0,     0.5,    1.5,
                                    2.5,  1e15, 3e20, 0.5000001, 1e300, -1e300, 4503599627370497.0};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        double x = points[i];
        CHECK(fm_round(x) == nearbyint(x) && signbit(fm_round(x)) == signbit(nearbyint(x)));
        CHECK(fm_floor(x) == floor(x));
        CHECK(fm_round_f((float)x) == nearbyintf((float)x));
        CHECK(fm_floor_f((float)x) == floorf((float)x));
    }
    CHECK(isnan(fm_floor(NAN)) && fm_floor(INFINITY) == INFINITY);
}

TEST_MAIN(accuracy, special_values, rounding)
