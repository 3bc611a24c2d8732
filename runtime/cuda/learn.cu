/* Learning steps, and the scale of the loss: all weights in one launch, formulas of cpu/learn.c. The rate and adam's time are
 * read from the control block, so that a captured graph is replayed unchanged. Bound: memory. */
#include "device.h"

/* The gradient as the rule sees it: penalties in, clipped by value. */
DEVICE float gradient_at(const struct learn_args *a, const struct learn_part *p, uint32_t i) {
    float w = a->weights[p->offset + i], l2 = 2 * p->l2;
    float clip = a->clip_value > 0 ? (float)a->clip_value : HUGE_VALF;
    float unscale = a->scaler ? a->scaler->inverse : 1.0f; /* a power of two: exact */
    float g = p->gradient[i] * unscale + p->l1 * (float)((w > 0) - (w < 0)) + l2 * w;
    g = g > clip ? clip : g;
    return g < -clip ? -clip : g;
}

/* Is a gradient infinite, or no number? */
KERNEL(scale_check, learn_args) {
    const struct learn_part *p = &a.part[BLOCK_Y];
    uint32_t bad = 0;
    EACH(i, p->count) bad |= fabsf(p->gradient[i]) <= 3.402823466e38f ? 0u : 1u;
    if (bad) ATOMIC_OR(&a.scaler->bad, 1u);
}

/* One thread: the scale of the next step, and adam's time without the steps that were skipped. */
KERNEL(scale_decide, scale_args) {
    struct scaler_args *s = a.scaler;
    if (THREAD || BLOCK) return;
    s->inverse = 1 / s->scale;
    s->skip = s->bad;
    s->bad = 0;
    s->skipped += s->skip;
    s->good = s->skip ? 0 : s->good + 1;
    if (s->skip && s->scale > 1) s->scale /= 2;
    if (s->good >= a.growth && s->scale < 16777216.0f) s->scale *= 2;
    if (s->good >= a.growth) s->good = 0;
    double t = (double)(a.control->step + 1) - (double)s->skipped;
    if (t < 1) t = 1;
    s->correct_1 = 1 / (1 - pow(a.beta_1, t));
    s->correct_2 = 1 / (1 - pow(a.beta_2, t));
}

/* Block (x, y) sums the squares of its share of part y; the sums are added in order later. */
KERNEL(learn_squares, learn_args) {
    SHARED double part[THREADS];
    double s = 0;
    EACH(i, a.part[BLOCK_Y].count) {
        float g = gradient_at(&a, &a.part[BLOCK_Y], i);
        s += (double)(g * g);
    }
    part[THREAD] = s;
    for (uint32_t half = THREADS / 2; half > 0; half /= 2) {
        SYNC();
        if (THREAD < half) part[THREAD] += part[THREAD + half];
    }
    if (THREAD == 0) a.squares[BLOCK_Y * N_BLOCKS + BLOCK] = part[0];
}

DEVICE float norm_scale(const struct learn_args *a) {
    double squares = 0;
    if (!(a->clip_norm > 0)) return 1;
    for (uint32_t i = 0; i < a->n_squares; i++) squares += a->squares[i];
    double norm = sqrt(squares);
    return (float)(norm > a->clip_norm ? a->clip_norm / norm : 1);
}

/* v = momentum v + g; w -= rate (v, or g + momentum v) */
DEVICE void learn_sgd(const struct learn_args *a, int64_t i, float g, double rate) {
    float *w = a->weights + i, momentum = (float)a->beta_1, r = (float)rate;
    float keep = (float)(1 - rate * a->weight_decay), ahead = a->nesterov ? 1.0f : 0.0f;
    if (momentum == 0) {
        *w = *w * keep - r * g;
        return;
    }
    float *v = a->slots[0] + i;
    *v = momentum * *v + g;
    *w = *w * keep - r * (ahead * g + (ahead != 0 ? momentum : 1.0f) * *v);
}

/* Kingma & Ba 2015; decay after Loshchilov & Hutter 2019 */
DEVICE void learn_adam(const struct learn_args *a, int64_t i, float g, double rate) {
    float *w = a->weights + i, *m = a->slots[0] + i, *v = a->slots[1] + i;
    float b1 = (float)a->beta_1, b2 = (float)a->beta_2;
    float a1 = (float)(1 - a->beta_1), a2 = (float)(1 - a->beta_2), eps = (float)a->epsilon;
    double t1 = a->scaler ? a->scaler->correct_1 : a->control->correct_1;
    double t2 = a->scaler ? a->scaler->correct_2 : a->control->correct_2;
    float r = (float)(rate * t1), c2 = (float)sqrt(t2);
    float keep = (float)(1 - rate * a->weight_decay);
    *m = b1 * *m + a1 * g;
    *v = b2 * *v + a2 * (g * g);
    *w = *w * keep - r * *m / (sqrtf(*v) * c2 + eps);
}

DEVICE void learn_rmsprop(const struct learn_args *a, int64_t i, float g, double rate) {
    float *w = a->weights + i, *v = a->slots[0] + i;
    float rho = (float)a->beta_2, b = (float)(1 - a->beta_2), eps = (float)a->epsilon;
    float keep = (float)(1 - rate * a->weight_decay);
    *v = rho * *v + b * (g * g);
    *w = *w * keep - (float)rate * g / (sqrtf(*v) + eps);
}

/* Duchi, Hazan & Singer 2011; the sum is kept without what it begins with */
DEVICE void learn_adagrad(const struct learn_args *a, int64_t i, float g, double rate) {
    float *w = a->weights + i, *v = a->slots[0] + i, more = (float)(a->beta_1 + a->epsilon);
    float keep = (float)(1 - rate * a->weight_decay);
    *v += g * g;
    *w = *w * keep - (float)rate * g / sqrtf(*v + more);
}

/* Row y of the grid moves part y. */
KERNEL(learn_run, learn_args) {
    const struct learn_part *p = &a.part[BLOCK_Y];
    double rate = a.control->rate;
    if (a.scaler && a.scaler->skip) return;
    float scale = norm_scale(&a);
    EACH(i, p->count) {
        float g = gradient_at(&a, p, i) * scale;
        int64_t at = p->offset + (int64_t)i;
        if (a.rule == RULE_SGD) learn_sgd(&a, at, g, rate);
        else if (a.rule == RULE_ADAM) learn_adam(&a, at, g, rate);
        else if (a.rule == RULE_RMSPROP) learn_rmsprop(&a, at, g, rate);
        else learn_adagrad(&a, at, g, rate);
    }
}
