/* Rules and derivatives of `warp`: images read through a map of places. */
#include "grad.h"
#include "rules.h"
#include "size.h"

static bool maps_fit(const struct rule_call *c, int64_t images, struct err *e) {
    const struct shape *m = &c->in[1]->shape;
    bool one = m->n == 1 && m->size[0] == 6;
    bool each = m->n == 2 && m->size[1] == 6 && !size_conflict(m->size[0], images);
    if (one || each) return true;
    return err_set(e, ERR_BUG, "`%s` takes maps of six numbers, one for all or one for each image.",
                   op_name(c->op));
}

bool rule_warp(const struct rule_call *c, struct prepared *p, struct err *e) {
    const struct shape *x = &c->in[0]->shape, *to = &c->attrs->shape;
    if (x->n != 4 || to->n != 4 || size_conflict(x->size[3], to->size[3]))
        return err_set(e, ERR_BUG, "`%s` takes images and gives images.", op_name(c->op));
    TRY(maps_fit(c, x->size[0], e));
    p->cast[0] = p->cast[1] = p->out.dtype = type_float(type_common(c->in, 2, c->real), c->real);
    p->out.shape = *to;
    p->out.shape.size[0] = x->size[0];
    return true;
}

/* warp and warp_back are each other's transpose; nothing flows into the maps. */
static void grad_of_warp(struct grad *c) {
    struct attrs a = {
        .shape = c->n->in[0]->desc.shape, .axis = c->n->attrs.axis, .a = c->n->attrs.a};
    enum op back = c->n->op == OP_warp ? OP_warp_back : OP_warp;
    if (!c->need[0]) return;
    c->in[0] = graph_add2(c->g, back, c->up, c->n->in[1], &a, c->e);
    c->failed = c->failed || !c->in[0];
}

grad_fn *grad_of_warps(enum op op) {
    return op == OP_warp || op == OP_warp_back ? grad_of_warp : NULL;
}
