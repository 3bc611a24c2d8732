/* Magics that look at the session: %who, %stale, %shapes, %explain. */
#include "magic.h"
#include "lang/eval/shape_log.h"
#include "base/pool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- %who ---- */

struct who_line {
    const char *name;
    const struct value *value;
};
struct who {
    struct who_line lines[2000];
    int n;
};

static void see_name(void *user, const char *name, const struct value *v) {
    struct who *w = user;
    if (w->n < (int)ARRAY_LEN(w->lines)) w->lines[w->n++] = (struct who_line){name, v};
}

static int by_name(const void *a, const void *b) {
    const struct who_line *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int name_width(const struct who *w) {
    int width = 8;
    for (int i = 0; i < w->n; i++) {
        int n = (int)strlen(w->lines[i].name);
        if (n > width) width = n < 24 ? n : 24;
    }
    return width;
}

static void print_line(struct engine *en, const struct who_line *l, int width, struct text *t) {
    char size[128];
    const struct cell_record *cell = cells_find(en->cells, names_maker(en->names, l->name));
    value_size_words(*l->value, size, sizeof size);
    text_addf(t, "%-*s  %-20s %-32s", width, l->name, value_kind_words(l->value->kind), size);
    if (cell) text_addf(t, " cell [%d]", cell->number);
    while (t->n && t->p[t->n - 1] == ' ') t->p[--t->n] = 0;
    text_addc(t, '\n');
}

MAGIC(who) {
    struct engine *en = ev->engine;
    struct who *w = pool_need(sizeof *w, ev->e);
    struct text t = {0};
    (void)s, (void)cell;
    if (!w) return false;
    names_each(en->names, see_name, w);
    qsort(w->lines, (size_t)w->n, sizeof *w->lines, by_name);
    for (int i = 0, width = name_width(w); i < w->n; i++) print_line(en, &w->lines[i], width, &t);
    if (w->n == 0) text_adds(&t, "No names yet.\n");
    pool_free(w);
    magic_say(ev, &t);
    return true;
}

MAGIC(stale) {
    struct text t = {0};
    (void)s, (void)cell;
    rerun_list_stale(ev->engine, &t);
    magic_say(ev, &t);
    return true;
}

/* ---- %shapes, %explain ---- */

/* In a cell with other lines the engine writes their shapes down while they run; alone it shows
 * those of the last cell. */
MAGIC(shapes) {
    struct text t = {0};
    (void)s, (void)cell;
    if (ev->shapes) return true;
    bool ok = engine_last_shapes(ev->engine, &t, ev->e);
    if (ok) magic_say(ev, &t);
    text_clear(&t);
    return ok || err_at(ev->e, s->span);
}

MAGIC(explain) {
    struct text t = {0};
    (void)cell;
    if (!magic_rest(s).n)
        return fail(ev, s->span, ERR_VALUE,
                    "%%explain takes an expression or a model: %%explain x - x.mean()");
    bool ok = explain_text(ev, magic_rest(s), &t);
    if (ok) magic_say(ev, &t);
    text_clear(&t);
    return ok || err_at(ev->e, s->span);
}
