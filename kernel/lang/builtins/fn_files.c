/* Reading: the ending of a path decides. Writing is in fn_save.c. */
#include "fn_paths.h"
#include "fn_json.h"
#include "model_file.h"
#include "classic/save.h"
#include "lang/values/estimator_value.h"
#include "lang/values/files_seen.h"
#include "lang/eval/models/model.h"
#include "data/read.h"
#include "data/sink.h"
#include "nn/keras.h"
#include "formats/onnx.h"
#include "formats/parquet.h"
#include "base/pool.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Values are the same in every run of a cell; files may not be. */
static void note_changed_file(struct call *c, const char *path) {
    const struct engine_observer *o = c->ev->observer;
    struct text t = {0};
    bool reads = strncmp(c->row->name, "read_", 5) == 0 || strcmp(c->row->name, "load") == 0;
    if (c->ev->domain != DOMAIN_RUN || !reads) return;
    if (!files_seen_read(engine_files(c->ev->engine), path) || !o->note) return;
    text_addf(&t, "%.200s has changed since it was last read.", path);
    o->note(o->user, text_str(&t));
    text_clear(&t);
}

bool path_of(struct call *c, int i, char *out, size_t cap) {
    struct str s;
    TRY(call_text(c, i, &s));
    if (s.n >= cap || memchr(s.p, 0, s.n))
        return call_fail(c, i, ERR_FILE, "This cannot be the path of a file.");
    memcpy(out, s.p, s.n);
    out[s.n] = 0;
    if (i == 0) note_changed_file(c, out);
    return true;
}

/* The description from the file's header, if it is there already. */
static bool peeked(struct call *c, bool (*peek)(const char *, struct desc *), struct value *out) {
    char path[4096];
    struct desc d;
    if (c->args[0].kind != V_TEXT || !path_of(c, 0, path, sizeof path) || !peek(path, &d))
        return *c->ev->e = (struct err){0}, *out = value_unknown(), true;
    *out = value_desc(&d, c->ev->e);
    return out->kind == V_DESC;
}

bool fn_read_npy(struct call *c, struct value *out) {
    char path[4096];
    if (c->ev->domain == DOMAIN_CHECK) return peeked(c, peek_npy, out);
    TRY(path_of(c, 0, path, sizeof path));
    *out = value_tensor(read_npy(path, c->ev->e));
    return out->kind != V_MISSING;
}

bool fn_read_idx(struct call *c, struct value *out) {
    char path[4096];
    if (c->ev->domain == DOMAIN_CHECK) return peeked(c, peek_idx, out);
    TRY(path_of(c, 0, path, sizeof path));
    *out = value_tensor(read_idx(path, c->ev->e));
    return out->kind != V_MISSING;
}

bool fn_read_csv(struct call *c, struct value *out) {
    char path[4096];
    struct str decimal = STR(".");
    TRY(path_of(c, 0, path, sizeof path));
    if (call_has(c, 1)) TRY(call_text(c, 1, &decimal));
    *out = value_table(read_csv(path, str_is(decimal, ","), c->ev->e));
    return out->kind == V_TABLE;
}

bool fn_read_parquet(struct call *c, struct value *out) {
    char path[4096];
    TRY(path_of(c, 0, path, sizeof path));
    *out = value_table(read_parquet(path, c->ev->e));
    return out->kind == V_TABLE;
}

/* ---- data sets ---- */

static bool put(struct eval *ev, struct value r, const char *name, struct value v) {
    return v.kind != V_MISSING && record_set(r.record, intern_c(name), v, ev->e);
}

static bool class_list(struct eval *ev, const char *const *classes, int n, struct value *out) {
    *out = value_list_new(n, ev->e);
    for (int i = 0; out->kind == V_LIST && i < n; i++)
        TRY(list_add(out->list, value_text(str_of(classes[i]), ev->e), ev->e));
    return out->kind == V_LIST;
}

static bool described_dataset(struct call *c, struct str name, struct value *out) {
    for (int i = 0; i < dataset_n_rows(); i++) {
        const struct dataset_row *r = dataset_row_at(i);
        if (!str_is(name, r->name)) continue;
        struct err *e = c->ev->e;
        *out = value_record_new(e);
        return out->kind == V_RECORD && put(c->ev, *out, "train_x", value_desc(&r->train_x, e)) &&
               put(c->ev, *out, "train_y", value_desc(&r->train_y, e)) &&
               put(c->ev, *out, "test_x", value_desc(&r->test_x, e)) &&
               put(c->ev, *out, "test_y", value_desc(&r->test_y, e)) &&
               put(c->ev, *out, "classes", value_unknown());
    }
    struct text all = {0};
    for (int i = 0; i < dataset_n_rows(); i++)
        text_addf(&all, "%s\"%s\"", i ? ", " : "", dataset_row_at(i)->name);
    call_fail(c, 0, ERR_VALUE, "There is no data set of this name.");
    err_hint(c->ev->e, "There are: %s.", all.p ? all.p : "none");
    text_clear(&all);
    return false;
}

bool fn_load_dataset(struct call *c, struct value *out) {
    struct str name;
    struct dataset d = {0};
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(call_text(c, 0, &name));
    if (c->ev->domain == DOMAIN_CHECK) return described_dataset(c, name, out);
    TRY(dataset_load(name, &d, c->ev->e));
    struct value classes;
    *out = value_record_new(c->ev->e);
    bool ok = out->kind == V_RECORD && class_list(c->ev, d.classes, d.n_classes, &classes) &&
              put(c->ev, *out, "train_x", value_tensor(tensor_ref(d.train_x))) &&
              put(c->ev, *out, "train_y", value_tensor(tensor_ref(d.train_y))) &&
              put(c->ev, *out, "test_x", value_tensor(tensor_ref(d.test_x))) &&
              put(c->ev, *out, "test_y", value_tensor(tensor_ref(d.test_y))) &&
              put(c->ev, *out, "classes", classes);
    dataset_clear(&d);
    return ok;
}

/* ---- load ---- */

bool make_folders(struct call *c, int i, const char *path) {
    char folder[4096];
    for (size_t k = 1; path[k] && k < sizeof folder; k++) {
        if (path[k] != '/') continue;
        memcpy(folder, path, k);
        folder[k] = 0;
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            return call_fail(c, i, ERR_FILE, "The folder %s cannot be made: %s.", folder,
                             strerror(errno));
    }
    return true;
}

/* A file that holds a classical model says so itself. */
static bool load_classical(struct call *c, const char *path, bool *other, struct value *out) {
    struct estimator *m = estimator_load(path, other, c->ev->e);
    if (!m) return false;
    struct estimator_value *v =
        estimator_value_new(m->config->row->name, config_ref(m->config), c->ev->e);
    if (!v) return estimator_unref(m), false;
    v->fitted = m;
    v->is_fitted = true;
    v->trained_at = c->at;
    *out = (struct value){.kind = V_ESTIMATOR, .estimator = v};
    return true;
}

static bool load_weights(struct call *c, const char *path, struct value *out) {
    bool other = true;
    bool classical = str_ends(str_of(path), ".safetensors");
    if (classical && !call_has(c, 1) && load_classical(c, path, &other, out)) return true;
    if (!other || c->ev->e->kind) return false;
    if (c->args[1].kind != V_MODEL) {
        call_fail(c, -1, ERR_ARGUMENT, "Weights are loaded into a model of the same shape.");
        return err_hint(c->ev->e, "    net = load(\"%s\", net)", path);
    }
    const struct model_value *m = c->args[1].model;
    if (!m->model)
        return call_fail(c, 1, ERR_VALUE,
                         "The model's sizes are not known yet: it has not met data.");
    bool keras = !classical;
    struct weights *w = keras ? keras_load_weights(m->model, path, c->ev->e)
                              : model_load_weights(m->model, path, c->ev->e);
    struct model_value *made = w ? model_copy(c->ev, m) : NULL;
    if (!made) return weights_unref(w), false;
    weights_unref(made->weights);
    made->weights = w;
    if (!made->trained_at.source) made->trained_at = c->at;
    *out = (struct value){.kind = V_MODEL, .model = made};
    return true;
}

/* A model that a file describes whole: its own architecture with its weights. */
static bool load_model(struct call *c, const char *path, struct value *out) {
    struct weights *weights = NULL;
    struct model *m = read_model_file(path, &weights, c->ev->e);
    return m && model_as_value(c, m, weights, out);
}

bool fn_load(struct call *c, struct value *out) {
    char path[4096];
    TRY(path_of(c, 0, path, sizeof path));
    struct str p = str_of(path);
    if (str_ends(p, ".npy"))
        return *out = value_tensor(read_npy(path, c->ev->e)), out->kind != V_MISSING;
    if (str_ends(p, ".csv") || str_ends(p, ".csv.gz"))
        return *out = value_table(read_csv(path, false, c->ev->e)), out->kind == V_TABLE;
    if (str_ends(p, ".parquet"))
        return *out = value_table(read_parquet(path, c->ev->e)), out->kind == V_TABLE;
    if (str_ends(p, ".json") || str_ends(p, ".json.gz")) return fn_read_json(c, out);
    if (str_ends(p, ".npz")) return load_npz(c, path, out);
    bool keras = str_ends(p, ".keras") || str_ends(p, ".h5") || str_ends(p, ".hdf5");
    if (str_ends(p, ".onnx") || (keras && !call_has(c, 1))) return load_model(c, path, out);
    if (keras) return load_weights(c, path, out);
    if (str_ends(p, ".safetensors")) return load_weights(c, path, out);
    struct text t = {0};
    if (str_ends(p, ".txt") || str_ends(p, ".md")) {
        bool ok = read_file(path, &t, c->ev->e);
        if (ok) *out = value_text(text_str(&t), c->ev->e);
        text_clear(&t);
        return ok && out->kind == V_TEXT;
    }
    call_fail(c, 0, ERR_FILE, "The ending of %s is not one that load knows.", path);
    return err_hint(
        c->ev->e,
        "It knows .npy, .npz, .csv, .parquet, .json, .safetensors, .keras, .h5, .onnx and .txt.");
}
