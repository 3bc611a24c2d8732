/* Names of a cell by its tree. */
#include "unused.h"

static bool all_use(struct ast *const *items, int n, const char *name);

static bool uses(const struct ast *x, const char *name);

/* Targets that are plain names give, anything else in a target uses. */
static bool targets_use(struct ast *const *targets, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        const struct ast *t = targets[i];
        if (t->kind == AST_NAME) continue;
        bool many = t->kind == AST_TUPLE || t->kind == AST_LIST;
        if (many ? targets_use(t->list, t->n, name) : uses(t, name)) return true;
    }
    return false;
}

static bool gives(const struct ast *x) {
    return x->kind == AST_ASSIGN || x->kind == AST_FOR || x->kind == AST_FOR_PART;
}

static bool uses(const struct ast *x, const char *name) {
    if (x->kind == AST_NAME || x->kind == AST_DIM || x->kind == AST_MAGIC)
        if (x->name == name) return true;
    const struct ast *parts[] = {x->a, x->b, x->c};
    for (int i = 0; i < 3; i++)
        if (parts[i] && uses(parts[i], name)) return true;
    bool in_list = gives(x) ? targets_use(x->list, x->n, name) : all_use(x->list, x->n, name);
    return in_list || all_use(x->names2, x->n_names2, name) || all_use(x->body, x->n_body, name) ||
           all_use(x->orelse, x->n_orelse, name);
}

static bool all_use(struct ast *const *items, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        if (uses(items[i], name)) return true;
    }
    return false;
}

bool name_is_used(const struct program *p, const char *name) {
    return all_use(p->statements, p->n_statements, name);
}

static bool is_target(struct ast *const *targets, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        const struct ast *t = targets[i];
        bool many = t->kind == AST_TUPLE || t->kind == AST_LIST;
        if (many ? is_target(t->list, t->n, name) : t->kind == AST_NAME && t->name == name)
            return true;
    }
    return false;
}

static const struct ast *first_in(struct ast *const *body, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        const struct ast *s = body[i];
        bool named = (s->kind == AST_DEF || s->kind == AST_MODEL) && s->name == name;
        if (named || (gives(s) && is_target(s->list, s->n, name))) return s;
        if (s->kind == AST_DEF || s->kind == AST_MODEL) continue;
        const struct ast *inner = first_in(s->body, s->n_body, name);
        if (!inner) inner = first_in(s->orelse, s->n_orelse, name);
        if (inner) return inner;
    }
    return NULL;
}

const struct ast *name_first_given(const struct program *p, const char *name) {
    return first_in(p->statements, p->n_statements, name);
}
