/* An ONNX graph made into a model: inputs, one operator after the other, outputs. */
#include "onnx.h"
#include "onnx_read.h"
#include "onnx_table.h"
#include "base/intern.h"
#include "data/read.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *type;
    onnx_import_fn import;
    int code;
} rows[] = {
#define ONNX_READ(type, import, code) {#type, onnx_import_##import, code},
#include "onnx_readers.list"
#undef ONNX_READ
};

/* ---- inputs ---- */

/* Does a value reach, through operators that leave its axes alone, one that reads images or
 * sequences with the channels second? Layouts are decided there. */
static bool reads_channels_second(const struct onnx_reader *r, const char *name, int *budget) {
    static const char *const images[] = {"Conv",
                                         "ConvTranspose",
                                         "MaxPool",
                                         "AveragePool",
                                         "BatchNormalization",
                                         "InstanceNormalization",
                                         "GlobalAveragePool",
                                         "GlobalMaxPool",
                                         "Resize",
                                         "Upsample"};
    static const char *const plain[] = {"Add",       "Sub",     "Mul",    "Div",   "Identity",
                                        "Cast",      "Clip",    "Relu",   "Pad",   "Dropout",
                                        "LeakyRelu", "Sigmoid", "Concat", "Slice", "Split"};
    const Onnx__GraphProto *g = r->graph;
    for (size_t i = 0; (*budget)-- > 0 && i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        bool reads = false;
        for (size_t k = 0; n->op_type && k < n->n_input; k++)
            reads = reads || (n->input[k] && strcmp(n->input[k], name) == 0);
        if (!reads) continue;
        for (size_t k = 0; k < ARRAY_LEN(images); k++)
            if (strcmp(n->op_type, images[k]) == 0) return true;
        for (size_t k = 0; k < ARRAY_LEN(plain); k++)
            if (strcmp(n->op_type, plain[k]) == 0 && n->n_output && n->output[0] &&
                reads_channels_second(r, n->output[0], budget))
                return true;
    }
    return false;
}

static bool input_shape(struct onnx_reader *r, const Onnx__ValueInfoProto *p, struct shape *s) {
    const Onnx__TypeProto__Tensor *t =
        p->type && p->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ? p->type->tensor_type
                                                                              : NULL;
    if (!t || !t->shape || t->shape->n_dim < 1 || t->shape->n_dim > MAX_AXES)
        return onnx_cannot(r, "the input \"%.80s\" is no tensor of known axes", p->name);
    *s = (struct shape){.n = (int32_t)t->shape->n_dim};
    for (int i = 0; i < s->n; i++) {
        const Onnx__TensorShapeProto__Dimension *d = t->shape->dim[i];
        bool known = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        s->size[i] = i == 0 ? SIZE_BATCH : known ? d->dim_value : -2;
        if (i && d->denotation && *d->denotation && strlen(d->denotation) < 60)
            s->axis[i] = assemble_name(d->denotation);
        if (i && (s->size[i] < 1 || s->size[i] > INT32_MAX)) {
            onnx_cannot(r, "the sizes of an example of the input \"%.80s\" are not fixed", p->name);
            return err_hint(r->e, "Export it with fixed sizes; only the first axis, that of the "
                                  "examples, may be open.");
        }
    }
    return true;
}

/* Axes as our layers name them, channels last. */
static struct shape with_channels_last(const struct shape *s) {
    static const char *const names[2][4] = {{"", "time", "channel"},
                                            {"", "height", "width", "channel"}};
    struct shape out = *s;
    for (int i = 1; i < s->n; i++) {
        int from = i == s->n - 1 ? 1 : i + 1;
        out.size[i] = s->size[from];
        out.axis[i] = s->n <= 4 ? intern_c(names[s->n == 4][i]) : NULL;
        if (out.axis[i]) out.weak |= (uint8_t)(1u << i);
    }
    return out;
}

static bool add_input(struct onnx_reader *r, const Onnx__ValueInfoProto *p) {
    struct onnx_value *v = p->name ? onnx_find(r, p->name) : NULL;
    struct desc d = {.dtype = DT_FLOAT32};
    if (!v) return onnx_cannot(r, "an input has no name");
    if (v->stored) return true; /* first values of it, in files of old versions */
    TRY(input_shape(r, p, &d.shape));
    int budget = 100000;
    bool turned = d.shape.n > 2 && reads_channels_second(r, p->name, &budget);
    if (turned) d.shape = with_channels_last(&d.shape);
    v->node = builder_input(r->a->builder, assemble_name(p->name), &d, r->e);
    v->turned = turned;
    return v->node != NULL;
}

/* ---- operators ---- */

static bool unknown_operator(struct onnx_reader *r, const char *type) {
    struct text all = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        text_addf(&all, "%s%s", i ? " " : "", rows[i].type);
    err_set(r->e, ERR_NOT_YET,
            "This ONNX file uses the operator `%.60s`, which cannot be read yet.", type);
    err_fact(r->e, "operator", "%.60s  %.80s", type, r->now->name ? r->now->name : "");
    bool loop = strcmp(type, "Loop") == 0 || strcmp(type, "Scan") == 0 || strcmp(type, "If") == 0;
    if (loop)
        err_hint(r->e, "Keras writes recurrent layers as loops into ONNX files. Its own files keep "
                       "the layers: model.save(\"net.keras\"), and here load(\"net.keras\").");
    else err_hint(r->e, "These can be read: %s.", all.p ? all.p : "");
    text_clear(&all);
    return false;
}

/* An error of a layer or an operation gets to say which operator of the file it was. */
static bool blame(struct onnx_reader *r) {
    if (r->e->kind == ERR_BROADCAST) { /* its words are of the language, not of a file */
        *r->e = (struct err){0};
        return onnx_cannot(r, "what an operator reads does not fit together here");
    }
    return err_fact(r->e, "operator", "%.60s  %.80s", r->now->op_type,
                    r->now->name ? r->now->name : "");
}

static bool import_node(struct onnx_reader *r, int32_t i) {
    r->now = r->graph->node[i];
    r->i_now = i;
    const char *type = r->now->op_type ? r->now->op_type : "";
    const char *domain = r->now->domain ? r->now->domain : "";
    if (r->taken[i]) return true;
    for (size_t k = 0; k < ARRAY_LEN(rows) && !*domain; k++) {
        if (strcmp(rows[k].type, type) != 0) continue;
        if (rows[k].import(r, rows[k].code)) return true;
        onnx_cannot(r, "an operator of this form");
        return strstr(r->e->facts, "operator") ? false : blame(r);
    }
    return unknown_operator(r, type);
}

static bool add_output(struct onnx_reader *r, const Onnx__ValueInfoProto *p) {
    struct onnx_value *v = p->name ? onnx_find(r, p->name) : NULL;
    r->now = NULL;
    if (!v || (!v->node && !v->known && !v->stored))
        return onnx_cannot(r, "nothing gives its output \"%.80s\"", p->name ? p->name : "");
    if (!v->node) return onnx_cannot(r, "its output does not depend on its inputs");
    bool flat = v->flat || v->by_time || v->order[0];
    struct node *n = flat ? onnx_plain(r, v) : v->node; /* images come out with channels last */
    return n && builder_output(r->a->builder, assemble_name(p->name), n, r->e);
}

static bool walk(struct assembly *a, void *user) {
    struct onnx_reader *r = user;
    const Onnx__GraphProto *g = r->graph;
    r->a = a;
    r->now = NULL;
    onnx_table_walk(r);
    for (size_t i = 0; i < g->n_input; i++) TRY(add_input(r, g->input[i]));
    for (size_t i = 0; i < g->n_node; i++) TRY(import_node(r, (int32_t)i));
    for (size_t i = 0; i < g->n_output; i++) TRY(add_output(r, g->output[i]));
    return true;
}

/* ---- files ---- */

static int64_t opset_of(const Onnx__ModelProto *m) {
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *o = m->opset_import[i];
        if (o->has_version && (!o->domain || !*o->domain)) return o->version;
    }
    return 13;
}

struct model *onnx_read_bytes(struct str bytes, const char *path, struct weights **weights,
                              struct err *e) {
    char folder[4096];
    const char *slash = path ? strrchr(path, '/') : NULL;
    struct onnx_reader r = {.e = e, .folder = path ? folder : NULL};
    struct model *m = NULL;
    *weights = NULL;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 0, path ? path : "");
    Onnx__ModelProto *file = onnx_parse(bytes, e);
    if (!file) return NULL;
    r.graph = file->graph;
    r.opset = opset_of(file);
    if (onnx_table_init(&r, e))
        m = assemble(path ? assemble_title(path) : "onnx", walk, &r, weights, e);
    onnx_table_clear(&r);
    onnx_forget(file);
    return m;
}

struct model *onnx_load(const char *path, struct weights **weights, struct err *e) {
    struct text bytes = {0};
    char whole[4096];
    *weights = NULL;
    source_path(path, whole, sizeof whole);
    bool ok = read_file(path, &bytes, e);
    struct model *m = ok ? onnx_read_bytes(text_str(&bytes), whole, weights, e) : NULL;
    text_clear(&bytes);
    return m;
}
