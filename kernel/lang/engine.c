/* Running cells: parse, resolve, check on descriptions, then run on values. */
#include "engine_parts.h"
#include "lang/eval/slow.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/eval_unknown.h"
#include "lang/builtins/model_file.h"
#include "lang/eval/modules.h"
#include "lang/eval/train/tracking.h"
#include "lang/syntax/parse.h"
#include "lang/eval/names/scope.h"
#include "lang/eval/shape_log.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include "base/stop.h"
#include "plan.h"
#include "data/read.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CHECK_FUEL = 200000 };

struct engine *engine_new(struct err *e) {
    struct engine *en = pool_need(sizeof *en, e);
    if (!en) return NULL;
    en->names = names_new(e);
    en->cells = en->names ? cells_new(e) : NULL;
    en->advice = en->cells ? advice_new(e) : NULL;
    en->tracking = en->advice ? tracking_new(e) : NULL;
    en->files = en->tracking ? files_seen_new(e) : NULL;
    en->timeout = en->files ? timeout_new(&en->stop) : NULL;
    if (!en->timeout)
        return files_seen_free(en->files), tracking_free(en->tracking), advice_free(en->advice),
               cells_free(en->cells), names_free(en->names), pool_free(en), NULL;
    stop_on(&en->stop);
    return en;
}

void engine_free(struct engine *en) {
    if (!en) return;
    stop_on(NULL);
    names_free(en->names);
    cells_free(en->cells);
    pretrained_cache_free(en->pretrained);
    advice_free(en->advice);
    timeout_free(en->timeout);
    engine_interactions_clear(en);
    modules_free(en->modules);
    tracking_free(en->tracking);
    files_seen_free(en->files);
    for (int i = 0; i < KEPT_PROGRAMS; i++) {
        if (en->kept[i]) program_unref(en->kept[i]);
    }
    if (en->checked) program_unref(en->checked);
    pool_free(en);
}

struct module *engine_modules(const struct engine *en) {
    return en->modules;
}

void engine_set_modules(struct engine *en, struct module *first) {
    en->modules = first;
}

struct tracking *engine_tracking(const struct engine *en) {
    return en->tracking;
}

struct files_seen *engine_files(const struct engine *en) {
    return en->files;
}

struct names *engine_names(struct engine *en) {
    return en->names;
}

struct advice *engine_advice(struct engine *en) {
    return en->advice;
}

bool engine_is_again(const struct engine *en) {
    return en->again > 0;
}

enum device_choice engine_device(const struct engine *en) {
    return en->device;
}

uint64_t engine_seed(const struct engine *en) {
    return en->seed;
}

int engine_next_run(struct engine *en) {
    return ++en->runs;
}

void engine_stop(struct engine *en) {
    atomic_store(&en->stop, true);
}

const _Atomic bool *engine_stop_flag(const struct engine *en) {
    return &en->stop;
}

struct pretrained_cache **engine_pretrained(struct engine *en) {
    return &en->pretrained;
}

/* ---- names that exist ---- */

static bool is_known(void *user, const char *name) {
    struct engine *en = user;
    double x;
    return names_peek(en->names, name) || builtin_find(name) || constant_find(name, &x) ||
           builtin_later(name);
}

static bool is_builtin(const char *name) {
    return builtin_find(name) != NULL;
}

static int array_ops(const char *name) {
    const struct builtin *b = builtin_find(name);
    return b ? builtin_array_ops(b) : 0;
}

static bool has_column(void *user, const char *name, const char *column) {
    struct engine *en = user;
    const struct value *v = names_peek(en->names, name);
    bool table = v && (v->kind == V_TABLE || v->kind == V_HISTORY);
    return table && table_find(v->table, str_of(column)) >= 0;
}

struct adder {
    void (*add)(void *to, const char *name);
    void *to;
};

static void add_name(void *user, const char *name, const struct value *v) {
    struct adder *a = user;
    (void)v;
    a->add(a->to, name);
}

static void each_known(void *user, void (*add)(void *to, const char *name), void *to) {
    struct engine *en = user;
    struct adder a = {add, to};
    names_each(en->names, add_name, &a);
    for (int i = 0; i < builtin_count(); i++) add(to, builtin_at(i)->name);
}

/* ---- one text ---- */

struct run {
    struct engine *engine;
    const struct engine_cell *cell;
    const struct engine_observer *observer;
    struct program *program;
    const struct scope *scope;
    struct err *e;
    bool only_checks;
};

static bool is_meta(const struct ast *s) {
    return s->kind == AST_MAGIC;
}

/* `x.append(4)` and `x.sort()` change x in Python. Here the value is shown, and x stays. */
static void note_unchanged(struct eval *ev, const struct ast *x, struct value v) {
    bool method = x->kind == AST_CALL && x->a->kind == AST_ATTRIBUTE && x->a->a->kind == AST_NAME;
    bool changes = method && (v.kind == V_LIST || v.kind == V_TENSOR) &&
                   (strcmp(x->a->name, "append") == 0 || strcmp(x->a->name, "sort") == 0);
    if (!changes) return;
    struct str text = source_piece(x->span);
    const char *name = x->a->a->name;
    advice_say(engine_advice(ev->engine), name,
               "%s itself stays as it was. To change it: %s = %.*s", name, name,
               text.n < 60 ? (int)text.n : 60, text.p);
}

static bool show_result(struct eval *ev, const struct run *r, const struct ast *s, bool last) {
    struct value v;
    TRY(eval_expr(ev, s->a, &v));
    bool nothing = v.kind == V_NONE || v.kind == V_UNKNOWN || v.kind == V_MISSING;
    bool show = ev->domain == DOMAIN_RUN && !nothing && !s->is_quiet && !r->cell->silent &&
                r->observer->show;
    bool tuple = v.kind == V_LIST && v.list->is_tuple && s->a->kind == AST_TUPLE;
    for (int i = 0; show && tuple && i < v.list->n; i++)
        r->observer->show(r->observer->user, v.list->items[i], NULL, last && i == v.list->n - 1);
    if (show && !tuple) r->observer->show(r->observer->user, v, NULL, last);
    if (show) note_unchanged(ev, s->a, v);
    value_unref(v);
    return true;
}

/* Does %time stand before statement i? */
static bool is_timed(const struct program *p, int i) {
    const struct ast *before = i > 0 ? p->statements[i - 1] : NULL;
    return before && before->kind == AST_MAGIC && strcmp(before->name, "time") == 0 &&
           before->text.n > 0;
}

static void say_time(const struct run *r, double start) {
    char line[64];
    snprintf(line, sizeof line, "time: %.3g s\n", now_seconds() - start);
    if (r->observer->text) r->observer->text(r->observer->user, str_of(line), false);
}

static bool run_statement(struct eval *ev, const struct run *r, int i) {
    const struct ast *s = r->program->statements[i];
    bool last = i == r->program->n_statements - 1;
    struct place top = {.first = hash_mix(0x6177u + (uint64_t)r->engine->again)};
    struct place here = place_statement(&top);
    place_set_statement(&here, s->key, s->nth);
    ev->place = &here;
    ev->draws = 0;
    bool does_nothing = strcmp(s->name ? s->name : "", "time") == 0; /* it may only be alone */
    if (is_meta(s))
        return (ev->domain == DOMAIN_CHECK && !does_nothing) || run_magic(ev, s, r->cell);
    if ((last || is_timed(r->program, i)) && s->kind == AST_EXPR)
        return show_result(ev, r, s, last) || err_at(ev->e, s->span);
    enum flow flow = exec_statement(ev, s);
    if (flow == FLOW_ERROR) return false;
    if (flow == FLOW_NEXT) return true;
    const char *word = flow == FLOW_RETURN ? "return" : flow == FLOW_BREAK ? "break" : "continue";
    return fail(ev, s->span, ERR_SYNTAX, "`%s` stands outside of a %s.", word,
                flow == FLOW_RETURN ? "function" : "loop");
}

static bool walk_program(struct run *r, enum domain domain, struct shape_log *shapes) {
    static const struct engine_observer nobody;
    struct frame frame = {.scope = r->scope};
    frame.slots = pool_need((size_t)r->scope->n_slots * sizeof *frame.slots + 1, r->e);
    if (!frame.slots) return false;
    struct eval ev = {.engine = r->engine,
                      .stop = engine_stop_flag(r->engine),
                      .domain = domain,
                      .observer = r->observer,
                      .e = r->e,
                      .program = r->program,
                      .frame = &frame,
                      .shapes = shapes,
                      .fuel = CHECK_FUEL};
    if (domain == DOMAIN_CHECK) ev.observer = &nobody;
    bool ok = true;
    for (int i = 0; ok && i < r->program->n_statements; i++) {
        double start = now_seconds();
        ok = run_statement(&ev, r, i) && !stopped(&ev, r->program->statements[i]->span);
        if (ok && domain == DOMAIN_RUN && is_timed(r->program, i)) say_time(r, start);
        if (domain != DOMAIN_CHECK || ev.fuel >= 0) continue;
        *r->e = (struct err){0}; /* too long to be checked: the rest is found when it runs */
        ok = true;
        break;
    }
    for (int i = 0; i < r->scope->n_slots; i++) value_unref(frame.slots[i]);
    value_unref(frame.pending);
    pool_free(frame.slots);
    bindings_clear(&ev.overlay);
    return ok;
}

static void keep_in(struct program **place, struct program *p) {
    if (*place) program_unref(*place);
    *place = p;
}

/* The last programs stay, so that an error can show the lines it speaks of. */
void engine_keep(struct engine *en, struct program *p) {
    keep_in(&en->kept[en->n_kept++ % KEPT_PROGRAMS], p);
}

void engine_keep_checked(struct engine *en, struct program *p) {
    keep_in(&en->checked, p);
}

/* Then that is the mistake, not its first sign. */
bool engine_foreign(const struct source *s, struct err *e) {
    size_t n = 2;
    if (s->text.n < 3 || memcmp(s->text.p, "%%", 2) != 0) return false;
    while (n < s->text.n && isalpha((unsigned char)s->text.p[n])) n++;
    struct err unknown = {0};
    if (magic_known(intern((struct str){s->text.p + 1, n - 1}), &unknown)) return false;
    unknown.at = (struct span){s->id, 0, (uint32_t)n};
    *e = unknown;
    return true;
}

static bool parse_text(struct run *r, struct str code) {
    struct source *s = source_new(code, r->cell->number, r->cell->cell_id);
    if (!s) return err_memory(r->e, code.n);
    r->program = parse(s, r->e);
    struct program *keep = r->program;
    if (!keep) { /* the error points into the source: an empty program keeps it alive */
        keep = pool_zalloc(sizeof *keep);
        if (!keep) return source_unref(s), false;
        *keep = (struct program){.refs = 1, .source = source_ref(s)};
    }
    if (!r->program) engine_foreign(s, r->e);
    source_unref(s);
    if (r->only_checks) keep_in(&r->engine->checked, keep);
    else engine_keep(r->engine, keep);
    return r->program != NULL;
}

/* ---- cells ---- */

static bool has_magic(const struct program *p, const char *name) {
    for (int i = 0; i < p->n_statements; i++) {
        const struct ast *s = p->statements[i];
        if (s->kind == AST_MAGIC && s->name && strcmp(s->name, name) == 0) return true;
    }
    return false;
}

static bool check_only(const struct run *r) {
    return r->program && has_magic(r->program, "check");
}

static void say_text(const struct engine_observer *o, const char *text) {
    if (o->text) o->text(o->user, str_of(text), false);
}

static bool trains(const struct ast *s) {
    return s->kind == AST_TRAIN || (s->kind == AST_ASSIGN && s->a && s->a->kind == AST_TRAIN);
}

/* A mistake behind a train statement: has it trained already? */
static void say_nothing_ran(const struct run *r) {
    struct err *e = r->e;
    bool behind = false;
    for (int i = 0; r->program && i < r->program->n_statements; i++) {
        const struct ast *s = r->program->statements[i];
        behind =
            behind || (trains(s) && s->span.source == e->at.source && s->span.end <= e->at.start);
    }
    if (!behind || strstr(e->hint, "Nothing was computed.")) return;
    size_t used = strlen(e->hint);
    snprintf(e->hint + used, sizeof e->hint - used, "%sNothing was computed.", used ? "\n\n" : "");
}

static bool magics_known(const struct program *p, struct err *e) {
    for (int i = 0; i < p->n_statements; i++) {
        const struct ast *s = p->statements[i];
        if (s->kind == AST_MAGIC && !magic_known(s->name, e)) return err_at(e, s->span);
    }
    return true;
}

/* Passes 2 and 3. */
static bool check_run(struct run *r) {
    struct resolve_globals g = {r->engine, is_known, each_known, has_column, is_builtin, array_ops};
    bool ok = magics_known(r->program, r->e) && scope_resolve(r->program, &g, &r->scope, r->e) &&
              walk_program(r, DOMAIN_CHECK, NULL);
    if (!ok) say_nothing_ran(r);
    return ok;
}

static bool has_statements(const struct program *p) {
    for (int i = 0; i < p->n_statements; i++) {
        if (p->statements[i]->kind != AST_MAGIC) return true;
    }
    return false;
}

static bool run_checked(struct run *r) {
    if (!has_magic(r->program, "shapes") || !has_statements(r->program))
        return walk_program(r, DOMAIN_RUN, NULL);
    struct shape_log *log = pool_need(sizeof *log, r->e);
    struct text t = {0};
    bool ok = log && walk_program(r, DOMAIN_RUN, log);
    if (log) shape_log_print(log, &t);
    if (t.n) say_text(r->observer, t.p);
    text_clear(&t);
    pool_free(log);
    return ok;
}

bool engine_resolve(struct engine *en, struct program *p, const struct scope **scope,
                    struct err *e) {
    struct resolve_globals g = {en, is_known, each_known, has_column, is_builtin, array_ops};
    return scope_resolve(p, &g, scope, e);
}

bool engine_last_shapes(struct engine *en, struct text *t, struct err *e) {
    struct program *last = NULL;
    static const struct engine_observer nobody;
    for (int i = en->n_kept - 1; i >= 0 && i >= en->n_kept - KEPT_PROGRAMS && !last; i--) {
        struct program *p = en->kept[i % KEPT_PROGRAMS];
        if (p && p->source->cell_number > 0 && has_statements(p)) last = p;
    }
    if (!last)
        return err_set(e, ERR_VALUE, "No cell has run yet: %%shapes shows the shapes of a cell.");
    struct engine_cell cell = {.number = last->source->cell_number};
    struct run r = {.engine = en, .cell = &cell, .observer = &nobody, .program = last, .e = e};
    struct shape_log *log = pool_need(sizeof *log, e);
    bool ok = log && engine_resolve(en, last, &r.scope, e) && walk_program(&r, DOMAIN_CHECK, log);
    if (log && (ok || log->n)) shape_log_print(log, t);
    if (!ok && t->n) { /* up to the line where that cell had its mistake */
        text_addf(t, "and then: %s\n", e->what);
        *e = (struct err){0};
    }
    pool_free(log);
    return ok || t->n;
}

/* A cell that took longer than %timeout allows. */
static void say_timeout(const struct run *r, bool ok) {
    struct engine *en = r->engine;
    bool fired = timeout_cancel(en->timeout);
    if (!fired || ok || r->e->kind != ERR_INTERRUPT) return;
    snprintf(r->e->what, sizeof r->e->what, "Stopped after %s, as %%timeout says.",
             en->limit_words);
}

static bool run_prepared(struct run *r) {
    struct engine *en = r->engine;
    bool again = has_magic(r->program, "again");
    const char *id = r->cell->cell_id ? intern_c(r->cell->cell_id) : NULL;
    en->again = again ? cells_again(en->cells, id) : 0;
    names_begin(en->names, id, again);
    names_watch(en->names, true);
    en->started = now_seconds();
    if (en->limit_seconds > 0) timeout_start(en->timeout, en->limit_seconds);
    bool ok = check_run(r), runs = ok && !check_only(r);
    if (ok && !runs) say_text(r->observer, "Nothing wrong was found. Nothing was run.\n");
    else if (!ok) rerun_explain(en, r->e);
    if (runs) {
        rerun_say_before(en, r->cell, r->observer);
        names_watch(en->names, true);
        struct slow reading;
        advice_begin(en->advice);
        slow_watch_files(&reading, en, r->observer);
        ok = run_checked(r);
        slow_watch_end();
        if (!r->cell->silent) advice_end(en->advice, r->observer);
        cells_record(en->cells, en->names, id, r->cell->number, r->cell->code);
    }
    if (ok && has_magic(r->program, "%time")) say_time(r, en->started);
    say_timeout(r, ok);
    names_end(en->names);
    if (runs) rerun_say_after(en, r->cell, r->observer);
    pool_trim();
    return ok;
}

bool engine_run(struct engine *en, const struct engine_cell *cell,
                const struct engine_observer *observer, struct err *e) {
    static const struct engine_observer nobody;
    *e = (struct err){0};
    atomic_store(&en->stop, false);
    rerun_delete_cells(en, cell);
    struct run r = {.engine = en, .cell = cell, .observer = observer ? observer : &nobody, .e = e};
    if (!parse_text(&r, cell->code)) return false;
    program_ref(r.program); /* lines of it that are run by themselves may push it out of en->kept */
    bool ok = run_prepared(&r);
    program_unref(r.program);
    return ok;
}

bool engine_check(struct engine *en, const struct engine_cell *cell, struct err *e) {
    *e = (struct err){0};
    struct run r = {.engine = en, .cell = cell, .e = e, .only_checks = true};
    return parse_text(&r, cell->code) && engine_check_program(en, cell, r.program, e);
}

bool engine_check_program(struct engine *en, const struct engine_cell *cell, struct program *p,
                          struct err *e) {
    static const struct engine_observer nobody;
    *e = (struct err){0};
    atomic_store(&en->stop, false);
    struct run r = {.engine = en, .cell = cell, .observer = &nobody, .program = p, .e = e};
    names_begin(en->names, cell->cell_id ? intern_c(cell->cell_id) : NULL, false);
    bool ok = check_run(&r);
    names_end(en->names);
    return ok;
}

bool engine_eval(struct engine *en, struct str code, struct value *out, struct err *e) {
    static const struct engine_observer nobody;
    *e = (struct err){0};
    *out = value_missing();
    struct engine_cell cell = {.code = code};
    struct run r = {.engine = en, .cell = &cell, .observer = &nobody, .e = e};
    TRY(parse_text(&r, code));
    if (r.program->n_statements != 1 || r.program->statements[0]->kind != AST_EXPR)
        return err_set(e, ERR_SYNTAX, "One expression is expected here.");
    struct resolve_globals g = {en, is_known, each_known, has_column, is_builtin, array_ops};
    TRY(scope_resolve(r.program, &g, &r.scope, e));
    struct value slots[64] = {0};
    if (r.scope->n_slots > 64) return err_set(e, ERR_VALUE, "The expression is too long.");
    struct frame frame = {.scope = r.scope, .slots = slots};
    struct eval ev = {.engine = en,
                      .stop = engine_stop_flag(en),
                      .domain = DOMAIN_RUN,
                      .observer = &nobody,
                      .e = e,
                      .program = r.program,
                      .frame = &frame};
    struct place top = {.first = hash_mix(0x6177u)};
    ev.place = &top;
    bool ok = eval_expr(&ev, r.program->statements[0]->a, out);
    for (int i = 0; i < r.scope->n_slots; i++) value_unref(slots[i]);
    return ok;
}
