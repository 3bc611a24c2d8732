/* A search's trials: their values, the table of what they gave, the best one's record. */
#include "search.h"
#include "lang/eval/builtin.h"
#include "lang/eval/tables/tables.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- values ---- */

bool search_values(struct search *s, int64_t combination, struct value *values) {
    struct rng_key key = {s->seed, s->stream, (uint64_t)combination};
    for (int i = s->n_overs - 1; i >= 0; i--) { /* the last name changes fastest */
        const struct space *space = s->overs[i].space.space;
        if (!s->order) {
            values[i] = space_draw(space, key, (uint64_t)i);
            continue;
        }
        values[i] = space_nth(space, combination % space_count(space));
        combination /= space_count(space);
    }
    return true;
}

/* A value as a table's cell: numbers and texts as they are, others by their words. */
static struct value cell_of(struct value v, struct err *e) {
    if (value_is_number(v) || v.kind == V_TEXT) return value_ref(v);
    struct text t = {0};
    if (v.kind == V_BUILTIN) text_adds(&t, v.builtin->name);
    else value_repr(v, &t);
    struct value text = value_text(text_str(&t), e);
    text_clear(&t);
    return text;
}

void search_describe(const struct search *s, const struct value *values, struct text *out) {
    for (int i = 0; i < s->n_overs; i++) {
        struct value cell = cell_of(values[i], s->ev->e);
        text_addf(out, "%s%s=", i ? ", " : "", s->overs[i].line->name);
        value_print(cell, out);
        value_unref(cell);
    }
}

/* ---- the table ---- */

enum { MAX_COLUMNS = SEARCH_MAX_OVERS + 64 };

struct columns {
    int n;
    const char *names[MAX_COLUMNS];
    struct value lists[MAX_COLUMNS];
};

static void columns_clear(struct columns *c) {
    for (int i = 0; i < c->n; i++) value_unref(c->lists[i]);
}

static struct list *add_column(struct search *s, struct columns *c, const char *name) {
    for (int i = 0; i < c->n; i++) {
        if (c->names[i] == name) return NULL; /* a name of `over` goes before the history's */
    }
    if (c->n == MAX_COLUMNS) return NULL;
    c->names[c->n] = name;
    c->lists[c->n] = value_list_new(s->n, s->ev->e);
    return c->lists[c->n].kind == V_LIST ? c->lists[c->n++].list : NULL;
}

static struct value history_cell(const struct outcome *o, const char *name) {
    int column = table_find(o->history, str_of(name));
    if (column < 0 || o->best_row < 0) return value_float(NAN);
    double x = o->history->columns[column].numbers[o->best_row];
    return strcmp(name, "epoch") == 0 ? value_int((int64_t)x) : value_float(x);
}

static bool add_own_columns(struct search *s, struct columns *c) {
    struct list *run = add_column(s, c, intern_c("run"));
    for (int i = 0; run && i < s->n; i++) TRY(list_add(run, value_int(i + 1), s->ev->e));
    for (int k = 0; k < s->n_overs; k++) {
        struct list *l = add_column(s, c, s->overs[k].line->name);
        for (int i = 0; l && i < s->n; i++)
            TRY(list_add(l, cell_of(s->outcomes[i].values[k], s->ev->e), s->ev->e));
    }
    return run != NULL;
}

/* Losses and metrics of the best epoch; then which epoch it was, and of how many. */
static bool add_history_columns(struct search *s, struct columns *c) {
    const struct table *first = s->n ? s->outcomes[0].history : NULL;
    for (int pass = 0; first && pass < 2; pass++) {
        for (int k = 0; k < first->n_columns; k++) {
            const char *name = first->columns[k].name;
            bool late = strcmp(name, "epoch") == 0;
            bool skip = strcmp(name, "seconds") == 0 || strcmp(name, "lr") == 0;
            struct list *l = skip || late != (pass == 1) ? NULL : add_column(s, c, name);
            for (int i = 0; l && i < s->n; i++)
                TRY(list_add(l, history_cell(&s->outcomes[i], name), s->ev->e));
        }
    }
    struct list *epochs = add_column(s, c, intern_c("epochs"));
    for (int i = 0; epochs && i < s->n; i++)
        TRY(list_add(epochs, value_int(s->outcomes[i].history->n_rows), s->ev->e));
    struct list *seconds = add_column(s, c, intern_c("seconds"));
    for (int i = 0; seconds && i < s->n; i++)
        TRY(list_add(seconds, value_float(s->outcomes[i].seconds), s->ev->e));
    return true;
}

struct table *search_table(struct search *s, struct err *e) {
    struct columns c = {0};
    struct value t = value_missing();
    (void)e;
    bool ok = add_own_columns(s, &c) && add_history_columns(s, &c) &&
              table_make(s->ev, c.names, c.lists, c.n, &t);
    columns_clear(&c);
    return ok ? t.table : NULL;
}

/* ---- the result ---- */

static bool best_record(struct search *s, struct value *out) {
    struct err *e = s->ev->e;
    if (s->best < 0) return *out = value_none(), true;
    const struct outcome *o = &s->outcomes[s->best];
    *out = value_record_new(e);
    if (out->kind != V_RECORD) return false;
    struct record *r = out->record;
    bool ok = true;
    for (int i = 0; ok && i < o->history->n_columns; i++) {
        const char *name = o->history->columns[i].name;
        if (strcmp(name, "lr") != 0 && strcmp(name, "seconds") != 0)
            ok = record_set(r, name, history_cell(o, name), e);
    }
    for (int i = 0; ok && i < s->n_overs; i++)
        ok = record_set(r, s->overs[i].line->name, value_ref(o->values[i]), e);
    struct value history = {.kind = V_HISTORY, .table = table_ref(o->history)};
    ok = ok && record_set(r, intern_c("run"), value_int(s->best + 1), e);
    if (!ok || !record_set(r, intern_c("history"), history, e)) return value_unref(*out), false;
    return record_set(r, intern_c("model"), value_ref(s->best_model), e);
}

bool search_result(struct search *s, bool interrupted, struct value *out) {
    struct runs *r = pool_need(sizeof *r, s->ev->e);
    if (!r) return false;
    *r = (struct runs){.refs = 1, .interrupted = interrupted};
    r->table = search_table(s, s->ev->e);
    if (!r->table || !best_record(s, &r->best)) {
        table_unref(r->table);
        return pool_free(r), false;
    }
    *out = (struct value){.kind = V_RUNS, .runs = r};
    return true;
}

void search_tell(struct search *s, const char *state, double share, bool ended) {
    const struct engine_observer *o = s->ev->observer;
    if (!o->progress || s->quiet) return;
    struct text best = {0};
    if (s->best >= 0) {
        text_addf(&best, "Best%s, run %d: %s ", ended ? "" : " so far", s->best + 1, s->metric);
        number_print(s->outcomes[s->best].score, &best);
        text_adds(&best, s->n_overs ? " with " : "");
        search_describe(s, s->outcomes[s->best].values, &best);
    }
    struct table *t = s->n ? search_table(s, s->ev->e) : NULL;
    struct progress p = {.state = state,
                         .share = share,
                         .seconds = search_now() - s->started,
                         .best = best.n ? best.p : NULL,
                         .table = t,
                         .ended = ended};
    o->progress(o->user, s->run, &p);
    table_unref(t);
    text_clear(&best);
}
