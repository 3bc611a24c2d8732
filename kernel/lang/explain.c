/* %explain EXPR: the shapes on the way to a result, and the steps in which it is computed. %explain
 * of a model: the steps of a batch through it. */
#include "engine_parts.h"
#include "lang/eval/eval_parts.h"
#include "lang/eval/names/scope.h"
#include "lang/eval/shape_log.h"
#include "lang/syntax/parse.h"
#include "base/pool.h"
#include "plan.h"
#include <stdio.h>
#include <string.h>

enum { EXPLAIN_BATCH = 32, MOST_PARTS = 60 };

/* ---- cost ---- */

static double numbers_in(const struct shape *s, int64_t batch) {
    double n = 1;
    for (int i = 0; i < s->n; i++) n *= (double)(s->size[i] < 0 ? batch : s->size[i]);
    return n;
}

/* Additions and multiplications of one operation; transcendental functions count as one. */
static double node_work(const struct node *n, int64_t batch) {
    double out = numbers_in(&n->desc.shape, batch);
    if (n->op == OP_matmul) {
        const struct shape *a = &n->in[0]->desc.shape;
        int inner = n->attrs.trans_a && a->n > 1 ? a->n - 2 : a->n - 1;
        return 2 * out * (a->size[inner] < 0 ? (double)batch : (double)a->size[inner]);
    }
    if (op_flags(n->op) & OP_REDUCE) return numbers_in(&n->in[0]->desc.shape, batch);
    if (op_flags(n->op) & OP_VIEW || n->n_in == 0) return 0;
    return out;
}

static void print_amount(struct text *t, double x, const char *unit) {
    static const char *const big[] = {"", "thousand ", "million ", "billion "};
    int k = 0;
    while (x >= 10000 && k < 3) x /= 1000, k++;
    text_addf(t, "%.4g %s%s", x, big[k], unit);
}

static void print_plan(struct text *t, struct plan *p, const struct graph *g, int64_t batch) {
    double work = 0, moved = 0;
    for (int i = 0; i < graph_n_nodes(g); i++) {
        const struct node *n = graph_node(g, i);
        work += node_work(n, batch);
        if (!(op_flags(n->op) & OP_VIEW))
            moved += numbers_in(&n->desc.shape, batch) * (double)dtype_bytes(n->desc.dtype);
    }
    text_adds(t, "\nabout ");
    print_amount(t, work, "calculations on ");
    print_amount(t, moved, "bytes, in ");
    plan_print(p, t);
}

/* ---- shapes of the parts ---- */

/* Parts with columns or variables of their own mean nothing outside of the whole. */
static bool stands_alone(const struct ast *x) {
    const struct ast *inner[] = {x->a, x->b, x->c};
    if (x->kind == AST_COLUMN || x->kind == AST_LISTCOMP || x->kind == AST_LAMBDA) return false;
    for (int i = 0; i < 3; i++)
        if (inner[i] && !stands_alone(inner[i])) return false;
    for (int i = 0; i < x->n; i++)
        if (!stands_alone(x->list[i])) return false;
    return true;
}

/* The parts of an expression, inner ones first, each once; the whole as the last. */
static void collect(const struct ast *x, const struct ast *whole, const struct ast **parts,
                    int *n) {
    const struct ast *inner[] = {x->a, x->b, x->c};
    bool value = x == whole || x->kind == AST_NAME || x->kind == AST_BINARY ||
                 x->kind == AST_CALL || x->kind == AST_INDEX || x->kind == AST_ATTRIBUTE ||
                 x->kind == AST_UNARY || x->kind == AST_COMPARE;
    bool closed = x->kind == AST_LISTCOMP || x->kind == AST_LAMBDA;
    if (x != whole && !stands_alone(x)) return;
    for (int i = 0; !closed && i < 3; i++) {
        bool callee = x->kind == AST_CALL && i == 0;
        if (inner[i] && callee && inner[i]->kind == AST_ATTRIBUTE)
            collect(inner[i]->a, whole, parts, n);
        else if (inner[i] && !callee) collect(inner[i], whole, parts, n);
    }
    for (int i = 0; !closed && i < x->n; i++) collect(x->list[i], whole, parts, n);
    for (int i = 0; value && i < *n; i++)
        value = !str_same(source_piece(parts[i]->span), source_piece(x->span));
    if (value && *n < MOST_PARTS) parts[(*n)++] = x;
}

static bool print_parts(struct eval *ev, const struct ast *x, struct text *t) {
    const struct ast *parts[MOST_PARTS];
    struct shape_log *log = pool_need(sizeof *log, ev->e);
    int n = 0;
    if (!log) return false;
    struct shape_log *outer = ev->shapes;
    ev->shapes = log;
    collect(x, x, parts, &n);
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        struct value v;
        char size[128];
        log->repeated[0] = 0;
        log->only = parts[i];
        ok = eval_expr(ev, parts[i], &v);
        if (!ok) break;
        value_size_words(v, size, sizeof size);
        struct str text = source_piece(parts[i]->span);
        int shown = text.n < 40 ? (int)text.n : 40;
        text_addf(t, "%-24.*s  %s", shown, text.p, size[0] ? size : value_kind_words(v.kind));
        if (log->repeated[0]) text_addf(t, "   %s", log->repeated);
        text_addc(t, '\n');
        value_unref(v);
    }
    ev->shapes = outer;
    pool_free(log);
    return ok;
}

/* ---- the plan ---- */

struct inputs {
    struct eval *ev;
    const char *names[8];
    int n;
    bool too_many;
};

/* Names of the session that stand for tensors: they become inputs of the plan. */
static void find_inputs(struct inputs *in, const struct ast *x) {
    const struct ast *parts[] = {x->a, x->b, x->c};
    const struct value *v = NULL;
    if (x->kind == AST_NAME && x->slot == SLOT_GLOBAL)
        v = names_peek(engine_names(in->ev->engine), x->name);
    bool known = !v || v->kind != V_TENSOR;
    for (int i = 0; i < in->n; i++) known = known || in->names[i] == x->name;
    if (!known && in->n == (int)ARRAY_LEN(in->names)) in->too_many = true;
    else if (!known) in->names[in->n++] = x->name;
    for (int i = 0; i < 3; i++)
        if (parts[i]) find_inputs(in, parts[i]);
    for (int i = 0; i < x->n; i++) find_inputs(in, x->list[i]);
}

/* The expression as a function of its tensors, called on symbols. */
static bool trace(struct eval *ev, struct graph *g, struct str text, const struct inputs *in,
                  struct value *out) {
    struct text code = {0};
    struct value f = value_missing(), args[8];
    text_adds(&code, "lambda ");
    for (int i = 0; i < in->n; i++) text_addf(&code, "%s%s", i ? ", " : "", in->names[i]);
    text_addf(&code, ": %.*s", (int)text.n, text.p);
    bool ok = engine_eval(ev->engine, text_str(&code), &f, ev->e);
    text_clear(&code);
    for (int i = 0; ok && i < in->n; i++) {
        const struct value *v = names_peek(engine_names(ev->engine), in->names[i]);
        struct desc d = tensor_desc(v->tensor);
        args[i] = value_node(graph_input(g, in->names[i], &d, ev->e));
        ok = args[i].node != NULL;
    }
    struct graph *outer = ev->graph;
    const char *context = ev->context;
    ev->graph = g;
    ev->context = "%explain";
    ok = ok && call_simple(ev, f, args, in->n, (struct span){0}, out);
    ev->graph = outer;
    ev->context = context;
    value_unref(f);
    return ok;
}

/* Not everything can be traced (random places, tables): then the shapes are all there is to say. */
static void add_plan(struct eval *ev, const struct ast *x, struct text *t) {
    struct inputs in = {.ev = ev};
    struct err e = {0}, *outer = ev->e;
    struct value y = value_missing();
    find_inputs(&in, x);
    if (in.n == 0 || in.too_many) return;
    ev->e = &e;
    struct graph *g = graph_new(DT_FLOAT64, &e);
    if (g && trace(ev, g, source_piece(x->span), &in, &y) && y.kind == V_NODE) {
        struct plan_spec spec = {.graph = g, .outputs = &y.node, .n_outputs = 1};
        struct plan *p = plan_new(&spec, &e);
        if (p) print_plan(t, p, g, 1);
        plan_free(p);
    }
    value_unref(y);
    graph_free(g);
    ev->e = outer;
}

static bool explain_model(struct eval *ev, const struct model_value *m, struct text *t) {
    struct node *outputs[MODEL_MAX_PORTS];
    if (!m->model || !model_is_built(m->model)) {
        text_adds(t, "The model's sizes are known when it has met its data.\n");
        return true;
    }
    struct graph *g = model_graph(m->model, false);
    int n = model_n_outputs(m->model);
    for (int i = 0; i < n; i++) outputs[i] = model_output(m->model, false, i)->node;
    struct plan_spec spec = {
        .graph = g, .batch = EXPLAIN_BATCH, .outputs = outputs, .n_outputs = n};
    struct plan *p = plan_new(&spec, ev->e);
    if (!p) return false;
    text_addf(t, "A batch of %d examples through the model:\n", EXPLAIN_BATCH);
    print_plan(t, p, g, EXPLAIN_BATCH);
    plan_free(p);
    return true;
}

bool explain_text(struct eval *ev, struct str code, struct text *t) {
    struct source *s = source_new(code, 0, NULL);
    struct program *p = s ? parse(s, ev->e) : NULL;
    const struct scope *scope = NULL;
    struct value v;
    if (s) source_unref(s);
    if (!p) return false;
    bool one = p->n_statements == 1 && p->statements[0]->kind == AST_EXPR;
    bool ok = one && engine_resolve(ev->engine, p, &scope, ev->e);
    if (!one) err_set(ev->e, ERR_SYNTAX, "%%explain takes one expression: %%explain x - x.mean()");
    struct eval inner = *ev;
    inner.domain = DOMAIN_CHECK; /* descriptions are enough: nothing is computed */
    inner.fuel = 100000;
    struct frame frame = {.scope = scope};
    struct value slots[64] = {0};
    frame.slots = slots;
    if (ok && scope->n_slots > 64) ok = err_set(ev->e, ERR_VALUE, "The expression is too long.");
    inner.program = p;
    inner.frame = &frame;
    ok = ok && eval_expr(&inner, p->statements[0]->a, &v);
    if (ok) {
        const struct ast *x = p->statements[0]->a;
        if (v.kind == V_MODEL) ok = explain_model(&inner, v.model, t);
        else ok = print_parts(&inner, x, t);
        if (ok && (v.kind == V_TENSOR || v.kind == V_DESC)) add_plan(&inner, x, t);
        value_unref(v);
        for (int i = 0; i < scope->n_slots; i++) value_unref(slots[i]);
    }
    engine_keep(ev->engine, p);
    return ok;
}
