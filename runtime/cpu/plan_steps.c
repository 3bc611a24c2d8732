/* Second job of building a plan: elementwise operations are gathered into groups, every other
 * operation becomes a call, and all are put into an order. */
#include "build.h"

enum { MAX_MEMBERS = 24, MAX_EXTERNAL = GROUP_MAX_INPUTS - 2 };

/* A step to be: a group, or one operation. */
struct unit {
    int32_t phase;
    int32_t members[MAX_MEMBERS]; /* values, by rising number */
    int32_t n_members;
    bool is_group;
    int32_t stamp, placed;
};

struct gathering {
    struct plan *p;
    struct unit *units;
    int n_units;
    int32_t stamp;
    int32_t *order; /* units in an order that respects what they read */
    int n_ordered;
};

static struct value *root_of(const struct plan *p, const struct node *n) {
    return &p->values[p->values[n->id].root];
}

/* The value whose bytes an operand is really read from. */
static struct value *source_of(const struct plan *p, const struct node *n) {
    struct value *v = root_of(p, n);
    if (v->is_virtual && v->node->op == OP_expand) return source_of(p, v->node->in[0]);
    return v;
}

static int count_external(const struct plan *p, const struct unit *u) {
    int32_t seen[GROUP_MAX_INPUTS + 3];
    int n = 0;
    for (int m = 0; m < u->n_members; m++) {
        const struct node *node = p->values[u->members[m]].node;
        for (int i = 0; i < node->n_in; i++) {
            const struct value *v = root_of(p, node->in[i]);
            bool known = v->unit >= 0 && v->unit == p->values[u->members[m]].unit;
            for (int k = 0; k < n && !known; k++) known = seen[k] == v->root;
            if (!known && n < GROUP_MAX_INPUTS + 3) seen[n++] = v->root;
        }
    }
    return n;
}

/* Does unit `u` read, directly or through others, what unit `target` makes? */
static bool depends(struct gathering *g, int u, int target) {
    struct unit *unit = &g->units[u];
    if (u == target) return true;
    if (unit->stamp == g->stamp) return false;
    unit->stamp = g->stamp;
    for (int m = 0; m < unit->n_members; m++) {
        const struct node *n = g->p->values[unit->members[m]].node;
        for (int i = 0; i < n->n_in; i++) {
            int v = source_of(g->p, n->in[i])->unit;
            if (v >= 0 && v != u && depends(g, v, target)) return true;
        }
    }
    return false;
}

/* Joining must not make the group wait for something that waits for the group. */
static bool may_join(struct gathering *g, const struct value *v, int u) {
    struct unit *unit = &g->units[u];
    struct plan *p = g->p;
    const struct value *first = &p->values[unit->members[0]];
    if (!unit->is_group || unit->n_members >= MAX_MEMBERS || unit->phase != v->phase) return false;
    if (first->count != v->count || first->cut != v->cut) return false;
    for (int i = 0; i < v->node->n_in; i++) {
        const struct value *in = root_of(p, v->node->in[i]), *from = source_of(p, v->node->in[i]);
        bool through_walk = in != from;
        if (from->unit < 0 || (from->unit == u && !through_walk)) continue;
        g->stamp++;
        if (depends(g, from->unit, u)) return false;
    }
    unit->members[unit->n_members++] = v->root;
    p->values[v->root].unit = u;
    if (count_external(p, unit) <= MAX_EXTERNAL) return true;
    unit->n_members--;
    p->values[v->root].unit = -1;
    return false;
}

static void gather_value(struct gathering *g, struct value *v) {
    bool groupable = is_groupable(v->node);
    for (int i = v->node->n_in - 1; groupable && i >= 0; i--) {
        int u = root_of(g->p, v->node->in[i])->unit;
        if (u >= 0 && may_join(g, v, u)) return;
    }
    struct unit *unit = &g->units[g->n_units];
    *unit = (struct unit){.phase = v->phase, .is_group = groupable, .n_members = 1};
    unit->members[0] = v->root;
    v->unit = g->n_units++;
}

/* Everything that another step reads has to be in memory. */
static void mark_needed(struct plan *p) {
    for (int i = 0; i < p->n_values; i++) {
        struct value *v = &p->values[i];
        if (v->root != i || v->unit < 0) continue;
        for (int k = 0; k < v->node->n_in; k++) {
            struct value *in = source_of(p, v->node->in[k]);
            if (in->unit != v->unit || root_of(p, v->node->in[k]) != in) in->needed = true;
        }
    }
}

static void order_unit(struct gathering *g, int u) {
    struct unit *unit = &g->units[u];
    if (unit->placed) return;
    unit->placed = 1;
    for (int m = 0; m < unit->n_members; m++) {
        const struct node *n = g->p->values[unit->members[m]].node;
        for (int i = 0; i < n->n_in; i++) {
            int v = source_of(g->p, n->in[i])->unit;
            if (v >= 0 && v != u) order_unit(g, v);
        }
    }
    g->order[g->n_ordered++] = u;
}

/* ---- making the steps ---- */

struct group_build {
    struct plan *p;
    struct step *s;
    int unit;
    int of_value[GROUP_MAX_INPUTS + MAX_MEMBERS]; /* the group's value number … */
    int32_t key[GROUP_MAX_INPUTS + MAX_MEMBERS];  /* … of this value */
    int n_keys;
};

static int group_value(struct group_build *b, const struct node *n) {
    const struct plan *p = b->p;
    const struct value *v = root_of(p, n);
    struct group *g = b->s->group;
    for (int i = 0; i < b->n_keys; i++)
        if (b->key[i] == v->root) return b->of_value[i];
    enum dtype t = v->node->desc.dtype;
    int made;
    if (v->is_virtual && v->node->op == OP_fill) {
        made = group_fill(g, t, v->node->attrs.a);
    } else {
        b->s->in[b->s->n_in++] = source_of(p, n)->root;
        if (v->is_virtual) {
            const struct desc *from = &v->node->in[0]->desc;
            struct call_spec spec = {OP_expand, &from, 1, &v->node->desc, &v->node->attrs, NULL};
            struct walk w = walk_of(&spec);
            made = group_input_walk(g, t, &w);
        } else {
            made = group_input(g, t, v->count);
        }
    }
    b->key[b->n_keys] = v->root;
    b->of_value[b->n_keys++] = made;
    return made;
}

static bool make_group(struct plan *p, const struct unit *u, int index, struct step *s,
                       struct err *e) {
    struct group_build b = {.p = p, .s = s, .unit = index};
    s->group = plan_alloc(p, 1, sizeof *s->group, e);
    s->in = plan_alloc(p, GROUP_MAX_INPUTS, sizeof *s->in, e);
    s->out = plan_alloc(p, (size_t)u->n_members, sizeof *s->out, e);
    if (!s->group || !s->in || !s->out) return false;
    group_init(s->group, p->values[u->members[0]].count);
    for (int m = 0; m < u->n_members; m++) {
        const struct value *v = &p->values[u->members[m]];
        int in[3] = {-1, -1, -1};
        for (int i = 0; i < v->node->n_in; i++) in[i] = group_value(&b, v->node->in[i]);
        int made = group_op(s->group, v->node->op, v->node->desc.dtype, in, v->node->n_in,
                            &v->node->attrs);
        if (made < 0)
            return err_set(e, ERR_BUG, "There is no kernel for `%s` on %s.", op_name(v->node->op),
                           dtype_name(v->node->desc.dtype));
        b.key[b.n_keys] = v->root;
        b.of_value[b.n_keys++] = made;
    }
    for (int m = 0; m < u->n_members; m++) {
        if (!p->values[u->members[m]].needed) continue;
        for (int k = 0; k < b.n_keys; k++)
            if (b.key[k] == u->members[m]) group_result(s->group, b.of_value[k]);
        s->out[s->n_out++] = u->members[m];
    }
    group_finish(s->group, &s->call);
    s->cut = p->values[u->members[0]].cut;
    return true;
}

static bool make_call(struct plan *p, const struct unit *u, struct step *s, struct err *e) {
    const struct value *v = &p->values[u->members[0]];
    const struct node *n = v->node;
    const struct desc **descs = plan_alloc(p, (size_t)n->n_in + 1, sizeof *descs, e);
    void *memory = plan_alloc(p, 1, call_memory(n->n_in + 1), e);
    s->in = plan_alloc(p, (size_t)n->n_in + 1, sizeof *s->in, e);
    s->out = plan_alloc(p, 1, sizeof *s->out, e);
    if (!descs || !memory || !s->in || !s->out) return false;
    for (int i = 0; i < n->n_in; i++) {
        descs[i] = &n->in[i]->desc;
        s->in[s->n_in++] = root_of(p, n->in[i])->root;
    }
    s->out[s->n_out++] = v->root;
    TRY(call_init(&s->call, n->op, descs, n->n_in, &n->desc, &n->attrs, memory, e));
    s->cut = v->count ? (int64_t)((__int128)v->cut * s->call.n_units / v->count) : 0;
    return true;
}

static bool make_steps(struct gathering *g, struct err *e) {
    int phases = 0;
    for (int u = 0; u < g->n_units; u++)
        if (g->units[u].phase >= phases) phases = g->units[u].phase + 1;
    for (int phase = 0; phase < phases; phase++)
        for (int i = 0; i < g->n_ordered; i++) {
            const struct unit *u = &g->units[g->order[i]];
            if (u->phase != phase) continue;
            struct step *s = plan_add_step(g->p, STEP_CALL, phase);
            TRY(u->is_group ? make_group(g->p, u, g->order[i], s, e) : make_call(g->p, u, s, e));
        }
    return true;
}

static bool feed_steps(struct plan *p, struct err *e) {
    for (int i = 0; i < p->n_values; i++) {
        struct value *v = &p->values[i];
        if (v->node->op != OP_input) continue;
        struct step *s = plan_add_step(p, STEP_FEED, v->phase);
        s->index = v->node->index;
        s->out = plan_alloc(p, 1, sizeof *s->out, e);
        if (!s->out) return false;
        s->out[s->n_out++] = i;
        s->cut = v->cut;
        v->needed = true;
    }
    return true;
}

/* ---- sums over the batch: a share per lane ---- */

/* Over the first axis, and perhaps some behind it, of something whose rows the lanes share. */
static bool is_batch_sum(const struct plan *p, const struct step *s) {
    if (s->kind != STEP_CALL || s->group || s->call.op != OP_sum || p->batch < 2) return false;
    const struct value *out = &p->values[s->out[0]], *in = &p->values[s->in[0]];
    const struct shape *shape = &out->node->in[0]->desc.shape;
    uint32_t axes = out->node->attrs.axes; /* the first one or more */
    bool number = dtype_is_float(s->call.dtype) || s->call.dtype == DT_INT64;
    if (!number || shape->n == 0 || shape->size[0] != p->batch) return false;
    bool computed = in->space == SPACE_ARENA || in->space == SPACE_INPUT;
    if (!computed || in->count == 0 || in->phase + 1 != s->phase) return false;
    return in->cut == in->count / p->batch * p->row_cut && (axes & 1) && !(axes & (axes + 1));
}

static bool split_sums(struct plan *p, struct err *e) {
    int n = p->n_steps;
    for (int i = 0; i < n; i++) {
        struct step *s = &p->steps[i];
        if (!is_batch_sum(p, s)) continue;
        const struct value *in = &p->values[s->in[0]], *out = &p->values[s->out[0]];
        struct step *partial = plan_add_step(p, STEP_PARTIAL, in->phase);
        partial->cols = s->cols = out->count;
        partial->sums = s->sums = plan_alloc(p, (size_t)out->count * PLAN_LANES, sizeof(double), e);
        partial->in = plan_alloc(p, 1, sizeof *partial->in, e);
        if (!s->sums || !partial->in) return false;
        partial->in[partial->n_in++] = s->in[0];
        partial->cut = p->row_cut;
        s->kind = STEP_COMBINE;
        s->cut = out->cut;
        s->n_in = 0;
    }
    return true;
}

/* ---- derivatives of kernels: likewise, while the examples are in the cache ---- */

/* Terms of its sum over the batch that each example has; 0: it is none, or a short one, which is
 * better made at once. */
static int64_t terms_each(const struct plan *p, const struct call *c) {
    enum { WORTH = 256 }; /* terms of a lane */
    int64_t each = 0;
    if (c->op == OP_conv_kernel) return c->conv.n == p->batch;
    if (c->op == OP_recur_weight && c->recur.n == p->batch) each = c->recur.steps;
    if (c->op == OP_matmul && c->n_units == c->matmul.g.m && c->matmul.g.a_row == 1 &&
        c->matmul.g.b_col == 1 && c->matmul.g.k % p->batch == 0)
        each = c->matmul.g.k / p->batch;
    return each * p->row_cut >= WORTH ? each : 0;
}

static bool is_kernel_sum(const struct plan *p, const struct step *s) {
    if (s->kind != STEP_CALL || s->group || p->batch < 2 || terms_each(p, &s->call) == 0)
        return false;
    const struct value *out = &p->values[s->out[0]];
    if ((size_t)out->count * out->bytes > LANE_SUM_BYTES || out->count == 0) return false;
    for (int i = 0; i < 2; i++) {
        const struct value *in = &p->values[s->in[i]];
        const struct shape *shape = &out->node->in[i]->desc.shape;
        bool made = in->space == SPACE_ARENA || in->space == SPACE_INPUT;
        if (!made || in->count == 0 || in->phase >= s->phase) return false;
        if (shape->n == 0 || shape->size[0] != p->batch) return false;
        if (in->cut != in->count / p->batch * p->row_cut) return false;
    }
    return true;
}

static bool split_kernels(struct plan *p, struct err *e) {
    int n = p->n_steps;
    for (int i = 0; i < n; i++) {
        struct step *s = &p->steps[i];
        if (!is_kernel_sum(p, s)) continue;
        const struct value *a = &p->values[s->in[0]], *b = &p->values[s->in[1]];
        const struct value *out = &p->values[s->out[0]];
        struct step *part =
            plan_add_step(p, STEP_KERNEL, a->phase > b->phase ? a->phase : b->phase);
        part->call = s->call;
        part->cols = s->cols = out->count;
        part->sums = s->sums = plan_alloc(p, (size_t)out->count * PLAN_LANES, out->bytes, e);
        if (!s->sums) return false;
        part->in = s->in;
        part->n_in = s->n_in;
        part->cut = p->row_cut;
        s->kind = STEP_ADD;
        s->cut = out->cut;
        s->n_in = 0;
    }
    return true;
}

bool plan_steps(struct plan *p, struct err *e) {
    struct gathering g = {.p = p};
    g.units = plan_alloc(p, (size_t)p->n_values + 1, sizeof *g.units, e);
    g.order = plan_alloc(p, (size_t)p->n_values + 1, sizeof *g.order, e);
    if (!g.units || !g.order) return false;
    for (int i = 0; i < p->n_values; i++) {
        struct value *v = &p->values[i];
        if (v->root == i && v->space == SPACE_ARENA && !v->is_virtual) gather_value(&g, v);
    }
    mark_needed(p);
    TRY(feed_steps(p, e));
    for (int u = 0; u < g.n_units; u++) order_unit(&g, u);
    return make_steps(&g, e) && split_sums(p, e) && split_kernels(p, e);
}
