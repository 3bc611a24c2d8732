/* `each epoch:` and `each batch:`: ordinary statements while a model is trained, in inference mode,
 * with the models' names standing for the weights of that moment. */
#include "step.h"
#include "lang/eval/builtin.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/names/scope.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

struct value model_from_block(struct eval *ev, const struct model_value *m,
                              const struct weights *block, int64_t offset) {
    struct model_value *made = model_copy(ev, m);
    if (!made) return value_missing();
    struct value v = {.kind = V_MODEL, .model = made};
    struct weights *own = weights_new(model_block_size(m->model), ev->e);
    if (!own) return value_unref(v), value_missing();
    memcpy(own->data, block->data + offset, (size_t)own->n * sizeof(float));
    weights_unref(made->weights);
    made->weights = own;
    return v;
}

/* `epoch` and `batch` where the block stands. */
static bool set_number(struct eval *ev, const char *name, struct value v, struct span at) {
    struct ast n = {.kind = AST_NAME, .name = intern_c(name), .slot = SLOT_GLOBAL, .span = at};
    const struct scope *s = ev->frame->scope;
    for (int i = 0; i < s->n_slots; i++)
        if (s->names[i] == n.name) n.slot = i;
    return name_set(ev, &n, v);
}

static bool run_blocks(struct train_block *b, const char *which) {
    struct eval *ev = b->ev;
    for (int i = 0; i < b->statement->n_body; i++) {
        const struct ast *line = b->statement->body[i];
        if (line->kind != AST_EACH || strcmp(line->name, which) != 0) continue;
        enum flow flow = exec_body(ev, line->body, line->n_body);
        if (flow == FLOW_ERROR) return false;
        if (flow != FLOW_NEXT)
            return fail(ev, line->span, ERR_SYNTAX,
                        "This block runs to its end: no return, break "
                        "or continue.");
    }
    return true;
}

static bool run_each(void *user, const struct train_moment *m, struct err *e) {
    const struct watcher *w = user;
    struct each_blocks *blocks = w->each;
    struct train_block *b = blocks->block;
    struct eval *ev = b->ev;
    const struct train_moment *outer = ev->moment;
    struct span at = b->statement->span;
    (void)e; /* the same as ev->e */
    for (int i = 0; i < blocks->n_targets; i++) {
        const struct each_target *t = &blocks->targets[i];
        struct value now = model_from_block(ev, t->model, m->weights, t->offset);
        if (now.kind != V_MODEL) return false;
        now.model->trained_at = b->statement->span;
        TRY(assign_target(ev, t->target, now));
    }
    TRY(set_number(ev, "epoch", value_int(m->epoch), at));
    if (m->batch) TRY(set_number(ev, "batch", value_int(m->batch), at));
    ev->moment = m;
    bool ok = run_blocks(b, m->batch ? "batch" : "epoch");
    ev->moment = outer;
    return ok;
}

static bool has_block(const struct ast *s, const char *which) {
    for (int i = 0; i < s->n_body; i++)
        if (s->body[i]->kind == AST_EACH && strcmp(s->body[i]->name, which) == 0) return true;
    return false;
}

void each_prepare(struct each_blocks *e, struct train_block *b) {
    e->block = b;
    b->each = e;
    if (has_block(b->statement, "epoch")) b->spec.each_epoch = run_each;
    if (has_block(b->statement, "batch")) b->spec.each_batch = run_each;
}

bool each_check(struct train_block *b) {
    static const struct train_moment nowhere;
    struct eval *ev = b->ev;
    const struct train_moment *outer = ev->moment;
    struct desc number = {.dtype = DT_INT64};
    if (!has_block(b->statement, "epoch") && !has_block(b->statement, "batch")) return true;
    TRY(set_number(ev, "epoch", value_desc(&number, ev->e), b->statement->span));
    TRY(set_number(ev, "batch", value_desc(&number, ev->e), b->statement->span));
    ev->moment = &nowhere;
    bool ok = run_blocks(b, "epoch") && run_blocks(b, "batch");
    ev->moment = outer;
    return ok;
}
