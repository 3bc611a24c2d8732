/* Work that would be lost: a train statement on a name that holds a copy, when nothing reads the
 * copy afterwards (pass 4 of language.md 2.15). Works on trees alone. */
#include "lost.h"

struct search {
    const char *name;        /* of the copy */
    const struct ast *train; /* the statement on it that was found */
    bool in_loop;            /* the train statement stands in a loop inside the body */
    bool is_read;
};

static void look(struct search *s, const struct ast *x, bool in_loop);

static void look_all(struct search *s, struct ast *const *items, int n, bool in_loop) {
    for (int i = 0; i < n; i++) look(s, items[i], in_loop);
}

/* `train m on …:` as a statement of its own. Assigned, its history is what is wanted. */
static void look(struct search *s, const struct ast *x, bool in_loop) {
    bool inner = in_loop || x->kind == AST_FOR || x->kind == AST_WHILE;
    if (x->kind == AST_TRAIN && x->n == 1 && x->list[0]->kind == AST_NAME &&
        x->list[0]->name == s->name) {
        s->train = x;
        s->in_loop = in_loop;
    }
    if (x->kind == AST_FOR || x->kind == AST_WHILE || x->kind == AST_IF) {
        look_all(s, x->body, x->n_body, inner);
        look_all(s, x->orelse, x->n_orelse, inner);
    }
}

static void reads(struct search *s, const struct ast *x);

static void reads_all(struct search *s, struct ast *const *items, int n) {
    for (int i = 0; i < n; i++) reads(s, items[i]);
}

/* Names behind the train statement, or anywhere if it is in a loop; its own target does not count.
 */
static void reads(struct search *s, const struct ast *x) {
    bool behind = s->in_loop || x->span.start >= s->train->span.end;
    if (x->kind == AST_NAME && x->name == s->name && x != s->train->list[0] && behind)
        s->is_read = true;
    const struct ast *parts[] = {x->a, x->b, x->c};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i]) reads(s, parts[i]);
    reads_all(s, x->list, x->n);
    reads_all(s, x->names2, x->n_names2);
    reads_all(s, x->body, x->n_body);
    reads_all(s, x->orelse, x->n_orelse);
}

const struct ast *lost_training(struct ast *const *body, int n, const char *name) {
    struct search s = {.name = name};
    look_all(&s, body, n, false);
    if (!s.train) return NULL;
    reads_all(&s, body, n);
    return s.is_read ? NULL : s.train;
}
