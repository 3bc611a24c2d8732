/* Writing fitted classical models; the format stands in save.h. */
#include "save.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include "../data/read.h"
#include <stdio.h>
#include <string.h>

struct writer {
    struct named_tensor *items;
    int n, cap;
    struct err *e;
};

/* The place of a new tensor, zeroed. */
static void *put(struct writer *w, const char *name, enum dtype type, int64_t rows, int64_t cols) {
    if (w->n == w->cap) {
        int cap = w->cap ? 2 * w->cap : 64;
        struct named_tensor *more = pool_realloc(w->items, (size_t)cap * sizeof *more);
        if (!more) return err_memory(w->e, (size_t)cap * sizeof *more), NULL;
        w->items = more;
        w->cap = cap;
    }
    struct shape s = shape_of(cols ? 2 : 1, (int64_t[]){rows, cols});
    struct tensor *t = tensor_zeros(type, &s, w->e);
    if (!t) return NULL;
    w->items[w->n++] = (struct named_tensor){.name = intern_c(name), .value = t};
    return t->data;
}

static bool put_texts(struct writer *w, const char *name, const char *const *texts, int n) {
    size_t bytes = 0, at = 0;
    for (int i = 0; i < n; i++) bytes += strlen(texts[i]) + 1;
    char *out = put(w, name, DT_UINT8, (int64_t)bytes, 0);
    for (int i = 0; out && i < n; i++) {
        size_t m = strlen(texts[i]) + 1;
        memcpy(out + at, texts[i], m);
        at += m;
    }
    return out != NULL;
}

static bool put_settings(struct writer *w, const struct config *c) {
    const char *texts[CONFIG_MAX_ARGS];
    double *x = put(w, "settings", DT_FLOAT64, c->n_args, 2);
    for (int i = 0; x && i < c->n_args; i++) {
        x[2 * i] = c->args[i].kind;
        x[2 * i + 1] = c->args[i].number;
        texts[i] = c->args[i].kind == ARG_TEXT ? c->args[i].text : "";
    }
    return x && put_texts(w, "estimator", &c->row->name, 1) &&
           put_texts(w, "settings.texts", texts, c->n_args);
}

static bool put_columns(struct writer *w, const struct feature_set *s) {
    const char **names = pool_need((size_t)(s->d + 1) * sizeof *names, w->e);
    bool named = s->d > 0 && s->infos[0].name, ok = names != NULL;
    char name[32];
    for (int f = 0; ok && named && f < s->d; f++) names[f] = s->infos[f].name;
    if (ok && named) ok = put_texts(w, "columns", names, s->d);
    pool_free(names);
    for (int f = 0; ok && f < s->d; f++) {
        if (s->infos[f].n_levels == 0) continue;
        snprintf(name, sizeof name, "levels.%d", f);
        ok = put_texts(w, name, s->infos[f].levels, s->infos[f].n_levels);
    }
    return ok;
}

static bool put_shape(struct writer *w, const struct estimator *m) {
    int64_t *x = put(w, "shape", DT_INT64, 8, 0);
    if (!x) return false;
    x[0] = m->features.d;
    x[1] = m->classes.n;
    x[2] = m->classes.bools;
    x[3] = m->n_targets;
    x[4] = m->single;
    x[5] = m->n_sets;
    x[6] = m->n_rows;
    x[7] = m->features.d > 0 && m->features.infos[0].name;
    return !m->classes.texts || put_texts(w, "classes", m->classes.texts, m->classes.n);
}

static bool put_matrices(struct writer *w, const struct estimator *m) {
    char name[64];
    for (int i = 0; i < ESTIMATOR_MATRICES; i++) {
        const struct matrix *x = &m->matrices[i];
        if (!x->name) continue;
        snprintf(name, sizeof name, "matrix.%s", x->name);
        double *out = put(w, name, DT_FLOAT64, x->rows, x->cols ? x->cols : 1);
        if (!out) return false;
        memcpy(out, x->data, (size_t)(x->rows * x->cols) * sizeof *out);
    }
    return true;
}

/* ---- trees ---- */

struct node_columns {
    float *threshold, *gain;
    int32_t *feature, *left, *flags;
};

static bool make_columns(struct writer *w, int set, int64_t n, struct node_columns *c) {
    char names[5][32];
    static const char *const kinds[] = {"threshold", "gain", "feature", "left", "flags"};
    for (int i = 0; i < 5; i++) snprintf(names[i], sizeof names[i], "%s.%d", kinds[i], set);
    c->threshold = put(w, names[0], DT_FLOAT32, n, 0);
    c->gain = put(w, names[1], DT_FLOAT32, n, 0);
    c->feature = put(w, names[2], DT_INT32, n, 0);
    c->left = put(w, names[3], DT_INT32, n, 0);
    c->flags = put(w, names[4], DT_INT32, n, 0);
    return c->threshold && c->gain && c->feature && c->left && c->flags;
}

static void fill_columns(const struct trees *s, struct node_columns *c) {
    int64_t at = 0;
    for (int32_t i = 0; i < s->n; i++) {
        for (int32_t k = 0; k < s->items[i].n_nodes; k++, at++) {
            const struct tree_node *q = &s->items[i].nodes[k];
            c->threshold[at] = q->threshold;
            c->gain[at] = s->items[i].gains[k];
            c->feature[at] = q->feature;
            c->left[at] = q->left;
            c->flags[at] = q->mask | q->missing_right << 16 | q->cut << 17;
        }
    }
}

/* Masks and shares of all trees of the set. */
static bool put_extras(struct writer *w, const struct trees *s, int set, int64_t masks,
                       int64_t leaves) {
    char name[32];
    snprintf(name, sizeof name, "masks.%d", set);
    struct tree_mask *bits = masks ? put(w, name, DT_INT64, masks, 4) : NULL;
    snprintf(name, sizeof name, "shares.%d", set);
    bool wide = s->width > 1;
    float *shares = wide ? put(w, name, DT_FLOAT32, leaves, s->width) : NULL;
    if ((masks && !bits) || (wide && !shares)) return false;
    for (int32_t i = 0; i < s->n; i++) {
        const struct tree *t = &s->items[i];
        if (t->n_masks) memcpy(bits, t->masks, (size_t)t->n_masks * sizeof *bits);
        if (bits) bits += t->n_masks;
        size_t n = (size_t)t->n_leaves * (size_t)s->width;
        if (wide) memcpy(shares, t->shares, n * sizeof *shares);
        if (wide) shares += n;
    }
    return true;
}

static bool put_set(struct writer *w, const struct trees *s, int set) {
    char name[32];
    int64_t nodes = 0, leaves = 0, masks = 0;
    snprintf(name, sizeof name, "trees.%d", set);
    int64_t *x = put(w, name, DT_INT64, s->n, 4);
    if (!x) return false;
    for (int32_t i = 0; i < s->n; i++) {
        const struct tree *t = &s->items[i];
        x[4 * i] = t->n_nodes;
        x[4 * i + 1] = t->n_leaves;
        x[4 * i + 2] = t->depth;
        x[4 * i + 3] = t->n_masks;
        nodes += t->n_nodes;
        leaves += t->n_leaves;
        masks += t->n_masks;
    }
    struct node_columns c;
    TRY(make_columns(w, set, nodes, &c));
    fill_columns(s, &c);
    return put_extras(w, s, set, masks, leaves);
}

static bool put_sets(struct writer *w, const struct estimator *m) {
    int64_t *x = m->n_sets ? put(w, "sets", DT_INT64, m->n_sets, 3) : NULL;
    if (m->n_sets && !x) return false;
    for (int i = 0; i < m->n_sets; i++) {
        x[3 * i] = m->sets[i].width;
        x[3 * i + 1] = m->sets[i].n_outputs;
        x[3 * i + 2] = m->sets[i].n;
        TRY(put_set(w, &m->sets[i], i));
    }
    return true;
}

bool estimator_save(const struct estimator *m, const char *path, struct err *e) {
    struct writer w = {.e = e};
    bool ok = put_settings(&w, m->config) && put_shape(&w, m) && put_columns(&w, &m->features) &&
              put_matrices(&w, m) && put_sets(&w, m) && write_safetensors(w.items, w.n, path, e);
    for (int i = 0; i < w.n; i++) tensor_unref(w.items[i].value);
    pool_free(w.items);
    return ok;
}
