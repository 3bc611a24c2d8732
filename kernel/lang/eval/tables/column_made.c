/* A column that a table does not have may be made by the same cell: further down, a link later, or
 * in a table of another name. Looked for in the tree when the mistake is written, never otherwise.
 */
#include "column_made.h"
#include "lang/syntax/ast.h"
#include "lang/syntax/source.h"
#include <string.h>

static bool makes_columns(const char *verb) {
    return strcmp(verb, "assign") == 0 || strcmp(verb, "summarize") == 0 ||
           strcmp(verb, "table") == 0;
}

/* Does this node itself give a table a column `name`: t.name = …, t["name"] = …, assign(name=…)? */
static bool gives_column(const struct ast *x, const char *name) {
    const struct ast *callee = x->kind == AST_CALL ? x->a : NULL;
    bool verb = callee && (callee->kind == AST_ATTRIBUTE || callee->kind == AST_NAME) &&
                makes_columns(callee->name);
    for (int i = 0; verb && i < x->n; i++)
        if (x->list[i]->name == name) return true;
    for (int i = 0; x->kind == AST_ASSIGN && i < x->n; i++) {
        const struct ast *t = x->list[i],
                         *s = t->kind == AST_INDEX && t->n == 1 ? t->list[0] : NULL;
        if (t->kind == AST_ATTRIBUTE && t->name == name) return true;
        if (s && s->a && s->a->kind == AST_TEXT && str_is(s->a->text, name)) return true;
    }
    return false;
}

static const struct ast *find_in(const struct ast *x, const char *name);

static const struct ast *find_among(struct ast *const *items, int n, const char *name) {
    const struct ast *found = NULL;
    for (int i = 0; !found && i < n; i++) found = find_in(items[i], name);
    return found;
}

/* The first node below that does. */
static const struct ast *find_in(const struct ast *x, const char *name) {
    if (!x || gives_column(x, name)) return x;
    const struct ast *found = find_in(x->a, name);
    if (!found) found = find_in(x->b, name);
    if (!found) found = find_among(x->list, x->n, name);
    if (!found) found = find_among(x->body, x->n_body, name);
    return found ? found : find_among(x->orelse, x->n_orelse, name);
}

static bool uses_name(const struct ast *x, const char *name) {
    if (!x) return false;
    if (x->kind == AST_NAME && x->name == name) return true;
    bool found = uses_name(x->a, name) || uses_name(x->b, name);
    for (int i = 0; !found && i < x->n; i++) found = uses_name(x->list[i], name);
    for (int i = 0; !found && i < x->n_body; i++) found = uses_name(x->body[i], name);
    return found;
}

/* In the statement with the mistake: the verb that makes the column comes too late, or is the same.
 */
static bool hint_chain(struct eval *ev, const struct ast *maker, const char *name, struct span at) {
    if (maker->kind != AST_CALL) return false;
    uint32_t verb = maker->a->kind == AST_ATTRIBUTE ? maker->a->key_span.start : maker->span.start;
    const char *word = maker->a->name;
    if (at.start < verb)
        err_hint(ev->e, "`%s` is made by the %s behind it: put that link first.", name, word);
    else if (at.start > verb && at.end <= maker->span.end)
        err_hint(ev->e,
                 "What a verb makes is there for the next one: .%s(%s=…) first, then another link "
                 "that uses .%s",
                 word, name, name);
    else return false;
    return true;
}

static int line_of(const struct eval *ev, const struct ast *s) {
    int line, column;
    source_position(ev->program->source, s->span.start, &line, &column);
    return line;
}

/* In a statement above: the table with the column has another name, or none. */
static bool hint_above(struct eval *ev, const struct ast *maker, const struct ast *here,
                       const char *name) {
    const char *table = ast_assigned_name(maker);
    if (table && uses_name(here, table)) return false;
    if (table)
        err_hint(ev->e, "Line %d makes a table with `%s`, which is called `%s`.",
                 line_of(ev, maker), name, table);
    else
        err_hint(ev->e, "Line %d makes a table with `%s` and gives it no name: t = t.assign(%s=…)",
                 line_of(ev, maker), name, name);
    return true;
}

bool column_made_for(const struct program *p, const char *table, const char *name) {
    for (int i = 0; i < p->n_statements; i++)
        if (ast_assigned_name(p->statements[i]) == table && find_in(p->statements[i], name))
            return true;
    return false;
}

bool hint_column_made(struct eval *ev, const char *name, struct span at) {
    const struct program *p = ev->program;
    const struct ast *here = NULL, *maker;
    if (!p || !p->source || p->source->id != at.source) return false;
    for (int i = 0; i < p->n_statements; i++)
        if (p->statements[i]->span.start <= at.start && at.end <= p->statements[i]->span.end)
            here = p->statements[i];
    if (!here) return false;
    maker = find_in(here, name);
    if (maker && hint_chain(ev, maker, name, at)) return true;
    for (int i = 0; i < p->n_statements; i++) {
        const struct ast *s = p->statements[i];
        if (s == here || s->kind == AST_DEF || !find_in(s, name)) continue;
        if (s->span.end <= at.start) return hint_above(ev, s, here, name);
        err_hint(ev->e, "Line %d makes `%s`, after this line. Put it first.", line_of(ev, s), name);
        return true;
    }
    return false;
}
