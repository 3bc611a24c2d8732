/* Reading and writing .npz archives. */
#include "npz.h"
#include "zip.h"
#include "base/intern.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

static void drop(struct named_tensor *items, int n) {
    for (int i = 0; i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
}

static bool read_member(const struct zip *z, int64_t i, struct named_tensor *out, struct err *e) {
    struct str name = zip_at(z, i)->name;
    struct text bytes = {0};
    if (str_ends(name, ".npy")) name.n -= 4;
    bool ok = zip_read(z, i, &bytes, e) && (out->value = parse_npy(text_str(&bytes), e));
    out->name = ok ? intern(name) : NULL;
    text_clear(&bytes);
    if (!ok && e->kind == ERR_DATA && !strstr(e->facts, "member"))
        err_fact(e, "array", "%.*s", (int)(name.n < 200 ? name.n : 200), name.p);
    return ok;
}

bool read_npz(const char *path, struct named_tensor **items, int *n, struct err *e) {
    enum { MOST = 4096 };
    struct zip *z = zip_open(path, e);
    if (!z) return false;
    int64_t count = zip_count(z);
    bool ok = count <= MOST || err_set(e, ERR_DATA, "The file holds more than %d arrays.", MOST);
    *n = 0;
    *items = ok ? pool_need((size_t)count * sizeof **items + 1, e) : NULL;
    ok = *items != NULL;
    for (int64_t i = 0; ok && i < count; i++) {
        ok = read_member(z, i, &(*items)[*n], e);
        *n += ok;
    }
    if (!ok && *items) drop(*items, *n);
    if (!ok && e->kind == ERR_DATA) err_fact(e, "file", "%.400s", path);
    zip_unref(z);
    return ok;
}

bool write_npz(const struct named_tensor *items, int n, const char *path, struct err *e) {
    struct zip_writer *w = zip_create(path, e);
    if (!w) return false;
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        char name[300];
        struct text bytes = {0};
        snprintf(name, sizeof name, "%.250s.npy", items[i].name);
        ok = npy_bytes(items[i].value, &bytes, e) && zip_add(w, name, text_str(&bytes), false, e);
        text_clear(&bytes);
    }
    return zip_finish(w, ok, e);
}
