/* Numbers in place of unknown sizes, when the batch is known. */
#include "passes.h"
#include "rewrite.h"
#include "size.h"

struct sizes {
    int64_t rows, batch;
};

static void resolve(struct shape *s, int64_t batch) {
    for (int i = 0; i < s->n; i++) s->size[i] = size_resolve(s->size[i], batch);
}

static bool still_unknown(const struct node *old, const struct shape *s, struct err *e) {
    char text[256];
    err_set(e, ERR_SHAPE, "The shape %s has a size that is not known, so this cannot be computed.",
            shape_print(s, text, sizeof text));
    return err_at(e, old->span);
}

/* How many numbers of the whole batch a reduction folds. `old` has the sizes as they were. */
static struct node *count_of(struct rewrite *r, const struct node *old) {
    const struct sizes *sizes = r->user;
    struct shape s = old->in[0]->desc.shape;
    resolve(&s, sizes->batch);
    double count = 1;
    for (int i = 0; i < s.n; i++) {
        if (old->attrs.axes >> i & 1) count *= (double)s.size[i];
    }
    const struct attrs fill = {.dtype = old->desc.dtype, .a = count};
    return graph_push(r->g, OP_fill, NULL, 0, &fill, &old->desc, r->e);
}

/* Positions on an axis whose size was not known before are checked now. */
static bool check_again(enum op op, struct node *const *in, const struct attrs *attrs,
                        struct err *e) {
    struct prepared p;
    if (op != OP_slice && op != OP_place && op != OP_reshape) return true;
    const struct desc *d = &in[0]->desc;
    return op_prepare(op, &d, 1, attrs, DT_FLOAT64, &p, e);
}

static struct node *with_sizes(struct rewrite *r, const struct node *old, struct node *const *in) {
    const struct sizes *sizes = r->user;
    if (old->op == OP_count) return count_of(r, old);
    struct desc desc = old->desc;
    struct attrs attrs = old->attrs;
    resolve(&desc.shape, sizes->rows);
    resolve(&attrs.shape, sizes->rows);
    if (!shape_known(&desc.shape)) return still_unknown(old, &old->desc.shape, r->e), NULL;
    if (!check_again(old->op, in, &attrs, r->e)) return err_at(r->e, old->span), NULL;
    return graph_push_copy(r->g, old, in, &attrs, &desc, r->e);
}

struct graph *pass_sizes(const struct graph *g, struct node **roots, int n_roots, int64_t rows,
                         int64_t batch, struct err *e) {
    struct sizes sizes = {rows, batch};
    return graph_rewrite(g, roots, n_roots, with_sizes, &sizes, e);
}
