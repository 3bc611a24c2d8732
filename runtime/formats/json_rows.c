/* JSON by Jansson, and tables from it. */
#include "json_rows.h"
#include "data/read.h"
#include "data/records.h"
#include <stdio.h>
#include <string.h>

static int add_piece(const char *bytes, size_t n, void *text) {
    return text_add(text, (struct str){bytes, n}) ? 0 : -1;
}

bool json_tree_write(const json_t *j, struct text *out) {
    return json_dump_callback(j, add_piece, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0;
}

void json_quote(struct str s, struct text *out) {
    text_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\') text_addf(out, "\\%c", c);
        else if (c == '\n') text_adds(out, "\\n");
        else if (c < 32) text_addf(out, "\\u%04x", c);
        else text_addc(out, (char)c);
    }
    text_addc(out, '"');
}

/* ---- reading ---- */

static bool damaged(const json_error_t *why, struct err *e) {
    return err_set(e, ERR_DATA, "The JSON is not right in line %d, column %d: %.150s.", why->line,
                   why->column, why->text);
}

/* One document a line. */
static json_t *parse_lines(struct str bytes, struct err *e) {
    json_t *all = json_array();
    json_error_t why;
    int line = 0;
    while (all && bytes.n) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
        line++;
        if (n && strspn(bytes.p, " \t\r") < n) {
            json_t *one = json_loadb(bytes.p, n, JSON_DECODE_ANY, &why);
            if (!one) {
                why.line = line;
                damaged(&why, e);
                return json_decref(all), NULL;
            }
            json_array_append_new(all, one);
        }
        bytes.p += n + (end != NULL);
        bytes.n -= n + (end != NULL);
    }
    return all;
}

json_t *json_tree_parse(struct str bytes, struct err *e) {
    json_error_t why;
    json_t *j = json_loadb(bytes.p ? bytes.p : "", bytes.n, JSON_DECODE_ANY, &why);
    if (j) return j;
    struct err ignored = {0};
    bool lines = json_error_code(&why) == json_error_end_of_input_expected;
    json_t *all = lines ? parse_lines(bytes, &ignored) : NULL;
    if (!all) damaged(&why, e);
    return all;
}

json_t *json_tree_read(const char *path, struct err *e) {
    struct text bytes = {0};
    if (!read_file(path, &bytes, e)) return NULL;
    json_t *j = json_tree_parse(text_str(&bytes), e);
    if (!j) err_fact(e, "file", "%.400s", path);
    text_clear(&bytes);
    return j;
}

/* ---- tables ---- */

bool json_is_rows(const json_t *j) {
    size_t i;
    json_t *row;
    if (!json_is_array(j) || json_array_size(j) == 0) return false;
    json_array_foreach(j, i, row) if (!json_is_object(row)) return false;
    return true;
}

bool json_is_columns(const json_t *j) {
    const char *name;
    json_t *column;
    size_t n = SIZE_MAX;
    if (!json_is_object(j) || json_object_size(j) == 0) return false;
    json_object_foreach((json_t *)(uintptr_t)j, name, column) {
        if (!json_is_array(column) || (n != SIZE_MAX && json_array_size(column) != n)) return false;
        n = json_array_size(column);
        json_t *first = n ? json_array_get(column, 0) : NULL;
        if (json_is_array(first) || json_is_object(first)) return false;
    }
    return n > 0 && n != SIZE_MAX;
}

static bool put_field(struct records *r, const char *name, const json_t *v, int depth,
                      struct err *e);

static bool put_object(struct records *r, const char *prefix, const json_t *v, int depth,
                       struct err *e) {
    char name[512];
    const char *key;
    json_t *field;
    json_object_foreach((json_t *)(uintptr_t)v, key, field) {
        snprintf(name, sizeof name, "%.250s%s%.250s", prefix, *prefix ? "." : "", key);
        TRY(put_field(r, name, field, depth + 1, e));
    }
    return true;
}

static bool put_field(struct records *r, const char *name, const json_t *v, int depth,
                      struct err *e) {
    switch (json_typeof(v)) {
    case JSON_NULL: return records_missing(r, name, e);
    case JSON_TRUE:
    case JSON_FALSE: return records_bool(r, name, json_is_true(v), e);
    case JSON_INTEGER: return records_number(r, name, (double)json_integer_value(v), true, e);
    case JSON_REAL: return records_number(r, name, json_real_value(v), false, e);
    case JSON_STRING:
        return records_text(r, name, (struct str){json_string_value(v), json_string_length(v)}, e);
    case JSON_OBJECT:
        if (depth < 8) return put_object(r, name, v, depth, e);
        break;
    case JSON_ARRAY: break;
    }
    struct text s = {0};
    bool ok =
        json_tree_write(v, &s) ? records_text(r, name, text_str(&s), e) : err_memory(e, s.cap);
    text_clear(&s);
    return ok;
}

static bool put_rows(struct records *r, const json_t *j, struct err *e) {
    size_t i;
    json_t *row;
    json_array_foreach(j, i, row) {
        records_row(r);
        TRY(put_object(r, "", row, 0, e));
    }
    return true;
}

static bool put_columns(struct records *r, const json_t *j, struct err *e) {
    const char *name;
    json_t *column, *first = json_object_iter_value(json_object_iter((json_t *)(uintptr_t)j));
    for (size_t i = 0; i < json_array_size(first); i++) {
        records_row(r);
        json_object_foreach((json_t *)(uintptr_t)j, name, column)
            TRY(put_field(r, name, json_array_get(column, i), 0, e));
    }
    return true;
}

struct table *json_table(const json_t *j, struct err *e) {
    struct records *r = records_new(e);
    bool ok = r && (json_is_array(j) ? put_rows(r, j, e) : put_columns(r, j, e));
    struct table *t = ok ? records_table(r, false, e) : NULL;
    records_free(r);
    return t;
}
