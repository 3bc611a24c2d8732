/* import "helpers.awml" and from "helpers.awml" import f. */
#include "modules.h"
#include "builtin.h"
#include "eval_parts.h"
#include "place.h"
#include "lang/eval/names/scope.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include "data/read.h"
#include "lang/syntax/parse.h"
#include "lang/syntax/spelling.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const struct value *module_get(const struct module *m, const char *name) {
    return m->names.kind == V_RECORD ? record_get(m->names.record, name) : NULL;
}

bool module_set(struct eval *ev, struct module *m, const char *name, struct value take) {
    return record_set(m->names.record, name, take, ev->e);
}

static void module_free(struct module *m) {
    value_unref(m->names);
    if (m->program) program_unref(m->program);
    pool_free(m);
}

void modules_free(struct module *first) {
    while (first) {
        struct module *next = first->next;
        module_free(first);
        first = next;
    }
}

/* ---- reading ---- */

static bool is_known(void *user, const char *name) {
    double x;
    (void)user;
    return builtin_find(name) || constant_find(name, &x) || builtin_later(name);
}

static bool is_builtin(const char *name) {
    return builtin_find(name) != NULL;
}

static void each_known(void *user, void (*add)(void *to, const char *name), void *to) {
    (void)user;
    for (int i = 0; i < builtin_count(); i++) add(to, builtin_at(i)->name);
}

static bool parse_file(struct eval *ev, struct module *m) {
    struct text code = {0};
    TRY(read_file(m->path, &code, ev->e));
    struct source *s = source_new(text_str(&code), 0, m->path);
    text_clear(&code);
    if (!s) return err_memory(ev->e, code.n);
    m->program = parse(s, ev->e);
    if (!m->program) { /* the error shows the line: the source stays with an empty program */
        m->program = pool_zalloc(sizeof *m->program);
        if (m->program) *m->program = (struct program){.refs = 1, .source = source_ref(s)};
        source_unref(s);
        return false;
    }
    source_unref(s);
    m->program->module = m;
    return true;
}

static bool run_statements(struct eval *ev, const struct module *m) {
    struct place top = {.first = hash_bytes(m->path, strlen(m->path), 5)};
    ev->place = &top;
    enum flow flow = exec_body(ev, m->program->statements, m->program->n_statements);
    if (flow != FLOW_ERROR && flow != FLOW_NEXT)
        return fail(ev, m->program->statements[0]->span, ERR_SYNTAX,
                    "An imported file runs to its "
                    "end.");
    return flow == FLOW_NEXT;
}

/* The file's statements in a world of their own. */
static bool run_file(struct eval *ev, struct module *m) {
    struct resolve_globals g = {.is_known = is_known, .each = each_known, .is_builtin = is_builtin};
    const struct scope *scope;
    struct frame frame = {0};
    struct eval saved = *ev;
    TRY(scope_resolve(m->program, &g, &scope, ev->e));
    frame.scope = scope;
    frame.slots = pool_need((size_t)scope->n_slots * sizeof *frame.slots + 1, ev->e);
    if (!frame.slots) return false;
    struct bindings overlay = ev->overlay;
    *ev = (struct eval){.engine = saved.engine,
                        .stop = saved.stop,
                        .domain = saved.domain,
                        .observer = saved.observer,
                        .e = saved.e,
                        .program = m->program,
                        .frame = &frame,
                        .depth = saved.depth + 1,
                        .fuel = saved.fuel};
    ev->overlay = overlay;
    bool ok = run_statements(ev, m);
    saved.overlay = ev->overlay;
    saved.fuel = ev->fuel;
    saved.ending = ev->ending;
    *ev = saved;
    for (int i = 0; i < scope->n_slots; i++) value_unref(frame.slots[i]);
    value_unref(frame.pending);
    pool_free(frame.slots);
    return ok;
}

static bool load(struct eval *ev, struct module *m, struct span at) {
    m->names = value_record_new(ev->e);
    m->loading = true;
    bool ok = m->names.kind == V_RECORD && parse_file(ev, m) && run_file(ev, m);
    m->loading = false;
    m->size = ok ? m->size : -1; /* the next import tries again */
    if (!ok && ev->e->at.source && ev->e->n_notes < ERR_MAX_NOTES)
        err_note(ev->e, at, "imported from");
    return ok;
}

/* ---- finding ---- */

static struct module *find(const struct eval *ev, const char *path) {
    bool checked = ev->domain == DOMAIN_CHECK;
    for (struct module *m = engine_modules(ev->engine); m; m = m->next) {
        if (m->path == path && m->checked == checked) return m;
    }
    return NULL;
}

/* A path in an imported file is first looked for beside that file. */
static const char *full_path(const struct eval *ev, const char *path) {
    const struct module *m = ev->program->module;
    char beside[4096];
    struct stat s;
    const char *slash = m && path[0] != '/' ? strrchr(m->path, '/') : NULL;
    if (!slash) return path;
    snprintf(beside, sizeof beside, "%.*s/%s", (int)(slash - m->path), m->path, path);
    return stat(beside, &s) == 0 ? intern_c(beside) : path;
}

static void note_changed(struct eval *ev, const char *path) {
    char line[4200];
    const struct engine_observer *o = ev->observer;
    snprintf(line, sizeof line, "%s has changed since it was imported: it was read again.", path);
    if (o->note) o->note(o->user, str_of(line));
}

static bool no_file(struct eval *ev, const struct ast *s, const char *path) {
    fail(ev, s->key_span, ERR_FILE, "There is no file \"%s\" here.", path);
    err_label(ev->e, "is not there");
    return err_hint(ev->e,
                    "The path starts at the folder of the notebook. files(\".\") lists what is in "
                    "it.");
}

/* The module of a path, loaded if it is new or the file has changed. Borrowed. */
static struct module *import_file(struct eval *ev, const struct ast *s) {
    const char *path = full_path(ev, intern(s->text));
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return no_file(ev, s, path), NULL;
    int64_t changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    struct module *m = find(ev, path);
    if (m && m->loading) {
        fail(ev, s->key_span, ERR_FILE, "\"%s\" imports itself.", path);
        return NULL;
    }
    if (m && m->size == st.st_size && m->changed_ns == changed) return m;
    if (m && m->size >= 0 && ev->domain == DOMAIN_RUN) note_changed(ev, path);
    m = pool_need(sizeof *m, ev->e);
    if (!m) return NULL;
    *m = (struct module){.next = engine_modules(ev->engine),
                         .path = path,
                         .size = st.st_size,
                         .changed_ns = changed,
                         .checked = ev->domain == DOMAIN_CHECK};
    engine_set_modules(ev->engine, m);
    return load(ev, m, s->span) ? m : NULL;
}

/* ---- the statement ---- */

static bool not_there(struct eval *ev, const struct ast *name, const struct module *m) {
    struct spelling s;
    spelling_start(&s, str_of(name->name));
    for (int i = 0; i < m->names.record->n; i++) spelling_add(&s, str_of(m->names.record->keys[i]));
    struct str best = spelling_best(&s);
    fail(ev, name->span, ERR_NAME, "There is no `%s` in %s.", name->name, m->path);
    if (best.n) return err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    struct text all = {0};
    for (int i = 0; i < m->names.record->n && all.n < 300; i++)
        text_addf(&all, "%s%s", i ? ", " : "", m->names.record->keys[i]);
    err_hint(ev->e, "It has: %s", all.n ? all.p : "no names");
    text_clear(&all);
    return false;
}

bool exec_import(struct eval *ev, const struct ast *s) {
    if (ev->graph)
        return fail(ev, s->span, ERR_SYNTAX, "`import` cannot stand inside %s.", ev->context);
    struct module *m = import_file(ev, s);
    if (!m) return false;
    if (s->n == 0) {
        struct ast name = {.kind = AST_NAME, .name = s->name, .slot = s->slot, .span = s->span};
        return name_set(ev, &name, value_ref(m->names));
    }
    for (int i = 0; i < s->n; i++) {
        const struct value *v = module_get(m, s->list[i]->name);
        if (!v) return not_there(ev, s->list[i], m);
        TRY(name_set(ev, s->list[i], value_ref(*v)));
    }
    return true;
}
