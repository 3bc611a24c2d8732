/* Every operation on every test shape (tests/runtime/cases.c), with each instruction set: op_eval
 * and a plan must agree with the slow reference in double, in float64 and float32; elementwise
 * operations and reductions must give the same bits in all sets, and a plan the same bits as
 * op_eval. */
#include "../runtime/cases.h"
#include "../runtime/reference.h"
#include "base/pool.h"
#include "cpu/kernels.h"
#include "plan.h"
#include "tests/harness.h"

static struct err err;

static const char *const sets[] = {"plain", "avx2", "avx512"};

struct visit {
    enum dtype real; /* the float type tried */
    int n_cases;
};

static enum dtype type_of(const struct op_case *c, int k, enum dtype real) {
    return c->dtype[k] == DT_FLOAT64 ? real : c->dtype[k];
}

static struct tensor *input_tensor(const struct op_case *c, int k, enum dtype real) {
    struct tensor *t = tensor_new(type_of(c, k, real), &c->in[k], &err);
    for (int64_t i = 0; t && i < t->count; i++) tensor_set(t, i, case_value(c, k, i));
    return t;
}

static bool same_bits(const struct tensor *a, const struct tensor *b) {
    return a->dtype == b->dtype && a->count == b->count &&
           memcmp(a->data, b->data, (size_t)a->count * dtype_bytes(a->dtype)) == 0;
}

static void complain(const struct op_case *c, const char *what, const char *set) {
    char text[256];
    checks_failed++;
    fprintf(stderr, "  %s: %s (%s)\n", case_print(c, text, sizeof text), what, set);
}

static bool is_product(enum op op) {
    return op == OP_matmul || op == OP_heads_scores || op == OP_heads_mix || op == OP_conv ||
           op == OP_conv_input || op == OP_conv_kernel;
}

static void compare(const struct op_case *c, const struct tensor *found, const double *expected,
                    const char *set) {
    double tolerance = found->dtype == DT_FLOAT32 ? 3e-6 : 1e-12;
    bool sums = is_product(c->op) || c->op == OP_cumsum || op_flags(c->op) & OP_REDUCE;
    if (sums) tolerance *= 20; /* terms of both signs */
    bool ok = true;
    for (int64_t i = 0; i < found->count && ok; i++) {
        double x = tensor_get(found, i), y = expected[i];
        ok = fabs(x - y) <= tolerance * fmax(1, fabs(y)) || (x != x && y != y) || x == y;
        if (!ok) fprintf(stderr, "  element %lld is %.17g, expected %.17g\n", (long long)i, x, y);
    }
    CHECK(ok);
    if (!ok) complain(c, "wrong numbers", set);
}

/* The reference's numbers for the inputs as they are after rounding to `real`. */
static double *oracle(const struct op_case *c, struct tensor *const *in) {
    double *x[3] = {NULL};
    struct node *nodes[3];
    struct graph *g = graph_new(DT_FLOAT64, &err);
    for (int k = 0; k < c->n_in; k++) {
        struct desc d = {.dtype = c->dtype[k], .shape = c->in[k]};
        nodes[k] = graph_input(g, NULL, &d, &err);
        x[k] = pool_alloc((size_t)in[k]->count * sizeof(double));
        for (int64_t i = 0; i < in[k]->count; i++) x[k][i] = tensor_get(in[k], i);
    }
    struct node *n = graph_add(g, c->op, nodes, c->n_in, &c->attrs, &err);
    double *y = n ? reference_run(g, n, x) : NULL;
    for (int k = 0; k < c->n_in; k++) pool_free(x[k]);
    graph_free(g);
    return y;
}

/* The same through a plan of one operation. */
static struct tensor *by_plan(const struct op_case *c, struct tensor *const *in, enum dtype real) {
    struct node *nodes[3];
    struct feed feeds[3];
    struct graph *g = graph_new(real, &err);
    for (int k = 0; k < c->n_in; k++) {
        struct desc d = {.dtype = in[k]->dtype, .shape = c->in[k]};
        nodes[k] = graph_input(g, NULL, &d, &err);
        feeds[k] = (struct feed){in[k]->data, in[k]->dtype, NULL, 1, 0, NULL, 0};
    }
    struct node *n = graph_add(g, c->op, nodes, c->n_in, &c->attrs, &err);
    struct plan_spec spec = {.graph = g, .outputs = &n, .n_outputs = 1};
    struct plan *p = n ? plan_new(&spec, &err) : NULL;
    struct tensor *out = p ? tensor_new(n->desc.dtype, &n->desc.shape, &err) : NULL;
    if (out) {
        struct plan_io io = {.inputs = feeds, .outputs = &out->data, .seed = 7};
        if (!plan_run(p, &io, &err)) tensor_unref(out), out = NULL;
    }
    plan_free(p);
    graph_free(g);
    return out;
}

/* Float32 rounds its operands first, so steps may fall on the other side. */
static bool jumps(enum op op) {
    return op == OP_floordiv || op == OP_mod;
}

/* A bool divisor is sometimes 0, and that is an error among whole numbers. */
static bool divides_by_zero(const struct op_case *c) {
    return jumps(c->op) && c->dtype[1] == DT_BOOL && err.kind == ERR_NUMBER;
}

struct trial {
    const struct op_case *c;
    struct tensor *in[3], *first; /* first: the result of plain C */
    double *expected;             /* NULL for random operations */
    enum dtype real;
};

static void check_plan(struct trial *t, const struct tensor *out, const char *set) {
    struct tensor *planned = by_plan(t->c, t->in, t->real);
    CHECK(planned != NULL);
    if (!planned) {
        complain(t->c, err.what, set);
        return;
    }
    bool random = op_flags(t->c->op) & OP_RANDOM;
    if (planned->dtype == out->dtype && !(random && t->real == DT_FLOAT32)) {
        CHECK(same_bits(planned, out));
        if (!same_bits(planned, out)) complain(t->c, "plan differs from op_eval", set);
    }
    tensor_unref(planned);
}

static void try_set(struct trial *t, const char *set) {
    struct tensor *out = op_eval(t->c->op, t->in, t->c->n_in, &t->c->attrs, 7, &err);
    if (!out && divides_by_zero(t->c)) return;
    CHECK(out != NULL);
    if (!out) {
        complain(t->c, err.what, set);
        return;
    }
    bool may_jump = jumps(t->c->op) && t->real == DT_FLOAT32;
    if (t->expected && !may_jump) compare(t->c, out, t->expected, set);
    check_plan(t, out, set);
    if (t->first && !is_product(t->c->op)) {
        CHECK(same_bits(t->first, out));
        if (!same_bits(t->first, out)) complain(t->c, "other bits than plain C", set);
    }
    if (!t->first) t->first = tensor_ref(out);
    tensor_unref(out);
}

static void visit_case(const struct op_case *c, void *user) {
    struct visit *v = user;
    struct trial t = {.c = c, .real = v->real};
    for (int k = 0; k < c->n_in; k++) t.in[k] = input_tensor(c, k, v->real);
    if (!(op_flags(c->op) & OP_RANDOM)) t.expected = oracle(c, t.in);
    v->n_cases++;
    for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
        if (!kernels_named(sets[s])) continue;
        kernels_use(kernels_named(sets[s]));
        try_set(&t, sets[s]);
    }
    tensor_unref(t.first);
    for (int k = 0; k < c->n_in; k++) tensor_unref(t.in[k]);
    pool_free(t.expected);
}

static void every_case(void) {
    size_t before = pool_live_blocks();
    for (int real = 0; real < 2; real++) {
        struct visit v = {.real = (enum dtype)real};
        each_case(visit_case, &v);
        CHECK(v.n_cases > 500);
    }
    CHECK_EQ(pool_live_blocks(), before);
}

TEST_MAIN(every_case)
