/* Between tables of the runtime and values of the language. */
#include "tables.h"
#include "lang/eval/eval_ops.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

static bool number_column(struct eval *ev, const struct table *t, const struct column *col,
                          struct value *out) {
    bool missing = false;
    for (int64_t i = 0; i < t->n_rows; i++) missing = missing || isnan(col->numbers[i]);
    enum dtype type = missing || col->kind == COLUMN_NUMBER ? DT_FLOAT64
                      : col->kind == COLUMN_INT             ? DT_INT64
                                                            : DT_BOOL;
    struct shape s = shape_of(1, &t->n_rows);
    s.axis[0] = intern_c("row");
    s.weak = 1;
    struct tensor *x = tensor_new(type, &s, ev->e);
    if (!x) return false;
    for (int64_t i = 0; i < t->n_rows; i++) {
        if (type == DT_INT64) ((int64_t *)x->data)[i] = (int64_t)col->numbers[i];
        else tensor_set(x, i, col->numbers[i]);
    }
    *out = value_tensor(x);
    return true;
}

static struct value cell_value(struct eval *ev, const struct column *c, int64_t row) {
    if (c->kind == COLUMN_TEXT)
        return c->texts[row] ? value_text(str_of(c->texts[row]), ev->e) : value_none();
    double x = c->numbers[row];
    if (c->kind == COLUMN_INT && !isnan(x)) return value_int((int64_t)x);
    if (c->kind == COLUMN_BOOL && !isnan(x)) return value_bool(x != 0);
    return value_float(x);
}

bool table_column(struct eval *ev, const struct table *t, int column, struct value *out) {
    const struct column *c = &t->columns[column];
    if (c->kind != COLUMN_TEXT) return number_column(ev, t, c, out);
    *out = value_list_new((int32_t)t->n_rows, ev->e);
    for (int64_t i = 0; out->kind == V_LIST && i < t->n_rows; i++) {
        if (!list_add(out->list, cell_value(ev, c, i), ev->e)) return value_unref(*out), false;
    }
    return out->kind == V_LIST;
}

bool table_names(struct eval *ev, const struct table *t, struct value *out) {
    *out = value_list_new(t->n_columns, ev->e);
    for (int i = 0; out->kind == V_LIST && i < t->n_columns; i++) {
        if (!list_add(out->list, value_text(str_of(t->columns[i].name), ev->e), ev->e))
            return value_unref(*out), false;
    }
    return out->kind == V_LIST;
}

bool table_row(struct eval *ev, const struct table *t, int64_t row, struct value *out) {
    *out = value_record_new(ev->e);
    for (int i = 0; out->kind == V_RECORD && i < t->n_columns; i++) {
        if (!record_set(out->record, t->columns[i].name, cell_value(ev, &t->columns[i], row),
                        ev->e))
            return value_unref(*out), false;
    }
    return out->kind == V_RECORD;
}

/* ---- making ---- */

static int64_t column_length(struct value v) {
    if (v.kind == V_TENSOR && v.tensor->shape.n == 1) return v.tensor->count;
    if (v.kind == V_LIST) return v.list->n;
    return -1; /* a single value, repeated */
}

static enum column_kind kind_of_value(struct value v) {
    if (v.kind == V_TENSOR) {
        if (v.tensor->dtype == DT_BOOL) return COLUMN_BOOL;
        return dtype_is_float(v.tensor->dtype) ? COLUMN_NUMBER : COLUMN_INT;
    }
    if (v.kind == V_BOOL) return COLUMN_BOOL;
    return v.kind == V_INT ? COLUMN_INT : v.kind == V_FLOAT ? COLUMN_NUMBER : COLUMN_TEXT;
}

static bool put_text(struct eval *ev, struct table *t, int c, int64_t row, struct value v) {
    if (v.kind == V_NONE) return true;
    if (v.kind == V_TEXT) return table_set_text(t, c, row, value_str(&v), ev->e);
    struct text s = {0};
    value_print(v, &s);
    bool ok = table_set_text(t, c, row, text_str(&s), ev->e);
    text_clear(&s);
    return ok;
}

static bool put_list(struct eval *ev, struct table *t, int c, const char *name,
                     const struct list *l) {
    enum column_kind kind = l->n ? kind_of_value(l->items[0]) : COLUMN_TEXT;
    for (int32_t i = 0; i < l->n; i++) {
        if (!value_is_number(l->items[i]) && l->items[i].kind != V_NONE) kind = COLUMN_TEXT;
        else if (kind != COLUMN_TEXT && kind_of_value(l->items[i]) != kind) kind = COLUMN_NUMBER;
    }
    TRY(table_set_column(t, c, name, kind, ev->e));
    for (int64_t i = 0; i < t->n_rows; i++) {
        struct value v = l->items[i];
        if (kind == COLUMN_TEXT) TRY(put_text(ev, t, c, i, v));
        else if (v.kind != V_NONE) t->columns[c].numbers[i] = value_number(v);
    }
    return true;
}

static bool put_column(struct eval *ev, struct table *t, int c, const char *name, struct value v) {
    if (v.kind == V_LIST) return put_list(ev, t, c, name, v.list);
    enum column_kind kind = kind_of_value(v);
    TRY(table_set_column(t, c, name, kind, ev->e));
    for (int64_t i = 0; i < t->n_rows; i++) {
        if (v.kind == V_TENSOR) t->columns[c].numbers[i] = tensor_get(v.tensor, i);
        else if (kind == COLUMN_TEXT) TRY(put_text(ev, t, c, i, v));
        else t->columns[c].numbers[i] = value_number(v);
    }
    return true;
}

bool table_make(struct eval *ev, const char *const *names, const struct value *columns, int n,
                struct value *out) {
    int64_t rows = -1;
    for (int i = 0; i < n; i++) {
        int64_t length = column_length(columns[i]);
        if (columns[i].kind == V_TENSOR && length < 0)
            return err_set(ev->e, ERR_SHAPE, "The column `%s` must have one axis.", names[i]);
        if (length < 0) continue;
        if (rows >= 0 && length != rows) {
            err_set(ev->e, ERR_SHAPE, "All columns of a table have the same length.");
            err_fact(ev->e, names[0], "%lld rows", (long long)rows);
            return err_fact(ev->e, names[i], "%lld rows", (long long)length);
        }
        rows = length;
    }
    struct table *t = table_new(rows < 0 ? 1 : rows, n, ev->e);
    bool ok = t != NULL;
    for (int i = 0; ok && i < n; i++) ok = put_column(ev, t, i, names[i], columns[i]);
    if (!ok) return table_unref(t), false;
    *out = value_table(t);
    return true;
}

bool table_with(struct eval *ev, const struct table *t, const char *name, struct value column,
                struct value *out) {
    enum { MOST = 4096 };
    const char **names = pool_need(sizeof *names * (size_t)(t->n_columns + 1), ev->e);
    struct value *columns = pool_need(sizeof *columns * (size_t)(t->n_columns + 1), ev->e);
    int n = 0, replaced = table_find(t, str_of(name));
    bool ok = names && columns;
    for (; ok && n < t->n_columns; n++) {
        names[n] = t->columns[n].name;
        ok = n == replaced ? (columns[n] = value_ref(column), true)
                           : table_column(ev, t, n, &columns[n]);
    }
    if (ok && replaced < 0) {
        names[n] = name;
        columns[n++] = value_ref(column);
    }
    ok = ok && table_make(ev, names, columns, n, out);
    for (int i = 0; columns && i < n; i++) value_unref(columns[i]);
    pool_free(names);
    pool_free(columns);
    return ok;
}
