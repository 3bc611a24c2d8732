/* Layers: what all kinds have in common, that is names, weights that are remembered, and the row of
 * the summary. */
#include "layer.h"
#include "../base/hash.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include <stdio.h>
#include <string.h>

static const layer_build_fn builds[] = {
#define LAYER(id, name, aliases, signature, help, example) layer_build_##id,
#include "layers.list"
#undef LAYER
};

struct layer *layer_new(struct config *c, struct err *e) {
    if (!config_check(c, e)) return NULL;
    struct layer *l = pool_need(sizeof *l, e);
    if (!l) return NULL;
    l->refs = 1;
    l->config = config_ref(c);
    return l;
}

struct layer *layer_ref(struct layer *l) {
    if (l) l->refs++;
    return l;
}

void layer_unref(struct layer *l) {
    if (!l || --l->refs > 0) return;
    config_unref(l->config);
    model_unref(l->model);
    pool_free(l);
}

const struct config *layer_config(const struct layer *l) {
    return l->config;
}

const struct arg *layer_arg(const struct layer *l, int i) {
    static const struct arg none = {.kind = ARG_NONE};
    return i < l->config->n_args ? &l->config->args[i] : &none;
}

const char *const *layer_input_names(const struct layer *l, int *n) {
    static const char *const attention[] = {"query", "key", "value"};
    int kind = l->config->row->kind;
    bool named = kind == LAYER_attention || kind == LAYER_multi_head_attention;
    *n = named ? (int)ARRAY_LEN(attention) : 0;
    return named ? attention : NULL;
}

int layer_n_extra(const struct layer *l) {
    return l->n_extra;
}

struct node *layer_extra(const struct layer *l, int i) {
    return l->extra[i];
}

/* ---- weights ---- */

static struct config *constant_init(double value, struct err *e) {
    struct config *c = config_default(config_find_in(CONFIG_INITIALIZER, STR("constant")), e);
    if (c) c->args[0].number = value;
    return c;
}

struct node *layer_weight(struct builder *b, struct layer *l, int slot,
                          const struct layer_weight *w, struct err *e) {
    char name[160];
    snprintf(name, sizeof name, "%s.%s", l->name, w->name);
    struct weight_info info = {.name = name,
                               .shape = w->shape,
                               .init = w->init ? config_ref(w->init) : constant_init(w->value, e),
                               .fan_in = (int)w->fan_in,
                               .fan_out = (int)w->fan_out,
                               .learns = !w->fixed};
    if (!info.init) return NULL;
    penalty_factors(w->penalty, &info.l1, &info.l2);
    struct node *n = builder_weight(b, &l->weights[slot], &info, e);
    config_unref(info.init);
    return n;
}

uint64_t layer_stream(struct builder *b) {
    return hash_mix(b->stream++);
}

int64_t layer_last_size(const struct layer *l, const struct node *x, struct err *e) {
    const struct shape *s = &x->desc.shape;
    int64_t size = s->n > 1 ? s->size[s->n - 1] : -1;
    if (size > 0) return size;
    char text[128];
    shape_print(s, text, sizeof text);
    err_set(e, ERR_SHAPE, "%s needs at least one number for each example, of a known count.",
            l->config->row->name);
    err_label(e, "the examples are %s here", text);
    if (s->n <= 1) err_fact(e, "what is there", "one number for each example, without an axis");
    else err_fact(e, "what is there", "%s", text);
    return 0;
}

struct node *layer_units(struct node *x) {
    return layer_axis(x, "unit");
}

struct node *layer_axis(struct node *x, const char *name) {
    if (!x) return NULL;
    struct shape *s = &x->desc.shape;
    s->axis[s->n - 1] = intern_c(name);
    s->weak |= (uint8_t)(1u << (s->n - 1));
    return x;
}

/* ---- the summary's row ---- */

/* A value as the student would write it. */
static void print_sizes(const struct shape *s, char *out, size_t cap) {
    size_t n = 0;
    for (int i = 0; i < s->n && n < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, "%s%lld", i ? "x" : "", (long long)s->size[i]);
}

static void print_arg(const struct arg *a, char *out, size_t cap) {
    char shape[96];
    switch (a->kind) {
    case ARG_NUMBER:
    case ARG_INT: snprintf(out, cap, "%g", a->number); break;
    case ARG_BOOL: snprintf(out, cap, "%s", a->number != 0 ? "True" : "False"); break;
    case ARG_TEXT: snprintf(out, cap, "%s", a->text); break;
    case ARG_ACTIVATION: snprintf(out, cap, "%s", activation_name(a->activation)); break;
    case ARG_SHAPE:
        shape_print(&a->shape, shape, sizeof shape);
        snprintf(out, cap, "%.*s", (int)strlen(shape) - 2, shape + 1);
        break;
    case ARG_CONFIG:
        snprintf(out, cap, "%s", a->config->row->group == CONFIG_LAYER ? a->config->row->name : "");
        break;
    case ARG_NUMBERS:
    case ARG_NONE: out[0] = 0; break;
    }
}

/* Required arguments, a window's size, and an activation that is not the layer's usual one. */
static bool is_told(const struct signature_arg *a, const char *text) {
    if (!*text) return false;
    if (str_is(a->kind, "size") && str_is(a->name, "size")) return true;
    return !a->preset.p || (str_is(a->kind, "activation") && !str_is(a->preset, text));
}

/* "Dense 64 relu" (separator " ", open and close "") or "Dense(64, relu)": the required arguments
 * and the activation. */
static void layer_print(const struct layer *l, bool as_call, char *out, size_t cap) {
    const char *next = l->config->row->signature, *separator = as_call ? "(" : " ";
    size_t n = (size_t)snprintf(out, cap, "%s", l->config->row->name);
    struct signature_arg a;
    for (int i = 0; signature_next(&next, &a); i++) {
        char text[112];
        print_arg(layer_arg(l, i), text, sizeof text);
        bool size = str_is(a.kind, "size");
        if (size) print_sizes(&layer_arg(l, i)->shape, text, sizeof text);
        if (!is_told(&a, text) || n >= cap) continue;
        bool percent = !as_call && str_is(a.name, "rate");
        if (percent) snprintf(text, sizeof text, "%g%%", layer_arg(l, i)->number * 100);
        n += (size_t)snprintf(out + n, cap - n, "%s%s", separator, text);
        separator = as_call ? ", " : " ";
    }
    if (as_call && n < cap) snprintf(out + n, cap - n, "%s", separator[0] == '(' ? "()" : ")");
}

/* "Dense", "Dense_2", …, or the student's own. */
static bool name_layer(struct layer *l, const struct model *m, struct err *e) {
    if (l->config->name) {
        l->name = l->config->name;
        for (int i = 0; i < m->n_layers; i++)
            if (m->layers[i].name == l->name)
                return err_set(e, ERR_NAME, "The model has two layers called `%s`.", l->name);
        return true;
    }
    const char *kind = l->config->row->name;
    for (int number = 1;; number++) {
        char text[64];
        snprintf(text, sizeof text, number > 1 ? "%s_%d" : "%s", kind, number);
        if (!(l->name = intern_c(text))) return err_memory(e, sizeof text);
        bool taken = false;
        for (int i = 0; i < m->n_layers && !taken; i++) taken = m->layers[i].name == l->name;
        if (!taken) return true;
    }
}

static bool layer_enter(struct builder *b, struct layer *l, struct err *e) {
    model_unref(l->model);
    l->model = model_ref(b->model);
    l->walk = b->model->walk;
    for (int i = 0; i < LAYER_MAX_WEIGHTS; i++) l->weights[i] = -1;
    TRY(name_layer(l, b->model, e));
    char text[160], call[160];
    layer_print(l, false, text, sizeof text);
    layer_print(l, true, call, sizeof call);
    struct layer_info info = {.text = intern_c(text),
                              .call = intern_c(call),
                              .name = l->name,
                              .config = l->config,
                              .first_weight = b->model->n_weights};
    if (!info.text || !info.call) return err_memory(e, sizeof text);
    return builder_add_layer(b, &info, &l->row, e);
}

static void layer_note_result(struct builder *b, const struct layer *l, struct node *out) {
    struct model *m = b->model;
    struct layer_info *info = &m->layers[l->row];
    m->layer_ends[l->row] = out;
    info->output = out->desc.shape;
    info->span = out->span;
    if (info->times_used++) return;
    info->n_weight_infos = m->n_weights - info->first_weight;
    for (int i = info->first_weight; i < m->n_weights; i++) {
        int64_t count = 1;
        for (int a = 0; a < m->weights[i].shape.n; a++) count *= m->weights[i].shape.size[a];
        info->n_weights += count;
        if (m->weights[i].learns) info->n_learning += count;
    }
}

struct node *layer_build(struct builder *b, struct layer *l, struct node *x, struct err *e) {
    return builds[l->config->row->kind](b, l, x, e);
}

struct node *layer_apply(struct builder *b, struct layer *l, struct node *const *in, int n_in,
                         struct err *e) {
    const struct config_row *row = l->config->row;
    int n_named;
    bool takes = layer_input_names(l, &n_named) ? n_in >= 2 && n_in <= n_named : n_in == 1;
    if (!takes) {
        err_set(e, ERR_ARGUMENT, "%s takes %s, but got %d.", row->name,
                n_named ? "query, key and value" : "one tensor", n_in);
        return NULL;
    }
    for (l->n_more = 0; l->n_more + 1 < n_in; l->n_more++) l->more[l->n_more] = in[l->n_more + 1];
    bool fresh = l->model != b->model || l->walk != b->model->walk;
    if (fresh && !layer_enter(b, l, e)) return NULL;
    l->n_extra = 0;
    int first = graph_n_nodes(b->graph);
    struct node *out = builds[row->kind](b, l, in[0], e);
    if (out && b->training) layer_note_result(b, l, out);
    return out && builder_add_use(b, l->row, first, in, n_in, out, e) ? out : NULL;
}

int layer_row(const struct layer *l, const struct model *m) {
    return l->model == m && l->walk == m->walk ? l->row : -1;
}
