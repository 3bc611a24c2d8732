/* Folders and archives: files, exists, make_folder, unzip. */
#include "fn_paths.h"
#include "data/sink.h"
#include "data/read.h"
#include "data/zip.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool full_path(struct call *c, int i, char *out, size_t cap) {
    char path[4096] = ".";
    if (call_has(c, i)) TRY(path_of(c, i, path, sizeof path));
    source_path(path, out, cap);
    return true;
}

static int by_text(const void *a, const void *b) {
    return strcmp(((const struct value *)a)->text->bytes, ((const struct value *)b)->text->bytes);
}

bool fn_files(struct call *c, struct value *out) {
    char path[4096];
    struct str ending = STR("");
    TRY(full_path(c, 0, path, sizeof path));
    if (call_has(c, 1)) TRY(call_text(c, 1, &ending));
    DIR *dir = opendir(path);
    if (!dir) {
        call_fail(c, 0, ERR_FILE, "There is no folder \"%.400s\".", path);
        return err_hint(c->ev->e, "A path starts from the folder of the notebook.");
    }
    *out = value_list_new(16, c->ev->e);
    bool ok = out->kind == V_LIST;
    for (struct dirent *d; ok && (d = readdir(dir));) {
        struct str name = str_of(d->d_name);
        bool wanted = ending.n <= name.n &&
                      (!ending.n || memcmp(name.p + name.n - ending.n, ending.p, ending.n) == 0);
        if (name.p[0] == '.' || !wanted) continue;
        ok = list_add(out->list, value_text(name, c->ev->e), c->ev->e);
    }
    closedir(dir);
    if (ok) qsort(out->list->items, (size_t)out->list->n, sizeof *out->list->items, by_text);
    return ok;
}

bool fn_exists(struct call *c, struct value *out) {
    char path[4096];
    struct stat st;
    TRY(full_path(c, 0, path, sizeof path));
    return *out = value_bool(stat(path, &st) == 0), true;
}

static bool make_one(struct call *c, int i, const char *path) {
    TRY(make_folders(c, i, path));
    return mkdir(path, 0777) == 0 || errno == EEXIST ||
           call_fail(c, i, ERR_FILE, "The folder %s cannot be made: %s.", path, strerror(errno));
}

bool fn_make_folder(struct call *c, struct value *out) {
    char path[4096];
    *out = value_none();
    return full_path(c, 0, path, sizeof path) && make_one(c, 0, path);
}

/* ---- unzip ---- */

static bool unpack_one(struct call *c, const struct zip *z, int64_t i, const char *folder) {
    const struct zip_member *m = zip_at(z, i);
    char path[4096];
    struct text bytes = {0};
    if (!zip_is_safe(m->name)) {
        call_fail(c, 0, ERR_DATA, "The archive has a file that would land outside of the folder.");
        return err_fact(c->ev->e, "file", "%.*s", (int)(m->name.n < 300 ? m->name.n : 300),
                        m->name.p);
    }
    int n = snprintf(path, sizeof path, "%s/%.*s", folder, (int)m->name.n, m->name.p);
    if (n < 0 || (size_t)n >= sizeof path)
        return call_fail(c, 0, ERR_DATA, "A name in the archive is too long.");
    TRY(make_folders(c, 1, path));
    if (m->name.p[m->name.n - 1] == '/') return true;
    TRY(zip_read(z, i, &bytes, c->ev->e));
    bool ok = sink_write(path, bytes.p, bytes.n, c->ev->e);
    text_clear(&bytes);
    return ok;
}

static bool unpack(struct call *c, const struct zip *z, const char *folder) {
    for (int64_t i = 0; i < zip_count(z); i++) {
        if (*c->ev->stop) return err_set(c->ev->e, ERR_INTERRUPT, "Stopped while unpacking.");
        TRY(unpack_one(c, z, i, folder));
    }
    return true;
}

bool fn_unzip(struct call *c, struct value *out) {
    char path[4096], folder[4096];
    *out = value_none();
    TRY(path_of(c, 0, path, sizeof path));
    if (call_has(c, 1)) {
        TRY(full_path(c, 1, folder, sizeof folder));
    } else {
        source_path(path, folder, sizeof folder);
        char *dot = strrchr(folder, '.'), *slash = strrchr(folder, '/');
        if (!dot || (slash && dot < slash))
            strncat(folder, "_files", sizeof folder - strlen(folder) - 1);
        else *dot = 0;
    }
    struct zip *z = zip_open(path, c->ev->e);
    bool ok = z && make_one(c, 1, folder) && unpack(c, z, folder);
    zip_unref(z);
    return ok;
}
