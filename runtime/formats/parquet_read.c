/* Reading Parquet: the footer says which columns there are, batches of rows bring their values. */
#include "parquet.h"
#include "parquet_values.h"
#include "data/source.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include "base/stop.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct reader {
    carquet_reader_t *file;
    int32_t n_leaves;
    int32_t *leaves; /* of the columns that are read */
    struct parquet_kind *kinds;
    struct table *t;
    struct text left_out; /* names of the others */
};

static bool damaged(const carquet_error_t *why, struct err *e) {
    err_set(e, ERR_DATA, "The Parquet file cannot be read: %.300s.", why->message);
    return err_hint(e, "Copy or download the file again.");
}

static const char *column_name(const carquet_schema_t *schema, int32_t leaf) {
    const char *path[16];
    int32_t n = carquet_schema_column_path(schema, leaf, path, 16);
    struct text name = {0};
    for (int32_t i = 0; i < n; i++) text_addf(&name, "%s%s", i ? "." : "", path[i]);
    const char *out = intern(text_str(&name));
    text_clear(&name);
    return out;
}

static void leave_out(struct reader *r, const char *name) {
    text_addf(&r->left_out, "%s%s", r->left_out.n ? ", " : "", name);
}

/* Which columns, and what kinds. */
static bool choose_columns(struct reader *r, struct err *e) {
    const carquet_schema_t *schema = carquet_reader_schema(r->file);
    int64_t rows = carquet_reader_num_rows(r->file);
    int32_t all = carquet_reader_num_columns(r->file);
    if (rows < 0 || all < 0) return err_set(e, ERR_DATA, "The Parquet file is damaged.");
    TRY(memory_holds((uint64_t)rows * sizeof(double), e));
    TRY(r->leaves = pool_need((size_t)all * sizeof *r->leaves + 1, e));
    TRY(r->kinds = pool_need((size_t)all * sizeof *r->kinds + 1, e));
    int32_t elements = carquet_schema_num_elements(schema), i = 0;
    for (int32_t at = 0; at < elements && i < all; at++) {
        const carquet_schema_node_t *node = carquet_schema_get_element(schema, at);
        if (!node || !carquet_schema_node_is_leaf(node)) continue;
        bool list = carquet_schema_max_rep_level(schema, i) > 0;
        if (!list && parquet_kind_of(node, &r->kinds[r->n_leaves])) r->leaves[r->n_leaves++] = i;
        else leave_out(r, column_name(schema, i));
        i++;
    }
    return true;
}

static bool make_table(struct reader *r, bool cells, struct err *e) {
    const carquet_schema_t *schema = carquet_reader_schema(r->file);
    int64_t rows = carquet_reader_num_rows(r->file);
    uint64_t bytes;
    if (cells && (__builtin_mul_overflow((uint64_t)rows * 8, (uint64_t)r->n_leaves, &bytes) ||
                  !memory_holds(bytes, e)))
        return e->kind ? false : err_memory(e, SIZE_MAX);
    TRY(r->t = table_new(rows, r->n_leaves, e));
    for (int32_t i = 0; i < r->n_leaves; i++) {
        const char *name = column_name(schema, r->leaves[i]);
        if (!name) return err_memory(e, 64);
        enum column_kind kind = r->kinds[i].kind;
        if (cells && kind == COLUMN_TEXT) TRY(table_set_column(r->t, i, name, kind, e));
        else if (cells) TRY(column_make(&r->t->columns[i], name, kind, rows, e));
        else r->t->columns[i] = (struct column){.name = name, .kind = kind};
    }
    return true;
}

/* ---- values ---- */

static bool same_text(const char *text, const carquet_byte_array_t *b) {
    return text && strlen(text) == (size_t)b->length &&
           memcmp(text, b->data, (size_t)b->length) == 0;
}

/* Equal neighbours, as sorted columns have them, and texts seen lately share their bytes. */
enum { RECENT = 1024 };

static bool put_texts(struct table *t, int column, int64_t begin, const carquet_byte_array_t *b,
                      const uint8_t *present, int64_t n, const char **recent, struct err *e) {
    const char **texts = t->columns[column].texts;
    for (int64_t i = 0; i < n; i++) {
        if (present && !(present[i / 8] >> (i % 8) & 1)) continue;
        struct str s = {(const char *)b[i].data, b[i].length > 0 ? (size_t)b[i].length : 0};
        const char **seen = &recent[hash_bytes(s.p, s.n, 0) % RECENT];
        if (!same_text(*seen, &b[i])) {
            TRY(table_set_text(t, column, begin + i, s, e));
            *seen = texts[begin + i];
        }
        texts[begin + i] = *seen;
    }
    return true;
}

static bool put_column(struct reader *r, int i, int64_t begin, int64_t rows,
                       const carquet_row_batch_t *batch, const char **recent, struct err *e) {
    const void *values;
    const uint8_t *present;
    int64_t n;
    if (carquet_row_batch_column(batch, i, &values, &present, &n) != CARQUET_OK || n != rows)
        return err_set(e, ERR_DATA, "The Parquet file is damaged: its columns differ in length.");
    if (n == 0) return true;
    struct column *c = &r->t->columns[i];
    if (c->kind == COLUMN_TEXT) return put_texts(r->t, i, begin, values, present, n, recent, e);
    parquet_numbers(&r->kinds[i], values, present, n, c->numbers + begin);
    return true;
}

static bool put_batch(struct reader *r, const carquet_row_batch_t *batch, int64_t *done,
                      const char **recent, struct err *e) {
    int64_t rows = carquet_row_batch_num_rows(batch);
    if (rows < 0 || rows > r->t->n_rows - *done)
        return err_set(e, ERR_DATA, "The Parquet file is damaged: it has more rows than it says.");
    for (int32_t i = 0; i < r->n_leaves; i++) {
        memset(recent, 0, RECENT * sizeof *recent);
        TRY(put_column(r, i, *done, rows, batch, recent, e));
    }
    *done += rows;
    return !stop_asked() || err_set(e, ERR_INTERRUPT, "Stopped while reading a file.");
}

static bool read_batches(struct reader *r, carquet_batch_reader_t *b, struct err *e) {
    carquet_row_batch_t *batch = NULL;
    int64_t done = 0;
    carquet_status_t status = CARQUET_OK;
    const char **recent = pool_need(RECENT * sizeof *recent, e);
    bool ok = recent != NULL;
    while (ok && (status = carquet_batch_reader_next(b, &batch)) == CARQUET_OK && batch) {
        ok = put_batch(r, batch, &done, recent, e);
        carquet_row_batch_free(batch);
        batch = NULL;
    }
    pool_free(recent);
    if (!ok || done == r->t->n_rows) return ok;
    err_set(e, ERR_DATA, "The Parquet file is damaged after row %lld of %lld: %.100s.",
            (long long)done, (long long)r->t->n_rows, carquet_status_string(status));
    return err_hint(e, done > 0 ? "Copy or download the file again."
                                : "Or it is compressed by Brotli or LZO, which are not read here: "
                                  "write it with compression=\"zstd\". Else copy the file again.");
}

static bool read_rows(struct reader *r, struct err *e) {
    enum { ROWS = 1 << 14 };
    carquet_error_t why = CARQUET_ERROR_INIT;
    carquet_batch_reader_config_t config;
    if (r->n_leaves == 0 || r->t->n_rows == 0) return true;
    carquet_batch_reader_config_init(&config);
    config.batch_size = ROWS;
    config.num_threads = 2;
    config.column_indices = r->leaves;
    config.num_columns = r->n_leaves;
    carquet_batch_reader_t *b = carquet_batch_reader_create(r->file, &config, &why);
    if (!b) return damaged(&why, e);
    bool ok = read_batches(r, b, e);
    carquet_batch_reader_free(b);
    return ok;
}

/* ---- categories: text columns that pandas or we marked ---- */

static bool category_from_texts(struct column *c, int64_t n, const struct levels *l,
                                struct levels *take, struct err *e) {
    struct column made = {0};
    if (!column_make(&made, c->name, COLUMN_CATEGORY, n, e)) return levels_unref(take), false;
    for (int64_t i = 0; i < n; i++) {
        int at = c->texts[i] ? levels_find(l, str_of(c->texts[i])) : -1;
        made.numbers[i] = at < 0 ? (double)NAN : (double)at;
    }
    made.levels = take;
    column_clear(c);
    *c = made;
    return true;
}

/* The level names that our own files keep, in their order. */
static bool mark_own(struct table *t, const char *name, const json_t *levels, struct err *e) {
    int at = table_find(t, str_of(name));
    size_t n = json_array_size(levels);
    if (at < 0 || t->columns[at].kind != COLUMN_TEXT || n == 0 || n > INT32_MAX) return true;
    struct str *names = pool_need(n * sizeof *names, e);
    if (!names) return false;
    for (size_t i = 0; i < n; i++) {
        const char *s = json_string_value(json_array_get(levels, i));
        names[i] = s ? str_of(s) : STR("");
    }
    struct levels *l = levels_new(names, (int32_t)n, false, e);
    pool_free(names);
    return l && category_from_texts(&t->columns[at], t->n_rows, l, l, e);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Levels that are not kept anywhere: the texts there are, sorted. */
static struct levels *sorted_levels(const struct column *c, int64_t n, struct err *e) {
    const char **texts = pool_need((size_t)n * sizeof *texts + 1, e);
    struct str *names = texts ? pool_need((size_t)n * sizeof *names + 1, e) : NULL;
    int64_t k = 0, levels = 0;
    for (int64_t i = 0; names && i < n; i++)
        if (c->texts[i] && (k == 0 || texts[k - 1] != c->texts[i])) texts[k++] = c->texts[i];
    if (names) qsort(texts, (size_t)k, sizeof *texts, by_name);
    for (int64_t i = 0; names && i < k; i++)
        if (i == 0 || strcmp(texts[i], texts[i - 1]) != 0) names[levels++] = str_of(texts[i]);
    struct levels *l =
        names && levels < INT32_MAX ? levels_new(names, (int32_t)levels, false, e) : NULL;
    pool_free(texts);
    pool_free(names);
    return l;
}

static bool mark_pandas(struct table *t, const json_t *columns, struct err *e) {
    size_t i;
    json_t *row;
    json_array_foreach(columns, i, row) {
        const char *type = json_string_value(json_object_get(row, "pandas_type"));
        const char *name = json_string_value(json_object_get(row, "field_name"));
        int at = name ? table_find(t, str_of(name)) : -1;
        if (!type || strcmp(type, "categorical") != 0 || at < 0) continue;
        if (t->columns[at].kind != COLUMN_TEXT) continue;
        struct levels *l = sorted_levels(&t->columns[at], t->n_rows, e);
        TRY(l && category_from_texts(&t->columns[at], t->n_rows, l, l, e));
    }
    return true;
}

static bool mark_categories(struct reader *r, struct err *e) {
    const char *own = carquet_reader_find_metadata(r->file, "awml");
    const char *pandas = carquet_reader_find_metadata(r->file, "pandas");
    json_t *root = own || pandas ? json_loads(own ? own : pandas, 0, NULL) : NULL;
    bool ok = true;
    const char *name;
    json_t *levels;
    if (own) json_object_foreach(json_object_get(root, "levels"), name, levels) {
            ok = ok && mark_own(r->t, name, levels, e);
        }
    else if (root) ok = mark_pandas(r->t, json_object_get(root, "columns"), e);
    json_decref(root);
    return ok;
}

/* ---- whole files ---- */

static void note_left_out(struct reader *r) {
    if (!r->left_out.n) return;
    struct text note = {0};
    text_addf(&note, "left out, because they hold lists or bytes: %s", r->left_out.p);
    r->t->note = intern(text_str(&note));
    text_clear(&note);
}

static void reader_clear(struct reader *r) {
    if (r->file) carquet_reader_close(r->file);
    pool_free(r->leaves);
    pool_free(r->kinds);
    text_clear(&r->left_out);
}

static struct table *parse(struct str bytes, bool cells, struct err *e) {
    struct reader r = {0};
    carquet_error_t why = CARQUET_ERROR_INIT;
    if (!str_starts(bytes, "PAR1")) {
        err_set(e, ERR_DATA, "This is not a Parquet file: it does not begin with PAR1.");
        return NULL;
    }
    r.file = carquet_reader_open_buffer(bytes.p, bytes.n, NULL, &why);
    if (!r.file) return damaged(&why, e), NULL;
    bool ok = choose_columns(&r, e) && make_table(&r, cells, e);
    if (ok && cells) ok = read_rows(&r, e) && mark_categories(&r, e);
    if (ok) note_left_out(&r);
    reader_clear(&r);
    if (ok) return r.t;
    table_unref(r.t);
    return NULL;
}

struct table *parse_parquet(struct str bytes, struct err *e) {
    return parse(bytes, true, e);
}

/* The file is mapped, not copied: its pages are the system's and go when others need the room. */
static struct table *read_mapped(const char *path, bool cells, struct err *e) {
    struct source s;
    struct str bytes = {NULL, 0};
    if (!source_open(&s, path, e)) return source_close(&s), NULL;
    size_t n = s.packed ? 0 : (size_t)s.most;
    int fd = s.fd;
    void *p = n ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (p != MAP_FAILED) bytes = (struct str){p, n};
    struct table *t = parse(bytes, cells, e);
    if (!t && e->kind == ERR_DATA) err_fact(e, "file", "%.400s", path);
    if (p != MAP_FAILED) munmap(p, n);
    source_close(&s);
    return t;
}

struct table *read_parquet(const char *path, struct err *e) {
    return read_mapped(path, true, e);
}

struct table *peek_parquet(const char *path) {
    struct err e = {0};
    return read_mapped(path, false, &e);
}
