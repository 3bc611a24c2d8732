/* Trained networks by name. A network that was read once is kept by the engine: the checker, both
 * walks of a model's body and the next cell get the same value. */
#include "model_file.h"
#include "data/read.h"
#include "formats/keras_read.h"
#include "formats/onnx.h"
#include "formats/pretrained.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct model *read_model_file(const char *path, struct weights **weights, struct err *e) {
    if (str_ends(str_of(path), ".keras")) return keras_load(path, weights, e);
    if (str_ends(str_of(path), ".h5") || str_ends(str_of(path), ".hdf5"))
        return keras_load_h5(path, weights, e);
    return onnx_load(path, weights, e);
}

bool model_as_value(struct call *c, struct model *m, struct weights *w, struct value *out) {
    struct model_value *v = m ? pool_need(sizeof *v, c->ev->e) : NULL;
    if (!v) {
        model_unref(m);
        weights_unref(w);
        return false;
    }
    *v = (struct model_value){.refs = 1, .model = m, .weights = w};
    *out = (struct value){.kind = V_MODEL, .model = v};
    return true;
}

/* ---- kept networks ---- */

enum { KEPT = 4 };

struct pretrained_cache {
    int next;
    struct kept {
        char path[4096];
        int64_t changed, bytes; /* of the file */
        bool top;
        struct value value; /* MISSING where there is none */
    } kept[KEPT];
};

void pretrained_cache_free(struct pretrained_cache *c) {
    for (int i = 0; c && i < KEPT; i++)
        if (c->kept[i].value.kind == V_MODEL) value_unref(c->kept[i].value);
    pool_free(c);
}

static bool stamp(const char *path, struct kept *k) {
    struct stat st;
    if (stat(path, &st) != 0) return false;
    k->changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    k->bytes = st.st_size;
    return true;
}

static struct kept *find_kept(struct pretrained_cache *c, const char *path, bool top) {
    struct kept now = {0};
    for (int i = 0; stamp(path, &now) && i < KEPT; i++) {
        struct kept *k = &c->kept[i];
        if (k->value.kind == V_MODEL && k->top == top && k->changed == now.changed &&
            k->bytes == now.bytes && strcmp(k->path, path) == 0)
            return k;
    }
    return NULL;
}

static bool keep(struct pretrained_cache *c, const char *path, bool top, struct value v) {
    struct kept *k = &c->kept[c->next];
    if (!stamp(path, k)) return false;
    c->next = (c->next + 1) % KEPT;
    if (k->value.kind == V_MODEL) value_unref(k->value);
    snprintf(k->path, sizeof k->path, "%s", path);
    k->top = top;
    k->value = value_ref(v);
    return true;
}

/* ---- the names of classes ---- */

static bool add_lines(struct call *c, struct str all, struct value *out) {
    *out = value_list_new(1000, c->ev->e);
    while (out->kind == V_LIST && all.n) {
        const char *end = memchr(all.p, '\n', all.n);
        size_t n = end ? (size_t)(end - all.p) : all.n;
        TRY(list_add(out->list, value_text((struct str){all.p, n}, c->ev->e), c->ev->e));
        all.p += n + (end != NULL);
        all.n -= n + (end != NULL);
    }
    return out->kind == V_LIST;
}

/* A file of names that is not of this network. */
static bool other_names(struct call *c, const char *file, int64_t names, int64_t outputs) {
    call_fail(c, 0, ERR_DATA, "The network tells %lld classes apart, and there are %lld names.",
              (long long)outputs, (long long)names);
    return err_hint(c->ev->e,
                    "The names are in %.300s, one a line, in the order of the outputs. "
                    "Without that file the classes are numbers.",
                    file);
}

/* How many classes the network tells apart; -1: it does something else. */
static int64_t outputs_of(const struct model *m) {
    const struct shape *s = &model_output(m, false, 0)->desc.shape;
    return s->n == 2 && s->size[1] > 0 ? s->size[1] : -1;
}

/* A whole network knows what its classes are called, where a file says so. */
static bool name_classes(struct call *c, const char *path, struct model_value *m) {
    enum { MOST = 100000 };
    char file[4096];
    struct text bytes = {0};
    struct value lines = value_missing();
    if (!pretrained_classes(path, file, sizeof file)) return true;
    bool ok = read_file(file, &bytes, c->ev->e) && add_lines(c, text_str(&bytes), &lines);
    int32_t n = ok ? lines.list->n : 0;
    int64_t outputs = outputs_of(m->model);
    bool fits = outputs < 0 || n == outputs || (outputs == 1 && n == 2);
    if (ok && !fits) ok = other_names(c, file, n, outputs), n = 0;
    struct str *names = n && n < MOST ? pool_need((size_t)n * sizeof *names, c->ev->e) : NULL;
    for (int32_t i = 0; names && i < n; i++) names[i] = value_str(&lines.list->items[i]);
    if (names) m->classes = levels_new(names, n, false, c->ev->e);
    pool_free(names);
    value_unref(lines);
    text_clear(&bytes);
    return ok && (m->classes || !n || n >= MOST);
}

/* ---- the functions ---- */

static bool read_network(struct call *c, const char *path, bool top, struct value *out) {
    struct weights *weights = NULL, *part_weights = NULL;
    struct model *m = read_model_file(path, &weights, c->ev->e);
    if (!m) return err_at(c->ev->e, c->spans[0]);
    if (top) {
        if (!model_as_value(c, m, weights, out)) return false;
        if (name_classes(c, path, out->model)) return true;
        return value_unref(*out), false;
    }
    struct model *part = model_without_head(m, weights, &part_weights, c->ev->e);
    model_unref(m);
    weights_unref(weights);
    return part ? model_as_value(c, part, part_weights, out) : err_at(c->ev->e, c->spans[0]);
}

static bool find_network(struct call *c, struct str name, char *path, size_t cap) {
    return pretrained_find(name, path, cap, c->ev->e) || err_at(c->ev->e, c->spans[0]);
}

/* While checking: the cell may make the file itself. */
static bool not_yet_there(struct call *c, struct value *out) {
    if (c->ev->domain != DOMAIN_CHECK) return false;
    *c->ev->e = (struct err){0};
    *out = value_unknown();
    return true;
}

bool fn_pretrained(struct call *c, struct value *out) {
    struct str name;
    bool top;
    char path[4096];
    struct pretrained_cache **kept = engine_pretrained(c->ev->engine);
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(call_text(c, 0, &name) && call_bool(c, 1, false, &top));
    if (!find_network(c, name, path, sizeof path)) return not_yet_there(c, out);
    if (!*kept) TRY(*kept = pool_need(sizeof **kept, c->ev->e));
    struct kept *known = find_kept(*kept, path, top);
    if (known) return *out = value_ref(known->value), true;
    TRY(read_network(c, path, top, out));
    keep(*kept, path, top, *out);
    return true;
}

bool fn_pretrained_names(struct call *c, struct value *out) {
    const char *names[PRETRAINED_MOST];
    int n = pretrained_names(names);
    *out = value_list_new(n, c->ev->e);
    for (int i = 0; out->kind == V_LIST && i < n; i++)
        TRY(list_add(out->list, value_text(str_of(names[i]), c->ev->e), c->ev->e));
    return out->kind == V_LIST;
}

bool fn_pretrained_classes(struct call *c, struct value *out) {
    struct str name;
    char path[4096], file[4096];
    struct text bytes = {0};
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(call_text(c, 0, &name));
    if (!find_network(c, name, path, sizeof path)) return not_yet_there(c, out);
    bool there = pretrained_classes(path, file, sizeof file);
    if (!there && c->ev->domain == DOMAIN_CHECK) return *out = value_unknown(), true;
    if (!there)
        return call_fail(c, 0, ERR_FILE, "The names of its classes are not beside its file.");
    bool ok = read_file(file, &bytes, c->ev->e) && add_lines(c, text_str(&bytes), out);
    text_clear(&bytes);
    return ok;
}
