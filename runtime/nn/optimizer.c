/* Optimizers: from a config to the numbers of a plan's update, and the same formulas for a free
 * vector in float64. */
#include "optimizer.h"
#include "train.h"
#include "../base/pool.h"
#include <math.h>
#include <stdio.h>

/* An optional argument: its number, or 0 for None. */
static double number_or_0(const struct arg *a) {
    return a->kind == ARG_NONE ? 0 : a->number;
}

static void clip_from(struct update *u, const struct arg *norm_and_value) {
    u->clip_norm = number_or_0(&norm_and_value[0]);
    u->clip_value = number_or_0(&norm_and_value[1]);
}

static void optimizer_sgd(const struct arg *a, struct update *u) {
    u->rule = UPDATE_SGD;
    u->beta_1 = a[1].number;
    u->nesterov = a[2].number != 0;
    clip_from(u, a + 3);
}

static void optimizer_adam(const struct arg *a, struct update *u) {
    u->rule = UPDATE_ADAM;
    u->beta_1 = a[1].number;
    u->beta_2 = a[2].number;
    u->epsilon = a[3].number;
    clip_from(u, a + 4);
    u->weight_decay = a[6].number;
}

static void optimizer_adamw(const struct arg *a, struct update *u) {
    u->rule = UPDATE_ADAM;
    u->weight_decay = a[1].number;
    u->beta_1 = a[2].number;
    u->beta_2 = a[3].number;
    u->epsilon = a[4].number;
    clip_from(u, a + 5);
}

static void optimizer_rmsprop(const struct arg *a, struct update *u) {
    u->rule = UPDATE_RMSPROP;
    u->beta_2 = a[1].number;
    u->epsilon = a[2].number;
    clip_from(u, a + 3);
}

static void optimizer_adagrad(const struct arg *a, struct update *u) {
    u->rule = UPDATE_ADAGRAD;
    u->beta_1 = a[1].number;
    u->epsilon = a[2].number;
    clip_from(u, a + 3);
}

static void (*const optimizers[])(const struct arg *a, struct update *u) = {
#define OPTIMIZER(id, name, aliases, signature, help, example) optimizer_##id,
#include "optimizers.list"
#undef OPTIMIZER
};

void optimizer_update(const struct config *optimizer, struct update *out, double *learning_rate) {
    *out = (struct update){.rule = UPDATE_ADAM, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7};
    *learning_rate = 1e-3;
    if (!optimizer) return;
    *out = (struct update){0};
    *learning_rate = optimizer->args[0].number;
    optimizers[optimizer->row->kind](optimizer->args, out);
}

int optimizer_n_slots(const struct update *u) {
    if (u->rule == UPDATE_ADAM) return 2;
    return u->rule == UPDATE_RMSPROP || u->rule == UPDATE_ADAGRAD || u->beta_1 > 0;
}

void optimizer_print(const struct config *optimizer, char *out, size_t cap) {
    if (!optimizer) snprintf(out, cap, "Adam(0.001)");
    else snprintf(out, cap, "%s(%g)", optimizer->row->name, optimizer->args[0].number);
}

/* ---- a free vector ---- */

struct optimizer_state {
    struct update update;
    double rate;
    int64_t n, t;
    double *m, *v; /* n numbers each */
};

static struct optimizer_state *state_new(const struct config *optimizer, int64_t n, struct err *e) {
    struct optimizer_state *s = pool_need(sizeof *s, e);
    if (!s) return NULL;
    optimizer_update(optimizer, &s->update, &s->rate);
    s->n = n;
    s->m = pool_need((size_t)n * sizeof(double) + 1, e);
    s->v = s->m ? pool_need((size_t)n * sizeof(double) + 1, e) : NULL;
    if (s->v) return s;
    optimizer_state_free(s);
    return NULL;
}

void optimizer_state_free(struct optimizer_state *s) {
    if (!s) return;
    pool_free(s->m);
    pool_free(s->v);
    pool_free(s);
}

static double clip_value(const struct update *u, double g) {
    if (u->clip_value <= 0) return g;
    return fmin(fmax(g, -u->clip_value), u->clip_value);
}

/* The factor that brings the gradient, clipped by value already, to the allowed length. */
static double clip_factor(const struct update *u, const double *g, int64_t n) {
    if (u->clip_norm <= 0) return 1;
    double length = 0;
    for (int64_t i = 0; i < n; i++) length += clip_value(u, g[i]) * clip_value(u, g[i]);
    length = sqrt(length);
    return length > u->clip_norm ? u->clip_norm / length : 1;
}

/* By how much one number falls, for a rate of 1. */
static double descent(struct optimizer_state *s, int64_t i, double g) {
    const struct update *u = &s->update;
    double *m = &s->m[i], *v = &s->v[i], t = (double)s->t;
    switch (u->rule) {
    case UPDATE_SGD: *m = u->beta_1 * *m + g; return u->nesterov ? g + u->beta_1 * *m : *m;
    case UPDATE_ADAM:
        *m = u->beta_1 * *m + (1 - u->beta_1) * g;
        *v = u->beta_2 * *v + (1 - u->beta_2) * g * g;
        return *m / (1 - pow(u->beta_1, t)) / (sqrt(*v / (1 - pow(u->beta_2, t))) + u->epsilon);
    case UPDATE_RMSPROP:
        *v = u->beta_2 * *v + (1 - u->beta_2) * g * g;
        return g / (sqrt(*v) + u->epsilon);
    case UPDATE_ADAGRAD: *v += g * g; return g / sqrt(*v + u->beta_1 + u->epsilon);
    case UPDATE_NONE:
    case UPDATE_COUNT: break;
    }
    return 0;
}

bool optimizer_move(const struct config *optimizer, struct optimizer_state **state, double *x,
                    const double *gradient, int64_t n, struct err *e) {
    if (optimizer) TRY(config_check(optimizer, e));
    if (!*state) TRY(*state = state_new(optimizer, n, e));
    struct optimizer_state *s = *state;
    if (s->n != n)
        return err_set(e, ERR_SHAPE,
                       "The optimizer has moved %lld numbers so far, now it gets "
                       "%lld.",
                       (long long)s->n, (long long)n);
    s->t++;
    double factor = clip_factor(&s->update, gradient, n);
    for (int64_t i = 0; i < n; i++) {
        double g = clip_value(&s->update, gradient[i]) * factor;
        double decay = s->update.weight_decay * x[i];
        x[i] -= s->rate * (descent(s, i, g) + decay);
    }
    return true;
}
