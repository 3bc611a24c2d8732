/* Named data sets: where their files may lie, and what they hold. A new one is a line of
 * datasets.list. */
#include "read.h"
#include "base/intern.h"
#include "base/program.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const fashion_classes[] = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                              "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                              "Bag",         "Ankle boot"};

struct origin {
    const char *name, *folder, *provider, *help, *licence;
    int64_t n_train, n_test, height, width;
    const char *const *classes;
    int n_classes;
};

#define DATASET(name, folder, n_train, n_test, h, w, classes, provider, licence, help)             \
    {#name, folder, provider, help, licence, n_train, n_test, h, w, classes, ARRAY_LEN(classes)},
static const struct origin origins[] = {
#include "datasets.list"
};
#undef DATASET

static struct desc images_desc(int64_t n, const struct origin *o) {
    struct desc d = {.dtype = DT_UINT8};
    d.shape = shape_of(3, (int64_t[]){n, o->height, o->width});
    d.shape.axis[0] = intern_c("image");
    d.shape.axis[1] = intern_c("height");
    d.shape.axis[2] = intern_c("width");
    return d;
}

static struct desc labels_desc(int64_t n) {
    struct desc d = {.dtype = DT_UINT8};
    d.shape = shape_of(1, &n);
    d.shape.axis[0] = intern_c("image");
    return d;
}

int dataset_n_rows(void) {
    return (int)ARRAY_LEN(origins);
}

/* Filled at the first question, because axis names exist only at run time. */
const struct dataset_row *dataset_row_at(int i) {
    static struct dataset_row rows[ARRAY_LEN(origins)];
    const struct origin *o = &origins[i];
    if (!rows[i].name) {
        rows[i] = (struct dataset_row){.name = o->name,
                                       .help = o->help,
                                       .licence = o->licence,
                                       .train_x = images_desc(o->n_train, o),
                                       .train_y = labels_desc(o->n_train),
                                       .test_x = images_desc(o->n_test, o),
                                       .test_y = labels_desc(o->n_test)};
    }
    return &rows[i];
}

/* ---- places ---- */

struct place {
    const char *base; /* NULL: there is no such place here */
    const char *below;
};

enum { N_PLACES = 8 };

/* In this order. AWML_SHIPPED is the folder in the source tree, for programs not yet installed. */
static int places(struct place out[N_PLACES], char *prefix_text, size_t cap) {
    const char *own = getenv("AWML_DATA"), *home = getenv("HOME");
    struct place all[N_PLACES] = {
        {own, "/"},
        {"datasets", "/"},
        {home, "/.local/share/awml/datasets/"},
        {program_prefix(prefix_text, cap) ? prefix_text : NULL, "/share/awml/datasets/"},
        {"/usr/local/share/awml/datasets", "/"},
        {"/usr/share/awml/datasets", "/"},
        {"/usr/share/datasets", "/"},
        {AWML_SHIPPED, "/"},
    };
    int n = 0;
    for (int i = 0; i < N_PLACES; i++) {
        if (all[i].base && all[i].base[0]) out[n++] = all[i];
    }
    return n;
}

static const char *const files[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                     "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/* The i-th file in that folder, packed or not. */
static bool find_file(const char *folder, int i, char *out, size_t cap) {
    static const char *const endings[] = {".gz", ""};
    for (size_t k = 0; k < ARRAY_LEN(endings); k++) {
        int n = snprintf(out, cap, "%s/%s%s", folder, files[i], endings[k]);
        if (n > 0 && (size_t)n < cap && access(out, R_OK) == 0) return true;
    }
    return false;
}

static bool find_folder(const struct origin *o, char *out, size_t cap) {
    char prefix_text[PATH_MAX], file[PATH_MAX + 32];
    struct place at[N_PLACES];
    int n = places(at, prefix_text, sizeof prefix_text);
    for (int i = 0; i < n; i++) {
        int length = snprintf(out, cap, "%s%s%s", at[i].base, at[i].below, o->folder);
        if (length > 0 && (size_t)length < cap && find_file(out, 0, file, sizeof file)) return true;
    }
    return false;
}

static bool not_here(const struct origin *o, struct err *e) {
    char prefix_text[PATH_MAX];
    struct place at[N_PLACES];
    int n = places(at, prefix_text, sizeof prefix_text);
    err_set(e, ERR_FILE, "The data set %s is not on this machine.", o->name);
    for (int i = 0; i < n; i++) {
        if (strcmp(at[i].base, AWML_SHIPPED) == 0) continue;
        err_fact(e, i ? "" : "looked in", "%.120s%s%s", at[i].base, at[i].below, o->folder);
    }
    return err_hint(e,
                    "It comes %s. Or put its four files (%s.gz and its like) into one of these "
                    "folders. The environment variable AWML_DATA may name the folder above.",
                    o->provider, files[0]);
}

/* ---- loading ---- */

static const struct origin *find_origin(struct str name, struct err *e) {
    const struct origin *near = NULL;
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        if (str_is(name, origins[i].name)) return &origins[i];
        if (!near && str_distance(name, str_of(origins[i].name)) <= 4) near = &origins[i];
    }
    err_set(e, ERR_VALUE, "There is no data set \"%.*s\".", name.n < 80 ? (int)name.n : 80, name.p);
    for (size_t i = 0; i < ARRAY_LEN(origins); i++)
        err_fact(e, origins[i].name, "%s", origins[i].help);
    if (near) err_hint(e, "Did you mean \"%s\"?", near->name);
    else err_hint(e, "Your own files are read by read_idx, read_npy and read_csv.");
    return NULL;
}

/* The file must hold what the table promised, since programs were checked against that. */
static struct tensor *load_part(const char *folder, int i, const struct desc *promised,
                                struct err *e) {
    char path[PATH_MAX + 32], found[128], expected[128];
    if (!find_file(folder, i, path, sizeof path)) {
        err_set(e, ERR_FILE, "The folder \"%.300s\" lacks the file %s.gz.", folder, files[i]);
        return NULL;
    }
    struct tensor *x = read_idx(path, e);
    if (!x) return NULL;
    if (x->dtype == promised->dtype && shape_same_sizes(&x->shape, &promised->shape)) {
        x->shape = promised->shape;
        return x;
    }
    err_set(e, ERR_DATA, "The file \"%.300s\" is not the one that belongs to this data set.", path);
    err_fact(e, "it holds", "%s %s", dtype_name(x->dtype),
             shape_print(&x->shape, found, sizeof found));
    err_fact(e, "expected", "%s %s", dtype_name(promised->dtype),
             shape_print(&promised->shape, expected, sizeof expected));
    tensor_unref(x);
    return NULL;
}

bool dataset_load(struct str name, struct dataset *out, struct err *e) {
    char folder[PATH_MAX];
    *out = (struct dataset){0};
    const struct origin *o = find_origin(name, e);
    if (!o) return false;
    if (!find_folder(o, folder, sizeof folder)) return not_here(o, e);
    const struct dataset_row *row = dataset_row_at((int)(o - origins));
    out->classes = o->classes;
    out->n_classes = o->n_classes;
    bool ok = (out->train_x = load_part(folder, 0, &row->train_x, e)) &&
              (out->train_y = load_part(folder, 1, &row->train_y, e)) &&
              (out->test_x = load_part(folder, 2, &row->test_x, e)) &&
              (out->test_y = load_part(folder, 3, &row->test_y, e));
    if (!ok) dataset_clear(out);
    return ok;
}

void dataset_clear(struct dataset *d) {
    tensor_unref(d->train_x);
    tensor_unref(d->train_y);
    tensor_unref(d->test_x);
    tensor_unref(d->test_y);
    *d = (struct dataset){0};
}
