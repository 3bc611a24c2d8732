/* What is said at the end of a cell, and the memory behind it: row sets that scalers learned from,
 * test sets and how often they have been looked at. */
#include "advice_parts.h"
#include "base/hash.h"
#include "base/pool.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_NOTES = 3,
    KEPT_FITS = 16,
    KEPT_TESTS = 16,
    KEPT_TRAININGS = 8,
    MANY_LOOKS = 5,
    KEY_SIZE = 48
};

/* A scaler that learned from rows, and rows that it changed. */
struct fit {
    uint64_t key;
    const char *what; /* "StandardScaler" */
    struct row_set rows, scaled;
    bool saw_all; /* `scaled` are rows that it learned from */
};

struct test_set {
    uint64_t id;
    uint64_t judged; /* the models that have been judged, mixed */
    int32_t looks;   /* cells that looked at it, each with other weights than before */
    int32_t cell;    /* the last of them */
};

struct advice {
    bool off;
    int32_t cell, n;
    char keys[MOST_NOTES][KEY_SIZE];
    char notes[MOST_NOTES][320];
    struct fit *fits[KEPT_FITS];
    int32_t n_fits;
    struct row_set *learned[KEPT_TRAININGS]; /* inputs of the last trainings */
    int32_t n_learned;
    struct test_set tests[KEPT_TESTS];
    int32_t n_tests;
};

struct advice *advice_new(struct err *e) {
    return pool_need(sizeof(struct advice), e);
}

void advice_free(struct advice *a) {
    if (!a) return;
    for (int i = 0; i < KEPT_FITS; i++) pool_free(a->fits[i]);
    for (int i = 0; i < KEPT_TRAININGS; i++) pool_free(a->learned[i]);
    pool_free(a);
}

void advice_switch(struct advice *a, bool on) {
    a->off = !on;
}

bool advice_is_on(const struct advice *a) {
    return !a->off;
}

void advice_begin(struct advice *a) {
    a->n = 0;
    a->cell++;
}

void advice_end(struct advice *a, const struct engine_observer *o) {
    for (int i = 0; i < a->n && o->note; i++) o->note(o->user, str_of(a->notes[i]));
    a->n = 0;
}

void advice_say(struct advice *a, const char *key, const char *format, ...) {
    va_list args;
    if (a->off || a->n == MOST_NOTES) return;
    for (int i = 0; i < a->n; i++) {
        if (strcmp(a->keys[i], key) == 0) return;
    }
    snprintf(a->keys[a->n], KEY_SIZE, "%s", key);
    va_start(args, format);
    vsnprintf(a->notes[a->n++], sizeof *a->notes, format, args);
    va_end(args);
}

/* ---- scalers ---- */

static struct fit *find_fit(struct advice *a, uint64_t key) {
    for (int i = 0; i < KEPT_FITS; i++) {
        if (a->fits[i] && a->fits[i]->key == key) return a->fits[i];
    }
    return NULL;
}

void advice_fitted(struct eval *ev, uint64_t key, const char *what, const struct tensor *rows) {
    struct advice *a = engine_advice(ev->engine);
    if (ev->domain != DOMAIN_RUN || a->off) return;
    struct fit *f = find_fit(a, key);
    if (!f) {
        int place = a->n_fits++ % KEPT_FITS;
        if (!a->fits[place]) a->fits[place] = pool_zalloc(sizeof *f);
        f = a->fits[place];
    }
    if (!f) return;
    *f = (struct fit){.key = key, .what = what};
    row_set_of(&rows, 1, &f->rows);
}

/* The last rows it changed that it had also learned from. */
void advice_scaled(struct eval *ev, uint64_t key, const struct tensor *in,
                   const struct tensor *out) {
    struct advice *a = engine_advice(ev->engine);
    struct fit *f = find_fit(a, key);
    struct row_set *before = f ? pool_alloc(sizeof *before) : NULL;
    if (!before) return;
    bool known = ev->domain == DOMAIN_RUN && !a->off && row_set_of(&in, 1, before);
    if (known && row_set_share(&f->rows, before) > 0.9)
        f->saw_all = row_set_of(&out, 1, &f->scaled);
    pool_free(before);
}

/* ---- rows that models learned from ---- */

void advice_learned(struct advice *a, const struct row_set *rows) {
    struct row_set **place = &a->learned[a->n_learned % KEPT_TRAININGS];
    for (int i = 0; i < KEPT_TRAININGS; i++)
        if (a->learned[i] && row_set_id(a->learned[i]) == row_set_id(rows)) return;
    if (!*place) *place = pool_alloc(sizeof **place);
    if (!*place) return;
    **place = *rows;
    a->n_learned++;
}

static bool was_learned(const struct advice *a, const struct row_set *rows) {
    for (int i = 0; i < KEPT_TRAININGS; i++) {
        if (a->learned[i] && row_set_share(a->learned[i], rows) > 0.5) return true;
    }
    return false;
}

const char *advice_fit_of(struct advice *a, const struct row_set *judged) {
    for (int i = 0; i < KEPT_FITS; i++) {
        const struct fit *f = a->fits[i];
        bool fitted = f && f->saw_all && row_set_share(&f->scaled, judged) > 0.9;
        if (fitted && !was_learned(a, judged)) return f->what;
    }
    return NULL;
}

/* ---- test sets ---- */

int advice_look_at_test(struct advice *a, const struct row_set *set, uint64_t weights) {
    uint64_t id = row_set_id(set);
    struct test_set *t = NULL;
    for (int i = 0; i < KEPT_TESTS; i++)
        if (a->tests[i].id == id) t = &a->tests[i];
    if (!t) {
        t = &a->tests[a->n_tests++ % KEPT_TESTS];
        *t = (struct test_set){.id = id};
    }
    if (t->cell == a->cell || t->judged == weights) return 0;
    t->cell = a->cell;
    t->judged = weights;
    return ++t->looks == MANY_LOOKS ? MANY_LOOKS : 0;
}
