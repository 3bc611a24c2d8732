/* JSON and XML: tables, records and lists from files, and values as JSON. */
#include "fn_paths.h"
#include "fn_json.h"
#include "formats/json_rows.h"
#include "data/npz.h"
#include "data/xml.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- from JSON ---- */

static bool from_json(struct eval *ev, const json_t *j, struct value *out);

static bool record_from(struct eval *ev, const json_t *j, struct value *out) {
    const char *key;
    json_t *field;
    struct value v;
    *out = value_record_new(ev->e);
    json_object_foreach((json_t *)(uintptr_t)j, key, field) {
        if (out->kind != V_RECORD) break;
        if (!from_json(ev, field, &v) || !record_set(out->record, intern_c(key), v, ev->e))
            return value_unref(*out), false;
    }
    return out->kind == V_RECORD;
}

/* Lists of numbers, and lists of equally long lists of them, are tensors. */
static bool list_from(struct eval *ev, const json_t *j, struct value *out) {
    size_t i;
    json_t *item;
    struct value v;
    bool tensors = json_array_size(j) > 0;
    if (json_array_size(j) > INT32_MAX) return err_memory(ev->e, SIZE_MAX);
    struct value list = value_list_new((int32_t)json_array_size(j), ev->e);
    if (list.kind != V_LIST) return false;
    json_array_foreach(j, i, item) {
        if (!from_json(ev, item, &v) || !list_add(list.list, v, ev->e))
            return value_unref(list), false;
        tensors = tensors && (value_is_number(v) || v.kind == V_TENSOR);
    }
    *out = list;
    struct err e = {0}, *saved = ev->e;
    ev->e = &e;
    bool made = tensors && list_to_tensor(ev, list.list, &v);
    ev->e = saved;
    if (made) value_unref(list), *out = v;
    return true;
}

static bool from_json(struct eval *ev, const json_t *j, struct value *out) {
    switch (json_typeof(j)) {
    case JSON_NULL: return *out = value_none(), true;
    case JSON_TRUE:
    case JSON_FALSE: return *out = value_bool(json_is_true(j)), true;
    case JSON_INTEGER: return *out = value_int(json_integer_value(j)), true;
    case JSON_REAL: return *out = value_float(json_real_value(j)), true;
    case JSON_STRING:
        *out = value_text((struct str){json_string_value(j), json_string_length(j)}, ev->e);
        return out->kind == V_TEXT;
    case JSON_ARRAY:
        if (json_is_rows(j)) break;
        return list_from(ev, j, out);
    case JSON_OBJECT: return record_from(ev, j, out);
    }
    *out = value_table(json_table(j, ev->e));
    return out->kind == V_TABLE;
}

bool fn_read_json(struct call *c, struct value *out) {
    char path[4096];
    TRY(path_of(c, 0, path, sizeof path));
    json_t *j = json_tree_read(path, c->ev->e);
    if (!j) return false;
    bool ok;
    if (json_is_columns(j)) {
        *out = value_table(json_table(j, c->ev->e));
        ok = out->kind == V_TABLE;
    } else {
        ok = from_json(c->ev, j, out);
    }
    json_decref(j);
    return ok;
}

bool fn_read_xml(struct call *c, struct value *out) {
    char path[4096], row[256];
    struct str name;
    TRY(path_of(c, 0, path, sizeof path));
    if (call_has(c, 1)) {
        TRY(call_text(c, 1, &name));
        snprintf(row, sizeof row, "%.*s", (int)(name.n < 255 ? name.n : 255), name.p);
    }
    *out = value_table(read_xml(path, call_has(c, 1) ? row : NULL, c->ev->e));
    return out->kind == V_TABLE;
}

/* ---- to JSON ---- */

static void number_to(double x, struct text *out) {
    char s[40];
    if (!isfinite(x)) {
        text_adds(out, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits += 2) {
        snprintf(s, sizeof s, "%.*g", digits, x);
        if (strtod(s, NULL) == x) break;
    }
    text_adds(out, s);
}

static void tensor_to(const struct tensor *t, int axis, int64_t at, int64_t count,
                      struct text *out) {
    if (axis == t->shape.n) {
        double x = tensor_get(t, at);
        if (t->dtype == DT_BOOL) text_adds(out, x != 0 ? "true" : "false");
        else number_to(x, out);
        return;
    }
    int64_t n = t->shape.size[axis], step = n ? count / n : 0;
    text_addc(out, '[');
    for (int64_t i = 0; i < n; i++) {
        if (i) text_addc(out, ',');
        tensor_to(t, axis + 1, at + i * step, step, out);
    }
    text_addc(out, ']');
}

static bool record_to(struct eval *ev, const struct record *r, struct text *out) {
    text_addc(out, '{');
    for (int i = 0; i < r->n; i++) {
        if (i) text_adds(out, ", ");
        json_quote(str_of(r->keys[i]), out);
        text_adds(out, ": ");
        TRY(value_to_json(ev, r->items[i], out));
    }
    text_addc(out, '}');
    return true;
}

static bool table_to(struct eval *ev, const struct table *t, struct text *out) {
    text_adds(out, "[\n");
    for (int64_t i = 0; i < t->n_rows; i++) {
        struct value row;
        TRY(table_row(ev, t, i, &row));
        bool ok = record_to(ev, row.record, out);
        value_unref(row);
        TRY(ok);
        text_adds(out, i + 1 < t->n_rows ? ",\n" : "\n");
    }
    text_addc(out, ']');
    return true;
}

static bool column_to(struct eval *ev, const struct table *t, struct text *out) {
    text_addc(out, '[');
    for (int64_t i = 0; i < t->n_rows; i++) {
        if (i) text_adds(out, ", ");
        struct value cell = table_cell(ev, &t->columns[0], i);
        bool ok = cell.kind != V_MISSING && value_to_json(ev, cell, out);
        value_unref(cell);
        TRY(ok);
    }
    return text_addc(out, ']');
}

bool value_to_json(struct eval *ev, struct value v, struct text *out) {
    switch (v.kind) {
    case V_NONE: return text_adds(out, "null");
    case V_BOOL: return text_adds(out, v.boolean ? "true" : "false");
    case V_INT: return text_addf(out, "%lld", (long long)v.integer);
    case V_FLOAT: return number_to(v.number, out), true;
    case V_TEXT: return json_quote(value_str(&v), out), true;
    case V_TENSOR: return tensor_to(v.tensor, 0, 0, v.tensor->count, out), true;
    case V_RECORD: return record_to(ev, v.record, out);
    case V_TABLE:
    case V_HISTORY: return table_to(ev, v.table, out);
    case V_COLUMN: return column_to(ev, v.table, out);
    case V_LIST: break;
    default:
        return err_set(ev->e, ERR_TYPE,
                       "A .json file holds numbers, texts, lists, records and "
                       "tables, and there is %s here.",
                       value_kind_words(v.kind));
    }
    text_addc(out, '[');
    for (int i = 0; i < v.list->n; i++) {
        if (i) text_adds(out, ", ");
        TRY(value_to_json(ev, v.list->items[i], out));
    }
    return text_addc(out, ']');
}

/* ---- .npz ---- */

bool load_npz(struct call *c, const char *path, struct value *out) {
    struct named_tensor *items;
    int n;
    TRY(read_npz(path, &items, &n, c->ev->e));
    *out = value_record_new(c->ev->e);
    bool ok = out->kind == V_RECORD;
    for (int i = 0; i < n; i++) {
        struct value v = value_tensor(items[i].value);
        if (ok) ok = record_set(out->record, items[i].name, v, c->ev->e);
        else value_unref(v);
    }
    pool_free(items);
    return ok;
}

bool save_npz(struct call *c, const struct record *r, const char *path) {
    struct named_tensor items[256];
    int n = 0;
    bool ok =
        r->n <= (int)ARRAY_LEN(items) ||
        call_fail(c, 0, ERR_VALUE, "An .npz file can hold %d tensors here, and this record has %d.",
                  (int)ARRAY_LEN(items), r->n);
    for (; ok && n < r->n && n < 256; n++) {
        struct value t = value_missing();
        bool numbers = as_tensorlike(c->ev, r->items[n], &t) && value_is_tensorlike(t);
        items[n] = (struct named_tensor){r->keys[n], numbers ? value_to_tensor(t, c->ev->e) : NULL};
        value_unref(t);
        ok = items[n].value != NULL;
        if (!numbers)
            call_fail(c, 0, ERR_TYPE, "An .npz file holds tensors, and `%s` is %s.", r->keys[n],
                      value_kind_words(r->items[n].kind));
    }
    ok = ok && write_npz(items, n, path, c->ev->e);
    for (int i = 0; i < n; i++) tensor_unref(items[i].value);
    return ok;
}
