/* Callbacks: early stopping, falling learning rates, saved weights. */
#include "callbacks.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Positions of arguments, as in callbacks.list. */
enum { EARLY_PATIENCE, EARLY_MONITOR, EARLY_MIN_DELTA, EARLY_BASELINE };
enum { LR_FACTOR, LR_PATIENCE, LR_COOLDOWN, LR_MONITOR, LR_MIN_DELTA, LR_MIN_LR };
enum { SAVE_PATH, SAVE_EVERY };

typedef bool (*callback_fn)(struct callback *c, struct epoch_end *end, struct err *e);

/* A new best value of what is watched? */
static bool improved(struct callback *c, double x, double delta) {
    if (!epoch_log_better(c->direction, x, c->best, delta)) return false;
    c->best = x;
    return true;
}

static bool callback_early_stopping(struct callback *c, struct epoch_end *end, struct err *e) {
    (void)e;
    const struct arg *a = c->config->args;
    double x = end->row[c->column];
    c->waited++;
    if (improved(c, x, a[EARLY_MIN_DELTA].number)) {
        bool counts = a[EARLY_BASELINE].kind == ARG_NONE ||
                      epoch_log_better(c->direction, x, a[EARLY_BASELINE].number, 0);
        if (counts) c->waited = 0;
    }
    if (c->waited == 0 || (double)c->waited < a[EARLY_PATIENCE].number || end->epoch == 1)
        return true;
    end->stop = true;
    snprintf(end->note, sizeof end->note,
             "Stopped after epoch %lld: %s has not become better for %lld epoch%s.",
             (long long)end->epoch, a[EARLY_MONITOR].text, (long long)c->waited,
             c->waited == 1 ? "" : "s");
    return true;
}

static bool callback_reduce_lr(struct callback *c, struct epoch_end *end, struct err *e) {
    (void)e;
    const struct arg *a = c->config->args;
    bool better = improved(c, end->row[c->column], a[LR_MIN_DELTA].number);
    bool cooling = c->cooling > 0;
    if (cooling) c->cooling--;
    c->waited = better || cooling ? 0 : c->waited + 1;
    if (c->waited == 0 || (double)c->waited < a[LR_PATIENCE].number) return true;
    c->waited = 0;
    c->cooling = (int64_t)a[LR_COOLDOWN].number;
    double lower = fmax(end->rate * a[LR_FACTOR].number, a[LR_MIN_LR].number);
    if (!(lower < end->rate)) return true;
    *end->rate_factor *= lower / end->rate;
    snprintf(end->note, sizeof end->note,
             "Learning rate from %.3g to %.3g after epoch %lld: %s "
             "has not become better.",
             end->rate, lower, (long long)end->epoch, a[LR_MONITOR].text);
    return true;
}

/* "{epoch}" in the path becomes the number. */
static void checkpoint_path(const char *pattern, int64_t epoch, char *out, size_t cap) {
    const char *at = strstr(pattern, "{epoch}");
    if (!at) snprintf(out, cap, "%s", pattern);
    else
        snprintf(out, cap, "%.*s%lld%s", (int)(at - pattern), pattern, (long long)epoch,
                 at + strlen("{epoch}"));
}

static bool callback_checkpoint(struct callback *c, struct epoch_end *end, struct err *e) {
    const struct arg *a = c->config->args;
    int64_t every = a[SAVE_EVERY].number > 1 ? (int64_t)a[SAVE_EVERY].number : 1;
    if (end->epoch % every) return true;
    char path[1024];
    checkpoint_path(a[SAVE_PATH].text, end->epoch, path, sizeof path);
    return model_save_weights(end->model, end->weights, path, e);
}

static const callback_fn callbacks[] = {
#define CALLBACK(id, name, aliases, signature, help, example) callback_##id,
#include "callbacks.list"
#undef CALLBACK
};

static bool unknown_column(const char *monitor, const char *who, const struct history *h,
                           bool has_validation, struct err *e) {
    char all[512];
    size_t n = 0;
    for (int i = 0; i < h->n_columns && n < sizeof all; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i ? "  " : "", h->names[i]);
    if (!has_validation && strncmp(monitor, "val_", 4) == 0) {
        err_set(e, ERR_SETTING, "%s watches %s, and this training has no validation set.", who,
                monitor);
        err_label(e, "needs `validate`");
        return err_hint(e, "Add `validate: inputs -> targets`, or watch the training loss with "
                           "monitor=\"loss\".");
    }
    err_set(e, ERR_SETTING, "%s watches %s, which the history does not have.", who, monitor);
    err_label(e, "no column `%s`", monitor);
    return err_fact(e, "columns", "%s", all);
}

bool callback_init(struct callback *c, const struct config *config, const struct history *h,
                   bool has_validation, struct err *e) {
    *c = (struct callback){.config = config, .column = -1, .best = NAN};
    int monitor = config->row->kind == CALLBACK_early_stopping ? EARLY_MONITOR
                  : config->row->kind == CALLBACK_reduce_lr    ? LR_MONITOR
                                                               : -1;
    if (monitor < 0) return true;
    const char *name = config->args[monitor].text;
    c->column = epoch_log_find(h, name);
    if (c->column < 0) return unknown_column(name, config->row->name, h, has_validation, e);
    c->direction = h->directions[c->column];
    return true;
}

bool callback_run(struct callback *c, struct epoch_end *end, struct err *e) {
    return callbacks[c->config->row->kind](c, end, e);
}
