/* Writing Parquet: numbers as DOUBLE, whole numbers as INT64, texts and categories as strings (a
 * category's with a dictionary), times as TIMESTAMP in microseconds. A column is OPTIONAL only if
 * something in it is missing. */
#include "parquet.h"
#include "data/sink.h"
#include "base/pool.h"
#include <carquet/carquet.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 1 << 16 }; /* written at once, a column */

static const struct {
    carquet_physical_type_t physical;
    size_t bytes;
} types[COLUMN_N_KINDS] = {
    [COLUMN_NUMBER] = {CARQUET_PHYSICAL_DOUBLE, sizeof(double)},
    [COLUMN_INT] = {CARQUET_PHYSICAL_INT64, sizeof(int64_t)},
    [COLUMN_BOOL] = {CARQUET_PHYSICAL_BOOLEAN, 1},
    [COLUMN_TEXT] = {CARQUET_PHYSICAL_BYTE_ARRAY, sizeof(carquet_byte_array_t)},
    [COLUMN_TIME] = {CARQUET_PHYSICAL_INT64, sizeof(int64_t)},
    [COLUMN_CATEGORY] = {CARQUET_PHYSICAL_BYTE_ARRAY, sizeof(carquet_byte_array_t)},
};

struct writer {
    const struct table *t;
    const char *path;
    carquet_schema_t *schema;
    carquet_writer_t *file;
    bool *optional;    /* by column */
    char *values;      /* of one column and one block of rows */
    int16_t *presence; /* definition levels of the block */
};

static bool cannot(const struct writer *w, carquet_status_t status, struct err *e) {
    if (status == CARQUET_OK) return true;
    return err_set(e, ERR_FILE, "\"%.400s\" cannot be written: %s.", w->path,
                   carquet_status_string(status));
}

static bool add_column(struct writer *w, int i, struct err *e) {
    const struct column *c = &w->t->columns[i];
    carquet_logical_type_t logical = {.id = CARQUET_LOGICAL_UNKNOWN};
    bool text = c->kind == COLUMN_TEXT || c->kind == COLUMN_CATEGORY;
    if (text) logical.id = CARQUET_LOGICAL_STRING;
    if (c->kind == COLUMN_TIME) {
        logical.id = CARQUET_LOGICAL_TIMESTAMP;
        logical.params.timestamp.unit = CARQUET_TIME_UNIT_MICROS;
    }
    w->optional[i] = column_n_missing(c, w->t->n_rows) > 0;
    return cannot(w,
                  carquet_schema_add_column(
                      w->schema, c->name, types[c->kind].physical, logical.id ? &logical : NULL,
                      w->optional[i] ? CARQUET_REPETITION_OPTIONAL : CARQUET_REPETITION_REQUIRED, 0,
                      0),
                  e);
}

/* ---- values ---- */

static carquet_byte_array_t text_value(const char *s) {
    return (carquet_byte_array_t){(uint8_t *)(uintptr_t)s, (int32_t)strlen(s)};
}

static void put_value(const struct column *c, int64_t row, char *values, int64_t at) {
    switch (c->kind) {
    case COLUMN_INT: ((int64_t *)values)[at] = (int64_t)c->numbers[row]; break;
    case COLUMN_BOOL: ((uint8_t *)values)[at] = c->numbers[row] != 0; break;
    case COLUMN_TIME: ((int64_t *)values)[at] = (int64_t)rint(c->numbers[row] * 1e6); break;
    case COLUMN_TEXT: ((carquet_byte_array_t *)values)[at] = text_value(c->texts[row]); break;
    case COLUMN_CATEGORY:
        ((carquet_byte_array_t *)values)[at] =
            text_value(c->levels->names[(int32_t)c->numbers[row]]);
        break;
    default: ((double *)values)[at] = c->numbers[row]; break;
    }
}

static bool write_block(struct writer *w, int i, int64_t begin, int64_t n, struct err *e) {
    const struct column *c = &w->t->columns[i];
    int64_t present = 0;
    for (int64_t k = 0; k < n; k++) {
        bool there = !column_is_missing(c, begin + k);
        w->presence[k] = there;
        if (there) put_value(c, begin + k, w->values, present++);
    }
    return cannot(w,
                  carquet_writer_write_batch(w->file, i, w->values, n,
                                             w->optional[i] ? w->presence : NULL, NULL),
                  e);
}

/* Row groups of several blocks, so that readers can go through a large file piece by piece. */
static bool write_rows(struct writer *w, struct err *e) {
    enum { GROUP = 16 };
    for (int64_t begin = 0, block = 1; begin < w->t->n_rows; begin += ROWS, block++) {
        int64_t n = w->t->n_rows - begin < ROWS ? w->t->n_rows - begin : ROWS;
        for (int i = 0; i < w->t->n_columns; i++) TRY(write_block(w, i, begin, n, e));
        if (block % GROUP == 0 && begin + n < w->t->n_rows)
            TRY(cannot(w, carquet_writer_new_row_group(w->file), e));
    }
    return true;
}

static int add_piece(const char *bytes, size_t n, void *text) {
    return text_add(text, (struct str){bytes, n}) ? 0 : -1;
}

/* What Parquet has no word for: the levels of categories and their order. */
static bool add_levels(struct writer *w, struct err *e) {
    json_t *levels = json_object();
    for (int i = 0; i < w->t->n_columns; i++) {
        const struct column *c = &w->t->columns[i];
        if (c->kind != COLUMN_CATEGORY) continue;
        json_t *names = json_array();
        for (int32_t k = 0; k < c->levels->n; k++)
            json_array_append_new(names, json_string(c->levels->names[k]));
        json_object_set_new(levels, c->name, names);
    }
    bool any = json_object_size(levels) > 0;
    json_t *root = json_pack("{s:o}", "levels", levels);
    struct text text = {0};
    if (any && root) json_dump_callback(root, add_piece, &text, JSON_COMPACT);
    json_decref(root);
    bool ok = !text.n || cannot(w, carquet_writer_add_metadata(w->file, "awml", text.p), e);
    text_clear(&text);
    return ok;
}

static bool open_writer(struct writer *w, FILE *f, struct err *e) {
    carquet_error_t why = CARQUET_ERROR_INIT;
    carquet_writer_options_t options;
    carquet_writer_options_init(&options);
    options.compression = CARQUET_COMPRESSION_SNAPPY;
    options.created_by = "awml-c";
    w->file = carquet_writer_create_file(f, w->schema, &options, &why);
    if (!w->file) return cannot(w, why.code ? why.code : CARQUET_ERROR_INTERNAL, e);
    for (int i = 0; i < w->t->n_columns; i++)
        if (w->t->columns[i].kind == COLUMN_CATEGORY)
            TRY(cannot(
                w, carquet_writer_set_column_encoding(w->file, i, CARQUET_ENCODING_RLE_DICTIONARY),
                e));
    return add_levels(w, e);
}

static bool write_all(struct writer *w, FILE *f, struct err *e) {
    carquet_error_t why = CARQUET_ERROR_INIT;
    size_t columns = (size_t)w->t->n_columns;
    TRY(w->optional = pool_need(columns + 1, e));
    TRY(w->values = pool_need(ROWS * sizeof(carquet_byte_array_t), e));
    TRY(w->presence = pool_need(ROWS * sizeof *w->presence, e));
    if (!(w->schema = carquet_schema_create(&why))) return err_memory(e, 1 << 12);
    for (int i = 0; i < w->t->n_columns; i++) TRY(add_column(w, i, e));
    TRY(open_writer(w, f, e) && write_rows(w, e));
    carquet_writer_t *file = w->file;
    w->file = NULL;
    return cannot(w, carquet_writer_close(file), e);
}

static void writer_clear(struct writer *w) {
    if (w->file) carquet_writer_abort(w->file);
    if (w->schema) carquet_schema_free(w->schema);
    pool_free(w->optional);
    pool_free(w->values);
    pool_free(w->presence);
}

bool write_parquet(const struct table *t, const char *path, struct err *e) {
    struct writer w = {.t = t, .path = path};
    struct sink s;
    if (t->n_columns == 0) return err_set(e, ERR_VALUE, "A table without columns is no file.");
    bool ok = sink_open(&s, path, e);
    int copy = ok ? dup(s.fd) : -1;
    FILE *f = copy >= 0 ? fdopen(copy, "wb") : NULL;
    if (ok && !f) ok = err_set(e, ERR_FILE, "\"%.400s\" cannot be written.", path);
    ok = ok && write_all(&w, f, e);
    writer_clear(&w);
    if (f && fclose(f) != 0 && ok)
        ok = err_set(e, ERR_FILE, "\"%.400s\" cannot be written: the disk may be full.", path);
    else if (!f && copy >= 0) close(copy);
    ok = ok && sink_finish(&s, e);
    sink_drop(&s);
    return ok;
}
