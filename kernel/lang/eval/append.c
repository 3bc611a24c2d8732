/* Lists and tensors that grow in a loop. A value is never seen to change: the only name that has it
 * is given the longer one by the same statement. */
#include "append.h"
#include "eval_parts.h"
#include "builtin.h"
#include "lang/builtins/fn.h"
#include "lang/values/names.h"
#include "lang/eval/names/scope.h"
#include "base/intern.h"
#include <stdatomic.h>

static bool same_name(const struct ast *a, const struct ast *b) {
    return b->kind == AST_NAME && a->name == b->name && a->slot == b->slot;
}

/* The x of name = append(name, x) or name = name.append(x), and what stands for the function. */
static const struct ast *appended(const struct ast *s, const struct ast **function) {
    static const char *word;
    const struct ast *call = s->a, *name = s->list[0];
    if (call->kind != AST_CALL || s->n != 1 || s->b || name->kind != AST_NAME) return NULL;
    if (!word) word = intern_c("append");
    bool chain = call->a->kind == AST_ATTRIBUTE;
    if (call->a->name != word || call->n != (chain ? 1 : 2)) return NULL;
    for (int i = 0; i < call->n; i++) {
        if (call->list[i]->name) return NULL;
    }
    if (!same_name(name, chain ? call->a->a : call->list[0]->a)) return NULL;
    *function = call->a;
    return call->list[call->n - 1]->a;
}

static bool is_append(struct eval *ev, const struct ast *function) {
    struct value f;
    if (function->slot != SLOT_GLOBAL || !global_get(ev, function->name, &f)) return false;
    bool builtin = f.kind == V_BUILTIN && f.builtin->fn == fn_append;
    value_unref(f);
    return builtin;
}

struct value own_value(struct eval *ev, const struct ast *name) {
    const struct value *v = NULL;
    if (name->slot >= 0) v = &ev->frame->slots[name->slot];
    else if (name->slot == SLOT_GLOBAL && !ev->program->module &&
             names_is_fresh(engine_names(ev->engine), name->name))
        v = names_get(engine_names(ev->engine), name->name);
    if (v && v->kind == V_LIST && !v->list->is_tuple && atomic_load(&v->list->refs) == 1) return *v;
    if (v && v->kind == V_TENSOR && atomic_load(&v->tensor->refs) == 1) return *v;
    return value_missing();
}

/* Does the tensor grow by v without changing its type? Then these are the numbers of its row. */
static const void *row_of(const struct tensor *t, const struct value *v) {
    if (t->owner || t->rows || t->is_image || t->shape.n == 0) return NULL;
    if (v->kind == V_FLOAT && t->dtype == DT_FLOAT64 && t->shape.n == 1) return &v->number;
    if (v->kind == V_INT && t->dtype == DT_INT64 && t->shape.n == 1) return &v->integer;
    if (v->kind != V_TENSOR || v->tensor->dtype != t->dtype || !v->tensor->data) return NULL;
    struct shape rest = t->shape;
    rest.n--;
    for (int i = 0; i < rest.n; i++) rest.size[i] = t->shape.size[i + 1];
    return shape_same_sizes(&rest, &v->tensor->shape) ? v->tensor->data : NULL;
}

/* With the value of x known; a reference to it is taken by a list. False: the usual way is needed.
 */
static bool append_value(struct eval *ev, struct value own, struct value x, bool *ok) {
    if (own.kind == V_LIST) return *ok = list_add(own.list, value_ref(x), ev->e), true;
    const void *row = own.kind == V_TENSOR ? row_of(own.tensor, &x) : NULL;
    return row && (*ok = tensor_append(own.tensor, row, ev->e), true);
}

bool append_in_place(struct eval *ev, const struct ast *s, bool *ok) {
    const struct ast *function, *part = appended(s, &function);
    if (!part || ev->domain == DOMAIN_CHECK || ev->graph || ev->shapes) return false;
    struct value x, own = own_value(ev, s->list[0]);
    if (own.kind == V_MISSING || !is_append(ev, function)) return false;
    *ok = eval_expr(ev, part, &x);
    if (!*ok) return true;
    own = own_value(ev, s->list[0]); /* x may hold it now */
    bool done = append_value(ev, own, x, ok);
    if (!done) {
        struct value base, made = value_missing(), f;
        struct actual both[2] = {{.at = s->list[0]->span}, {.value = x, .at = part->span}};
        *ok = name_get(ev, s->list[0], &base) && global_get(ev, function->name, &f);
        both[0].value = base;
        *ok = *ok && call_value(ev, f, both, 2, s->a->span, &made);
        value_unref(base);
        *ok = *ok && assign_target(ev, s->list[0], made);
    }
    value_unref(x);
    return *ok = *ok || err_at(ev->e, s->a->span), true;
}
