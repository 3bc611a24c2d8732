/* A model's inference graph as an ONNX file: which nodes are needed, what is known beforehand, and
 * one operator after the other. */
#include "onnx.h"
#include "onnx_gates.h"
#include "onnx_write.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

enum { OPSET = 17, IR_VERSION = 8 };
static const size_t text_room = (size_t)256 << 20; /* of address space */

static const struct {
    onnx_export_fn export;
    const char *name;
} rows[OP_COUNT] = {
#define ONNX_OP(id, export, name) [OP_##id] = {onnx_export_##export, name},
#include "onnx_ops.list"
#undef ONNX_OP
};

/* ---- what is known from weights and constants alone ---- */

/* Repeated numbers stay what they were before the repetition, unless they are few. */
static bool small(const struct node *n) {
    enum { FEW = 1 << 16 };
    struct err ignored = {0};
    int64_t count;
    return shape_known(&n->desc.shape) && shape_count(&n->desc.shape, &count, &ignored) &&
           count <= FEW;
}

static bool can_know(const struct onnx_writer *x, const struct node *n) {
    if (n->op == OP_weight || n->op == OP_constant) return true;
    if (n->op == OP_input || (op_flags(n->op) & OP_RANDOM) || n->op == OP_count) return false;
    if (n->op == OP_expand || n->n_in == 0) {
        if (!small(n)) return false;
    }
    for (int i = 0; i < n->n_in; i++)
        if (!x->known[n->in[i]->id]) return false;
    return true;
}

static struct tensor *compute(const struct onnx_writer *x, const struct node *n) {
    struct tensor *in[8];
    if (n->op == OP_constant) return tensor_ref(n->constant);
    if (n->op != OP_weight) {
        for (int i = 0; i < n->n_in; i++) in[i] = x->known[n->in[i]->id];
        struct tensor *t = op_eval(n->op, in, n->n_in, &n->attrs, 0, x->e);
        struct tensor *own = t ? tensor_cast(t, n->desc.dtype, x->e) : NULL;
        tensor_unref(t);
        return own;
    }
    struct tensor *t = tensor_new(DT_FLOAT32, &n->desc.shape, x->e);
    if (t) memcpy(t->data, x->weights->data + n->offset, (size_t)t->count * sizeof(float));
    return t;
}

static bool find_known(struct onnx_writer *x) {
    for (int id = 0; id < graph_n_nodes(x->graph); id++) {
        const struct node *n = graph_node(x->graph, id);
        if (n->n_in <= 8 && can_know(x, n)) TRY(x->known[id] = compute(x, n));
    }
    return true;
}

/* ---- what is needed ---- */

static void find_layers(struct onnx_writer *x) {
    for (int i = 0; i < model_n_uses(x->model); i++) {
        const struct layer_use *u = model_use(x->model, i);
        const char *name = model_layer(x->model, u->row)->name;
        for (int32_t id = u->first[0]; id < u->end[0]; id++) x->layer[id] = name;
        if (u->first[0] < u->end[0] && onnx_is_whole(x->model, u)) x->whole[u->out[0]->id] = u;
    }
}

static bool is_bias(const struct onnx_writer *x, const struct node *n) {
    return n->op == OP_expand && x->known[n->in[0]->id] && n->in[0]->desc.shape.n == 1 &&
           n->attrs.axes == 7 && n->desc.shape.n == 4;
}

/* An addition of one number for each channel to a convolution that nothing else reads. */
static void find_biases(struct onnx_writer *x, const int *uses) {
    for (int id = 0; id < graph_n_nodes(x->graph); id++) {
        const struct node *n = graph_node(x->graph, id);
        for (int i = 0; n->op == OP_add && i < 2; i++) {
            const struct node *c = n->in[i];
            bool conv = c->op == OP_conv || c->op == OP_conv_input;
            if (conv && uses[c->id] == 1 && is_bias(x, n->in[1 - i])) x->fused[id] = c;
        }
    }
}

static bool count_uses(struct onnx_writer *x) {
    int *uses = pool_need((size_t)graph_n_nodes(x->graph) * sizeof *uses + 1, x->e);
    if (!uses) return false;
    for (int id = 0; id < graph_n_nodes(x->graph); id++) {
        const struct node *n = graph_node(x->graph, id);
        for (int i = 0; i < n->n_in; i++) uses[n->in[i]->id]++;
    }
    for (int i = 0; i < model_n_outputs(x->model); i++)
        uses[model_output(x->model, false, i)->node->id]++;
    find_biases(x, uses);
    pool_free(uses);
    return true;
}

/* The inputs of what is written for a needed node. */
static void mark_inputs(struct onnx_writer *x, const struct node *n) {
    const struct layer_use *u = x->whole[n->id];
    if (x->known[n->id]) return;
    if (u) {
        x->needed[u->in[0][0]->id] = true;
        return;
    }
    const struct node *from = x->fused[n->id] ? x->fused[n->id] : n;
    bool projected = n->op == OP_recur && onnx_is_projected(x->known, n->in[0]);
    for (int i = 0; i < from->n_in; i++) {
        const struct node *in = from->in[i];
        x->needed[projected && i == 0 ? in->in[0]->id : in->id] = true;
    }
}

static void mark(struct onnx_writer *x) {
    for (int i = 0; i < model_n_outputs(x->model); i++)
        x->needed[model_output(x->model, false, i)->node->id] = true;
    for (int id = graph_n_nodes(x->graph) - 1; id >= 0; id--)
        if (x->needed[id]) mark_inputs(x, graph_node(x->graph, id));
}

/* ---- writing ---- */

static bool export_node(struct onnx_writer *x, const struct node *n) {
    char what[64];
    if (!x->needed[n->id] || x->known[n->id] || n->op == OP_input) return true;
    if (n->op == OP_expand || n->op == OP_fill) return true; /* where it is used */
    x->now = n;
    if (x->whole[n->id]) return onnx_export_whole(x, x->whole[n->id], n);
    if (rows[n->op].export) return rows[n->op].export(x, n, rows[n->op].name);
    snprintf(what, sizeof what, "the operation `%s`", op_name(n->op));
    return onnx_not_there(x, n, what);
}

static bool export_nodes(struct onnx_writer *x) {
    for (int i = 0; i < model_n_inputs(x->model); i++) {
        const struct port *p = model_input(x->model, false, i);
        x->names[p->node->id].natural = p->name;
    }
    for (int id = 0; id < graph_n_nodes(x->graph); id++)
        TRY(export_node(x, graph_node(x->graph, id)));
    x->now = NULL;
    for (int i = 0; i < model_n_outputs(x->model); i++) {
        const struct port *p = model_output(x->model, false, i);
        const char *name = onnx_natural(x, p->node);
        if (!name) return false;
        if (strcmp(name, p->name) == 0) continue;
        TRY(onnx_op(x, "Identity", name, NULL, NULL));
        TRY(x->last->output[0] = arena_strdup(x->arena, str_of(p->name)));
    }
    return true;
}

/* ---- the file around it ---- */

static Onnx__TensorShapeProto *shape_message(struct onnx_writer *x, const struct shape *s) {
    Onnx__TensorShapeProto *p = arena_alloc(x->arena, sizeof *p);
    Onnx__TensorShapeProto__Dimension *d = arena_alloc(x->arena, (size_t)s->n * sizeof *d + 1);
    if (p) onnx__tensor_shape_proto__init(p);
    if (p) p->dim = arena_alloc(x->arena, (size_t)s->n * sizeof *p->dim + 1);
    if (!p || !d || !p->dim) return err_memory(x->e, sizeof *d), NULL;
    for (int i = 0; i < s->n; i++) {
        onnx__tensor_shape_proto__dimension__init(&d[i]);
        d[i].value_case = s->size[i] < 0 ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                                         : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (s->size[i] < 0) d[i].dim_param = arena_strdup(x->arena, STR("batch"));
        else d[i].dim_value = s->size[i];
        if (s->axis[i]) d[i].denotation = arena_strdup(x->arena, str_of(s->axis[i]));
        p->dim[p->n_dim++] = &d[i];
    }
    return p;
}

static Onnx__ValueInfoProto *port_message(struct onnx_writer *x, const struct port *p) {
    Onnx__ValueInfoProto *v = arena_alloc(x->arena, sizeof *v);
    Onnx__TypeProto *type = arena_alloc(x->arena, sizeof *type);
    Onnx__TypeProto__Tensor *t = arena_alloc(x->arena, sizeof *t);
    if (!v || !type || !t) return err_memory(x->e, sizeof *v), NULL;
    onnx__value_info_proto__init(v);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(t);
    v->name = arena_strdup(x->arena, str_of(p->name));
    v->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = t;
    t->has_elem_type = 1;
    t->elem_type = onnx_type(p->node->desc.dtype);
    t->shape = shape_message(x, &p->desc.shape);
    return v->name && t->shape ? v : NULL;
}

static bool ports(struct onnx_writer *x, Onnx__GraphProto *g) {
    const struct model *m = x->model;
    g->input = arena_alloc(x->arena, MODEL_MAX_PORTS * sizeof *g->input);
    g->output = arena_alloc(x->arena, MODEL_MAX_PORTS * sizeof *g->output);
    if (!g->input || !g->output) return err_memory(x->e, sizeof *g);
    for (int i = 0; i < model_n_inputs(m); i++)
        TRY(g->input[g->n_input++] = port_message(x, model_input(m, false, i)));
    for (int i = 0; i < model_n_outputs(m); i++)
        TRY(g->output[g->n_output++] = port_message(x, model_output(m, false, i)));
    return true;
}

static bool write_model(struct onnx_writer *x, const char *path) {
    static char producer[] = "awml-c", version[] = AWML_VERSION;
    Onnx__GraphProto g = ONNX__GRAPH_PROTO__INIT;
    Onnx__ModelProto file = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto set = ONNX__OPERATOR_SET_ID_PROTO__INIT, *sets[] = {&set};
    g.name = arena_strdup(x->arena, str_of(model_name(x->model)));
    g.node = x->nodes;
    g.n_node = (size_t)x->n_nodes;
    g.initializer = x->tensors;
    g.n_initializer = (size_t)x->n_tensors;
    TRY(g.name && ports(x, &g));
    set.has_version = file.has_ir_version = 1;
    set.version = OPSET;
    set.domain = arena_strdup(x->arena, STR(""));
    file.ir_version = IR_VERSION;
    file.producer_name = producer;
    file.producer_version = version;
    file.graph = &g;
    file.opset_import = sets;
    file.n_opset_import = 1;
    return onnx_write_file(&file, path, x->e);
}

static bool writer_init(struct onnx_writer *x) {
    size_t n = (size_t)graph_n_nodes(x->graph) + 1;
    x->arena = arena_new(text_room);
    return (x->arena || err_memory(x->e, text_room)) &&
           (x->names = pool_need(n * sizeof *x->names, x->e)) &&
           (x->known = pool_need(n * sizeof *x->known, x->e)) &&
           (x->fused = pool_need(n * sizeof *x->fused, x->e)) &&
           (x->whole = pool_need(n * sizeof *x->whole, x->e)) &&
           (x->layer = pool_need(n * sizeof *x->layer, x->e)) &&
           (x->needed = pool_need(n * sizeof *x->needed, x->e));
}

static void writer_clear(struct onnx_writer *x) {
    for (int i = 0; x->known && i < graph_n_nodes(x->graph); i++) tensor_unref(x->known[i]);
    for (int i = 0; i < x->n_owned; i++) tensor_unref(x->owned[i]);
    pool_free(x->names);
    pool_free(x->known);
    pool_free(x->fused);
    pool_free(x->whole);
    pool_free(x->layer);
    pool_free(x->needed);
    pool_free(x->nodes);
    pool_free(x->tensors);
    pool_free(x->owned);
    if (x->arena) arena_free(x->arena);
}

bool onnx_save(const struct model *m, const struct weights *w, const char *path, struct err *e) {
    if (!model_is_built(m))
        return err_set(e, ERR_VALUE, "The sizes of the model are not known yet.");
    struct onnx_writer x = {.e = e, .model = m, .weights = w, .graph = model_graph(m, false)};
    bool ok = writer_init(&x) && find_known(&x);
    if (ok) find_layers(&x);
    ok = ok && count_uses(&x);
    if (ok) mark(&x);
    ok = ok && export_nodes(&x) && write_model(&x, path);
    writer_clear(&x);
    return ok;
}
