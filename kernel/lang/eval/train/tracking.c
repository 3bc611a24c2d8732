/* Runs of a session: their settings, their results. */
#include "tracking.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/search/search.h"
#include "lang/eval/signature.h"
#include "base/intern.h"
#include "base/pool.h"
#include "data/run_store.h"
#include "lang/eval/tables/tables.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MOST_RUNS = 10000 };

struct tracking {
    const char *experiment; /* NULL = nothing is written to disk */
    struct value runs;      /* a list of records */
};

struct tracking *tracking_new(struct err *e) {
    struct tracking *t = pool_need(sizeof *t, e);
    if (!t) return NULL;
    t->runs = value_list_new(16, e);
    if (t->runs.kind != V_LIST) return pool_free(t), NULL;
    return t;
}

void tracking_free(struct tracking *t) {
    if (!t) return;
    value_unref(t->runs);
    pool_free(t);
}

void tracking_clear(struct tracking *t) {
    struct list *runs = t->runs.list;
    while (runs->n) value_unref(runs->items[--runs->n]);
}

void tracking_set_experiment(struct tracking *t, const char *name) {
    t->experiment = name;
}

/* ---- one run's settings ---- */

static bool put(struct eval *ev, struct record *r, const char *key, struct value take) {
    return take.kind != V_MISSING && record_set(r, intern_c(key), take, ev->e);
}

/* Numbers and texts as they are, others by their words. */
static struct value setting_value(struct eval *ev, struct value v) {
    if (value_is_number(v) || v.kind == V_TEXT) return value_ref(v);
    struct text t = {0};
    value_repr(v, &t);
    struct value text = value_text(text_str(&t), ev->e);
    text_clear(&t);
    return text;
}

static bool put_arguments(struct eval *ev, struct record *r, const struct model_value *m) {
    for (int i = 0; m->maker && i < m->n_args; i++)
        TRY(put(ev, r, m->maker->ast->list[i]->name, setting_value(ev, m->args[i])));
    const struct trial *t = ev->trial;
    for (int i = 0; t && t->values && i < t->search->n_overs; i++)
        TRY(put(ev, r, t->search->overs[i].line->name, setting_value(ev, t->values[i])));
    return true;
}

static bool put_optimizer(struct eval *ev, struct record *r, const struct config *c) {
    struct value name = value_text(str_of(c ? c->row->name : "Adam"), ev->e);
    double rate = 1e-3;
    const struct signature *s = c ? signature_of(c->row->name, c->row->signature) : NULL;
    for (int i = 0; s && i < s->n; i++)
        if (strcmp(s->parameters[i].name, "learning_rate") == 0) rate = c->args[i].number;
    return put(ev, r, "optimizer", name) && put(ev, r, "lr", value_float(rate));
}

static bool put_settings(struct eval *ev, struct record *r, const struct train_block *b,
                         const struct model_value *m, const struct config *optimizer) {
    const struct train_spec *s = &b->spec;
    TRY(put(ev, r, "model", value_text(str_of(model_value_name(m)), ev->e)));
    TRY(put_optimizer(ev, r, optimizer));
    TRY(put(ev, r, "batch", value_int(s->batch)));
    if (s->losses[0].name)
        TRY(put(ev, r, "loss_function", value_text(str_of(s->losses[0].name), ev->e)));
    return put_arguments(ev, r, m); /* a student's own `lr` goes before the optimizer's */
}

/* ---- one run's results ---- */

static int64_t best_row(const struct table *h, int64_t best_epoch) {
    int epoch = table_find(h, STR("epoch"));
    for (int64_t i = 0; epoch >= 0 && i < h->n_rows; i++)
        if ((int64_t)h->columns[epoch].numbers[i] == best_epoch) return i;
    return h->n_rows - 1;
}

static bool put_results(struct eval *ev, struct record *r, const struct train_result *result) {
    const struct table *h = result->history;
    int64_t row = best_row(h, result->best_epoch);
    double seconds = 0;
    for (int i = 0; i < h->n_columns; i++) {
        const char *name = h->columns[i].name;
        if (strcmp(name, "seconds") == 0)
            for (int64_t k = 0; k < h->n_rows; k++) seconds += h->columns[i].numbers[k];
        bool other = strcmp(name, "seconds") == 0 || strcmp(name, "lr") == 0;
        if (other || row < 0 || record_get(r, name)) continue;
        bool whole = strcmp(name, "epoch") == 0;
        double x = h->columns[i].numbers[row];
        TRY(put(ev, r, name, whole ? value_int((int64_t)x) : value_float(x)));
    }
    return put(ev, r, "epochs", value_int(h->n_rows)) &&
           put(ev, r, "seconds", value_float(seconds));
}

/* ---- on disk ---- */

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A disk that is full ends no training: it is a note. */
static void write_run(struct eval *ev, const char *experiment, const struct record *settings,
                      const struct train_result *result, double seconds) {
    struct run_to_store run = {
        .experiment = experiment, .history = result->history, .interrupted = result->interrupted};
    struct text words[RUN_STORE_MAX_PARAMS] = {0};
    char name[128] = "run";
    run.end_ms = now_ms();
    run.start_ms = run.end_ms - (int64_t)(seconds * 1000);
    for (int i = 0; i < settings->n && run.n_params < RUN_STORE_MAX_PARAMS; i++) {
        if (strcmp(settings->keys[i], "run") == 0) continue; /* counts within the session */
        int k = run.n_params++;
        value_print(settings->items[i], &words[k]);
        run.params[k].key = settings->keys[i];
        run.params[k].value = text_str(&words[k]);
        if (strcmp(settings->keys[i], "model") == 0 && words[k].n)
            snprintf(name, sizeof name, "%.100s", words[k].p);
    }
    run.name = name;
    struct err e = {0};
    const struct engine_observer *o = ev->observer;
    if (!run_store_write("mlruns", &run, &e) && o->note) o->note(o->user, str_of(e.what));
    for (int i = 0; i < run.n_params; i++) text_clear(&words[i]);
}

bool track_run(const struct train_block *b, const struct model_value *m,
               const struct train_result *result, const struct config *optimizer) {
    struct eval *ev = b->ev;
    struct tracking *t = engine_tracking(ev->engine);
    struct list *runs = t->runs.list;
    if (!result->history || b->made || runs->n >= MOST_RUNS) return true;
    struct value v = value_record_new(ev->e);
    if (v.kind != V_RECORD) return false;
    bool ok = put(ev, v.record, "run", value_int(runs->n + 1)) &&
              put_settings(ev, v.record, b, m, optimizer);
    if (!ok) return value_unref(v), false;
    int n_settings = v.record->n;
    ok = put_results(ev, v.record, result);
    if (ok && t->experiment) {
        const struct value *seconds = record_get(v.record, intern_c("seconds"));
        struct record settings = *v.record;
        settings.n = n_settings;
        write_run(ev, t->experiment, &settings, result, seconds ? value_number(*seconds) : 0);
    }
    if (!ok) return value_unref(v), false;
    return list_add(runs, v, ev->e);
}

/* ---- runs_so_far() ---- */

enum { MOST_COLUMNS = 128 };

static int collect_names(const struct list *runs, const char **names) {
    int n = 0;
    for (int i = 0; i < runs->n; i++) {
        const struct record *r = runs->items[i].record;
        for (int k = 0; k < r->n; k++) {
            int j = 0;
            while (j < n && names[j] != r->keys[k]) j++;
            if (j == n && n < MOST_COLUMNS) names[n++] = r->keys[k];
        }
    }
    return n;
}

bool tracking_table(struct eval *ev, struct value *out) {
    const struct list *runs = engine_tracking(ev->engine)->runs.list;
    const char *names[MOST_COLUMNS];
    struct value columns[MOST_COLUMNS] = {0};
    int n = collect_names(runs, names);
    bool ok = true;
    if (n == 0) names[n++] = intern_c("run");
    for (int k = 0; ok && k < n; k++) {
        columns[k] = value_list_new(runs->n, ev->e);
        ok = columns[k].kind == V_LIST;
        bool number = true; /* a column of numbers has NaN where a run has none */
        for (int i = 0; i < runs->n; i++) {
            const struct value *v = record_get(runs->items[i].record, names[k]);
            number = number && (!v || value_is_number(*v));
        }
        for (int i = 0; ok && i < runs->n; i++) {
            const struct value *v = record_get(runs->items[i].record, names[k]);
            struct value missing = number ? value_float(NAN) : value_none();
            ok = list_add(columns[k].list, v ? value_ref(*v) : missing, ev->e);
        }
    }
    ok = ok && table_make(ev, names, columns, n, out);
    for (int k = 0; k < n; k++) value_unref(columns[k]);
    return ok;
}
