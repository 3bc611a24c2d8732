/* Cells run again and out of order: what is said before a cell (it reads what is out of date, it
 * starts from the value before), after it (whose values are out of date now), and about names whose
 * cells were deleted. The knowledge itself is in values/names.c and values/cells.c. */
#include "engine_parts.h"
#include "base/intern.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STALE = 256, MAX_LINES = 3, MAX_READS = 128 };

static void say_note(const struct engine_observer *o, struct text *t) {
    if (o->note && t->n && !t->failed) o->note(o->user, text_str(t));
    text_clear(t);
}

/* ---- cells that went away ---- */

/* The cell that has the deleted one's text: the one that runs now, or another that has run. */
static const char *moved_to(struct engine *en, const char *id, const struct engine_cell *cell) {
    const char *now = cell->cell_id ? intern_c(cell->cell_id) : NULL;
    if (now && now != id && cells_had_text(en->cells, id, cell->code)) return now;
    const struct cell_record *twin = cells_twin(en->cells, id);
    return twin ? twin->id : NULL;
}

void rerun_delete_cells(struct engine *en, const struct engine_cell *cell) {
    for (int i = 0; i < cell->n_deleted_ids; i++) {
        const char *id = cell->deleted_ids[i] ? intern_c(cell->deleted_ids[i]) : NULL;
        const char *to = id ? moved_to(en, id, cell) : NULL;
        if (!id) continue;
        if (to) names_rename_cell(en->names, id, to), cells_rename(en->cells, id, to);
        names_forget_cells(en->names, &id, 1);
        cells_forget(en->cells, id);
    }
}

/* "cell [3]" or "an earlier cell" */
static const char *cell_words(const struct engine *en, const char *id, char *out, size_t cap) {
    const struct cell_record *r = cells_find(en->cells, id);
    if (r) snprintf(out, cap, "cell [%d]", r->number);
    else snprintf(out, cap, "an earlier cell");
    return out;
}

void rerun_explain(struct engine *en, struct err *e) {
    char name[80], words[32];
    struct str at = source_piece(e->at);
    const char *maker;
    if (e->kind != ERR_NAME || at.n == 0 || at.n >= sizeof name) return;
    snprintf(name, sizeof name, "%.*s", (int)at.n, at.p);
    const char *key = intern_c(name);
    if (names_was_dropped(en->names, key, &maker)) {
        cell_words(en, maker, words, sizeof words);
        err_set(e, ERR_NAME, "The value that `%s` had before this cell is no longer kept.", name);
        err_label(e, "its earlier value had to go");
        err_hint(e,
                 "Memory was short, so the largest old values went first. Run %s again, then this "
                 "one; or put %%again into the first line to build on this cell's own result.",
                 words);
    } else if (names_was_deleted(en->names, key)) {
        e->hint[0] = 0;
        err_hint(e, "`%s` was made by a cell that has been deleted since.", name);
    }
}

/* ---- before the run ---- */

struct before {
    struct engine *engine;
    const struct engine_observer *observer;
    const char *id;
    struct stale_cell *stale;
    int n_stale, n_reads;
    struct name_read reads[MAX_READS];
};

static const struct stale_cell *stale_maker(const struct before *b, const char *maker) {
    for (int i = 0; maker && i < b->n_stale; i++) {
        if (b->stale[i].cell->id == maker) return &b->stale[i];
    }
    return NULL;
}

/* A read of something that is out of date. */
static bool say_out_of_date(struct before *b, const struct name_read *r) {
    const struct stale_cell *s = stale_maker(b, r->maker);
    struct text t = {0};
    if (!s || s->cell->id == b->id) return false;
    text_addf(&t, "`%s` is out of date: cell [%d] made it from an older `%s`", r->name,
              s->cell->number, s->name);
    if (s->direct && s->maker) text_addf(&t, ", which cell [%d] changed", s->maker->number);
    text_adds(&t, ". %stale lists what to run again.");
    say_note(b->observer, &t);
    return true;
}

/* A read of a value from before this cell's own last run: said the first time. */
static bool say_from_before(struct before *b, const struct name_read *r) {
    struct name_read newest = names_seen_by(b->engine->names, r->name, NULL);
    char words[32];
    struct text t = {0};
    const struct cell_record *own = cells_find(b->engine->cells, b->id);
    if (!own || own->runs > 1 || r->maker == b->id || newest.maker != b->id ||
        newest.mark == r->mark)
        return false;
    text_addf(&t,
              "`%s` starts again from the value of %s. To build on this cell's own result: %%again "
              "as its first line.",
              r->name, cell_words(b->engine, r->maker, words, sizeof words));
    say_note(b->observer, &t);
    return true;
}

static void see_read(void *user, const struct name_read *r) {
    struct before *b = user;
    if (b->n_reads < MAX_READS) b->reads[b->n_reads++] = *r;
}

static int by_name(const void *a, const void *b) {
    const struct name_read *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void rerun_say_before(struct engine *en, const struct engine_cell *cell,
                      const struct engine_observer *o) {
    struct stale_cell stale[MAX_STALE];
    struct before b = {.engine = en, .observer = o, .stale = stale};
    if (!cell->cell_id || cell->silent) return;
    b.id = intern_c(cell->cell_id);
    b.n_stale = cells_stale(en->cells, en->names, stale, MAX_STALE);
    names_each_read(en->names, see_read, &b);
    qsort(b.reads, (size_t)b.n_reads, sizeof *b.reads, by_name);
    int n = 0;
    for (int i = 0; i < b.n_reads && n < MAX_LINES; i++)
        n += say_out_of_date(&b, &b.reads[i]) || say_from_before(&b, &b.reads[i]);
}

/* ---- after the run ---- */

struct after {
    struct engine *engine;
    const char *id;
    const char *names[MAX_LINES];
    struct text who[MAX_LINES]; /* "[5] and [7]" */
    int n_cells[MAX_LINES];
    int n, n_made;
    const char *made[MAX_READS];
};

static int by_number(const void *a, const void *b) {
    const struct cell_record *const *x = a, *const *y = b;
    return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

/* Did the cell read another value of the name than it would see now, from the running cell? */
static bool used_old(struct after *a, const struct cell_record *r, const char *name) {
    for (int i = 0; i < r->n_reads; i++) {
        if (r->reads[i].name != name) continue;
        struct name_read now;
        const struct engine *en = a->engine;
        return cells_read_is_old(en->cells, en->names, r, &r->reads[i], &now) && now.maker == a->id;
    }
    return false;
}

static void list_cells(struct text *t, const struct cell_record **cells, int n) {
    for (int i = 0; i < n; i++)
        text_addf(t, "%s[%d]", i == 0 ? "" : i == n - 1 ? " and " : ", ", cells[i]->number);
}

static void see_made(void *user, const char *name) {
    struct after *a = user;
    if (a->n_made < MAX_READS && names_changed(a->engine->names, name)) a->made[a->n_made++] = name;
}

static int by_letters(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void find_users(struct after *a, const char *name) {
    const struct cell_record *cells[MAX_STALE];
    int n = 0;
    for (int i = 0; i < cells_count(a->engine->cells) && n < MAX_STALE; i++) {
        const struct cell_record *r = cells_at(a->engine->cells, i);
        if (r->id != a->id && used_old(a, r, name)) cells[n++] = r;
    }
    if (n == 0 || a->n == MAX_LINES) return;
    qsort(cells, (size_t)n, sizeof *cells, by_number);
    a->names[a->n] = name;
    a->n_cells[a->n] = n;
    list_cells(&a->who[a->n++], cells, n);
}

/* Names that the same cells have used share a line. */
static void say_changed(const struct after *a, const struct engine_observer *o, int first) {
    struct text t = {0};
    int n = 0;
    for (int i = first; i < a->n; i++) {
        if (!str_same(text_str(&a->who[i]), text_str(&a->who[first]))) continue;
        text_addf(&t, "%s`%s`", n++ ? ", " : "", a->names[i]);
    }
    text_addf(&t, " changed: cell%s %s used the old one%s.", a->n_cells[first] == 1 ? "" : "s",
              a->who[first].p, n == 1 ? "" : "s");
    say_note(o, &t);
}

void rerun_say_after(struct engine *en, const struct engine_cell *cell,
                     const struct engine_observer *o) {
    struct after a = {.engine = en};
    if (!cell->cell_id || cell->silent) return;
    a.id = intern_c(cell->cell_id);
    names_each_made(en->names, a.id, see_made, &a);
    qsort(a.made, (size_t)a.n_made, sizeof *a.made, by_letters);
    for (int i = 0; i < a.n_made; i++) find_users(&a, a.made[i]);
    for (int i = 0; i < a.n; i++) {
        bool said = false;
        for (int k = 0; k < i; k++)
            said = said || str_same(text_str(&a.who[i]), text_str(&a.who[k]));
        if (!said) say_changed(&a, o, i);
    }
    for (int i = 0; i < a.n; i++) text_clear(&a.who[i]);
}

/* ---- %stale ---- */

void rerun_list_stale(struct engine *en, struct text *t) {
    struct stale_cell stale[MAX_STALE];
    int n = cells_stale(en->cells, en->names, stale, MAX_STALE);
    if (n == 0) text_adds(t, "Nothing is out of date.\n");
    else text_adds(t, "Out of date, in the order to run them again:\n");
    for (int i = 0; i < n; i++) {
        const struct stale_cell *s = &stale[i];
        text_addf(t, "  cell [%d]   %s `%s`", s->cell->number, s->direct ? "used an older" : "used",
                  s->name);
        if (s->maker && s->direct) text_addf(t, "; cell [%d] changed it", s->maker->number);
        if (s->maker && !s->direct) text_addf(t, " of cell [%d]", s->maker->number);
        text_adds(t, "\n");
    }
}
