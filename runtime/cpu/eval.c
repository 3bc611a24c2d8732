/* One operation at once on numbers: the kernels of plans, called directly. */
#include "group.h"
#include "op/prepare.h"
#include "plan.h"
#include "threads.h"
#include "base/pool.h"
#include "base/stop.h"

enum { MAX_IN = 64, SMALL_SCRATCH = 32 * 1024 };

/* ---- running a call on one or two threads ---- */

struct job {
    const struct call *c;
    void *const *out;
    const void *const *in;
    int n_parts;
    struct call_env env;
    char *scratch; /* n_parts pieces of c->scratch_bytes */
    unsigned faults[PLAN_LANES];
};

static void run_part(void *user, int part) {
    struct job *j = user;
    struct call_env env = j->env;
    int64_t n = j->c->n_units, begin = 0, end = n;
    if (j->n_parts > 1) {
        int64_t middle = n / 2, grain = j->c->grain > 0 ? j->c->grain : GROUP_ALIGN;
        if (middle > grain) middle = middle / grain * grain;
        if (part == 0) end = middle;
        if (part == 1) begin = middle;
    }
    env.scratch = j->scratch + (size_t)part * j->c->scratch_bytes;
    j->faults[part] = call_run(j->c, j->out, j->in, begin, end, &env);
}

static bool run_job(struct job *j, enum op op, struct err *e) {
    _Alignas(64) char small[SMALL_SCRATCH];
    double work = j->c->unit_work * (double)j->c->n_units;
    j->n_parts = work > 300000 && j->c->n_units > 1 ? PLAN_LANES : 1;
    size_t bytes = (j->c->scratch_bytes + 63) / 64 * 64 * (size_t)j->n_parts;
    j->scratch = bytes <= sizeof small ? small : pool_alloc(bytes);
    if (!j->scratch) return err_memory(e, bytes);
    j->env.stop = stop_flag();
    if (j->n_parts > 1) {
        threads_run(run_part, j, j->n_parts);
    } else {
        run_part(j, 0);
    }
    if (j->scratch != small) pool_free(j->scratch);
    return call_report(j->faults[0] | j->faults[1], op, e);
}

/* ---- a few results of long sums: x @ y ---- */

enum { FEW_SUMS = 16, LONG_SUM = 1 << 16 };

static bool is_long_sum(const struct call *c, enum op op) {
    const struct gemm *g = &c->matmul.g;
    return op == OP_matmul && !c->matmul.blas && c->n_units == g->m && g->m * g->n <= FEW_SUMS &&
           g->k >= LONG_SUM;
}

struct long_sum {
    const struct job *job;
    union {
        double f64[FEW_SUMS];
        float f32[FEW_SUMS];
    } half[2];
    char *scratch;
};

/* Always the same two halves of the terms, on however many threads. */
static void run_half(void *user, int part) {
    struct long_sum *s = user;
    const struct call *c = s->job->c;
    struct call_env env = s->job->env;
    int64_t k = c->matmul.g.k, middle = k / 2 / GROUP_ALIGN * GROUP_ALIGN;
    env.scratch = s->scratch + (size_t)part * c->scratch_bytes;
    call_product_sum(c, &s->half[part], s->job->in, k, part ? middle : 0, part ? k : middle, false,
                     &env);
}

static bool run_long_sum(const struct job *j, struct err *e) {
    struct long_sum s = {.job = j};
    int64_t n = j->c->matmul.g.m * j->c->matmul.g.n;
    s.scratch = pool_need(j->c->scratch_bytes * 2, e);
    if (!s.scratch) return false;
    threads_run(run_half, &s, 2);
    for (int64_t i = 0; i < n && j->c->dtype == DT_FLOAT64; i++)
        ((double *)*j->out)[i] = s.half[0].f64[i] + s.half[1].f64[i];
    for (int64_t i = 0; i < n && j->c->dtype == DT_FLOAT32; i++)
        ((float *)*j->out)[i] = s.half[0].f32[i] + s.half[1].f32[i];
    pool_free(s.scratch);
    return true;
}

/* ---- elementwise operations: a group with one operation ---- */

struct elementwise {
    struct group g;
    const void *in[GROUP_MAX_INPUTS];
    struct tensor *temporaries[8];
    int n_temporaries;
    uint64_t seed;
};

/* Casts and expansions of an operand become part of the group; other preparations are done first.
 */
static int load_operand(struct elementwise *w, struct tensor *t, const struct operand_steps *steps,
                        const struct desc *out, struct err *e) {
    enum dtype type = t->dtype;
    const struct attrs *expand = NULL;
    for (int i = 0; i < steps->n; i++) {
        if (steps->step[i].op == OP_cast) {
            type = steps->step[i].attrs.dtype;
        } else if (steps->step[i].op == OP_expand) {
            expand = &steps->step[i].attrs;
        } else {
            t = op_eval(steps->step[i].op, &t, 1, &steps->step[i].attrs, w->seed, e);
            if (!t) return -1;
            w->temporaries[w->n_temporaries++] = t;
        }
    }
    int v;
    w->in[w->g.n_in] = t->data;
    if (expand && t->count != 1) {
        struct desc d = tensor_desc(t);
        const struct desc *in[1] = {&d};
        struct desc to = *out;
        to.shape = expand->shape;
        struct walk walk = walk_of(&(struct call_spec){OP_expand, in, 1, &to, expand, NULL});
        v = group_input_walk(&w->g, t->dtype, &walk);
    } else {
        v = group_input(&w->g, t->dtype, t->count);
    }
    if (v < 0) return v;
    return group_cast(&w->g, v, type);
}

static bool build_elementwise(struct elementwise *w, enum op op, struct tensor *const *in, int n_in,
                              const struct attrs *attrs, const struct prepared *p, struct err *e) {
    int values[3];
    for (int i = 0; i < n_in; i++) {
        struct operand_steps steps = {0};
        struct desc d = tensor_desc(in[i]);
        op_operand_steps(p, &d, i, &steps);
        values[i] = load_operand(w, in[i], &steps, &p->out, e);
        if (values[i] < 0) return false;
    }
    int v = group_op(&w->g, op, p->out.dtype, values, n_in, attrs);
    if (v < 0)
        return err_set(e, ERR_BUG, "There is no kernel for `%s` on %s.", op_name(op),
                       dtype_name(p->out.dtype));
    group_result(&w->g, v);
    return true;
}

static struct tensor *eval_elementwise(enum op op, struct tensor *const *in, int n_in,
                                       const struct attrs *attrs, const struct prepared *p,
                                       uint64_t seed, struct err *e) {
    struct elementwise w;
    struct call c;
    struct tensor *out = tensor_new(p->out.dtype, &p->out.shape, e);
    if (!out) return NULL;
    w.n_temporaries = 0;
    w.seed = seed;
    group_init(&w.g, out->count);
    bool ok = build_elementwise(&w, op, in, n_in, attrs, p, e);
    if (ok) {
        group_finish(&w.g, &c);
        group_stream(&w.g, &c);
        struct job j = {.c = &c, .out = &out->data, .in = w.in};
        ok = run_job(&j, op, e);
    }
    for (int i = 0; i < w.n_temporaries; i++) tensor_unref(w.temporaries[i]);
    if (ok) return out;
    tensor_unref(out);
    return NULL;
}

/* ---- the others ---- */

/* Operand i as the operation takes it: a new reference. */
static struct tensor *prepare_operand(struct tensor *t, int i, const struct prepared *p,
                                      struct err *e) {
    struct operand_steps steps = {0};
    struct desc d = tensor_desc(t);
    op_operand_steps(p, &d, i, &steps);
    tensor_ref(t);
    for (int k = 0; t && k < steps.n; k++) {
        struct tensor *next = op_eval(steps.step[k].op, &t, 1, &steps.step[k].attrs, 0, e);
        tensor_unref(t);
        t = next;
    }
    return t;
}

static struct tensor *run_other(enum op op, struct tensor *const *in, int n_in,
                                const struct attrs *attrs, const struct prepared *p, uint64_t seed,
                                struct err *e) {
    struct desc descs[MAX_IN];
    const struct desc *list[MAX_IN];
    const void *data[MAX_IN];
    int64_t memory[MAX_IN];
    struct call c;
    for (int i = 0; i < n_in; i++) {
        descs[i] = tensor_desc(in[i]);
        list[i] = &descs[i];
        data[i] = in[i]->data;
    }
    struct tensor *out = tensor_new(p->out.dtype, &p->out.shape, e); /* refuses absurd sizes */
    if (!out) return NULL;
    struct job j = {.c = &c, .out = &out->data, .in = data, .env = {.seed = seed}};
    bool ok = call_init(&c, op, list, n_in, &p->out, attrs, memory, e);
    if (ok) call_stream(&c);
    if (ok && is_long_sum(&c, op)) ok = run_long_sum(&j, e);
    else if (ok) ok = run_job(&j, op, e);
    if (ok) return out;
    tensor_unref(out);
    return NULL;
}

static struct tensor *eval_other(enum op op, struct tensor *const *in, int n_in,
                                 const struct attrs *attrs, const struct prepared *p, uint64_t seed,
                                 struct err *e) {
    struct tensor *ready[MAX_IN], *out = NULL;
    int n = 0;
    for (; n < n_in; n++) {
        ready[n] = prepare_operand(in[n], n, p, e);
        if (!ready[n]) break;
    }
    if (n == n_in && n > 0 && op == OP_reshape) out = tensor_with_shape(ready[0], &p->out.shape, e);
    if (n == n_in && op != OP_reshape) out = run_other(op, ready, n_in, attrs, p, seed, e);
    while (n > 0) tensor_unref(ready[--n]);
    return out;
}

/* Many operands of a concat are put together a few at a time. */
static struct tensor *eval_concat(struct tensor *const *in, int n_in, const struct attrs *attrs,
                                  uint64_t seed, struct err *e) {
    struct tensor *parts[MAX_IN], *out = NULL;
    int n = 0, each = (n_in + MAX_IN - 1) / MAX_IN;
    for (int i = 0; i < n_in; i += each, n++) {
        int m = n_in - i < each ? n_in - i : each;
        parts[n] = m == 1 ? tensor_ref(in[i]) : op_eval(OP_concat, in + i, m, attrs, seed, e);
        if (!parts[n]) break;
    }
    if (n * each >= n_in) out = op_eval(OP_concat, parts, n, attrs, seed, e);
    while (n > 0) tensor_unref(parts[--n]);
    return out;
}

struct tensor *op_eval(enum op op, struct tensor *const *in, int n_in, const struct attrs *attrs,
                       uint64_t seed, struct err *e) {
    static const struct attrs none;
    const struct desc *list[MAX_IN];
    struct desc descs[MAX_IN];
    struct prepared p;
    if (!attrs) attrs = &none;
    if (n_in > MAX_IN && op == OP_concat) return eval_concat(in, n_in, attrs, seed, e);
    for (int i = 0; i < n_in && i < MAX_IN; i++) {
        descs[i] = tensor_desc(in[i]);
        list[i] = &descs[i];
    }
    if (!op_prepare(op, list, n_in, attrs, DT_FLOAT64, &p, e)) return NULL;
    struct attrs final = op_final_attrs(op, attrs, &p);
    bool elementwise = op_flags(op) & OP_ELEMENTWISE && op != OP_range && op != OP_fill;
    if (elementwise) return eval_elementwise(op, in, n_in, &final, &p, seed, e);
    return eval_other(op, in, n_in, &final, &p, seed, e);
}

bool op_eval_number(enum op op, double x, double *y) {
    elem_fn fn = op_flags(op) & OP_ELEMENTWISE ? kernels()->elem[op][DT_FLOAT64] : NULL;
    static const struct elem_arg none;
    return fn && fn(y, (const void *const[]){&x}, 1, &none) == 0;
}
