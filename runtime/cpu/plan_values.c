/* First job of building a plan: what each node is to it (leaf, view, virtual, computed), how its
 * elements are shared by the lanes, and in which phase it can be computed. */
#include "build.h"

static int64_t count_of(const struct node *n) {
    return shape_product(&n->desc.shape, 0, n->desc.shape.n);
}

static bool is_view(const struct node *n) {
    if (n->op == OP_reshape || n->op == OP_stop_gradient) return true;
    return n->op == OP_cast && n->in[0]->desc.dtype == n->desc.dtype;
}

bool is_groupable(const struct node *n) {
    if (!(op_flags(n->op) & OP_ELEMENTWISE) || n->op == OP_range || n->op == OP_fill) return false;
    return !is_view(n);
}

static bool is_leaf(const struct node *n) {
    return n->op == OP_input || n->op == OP_weight || n->op == OP_constant;
}

/* Small things are made by lane 0 alone. */
static int64_t default_cut(int64_t count) {
    enum { WORTH = 4096 };
    return count < WORTH ? count : count / 2 / 64 * 64;
}

/* Work of one element decides whether halves pay; a result of few elements may fold many. */
static int64_t heavy_cut(const struct node *n, int64_t count) {
    const struct shape *s = &n->desc.shape;
    int64_t inner = s->n ? count / (s->size[0] ? s->size[0] : 1) : 1, read = 0;
    for (int i = 0; i < n->n_in; i++) read += count_of(n->in[i]);
    if (read + count < 4096) return count;
    if (n->op == OP_conv_kernel && count > 0) return count / s->size[3] / 2 * s->size[3];
    bool product = n->op == OP_matmul || n->op == OP_recur_weight;
    if (product && s->n >= 1 && n->in[0]->desc.shape.n > 1) return s->size[0] / 2 * inner;
    bool folds = op_flags(n->op) & OP_REDUCE;
    if (folds && count >= 32) return count / 2 / 16 * 16;
    return folds || n->op == OP_matmul ? count : default_cut(count);
}

static bool cuts_by_element(const struct node *n) {
    switch (n->op) {
    case OP_expand:
    case OP_transpose:
    case OP_slice:
    case OP_fill:
    case OP_range:
    case OP_uniform:
    case OP_normal:
    case OP_bernoulli:
    case OP_sum:
    case OP_mean:
    case OP_max:
    case OP_min:
    case OP_any:
    case OP_all: return true;
    default: return is_groupable(n);
    }
}

/* How lane 0's share of the elements is chosen. */
static int64_t cut_of(const struct plan *p, const struct node *n, int64_t count) {
    const struct shape *s = &n->desc.shape;
    if (p->batch > 0 && s->n > 0 && s->size[0] == p->batch && rows_free(n))
        return count / p->batch * p->row_cut;
    if (is_groupable(n)) {
        for (int i = 0; i < n->n_in; i++) {
            const struct value *v = &p->values[p->values[n->in[i]->id].root];
            bool made = v->node->op == OP_input || !is_leaf(v->node);
            if (v->count == count && !v->is_virtual && made) return v->cut;
        }
        return default_cut(count);
    }
    if (n->op == OP_conv_kernel && count > 0) return count / s->size[3] / 2 * s->size[3];
    bool product = n->op == OP_matmul || n->op == OP_recur_weight;
    if (product && s->n > 0) return heavy_cut(n, count);
    return cuts_by_element(n) ? heavy_cut(n, count) : count;
}

/* `aligned`: element i of the reader needs element i of v at most (after scaling to rows). */
int phase_after(const struct plan *p, int v, int64_t cut, int64_t count, bool aligned) {
    const struct value *x = &p->values[p->values[v].root];
    if (is_leaf(x->node) && x->node->op != OP_input) return 0;
    if (x->is_virtual) {
        if (x->node->op == OP_fill) return 0;
        bool rows = aligned && rows_match(x->node, 0);
        return phase_after(p, x->node->in[0]->id, cut, count, rows);
    }
    /* everything was made by the lane that reads everything */
    if (cut == count && x->cut == x->count) return x->phase;
    if (cut == 0 && x->cut == 0) return x->phase;
    /* both are cut in the same proportion */
    bool same = x->count > 0 && count > 0 &&
                (double)x->cut * (double)count == (double)cut * (double)x->count;
    return aligned && same ? x->phase : x->phase + 1;
}

/* Phase in which v, made by n, can use operand i. */
static int phase_for(const struct plan *p, const struct node *n, const struct value *v, int i) {
    bool aligned = rows_match(n, i);
    if (is_groupable(n)) aligned = p->values[n->in[i]->id].count == v->count;
    if (!is_groupable(n) && v->cut != 0 && v->cut != v->count) {
        /* only rows of the batch are known to stay apart */
        const struct shape *s = &n->desc.shape;
        bool rows = p->batch > 0 && s->n > 0 && s->size[0] == p->batch && rows_free(n);
        aligned = aligned && rows;
    }
    return phase_after(p, n->in[i]->id, v->cut, v->count, aligned);
}

static int phase_of(const struct plan *p, const struct node *n, const struct value *v) {
    int phase = 0;
    for (int i = 0; i < n->n_in; i++) {
        int at = phase_for(p, n, v, i);
        if (at > phase) phase = at;
    }
    return phase;
}

static void place_leaf(struct plan *p, struct value *v) {
    const struct node *n = v->node;
    if (n->op == OP_weight) {
        v->space = SPACE_WEIGHTS;
        v->offset = (size_t)n->offset * v->bytes;
    } else if (n->op == OP_constant) {
        v->space = SPACE_CONSTANT;
        v->constant = n->constant->data;
    } else {
        v->space = SPACE_INPUT;
        v->needed = true;
        v->phase = p->prepares;
        v->cut = cut_of(p, n, v->count);
    }
}

/* An expansion that only groups read is never written out. */
static void find_virtual(struct plan *p) {
    for (int i = 0; i < p->n_values; i++) {
        const struct node *n = p->values[i].node;
        p->values[i].is_virtual = (n->op == OP_expand || n->op == OP_fill) && !p->values[i].needed;
    }
    for (int i = 0; i < p->n_values; i++) {
        const struct node *n = p->values[i].node;
        for (int k = 0; k < n->n_in && !is_view(n); k++) {
            struct value *v = &p->values[p->values[n->in[k]->id].root];
            if (!is_groupable(n)) v->is_virtual = false;
        }
    }
}

/* Views share the value of what they look at. */
static bool find_roots(struct plan *p) {
    for (int i = 0; i < p->n_values; i++) {
        const struct node *n = graph_node(p->graph, i);
        struct value *v = &p->values[i];
        *v = (struct value){.node = n, .root = i, .unit = -1, .count = count_of(n)};
        v->bytes = dtype_bytes(n->desc.dtype);
        if (is_view(n)) v->root = p->values[n->in[0]->id].root;
    }
    return true;
}

void plan_need(struct plan *p, const struct node *n) {
    p->values[p->values[n->id].root].needed = true;
}

bool plan_roots(struct plan *p, struct err *e) {
    p->n_values = graph_n_nodes(p->graph);
    p->values = plan_alloc(p, (size_t)p->n_values, sizeof *p->values, e);
    return p->values && find_roots(p);
}

/* Does an image meet a kernel that is turned round first? Both lanes need all of it: it is made in
 * a phase before the data come in, so that the lanes need not wait for each other in between. */
static bool turns_kernels(const struct plan *p) {
    for (int i = 0; i < p->n_values; i++) {
        const struct node *n = p->values[i].node;
        if (n->op != OP_conv && n->op != OP_conv_input) continue;
        if (!is_leaf(p->values[p->values[n->in[1]->id].root].node)) return true;
    }
    return false;
}

/* ---- as late as possible ---- */

struct uses {
    int32_t last;  /* phase of the last reader */
    int32_t limit; /* phase in which the value must be there at the latest, by the readers seen */
};

/* The value that operand i is made from, through expansions that are never written out. */
static struct value *maker_of(const struct plan *p, const struct node *n, int i) {
    struct value *v = &p->values[p->values[n->in[i]->id].root];
    while (v->is_virtual && v->node->op == OP_expand)
        v = &p->values[p->values[v->node->in[0]->id].root];
    return v;
}

static void note_last(const struct plan *p, const struct value *v, struct uses *uses) {
    for (int i = 0; i < v->node->n_in; i++) {
        struct uses *u = &uses[maker_of(p, v->node, i)->root];
        if (v->phase > u->last) u->last = v->phase;
    }
}

static void note_limit(const struct plan *p, const struct value *v, struct uses *uses) {
    for (int i = 0; i < v->node->n_in; i++) {
        const struct value *from = maker_of(p, v->node, i);
        struct uses *u = &uses[from->root];
        int delay = phase_for(p, v->node, v, i) - from->phase;
        if (v->phase - delay < u->limit) u->limit = v->phase - delay;
    }
}

/* Bytes times phases that operands are kept longer when v is made in phase `late`. */
static double price_of(const struct plan *p, const struct value *v, const struct uses *uses,
                       int late) {
    double price = 0;
    for (int i = 0; i < v->node->n_in; i++) {
        const struct value *from = maker_of(p, v->node, i);
        int until = uses[from->root].last > v->phase ? uses[from->root].last : v->phase;
        bool kept = from->space != SPACE_ARENA || from->needed;
        if (!kept && late > until)
            price += (double)(late - until) * (double)from->count * (double)from->bytes;
    }
    return price;
}

/* What is first wanted much later, like the slope of an activation, is made then, if its operands
 * are still there: nothing is written that would have to be read again. */
static bool sink_values(struct plan *p, struct err *e) {
    enum { WORTH = 4096 };
    struct uses *uses = plan_alloc(p, (size_t)p->n_values + 1, sizeof *uses, e);
    if (!uses) return false;
    for (int i = 0; i < p->n_values; i++) uses[i] = (struct uses){-1, INT32_MAX};
    for (int i = 0; i < p->n_values; i++)
        if (p->values[i].root == i && !p->values[i].is_virtual) note_last(p, &p->values[i], uses);
    for (int i = p->n_values - 1; i >= 0; i--) {
        struct value *v = &p->values[i];
        if (v->root != i || is_leaf(v->node) || v->is_virtual) continue;
        int late = uses[i].limit;
        bool moves = is_groupable(v->node) && !v->needed && v->count >= WORTH && late < INT32_MAX &&
                     late > v->phase;
        double gain = moves ? (double)(late - v->phase) * (double)v->count * (double)v->bytes : 0;
        if (moves && price_of(p, v, uses, late) < gain) v->phase = late;
        note_last(p, v, uses);
        note_limit(p, v, uses);
    }
    return true;
}

bool plan_values(struct plan *p, struct err *e) {
    find_virtual(p);
    p->prepares = turns_kernels(p);
    for (int i = 0; i < p->n_values; i++) {
        struct value *v = &p->values[i];
        if (v->root != i) continue;
        if (is_leaf(v->node)) {
            place_leaf(p, v);
        } else {
            v->space = SPACE_ARENA;
            v->cut = cut_of(p, v->node, v->count);
            v->phase = phase_of(p, v->node, v);
        }
    }
    return sink_values(p, e);
}
