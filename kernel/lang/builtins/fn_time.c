/* Times: reading them, their parts, and rounding down. Single times and columns of them. */
#include "fn_tables.h"
#include "data/time.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/eval_ops.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static bool not_a_time(struct call *c, const char *text, int64_t row) {
    char where[48] = "";
    if (row >= 0) snprintf(where, sizeof where, " (row %lld)", (long long)row);
    call_fail(c, 0, ERR_VALUE, "\"%.60s\"%s is not a time of this form.", text, where);
    return err_hint(c->ev->e, "Without a format, times are read as 2019-03-01 or 2019-03-01 12:30. "
                              "Others need one:\n    to_time(s, \"%%d.%%m.%%Y\")\n"
                              "%%Y year, %%m month, %%d day, %%H hour, %%M minute, %%S second, %%b "
                              "Mar, %%B March");
}

static bool read_one(const char *text, const char *format, double *t) {
    return format ? time_read_by(str_of(text), format, t) : time_read(str_of(text), t);
}

static bool read_cells(struct call *c, const struct table *from, const char *format,
                       struct value *out) {
    const struct column *col = &from->columns[0];
    struct table *t = table_new(from->n_rows, 1, c->ev->e);
    bool ok = t && table_set_column(t, 0, col->name, COLUMN_TIME, c->ev->e);
    for (int64_t i = 0; ok && i < from->n_rows; i++) {
        if (column_is_missing(col, i)) continue;
        const char *s = col->texts ? col->texts[i] : col->levels->names[(int)col->numbers[i]];
        ok = read_one(s, format, &t->columns[0].numbers[i]) || not_a_time(c, s, i);
    }
    if (!ok) return table_unref(t), false;
    *out = value_column(t);
    return true;
}

/* Seconds since 1970 as times. */
static bool from_seconds(struct call *c, struct value v, struct value *out) {
    struct table *t = table_new(value_length(v), 1, c->ev->e);
    if (!t || !table_put(c->ev, t, 0, intern_c("time"), v)) return table_unref(t), false;
    t->columns[0].kind = COLUMN_TIME;
    *out = value_column(t);
    return true;
}

static bool describe_times(struct call *c, int64_t n, struct value *out) {
    struct table *t = table_new(n, 1, c->ev->e);
    if (!t) return false;
    t->columns[0] = (struct column){.name = intern_c("time"), .kind = COLUMN_TIME};
    *out = (struct value){.kind = V_COLUMN_DESC, .table = t};
    return true;
}

static bool list_as_column(struct call *c, struct value list, struct value *out) {
    struct table *t = table_new(list.list->n, 1, c->ev->e);
    if (!t || !table_put(c->ev, t, 0, intern_c("value"), list)) return table_unref(t), false;
    *out = value_column(t);
    return true;
}

bool fn_to_time(struct call *c, struct value *out) {
    struct value v = c->args[0], column = value_missing();
    struct str format;
    double t;
    const struct column *col = column_of(v);
    if (call_has(c, 1)) TRY(call_text(c, 1, &format));
    const char *by = call_has(c, 1) ? c->args[1].text->bytes : NULL;
    if (v.kind == V_UNKNOWN || v.kind == V_DESC) return *out = value_unknown(), true;
    if (v.kind == V_TIME || (col && col->kind == COLUMN_TIME)) return *out = value_ref(v), true;
    if (v.kind == V_COLUMN_DESC) return describe_times(c, v.table->n_rows, out);
    if (value_is_number(v)) return *out = value_time(value_number(v)), true;
    if (v.kind == V_TENSOR && v.tensor->shape.n == 1) return from_seconds(c, v, out);
    if (v.kind == V_TEXT)
        return read_one(v.text->bytes, by, &t) ? (*out = value_time(t), true)
                                               : not_a_time(c, v.text->bytes, -1);
    if (v.kind == V_LIST) TRY(list_as_column(c, v, &column));
    if (v.kind == V_LIST) v = column, col = column_of(v);
    bool texts = col && (col->kind == COLUMN_TEXT || col->kind == COLUMN_CATEGORY);
    bool ok = texts ? read_cells(c, v.table, by, out)
                    : call_fail(c, 0, ERR_TYPE, "to_time reads texts, and this is %s.",
                                value_kind_words(c->args[0].kind));
    value_unref(column);
    return ok;
}

/* ---- parts ---- */

typedef double (*part_fn)(const struct time_parts *p);

static bool not_times(struct call *c) {
    struct value v = c->args[0];
    const struct column *col = column_of(v);
    call_fail(c, 0, ERR_TYPE, "%s is a part of a time, and this is %s%s.", c->row->name,
              col ? "a column of " : "",
              col ? column_kind_words(col->kind) : value_kind_words(v.kind));
    return err_hint(c->ev->e, "to_time(s) reads times from texts.");
}

static bool part_of(struct call *c, part_fn part, struct value *out) {
    struct value v = c->args[0];
    const struct column *col = column_of(v);
    if (v.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (v.kind == V_TIME) {
        struct time_parts p = time_parts(v.number);
        double x = part(&p);
        return *out = x == floor(x) ? value_int((int64_t)x) : value_float(x), true;
    }
    if (!col || (col->kind != COLUMN_TIME && col->kind != COLUMN_UNKNOWN)) return not_times(c);
    if (v.kind == V_COLUMN_DESC) return describe_rows(c->ev, v.table->n_rows, DT_INT64, out);
    struct table *t = table_new(v.table->n_rows, 1, c->ev->e);
    if (!t || !column_make(&t->columns[0], intern_c(c->row->name), COLUMN_INT, t->n_rows, c->ev->e))
        return table_unref(t), false;
    for (int64_t i = 0; i < t->n_rows; i++) {
        double x = col->numbers[i];
        struct time_parts p = {0};
        if (isfinite(x)) p = time_parts(x);
        t->columns[0].numbers[i] = isfinite(x) ? part(&p) : (double)NAN;
        if (t->columns[0].numbers[i] != floor(t->columns[0].numbers[i]))
            t->columns[0].kind = isfinite(x) ? COLUMN_NUMBER : t->columns[0].kind;
    }
    return column_as_value(c->ev, t, out);
}

#define PART(name, field)                                                                          \
    static double part_##name(const struct time_parts *p) {                                        \
        return (double)p->field;                                                                   \
    }                                                                                              \
    bool fn_##name(struct call *c, struct value *out) {                                            \
        return part_of(c, part_##name, out);                                                       \
    }
PART(year, year)
PART(month, month)
PART(day, day)
PART(hour, hour)
PART(minute, minute)
PART(second, second)
PART(weekday, weekday)
PART(day_of_year, day_of_year)
#undef PART

/* ---- rounding down, writing ---- */

static bool read_unit(struct call *c, enum time_unit *unit) {
    struct str s = {0};
    bool text = c->args[1].kind == V_TEXT;
    if (text) s = value_str(&c->args[1]);
    if (text && time_unit_of(s, unit)) return true;
    call_fail(c, 1, ERR_ARGUMENT, "Times are rounded down to a unit.");
    return err_hint(c->ev->e, "\"second\", \"minute\", \"hour\", \"day\", \"week\", \"month\", "
                              "\"quarter\" or \"year\": .date.floor(\"month\")");
}

bool fn_floor(struct call *c, struct value *out) {
    struct value v = c->args[0];
    const struct column *col = column_of(v);
    enum time_unit unit;
    bool time = v.kind == V_TIME || (col && col->kind == COLUMN_TIME);
    if (!time && !call_has(c, 1)) {
        TRY(fn_operand(c, 0, &v));
        return apply1(c->ev, OP_floor, v, NULL, out);
    }
    if (v.kind == V_UNKNOWN || (col && col->kind == COLUMN_UNKNOWN))
        return *out = value_unknown(), true;
    if (!time) return not_times(c);
    TRY(read_unit(c, &unit));
    if (v.kind == V_TIME) return *out = value_time(time_floor(v.number, unit)), true;
    if (v.kind == V_COLUMN_DESC) return *out = value_ref(v), true;
    struct table *t = table_new(v.table->n_rows, 1, c->ev->e);
    if (!t || !column_make(&t->columns[0], col->name, COLUMN_TIME, t->n_rows, c->ev->e))
        return table_unref(t), false;
    for (int64_t i = 0; i < t->n_rows; i++)
        t->columns[0].numbers[i] = time_floor(col->numbers[i], unit);
    *out = value_column(t);
    return true;
}

static bool format_column(struct call *c, const char *format, struct value *out) {
    const struct table *from = c->args[0].table;
    struct table *t = table_new(from->n_rows, 1, c->ev->e);
    struct text cell = {0};
    bool ok = t && table_set_column(t, 0, from->columns[0].name, COLUMN_TEXT, c->ev->e);
    for (int64_t i = 0; ok && i < from->n_rows; i++) {
        if (!isfinite(from->columns[0].numbers[i])) continue;
        cell.n = 0;
        time_write_by(from->columns[0].numbers[i], format, &cell);
        ok = table_set_text(t, 0, i, text_str(&cell), c->ev->e);
    }
    text_clear(&cell);
    if (!ok) return table_unref(t), false;
    *out = value_column(t);
    return true;
}

bool fn_format_time(struct call *c, struct value *out) {
    struct str format;
    const struct column *col = column_of(c->args[0]);
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(call_text(c, 1, &format));
    const char *by = c->args[1].text->bytes;
    if (c->args[0].kind == V_TIME) {
        struct text t = {0};
        time_write_by(c->args[0].number, by, &t);
        *out = value_text(text_str(&t), c->ev->e);
        text_clear(&t);
        return out->kind == V_TEXT;
    }
    if (!col || col->kind != COLUMN_TIME) return not_times(c);
    if (c->args[0].kind == V_COLUMN_DESC) return *out = value_unknown(), true;
    return format_column(c, by, out);
}
