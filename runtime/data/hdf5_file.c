/* HDF5: the few functions of libhdf5 that weights need. */
#include "hdf5_file.h"
#include "source.h"
#include "base/intern.h"
#include "base/pool.h"
#include <dlfcn.h>
#include <hdf5.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HDF5_FUNCTIONS(F)                                                                          \
    F(H5open)                                                                                      \
    F(H5dont_atexit)                                                                               \
    F(H5Eset_auto2)                                                                                \
    F(H5Fopen)                                                                                     \
    F(H5Fcreate)                                                                                   \
    F(H5Fclose)                                                                                    \
    F(H5Pcreate)                                                                                   \
    F(H5Pset_create_intermediate_group)                                                            \
    F(H5Pclose)                                                                                    \
    F(H5Gcreate2)                                                                                  \
    F(H5Gclose)                                                                                    \
    F(H5Screate_simple)                                                                            \
    F(H5Sget_simple_extent_ndims)                                                                  \
    F(H5Sget_simple_extent_dims)                                                                   \
    F(H5Sclose)                                                                                    \
    F(H5Dcreate2)                                                                                  \
    F(H5Dopen2)                                                                                    \
    F(H5Dget_space)                                                                                \
    F(H5Dget_type)                                                                                 \
    F(H5Dwrite)                                                                                    \
    F(H5Dread)                                                                                     \
    F(H5Dclose)                                                                                    \
    F(H5Aexists)                                                                                   \
    F(H5Aopen)                                                                                     \
    F(H5Aget_type)                                                                                 \
    F(H5Aget_storage_size)                                                                         \
    F(H5Aread)                                                                                     \
    F(H5Aclose)                                                                                    \
    F(H5free_memory)                                                                               \
    F(H5Tis_variable_str)                                                                          \
    F(H5Tget_class)                                                                                \
    F(H5Tget_size)                                                                                 \
    F(H5Tclose)

static struct {
#define F(name) __typeof__(&name) name##_;
    HDF5_FUNCTIONS(F)
#undef F
    herr_t (*visit)(hid_t, H5_index_t, H5_iter_order_t,
                    herr_t (*)(hid_t, const char *, const void *, void *), void *);
    hid_t float32, float64, link_create;
} api;
static bool loaded;

/* H5F_ACC_RDONLY and H5F_ACC_TRUNC, whose macros would call the library. */
enum { READ_ONLY = 0, TRUNCATE = 2 };

static void *open_library(void) {
    static const char *const names[] = {"libhdf5_serial.so.103", "libhdf5.so.103",
                                        "libhdf5_serial.so",     "libhdf5.so",
                                        "libhdf5.so.310",        "libhdf5.so.200"};
    void *library = NULL;
    for (size_t i = 0; !library && i < ARRAY_LEN(names); i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

static bool find(void *library, const char *name, void *to) {
    void *symbol = dlsym(library, name);
    memcpy(to, &symbol, sizeof symbol);
    return symbol != NULL;
}

/* A type or property list of the library's own; known after H5open. */
static bool find_id(void *library, const char *name, hid_t *to) {
    const hid_t *id = dlsym(library, name);
    if (id) *to = *id;
    return id != NULL;
}

static void load(void) {
    void *library = open_library();
    bool ok = library != NULL;
#define F(name) ok = ok && find(library, #name, &api.name##_);
    HDF5_FUNCTIONS(F)
#undef F
    ok = ok && (find(library, "H5Lvisit", &api.visit) || find(library, "H5Lvisit1", &api.visit));
    /* at the end it would write once more to a file that could not be written, and fall over */
    ok = ok && api.H5dont_atexit_() >= 0 && api.H5open_() >= 0;
    ok = ok && find_id(library, "H5T_NATIVE_FLOAT_g", &api.float32) &&
         find_id(library, "H5T_NATIVE_DOUBLE_g", &api.float64) &&
         find_id(library, "H5P_CLS_LINK_CREATE_ID_g", &api.link_create);
    if (ok) api.H5Eset_auto2_(H5E_DEFAULT, NULL, NULL);
    loaded = ok;
}

static bool need_hdf5(struct err *e) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (loaded) return true;
    err_set(e, ERR_FILE, "Keras files need the library libhdf5, which is not installed.");
    return err_hint(e, "    sudo apt-get install libhdf5-103-1\n\nor use .safetensors, which needs "
                       "nothing.");
}

/* ---- reading ---- */

enum { MOST = 1 << 16 };

struct visit {
    struct named_tensor *items;
    int n, cap;
    struct err *e;
};

static bool extent(hid_t data, struct shape *s) {
    hsize_t sizes[32];
    hid_t space = api.H5Dget_space_(data);
    int n = api.H5Sget_simple_extent_ndims_(space);
    bool ok = n >= 0 && n <= MAX_AXES && api.H5Sget_simple_extent_dims_(space, sizes, NULL) == n;
    s->n = ok ? n : 0;
    for (int i = 0; ok && i < n; i++) {
        ok = sizes[i] <= INT64_MAX / 16;
        s->size[i] = (int64_t)sizes[i];
    }
    api.H5Sclose_(space);
    return ok;
}

static bool is_number(hid_t data, enum dtype *type) {
    hid_t t = api.H5Dget_type_(data);
    H5T_class_t kind = api.H5Tget_class_(t);
    *type = kind == H5T_FLOAT && api.H5Tget_size_(t) == 4 ? DT_FLOAT32 : DT_FLOAT64;
    api.H5Tclose_(t);
    return kind == H5T_FLOAT || kind == H5T_INTEGER;
}

static bool add_item(struct visit *v, const char *name, struct tensor *t) {
    if (v->n == v->cap) {
        int cap = v->cap ? 2 * v->cap : 64;
        struct named_tensor *items = pool_realloc(v->items, (size_t)cap * sizeof *items);
        if (!items || v->n == MOST) return tensor_unref(t), err_memory(v->e, (size_t)cap * 16);
        v->items = items;
        v->cap = cap;
    }
    v->items[v->n++] = (struct named_tensor){intern_c(name), t};
    return true;
}

static bool read_one(struct visit *v, hid_t data, const char *name) {
    struct shape s = {0};
    enum dtype type;
    int64_t count;
    if (!is_number(data, &type) || !extent(data, &s)) return true;
    TRY(shape_count(&s, &count, v->e) && memory_holds((uint64_t)count * 8, v->e));
    struct tensor *t = tensor_new(type, &s, v->e);
    if (!t) return false;
    hid_t as = type == DT_FLOAT32 ? api.float32 : api.float64;
    if (count && api.H5Dread_(data, as, H5S_ALL, H5S_ALL, H5P_DEFAULT, t->data) < 0) {
        tensor_unref(t);
        return err_set(v->e, ERR_DATA, "The HDF5 file is damaged: `%.200s` cannot be read.", name);
    }
    return add_item(v, name, t);
}

static herr_t on_link(hid_t group, const char *name, const void *info, void *user) {
    struct visit *v = user;
    (void)info;
    hid_t data = api.H5Dopen2_(group, name, H5P_DEFAULT);
    if (data < 0) return 0; /* a group */
    bool ok = read_one(v, data, name);
    api.H5Dclose_(data);
    return ok ? 0 : -1;
}

/* Negative with an error. */
static hid_t open_file(const char *path, struct err *e) {
    struct source s;
    char whole[4096];
    bool there = source_open(&s, path, e);
    source_close(&s);
    if (!there || !need_hdf5(e)) return -1;
    source_path(path, whole, sizeof whole);
    hid_t file = api.H5Fopen_(whole, READ_ONLY, H5P_DEFAULT);
    if (file < 0) {
        err_set(e, ERR_DATA, "This is not an HDF5 file, or it is damaged.");
        err_fact(e, "file", "%.400s", path);
    }
    return file;
}

/* A text of any length, or one in a field of a fixed size. */
static bool attribute_text(hid_t attribute, struct text *out) {
    hid_t type = api.H5Aget_type_(attribute);
    bool text = api.H5Tget_class_(type) == H5T_STRING, ok = false;
    size_t size = api.H5Tget_size_(type), whole = api.H5Aget_storage_size_(attribute);
    if (text && api.H5Tis_variable_str_(type) > 0 && whole <= 64) {
        char *one[8] = {NULL};
        ok = api.H5Aread_(attribute, type, one) >= 0 && one[0] && text_add(out, str_of(one[0]));
        for (size_t i = 0; i < ARRAY_LEN(one); i++)
            if (one[i]) api.H5free_memory_(one[i]);
    } else if (text && size == whole && size < (1u << 28)) {
        char *bytes = pool_alloc(size + 1);
        ok = bytes && api.H5Aread_(attribute, type, bytes) >= 0;
        if (ok) ok = text_add(out, (struct str){bytes, strnlen(bytes, size)});
        pool_free(bytes);
    }
    api.H5Tclose_(type);
    return ok;
}

bool read_hdf5_text(const char *path, const char *attribute, struct text *out, struct err *e) {
    hid_t file = open_file(path, e);
    if (file < 0) return false;
    bool ok = true;
    if (api.H5Aexists_(file, attribute) > 0) {
        hid_t a = api.H5Aopen_(file, attribute, H5P_DEFAULT);
        ok = a >= 0 && attribute_text(a, out);
        if (a >= 0) api.H5Aclose_(a);
    }
    api.H5Fclose_(file);
    return ok || err_set(e, ERR_DATA, "The HDF5 file is damaged: its `%s` is no text.", attribute);
}

bool read_hdf5(const char *path, struct named_tensor **items, int *n, struct err *e) {
    hid_t file = open_file(path, e);
    if (file < 0) return false;
    struct visit v = {.e = e};
    bool ok = api.visit(file, H5_INDEX_NAME, H5_ITER_NATIVE, on_link, &v) >= 0;
    api.H5Fclose_(file);
    *items = v.items;
    *n = v.n;
    if (ok) return true;
    for (int i = 0; i < v.n; i++) tensor_unref(v.items[i].value);
    pool_free(v.items);
    return e->kind ? false : err_set(e, ERR_DATA, "The HDF5 file is damaged.");
}

/* ---- writing ---- */

static bool write_one(hid_t file, hid_t links, const struct named_tensor *item) {
    if (!item->value) {
        hid_t group = api.H5Gcreate2_(file, item->name, links, H5P_DEFAULT, H5P_DEFAULT);
        return group >= 0 && api.H5Gclose_(group) >= 0;
    }
    hsize_t sizes[MAX_AXES];
    const struct tensor *t = item->value;
    for (int i = 0; i < t->shape.n; i++) sizes[i] = (hsize_t)t->shape.size[i];
    hid_t space = api.H5Screate_simple_(t->shape.n, sizes, NULL);
    hid_t as = t->dtype == DT_FLOAT32 ? api.float32 : api.float64;
    hid_t data = api.H5Dcreate2_(file, item->name, as, space, links, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = data >= 0 && api.H5Dwrite_(data, as, H5S_ALL, H5S_ALL, H5P_DEFAULT, t->data) >= 0;
    if (data >= 0) api.H5Dclose_(data);
    api.H5Sclose_(space);
    return ok;
}

bool write_hdf5(const struct named_tensor *items, int n, const char *path, struct err *e) {
    char whole[4096], neighbour[4200];
    TRY(need_hdf5(e));
    source_path(path, whole, sizeof whole);
    snprintf(neighbour, sizeof neighbour, "%s.%ld.part", whole, (long)getpid());
    hid_t file = api.H5Fcreate_(neighbour, TRUNCATE, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) {
        err_set(e, ERR_FILE, "\"%.400s\" cannot be written.", path);
        return err_hint(e, "May you write in that folder, and is it there?");
    }
    hid_t links = api.H5Pcreate_(api.link_create);
    api.H5Pset_create_intermediate_group_(links, 1);
    bool ok = true;
    for (int i = 0; ok && i < n; i++) ok = write_one(file, links, &items[i]);
    api.H5Pclose_(links);
    ok = api.H5Fclose_(file) >= 0 && ok && rename(neighbour, whole) == 0;
    if (!ok) unlink(neighbour);
    return ok || err_set(e, ERR_FILE, "\"%.400s\" cannot be written: the disk may be full.", path);
}
