/* save: the ending of the path decides how a value is written; a table says which endings a value
 * can have. */
#include "fn_paths.h"
#include "fn_json.h"
#include "lang/values/estimator_value.h"
#include "lang/values/files_seen.h"
#include "lang/eval/models/model.h"
#include "classic/save.h"
#include "data/read.h"
#include "data/sink.h"
#include "formats/onnx.h"
#include "formats/parquet.h"
#include "nn/keras.h"
#include <stdio.h>
#include <string.h>

enum { SAVE_VALUE, SAVE_PATH, SAVE_DPI };

/* ---- writing ---- */

static bool write_text(struct call *c, const char *path, struct str s) {
    return sink_write(path, s.p, s.n, c->ev->e);
}

static bool save_text(struct call *c, const char *path) {
    return write_text(c, path, value_str(&c->args[SAVE_VALUE]));
}

static bool save_json(struct call *c, const char *path) {
    struct text t = {0};
    bool ok = value_to_json(c->ev, c->args[SAVE_VALUE], &t) && text_addc(&t, '\n') &&
              write_text(c, path, text_str(&t));
    text_clear(&t);
    return ok;
}

static bool save_tensor(struct call *c, const char *path) {
    struct value t;
    TRY(as_tensorlike(c->ev, c->args[SAVE_VALUE], &t));
    if (!value_is_tensorlike(t)) {
        value_unref(t);
        return call_fail(c, SAVE_VALUE, ERR_TYPE,
                         "An .npy file holds numbers of one shape, and this is %s.",
                         value_kind_words(c->args[SAVE_VALUE].kind));
    }
    struct tensor *x = value_to_tensor(t, c->ev->e);
    bool ok = x && write_npy(x, path, c->ev->e);
    tensor_unref(x);
    value_unref(t);
    return ok;
}

static bool save_record(struct call *c, const char *path) {
    return save_npz(c, c->args[SAVE_VALUE].record, path);
}

static bool save_rows(struct call *c, const char *path) {
    const struct table *t = c->args[SAVE_VALUE].table;
    if (str_ends(str_of(path), ".parquet")) return write_parquet(t, path, c->ev->e);
    return write_csv(t, path, c->ev->e);
}

static bool save_model(struct call *c, const char *path) {
    const struct model_value *m = c->args[SAVE_VALUE].model;
    struct err *e = c->ev->e;
    struct str p = str_of(path);
    struct text t = {0};
    if (!m->model || !m->weights)
        return call_fail(c, SAVE_VALUE, ERR_VALUE,
                         "The model has no weights yet: it has not met data.");
    if (str_ends(p, ".safetensors")) return model_save_weights(m->model, m->weights, path, e);
    if (str_ends(p, ".onnx")) return onnx_save(m->model, m->weights, path, e);
    if (str_ends(p, ".keras")) return keras_save(m->model, m->weights, path, e);
    if (str_ends(p, ".h5")) return keras_save_weights(m->model, m->weights, path, e);
    bool ok = keras_json(m->model, &t, e) && write_text(c, path, text_str(&t));
    text_clear(&t);
    return ok;
}

static bool save_classical(struct call *c, const char *path) {
    const struct estimator_value *m = c->args[SAVE_VALUE].estimator;
    if (m->fitted) return estimator_save(m->fitted, path, c->ev->e);
    if (m->is_fitted) {
        call_fail(c, SAVE_VALUE, ERR_VALUE, "The members of an ensemble are saved one by one.");
        return err_hint(c->ev->e, "    for i in range(len(bag.members)):\n"
                                  "        save(bag.members[i], f\"member_{i}.safetensors\")");
    }
    return call_fail(c, SAVE_VALUE, ERR_VALUE, "This %s has not been trained yet.", m->name);
}

static bool save_drawing(struct call *c, const char *path) {
    const struct engine_observer *o = c->ev->observer;
    if (!o->draw) return fail_later(c->ev, c->at, "saving plots here");
    double dpi;
    TRY(call_number(c, SAVE_DPI, 0, &dpi));
    if (call_has(c, SAVE_DPI) && !(dpi >= 10 && dpi <= 2400))
        return call_fail(c, SAVE_DPI, ERR_VALUE,
                         "`dpi` is the number of pixels per inch: from 10 to 2400.");
    return o->draw(o->user, c->args[SAVE_VALUE], path, dpi, c->ev->e);
}

/* ---- which endings ---- */

static bool is_numbers(struct value v) {
    return value_is_tensorlike(v) || v.kind == V_COLUMN || v.kind == V_COLUMN_DESC;
}

static bool is_picture(struct value v) {
    struct desc d;
    return (v.kind == V_TENSOR || v.kind == V_DESC) && value_describe(v, &d) && d.shape.n >= 2;
}

static bool is_table(struct value v) {
    return v.kind == V_TABLE || v.kind == V_TABLE_DESC || v.kind == V_HISTORY;
}

static bool is_column(struct value v) {
    return v.kind == V_COLUMN || v.kind == V_COLUMN_DESC;
}

static bool is_record(struct value v) {
    return v.kind == V_RECORD;
}

static bool is_list(struct value v) {
    return v.kind == V_LIST;
}

static bool is_text(struct value v) {
    return v.kind == V_TEXT;
}

static bool is_plain(struct value v) {
    return v.kind == V_TEXT || v.kind == V_NONE || value_is_tensorlike(v);
}

static bool is_network(struct value v) {
    return v.kind == V_MODEL;
}

static bool is_classical(struct value v) {
    return v.kind == V_ESTIMATOR;
}

/* Anything that a notebook shows more of than its kind. */
static bool is_shown(struct value v) {
    return v.kind != V_FUNCTION && v.kind != V_MAKER && v.kind != V_SCALER && v.kind != V_NONE;
}

static bool is_drawing(struct value v) {
    return v.kind == V_PLOT || v.kind == V_FIGURE;
}

/* The first row of a value is the one to recommend. */
static const struct form {
    bool (*takes)(struct value v);
    const char *endings; /* separated by blanks; .gz may follow those of texts */
    const char *what;
    bool (*write)(struct call *c, const char *path);
} forms[] = {
    {is_table, ".parquet", "with the kinds of its columns", save_rows},
    {is_table, ".csv .csv.gz", "as text, for every program", save_rows},
    {is_table, ".json .json.gz", "a record for each row", save_json},
    {is_record, ".json .json.gz", "numbers, texts, lists, tables, and records of them", save_json},
    {is_record, ".npz", "tensors with their names and types", save_record},
    {is_list, ".json .json.gz", "numbers, texts, records, and lists of them", save_json},
    {is_list, ".npy", "numbers, if they are of one shape", save_tensor},
    {is_numbers, ".npy", "numbers with their type", save_tensor},
    {is_text, ".txt .md .csv .xml .html", "the text as it is", save_text},
    {is_plain, ".json .json.gz", "as text", save_json},
    {is_column, ".json .json.gz", "as a list", save_json},
    {is_picture, ".png .jpg .jpeg", "a pixel for each number, or several pictures", save_drawing},
    {is_picture, ".svg .pdf", "as a drawing of them", save_drawing},
    {is_network, ".keras", "the whole model, also for Keras", save_model},
    {is_network, ".safetensors", "its weights", save_model},
    {is_network, ".onnx", "for other programs", save_model},
    {is_network, ".weights.h5 .json", "its weights and its layers apart, for Keras", save_model},
    {is_classical, ".safetensors", "the whole model", save_classical},
    {is_drawing, ".svg .pdf", "sharp at any size", save_drawing},
    {is_drawing, ".png .jpg .jpeg", "pixels", save_drawing},
    {is_drawing, ".gif .apng", "an animation", save_drawing},
    {is_shown, ".html", "a page, as a notebook shows it", save_drawing},
};

/* Does the path end in one of them? */
static bool ends_in(struct str path, const char *endings) {
    char ending[16];
    for (const char *p = endings; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        snprintf(ending, sizeof ending, "%.*s", (int)n, p);
        if (path.n > n && str_ends(path, ending)) return true;
        p += n;
    }
    return false;
}

static const struct form *form_of(struct value v, struct str path) {
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (forms[i].takes(v) && ends_in(path, forms[i].endings)) return &forms[i];
    return NULL;
}

static bool is_ending_of_any(struct str path) {
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (ends_in(path, forms[i].endings)) return true;
    return false;
}

/* What to do instead: the endings that the value can have. */
static bool right_endings(struct call *c) {
    struct value v = c->args[SAVE_VALUE];
    struct text t = {0};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (forms[i].takes(v))
            text_addf(&t, "%s    %-18s %s", t.n ? "\n" : "", forms[i].endings, forms[i].what);
    const char *words = value_kind_words(v.kind);
    if (t.n) err_hint(c->ev->e, "%c%s can be saved as\n\n%s", words[0] & ~32, words + 1, t.p);
    else if (v.kind == V_SCALER)
        err_hint(c->ev->e, "A scaler is saved with the model that it is a layer of: x.Scale(s).");
    else if (v.kind == V_MAKER)
        err_hint(c->ev->e, "Save a model that was made of it: net = Net().");
    else if (v.kind == V_FUNCTION)
        err_hint(c->ev->e, "A function is kept as a program: write its `def` into a file such as "
                           "helpers.awml, and get it with: from \"helpers.awml\" import f");
    else err_hint(c->ev->e, "No file can hold %s: the cell that makes it does.", words);
    text_clear(&t);
    return false;
}

static bool wrong_ending(struct call *c, struct str path) {
    const char *words = value_kind_words(c->args[SAVE_VALUE].kind), *dot = NULL;
    for (size_t i = path.n; i > 0 && path.p[i - 1] != '/'; i--)
        if (path.p[i - 1] == '.' && i < path.n) dot = path.p + i - 1;
    int n = dot ? (int)(path.p + path.n - dot) : 0;
    if (n == 0 || n > 24)
        call_fail(c, SAVE_PATH, ERR_FILE, "The ending of a path decides how %s is written.", words);
    else if (is_ending_of_any(path))
        call_fail(c, SAVE_PATH, ERR_FILE, "This is %s, which cannot be saved as %.*s.", words, n,
                  dot);
    else if (str_ends(path, ".awml"))
        call_fail(c, SAVE_PATH, ERR_FILE,
                  "Files that end in .awml are programs; a value is kept in a file that other "
                  "programs can read too.");
    else call_fail(c, SAVE_PATH, ERR_FILE, "save writes no files that end in %.*s.", n, dot);
    if (n == 0 || n > 24) err_label(c->ev->e, "has no ending");
    return right_endings(c);
}

bool save_check(struct call *c) {
    struct value v = c->args[SAVE_VALUE], path = c->args[SAVE_PATH];
    if (c->row->fn != fn_save || path.kind != V_TEXT || v.kind == V_UNKNOWN) return true;
    return form_of(v, value_str(&path)) || wrong_ending(c, value_str(&path));
}

bool fn_save(struct call *c, struct value *out) {
    char path[4096];
    *out = value_none();
    TRY(path_of(c, SAVE_PATH, path, sizeof path));
    const struct form *form = form_of(c->args[SAVE_VALUE], str_of(path));
    if (!form) return wrong_ending(c, str_of(path));
    TRY(make_folders(c, SAVE_PATH, path) && form->write(c, path));
    files_seen_written(engine_files(c->ev->engine), path);
    return true;
}
