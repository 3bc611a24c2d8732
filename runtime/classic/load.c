/* Reading fitted classical models; the format stands in save.h. Every number of the file that is
 * used as a position is checked. */
#include "save.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include "../data/read.h"
#include <stdio.h>
#include <string.h>

struct reader {
    struct named_tensor *items;
    int n;
    const char *path;
    struct err *e;
};

static bool damaged(const struct reader *r, const char *what) {
    err_set(r->e, ERR_DATA, "%s holds no model that can be read: %s.", r->path, what);
    return false;
}

/* A tensor of this type; NULL if the file has none. */
static const struct tensor *find(const struct reader *r, const char *name, enum dtype type) {
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->items[i].name, name) == 0)
            return r->items[i].value->dtype == type ? r->items[i].value : NULL;
    return NULL;
}

static const void *need(const struct reader *r, const char *name, enum dtype type, int64_t count) {
    const struct tensor *t = find(r, name, type);
    if (t && t->count == count) return t->data;
    char what[96];
    snprintf(what, sizeof what, "`%s` is missing or has another size", name);
    damaged(r, what);
    return NULL;
}

/* n texts, interned. */
static bool texts_of(const struct reader *r, const char *name, const char **out, int n) {
    const struct tensor *t = find(r, name, DT_UINT8);
    const char *p = t ? t->data : NULL, *end = t ? p + t->count : NULL;
    for (int i = 0; i < n; i++) {
        const char *stop = p && p < end ? memchr(p, 0, (size_t)(end - p)) : NULL;
        if (!stop) return damaged(r, "a text is cut off");
        out[i] = intern((struct str){p, (size_t)(stop - p)});
        if (!out[i]) return err_memory(r->e, (size_t)(stop - p));
        p = stop + 1;
    }
    return true;
}

static struct config *settings_of(const struct reader *r) {
    const char *name, *texts[CONFIG_MAX_ARGS];
    if (!texts_of(r, "estimator", &name, 1)) return NULL;
    const struct config_row *row = config_find_in(CONFIG_ESTIMATOR, str_of(name));
    const struct tensor *x = find(r, "settings", DT_FLOAT64);
    if (!row || (x && x->count > 2 * CONFIG_MAX_ARGS))
        return damaged(r, "its kind is not known"), NULL;
    struct config *c = config_default(row, r->e);
    int n = x ? (int)(x->count / 2) : 0;
    bool ok = c && texts_of(r, "settings.texts", texts, n);
    for (int i = 0; ok && i < n && i < c->n_args; i++) {
        const double *pair = (const double *)x->data + 2 * i;
        enum arg_kind kind = (enum arg_kind)(int)pair[0];
        bool plain = kind == ARG_NONE || kind == ARG_NUMBER || kind == ARG_INT ||
                     kind == ARG_BOOL || kind == ARG_TEXT;
        ok = plain || damaged(r, "a setting is of no known kind");
        c->args[i] = (struct arg){.kind = kind, .number = pair[1]};
        if (kind == ARG_TEXT) c->args[i].text = texts[i];
    }
    ok = ok && estimator_check(c, r->e);
    if (ok) return c;
    config_unref(c);
    return NULL;
}

static int count_texts(const struct reader *r, const char *name) {
    const struct tensor *t = find(r, name, DT_UINT8);
    int n = 0;
    for (int64_t i = 0; t && i < t->count; i++) n += ((const char *)t->data)[i] == 0;
    return n;
}

static bool read_columns(const struct reader *r, struct estimator *m, int64_t d, bool named) {
    if (d < 1 || d > 1 << 20) return damaged(r, "it has no columns");
    const char **names = pool_need((size_t)d * sizeof *names, r->e);
    m->features.infos = pool_need((size_t)(d + 1) * sizeof *m->features.infos, r->e);
    bool ok = names && m->features.infos;
    m->features.d = ok ? (int32_t)d : 0;
    if (ok && named) ok = texts_of(r, "columns", names, (int)d);
    for (int f = 0; ok && f < d; f++) {
        char name[32];
        struct feature_info *info = &m->features.infos[f];
        if (named) info->name = names[f];
        snprintf(name, sizeof name, "levels.%d", f);
        info->n_levels = count_texts(r, name);
        if (info->n_levels == 0) continue;
        info->levels = pool_need((size_t)info->n_levels * sizeof *info->levels, r->e);
        ok = info->levels && texts_of(r, name, info->levels, info->n_levels);
    }
    pool_free(names);
    return ok;
}

static bool read_shape(const struct reader *r, struct estimator *m) {
    const int64_t *x = need(r, "shape", DT_INT64, 8);
    if (!x) return false;
    if (x[1] < 0 || x[1] > ESTIMATOR_CLASSES || x[3] < 0 || x[3] > 1 << 20 || x[5] < 0 ||
        x[5] > 1 << 20)
        return damaged(r, "its sizes are absurd");
    m->classes.n = (int32_t)x[1];
    m->classes.bools = x[2] != 0;
    m->n_targets = (int32_t)x[3];
    m->single = x[4] != 0;
    m->n_rows = x[6];
    if (count_texts(r, "classes") == m->classes.n && m->classes.n > 0) {
        m->classes.texts = pool_need((size_t)m->classes.n * sizeof *m->classes.texts, r->e);
        TRY(m->classes.texts && texts_of(r, "classes", m->classes.texts, m->classes.n));
    }
    if (x[5]) {
        m->sets = pool_need((size_t)x[5] * sizeof *m->sets, r->e);
        if (!m->sets) return false;
        m->n_sets = (int32_t)x[5];
    }
    return read_columns(r, m, x[0], x[7] != 0);
}

static bool read_matrices(const struct reader *r, struct estimator *m) {
    int at = 0;
    for (int i = 0; i < r->n; i++) {
        const struct tensor *t = r->items[i].value;
        if (strncmp(r->items[i].name, "matrix.", 7) != 0) continue;
        if (at == ESTIMATOR_MATRICES || t->dtype != DT_FLOAT64 || t->shape.n != 2)
            return damaged(r, "a matrix is of the wrong kind");
        struct matrix *x = &m->matrices[at++];
        x->data = pool_need((size_t)(t->count + 1) * sizeof *x->data, r->e);
        if (!x->data) return false;
        memcpy(x->data, t->data, (size_t)t->count * sizeof *x->data);
        x->name = intern_c(r->items[i].name + 7);
        x->rows = t->shape.size[0];
        x->cols = t->shape.size[1];
    }
    return true;
}

/* ---- trees ---- */

struct node_columns {
    const float *threshold, *gain;
    const int32_t *feature, *left, *flags;
};

static const void *column(const struct reader *r, const char *kind, int set, enum dtype type,
                          int64_t n) {
    char name[32];
    snprintf(name, sizeof name, "%s.%d", kind, set);
    return need(r, name, type, n);
}

/* Children stand behind their parent, so that every walk ends. */
static bool node_fits(const struct tree *t, int32_t at, int32_t d) {
    const struct tree_node *q = &t->nodes[at];
    if (q->feature < 0) return q->left >= 0 && q->left < t->n_leaves;
    return q->feature < d && q->left > at && q->left < t->n_nodes - 1 && q->mask <= t->n_masks;
}

static bool read_tree(const struct reader *r, const int64_t *sizes, int32_t d,
                      const struct node_columns *c, int64_t at, struct tree *t) {
    *t = (struct tree){.n_nodes = (int32_t)sizes[0],
                       .n_leaves = (int32_t)sizes[1],
                       .depth = (int32_t)sizes[2],
                       .n_masks = (int32_t)sizes[3]};
    t->nodes = pool_need((size_t)t->n_nodes * sizeof *t->nodes, r->e);
    t->gains = pool_need((size_t)t->n_nodes * sizeof *t->gains, r->e);
    t->masks = pool_need((size_t)(t->n_masks + 1) * sizeof *t->masks, r->e);
    if (!t->nodes || !t->gains || !t->masks) return false;
    for (int32_t i = 0; i < t->n_nodes; i++) {
        int32_t flags = c->flags[at + i];
        t->gains[i] = c->gain[at + i];
        t->nodes[i] = (struct tree_node){.threshold = c->threshold[at + i],
                                         .feature = c->feature[at + i],
                                         .left = c->left[at + i],
                                         .mask = (uint16_t)(flags & 0xffff),
                                         .missing_right = flags >> 16 & 1,
                                         .cut = (uint8_t)(flags >> 17 & 0xff)};
        if (!node_fits(t, i, d)) return damaged(r, "a question leads nowhere");
    }
    return true;
}

static bool tree_sizes_fit(const int64_t *s) {
    return s[0] > 0 && s[0] < INT32_MAX / 2 && s[0] == 2 * s[1] - 1 && s[2] >= 0 && s[2] < s[0] &&
           s[3] >= 0 && s[3] <= TREE_MASKS;
}

static bool read_extras(const struct reader *r, struct trees *s, int set, int64_t masks,
                        int64_t leaves) {
    const struct tree_mask *bits = masks ? column(r, "masks", set, DT_INT64, 4 * masks) : NULL;
    const float *shares =
        s->width > 1 ? column(r, "shares", set, DT_FLOAT32, leaves * s->width) : NULL;
    if ((masks && !bits) || (s->width > 1 && !shares)) return false;
    for (int32_t i = 0; i < s->n; i++) {
        struct tree *t = &s->items[i];
        if (t->n_masks) memcpy(t->masks, bits, (size_t)t->n_masks * sizeof *bits);
        if (bits) bits += t->n_masks;
        if (s->width <= 1) continue;
        size_t n = (size_t)t->n_leaves * (size_t)s->width;
        t->shares = pool_need(n * sizeof *t->shares, r->e);
        if (!t->shares) return false;
        memcpy(t->shares, shares, n * sizeof *t->shares);
        shares += n;
    }
    return true;
}

static bool read_set(const struct reader *r, struct estimator *m, int set, const int64_t *sizes) {
    struct trees *s = &m->sets[set];
    if (sizes[0] < 1 || sizes[0] > ESTIMATOR_CLASSES || sizes[1] < 1 ||
        sizes[1] > ESTIMATOR_CLASSES || sizes[2] < 0 || sizes[2] > INT32_MAX / 8)
        return damaged(r, "its sizes are absurd");
    *s = (struct trees){
        .width = (int32_t)sizes[0], .n_outputs = (int32_t)sizes[1], .d = m->features.d};
    const int64_t *of = column(r, "trees", set, DT_INT64, 4 * sizes[2]);
    int64_t nodes = 0, leaves = 0, masks = 0, at = 0;
    for (int64_t i = 0; of && i < sizes[2]; i++) {
        if (!tree_sizes_fit(of + 4 * i)) return damaged(r, "a tree has an absurd size");
        nodes += of[4 * i];
        leaves += of[4 * i + 1];
        masks += of[4 * i + 3];
    }
    if (!of) return false;
    struct node_columns c = {
        column(r, "threshold", set, DT_FLOAT32, nodes), column(r, "gain", set, DT_FLOAT32, nodes),
        column(r, "feature", set, DT_INT32, nodes), column(r, "left", set, DT_INT32, nodes),
        column(r, "flags", set, DT_INT32, nodes)};
    if (!c.threshold || !c.gain || !c.feature || !c.left || !c.flags) return false;
    for (int64_t i = 0; i < sizes[2]; i++) {
        struct tree t;
        bool ok = read_tree(r, of + 4 * i, m->features.d, &c, at, &t);
        if (!ok) return tree_clear(&t), false;
        TRY(trees_add(s, &t, r->e));
        at += of[4 * i];
    }
    return read_extras(r, s, set, masks, leaves) && trees_prepare(s, r->e);
}

static bool read_all(const struct reader *r, struct estimator *m) {
    m->config = settings_of(r);
    if (!m->config || !read_shape(r, m) || !read_matrices(r, m)) return false;
    const int64_t *sets = m->n_sets ? need(r, "sets", DT_INT64, 3 * (int64_t)m->n_sets) : NULL;
    for (int i = 0; sets && i < m->n_sets; i++) TRY(read_set(r, m, i, sets + 3 * i));
    return (!m->n_sets || sets) &&
           (estimator_fits(m) || damaged(r, "its parts do not fit together"));
}

struct estimator *estimator_load(const char *path, bool *other, struct err *e) {
    struct reader r = {.path = path, .e = e};
    *other = false;
    if (!read_safetensors(path, &r.items, &r.n, e)) return NULL;
    struct estimator *m = NULL;
    *other = !find(&r, "estimator", DT_UINT8);
    if (!*other) m = pool_need(sizeof *m, e);
    bool ok = m != NULL;
    if (m) {
        m->refs = 1;
        ok = read_all(&r, m);
    }
    for (int i = 0; i < r.n; i++) tensor_unref(r.items[i].value);
    pool_free(r.items);
    if (ok) return m;
    estimator_unref(m);
    return NULL;
}
