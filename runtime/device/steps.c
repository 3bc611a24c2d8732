/* Second job: the steps, level by level. Elementwise operations on equally many numbers become
 * groups, as many at a time as a group holds; what only moves numbers (expand, transpose, slice) is
 * a group that reads through a walk. */
#include "program.h"
#include <string.h>

/* ---- walks ---- */

static void drop_axis(struct elem_input *in, int i) {
    for (int k = i; k + 1 < in->n; k++) in->size[k] = in->size[k + 1];
    for (int k = i; k + 1 < in->n; k++) in->stride[k] = in->stride[k + 1];
    in->n--;
}

/* Axes of size 1 go, axes that lie one after the other are joined; contiguous becomes -1. */
static void simplify(struct elem_input *in, int64_t count) {
    for (int i = in->n - 1; i >= 0; i--)
        if (in->size[i] == 1) drop_axis(in, i);
    for (int i = in->n - 2; i >= 0; i--) {
        if (in->stride[i] != in->stride[i + 1] * in->size[i + 1]) continue;
        in->size[i + 1] *= in->size[i];
        drop_axis(in, i);
    }
    bool whole = in->n == 1 && in->stride[0] == 1;
    if (in->base == 0 && (whole || (in->n == 0 && count == 1))) in->n = -1;
}

static void strides_of(const struct shape *s, int64_t *stride) {
    int64_t n = 1;
    for (int i = s->n - 1; i >= 0; i--) {
        stride[i] = n;
        n *= s->size[i];
    }
}

/* How results of an expand, transpose or slice are found in the operand. */
static void walk_through(const struct node *n, struct elem_input *in) {
    const struct shape *from = &n->in[0]->desc.shape, *to = &n->desc.shape;
    const struct attrs *a = &n->attrs;
    int64_t stride[MAX_AXES];
    strides_of(from, stride);
    in->n = to->n;
    for (int i = to->n - 1, k = from->n - 1; i >= 0; i--) {
        in->size[i] = to->size[i];
        if (n->op == OP_transpose) {
            in->stride[i] = stride[a->perm[i]];
        } else if (n->op == OP_slice) {
            in->stride[i] = stride[i] * a->step[i];
            in->base += stride[i] * a->begin[i];
        } else if (a->axes >> i & 1) {
            in->stride[i] = 0;
            if (from->n == to->n) k--;
        } else {
            in->stride[i] = stride[k--];
        }
    }
}

/* ---- groups ---- */

/* Codes with as many registers as there are values; packed at the end. */
struct drafting {
    struct builder *b;
    struct elem_group g;
    int32_t keys[ELEM_INPUTS];     /* node that an input stands for */
    int32_t nodes[ELEM_CODES];     /* node that a code computes; -1: a virtual fill */
    int16_t source[ELEM_CODES][3]; /* inputs: k, codes: ELEM_INPUTS + k; -1: none */
};

static int add_input(struct drafting *d, int32_t root, int64_t count) {
    struct builder *b = d->b;
    for (int i = 0; i < d->g.n_inputs; i++)
        if (d->keys[i] == root) return i;
    if (d->g.n_inputs == ELEM_INPUTS) return -1;
    const struct draft *x = &b->drafts[root];
    struct elem_input *in = &d->g.inputs[d->g.n_inputs];
    *in = (struct elem_input){.value = root, .n = -1};
    if (x->is_virtual) {
        in->value = b->drafts[x->node->in[0]->id].root;
        walk_through(x->node, in);
        simplify(in, count);
    } else if (x->count == 1 && count != 1) {
        in->n = 0;
    }
    d->keys[d->g.n_inputs] = root;
    return d->g.n_inputs++;
}

static int add_code(struct drafting *d, const struct node *n, int32_t key) {
    if (d->g.n_codes == ELEM_CODES) return -1;
    int at = d->g.n_codes++;
    enum dtype from = n->n_in ? n->in[n->n_in - 1]->desc.dtype : n->desc.dtype;
    d->g.codes[at] = (struct elem_code){
        .op = (uint8_t)n->op, .from = (uint8_t)from, .to = (uint8_t)n->desc.dtype, .a = n->attrs.a};
    d->nodes[at] = key;
    for (int k = 0; k < 3; k++) d->source[at][k] = -1;
    return at;
}

static int find_code(const struct drafting *d, int32_t key) {
    for (int i = 0; i < d->g.n_codes; i++)
        if (d->nodes[i] == key) return i;
    return -1;
}

/* The operand as a source; virtual fills become codes. */
static int operand(struct drafting *d, int32_t root, int64_t count) {
    const struct draft *x = &d->b->drafts[root];
    int code = find_code(d, root);
    if (code < 0 && x->is_virtual && x->node->op == OP_fill) code = add_code(d, x->node, root);
    else if (code < 0) return add_input(d, root, count);
    return code < 0 ? -1 : ELEM_INPUTS + code;
}

static bool add_node(struct drafting *d, const struct draft *x) {
    int16_t source[3] = {-1, -1, -1};
    for (int k = 0; k < x->node->n_in; k++) {
        int from = operand(d, d->b->drafts[x->node->in[k]->id].root, x->count);
        if (from < 0) return false;
        source[k] = (int16_t)from;
    }
    int at = add_code(d, x->node, x->root);
    if (at < 0) return false;
    memcpy(d->source[at], source, sizeof source);
    return true;
}

/* Is the value of this node wanted by anybody but the nodes of its own group? */
static bool leaves_group(const struct drafting *d, int32_t root) {
    const struct builder *b = d->b;
    if (b->drafts[root].needed) return true;
    for (int i = root + 1; i < b->n; i++) {
        const struct draft *x = &b->drafts[i];
        if (x->root != i) continue; /* who reads a view reads its root */
        for (int k = 0; k < x->node->n_in; k++)
            if (b->drafts[x->node->in[k]->id].root == root && find_code(d, i) < 0) return true;
    }
    return false;
}

static bool add_outputs(struct drafting *d) {
    for (int i = 0; i < d->g.n_codes; i++) {
        int32_t root = d->nodes[i];
        if (d->b->drafts[root].is_virtual || !leaves_group(d, root)) continue;
        if (d->g.n_outputs == ELEM_OUTPUTS) return false;
        d->g.outputs[d->g.n_outputs++] = (struct elem_output){root, ELEM_INPUTS + i};
    }
    return true;
}

static int last_use(const struct drafting *d, int source) {
    int last = -1;
    for (int i = 0; i < d->g.n_codes; i++)
        for (int k = 0; k < 3; k++)
            if (d->source[i][k] == source) last = i;
    for (int i = 0; i < d->g.n_outputs; i++)
        if (d->g.outputs[i].reg == source) last = ELEM_CODES;
    return last;
}

/* Registers are taken back after a value's last use. False when there are too few. */
static bool assign_registers(struct drafting *d) {
    int until[ELEM_REGISTERS], reg[ELEM_INPUTS + ELEM_CODES];
    for (int r = 0; r < ELEM_REGISTERS; r++) until[r] = r < d->g.n_inputs ? last_use(d, r) : -1;
    for (int i = 0; i < d->g.n_inputs; i++) reg[i] = i;
    for (int i = 0; i < d->g.n_codes; i++) {
        struct elem_code *c = &d->g.codes[i];
        for (int k = 0; k < 3; k++)
            c->in[k] = (uint8_t)(d->source[i][k] < 0 ? 0 : reg[d->source[i][k]]);
        int r = 0;
        while (r < ELEM_REGISTERS && (until[r] > i || (r < d->g.n_inputs && until[r] == i))) r++;
        if (r == ELEM_REGISTERS) return false;
        c->out = (uint8_t)r;
        reg[ELEM_INPUTS + i] = r;
        until[r] = last_use(d, ELEM_INPUTS + i);
    }
    for (int i = 0; i < d->g.n_outputs; i++) d->g.outputs[i].reg = reg[d->g.outputs[i].reg];
    return true;
}

/* ---- steps ---- */

static struct program_step *add_step(struct builder *b, enum program_kind kind, int n_in, int n_out,
                                     int32_t **in, int32_t **out, struct err *e) {
    *in = builder_alloc(b, (size_t)n_in, sizeof **in, e);
    *out = builder_alloc(b, (size_t)n_out, sizeof **out, e);
    if (!*in || !*out) return NULL;
    struct program_step *s = &b->steps[b->n_steps++];
    *s = (struct program_step){.kind = kind, .n_in = n_in, .n_out = n_out, .in = *in, .out = *out};
    return s;
}

static bool emit_group(struct builder *b, const struct elem_group *g, struct err *e) {
    int32_t *in, *out;
    struct elem_group *kept = builder_alloc(b, 1, sizeof *kept, e);
    struct program_step *s =
        kept ? add_step(b, RUN_GROUP, g->n_inputs, g->n_outputs, &in, &out, e) : NULL;
    if (!s) return false;
    *kept = *g;
    s->group = kept;
    for (int i = 0; i < g->n_inputs; i++) in[i] = g->inputs[i].value;
    for (int i = 0; i < g->n_outputs; i++) out[i] = g->outputs[i].value;
    return true;
}

/* The first of nodes[0, n) as a group, as many as fit into one. 0: failed. */
static int make_group(struct drafting *d, const int32_t *nodes, int n, int most) {
    struct builder *b = d->b;
    d->g = (struct elem_group){.count = b->drafts[nodes[0]].count};
    int k = 0;
    for (; k < n && k < most; k++) {
        int inputs = d->g.n_inputs, codes = d->g.n_codes;
        if (add_node(d, &b->drafts[nodes[k]])) continue;
        d->g.n_inputs = inputs;
        d->g.n_codes = codes;
        break;
    }
    if (add_outputs(d) && assign_registers(d)) return k;
    return k > 1 ? make_group(d, nodes, n, k / 2) : 0;
}

static bool emit_groups(struct builder *b, const int32_t *nodes, int n, struct err *e) {
    struct drafting *d = builder_alloc(b, 1, sizeof *d, e);
    if (!d) return false;
    d->b = b;
    for (int i = 0; i < n;) {
        int made = make_group(d, nodes + i, n - i, n - i);
        if (made == 0) return err_set(e, ERR_BUG, "A group of operations does not fit.");
        TRY(emit_group(b, &d->g, e));
        i += made;
    }
    return true;
}

static bool emit_move(struct builder *b, const struct draft *x, struct err *e) {
    struct elem_group g = {.count = x->count, .n_inputs = 1, .n_outputs = 1};
    g.inputs[0].value = b->drafts[x->node->in[0]->id].root;
    g.outputs[0] = (struct elem_output){x->root, 0};
    walk_through(x->node, &g.inputs[0]);
    simplify(&g.inputs[0], x->count);
    return emit_group(b, &g, e);
}

static bool emit_op(struct builder *b, const struct draft *x, struct err *e) {
    const struct node *n = x->node;
    int32_t *in, *out;
    if (n->op == OP_expand || n->op == OP_transpose || n->op == OP_slice) return emit_move(b, x, e);
    struct program_step *s = add_step(b, RUN_OP, n->n_in, 1, &in, &out, e);
    if (!s) return false;
    s->op = n->op;
    s->attrs = &n->attrs;
    for (int k = 0; k < n->n_in; k++) in[k] = n->in[k]->id; /* a view has its own shape */
    out[0] = x->root;
    return true;
}

static bool is_computed(const struct builder *b, int i) {
    const struct draft *d = &b->drafts[i];
    return d->root == i && !is_leaf_node(d->node) && !d->is_virtual && d->count > 0;
}

/* Groups of a level: all elementwise nodes with the same count, in the order of the graph. */
static bool emit_level_groups(struct builder *b, int32_t level, int32_t *nodes, struct err *e) {
    for (int i = 0; i < b->n; i++) {
        struct draft *d = &b->drafts[i];
        if (d->level != level || d->unit >= 0 || !is_computed(b, i) || !is_elementwise(d->node))
            continue;
        int n = 0;
        for (int k = i; k < b->n; k++) {
            struct draft *x = &b->drafts[k];
            if (x->level != level || x->count != d->count || !is_computed(b, k)) continue;
            if (!is_elementwise(x->node)) continue;
            x->unit = 0;
            nodes[n++] = k;
        }
        TRY(emit_groups(b, nodes, n, e));
    }
    return true;
}

static bool emit_feeds(struct builder *b, struct err *e) {
    for (int i = 0; i < b->n; i++) {
        const struct draft *d = &b->drafts[i];
        int32_t *in, *out;
        if (d->node->op != OP_input || d->count == 0) continue;
        struct program_step *s = add_step(b, RUN_FEED, 0, 1, &in, &out, e);
        if (!s) return false;
        s->input = d->node->index;
        out[0] = i;
    }
    return true;
}

bool builder_steps(struct builder *b, struct err *e) {
    int32_t levels = 0;
    b->max_steps = 2 * b->n + 4;
    b->steps = builder_alloc(b, (size_t)b->max_steps, sizeof *b->steps, e);
    int32_t *nodes = builder_alloc(b, (size_t)b->n, sizeof *nodes, e);
    if (!b->steps || !nodes) return false;
    for (int i = 0; i < b->n; i++)
        if (b->drafts[i].level > levels) levels = b->drafts[i].level;
    TRY(emit_feeds(b, e));
    for (int32_t level = 1; level <= levels; level++) {
        for (int i = 0; i < b->n; i++) {
            const struct draft *d = &b->drafts[i];
            bool op = d->level == level && is_computed(b, i) && !is_elementwise(d->node);
            if (op) TRY(emit_op(b, d, e));
        }
        TRY(emit_level_groups(b, level, nodes, e));
    }
    return true;
}
