/* Writing runs in MLflow's file layout. */
#include "run_store.h"
#include "../base/hash.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_CAP = 4096 };

/* a/b; cut when it is longer than any path can be. */
static void join(const char *a, const char *b, char out[PATH_CAP]) {
    size_t n = 0;
    for (; *a && n < PATH_CAP - 2; a++) out[n++] = *a;
    out[n++] = '/';
    for (; *b && n < PATH_CAP - 1; b++) out[n++] = *b;
    out[n] = 0;
}

static bool cannot(const char *path, struct err *e) {
    return err_set(e, ERR_FILE, "%s cannot be written: %s.", path, strerror(errno));
}

static bool make_folder(const char *path, struct err *e) {
    return mkdir(path, 0777) == 0 || errno == EEXIST || cannot(path, e);
}

static bool write_file(const char *folder, const char *name, struct str text, struct err *e) {
    char path[PATH_CAP];
    join(folder, name, path);
    FILE *f = fopen(path, "wb");
    if (!f) return cannot(path, e);
    bool ok = fwrite(text.p ? text.p : "", 1, text.n, f) == text.n;
    ok = fclose(f) == 0 && ok;
    return ok || cannot(path, e);
}

/* Text as a YAML scalar in single quotes. */
static void add_yaml(struct text *out, const char *key, const char *value) {
    text_addf(out, "%s: '", key);
    for (const char *p = value; *p; p++) {
        if (*p == '\'') text_addc(out, '\'');
        text_addc(out, *p == '\n' ? ' ' : *p);
    }
    text_adds(out, "'\n");
}

/* file:// and the whole path, as MLflow writes it. */
static void full_uri(const char *path, char out[PATH_CAP]) {
    char real[PATH_CAP]; /* PATH_MAX of Linux */
    join("file:/", realpath(path, real) ? real : path, out);
}

/* ---- experiments ---- */

static bool line_says(const char *text, const char *key, const char *value) {
    char plain[600], quoted[600];
    snprintf(plain, sizeof plain, "\n%s: %s\n", key, value);
    snprintf(quoted, sizeof quoted, "\n%s: '%s'\n", key, value);
    return strstr(text, plain) || strstr(text, quoted);
}

static bool is_experiment(const char *folder, const char *name) {
    char path[PATH_CAP], text[4096] = "\n";
    join(folder, "meta.yaml", path);
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    size_t n = fread(text + 1, 1, sizeof text - 2, f);
    text[n + 1] = 0;
    fclose(f);
    return line_says(text, "name", name);
}

/* The folder of an experiment that is there already, by whomever it was made. */
static bool find_experiment(const char *root, const char *name, char *id, size_t cap) {
    DIR *d = opendir(root);
    bool found = false;
    for (struct dirent *x; d && !found && (x = readdir(d));) {
        char folder[PATH_CAP];
        size_t n = strlen(x->d_name);
        if (x->d_name[0] == '.' || n >= cap) continue;
        join(root, x->d_name, folder);
        if (!is_experiment(folder, name)) continue;
        memcpy(id, x->d_name, n + 1);
        found = true;
    }
    if (d) closedir(d);
    return found;
}

static bool make_experiment(const char *root, const char *name, int64_t now, char *id, size_t cap,
                            struct err *e) {
    char folder[PATH_CAP], uri[PATH_CAP];
    uint64_t number = hash_bytes(name, strlen(name), 11) % 900000000000000000u;
    snprintf(id, cap, "%" PRIu64, number + 100000000000000000u);
    join(root, id, folder);
    TRY(make_folder(folder, e));
    full_uri(folder, uri);
    struct text meta = {0};
    add_yaml(&meta, "artifact_location", uri);
    text_addf(&meta, "creation_time: %" PRId64 "\n", now);
    add_yaml(&meta, "experiment_id", id);
    text_addf(&meta, "last_update_time: %" PRId64 "\nlifecycle_stage: active\n", now);
    add_yaml(&meta, "name", name);
    bool ok = write_file(folder, "meta.yaml", text_str(&meta), e);
    text_clear(&meta);
    return ok;
}

/* ---- runs ---- */

static void new_id(char out[33]) {
    static uint64_t count;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t a = hash_mix((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
    uint64_t b = hash_add(hash_add(a, (uint64_t)getpid()), ++count);
    snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, a, b);
}

static bool write_meta(const char *folder, const char *experiment, const char *id,
                       const struct run_to_store *r, struct err *e) {
    enum { FINISHED = 3, KILLED = 5 };
    char uri[PATH_CAP], artifacts[PATH_CAP];
    struct text meta = {0};
    full_uri(folder, uri);
    join(uri, "artifacts", artifacts);
    add_yaml(&meta, "artifact_uri", artifacts);
    text_addf(&meta, "end_time: %" PRId64 "\nentry_point_name: ''\n", r->end_ms);
    add_yaml(&meta, "experiment_id", experiment);
    text_adds(&meta, "lifecycle_stage: active\n");
    add_yaml(&meta, "run_id", id);
    add_yaml(&meta, "run_name", r->name);
    add_yaml(&meta, "run_uuid", id);
    text_addf(&meta,
              "source_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: %" PRId64
              "\nstatus: %d\ntags: []\nuser_id: ''\n",
              r->start_ms, r->interrupted ? KILLED : FINISHED);
    bool ok = write_file(folder, "meta.yaml", text_str(&meta), e);
    text_clear(&meta);
    return ok;
}

static bool write_metric(const char *folder, const struct run_to_store *r, int column,
                         struct err *e) {
    const struct table *t = r->history;
    int epoch = table_find(t, STR("epoch"));
    struct text lines = {0};
    for (int64_t i = 0; i < t->n_rows; i++) {
        double x = t->columns[column].numbers[i];
        double share = (double)(i + 1) / (double)t->n_rows;
        int64_t when = r->start_ms + (int64_t)(share * (double)(r->end_ms - r->start_ms));
        int64_t step = epoch < 0 ? i + 1 : (int64_t)t->columns[epoch].numbers[i];
        text_addf(&lines, "%" PRId64 " %.17g %" PRId64 "\n", when, x, step);
    }
    bool ok = write_file(folder, t->columns[column].name, text_str(&lines), e);
    text_clear(&lines);
    return ok;
}

static bool write_parts(const char *run, const struct run_to_store *r, struct err *e) {
    static const char *const folders[] = {"params", "metrics", "tags", "artifacts"};
    char path[PATH_CAP];
    for (int i = 0; i < 4; i++) {
        join(run, folders[i], path);
        TRY(make_folder(path, e));
        for (int k = 0; i == 0 && k < r->n_params; k++)
            TRY(write_file(path, r->params[k].key, r->params[k].value, e));
        for (int c = 0; i == 1 && c < r->history->n_columns; c++) {
            bool counts = strcmp(r->history->columns[c].name, "epoch") == 0;
            if (!counts && r->history->columns[c].kind != COLUMN_TEXT)
                TRY(write_metric(path, r, c, e));
        }
        if (i == 2) TRY(write_file(path, "mlflow.runName", str_of(r->name), e));
    }
    return true;
}

bool run_store_write(const char *root, const struct run_to_store *r, struct err *e) {
    char experiment[64], id[33], folder[PATH_CAP], run[PATH_CAP];
    TRY(make_folder(root, e));
    if (!find_experiment(root, r->experiment, experiment, sizeof experiment))
        TRY(make_experiment(root, r->experiment, r->start_ms, experiment, sizeof experiment, e));
    new_id(id);
    join(root, experiment, folder);
    join(folder, id, run);
    return make_folder(run, e) && write_parts(run, r, e) && write_meta(run, experiment, id, r, e);
}
