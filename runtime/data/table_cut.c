/* New tables from a table's rows and columns, and between tables and tensors. */
#include "table.h"
#include "images.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table *table_slice(const struct table *t, int64_t begin, int64_t end, struct err *e) {
    struct table *out = table_extend(t, 0, e);
    if (!out) return NULL;
    out->n_rows = end - begin;
    for (int32_t i = 0; i < out->n_columns; i++) {
        struct column *c = &out->columns[i];
        if (c->numbers) c->numbers += begin;
        if (c->texts) c->texts += begin;
    }
    return out;
}

struct table *table_pick_rows(const struct table *t, const int64_t *rows, int64_t n,
                              struct err *e) {
    struct table *out = table_new(n, t->n_columns, e);
    bool ok = out != NULL;
    for (int32_t i = 0; ok && i < t->n_columns; i++)
        ok = column_pick(&out->columns[i], &t->columns[i], rows, n, e);
    if (!ok) table_unref(out);
    return ok ? out : NULL;
}

struct table *table_pick_columns(const struct table *t, const int *columns, int n, struct err *e) {
    struct table *out = table_new(t->n_rows, n, e);
    for (int i = 0; out && i < n; i++)
        column_share(&out->columns[i], &t->columns[columns[i]], NULL);
    return out;
}

struct table *table_extend(const struct table *t, int more, struct err *e) {
    struct table *out = table_new(t->n_rows, t->n_columns + more, e);
    for (int32_t i = 0; out && i < t->n_columns; i++)
        column_share(&out->columns[i], &t->columns[i], NULL);
    return out;
}

struct table *table_description(const struct table *t, int64_t n_rows, struct err *e) {
    struct table *out = table_new(n_rows, t->n_columns, e);
    for (int32_t i = 0; out && i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        out->columns[i] = (struct column){.name = c->name,
                                          .kind = c->kind,
                                          .levels = levels_ref(c->levels),
                                          .images = images_ref(c->images)};
    }
    return out;
}

/* As NumPy's round: to the nearest multiple of 10^-digits, ties to the even one. */
static double round_to(double x, int digits) {
    double scale = pow(10, abs(digits));
    double scaled = digits >= 0 ? x * scale : x / scale;
    if (!isfinite(scaled)) return x;
    return digits >= 0 ? rint(scaled) / scale : rint(scaled) * scale;
}

struct table *table_round(const struct table *t, int digits, struct err *e) {
    struct table *out = table_extend(t, 0, e);
    for (int32_t i = 0; out && i < out->n_columns; i++) {
        const struct column *from = &t->columns[i];
        struct column *c = &out->columns[i];
        if (from->kind != COLUMN_NUMBER && from->kind != COLUMN_INT) continue;
        if (!column_make(c, from->name, from->kind, t->n_rows, e)) return table_unref(out), NULL;
        for (int64_t row = 0; row < out->n_rows; row++)
            c->numbers[row] = round_to(from->numbers[row], digits);
    }
    return out;
}

static bool no_numbers(const struct column *c, struct err *e) {
    bool time = c->kind == COLUMN_TIME;
    if (c->kind == COLUMN_IMAGE) {
        err_set(e, ERR_TYPE, "The column \"%.100s\" holds pictures.", c->name);
        return err_hint(e,
                        "    photos.%.60s          its pictures as a tensor\n"
                        "    photos.drop(\"%.60s\")  the other columns",
                        c->name, c->name);
    }
    err_set(e, ERR_TYPE, "The column \"%.100s\" holds %s, and a tensor holds numbers only.",
            c->name, time ? "times" : "text");
    if (time)
        return err_hint(e,
                        "Take a number of it first, such as year(.%.60s) or hour(.%.60s), or "
                        "drop(\"%.60s\").",
                        c->name, c->name, c->name);
    return err_hint(e, "Pick the number columns by name, or drop \"%.100s\" first.", c->name);
}

/* Rows in blocks, so that each cache line of the result is written once also where there are
 * thousands of columns. */
struct tensor *table_to_tensor(const struct table *t, struct err *e) {
    enum { BLOCK = 64 };
    for (int32_t i = 0; i < t->n_columns; i++) {
        enum column_kind kind = t->columns[i].kind;
        bool numbers = kind != COLUMN_TEXT && kind != COLUMN_TIME && kind != COLUMN_IMAGE;
        if (!numbers) return no_numbers(&t->columns[i], e), NULL;
    }
    struct shape shape = shape_of(2, (int64_t[]){t->n_rows, t->n_columns});
    struct tensor *x = tensor_new(DT_FLOAT64, &shape, e);
    if (!x) return NULL;
    double *out = x->data;
    for (int64_t begin = 0; begin < t->n_rows; begin += BLOCK) {
        int64_t end = begin + BLOCK < t->n_rows ? begin + BLOCK : t->n_rows;
        for (int32_t i = 0; i < t->n_columns; i++) {
            const double *from = t->columns[i].numbers;
            for (int64_t row = begin; row < end; row++) out[row * t->n_columns + i] = from[row];
        }
    }
    return x;
}

static enum column_kind kind_of(enum dtype t) {
    if (t == DT_BOOL) return COLUMN_BOOL;
    return dtype_is_float(t) ? COLUMN_NUMBER : COLUMN_INT;
}

/* The given name of column i, or its number. */
static const char *column_name(const char *const *names, int32_t i) {
    char number[16];
    if (names) return intern_c(names[i]);
    snprintf(number, sizeof number, "%d", i);
    return intern_c(number);
}

struct table *table_from_tensor(const struct tensor *x, const char *const *names, struct err *e) {
    if (x->shape.n < 1 || x->shape.n > 2) {
        err_set(e, ERR_SHAPE,
                "A table is made from a tensor with one or two axes, and this has %d.", x->shape.n);
        return NULL;
    }
    int64_t n_rows = x->shape.size[0], n_columns = x->shape.n == 2 ? x->shape.size[1] : 1;
    if (n_columns > INT32_MAX) return err_memory(e, SIZE_MAX), NULL;
    struct table *t = table_new(n_rows, (int32_t)n_columns, e);
    if (!t) return NULL;
    for (int32_t i = 0; i < t->n_columns; i++) {
        const char *name = column_name(names, i);
        if (!name || !table_set_column(t, i, name, kind_of(x->dtype), e)) {
            if (!name) err_memory(e, 16);
            return table_unref(t), NULL;
        }
        for (int64_t row = 0; row < n_rows; row++)
            t->columns[i].numbers[row] = tensor_get(x, row * n_columns + i);
    }
    return t;
}
