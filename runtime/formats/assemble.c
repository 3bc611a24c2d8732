/* Two walks over a file's description, with the same layers in both. */
#include "assemble.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

struct given_weight {
    int32_t weight;
    struct tensor *value;
};

static void *grow(void *array, int n, int *cap, size_t element, struct err *e) {
    if (n < *cap) return array;
    int wanted = *cap ? 2 * *cap : 32;
    void *more = pool_realloc(array, (size_t)wanted * element);
    if (!more) err_memory(e, (size_t)wanted * element);
    else *cap = wanted;
    return more;
}

/* ---- layers ---- */

struct layer *assemble_layer(struct assembly *a, struct config *c) {
    if (!c) return NULL;
    if (a->next == a->n_layers) {
        void *more = grow(a->layers, a->n_layers, &a->cap_layers, sizeof(struct layer *), a->e);
        struct layer *l = more ? layer_new(c, a->e) : NULL;
        if (more) a->layers = more;
        if (l) a->layers[a->n_layers++] = l;
        if (!l) return config_unref(c), NULL;
    }
    config_unref(c);
    return a->layers[a->next++];
}

struct node *assemble_apply(struct assembly *a, struct layer *l, struct node *const *in, int n_in) {
    for (int i = 0; i < n_in; i++)
        if (!in[i]) return NULL;
    return l ? layer_apply(a->builder, l, in, n_in, a->e) : NULL;
}

struct node *assemble_use(struct assembly *a, struct config *c, struct node *x) {
    return assemble_apply(a, assemble_layer(a, c), &x, 1);
}

/* ---- weights ---- */

static const struct layer_info *info_of(const struct assembly *a, const struct layer *l) {
    return model_layer(a->builder->model, layer_row(l, a->builder->model));
}

int assemble_n_weights(const struct assembly *a, const struct layer *l) {
    return info_of(a, l)->n_weight_infos;
}

static bool fits(const struct assembly *a, const struct weight_info *w, const struct tensor *t) {
    char need[128], have[128];
    if (shape_same_sizes(&w->shape, &t->shape)) return true;
    err_set(a->e, ERR_SHAPE, "The weight `%s` has another shape in the file.", w->name);
    err_fact(a->e, "in the file", "%s", shape_print(&t->shape, have, sizeof have));
    return err_fact(a->e, "the layer needs", "%s", shape_print(&w->shape, need, sizeof need));
}

bool assemble_give(struct assembly *a, const struct layer *l, int slot, struct tensor *t) {
    if (!t) return false;
    const struct layer_info *info = info_of(a, l);
    if (!a->builder->training) return tensor_unref(t), true; /* given in the first walk */
    if (slot >= info->n_weight_infos) {
        tensor_unref(t);
        return err_set(a->e, ERR_DATA, "%s has only %d weights, and the file holds more for it.",
                       info->call, info->n_weight_infos);
    }
    int32_t weight = info->first_weight + slot;
    void *more = grow(a->given, a->n_given, &a->cap_given, sizeof *a->given, a->e);
    if (more) a->given = more;
    if (!more || !fits(a, model_weight(a->builder->model, weight), t))
        return tensor_unref(t), false;
    a->given[a->n_given++] = (struct given_weight){weight, t};
    return true;
}

static struct weights *fill(const struct assembly *a, const struct model *m) {
    struct weights *w = model_init(m, 0, 0, a->e);
    for (int i = 0; w && i < a->n_given; i++) {
        const struct tensor *t = a->given[i].value;
        float *to = w->data + model_weight(m, a->given[i].weight)->offset;
        for (int64_t k = 0; k < t->count; k++) to[k] = (float)tensor_get(t, k);
    }
    return w;
}

/* ---- the whole ---- */

static bool walk_once(struct assembly *a, struct model *m, bool training, assemble_walk_fn walk,
                      void *user) {
    struct builder *b = pool_need(sizeof *b, a->e);
    if (!b) return false;
    a->builder = b;
    a->next = 0;
    bool ok = builder_init(b, m, training, a->e) && walk(a, user) && builder_finish(b, a->e);
    pool_free(b);
    a->builder = NULL;
    return ok;
}

struct model *assemble(const char *name, assemble_walk_fn walk, void *user,
                       struct weights **weights, struct err *e) {
    struct assembly a = {.e = e};
    struct model *m = model_new(name, e);
    *weights = NULL;
    bool ok = m && walk_once(&a, m, true, walk, user) && walk_once(&a, m, false, walk, user);
    if (ok) *weights = fill(&a, m);
    for (int i = 0; i < a.n_layers; i++) layer_unref(a.layers[i]);
    for (int i = 0; i < a.n_given; i++) tensor_unref(a.given[i].value);
    pool_free(a.layers);
    pool_free(a.given);
    if (*weights) return m;
    model_unref(m);
    return NULL;
}

/* ---- names ---- */

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const char *assemble_name(const char *name) {
    char out[64];
    size_t n = 0;
    if (!name || !is_word(name[0]) || (name[0] >= '0' && name[0] <= '9')) out[n++] = 'x';
    for (size_t i = 0; name && name[i] && n + 1 < sizeof out; i++)
        out[n++] = is_word(name[i]) ? name[i] : '_';
    out[n] = 0;
    return intern_c(out);
}

const char *assemble_title(const char *path) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    char stem[60];
    size_t n = strcspn(base, ".");
    if (n >= sizeof stem) n = sizeof stem - 1;
    memcpy(stem, base, n);
    stem[n] = 0;
    return assemble_name(stem);
}
