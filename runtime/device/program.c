/* Making a program: the graph's passes, then drafts, steps and places. */
#include "program.h"
#include "base/arena.h"
#include "op/passes.h"

/* Address space for one program; pages are taken as they are used. */
static const size_t reserve_bytes = (size_t)256 << 20;

void *builder_alloc(struct builder *b, size_t n, size_t size, struct err *e) {
    size_t bytes;
    void *at = NULL;
    if (!__builtin_mul_overflow(n ? n : 1, size, &bytes)) at = arena_alloc(b->memory, bytes);
    if (!at) err_memory(e, n * size);
    return at;
}

static int n_roots_of(const struct plan_spec *s) {
    return s->n_outputs + s->n_learn + s->n_assign;
}

static struct node **gather_roots(struct builder *b, const struct plan_spec *s, struct err *e) {
    struct node **roots = builder_alloc(b, (size_t)n_roots_of(s), sizeof(struct node *), e);
    int n = 0;
    if (!roots) return NULL;
    for (int i = 0; i < s->n_outputs; i++) roots[n++] = s->outputs[i];
    for (int i = 0; i < s->n_learn; i++) roots[n++] = s->learn[i].gradient;
    for (int i = 0; i < s->n_assign; i++) roots[n++] = s->assign[i].value;
    return roots;
}

static bool make_graph(struct builder *b, const struct plan_spec *s, struct node **roots,
                       struct err *e) {
    int n = n_roots_of(s);
    struct graph *sized = pass_sizes(s->graph, roots, n, s->batch, s->batch, e);
    struct graph *simple = sized ? pass_all(sized, roots, n, e) : NULL;
    if (sized) graph_free(sized);
    b->graph = simple ? pass_conv(simple, roots, n, e) : NULL;
    if (simple) graph_free(simple);
    return b->graph != NULL;
}

/* What the device computes: floats are float32. */
static bool check_graph(const struct builder *b, struct err *e) {
    if (graph_dtype(b->graph) == DT_FLOAT64)
        return err_set(e, ERR_DEVICE,
                       "The GPU computes in float32, and this is a computation in "
                       "float64: it stays on the CPU.");
    for (int i = 0; i < b->n; i++) {
        if (b->drafts[i].count <= INT32_MAX) continue;
        char shape[256];
        const struct node *n = b->drafts[i].node;
        err_set(e, ERR_MEMORY,
                "A tensor of one step has the shape %s, more than the GPU's kernels "
                "can number (2^31 - 1).",
                shape_print(&n->desc.shape, shape, sizeof shape));
        return err_hint(e, "Take a smaller batch or smaller layers.");
    }
    return true;
}

static int64_t weight_count(const struct node *w) {
    int64_t n = 1;
    for (int i = 0; i < w->desc.shape.n; i++) n *= w->desc.shape.size[i];
    return n;
}

static bool remember(struct builder *b, const struct plan_spec *s, struct node *const *roots,
                     struct program *p, struct err *e) {
    int32_t *outputs = builder_alloc(b, (size_t)s->n_outputs, sizeof *outputs, e);
    struct program_learn *learn = builder_alloc(b, (size_t)s->n_learn, sizeof *learn, e);
    struct program_assign *assign = builder_alloc(b, (size_t)s->n_assign, sizeof *assign, e);
    if (!outputs || !learn || !assign) return false;
    for (int i = 0; i < s->n_outputs; i++) outputs[i] = b->drafts[(*roots++)->id].root;
    for (int i = 0; i < s->n_learn; i++) {
        const struct learn *l = &s->learn[i];
        learn[i] = (struct program_learn){l->weight->offset, weight_count(l->weight),
                                          b->drafts[(*roots++)->id].root, l->l1, l->l2};
    }
    for (int i = 0; i < s->n_assign; i++) {
        const struct node *w = s->assign[i].weight;
        assign[i] =
            (struct program_assign){w->offset, weight_count(w), b->drafts[(*roots++)->id].root};
    }
    p->outputs = outputs;
    p->n_outputs = s->n_outputs;
    p->learn = learn;
    p->n_learn = s->update.rule == UPDATE_NONE ? 0 : s->n_learn;
    p->assign = assign;
    p->n_assign = s->n_assign;
    p->update = s->update;
    return true;
}

static bool build(struct builder *b, const struct plan_spec *s, struct program *p, struct err *e) {
    struct node **roots = gather_roots(b, s, e);
    TRY(roots && make_graph(b, s, roots, e));
    b->n = graph_n_nodes(b->graph);
    b->batch = s->batch;
    TRY(builder_drafts(b, roots, n_roots_of(s), e));
    TRY(check_graph(b, e));
    TRY(builder_steps(b, e));
    TRY(remember(b, s, roots, p, e));
    TRY(builder_layout(b, p, e));
    p->values = b->values;
    p->n_values = b->n;
    p->steps = b->steps;
    p->n_steps = b->n_steps;
    p->n_inputs = graph_n_inputs(b->graph);
    for (int i = 0; i < p->n_outputs; i++) {
        const struct program_value *v = &p->values[p->outputs[i]];
        p->output_bytes += ((uint64_t)v->count * dtype_bytes(v->dtype) + 63) / 64 * 64;
    }
    return true;
}

bool program_build(const struct plan_spec *spec, struct built *out, struct err *e) {
    struct builder b = {.memory = arena_new(reserve_bytes)};
    *out = (struct built){0};
    if (!b.memory) return err_memory(e, reserve_bytes);
    bool ok = build(&b, spec, &out->program, e);
    out->memory = b.memory;
    out->graph = b.graph;
    out->constant_bytes = b.constant_bytes;
    out->batch = spec->batch;
    if (!ok) program_clear(out);
    return ok;
}

void program_clear(struct built *b) {
    if (b->graph) graph_free(b->graph);
    if (b->memory) arena_free(b->memory);
    *b = (struct built){0};
}

static void print_places(const struct program *p, const int32_t *list, int n, struct text *out) {
    for (int i = 0; i < n; i++) {
        const struct program_value *v = &p->values[list[i]];
        static const char *const names[] = {"", "weights", "constants"};
        char shape[256];
        text_addf(out, "%s#%d %s %s at %s%llu", i ? ", " : " ", (int)list[i], dtype_name(v->dtype),
                  shape_print(&v->shape, shape, sizeof shape), names[v->space],
                  (unsigned long long)v->offset);
    }
}

void program_print(const struct program *p, struct text *out) {
    for (int i = 0; i < p->n_steps; i++) {
        const struct program_step *s = &p->steps[i];
        if (s->kind == RUN_FEED) text_addf(out, "feed %d", s->input);
        if (s->kind == RUN_OP) text_addf(out, "%s", op_name(s->op));
        for (int k = 0; s->kind == RUN_GROUP && k < s->group->n_codes; k++)
            text_addf(out, "%s%s", k ? " " : "", op_name(s->group->codes[k].op));
        if (s->kind == RUN_GROUP && s->group->n_codes == 0) text_addf(out, "copy");
        text_addf(out, ":");
        print_places(p, s->in, s->n_in, out);
        text_addf(out, " ->");
        print_places(p, s->out, s->n_out, out);
        text_addf(out, "\n");
    }
    text_addf(out, "%d outputs, %d weights learn, %d averages; arena %llu bytes\n", p->n_outputs,
              p->n_learn, p->n_assign, (unsigned long long)p->arena_bytes);
}
