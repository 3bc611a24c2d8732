/* Which column an expression is: read off its text, or remembered of the name that it is. */
#include "column_written.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/names/scope.h"
#include "lang/syntax/ast.h"
#include "lang/values/names.h"
#include "base/intern.h"
#include <string.h>

/* Functions whose result is still the same quantity. */
static bool keeps_meaning(const char *function) {
    static const char *const all[] = {"drop_missing", "fill_missing", "head", "tail", "sample"};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(function, all[i]) == 0) return true;
    return false;
}

const char *column_written(struct eval *ev, const struct ast *x) {
    if (!x) return NULL;
    if (x->kind == AST_COLUMN) return x->name;
    if (x->kind == AST_NAME)
        return x->slot == SLOT_GLOBAL ? names_column(engine_names(ev->engine), x->name) : NULL;
    if (x->kind == AST_ATTRIBUTE) return strcmp(x->name, "T") == 0 ? NULL : x->name;
    if (x->kind == AST_INDEX) {
        const struct ast *s = x->list[0];
        bool by_name = x->n == 1 && !s->name && s->a && s->a->kind == AST_TEXT;
        return by_name ? intern(s->a->text) : column_written(ev, x->a);
    }
    bool method = x->kind == AST_CALL && x->a->kind == AST_ATTRIBUTE;
    return method && keeps_meaning(x->a->name) ? column_written(ev, x->a->a) : NULL;
}

static void remember(struct eval *ev, const struct ast *target, const struct ast *x) {
    if (target->kind != AST_NAME || target->slot != SLOT_GLOBAL) return;
    const char *column = column_written(ev, x);
    if (column) names_set_column(engine_names(ev->engine), target->name, column);
}

void column_names_remember(struct eval *ev, const struct ast *s) {
    bool several = s->n > 1 && s->a->kind == AST_TUPLE && s->a->n == s->n;
    if (ev->domain != DOMAIN_RUN || ev->program->module) return;
    if (s->n == 1) remember(ev, s->list[0], s->a);
    for (int i = 0; several && i < s->n; i++) remember(ev, s->list[i], s->a->list[i]);
}
