/* Between tables of the runtime and values of the language. */
#include "tables.h"
#include "column_made.h"
#include "image_column.h"
#include "lang/eval/eval_ops.h"
#include "lang/syntax/spelling.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

enum { CHECK_ROWS = 4096 }; /* while checking, longer columns are only described */

/* ---- out of tables ---- */

static struct shape row_shape(int64_t n_rows) {
    struct shape s = shape_of(1, &n_rows);
    s.axis[0] = intern_c("row");
    s.weak = 1;
    return s;
}

bool table_is_described(const struct table *t) {
    bool cells = t->n_rows >= 0;
    for (int32_t i = 0; i < t->n_columns; i++) cells = cells && t->columns[i].memory;
    return !cells;
}

struct value table_value(struct table *take) {
    if (!take || !table_is_described(take)) return value_table(take);
    return (struct value){.kind = V_TABLE_DESC, .table = take};
}

static enum dtype dtype_of(enum column_kind kind) {
    return kind == COLUMN_INT ? DT_INT64 : kind == COLUMN_BOOL ? DT_BOOL : DT_FLOAT64;
}

static bool is_numeric(enum column_kind kind) {
    return kind == COLUMN_NUMBER || kind == COLUMN_INT || kind == COLUMN_BOOL;
}

static struct table *table_of_one(const struct column *c, int64_t n_rows, struct err *e) {
    struct table *t = table_new(n_rows, 1, e);
    if (t) column_share(&t->columns[0], c, NULL);
    return t;
}

static bool describe_column(struct eval *ev, const struct column *c, int64_t n_rows,
                            struct value *out) {
    if (c->kind == COLUMN_UNKNOWN) return *out = value_unknown(), true;
    if (is_numeric(c->kind)) {
        struct desc d = {.dtype = dtype_of(c->kind), .shape = row_shape(n_rows)};
        *out = value_desc(&d, ev->e);
        return out->kind == V_DESC;
    }
    struct table *one = table_of_one(c, n_rows, ev->e);
    if (!one) return false;
    *out = (struct value){.kind = V_COLUMN_DESC, .table = one};
    return true;
}

/* The column's own memory, seen as a tensor. */
static struct tensor *column_window(const struct column *c, int64_t n_rows, struct err *e) {
    int64_t begin = c->numbers - (const double *)c->memory->data;
    struct tensor *rows = tensor_rows(c->memory, begin, begin + n_rows, e);
    struct shape s = row_shape(n_rows);
    struct tensor *t = rows ? tensor_with_shape(rows, &s, e) : NULL;
    tensor_unref(rows);
    return t;
}

static struct tensor *column_copy(const struct column *c, enum dtype type, int64_t n_rows,
                                  struct err *e) {
    struct shape s = row_shape(n_rows);
    struct tensor *x = tensor_new(type, &s, e);
    for (int64_t i = 0; x && i < n_rows; i++) {
        if (type == DT_INT64) ((int64_t *)x->data)[i] = (int64_t)c->numbers[i];
        else tensor_set(x, i, c->numbers[i]);
    }
    return x;
}

struct tensor *column_tensor(struct eval *ev, const struct column *c, int64_t n_rows) {
    if (!c->numbers || c->kind == COLUMN_TIME) {
        err_set(ev->e, ERR_TYPE, "The column \"%.100s\" holds %s, and numbers are needed here.",
                c->name, column_kind_words(c->kind));
        if (c->kind == COLUMN_TEXT)
            err_hint(ev->e,
                     "Names of classes: t = t.assign(%.60s=category(.%.60s)). Numbers that were "
                     "read as texts: .%.60s.to_number()",
                     c->name, c->name, c->name);
        return NULL;
    }
    bool missing = column_n_missing(c, n_rows) > 0;
    if (c->kind != COLUMN_CATEGORY) return column_window(c, n_rows, ev->e);
    if (!missing) return column_copy(c, DT_INT64, n_rows, ev->e);
    err_set(ev->e, ERR_VALUE, "%lld rows of the category \"%.100s\" are missing.",
            (long long)column_n_missing(c, n_rows), c->name);
    err_hint(ev->e, "drop_missing() leaves those rows out.");
    return NULL;
}

static bool column_value(struct eval *ev, const struct column *c, int64_t n_rows,
                         struct value *out) {
    bool checking = ev->domain == DOMAIN_CHECK;
    if (checking && (n_rows < 0 || n_rows > CHECK_ROWS || !c->memory))
        return describe_column(ev, c, n_rows, out);
    if (c->kind == COLUMN_IMAGE) return image_column(ev, c, n_rows, out);
    if (is_numeric(c->kind) && column_n_missing(c, n_rows) == 0)
        *out = value_tensor(c->kind == COLUMN_NUMBER
                                ? column_window(c, n_rows, ev->e)
                                : column_copy(c, dtype_of(c->kind), n_rows, ev->e));
    else *out = value_column(table_of_one(c, n_rows, ev->e));
    return out->kind != V_MISSING;
}

bool table_column(struct eval *ev, const struct table *t, int column, struct value *out) {
    return column_value(ev, &t->columns[column], t->n_rows, out);
}

bool column_as_value(struct eval *ev, struct table *take, struct value *out) {
    if (!take) return false;
    bool ok = column_value(ev, &take->columns[0], take->n_rows, out);
    table_unref(take);
    return ok;
}

static bool describe_tensor(struct eval *ev, const struct table *t, struct value *out) {
    bool known = true;
    for (int i = 0; i < t->n_columns; i++) {
        enum column_kind kind = t->columns[i].kind;
        known = known && kind != COLUMN_UNKNOWN && kind != COLUMN_IMAGE;
        if (kind != COLUMN_TEXT && kind != COLUMN_TIME) continue;
        struct table *small = table_new(0, 1, ev->e); /* to say what the run would say */
        bool ok = small && table_set_column(small, 0, t->columns[i].name, kind, ev->e);
        tensor_unref(ok ? table_to_tensor(small, ev->e) : NULL);
        table_unref(small);
        return false;
    }
    if (!known) return *out = value_unknown(), true;
    struct desc d = {.dtype = DT_FLOAT64};
    d.shape = shape_of(2, (int64_t[]){t->n_rows, t->n_columns});
    *out = value_desc(&d, ev->e);
    return out->kind == V_DESC;
}

bool table_as_tensor(struct eval *ev, const struct table *t, struct value *out) {
    bool large = t->n_rows * (t->n_columns + 1) > CHECK_ROWS;
    if (table_is_described(t) || (ev->domain == DOMAIN_CHECK && large))
        return describe_tensor(ev, t, out);
    *out = value_tensor(table_to_tensor(t, ev->e));
    return out->kind != V_MISSING;
}

struct value table_cell(struct eval *ev, const struct column *c, int64_t row) {
    if (c->kind == COLUMN_IMAGE) return image_cell(ev, c, row);
    if (column_is_missing(c, row))
        return is_numeric(c->kind) ? value_float((double)NAN) : value_none();
    if (c->texts) return value_text(str_of(c->texts[row]), ev->e);
    double x = c->numbers[row];
    if (c->levels) return value_text(str_of(c->levels->names[(int)x]), ev->e);
    if (c->kind == COLUMN_TIME) return value_time(x);
    if (c->kind == COLUMN_INT) return value_int((int64_t)x);
    return c->kind == COLUMN_BOOL ? value_bool(x != 0) : value_float(x);
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
        struct value cell =
            t->columns[i].memory ? table_cell(ev, &t->columns[i], row) : value_unknown();
        if (!record_set(out->record, t->columns[i].name, cell, ev->e))
            return value_unref(*out), false;
    }
    return out->kind == V_RECORD;
}

bool no_such_column(struct eval *ev, const struct table *t, struct str name, struct span at) {
    struct spelling s;
    spelling_start(&s, name);
    for (int i = 0; i < t->n_columns; i++) spelling_add(&s, str_of(t->columns[i].name));
    struct str best = spelling_best(&s);
    int n = name.n < 100 ? (int)name.n : 100;
    fail(ev, at, ERR_COLUMN, "The table has no column `%.*s`.", n, name.p);
    err_label(ev->e, "is not a column");
    struct text all = {0};
    for (int i = 0; i < t->n_columns && i < 12; i++)
        text_addf(&all, "%s%.60s", i ? "  " : "", t->columns[i].name);
    if (t->n_columns > 12) text_adds(&all, "  …");
    err_fact(ev->e, "its columns", "%s", all.p ? all.p : "none");
    text_clear(&all);
    const char *foreign = spelling_foreign(name, false);
    if (foreign) err_hint(ev->e, "%s", foreign);
    else if (hint_column_made(ev, intern(name), at)) return false;
    else if (best.n) err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    return false;
}

/* ---- into tables ---- */

static int64_t column_length(struct value v) {
    struct desc d;
    if (v.kind == V_LIST) return v.list->n;
    if (v.kind == V_COLUMN || v.kind == V_COLUMN_DESC) return v.table->n_rows;
    if ((v.kind == V_TENSOR || v.kind == V_DESC) && value_describe(v, &d) && d.shape.n == 1)
        return d.shape.size[0];
    return -1; /* a single value, repeated */
}

static bool is_repeated(struct value v) {
    struct desc d;
    if (v.kind == V_DESC && value_describe(v, &d)) return d.shape.n == 0;
    return v.kind != V_LIST && v.kind != V_COLUMN && v.kind != V_COLUMN_DESC &&
           v.kind != V_TENSOR && v.kind != V_UNKNOWN;
}

static enum column_kind kind_of_dtype(enum dtype t) {
    if (t == DT_BOOL) return COLUMN_BOOL;
    return dtype_is_float(t) ? COLUMN_NUMBER : COLUMN_INT;
}

static enum column_kind kind_of_value(struct value v) {
    struct desc d;
    if (v.kind == V_COLUMN || v.kind == V_COLUMN_DESC) return v.table->columns[0].kind;
    if (v.kind == V_TIME) return COLUMN_TIME;
    if (value_describe(v, &d)) return kind_of_dtype(d.dtype);
    return v.kind == V_UNKNOWN ? COLUMN_UNKNOWN : COLUMN_TEXT;
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

/* The kind that fits every value of a list; None fits all. */
static enum column_kind kind_of_list(const struct list *l) {
    enum column_kind kind = COLUMN_N_KINDS;
    for (int32_t i = 0; i < l->n; i++) {
        struct value v = l->items[i];
        if (v.kind == V_NONE) continue;
        enum column_kind one =
            value_is_number(v) || v.kind == V_TIME ? kind_of_value(v) : COLUMN_TEXT;
        bool numbers = one <= COLUMN_BOOL && kind <= COLUMN_BOOL;
        if (kind == COLUMN_N_KINDS) kind = one;
        else if (one != kind) kind = numbers ? COLUMN_NUMBER : COLUMN_TEXT;
    }
    return kind == COLUMN_N_KINDS ? COLUMN_TEXT : kind;
}

static bool put_list(struct eval *ev, struct table *t, int c, const char *name,
                     const struct list *l) {
    enum column_kind kind = kind_of_list(l);
    TRY(table_set_column(t, c, name, kind, ev->e));
    for (int64_t i = 0; i < t->n_rows; i++) {
        struct value v = l->items[i];
        if (kind == COLUMN_TEXT) TRY(put_text(ev, t, c, i, v));
        else if (v.kind == V_TIME) t->columns[c].numbers[i] = v.number;
        else if (v.kind != V_NONE) t->columns[c].numbers[i] = value_number(v);
    }
    return true;
}

/* Numbers in float64 are shared, others copied. */
static bool put_tensor(struct eval *ev, struct table *t, int c, const char *name,
                       struct tensor *x) {
    struct column *to = &t->columns[c];
    if (x->dtype == DT_FLOAT64) {
        column_clear(to);
        *to = (struct column){.name = name, .kind = COLUMN_NUMBER, .numbers = x->data};
        to->memory = tensor_ref(x);
        return true;
    }
    TRY(column_make(to, name, kind_of_dtype(x->dtype), t->n_rows, ev->e));
    for (int64_t i = 0; i < t->n_rows; i++)
        to->numbers[i] =
            x->dtype == DT_INT64 ? (double)((const int64_t *)x->data)[i] : tensor_get(x, i);
    return true;
}

static bool put_repeated(struct eval *ev, struct table *t, int c, const char *name,
                         struct value v) {
    enum column_kind kind = kind_of_value(v);
    TRY(table_set_column(t, c, name, kind, ev->e));
    struct column *to = &t->columns[c];
    if (kind == COLUMN_TEXT && t->n_rows) TRY(put_text(ev, t, c, 0, v));
    for (int64_t i = 0; i < t->n_rows; i++) {
        if (kind == COLUMN_TEXT) to->texts[i] = to->texts[0];
        else to->numbers[i] = v.kind == V_TIME ? v.number : value_number(v);
    }
    return true;
}

static bool wrong_length(struct eval *ev, const struct table *t, const char *name, int64_t found) {
    err_set(ev->e, ERR_SHAPE, "All columns of a table have the same length.");
    err_fact(ev->e, "the table", "%lld rows", (long long)t->n_rows);
    return err_fact(ev->e, name, "%lld values", (long long)found);
}

static bool put_description(struct table *t, int i, const char *name, struct value v) {
    struct column *c = &t->columns[i];
    column_clear(c);
    *c = (struct column){.name = name, .kind = kind_of_value(v)};
    if (v.kind == V_COLUMN || v.kind == V_COLUMN_DESC)
        c->levels = levels_ref(v.table->columns[0].levels);
    if (v.kind == V_LIST) c->kind = kind_of_list(v.list);
    return true;
}

bool table_put(struct eval *ev, struct table *t, int i, const char *name, struct value v) {
    struct desc d;
    int64_t n = column_length(v);
    bool tensor = value_describe(v, &d);
    if (tensor && d.shape.n > 1) {
        char shape[128];
        err_set(ev->e, ERR_SHAPE, "The column `%s` must have one axis: one value for each row.",
                name);
        return err_fact(ev->e, name, "%s", shape_print(&d.shape, shape, sizeof shape));
    }
    if (n >= 0 && t->n_rows >= 0 && n != t->n_rows) return wrong_length(ev, t, name, n);
    if (t->n_rows < 0 || v.kind == V_DESC || v.kind == V_UNKNOWN || v.kind == V_COLUMN_DESC)
        return put_description(t, i, name, v);
    if (v.kind == V_COLUMN) return column_share(&t->columns[i], &v.table->columns[0], name), true;
    if (v.kind == V_LIST) return put_list(ev, t, i, name, v.list);
    if (v.kind == V_TENSOR) return put_tensor(ev, t, i, name, v.tensor);
    return put_repeated(ev, t, i, name, v);
}

/* The rows that columns of these values make: -1 if all are single values. */
static bool common_length(struct eval *ev, const char *const *names, const struct value *columns,
                          int n, int64_t *rows) {
    int first = -1;
    *rows = -1;
    for (int i = 0; i < n; i++) {
        int64_t length = column_length(columns[i]);
        if (columns[i].kind == V_UNKNOWN && *rows == -1) *rows = unknown_size();
        if (is_repeated(columns[i]) || length == -1) continue;
        if (first >= 0 && *rows >= 0 && length >= 0 && length != *rows) {
            err_set(ev->e, ERR_SHAPE, "All columns of a table have the same length.");
            err_fact(ev->e, names[first], "%lld rows", (long long)*rows);
            return err_fact(ev->e, names[i], "%lld rows", (long long)length);
        }
        if (*rows < 0) *rows = length;
        first = i;
    }
    if (*rows == -1) *rows = 1;
    return true;
}

int table_odd_column(const struct value *columns, int n) {
    int64_t rows = -1;
    for (int i = 0; i < n; i++) {
        int64_t length = is_repeated(columns[i]) ? -1 : column_length(columns[i]);
        if (length >= 0 && rows >= 0 && length != rows) return i;
        if (length >= 0) rows = length;
    }
    return -1;
}

bool table_make(struct eval *ev, const char *const *names, const struct value *columns, int n,
                struct value *out) {
    int64_t rows;
    TRY(common_length(ev, names, columns, n, &rows));
    struct table *t = table_new(rows, n, ev->e);
    bool ok = t != NULL;
    for (int i = 0; ok && i < n; i++) ok = table_put(ev, t, i, names[i], columns[i]);
    if (!ok) return table_unref(t), false;
    *out = table_value(t);
    return true;
}

bool table_with(struct eval *ev, const struct table *t, const char *name, struct value column,
                struct value *out) {
    int at = table_find(t, str_of(name));
    struct table *new = table_extend(t, at < 0, ev->e);
    if (!new) return false;
    if (at < 0) at = t->n_columns;
    if (t->n_columns == 0) new->n_rows = column_length(column) == -1 ? 1 : column_length(column);
    if (!table_put(ev, new, at, name, column)) return table_unref(new), false;
    *out = table_value(new);
    return true;
}
