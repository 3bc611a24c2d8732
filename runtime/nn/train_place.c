/* Where a training computes: choosing the device, and saying so. Nothing said means the GPU where
 * there is one; a training that stays on the processor beside a GPU always says why, so that nobody
 * pays for a GPU that does nothing. */
#include "trainer.h"
#include "compose.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool choose(struct trainer *t, struct err *e) {
    enum device_choice choice = t->spec->device;
    const char *problem;
    if (choice == DEVICE_CPU) return true;
    if (choice == DEVICE_AUTO && !device_present()) {
        if ((problem = device_problem()))
            snprintf(t->place_note, sizeof t->place_note, "The GPU is not used. %s", problem);
        return true;
    }
    t->device = device_gpu(e);
    if (t->device || choice == DEVICE_GPU) return t->device != NULL;
    snprintf(t->place_note, sizeof t->place_note, "The GPU is not used. %.*s",
             (int)sizeof t->place_note - 32, e->what);
    *e = (struct err){0};
    return true;
}

static void begin(struct trainer *t, const struct train_spec *spec) {
    *t = (struct trainer){.spec = spec, .rate_factor = 1, .best_loss = NAN};
}

bool trainer_init(struct trainer *t, const struct train_spec *spec, struct err *e) {
    begin(t, spec);
    TRY(choose(t, e));
    if (trainer_prepare(t, e)) return true;
    bool refused = t->device && spec->device == DEVICE_AUTO && e->kind == ERR_DEVICE;
    if (!refused || device_is_broken(t->device)) return false;
    trainer_clear(t); /* the GPU does not have all of it: once more on the processor */
    begin(t, spec);
    snprintf(t->place_note, sizeof t->place_note, "The GPU is not used. %.*s",
             (int)sizeof t->place_note - 32, e->what);
    *e = (struct err){0};
    return trainer_prepare(t, e);
}

struct node *trainer_scaled(struct trainer *t, struct graph *g, struct node *loss, struct err *e) {
    struct desc one = {.dtype = DT_FLOAT32};
    if (!workspace_scales(t->workspace)) return loss;
    if (!t->scale) t->scale = graph_input(g, "loss scale", &one, e);
    return t->scale ? op2(g, OP_mul, loss, t->scale, e) : NULL;
}

/* How products are computed, where that was asked for. */
static void print_precision(const struct trainer *t, char *out, size_t cap) {
    enum precision p = t->spec->precision;
    const char *does = workspace_products(t->workspace);
    bool exact = strcmp(does, "float32") == 0;
    out[0] = 0;
    if (p == PRECISION_FLOAT32) return;
    if (!exact) snprintf(out, cap, ", products in %s", does);
    else if (!t->device) snprintf(out, cap, ", float32 (the processor computes nothing less)");
    else snprintf(out, cap, ", float32 (this GPU has no TF32: compute capability 8.0)");
}

bool trainer_settle(struct trainer *t, double now, struct err *e) {
    const double most = 0.05;
    for (int k = 0; k < t->n_stages; k++) TRY(pass_settle(&t->stages[k].pass, e));
    if (!t->stages) TRY(pass_settle(&t->pass, e));
    double each = (now - t->settled) / (t->n_ahead ? t->n_ahead : 1), n = most / fmax(each, 1e-6);
    t->window = !t->device || n < 1 ? 1 : n > TRAIN_MAX_AHEAD ? TRAIN_MAX_AHEAD : (int)n;
    t->settled = now;
    return true;
}

void trainer_print_place(const struct trainer *t, char *out, size_t cap) {
    int threads = compute_threads();
    const char *beside = "";
    if (*t->place_note) beside = " (not on the GPU that is here)";
    else if (!t->device && device_present()) beside = " (there is a GPU, too: %device gpu)";
    char precision[96];
    print_precision(t, precision, sizeof precision);
    if (t->device) snprintf(out, cap, "GPU %s%s", device_name(t->device), precision);
    else
        snprintf(out, cap, "CPU, %d thread%s%s%s", threads, threads == 1 ? "" : "s", beside,
                 precision);
}
