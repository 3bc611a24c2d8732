/* Several mistakes of one text. The check ends at the first; then the statement that it stands in
 * is made to give unknown values, and the check is done again, until it finds nothing more. */
#include "engine_parts.h"
#include "lang/eval/names/scope.h"
#include "lang/syntax/parse.h"
#include "base/pool.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 30 };

/* ---- the statement of a mistake ---- */

static bool holds(const struct ast *s, struct span at) {
    return s->span.source == at.source && s->span.start <= at.start && at.end <= s->span.end;
}

/* Statements of functions, loops and conditions stand for themselves; models, trainings, searches
 * and plots are one thing each, which a part of says little about. */
static struct ast *statement_at(struct ast *const *list, int n, struct span at) {
    for (int i = 0; i < n; i++) {
        struct ast *s = list[i], *inner = NULL;
        if (!holds(s, at)) continue;
        bool opens =
            s->kind == AST_DEF || s->kind == AST_IF || s->kind == AST_FOR || s->kind == AST_WHILE;
        if (opens) inner = statement_at(s->body, s->n_body, at);
        if (opens && !inner) inner = statement_at(s->orelse, s->n_orelse, at);
        return inner ? inner : s;
    }
    return NULL;
}

/* ---- making it unknown ---- */

static struct ast *new_node(struct program *p, const struct ast *near, enum ast_kind kind) {
    struct ast *n = arena_alloc(p->arena, sizeof *n);
    if (!n) return NULL;
    *n = (struct ast){.kind = kind,
                      .span = near->span,
                      .key_span = near->span,
                      .slot = -1,
                      .id = p->n_nodes++,
                      .height = 1};
    return n;
}

static void make_pass(struct ast *s) {
    s->kind = AST_PASS;
    s->a = s->b = s->c = NULL;
    s->n = s->n_body = s->n_orelse = s->n_names2 = 0;
}

/* The name that a target is, or is a part of: x in x[3].y; NULL = none. */
static const char *name_of_target(const struct ast *t) {
    while (t->kind == AST_ATTRIBUTE || t->kind == AST_INDEX) t = t->a;
    return t->kind == AST_NAME ? t->name : NULL;
}

/* Statements that give names, rewritten: the names get an unknown value. */
struct rewriting {
    struct program *program;
    struct ast *statement, **targets;
    int n;
    bool ok;
};

static void add_name(struct rewriting *w, const char *name) {
    struct ast *target = name && w->ok ? new_node(w->program, w->statement, AST_NAME) : NULL;
    w->ok = w->ok && (target || !name);
    if (!target) return;
    target->name = name;
    w->targets[w->n++] = target;
}

static void add_targets(struct rewriting *w, struct ast *const *targets, int n) {
    for (int i = 0; i < n; i++) {
        bool many = targets[i]->kind == AST_TUPLE || targets[i]->kind == AST_LIST;
        for (int k = 0; many && k < targets[i]->n; k++)
            add_name(w, name_of_target(targets[i]->list[k]));
        if (!many) add_name(w, name_of_target(targets[i]));
    }
}

static void add_given(struct rewriting *w, const struct ast *s) {
    if (s->kind == AST_DEF || s->kind == AST_MODEL) return add_name(w, s->name);
    if (s->kind == AST_IMPORT) add_name(w, s->name);
    bool gives = s->kind == AST_ASSIGN || s->kind == AST_AUGMENT || s->kind == AST_TRAIN ||
                 s->kind == AST_IMPORT;
    if (gives) add_targets(w, s->list, s->n);
    if (s->kind == AST_ASSIGN && s->a->kind == AST_TRAIN) add_targets(w, s->a->list, s->a->n);
}

/* At most this many names: those of its lists, and of tuples in them. */
static int most_names(const struct ast *s) {
    int n = 1 + s->n + (s->a ? s->a->n : 0);
    for (int i = 0; i < s->n; i++) n += s->list[i]->n;
    return n;
}

static bool give_unknown(struct program *p, struct ast *s) {
    size_t room = (size_t)most_names(s) * sizeof(struct ast *);
    struct rewriting w = {p, s, arena_alloc(p->arena, room), 0, true};
    struct ast *value = new_node(p, s, AST_SPOILED);
    if (!w.targets || !value) return false;
    add_given(&w, s);
    make_pass(s);
    if (!w.ok || w.n == 0) return w.ok;
    s->kind = AST_ASSIGN;
    s->list = w.targets;
    s->n = w.n;
    s->a = value;
    return true;
}

static bool is_spoiled(const struct ast *s) {
    return s->a && s->a->kind == AST_SPOILED;
}

/* What it returns, asks or goes through is unknown. */
static bool spoil_value(struct program *p, struct ast *s) {
    s->a = new_node(p, s, AST_SPOILED);
    return s->a != NULL;
}

static bool spoil(struct program *p, struct ast *s) {
    if (s->kind == AST_PASS) return false;
    if (is_spoiled(s)) return make_pass(s), true; /* the rest of it is wrong as well */
    bool has_value =
        s->kind == AST_RETURN || s->kind == AST_IF || s->kind == AST_WHILE || s->kind == AST_FOR;
    return has_value ? spoil_value(p, s) : give_unknown(p, s);
}

/* ---- finding ---- */

static bool said_already(const struct err *found, int n, const struct err *e) {
    for (int i = 0; i < n; i++)
        if (found[i].kind == e->kind && strcmp(found[i].what, e->what) == 0) return true;
    return false;
}

static int by_place(const void *a, const void *b) {
    const struct err *x = a, *y = b;
    return x->at.start < y->at.start ? -1 : x->at.start > y->at.start;
}

/* Names that what was not read would have given are no mistakes. */
static int check_rounds(struct engine *en, const struct engine_cell *cell, struct program *p,
                        bool cut, struct err *found, int n, int most) {
    for (int round = 0; n < most && round < MOST_ROUNDS; round++) {
        struct err *e = &found[n];
        if (engine_check_program(en, cell, p, e)) break;
        struct ast *s = statement_at(p->statements, p->n_statements, e->at);
        bool follows = s && is_spoiled(s);
        bool tell = !follows && !said_already(found, n, e) && !(cut && e->kind == ERR_NAME);
        bool stops = e->kind == ERR_INTERRUPT || e->kind == ERR_MEMORY;
        n += tell;
        if (stops || !s || !spoil(p, s)) break;
    }
    return n;
}

int engine_findings(struct engine *en, const struct engine_cell *cell, struct err *found,
                    int most) {
    struct source *s = source_new(cell->code, cell->number, cell->cell_id);
    bool cut = false;
    int n = 0;
    if (!s || most < 1) return 0;
    struct program *p = parse_on(s, found, most, &n, &cut), *keep = p;
    if (n > 0 && engine_foreign(s, found)) n = 1;
    else if (p) n = check_rounds(en, cell, p, cut, found, n, most);
    if (!keep && (keep = pool_zalloc(sizeof *keep))) /* places point into the source */
        *keep = (struct program){.refs = 1, .source = source_ref(s)};
    source_unref(s);
    if (keep) engine_keep_checked(en, keep);
    qsort(found, (size_t)n, sizeof *found, by_place);
    return n;
}
