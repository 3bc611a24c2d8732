/* Which name is what: slots, captures, and undefined names. */
#include "scope_parts.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include "lang/syntax/spelling.h"
#include <stdio.h>
#include <string.h>

static bool walk(struct resolver *r, struct ast *x);

static bool walk_all(struct resolver *r, struct ast *const *items, int n) {
    for (int i = 0; i < n; i++) TRY(walk(r, items[i]));
    return true;
}

/* ---- collecting what a body assigns ---- */

typedef bool (*take_name_fn)(void *to, const char *name);

static bool collect(struct ast *const *body, int n, take_name_fn take, void *to);

static bool collect_target(const struct ast *t, take_name_fn take, void *to) {
    while (t->kind == AST_ATTRIBUTE || t->kind == AST_INDEX) t = t->a;
    if (t->kind == AST_NAME) return take(to, t->name);
    if (t->kind != AST_TUPLE && t->kind != AST_LIST) return true;
    for (int i = 0; i < t->n; i++) TRY(collect_target(t->list[i], take, to));
    return true;
}

static bool collect_targets(struct ast *const *list, int n, take_name_fn take, void *to) {
    for (int i = 0; i < n; i++) TRY(collect_target(list[i], take, to));
    return true;
}

static bool collect_one(const struct ast *s, take_name_fn take, void *to) {
    switch (s->kind) {
    case AST_ASSIGN:
        TRY(collect_targets(s->list, s->n, take, to));
        return !s->a || collect(&(struct ast *){s->a}, 1, take, to);
    case AST_AUGMENT: return collect_targets(s->list, s->n, take, to);
    case AST_TRAIN:
        TRY(collect_targets(s->list, s->n, take, to));
        return collect(s->body, s->n_body, take, to);
    case AST_FOR:
        TRY(collect_targets(s->list, s->n, take, to));
        return collect(s->body, s->n_body, take, to);
    case AST_DEF:
    case AST_MODEL: return take(to, s->name);
    case AST_INPUT:
    case AST_WEIGHT:
    case AST_OVER: return take(to, s->name);
    case AST_OUTPUT: return !s->name || take(to, s->name);
    case AST_EACH:
        TRY(take(to, intern_c("epoch")) && take(to, intern_c("batch")));
        return collect(s->body, s->n_body, take, to);
    case AST_IMPORT:
        if (s->name) TRY(take(to, s->name));
        return collect_targets(s->list, s->n, take, to);
    case AST_IF:
    case AST_WHILE:
    case AST_SEARCH:
    case AST_TRIAL:
    case AST_PLOT:
        TRY(collect(s->body, s->n_body, take, to));
        return collect(s->orelse, s->n_orelse, take, to);
    default: return true;
    }
}

static bool collect(struct ast *const *body, int n, take_name_fn take, void *to) {
    for (int i = 0; i < n; i++) TRY(collect_one(body[i], take, to));
    return true;
}

/* ---- scopes ---- */

static bool add_local(struct resolver *r, struct open_scope *s, const char *name, bool visible,
                      int *slot) {
    if (s->n == MAX_LOCALS)
        return err_set(r->e, ERR_RECURSION, "One function uses more than %d names.", MAX_LOCALS);
    s->names[s->n] = name;
    s->visible[s->n] = visible;
    if (slot) *slot = s->n;
    s->n++;
    return true;
}

int find_local(const struct open_scope *s, const char *name) {
    for (int i = s->n - 1; i >= 0; i--) {
        if (s->visible[i] && s->names[i] == name) return i;
    }
    return NOT_FOUND;
}

/* Slot, capture (-2 - i) or NOT_FOUND; captures are added on the way out. */
int find_name(struct open_scope *s, const char *name) {
    if (!s) return NOT_FOUND;
    int slot = find_local(s, name);
    if (slot != NOT_FOUND) return slot;
    for (int i = 0; i < s->n_captures; i++) {
        if (s->captures[i].name == name) return -2 - i;
    }
    int outer = find_name(s->outer, name);
    if (outer == NOT_FOUND || s->n_captures == MAX_LOCALS) return NOT_FOUND;
    s->captures[s->n_captures] = (struct capture){name, outer};
    return -2 - s->n_captures++;
}

static bool take_local(void *to, const char *name) {
    struct resolver *r = to;
    if (find_local(r->scope, name) != NOT_FOUND) return true;
    return add_local(r, r->scope, name, true, NULL);
}

static struct scope *close_scope(struct resolver *r, const struct open_scope *open, int n_params) {
    struct arena *a = r->program->arena;
    struct scope *s = arena_alloc(a, sizeof *s);
    const char **names = arena_alloc(a, (size_t)open->n * sizeof *names + 1);
    struct capture *captures = arena_alloc(a, (size_t)open->n_captures * sizeof *captures + 1);
    if (!s || !names || !captures) return err_memory(r->e, 1 << 20), NULL;
    memcpy(names, open->names, (size_t)open->n * sizeof *names);
    memcpy(captures, open->captures, (size_t)open->n_captures * sizeof *captures);
    *s = (struct scope){.n_slots = open->n,
                        .n_captures = open->n_captures,
                        .n_parameters = n_params,
                        .names = names,
                        .captures = captures};
    return s;
}

/* ---- undefined names ---- */

static int32_t *counter_find(const struct counter *c, const char *name) {
    size_t i = (size_t)hash_mix((uint64_t)(uintptr_t)name) & (c->cap - 1);
    while (c->names[i] && c->names[i] != name) i = (i + 1) & (c->cap - 1);
    c->names[i] = name;
    return &c->numbers[i];
}

static bool counter_start(struct resolver *r, struct counter *c, size_t most) {
    size_t cap = 16;
    while (cap < 2 * most) cap *= 2;
    c->names = arena_alloc(r->program->arena, cap * sizeof *c->names);
    c->numbers = arena_alloc(r->program->arena, cap * sizeof *c->numbers);
    c->cap = cap;
    return (c->names && c->numbers) || err_memory(r->e, cap * 16);
}

static bool counter_has(const struct counter *c, const char *name) {
    if (!c->cap) return false;
    size_t i = (size_t)hash_mix((uint64_t)(uintptr_t)name) & (c->cap - 1);
    while (c->names[i] && c->names[i] != name) i = (i + 1) & (c->cap - 1);
    return c->names[i] == name;
}

/* Random streams are keyed by the name that a statement assigns and which one of its body it is. */
static bool number_statements(struct resolver *r, struct ast *const *body, int n) {
    struct counter c = {0};
    static const char unnamed[] = "";
    if (n == 0) return true;
    TRY(counter_start(r, &c, (size_t)n));
    for (int i = 0; i < n; i++) {
        const char *name = ast_assigned_name(body[i]);
        body[i]->nth = (*counter_find(&c, name ? name : unnamed))++;
        body[i]->key = name ? hash_bytes(name, strlen(name), 1) : 2;
    }
    return true;
}

bool cell_assigns(const struct resolver *r, const char *name) {
    return counter_has(&r->known, name);
}

static bool walk_name(struct resolver *r, struct ast *x) {
    int found = find_name(r->scope, x->name);
    x->slot = found == NOT_FOUND ? SLOT_GLOBAL : found;
    if (found != NOT_FOUND || cell_assigns(r, x->name)) return true;
    if (r->globals->is_known(r->globals->user, x->name)) return true;
    return name_undefined(r, x);
}

/* ---- the walk ---- */

static bool walk_parts(struct resolver *r, struct ast *x) {
    struct ast *parts[] = {x->a, x->b, x->c};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i]) TRY(walk(r, parts[i]));
    }
    TRY(walk_all(r, x->list, x->n));
    TRY(walk_all(r, x->names2, x->n_names2));
    TRY(number_statements(r, x->body, x->n_body));
    TRY(number_statements(r, x->orelse, x->n_orelse));
    TRY(walk_all(r, x->body, x->n_body));
    return walk_all(r, x->orelse, x->n_orelse);
}

/* A size written as a bare name: a number in scope, or (in a function or model) a size to be
 * learned. */
static bool walk_dim(struct resolver *r, struct ast *x) {
    x->slot = SLOT_GLOBAL;
    if (x->a) return walk(r, x->a);
    if (!x->name) return true;
    int found = find_name(r->scope, x->name);
    if (found != NOT_FOUND) return x->slot = found, true;
    bool global = cell_assigns(r, x->name) || r->globals->is_known(r->globals->user, x->name);
    if (global || r->scope->kind == SCOPE_CELL) return true;
    return add_local(r, r->scope, x->name, true, &x->slot);
}

static bool walk_params(struct resolver *r, struct ast *f) {
    for (int i = 0; i < f->n; i++) {
        struct ast *p = f->list[i];
        if (p->a) TRY(walk(r, p->a)); /* defaults belong to the outside */
    }
    return true;
}

static bool names_builtin(const struct resolver *r, const struct ast *x) {
    return x->slot == SLOT_GLOBAL && r->globals->is_builtin(x->name);
}

/* Is there a call in it that may be one of a student's function? */
static bool has_call(const struct resolver *r, const struct ast *x) {
    if (x->kind == AST_CALL && x->a->kind == AST_NAME && !names_builtin(r, x->a)) return true;
    const struct ast *parts[] = {x->a, x->b, x->c};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i] && parts[i]->has_call) return true;
    for (int i = 0; i < x->n; i++)
        if (x->list[i]->has_call) return true;
    return false;
}

static bool scalar_lines(struct ast *const *body, int n);

static bool scalar_line(const struct ast *s) {
    const struct ast *target = s->kind == AST_ASSIGN || s->kind == AST_AUGMENT ? s->list[0] : NULL;
    if (target && (s->n != 1 || s->b || target->kind != AST_NAME || target->slot < 0)) return false;
    if (s->kind == AST_AUGMENT && (s->op > AST_OP_POW || s->op == AST_OP_MATMUL)) return false;
    switch (s->kind) {
    case AST_PASS: return true;
    case AST_RETURN:
    case AST_ASSIGN:
    case AST_AUGMENT: return s->a && s->a->is_scalar;
    case AST_IF:
        return s->a->is_scalar && scalar_lines(s->body, s->n_body) &&
               scalar_lines(s->orelse, s->n_orelse);
    default: return false;
    }
}

static bool scalar_lines(struct ast *const *body, int n) {
    for (int i = 0; i < n; i++)
        if (!scalar_line(body[i])) return false;
    return true;
}

/* A function that scalar_eval can run: lines of numbers, no types to be checked. */
static bool scalar_function_of(const struct ast *f, const struct scope *s) {
    if (f->n > SCALAR_ARGUMENTS || s->n_slots > SCALAR_SLOTS) return false;
    for (int i = 0; i < f->n; i++)
        if (f->list[i]->b) return false;
    if (f->kind == AST_LAMBDA) return f->a->is_scalar;
    return f->kind == AST_DEF && scalar_lines(f->body, f->n_body);
}

static bool walk_function(struct resolver *r, struct ast *f, enum scope_kind kind) {
    TRY(walk_params(r, f));
    if (r->depth == MAX_NESTING) {
        err_set(r->e, ERR_RECURSION, "Functions stand in functions more than %d levels deep.",
                MAX_NESTING);
        err_label(r->e, "is too deep inside");
        return err_at(r->e, f->key_span.source ? f->key_span : f->span);
    }
    struct open_scope *inner = pool_need(sizeof *inner, r->e);
    if (!inner) return false;
    r->depth++;
    inner->kind = kind;
    inner->outer = r->scope;
    r->scope = inner;
    bool ok = true;
    for (int i = 0; ok && i < f->n; i++) ok = add_local(r, inner, f->list[i]->name, true, NULL);
    for (int i = 0; ok && i < f->n_names2; i++)
        ok = add_local(r, inner, f->names2[i]->name, true, NULL);
    inner->n_params = f->n + f->n_names2;
    ok = ok && collect(f->body, f->n_body, take_local, r);
    for (int i = 0; ok && i < f->n; i++) {
        if (f->list[i]->b) ok = walk(r, f->list[i]->b);
    }
    if (ok && f->kind == AST_LAMBDA) ok = walk(r, f->a);
    ok = ok && number_statements(r, f->body, f->n_body) && walk_all(r, f->body, f->n_body);
    r->scope = inner->outer;
    r->depth--;
    struct scope *made = ok ? close_scope(r, inner, f->n) : NULL;
    if (made) made->is_scalar = scalar_function_of(f, made);
    f->scope = made;
    pool_free(inner);
    return f->scope != NULL;
}

/* The function's own name, for `slot` of the definition. */
static void place_definition(struct resolver *r, struct ast *s) {
    int found = find_name(r->scope, s->name);
    s->slot = found == NOT_FOUND ? SLOT_GLOBAL : found;
}

static bool walk_comprehension(struct resolver *r, struct ast *x) {
    int first = r->scope->n;
    for (int i = 0; i < x->n; i++) {
        struct ast *part = x->list[i];
        TRY(walk(r, part->a));
        for (int k = 0; k < part->n; k++)
            TRY(add_local(r, r->scope, part->list[k]->name, true, &part->list[k]->slot));
    }
    if (x->b) TRY(walk(r, x->b));
    TRY(walk(r, x->a));
    for (int i = first; i < r->scope->n; i++) r->scope->visible[i] = false;
    return true;
}

static bool walk_call(struct resolver *r, struct ast *x) {
    const struct ast *outer = r->call;
    if (x->a->kind == AST_ATTRIBUTE) { /* x.f(…) may mean a local function f */
        int found = find_name(r->scope, x->a->name);
        x->a->slot = found == NOT_FOUND ? SLOT_GLOBAL : found;
    }
    r->callee = x->a;
    TRY(walk(r, x->a));
    r->call = x->a->kind == AST_ATTRIBUTE ? x : outer;
    r->arguments++;
    TRY(walk_all(r, x->list, x->n));
    r->arguments--;
    r->call = outer;
    return true;
}

/* Could it be one number made of single numbers? Its parts are marked already. */
static bool looks_scalar(const struct resolver *r, const struct ast *x) {
    switch (x->kind) {
    case AST_NAME:
    case AST_TRUE:
    case AST_FALSE: return true;
    case AST_NUMBER: return !x->unit;
    case AST_UNARY: return x->op == AST_OP_SUB && x->a->is_scalar;
    case AST_NOT: return x->a->is_scalar;
    case AST_BINARY:
        return x->op <= AST_OP_POW && x->op != AST_OP_MATMUL && x->a->is_scalar && x->b->is_scalar;
    case AST_AND:
    case AST_OR: return x->a->is_scalar && x->b->is_scalar;
    case AST_TERNARY: return x->a->is_scalar && x->b->is_scalar && x->c->is_scalar;
    case AST_COMPARE:
        for (int i = 0; i < x->n; i++) {
            bool member = i + 1 < x->n && (x->ops[i] == AST_OP_IN || x->ops[i] == AST_OP_NOT_IN);
            if (member || !x->list[i]->is_scalar) return false;
        }
        return true;
    case AST_CALL:
        if (x->a->kind != AST_NAME || x->n > SCALAR_ARGUMENTS) return false;
        for (int i = 0; i < x->n; i++)
            if (x->list[i]->name || !x->list[i]->a->is_scalar) return false;
        if (!names_builtin(r, x->a)) return true;
        return x->n == 1 && r->globals->array_ops && r->globals->array_ops(x->a->name) == 1;
    default: return false;
    }
}

/* How many operations on arrays there are in it, itself included; 0 if it is none. */
static int32_t count_ops(const struct resolver *r, const struct ast *x) {
    int32_t n = 1;
    switch (x->kind) {
    case AST_UNARY: return 1 + x->a->n_ops;
    case AST_BINARY:
        return x->op <= AST_OP_BITOR && x->op != AST_OP_MATMUL ? 1 + x->a->n_ops + x->b->n_ops : 0;
    case AST_COMPARE:
        if (x->n != 2 || x->ops[0] == AST_OP_IN || x->ops[0] == AST_OP_NOT_IN) return 0;
        return 1 + x->list[0]->n_ops + x->list[1]->n_ops;
    case AST_CALL:
        if (x->a->kind != AST_NAME && x->a->kind != AST_ATTRIBUTE) return 0;
        n = x->a->slot == SLOT_GLOBAL && r->globals->array_ops ? r->globals->array_ops(x->a->name)
                                                               : 0;
        if (n == 0) return 0;
        if (x->a->kind == AST_ATTRIBUTE) n += x->a->a->n_ops;
        for (int i = 0; i < x->n; i++) n += x->list[i]->a->n_ops;
        return n;
    default: return 0;
    }
}

static bool walk_kind(struct resolver *r, struct ast *x) {
    switch (x->kind) {
    case AST_NAME: return walk_name(r, x);
    case AST_DIM: return walk_dim(r, x);
    case AST_LISTCOMP: return walk_comprehension(r, x);
    case AST_STEP: return walk_function(r, x, SCOPE_FUNCTION); /* its names are gone afterwards */
    case AST_LAMBDA: return walk_function(r, x, SCOPE_FUNCTION);
    case AST_DEF: place_definition(r, x); return walk_function(r, x, SCOPE_FUNCTION);
    case AST_MODEL: place_definition(r, x); return walk_function(r, x, SCOPE_MODEL);
    case AST_INPUT:
    case AST_WEIGHT:
    case AST_OUTPUT:
    case AST_OVER:
        if (x->name) place_definition(r, x);
        return walk_parts(r, x);
    case AST_CALL: return walk_call(r, x);
    case AST_UPDATE: return x->a ? walk(r, x->a) : true;
    case AST_IMPORT:
        if (x->name) place_definition(r, x);
        for (int i = 0; i < x->n; i++) place_definition(r, x->list[i]);
        return true;
    default: return walk_parts(r, x);
    }
}

static bool walk(struct resolver *r, struct ast *x) {
    TRY(walk_kind(r, x));
    x->is_scalar = looks_scalar(r, x);
    x->has_call = has_call(r, x);
    if (x->is_scalar && x->has_call) {
        x->misses = arena_alloc(r->program->arena, sizeof *x->misses);
        if (!x->misses) return err_memory(r->e, sizeof *x->misses);
    }
    x->n_ops = count_ops(r, x);
    return true;
}

static bool take_assigned(void *to, const char *name) {
    struct resolver *r = to;
    if (cell_assigns(r, name)) return true;
    if (r->n_assigned == r->cap_assigned) {
        int cap = r->cap_assigned ? 2 * r->cap_assigned : 32;
        const char **more = arena_alloc(r->program->arena, (size_t)cap * sizeof *more);
        if (!more) return err_memory(r->e, (size_t)cap * sizeof *more);
        if (r->n_assigned) memcpy(more, r->assigned, (size_t)r->n_assigned * sizeof *more);
        r->assigned = more;
        r->cap_assigned = cap;
    }
    if (2 * (size_t)(r->n_assigned + 1) > r->known.cap) {
        TRY(counter_start(r, &r->known, 2 * (size_t)r->n_assigned + 16));
        for (int i = 0; i < r->n_assigned; i++) counter_find(&r->known, r->assigned[i]);
    }
    counter_find(&r->known, name);
    r->assigned[r->n_assigned++] = name;
    return true;
}

/* Lines in a block may use what lines above them in it assign: over hidden, and then hidden. */
static bool has_block(const struct ast *s) {
    return s->n_body > 0 || (s->kind == AST_ASSIGN && s->a->n_body > 0);
}

bool scope_resolve(struct program *p, const struct resolve_globals *globals,
                   const struct scope **cell, struct err *e) {
    struct open_scope *top = arena_alloc(p->arena, sizeof *top);
    if (!top) return err_memory(e, sizeof *top);
    struct resolver r = {.program = p, .globals = globals, .scope = top, .e = e};
    TRY(number_statements(&r, p->statements, p->n_statements));
    int *before = arena_alloc(p->arena, ((size_t)p->n_statements + 1) * sizeof *before);
    if (!before) return err_memory(e, (size_t)p->n_statements * sizeof *before);
    for (int i = 0; i < p->n_statements; i++) {
        before[i] = r.n_assigned;
        TRY(collect(&p->statements[i], 1, take_assigned, &r));
    }
    before[p->n_statements] = r.n_assigned;
    for (int i = 0; i < p->n_statements; i++) {
        r.n_before = before[i + has_block(p->statements[i])];
        TRY(walk(&r, p->statements[i]));
    }
    *cell = close_scope(&r, top, 0);
    return *cell != NULL;
}
