/* Keras' models: the graph of layers that a config describes. */
#include "keras_read.h"
#include "nn/keras.h"
#include "keras_parts.h"
#include "json_rows.h"
#include "base/intern.h"
#include "base/pool.h"
#include "data/hdf5_file.h"
#include "data/zip.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_LAYERS = 4096, MOST_OUTPUTS = 4, DEEPEST = 16 };

bool keras_cannot(struct keras_reader *r, const struct keras_layer *l, const char *format, ...) {
    char text[300];
    va_list args;
    if (r->e->kind) return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err_set(r->e, ERR_DATA, "This Keras model cannot be read: %s.", text);
    if (l && l->class_name) err_fact(r->e, "layer", "%.60s  %.80s", l->class_name, l->name);
    return false;
}

/* ---- descriptions ---- */

static const char *text_of(const json_t *j, const char *key) {
    const json_t *v = json_object_get(j, key);
    return json_is_string(v) ? json_string_value(v) : NULL;
}

/* The layer at position `at` of a model's list; its place is numbered among those of its class. */
static bool describe(struct keras_reader *r, const struct keras_layer *model, const json_t *list,
                     size_t at, struct keras_layer *l) {
    char base[80];
    int same = 0;
    const json_t *j = json_array_get(list, at);
    *l = (struct keras_layer){.json = j, .config = json_object_get(j, "config"), .inside = model};
    l->class_name = text_of(j, "class_name");
    l->name = text_of(l->config, "name");
    if (!l->class_name || !l->name || strlen(l->class_name) > 60 || strlen(l->name) > 100)
        return keras_cannot(r, model, "the description of a layer is damaged");
    for (size_t i = 0; i < at; i++) {
        const char *other = text_of(json_array_get(list, i), "class_name");
        same += other && strcmp(other, l->class_name) == 0;
    }
    keras_place(l->class_name, base, sizeof base);
    if (same) snprintf(l->path, sizeof l->path, "%.300s/layers/%s_%d", model->path, base, same);
    else snprintf(l->path, sizeof l->path, "%.300s/layers/%s", model->path, base);
    if (r->depth > 1)
        snprintf(l->prefix, sizeof l->prefix, "%.60s%.60s.", model->prefix, model->name);
    return true;
}

/* The first Keras 2 wrote a sequential model as its list of layers alone. */
static const json_t *layers_of(const struct keras_layer *model) {
    return json_is_array(model->config) ? model->config : json_object_get(model->config, "layers");
}

/* ---- sequential ---- */

static bool is_class(const struct keras_layer *l, const char *name) {
    return strcmp(l->class_name, name) == 0;
}

static bool run_sequence(struct keras_reader *r, const struct keras_layer *model,
                         const json_t *list, struct node *x, struct node **out, int *n_out) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct keras_layer l;
        struct node *results[MOST_OUTPUTS] = {x};
        int n = 1;
        TRY(describe(r, model, list, i, &l));
        if (!is_class(&l, "InputLayer")) TRY(keras_apply(r, &l, &x, 1, results, &n));
        x = results[0];
    }
    out[0] = x;
    *n_out = 1;
    return true;
}

/* ---- functional ---- */

/* Call k of layer i: what it gave, once it has been made. */
struct call {
    int32_t layer, k, n;
    struct node *out[MOST_OUTPUTS];
};

struct graph_run {
    struct keras_reader *r;
    const struct keras_layer *model;
    const json_t *list;
    struct call *calls;
    int n, cap;
};

static struct call *find_call(const struct graph_run *g, int32_t layer, int64_t k) {
    for (int i = 0; i < g->n; i++)
        if (g->calls[i].layer == layer && g->calls[i].k == k) return &g->calls[i];
    return NULL;
}

static bool add_call(struct graph_run *g, const struct call *c) {
    if (g->n == g->cap) {
        int cap = g->cap ? 2 * g->cap : 64;
        struct call *more = pool_realloc(g->calls, (size_t)cap * sizeof *more);
        if (!more || g->n > MOST_LAYERS * 4) return err_memory(g->r->e, (size_t)cap * sizeof *more);
        g->calls = more;
        g->cap = cap;
    }
    g->calls[g->n++] = *c;
    return true;
}

static int32_t layer_named(const struct graph_run *g, const char *name) {
    for (size_t i = 0; name && i < json_array_size(g->list); i++) {
        const json_t *config = json_object_get(json_array_get(g->list, i), "config");
        const char *own = text_of(config, "name");
        if (own && strcmp(own, name) == 0) return (int32_t)i;
    }
    return -1;
}

/* In Keras 2 a model with an input of its own counts that as its first call. */
static bool calls_from_one(const struct graph_run *g, int32_t layer) {
    const json_t *j = json_array_get(g->list, (size_t)layer);
    const json_t *inner = json_object_get(json_object_get(j, "config"), "layers");
    const char *first = text_of(json_array_get(inner, 0), "class_name");
    return g->r->two && first && strcmp(first, "InputLayer") == 0;
}

/* ["dense", 0, 0]: a layer, which call of it, which result. NULL: not made yet. */
static struct node *result_at(const struct graph_run *g, const json_t *history) {
    int32_t layer = layer_named(g, json_string_value(json_array_get(history, 0)));
    int64_t k = json_integer_value(json_array_get(history, 1)) - calls_from_one(g, layer);
    int64_t i = json_integer_value(json_array_get(history, 2));
    const struct call *c = layer < 0 ? NULL : find_call(g, layer, k);
    return c && i >= 0 && i < c->n ? c->out[i] : NULL;
}

/* One of Keras 3, or of Keras 2: ["dense", 0, 0, {arguments}]. */
static bool is_result(const json_t *j) {
    if (json_is_object(j)) return json_object_get(json_object_get(j, "config"), "keras_history");
    return json_is_string(json_array_get(j, 0)) && json_is_integer(json_array_get(j, 1));
}

struct inputs {
    struct node *node[KERAS_MOST_INPUTS];
    int n;
    bool waits; /* for what is not made yet */
};

static bool add_input(struct graph_run *g, const json_t *j, struct inputs *in);

/* Those that a call names, in Keras' order; MultiHeadAttention()(x, key=k, value=v). */
static bool add_named(struct graph_run *g, const json_t *named, struct inputs *in) {
    static const char *const first[] = {"query", "value", "key"};
    const json_t *value;
    const char *key;
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        if (is_result(json_object_get(named, first[i])))
            TRY(add_input(g, json_object_get(named, first[i]), in));
    json_object_foreach((json_t *)(uintptr_t)named, key, value) {
        bool had = false;
        for (size_t i = 0; i < ARRAY_LEN(first); i++) had = had || strcmp(key, first[i]) == 0;
        bool operand = strcmp(key, "y") == 0 && json_is_number(value);
        if (!had && (operand || is_result(value))) TRY(add_input(g, value, in));
    }
    return true;
}

static bool add_input(struct graph_run *g, const json_t *j, struct inputs *in) {
    const json_t *history = json_object_get(json_object_get(j, "config"), "keras_history");
    struct node *n = NULL;
    if (in->n == KERAS_MOST_INPUTS) return keras_cannot(g->r, g->model, "a layer with many inputs");
    const char *from = json_string_value(json_array_get(j, 0));
    const json_t *named = history ? NULL : json_array_get(j, 3);
    if (from && strcmp(from, "_CONSTANT_VALUE") == 0) j = json_array_get(j, 2);
    if (json_is_number(j)) n = graph_number(g->r->a->builder->graph, json_number_value(j), g->r->e);
    else if (history) n = result_at(g, history);
    else if (is_result(j)) n = result_at(g, j);
    else if (json_is_array(j)) {
        for (size_t i = 0; i < json_array_size(j); i++) TRY(add_input(g, json_array_get(j, i), in));
        return true;
    } else {
        return true; /* a setting of the call */
    }
    in->waits = in->waits || !n;
    in->node[in->n++] = n;
    return !g->r->e->kind && (!json_is_object(named) || add_named(g, named, in));
}

/* One call of a layer, if its inputs are there. */
static bool try_call(struct graph_run *g, int32_t at, int32_t k, const json_t *inbound,
                     bool *progress) {
    struct inputs in = {.n = 0};
    struct call c = {.layer = at, .k = k};
    struct keras_layer l;
    const json_t *args = json_is_object(inbound) ? json_object_get(inbound, "args") : inbound;
    if (find_call(g, at, k)) return true;
    TRY(add_input(g, args, &in));
    TRY(add_named(g, json_object_get(inbound, "kwargs"), &in));
    if (in.waits) return true;
    TRY(describe(g->r, g->model, g->list, (size_t)at, &l));
    if (in.n < 1) return keras_cannot(g->r, &l, "the layer reads nothing");
    TRY(keras_apply(g->r, &l, in.node, in.n, c.out, &c.n));
    *progress = true;
    return add_call(g, &c);
}

static bool run_all(struct graph_run *g) {
    bool progress = true;
    while (progress) {
        progress = false;
        for (size_t i = 0; i < json_array_size(g->list); i++) {
            const json_t *nodes = json_object_get(json_array_get(g->list, i), "inbound_nodes");
            for (size_t k = 0; k < json_array_size(nodes); k++)
                TRY(try_call(g, (int32_t)i, (int32_t)k, json_array_get(nodes, k), &progress));
        }
    }
    return true;
}

/* [["a", 0, 0], ["b", 0, 0]], or for one alone ["a", 0, 0]. */
static size_t count_ends(const json_t *ends) {
    return json_is_string(json_array_get(ends, 0)) ? 1 : json_array_size(ends);
}

static const json_t *end_at(const json_t *ends, size_t i) {
    return json_is_string(json_array_get(ends, 0)) ? ends : json_array_get(ends, i);
}

static bool run_graph(struct graph_run *g, const json_t *config, struct node *const *in, int n_in,
                      struct node **out, int *n_out) {
    const json_t *first = json_object_get(config, "input_layers");
    const json_t *last = json_object_get(config, "output_layers");
    size_t n = count_ends(last);
    if (count_ends(first) != (size_t)n_in || n < 1 || n > MOST_OUTPUTS)
        return keras_cannot(g->r, g->model, "other inputs than the model has, or many outputs");
    for (int i = 0; i < n_in; i++) {
        const char *name = json_string_value(json_array_get(end_at(first, (size_t)i), 0));
        struct call c = {.layer = layer_named(g, name), .n = 1, .out = {in[i]}};
        if (c.layer < 0) return keras_cannot(g->r, g->model, "an input is missing");
        TRY(add_call(g, &c));
    }
    TRY(run_all(g));
    for (size_t i = 0; i < n; i++)
        if (!(out[i] = result_at(g, end_at(last, i))))
            return keras_cannot(g->r, g->model, "an output is computed from nothing");
    *n_out = (int)n;
    return true;
}

bool keras_run(struct keras_reader *r, const struct keras_layer *model, struct node *const *in,
               int n_in, struct node **out, int *n_out) {
    const json_t *list = layers_of(model);
    struct graph_run g = {.r = r, .model = model, .list = list};
    if (!list || json_array_size(list) > MOST_LAYERS || r->depth > DEEPEST)
        return keras_cannot(r, model, "a model without layers, or with thousands");
    r->depth++;
    bool ok = is_class(model, "Sequential") ? run_sequence(r, model, list, in[0], out, n_out)
                                            : run_graph(&g, model->config, in, n_in, out, n_out);
    r->depth--;
    pool_free(g.calls);
    return ok;
}

/* ---- the whole ---- */

/* An input by a shape such as [null, 28, 28]. */
static struct node *input(struct keras_reader *r, const json_t *shape, const char *name) {
    static const char *const images[] = {"", "height", "width", "channel"};
    struct desc d = {.dtype = DT_FLOAT32};
    size_t n = json_array_size(shape);
    if (n < 1 || n > MAX_AXES) return keras_cannot(r, NULL, "an input has no axes"), NULL;
    d.shape.n = (int32_t)n;
    d.shape.size[0] = SIZE_BATCH;
    for (int i = 1; i < d.shape.n; i++) {
        const json_t *size = json_array_get(shape, (size_t)i);
        d.shape.size[i] = json_integer_value(size);
        if (d.shape.size[i] < 1 || d.shape.size[i] > INT32_MAX)
            return keras_cannot(r, NULL, "the sizes of an input are not fixed"), NULL;
        if (n == 4) d.shape.axis[i] = intern_c(images[i]);
        if (n == 4) d.shape.weak |= (uint8_t)(1u << i);
    }
    return builder_input(r->a->builder, assemble_name(name), &d, r->e);
}

static const json_t *shape_of_input(const json_t *layer) {
    const json_t *config = json_object_get(layer, "config");
    const json_t *shape = json_object_get(config, "batch_shape");
    return shape ? shape : json_object_get(config, "batch_input_shape");
}

static bool add_inputs(struct keras_reader *r, const struct keras_layer *model, struct node **in,
                       int *n) {
    const json_t *list = layers_of(model);
    const json_t *ends = json_object_get(model->config, "input_layers");
    struct graph_run g = {.r = r, .model = model, .list = list};
    *n = ends ? (int)count_ends(ends) : 1;
    if (!ends) { /* sequential */
        const json_t *shape = shape_of_input(json_array_get(list, 0));
        if (!shape) shape = json_object_get(model->config, "build_input_shape");
        return (in[0] = input(r, shape, "x")) != NULL;
    }
    if (*n < 1 || *n > MODEL_MAX_PORTS) return keras_cannot(r, model, "many inputs");
    for (int i = 0; i < *n; i++) {
        const char *name = json_string_value(json_array_get(end_at(ends, (size_t)i), 0));
        int32_t at = layer_named(&g, name);
        if (at < 0) return keras_cannot(r, model, "an input is missing");
        TRY(in[i] = input(r, shape_of_input(json_array_get(list, (size_t)at)), name));
    }
    return true;
}

static bool walk(struct assembly *a, void *user) {
    struct keras_reader *r = user;
    struct keras_layer model = {.json = r->root, .config = json_object_get(r->root, "config")};
    struct node *in[MODEL_MAX_PORTS], *out[MOST_OUTPUTS];
    int n_in, n_out;
    r->a = a;
    model.class_name = text_of(r->root, "class_name");
    model.name = text_of(model.config, "name");
    bool known = model.class_name && (is_class(&model, "Sequential") ||
                                      is_class(&model, "Functional") || is_class(&model, "Model"));
    if (!known || !model.config)
        return keras_cannot(r, NULL, "it is no Sequential or Functional model");
    if (!model.name) model.name = "model";
    TRY(add_inputs(r, &model, in, &n_in));
    TRY(keras_run(r, &model, in, n_in, out, &n_out));
    const json_t *ends = json_object_get(model.config, "output_layers");
    for (int i = 0; i < n_out; i++) {
        const json_t *end = ends ? end_at(ends, (size_t)i) : NULL;
        const char *name = end ? json_string_value(json_array_get(end, 0)) : "y";
        TRY(builder_output(a->builder, assemble_name(name), out[i], r->e));
    }
    return true;
}

static struct model *read_model(struct keras_reader *r, struct str config, const char *title,
                                struct weights **weights) {
    *weights = NULL;
    json_t *root = json_tree_parse(config, r->e);
    if (!root) return NULL;
    r->root = root;
    r->two = memmem(config.p, config.n, "\"batch_input_shape\"", 19) != NULL;
    struct model *m = assemble(title, walk, r, weights, r->e);
    pool_free(r->made);
    json_decref(root);
    return m;
}

struct model *keras_read_config(struct str config, const char *title,
                                const struct named_tensor *items, int n, struct weights **weights,
                                struct err *e) {
    struct keras_reader r = {.e = e, .items = items, .n_items = n};
    return read_model(&r, config, title, weights);
}

struct model *keras_read_old(struct str config, const char *title, const struct named_tensor *items,
                             int n, struct weights **weights, struct err *e) {
    struct keras_reader r = {.e = e, .items = items, .n_items = n, .old = true};
    return read_model(&r, config, title, weights);
}

/* A member of the archive, unpacked. */
static bool member(struct zip *z, struct str name, struct text *out, struct err *e) {
    int64_t at = zip_find(z, name);
    if (at < 0)
        return err_set(e, ERR_DATA, "This is no file of Keras 3: it holds no %.*s.", (int)name.n,
                       name.p);
    return zip_read(z, at, out, e);
}

static bool write_copy(const char *path, struct str bytes, struct err *e) {
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
    if (f) ok = fclose(f) == 0 && ok;
    return ok || err_set(e, ERR_FILE, "%s cannot be written.", path);
}

struct model *keras_load(const char *path, struct weights **weights, struct err *e) {
    struct text config = {0}, h5 = {0};
    struct named_tensor *items = NULL;
    char copy[64];
    int n = 0;
    struct model *m = NULL;
    *weights = NULL;
    snprintf(copy, sizeof copy, "/tmp/awml-%ld.model.h5", (long)getpid());
    struct zip *z = zip_open(path, e);
    bool ok = z && member(z, STR("config.json"), &config, e) &&
              member(z, STR("model.weights.h5"), &h5, e) && write_copy(copy, text_str(&h5), e) &&
              read_hdf5(copy, &items, &n, e);
    if (z) unlink(copy);
    if (ok) m = keras_read_config(text_str(&config), assemble_title(path), items, n, weights, e);
    for (int i = 0; i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
    text_clear(&config);
    text_clear(&h5);
    zip_unref(z);
    return m;
}
