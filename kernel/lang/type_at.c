/* Descriptions of expressions in half-written cells. */
#include "type_at.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/names/scope.h"
#include "lang/syntax/parse.h"
#include "base/hash.h"
#include "base/pool.h"
#include <string.h>

/* Typing does not wait: what takes longer to describe is unknown. */
enum { LOOK_FUEL = 20000 };

uint32_t statement_start(struct str code, uint32_t offset) {
    uint32_t at = offset < code.n ? offset : (uint32_t)code.n;
    for (;;) {
        while (at > 0 && code.p[at - 1] != '\n') at--;
        bool top = at < code.n && !strchr(" \t\n\r.)]}", code.p[at]);
        if (at == 0 || top) return at;
        at--;
    }
}

/* The program's statements but the last, then the last one's value. */
static bool walk(struct engine *en, struct program *p, const struct scope *scope,
                 struct value *out) {
    static const struct engine_observer nobody;
    struct err e = {0};
    struct frame frame = {.scope = scope};
    frame.slots = pool_zalloc((size_t)scope->n_slots * sizeof *frame.slots + 1);
    if (!frame.slots) return false;
    struct place top = {.first = hash_mix(0x6177u)};
    struct eval ev = {.engine = en,
                      .stop = engine_stop_flag(en),
                      .domain = DOMAIN_CHECK,
                      .observer = &nobody,
                      .e = &e,
                      .program = p,
                      .frame = &frame,
                      .place = &top,
                      .fuel = LOOK_FUEL};
    bool ok = true;
    for (int i = 0; ok && i < p->n_statements - 1; i++) {
        const struct ast *s = p->statements[i];
        ok = s->kind == AST_MAGIC || s->kind == AST_EXPR || exec_statement(&ev, s) == FLOW_NEXT;
    }
    ok = ok && ev.fuel >= 0 && eval_expr(&ev, p->statements[p->n_statements - 1]->a, out);
    for (int i = 0; i < scope->n_slots; i++) value_unref(frame.slots[i]);
    value_unref(frame.pending);
    pool_free(frame.slots);
    bindings_clear(&ev.overlay);
    return ok;
}

static bool describe(struct engine *en, struct str before, struct str object, struct value *out) {
    struct text code = {0};
    struct err e = {0};
    const struct scope *scope;
    text_add(&code, before);
    text_addf(&code, "%s(%.*s)\n", before.n && before.p[before.n - 1] != '\n' ? "\n" : "",
              (int)object.n, object.p);
    struct source *s = source_new(text_str(&code), 0, NULL);
    struct program *p = s ? parse(s, &e) : NULL;
    bool ok = p && p->n_statements > 0 && p->statements[p->n_statements - 1]->kind == AST_EXPR &&
              engine_resolve(en, p, &scope, &e) && walk(en, p, scope, out);
    if (p) program_unref(p);
    if (s) source_unref(s);
    text_clear(&code);
    return ok;
}

/* With what stands above it in the cell; when that has a mistake, with the session's names alone.
 */
struct value describe_at(struct engine *en, struct str before, struct str object) {
    struct value v = value_unknown();
    if (object.n == 0) return v;
    if (describe(en, before, object, &v)) return v;
    v = value_unknown();
    if (before.n && describe(en, (struct str){"", 0}, object, &v)) return v;
    return value_unknown();
}
