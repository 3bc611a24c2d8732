/* Learning-rate schedules: the rate as a function of the step. */
#include "train.h"
#include <math.h>

/* Where a schedule is asked. */
struct moment {
    double base, step, steps_per_epoch, total_steps;
};

/* A duration in steps; None = `preset`. */
static double duration_steps(const struct arg *a, const struct moment *t, double preset) {
    if (a->kind == ARG_NONE) return preset;
    bool epochs = a->text && str_is(str_of(a->text), "epoch");
    return epochs ? a->number * t->steps_per_epoch : a->number;
}

/* start * ((1 - alpha) (1 + cos(pi t / T)) / 2 + alpha), after a straight rise whose first step is
 * already above 0. */
static double schedule_cosine(const struct arg *a, const struct moment *t) {
    double start = a[0].kind == ARG_NONE ? t->base : a[0].number;
    double warmup = duration_steps(&a[3], t, 0);
    if (t->step < warmup) return start * (t->step + 1) / warmup;
    double rest = t->total_steps - warmup;
    double length = duration_steps(&a[1], t, rest > 1 ? rest : 1);
    double part = fmin((t->step - warmup) / length, 1), alpha = a[2].number;
    return start * ((1 - alpha) * 0.5 * (1 + cos(3.14159265358979323846 * part)) + alpha);
}

static double schedule_exponential(const struct arg *a, const struct moment *t) {
    return t->base * pow(a[0].number, t->step / duration_steps(&a[1], t, 1));
}

static double schedule_step(const struct arg *a, const struct moment *t) {
    return t->base * pow(a[0].number, floor(t->step / duration_steps(&a[1], t, 1)));
}

static double (*const schedules[])(const struct arg *a, const struct moment *t) = {
#define SCHEDULE(id, name, aliases, signature, help, example) schedule_##id,
#include "schedules.list"
#undef SCHEDULE
};

double schedule_rate(const struct config *schedule, double base, int64_t step,
                     int64_t steps_per_epoch, int64_t total_steps) {
    if (!schedule) return base;
    struct moment t = {base, (double)step, (double)steps_per_epoch, (double)total_steps};
    return schedules[schedule->row->kind](schedule->args, &t);
}
