/* Keras' files: layers and what stands between them as JSON, weights as HDF5. */
#include "keras.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include "../data/hdf5_file.h"
#include "../data/zip.h"
#include "model_parts.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct keras_row {
    const char *class_name, *vars, *arguments;
} rows[LAYER_N_KINDS] = {
#define KERAS(id, class_name, vars, arguments) [LAYER_##id] = {class_name, vars, arguments},
#include "keras_layers.list"
#undef KERAS
};

enum { NAME_MOST = 64, MOST_STEPS = 4096 };

/* One layer of the functional model: a use of ours, or a sum and the like between them. */
struct step {
    const struct node *out; /* what it gives, in the training graph: there dropout is a step too */
    const char *class_name;
    int row; /* of the model's layers, or -1 */
    enum op op;
    int axis; /* concatenation */
    const struct node *in[LAYER_MAX_INPUTS];
    int n_in;
    char name[NAME_MOST];
    int depth, order, call; /* see sort_steps; number of the call of a shared layer */
};

struct export {
    const struct model *m;
    struct step *steps;
    int n;
};

/* ---- names as Keras makes them: "MaxPooling2D" -> "max_pooling2d", then "max_pooling2d_1" ---- */

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

void keras_place(const char *name, char *out, size_t cap) {
    size_t n = 0;
    for (size_t i = 0; name[i] && n + 2 < cap; i++) {
        bool word = i > 0 && is_upper(name[i]) && (is_lower(name[i - 1]) || is_lower(name[i + 1]));
        if (word) out[n++] = '_';
        out[n++] = is_upper(name[i]) ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    out[n] = 0;
}

/* ---- the steps ---- */

static const struct step *step_of(const struct export *x, const struct node *n) {
    for (int i = 0; i < x->n; i++)
        if (x->steps[i].out == n) return &x->steps[i];
    return NULL;
}

static int input_of(const struct model *m, const struct node *n) {
    for (int i = 0; i < m->n_inputs[1]; i++)
        if (m->inputs[1][i].node == n) return i;
    return -1;
}

static struct step *add_step(struct export *x, const struct step *s, struct err *e) {
    if (x->n == MOST_STEPS) return err_set(e, ERR_VALUE, "The model is too large."), NULL;
    x->steps[x->n] = *s;
    return &x->steps[x->n++];
}

static bool not_in_keras(const struct node *n, const char *what, struct err *e) {
    err_set(e, ERR_VALUE, "Keras files cannot hold this part of the model: %s.", what);
    if (n && n->span.source) err_note(e, n->span, "it is made here");
    return err_hint(e, "They hold layers, and sums, products, differences and concatenations of "
                       "what layers give. A .safetensors file holds the weights of any model.");
}

static const char *merge_class(enum op op) {
    if (op == OP_add) return "Add";
    if (op == OP_sub) return "Subtract";
    if (op == OP_mul) return "Multiply";
    return op == OP_concat ? "Concatenate" : NULL;
}

/* What stands between two layers, from the inputs on. */
static bool add_between(struct export *x, const struct node *n, struct err *e) {
    const char *class_name = merge_class(n->op);
    if (input_of(x->m, n) >= 0 || step_of(x, n)) return true;
    char what[64];
    snprintf(what, sizeof what, "the operation `%s`", op_name(n->op));
    if (!class_name || n->n_in > LAYER_MAX_INPUTS) return not_in_keras(n, what, e);
    struct step s = {.out = n, .class_name = class_name, .row = -1, .op = n->op};
    for (int i = 0; i < n->n_in; i++) {
        TRY(add_between(x, n->in[i], e));
        s.in[s.n_in++] = n->in[i];
    }
    s.axis = n->attrs.axis;
    return add_step(x, &s, e) != NULL;
}

static bool add_use(struct export *x, const struct layer_use *u, struct err *e) {
    const struct layer_info *info = &x->m->layers[u->row];
    const struct config *c = info->config;
    const char *class_name = c ? rows[c->row->kind].class_name : NULL;
    if (!class_name) return not_in_keras(u->out[1], info->call, e);
    struct step s = {.out = u->out[1], .class_name = class_name, .row = u->row, .n_in = u->n_in};
    for (int i = 0; i < u->n_in; i++) {
        TRY(add_between(x, u->in[1][i], e));
        s.in[i] = u->in[1][i];
    }
    for (int i = 0; i < x->n; i++) s.call += x->steps[i].row == u->row;
    return add_step(x, &s, e) != NULL;
}

/* Keras numbers the layers of a kind in the order of the functional model's own list: by distance
 * from the outputs, then by the order in which a walk from the outputs meets them. */
static void walk_back(struct export *x, const struct node *n, int depth, int *order) {
    struct step *s = (struct step *)(uintptr_t)step_of(x, n);
    if (!s) return;
    if (s->order < 0) s->order = (*order)++;
    else if (depth <= s->depth) return;
    if (depth > s->depth) s->depth = depth;
    for (int i = 0; i < s->n_in; i++) walk_back(x, s->in[i], depth + 1, order);
}

static bool before(const struct step *a, const struct step *b) {
    return a->depth != b->depth ? a->depth > b->depth : a->order < b->order;
}

static void sort_steps(struct export *x) {
    int order = 0;
    for (int i = 0; i < x->n; i++) x->steps[i].order = x->steps[i].depth = -1;
    for (int i = 0; i < x->m->n_outputs[1]; i++) walk_back(x, x->m->outputs[1][i].node, 0, &order);
    for (int i = 1; i < x->n; i++) {
        struct step s = x->steps[i];
        int k = i;
        for (; k > 0 && before(&s, &x->steps[k - 1]); k--) x->steps[k] = x->steps[k - 1];
        x->steps[k] = s;
    }
}

static void name_steps(struct export *x) {
    for (int i = 0; i < x->n; i++) {
        struct step *s = &x->steps[i];
        char base[NAME_MOST - 12];
        int same = 0;
        for (int k = 0; k < i; k++) {
            bool shared = s->row >= 0 && x->steps[k].row == s->row;
            if (shared) memcpy(s->name, x->steps[k].name, sizeof s->name);
            same += strcmp(x->steps[k].class_name, s->class_name) == 0 && x->steps[k].call == 0;
        }
        if (s->name[0]) continue;
        keras_place(s->class_name, base, sizeof base);
        if (same) snprintf(s->name, sizeof s->name, "%s_%d", base, same);
        else snprintf(s->name, sizeof s->name, "%s", base);
    }
}

static bool export_init(struct export *x, const struct model *m, struct err *e) {
    *x = (struct export){.m = m};
    TRY(x->steps = pool_need(MOST_STEPS * sizeof *x->steps, e));
    for (int i = 0; i < m->n_uses; i++) TRY(add_use(x, &m->uses[i], e));
    for (int i = 0; i < m->n_outputs[1]; i++) TRY(add_between(x, m->outputs[1][i].node, e));
    sort_steps(x);
    name_steps(x);
    return true;
}

/* ---- JSON ---- */

static void put_shape(struct text *out, const struct shape *s) {
    text_adds(out, "[null");
    for (int i = 1; i < s->n; i++) text_addf(out, ", %lld", (long long)s->size[i]);
    text_addc(out, ']');
}

static bool put_activation(struct text *out, int activation, struct err *e) {
    const char *name = activation_name(activation);
    if (strcmp(name, "leaky_relu") == 0)
        return err_set(e, ERR_VALUE, "Keras' leaky_relu has another slope than ours.") ||
               err_hint(e, "Use the layer LeakyReLU(0.01) behind Dense instead.");
    if (strcmp(name, "exp") == 0) name = "exponential";
    text_addf(out, "\"%s\"", name);
    return true;
}

static bool put_list(struct text *out, const struct shape *s) {
    text_addc(out, '[');
    for (int i = 0; i < s->n; i++) text_addf(out, "%s%lld", i ? ", " : "", (long long)s->size[i]);
    return text_addc(out, ']');
}

/* [above, below, left, right] are pairs in Keras, one number of a sequence stands by itself. */
static bool put_sizes(struct text *out, struct shape s, int axes) {
    if (s.n == 4)
        return text_addf(out, "[[%lld, %lld], [%lld, %lld]]", (long long)s.size[0],
                         (long long)s.size[1], (long long)s.size[2], (long long)s.size[3]);
    if (axes == 1 && s.n == 1) return text_addf(out, "%lld", (long long)s.size[0]);
    if (s.n == 1) s.size[1] = s.size[0];
    s.n = axes;
    return put_list(out, &s);
}

static bool put_arg(struct text *out, const struct arg *a, int axes, struct err *e) {
    switch (a->kind) {
    case ARG_NONE: return text_adds(out, "null");
    case ARG_BOOL: return text_adds(out, a->number != 0 ? "true" : "false");
    case ARG_INT: return text_addf(out, "%lld", (long long)a->number);
    case ARG_NUMBER: return text_addf(out, "%.17g", a->number);
    case ARG_TEXT: return text_addf(out, "\"%s\"", a->text ? a->text : "");
    case ARG_ACTIVATION: return put_activation(out, a->activation, e);
    case ARG_SHAPE: return axes ? put_sizes(out, a->shape, axes) : put_list(out, &a->shape);
    default: return text_adds(out, "null");
    }
}

static const struct arg *arg_named(const struct config *c, struct str name) {
    const char *next = c->row->signature;
    struct signature_arg s;
    for (int i = 0; i < c->n_args && signature_next(&next, &s); i++)
        if (str_same(s.name, name)) return &c->args[i];
    return NULL;
}

static bool put_arguments(struct text *out, const struct config *c, struct err *e) {
    const char *p = rows[c->row->kind].arguments;
    int axes = c->row->kind == LAYER_reshape ? 0 : strstr(c->row->name, "2D") ? 2 : 1;
    while (*p) {
        size_t n = strcspn(p, " "), own = strcspn(p, "= ");
        struct str ours = {p, own}, theirs = {p, n};
        if (own < n) theirs = (struct str){p + own + 1, n - own - 1};
        const struct arg *a = arg_named(c, ours);
        if (a) {
            text_addf(out, ", \"%.*s\": ", (int)theirs.n, theirs.p);
            TRY(put_arg(out, a, axes, e));
        }
        p += n + (p[n] == ' ');
    }
    return true;
}

static void put_tensor(struct text *out, const struct export *x, const struct node *n) {
    int input = input_of(x->m, n);
    const struct step *s = step_of(x, n);
    text_adds(out, "{\"class_name\": \"__keras_tensor__\", \"config\": {\"shape\": ");
    put_shape(out, &n->desc.shape);
    text_addf(out, ", \"dtype\": \"float32\", \"keras_history\": [\"%s\", %d, 0]}}",
              input >= 0 ? x->m->inputs[1][input].name
              : s        ? s->name
                         : "",
              s ? s->call : 0);
}

/* The inputs of one call: one tensor, or a list of them. */
static void put_call(struct text *out, const struct export *x, const struct step *s) {
    bool list = s->row < 0;
    text_adds(out, list ? "{\"args\": [[" : "{\"args\": [");
    for (int i = 0; i < s->n_in; i++) {
        if (i) text_adds(out, ", ");
        put_tensor(out, x, s->in[i]);
    }
    text_adds(out, list ? "]], \"kwargs\": {}}" : "], \"kwargs\": {}}");
}

static bool put_step(struct text *out, const struct export *x, int at, struct err *e) {
    const struct step *s = &x->steps[at];
    if (s->call > 0) return true; /* stands with the first call */
    text_addf(out,
              ",\n{\"module\": \"keras.layers\", \"class_name\": \"%s\", \"config\": {\"name\": "
              "\"%s\", \"dtype\": \"float32\"",
              s->class_name, s->name);
    if (s->row >= 0) TRY(put_arguments(out, x->m->layers[s->row].config, e));
    else if (s->op == OP_concat) text_addf(out, ", \"axis\": %d", s->axis);
    text_adds(out, "}, \"registered_name\": null, ");
    if (s->row >= 0) {
        text_adds(out, "\"build_config\": {\"input_shape\": ");
        put_shape(out, &s->in[0]->desc.shape);
        text_adds(out, "}, ");
    }
    text_addf(out, "\"name\": \"%s\", \"inbound_nodes\": [", s->name);
    put_call(out, x, s);
    for (int i = 0; s->row >= 0 && i < x->n; i++)
        if (x->steps[i].row == s->row && x->steps[i].call > 0) {
            text_adds(out, ", ");
            put_call(out, x, &x->steps[i]);
        }
    text_adds(out, "]}");
    return true;
}

static void put_inputs(struct text *out, const struct model *m) {
    for (int i = 0; i < m->n_inputs[1]; i++) {
        const struct port *p = &m->inputs[1][i];
        text_addf(out,
                  "%s\n{\"module\": \"keras.layers\", \"class_name\": \"InputLayer\", \"config\": "
                  "{\"batch_shape\": ",
                  i ? "," : "");
        put_shape(out, &p->desc.shape);
        text_addf(out,
                  ", \"dtype\": \"float32\", \"sparse\": false, \"name\": \"%s\"}, "
                  "\"registered_name\": null, \"name\": \"%s\", \"inbound_nodes\": []}",
                  p->name, p->name);
    }
}

static void put_ends(struct text *out, const struct export *x) {
    const struct model *m = x->m;
    text_adds(out, "],\n\"input_layers\": [");
    for (int i = 0; i < m->n_inputs[1]; i++)
        text_addf(out, "%s[\"%s\", 0, 0]", i ? ", " : "", m->inputs[1][i].name);
    text_adds(out, "],\n\"output_layers\": [");
    for (int i = 0; i < m->n_outputs[1]; i++) {
        const struct step *s = step_of(x, m->outputs[1][i].node);
        text_addf(out, "%s[\"%s\", %d, 0]", i ? ", " : "", s ? s->name : m->inputs[1][0].name,
                  s ? s->call : 0);
    }
    text_addc(out, ']');
}

static bool put_model(struct text *out, const struct export *x, struct err *e) {
    char name[NAME_MOST];
    keras_place(x->m->name, name, sizeof name);
    text_addf(out,
              "{\"module\": \"keras.src.models.functional\", \"class_name\": \"Functional\", "
              "\"config\": {\"name\": \"%s\", \"trainable\": true, \"layers\": [",
              name);
    put_inputs(out, x->m);
    for (int i = 0; i < x->n; i++) TRY(put_step(out, x, i, e));
    put_ends(out, x);
    text_adds(out, "}, \"registered_name\": \"Functional\"}");
    return !out->failed || err_memory(e, out->cap);
}

static bool need_built(const struct model *m, struct err *e) {
    return m->built || err_set(e, ERR_VALUE, "The sizes of the model are not known yet.");
}

bool keras_json(const struct model *m, struct text *out, struct err *e) {
    struct export x;
    TRY(need_built(m, e));
    bool ok = export_init(&x, m, e) && put_model(out, &x, e);
    pool_free(x.steps);
    return ok;
}

/* ---- weights ---- */

/* Where weight k of a step stands: "layers/dense_1/vars/0". */
static const char *weight_path(const struct step *s, const struct export *x, int k, char *out,
                               size_t cap) {
    const struct config *c = x->m->layers[s->row].config;
    snprintf(out, cap, "layers/%s/%s/%d", s->name, rows[c->row->kind].vars, k);
    return out;
}

static int64_t count_of(const struct weight_info *w) {
    int64_t n = 1;
    for (int i = 0; i < w->shape.n; i++) n *= w->shape.size[i];
    return n;
}

static bool owned_once(const struct model *m, struct err *e) {
    int n = 0;
    for (int i = 0; i < m->n_layers; i++) n += m->layers[i].n_weight_infos;
    return n == m->n_weights || not_in_keras(NULL, "a `weight` of its own", e);
}

static bool fill_items(const struct export *x, const struct weights *w, struct named_tensor *items,
                       int *n, struct err *e) {
    char path[200];
    for (int i = 0; i < x->n; i++) {
        const struct step *s = &x->steps[i];
        const struct layer_info *info = s->row >= 0 ? &x->m->layers[s->row] : NULL;
        for (int k = 0; info && s->call == 0 && k < info->n_weight_infos; k++) {
            const struct weight_info *wi = &x->m->weights[info->first_weight + k];
            struct tensor *t = tensor_new(DT_FLOAT32, &wi->shape, e);
            if (!t) return false;
            memcpy(t->data, w->data + wi->offset, (size_t)count_of(wi) * sizeof(float));
            items[(*n)++] =
                (struct named_tensor){intern_c(weight_path(s, x, k, path, sizeof path)), t};
        }
    }
    return true;
}

static bool save_weights_of(const struct export *x, const struct weights *w, const char *path,
                            struct err *e) {
    int n = 0;
    TRY(owned_once(x->m, e));
    struct named_tensor *items = pool_need(((size_t)x->m->n_weights + 2) * sizeof *items, e);
    bool ok = items && fill_items(x, w, items, &n, e);
    if (ok) items[n] = (struct named_tensor){"vars", NULL};
    ok = ok && write_hdf5(items, n + 1, path, e);
    for (int i = 0; i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
    return ok;
}

bool keras_save_weights(const struct model *m, const struct weights *w, const char *path,
                        struct err *e) {
    struct export x;
    TRY(need_built(m, e));
    bool ok = export_init(&x, m, e) && save_weights_of(&x, w, path, e);
    pool_free(x.steps);
    return ok;
}

static bool add_all(struct zip_writer *z, const struct export *x, const char *h5, struct err *e) {
    static const char metadata[] =
        "{\"keras_version\": \"3.0.0\", \"date_saved\": \"2024-01-01@00:00:00\"}";
    struct text config = {0}, weights = {0};
    bool ok = put_model(&config, x, e) && read_file(h5, &weights, e) &&
              zip_add(z, "metadata.json", str_of(metadata), true, e) &&
              zip_add(z, "config.json", text_str(&config), true, e) &&
              zip_add(z, "model.weights.h5", text_str(&weights), false, e);
    text_clear(&config);
    text_clear(&weights);
    return ok;
}

bool keras_save(const struct model *m, const struct weights *w, const char *path, struct err *e) {
    struct export x;
    char h5[4200];
    TRY(need_built(m, e));
    snprintf(h5, sizeof h5, "%.4000s.%ld.h5", path, (long)getpid());
    bool ok = export_init(&x, m, e) && save_weights_of(&x, w, h5, e);
    if (!ok && e->kind == ERR_FILE)
        err_set(e, ERR_FILE, "\"%.400s\" cannot be written: the disk may be full.", path);
    struct zip_writer *z = ok ? zip_create(path, e) : NULL;
    if (z) ok = zip_finish(z, add_all(z, &x, h5, e), e);
    char whole[4200];
    source_path(h5, whole, sizeof whole);
    unlink(whole);
    pool_free(x.steps);
    return ok && z;
}

/* ---- loading ---- */

static bool load_one(const struct weight_info *wi, const struct named_tensor *items, int n,
                     const char *path, struct weights *w, struct err *e) {
    char there[128], needed[128];
    shape_print(&wi->shape, needed, sizeof needed);
    for (int i = 0; i < n; i++) {
        const struct tensor *t = items[i].value;
        if (strcmp(items[i].name, path) != 0) continue;
        if (t->count != count_of(wi) || t->shape.n != wi->shape.n) {
            err_set(e, ERR_SHAPE, "The weight `%s` has another shape in the file.", wi->name);
            err_fact(e, "in the file", "%s", shape_print(&t->shape, there, sizeof there));
            return err_fact(e, "the model needs", "%s", needed);
        }
        for (int64_t k = 0; k < t->count; k++) w->data[wi->offset + k] = (float)tensor_get(t, k);
        return true;
    }
    err_set(e, ERR_DATA, "The file has no weights `%s`, so it belongs to another model.", path);
    return err_fact(e, "the model needs", "%s  %s", wi->name, needed);
}

static bool load_all(const struct export *x, const struct named_tensor *items, int n,
                     struct weights *w, struct err *e) {
    char path[200];
    if (n && strncmp(items[0].name, "model_weights/", 14) == 0) {
        err_set(e, ERR_DATA, "This file holds a whole model, not weights for another.");
        return err_hint(e, "Read it without one: net = load(\"net.h5\").");
    }
    for (int i = 0; i < x->n; i++) {
        const struct step *s = &x->steps[i];
        const struct layer_info *info = s->row >= 0 ? &x->m->layers[s->row] : NULL;
        for (int k = 0; info && s->call == 0 && k < info->n_weight_infos; k++)
            TRY(load_one(&x->m->weights[info->first_weight + k], items, n,
                         weight_path(s, x, k, path, sizeof path), w, e));
    }
    return true;
}

/* The .h5 inside of a .keras archive, unpacked beside it for the time of reading. */
static bool unpack_h5(const char *path, char *h5, size_t cap, struct err *e) {
    struct text bytes = {0};
    struct zip *z = zip_open(path, e);
    int64_t at = z ? zip_find(z, STR("model.weights.h5")) : -1;
    snprintf(h5, cap, "/tmp/awml-%ld.weights.h5", (long)getpid());
    bool ok = at >= 0 && zip_read(z, at, &bytes, e);
    if (z && at < 0) ok = err_set(e, ERR_DATA, "%s holds no weights of Keras 3.", path);
    FILE *f = ok ? fopen(h5, "wb") : NULL;
    ok = f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
    if (f) ok = fclose(f) == 0 && ok;
    if (!ok && !e->kind) err_set(e, ERR_FILE, "%s cannot be written.", h5);
    text_clear(&bytes);
    zip_unref(z);
    return ok;
}

struct weights *keras_load_weights(const struct model *m, const char *path, struct err *e) {
    struct export x = {0};
    struct named_tensor *items = NULL;
    char h5[64];
    int n = 0;
    bool packed = str_ends(str_of(path), ".keras");
    bool ok = need_built(m, e) && (!packed || unpack_h5(path, h5, sizeof h5, e)) &&
              read_hdf5(packed ? h5 : path, &items, &n, e);
    if (packed) unlink(h5);
    ok = ok && export_init(&x, m, e) && owned_once(m, e);
    struct weights *w = ok ? weights_new(model_block_size(m), e) : NULL;
    ok = w && load_all(&x, items, n, w, e);
    for (int i = 0; i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
    pool_free(x.steps);
    if (ok) return w;
    weights_unref(w);
    return NULL;
}
