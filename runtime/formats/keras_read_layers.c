/* Keras' layers as ours: by the table of their arguments, or by a function for those that differ.
 */
#include "keras_parts.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* As in nn/keras_layers.list, and layers that are only read. */
static const struct row {
    int kind;
    const char *class_name, *vars, *arguments;
} rows[] = {
#define KERAS(id, class_name, vars, arguments) {LAYER_##id, class_name, vars, arguments},
#include "nn/keras_layers.list"
    KERAS(
        separable_conv1d, "SeparableConv1D", "vars",
        "filters kernel_size activation strides padding multiplier=depth_multiplier bias=use_bias")
        KERAS(separable_conv2d, "SeparableConv2D", "vars",
              "filters kernel_size activation strides padding multiplier=depth_multiplier "
              "bias=use_bias") KERAS(embedding, "Embedding", "vars",
                                     "size=input_dim units=output_dim")
            KERAS(repeat_vector, "RepeatVector", "vars", "n")
                KERAS(up_sampling1d, "UpSampling1D", "vars", "size")
                    KERAS(spatial_dropout1d, "SpatialDropout1D", "vars", "rate")
                        KERAS(spatial_dropout2d, "SpatialDropout2D", "vars", "rate")
                            KERAS(alpha_dropout, "AlphaDropout", "vars", "rate")
                                KERAS(group_norm, "GroupNormalization", "vars", "groups epsilon")
                                    KERAS(prelu, "PReLU", "vars", "")
#undef KERAS
};

static const json_t *setting(const struct keras_layer *l, const char *key) {
    return json_object_get(l->config, key);
}

static double number_or(const struct keras_layer *l, const char *key, double fallback) {
    const json_t *v = setting(l, key);
    return json_is_number(v) ? json_number_value(v) : fallback;
}

static struct graph *graph_of(const struct keras_reader *r) {
    return r->a->builder->graph;
}

static struct node *op(struct keras_reader *r, enum op what, struct node *a, struct node *b) {
    if (!a) return NULL;
    return b ? graph_add2(graph_of(r), what, a, b, NULL, r->e)
             : graph_add1(graph_of(r), what, a, NULL, r->e);
}

static struct node *with_number(struct keras_reader *r, enum op what, struct node *a, double x) {
    struct node *n = a ? graph_number(graph_of(r), x, r->e) : NULL;
    return n ? op(r, what, a, n) : NULL;
}

/* ---- activations ---- */

static struct node *clipped(struct keras_reader *r, struct node *x, double low, double high) {
    return with_number(r, OP_minimum, with_number(r, OP_maximum, x, low), high);
}

/* What our layers do not have as an argument. */
static struct node *other_activation(struct keras_reader *r, const struct keras_layer *l,
                                     const char *name, struct node *x) {
    if (strcmp(name, "relu6") == 0) return clipped(r, x, 0, 6);
    if (strcmp(name, "hard_sigmoid") == 0) /* of Keras 2 */
        return clipped(r, with_number(r, OP_add, with_number(r, OP_mul, x, 0.2), 0.5), 0, 1);
    if (strcmp(name, "hard_silu") == 0 || strcmp(name, "hard_swish") == 0) {
        struct node *line = with_number(r, OP_add, with_number(r, OP_mul, x, 1.0 / 6), 0.5);
        struct node *gate = clipped(r, line, 0, 1);
        return gate ? op(r, OP_mul, x, gate) : NULL;
    }
    if (strcmp(name, "leaky_relu") == 0) {
        struct node *below = with_number(r, OP_mul, with_number(r, OP_minimum, x, 0), 0.2);
        return below ? op(r, OP_add, op(r, OP_relu, x, NULL), below) : NULL;
    }
    if (strcmp(name, "selu") == 0) {
        struct node *power = op(r, OP_exp, with_number(r, OP_minimum, x, 0), NULL);
        struct node *below =
            with_number(r, OP_mul, with_number(r, OP_sub, power, 1), 1.6732632423543772);
        struct node *both = below ? op(r, OP_add, op(r, OP_relu, x, NULL), below) : NULL;
        return with_number(r, OP_mul, both, 1.0507009873554805);
    }
    keras_cannot(r, l, "the activation %.60s", name);
    return NULL;
}

/* Our activation of that name, or -1. */
static int own_activation(const struct keras_reader *r, const char *name) {
    if (r->two && strcmp(name, "hard_sigmoid") == 0) return -1; /* steeper in Keras 3 */
    if (strcmp(name, "leaky_relu") == 0) return -1;             /* another slope there */
    if (strcmp(name, "exponential") == 0) name = "exp";
    if (strcmp(name, "swish") == 0) name = "silu";
    return activation_find(str_of(name));
}

static struct node *activate(struct keras_reader *r, const struct keras_layer *l, const char *name,
                             struct node *x) {
    int own = own_activation(r, name);
    if (!x) return NULL;
    return own >= 0 ? activation_apply(graph_of(r), own, x, r->e) : other_activation(r, l, name, x);
}

/* ---- layers ---- */

static struct keras_made *find_made(const struct keras_reader *r, const json_t *from) {
    for (int i = 0; i < r->n_made; i++)
        if (r->made[i].from == from) return &r->made[i];
    return NULL;
}

static const struct config_row *row_of_kind(int kind) {
    for (int i = 0; i < config_n_rows(); i++) {
        const struct config_row *row = config_row_at(i);
        if (row->group == CONFIG_LAYER && row->kind == kind) return row;
    }
    return NULL;
}

/* The layer of a description: made once, by `c` (taken). */
static struct layer *layer_for(struct keras_reader *r, const struct keras_layer *l,
                               struct config *c) {
    const struct keras_made *known = find_made(r, l->json);
    char name[240];
    if (known || !c) return config_unref(c), known ? known->layer : NULL;
    snprintf(name, sizeof name, "%s%s", l->prefix, assemble_name(l->name));
    c->name = intern_c(name);
    struct layer *made = assemble_layer(r->a, c);
    if (!made) return NULL;
    if (r->n_made == r->cap_made) {
        int cap = r->cap_made ? 2 * r->cap_made : 64;
        struct keras_made *more = pool_realloc(r->made, (size_t)cap * sizeof *more);
        if (!more) return err_memory(r->e, (size_t)cap * sizeof *more), NULL;
        r->made = more;
        r->cap_made = cap;
    }
    r->made[r->n_made++] = (struct keras_made){l->json, made};
    return made;
}

/* One setting into an argument, by what it is in the file. An activation that is not ours is left
 * for later: *other. */
static bool set_argument(struct keras_reader *r, const struct keras_layer *l, struct config *c,
                         const char *ours, const char *theirs, const char **other) {
    const json_t *v = setting(l, theirs);
    bool activation = strstr(ours, "activation") != NULL;
    if (json_is_object(v)) v = json_object_get(v, "config"); /* a function by name */
    if (!v || json_is_null(v)) return true;
    if (activation && !json_is_string(v)) return keras_cannot(r, l, "an activation of one's own");
    if (activation) {
        int own = own_activation(r, json_string_value(v));
        bool optional = strcmp(ours, "activation") == 0;
        struct str name = str_of(l->class_name);
        bool recurrent = str_ends(name, "RNN") || str_ends(name, "GRU") || str_ends(name, "LSTM");
        if (own == ACTIVATION_linear && optional && !recurrent) return true; /* as without one */
        if (own < 0 && optional && !recurrent) return *other = json_string_value(v), true;
        if (own < 0) return keras_cannot(r, l, "the activation %.60s", json_string_value(v));
        return config_set_activation(c, ours, own, r->e);
    }
    if (json_is_boolean(v)) return config_set_number(c, ours, json_is_true(v), r->e);
    if (json_is_number(v)) return config_set_number(c, ours, json_number_value(v), r->e);
    if (json_is_string(v)) return config_set_text(c, ours, json_string_value(v), r->e);
    struct shape s = {.n = (int32_t)json_array_size(v)};
    if (s.n < 1 || s.n > MAX_AXES) return keras_cannot(r, l, "the setting %s", theirs);
    for (int i = 0; i < s.n; i++) s.size[i] = json_integer_value(json_array_get(v, (size_t)i));
    if (strcmp(ours, "axis") == 0) return config_set_number(c, ours, (double)s.size[0], r->e);
    return config_set_shape(c, ours, &s, r->e);
}

static bool set_arguments(struct keras_reader *r, const struct keras_layer *l,
                          const struct row *row, struct config *c, const char **other) {
    const char *p = row->arguments;
    while (*p) {
        char ours[40], theirs[40];
        size_t n = strcspn(p, " "), own = strcspn(p, "= ");
        snprintf(ours, sizeof ours, "%.*s", (int)own, p);
        if (own < n) snprintf(theirs, sizeof theirs, "%.*s", (int)(n - own - 1), p + own + 1);
        else snprintf(theirs, sizeof theirs, "%s", ours);
        TRY(set_argument(r, l, c, ours, theirs, other));
        p += n + (p[n] == ' ');
    }
    return true;
}

/* ---- weights ---- */

/* Which of the file's items stands at this place of the layer; -1 with an error. */
static int item_at(struct keras_reader *r, const struct keras_layer *l, const char *place) {
    char path[KERAS_PATH + 80];
    int at = r->old ? keras_old_item(r, l, place) : -1;
    snprintf(path, sizeof path, "%s/%s", l->path + (l->path[0] == '/'), place);
    for (int i = 0; !r->old && at < 0 && i < r->n_items; i++)
        if (strcmp(r->items[i].name, path) == 0) at = i;
    if (at < 0) keras_cannot(r, l, "its weights (%.200s) are not in the file", path);
    return at;
}

static bool give_weight(struct keras_reader *r, const struct keras_layer *l,
                        const struct layer *layer, int slot, const char *place) {
    const struct model *m = r->a->builder->model;
    int row = layer_row(layer, m), i = item_at(r, l, place);
    int64_t count;
    if (i < 0) return false;
    if (slot >= model_layer(m, row)->n_weight_infos) return keras_cannot(r, l, "more weights");
    const struct weight_info *w = model_weight(m, model_layer(m, row)->first_weight + slot);
    struct tensor *t = tensor_ref(r->items[i].value);
    if (shape_count(&w->shape, &count, r->e) && count == t->count) {
        struct tensor *laid = tensor_with_shape(t, &w->shape, r->e);
        tensor_unref(t);
        t = laid;
    }
    return assemble_give(r->a, layer, slot, t) || keras_cannot(r, l, "its weights");
}

/* All weights of the layer, from the places "<vars>/0", … one after the other; those of a switch
 * that is off (a scale, a shift) are left out of the count. */
static bool give_weights(struct keras_reader *r, const struct keras_layer *l,
                         const struct layer *layer, const char *vars) {
    if (!r->a->builder->training || !r->n_items) return true;
    bool no_gamma = json_is_false(setting(l, "scale")),
         no_beta = json_is_false(setting(l, "center"));
    int n = assemble_n_weights(r->a, layer), at = 0;
    for (int slot = 0; slot < n; slot++) {
        char place[96];
        if ((slot == 0 && no_gamma) || (slot == 1 && no_beta)) continue;
        snprintf(place, sizeof place, "%s/%d", vars, at++);
        TRY(give_weight(r, l, layer, slot, place));
    }
    return true;
}

/* ---- what differs ---- */

static bool one(struct node *n, struct node **out, int *n_out) {
    out[0] = n;
    *n_out = 1;
    return n != NULL;
}

static bool is(const struct keras_layer *l, const char *class_name) {
    return strcmp(l->class_name, class_name) == 0;
}

/* A layer without weights, from a config that is ready. */
static bool plain(struct keras_reader *r, const struct keras_layer *l, struct config *c,
                  struct node *x, struct node **out, int *n_out) {
    return one(assemble_apply(r->a, layer_for(r, l, c), &x, 1), out, n_out);
}

static bool merge(struct keras_reader *r, const struct keras_layer *l, struct node *const *in,
                  int n, struct node **out, int *n_out) {
    static const struct {
        const char *name;
        enum op op;
    } merges[] = {{"Add", OP_add},         {"Subtract", OP_sub},    {"Multiply", OP_mul},
                  {"Maximum", OP_maximum}, {"Minimum", OP_minimum}, {"Average", OP_add},
                  {"TrueDivide", OP_div},  {"Divide", OP_div}};
    for (size_t k = 0; k < ARRAY_LEN(merges); k++) {
        if (!is(l, merges[k].name)) continue;
        if (n < 2 && !is(l, "Average")) return keras_cannot(r, l, "an operand is missing");
        struct node *y = in[0];
        for (int i = 1; y && i < n; i++) y = op(r, merges[k].op, y, in[i]);
        if (is(l, "Average")) y = with_number(r, OP_mul, y, 1.0 / n);
        return one(y, out, n_out);
    }
    int axes = in[0]->desc.shape.n, axis = (int)number_or(l, "axis", -1);
    const struct attrs a = {.axis = axis < 0 ? axis + axes : axis};
    if (a.axis < 1 || a.axis >= axes) return keras_cannot(r, l, "examples joined");
    return one(graph_add(graph_of(r), OP_concat, in, n, &a, r->e), out, n_out);
}

static bool is_merge(const struct keras_layer *l) {
    static const char *const names[] = {"Add",         "Subtract",   "Multiply",
                                        "Maximum",     "Minimum",    "Average",
                                        "Concatenate", "TrueDivide", "Divide"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (is(l, names[i])) return true;
    return false;
}

/* [[above, below], [left, right]], [height, width] or one number. */
static bool edges(struct keras_reader *r, const struct keras_layer *l, bool pad, struct node *x,
                  struct node **out, int *n_out) {
    const json_t *v = setting(l, pad ? "padding" : "cropping");
    struct shape s = {.n = 4};
    for (int i = 0; i < 4; i++) {
        const json_t *side = json_is_array(v) ? json_array_get(v, (size_t)i / 2) : v;
        if (json_is_array(side)) side = json_array_get(side, (size_t)i % 2);
        s.size[i] = json_integer_value(side);
    }
    const struct config_row *row = row_of_kind(pad ? LAYER_zero_padding2d : LAYER_cropping2d);
    struct config *c = config_default(row, r->e);
    if (!c || !config_set_shape(c, pad ? "pad" : "cut", &s, r->e)) return config_unref(c), false;
    return plain(r, l, c, x, out, n_out);
}

static bool relu(struct keras_reader *r, const struct keras_layer *l, struct node *x,
                 struct node **out, int *n_out) {
    double most = number_or(l, "max_value", INFINITY), slope = number_or(l, "negative_slope", 0);
    if (number_or(l, "threshold", 0) != 0) return keras_cannot(r, l, "a threshold");
    if (isinf(most) && slope == 0)
        return plain(r, l, config_default(row_of_kind(LAYER_relu), r->e), x, out, n_out);
    struct node *y = op(r, OP_relu, x, NULL);
    if (slope != 0)
        y = op(r, OP_add, y, with_number(r, OP_mul, with_number(r, OP_minimum, x, 0), slope));
    return one(isinf(most) ? y : with_number(r, OP_minimum, y, most), out, n_out);
}

/* The slope is called `alpha` in Keras 2. */
static bool leaky(struct keras_reader *r, const struct keras_layer *l, struct node *x,
                  struct node **out, int *n_out) {
    double slope = number_or(l, "negative_slope", number_or(l, "alpha", 0.3));
    struct config *c = config_default(row_of_kind(LAYER_leaky_relu), r->e);
    if (!c || !config_set_number(c, "slope", slope, r->e)) return config_unref(c), false;
    return plain(r, l, c, x, out, n_out);
}

/* A vector as a constant operand, from a weight of the file. */
static struct node *vector(struct keras_reader *r, const struct keras_layer *l, const char *place) {
    int i = item_at(r, l, place);
    if (i < 0) return NULL;
    struct shape s = shape_of(1, &r->items[i].value->count);
    struct tensor *t = tensor_with_shape(r->items[i].value, &s, r->e);
    struct node *n = t ? graph_constant(graph_of(r), t, r->e) : NULL;
    tensor_unref(t);
    return n;
}

/* (x - mean) / max(sqrt(variance), 1e-7) */
static bool normalization(struct keras_reader *r, const struct keras_layer *l, struct node *x,
                          struct node **out, int *n_out) {
    struct node *mean = vector(r, l, "vars/0"), *variance = mean ? vector(r, l, "vars/1") : NULL;
    struct node *root = with_number(r, OP_maximum, op(r, OP_sqrt, variance, NULL), 1e-7);
    return one(root ? op(r, OP_div, op(r, OP_sub, x, mean), root) : NULL, out, n_out);
}

static bool bidirectional(struct keras_reader *r, const struct keras_layer *l, struct node *x,
                          struct node **out, int *n_out) {
    const json_t *inner = setting(l, "layer");
    struct keras_layer cell = {.json = inner, .config = json_object_get(inner, "config")};
    const char *other = NULL, *merge_mode = json_string_value(setting(l, "merge_mode"));
    cell.class_name = json_string_value(json_object_get(inner, "class_name"));
    cell.name = l->name;
    const struct row *row = NULL;
    for (size_t i = 0; cell.class_name && i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].class_name, cell.class_name) == 0) row = &rows[i];
    if (!row || !merge_mode) return keras_cannot(r, l, "what it reads the sequence with");
    struct config *in = config_default(row_of_kind(row->kind), r->e);
    struct config *c = in ? config_default(row_of_kind(LAYER_bidirectional), r->e) : NULL;
    bool ok = c && set_arguments(r, &cell, row, in, &other) &&
              config_set_text(c, "merge", merge_mode, r->e);
    if (ok) c->args[0] = (struct arg){.kind = ARG_CONFIG, .config = config_ref(in)};
    config_unref(in);
    if (!ok || other) return config_unref(c), keras_cannot(r, l, "its activation");
    struct layer *layer = layer_for(r, l, c);
    struct node *y = assemble_apply(r->a, layer, &x, 1);
    for (int i = 0; y && r->a->builder->training && r->n_items && i < 6; i++) {
        char place[64];
        snprintf(place, sizeof place, "%s_layer/cell/vars/%d", i < 3 ? "forward" : "backward",
                 i % 3);
        TRY(give_weight(r, l, layer, i, place));
    }
    return one(y, out, n_out);
}

static bool heads(struct keras_reader *r, const struct keras_layer *l, struct node *const *in,
                  int n, struct node **out, int *n_out) {
    static const char *const places[] = {
        "query_dense/vars/0", "query_dense/vars/1", "key_dense/vars/0",    "key_dense/vars/1",
        "value_dense/vars/0", "value_dense/vars/1", "output_dense/vars/0", "output_dense/vars/1"};
    /* Keras' order is query, value, key */
    struct node *three[3] = {in[0], n > 2 ? in[2] : in[1], in[1]};
    double size = number_or(l, "key_dim", 0);
    if (n < 2 || n > 3 || json_is_false(setting(l, "use_bias")) ||
        number_or(l, "value_dim", size) != size)
        return keras_cannot(r, l, "attention of another form");
    struct config *c = config_default(row_of_kind(LAYER_multi_head_attention), r->e);
    bool ok = c && config_set_number(c, "heads", number_or(l, "num_heads", 1), r->e) &&
              config_set_number(c, "key_size", size, r->e) &&
              config_set_number(c, "dropout", number_or(l, "dropout", 0), r->e);
    if (!ok) return config_unref(c), false;
    struct layer *layer = layer_for(r, l, c);
    struct node *y = assemble_apply(r->a, layer, three, 3);
    for (int i = 0; y && r->a->builder->training && r->n_items && i < 8; i++)
        TRY(give_weight(r, l, layer, i, places[i]));
    return one(y, out, n_out);
}

/* ---- any layer ---- */

/* Layers that pass their input on when they are not in training: what they do there is left out. */
static bool is_for_training(const struct keras_layer *l) {
    return strncmp(l->class_name, "Random", 6) == 0 || is(l, "ActivityRegularization") ||
           is(l, "GaussianDropout");
}

static bool by_row(struct keras_reader *r, const struct keras_layer *l, struct node *const *in,
                   struct node **out, int *n_out) {
    const struct row *row = NULL;
    const char *other = NULL, *format = json_string_value(setting(l, "data_format"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (is(l, rows[i].class_name)) row = &rows[i];
    if (!row) {
        err_set(r->e, ERR_NOT_YET, "This Keras model has a layer that cannot be read yet.");
        return err_fact(r->e, "layer", "%.60s  %.80s", l->class_name, l->name);
    }
    if (format && strcmp(format, "channels_first") == 0)
        return keras_cannot(r, l, "its channels come first");
    if (is(l, "GRU") && json_is_false(setting(l, "reset_after")))
        return keras_cannot(r, l, "a GRU whose reset gate acts before the product");
    struct config *c = config_default(row_of_kind(row->kind), r->e);
    if (!c || !set_arguments(r, l, row, c, &other)) return config_unref(c), false;
    struct layer *layer = layer_for(r, l, c);
    struct node *x = assemble_apply(r->a, layer, in, 1);
    if (!x || !give_weights(r, l, layer, row->vars)) return false;
    if (other) x = activate(r, l, other, x);
    out[0] = x;
    *n_out = 1;
    for (int i = 0; i < layer_n_extra(layer) && i < 2; i++) out[(*n_out)++] = layer_extra(layer, i);
    return x != NULL;
}

/* An operator between results, as Keras 2 kept it. */
static bool operation(struct keras_reader *r, const struct keras_layer *l, struct node *const *in,
                      int n, struct node **out, int *n_out) {
    static const struct {
        const char *name;
        enum op op;
    } known[] = {{"add", OP_add}, {"subtract", OP_sub}, {"sub", OP_sub},   {"multiply", OP_mul},
                 {"mul", OP_mul}, {"truediv", OP_div},  {"divide", OP_div}};
    const char *name = json_string_value(setting(l, "function"));
    const char *dot = name ? strrchr(name, '.') : NULL;
    for (size_t i = 0; dot && n == 2 && i < ARRAY_LEN(known); i++)
        if (strcmp(dot + 1, known[i].name) == 0)
            return one(op(r, known[i].op, in[0], in[1]), out, n_out);
    return keras_cannot(r, l, "the operation %.60s", name ? name : "without a name");
}

static bool special(struct keras_reader *r, const struct keras_layer *l, struct node *const *in,
                    int n, struct node **out, int *n_out, bool *done) {
    struct node *x = in[0];
    *done = true;
    if (is(l, "Sequential") || is(l, "Functional") || is(l, "Model"))
        return keras_run(r, l, in, n, out, n_out);
    if (is_merge(l)) return merge(r, l, in, n, out, n_out);
    if (is(l, "TFOpLambda")) return operation(r, l, in, n, out, n_out);
    if (is(l, "MultiHeadAttention")) return heads(r, l, in, n, out, n_out);
    if (n != 1) return keras_cannot(r, l, "a layer with %d inputs", n);
    if (is_for_training(l)) return one(x, out, n_out);
    if (is(l, "Activation")) {
        const json_t *v = setting(l, "activation");
        if (!json_is_string(v)) return keras_cannot(r, l, "an activation of one's own");
        return one(activate(r, l, json_string_value(v), x), out, n_out);
    }
    if (is(l, "ReLU")) return relu(r, l, x, out, n_out);
    if (is(l, "LeakyReLU")) return leaky(r, l, x, out, n_out);
    if (is(l, "ZeroPadding2D") || is(l, "Cropping2D"))
        return edges(r, l, is(l, "ZeroPadding2D"), x, out, n_out);
    if (is(l, "Normalization")) return normalization(r, l, x, out, n_out);
    if (is(l, "Bidirectional")) return bidirectional(r, l, x, out, n_out);
    return *done = false, true;
}

bool keras_apply(struct keras_reader *r, const struct keras_layer *l, struct node *const *in,
                 int n_in, struct node **out, int *n_out) {
    bool done;
    bool ok = special(r, l, in, n_in, out, n_out, &done) && (done || by_row(r, l, in, out, n_out));
    if (ok || strstr(r->e->facts, "layer")) return ok;
    if (!r->e->kind) return keras_cannot(r, l, "a layer of this form");
    return err_fact(r->e, "layer", "%.60s  %.80s", l->class_name, l->name);
}
