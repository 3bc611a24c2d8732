/* A tensor in numbers: type, shape, smallest, mean, largest, missing; then the numbers, or their
 * corners. */
#include "display/views.h"
#include <math.h>
#include <stdio.h>

enum {
    VECTOR_WHOLE = 60,
    VECTOR_EDGE = 6,
    ROWS_WHOLE = 20,
    COLUMNS_WHOLE = 14,
    ROWS_EDGE = 4,
    COLUMNS_EDGE = 5,
    LINE = 88
};

struct statistics {
    int64_t n, n_missing;
    double low, high, mean;
};

static struct statistics statistics_of(const struct tensor *t) {
    struct statistics s = {.low = INFINITY, .high = -INFINITY};
    double sum = 0;
    for (int64_t i = 0; i < t->count; i++) {
        double x = tensor_get(t, i);
        if (isnan(x)) {
            s.n_missing++;
            continue;
        }
        s.n++;
        sum += x;
        if (x < s.low) s.low = x;
        if (x > s.high) s.high = x;
    }
    s.mean = s.n ? sum / (double)s.n : NAN;
    return s;
}

static void add_header(const struct tensor *t, struct text *out) {
    char shape[256];
    text_addf(out, "%s %s", dtype_name(t->dtype), shape_print(&t->shape, shape, sizeof shape));
    struct statistics s = statistics_of(t);
    if (s.n > 0 && t->dtype == DT_BOOL) {
        text_addf(out, "   %.4g%% True", 100 * s.mean);
    } else if (s.n > 0) {
        text_adds(out, "   min ");
        number_print(s.low, out);
        text_adds(out, "   mean ");
        number_print(s.mean, out);
        text_adds(out, "   max ");
        number_print(s.high, out);
    }
    if (s.n_missing > 0) {
        text_adds(out, "   missing ");
        count_print(s.n_missing, out);
    }
}

static void add_element(const struct tensor *t, const struct number_style *style, int64_t i,
                        struct text *out) {
    if (t->dtype == DT_BOOL) text_adds(out, tensor_get(t, i) != 0 ? "True" : "False");
    else if (t->dtype == DT_INT64) text_addf(out, "%lld", (long long)((const int64_t *)t->data)[i]);
    else number_write(style, tensor_get(t, i), out);
}

/* Which positions of an axis are shown: all, or `edge` at both ends with a gap after them. */
struct window {
    int64_t n;
    int edge; /* 0 = all */
};

static struct window window_of(int64_t n, int whole, int edge) {
    return (struct window){n, n <= whole ? 0 : edge};
}

static int window_count(struct window w) {
    return w.edge ? 2 * w.edge + 1 : (int)w.n;
}

/* Position number k, or -1 for the gap. */
static int64_t window_at(struct window w, int k) {
    if (!w.edge || k < w.edge) return k;
    return k == w.edge ? -1 : w.n - (2 * w.edge + 1 - k);
}

static struct number_style style_of(const struct tensor *t, int64_t begin, struct window rows,
                                    struct window columns) {
    struct number_style style = {.keep_small = rows.n * columns.n <= 20};
    for (int i = 0; i < window_count(rows); i++)
        for (int k = 0; k < window_count(columns); k++) {
            int64_t row = window_at(rows, i), column = window_at(columns, k);
            if (row >= 0 && column >= 0)
                number_style_note(&style, tensor_get(t, begin + row * columns.n + column));
        }
    return style;
}

/* ---- vectors ---- */

static void vector_text(const struct tensor *t, struct text *out) {
    struct window w = window_of(t->count, VECTOR_WHOLE, VECTOR_EDGE);
    struct number_style style = style_of(t, 0, (struct window){1, 0}, w);
    size_t line = out->n;
    text_addc(out, '[');
    for (int k = 0; k < window_count(w); k++) {
        int64_t i = window_at(w, k);
        if (out->n - line > LINE - 10) {
            text_addc(out, '\n');
            line = out->n;
            text_addc(out, ' ');
        }
        if (i < 0) text_adds(out, "…");
        else add_element(t, &style, i, out);
        if (k + 1 == window_count(w)) break;
        text_addc(out, ',');
        if (out->n - line <= LINE - 10) text_addc(out, ' ');
    }
    text_addc(out, ']');
}

/* ---- matrices: a whole one, or the corners of one ---- */

static void index_cell(struct sheet *s, int64_t i) {
    if (i < 0) sheet_cell(s, STR("…"));
    else sheet_cellf(s, "%lld", (long long)i);
}

/* The matrix of `rows` x `columns` numbers that begins at `begin`. */
static void matrix_sheet(const struct tensor *t, int64_t begin, int64_t n_rows, int64_t n_columns,
                         struct sheet *s) {
    struct window rows = window_of(n_rows, ROWS_WHOLE, ROWS_EDGE);
    struct window columns = window_of(n_columns, COLUMNS_WHOLE, COLUMNS_EDGE);
    struct number_style style = style_of(t, begin, rows, columns);
    bool numbered = rows.edge || columns.edge;
    s->columns = window_count(columns) + numbered;
    s->n_header = numbered;
    s->first_is_label = numbered;
    if (numbered) sheet_cell(s, STR(""));
    for (int k = 0; numbered && k < window_count(columns); k++)
        index_cell(s, window_at(columns, k));
    for (int i = 0; i < window_count(rows); i++) {
        int64_t row = window_at(rows, i);
        if (numbered) index_cell(s, row);
        for (int k = 0; k < window_count(columns); k++) {
            int64_t column = window_at(columns, k);
            struct text cell = {0};
            if (row < 0 || column < 0) text_adds(&cell, "…");
            else add_element(t, &style, begin + row * n_columns + column, &cell);
            sheet_cell(s, text_str(&cell));
            text_clear(&cell);
        }
    }
}

static void add_matrix(const struct tensor *t, int64_t begin, struct view *v) {
    int n = t->shape.n;
    struct sheet s = {0};
    matrix_sheet(t, begin, t->shape.size[n - 2], t->shape.size[n - 1], &s);
    sheet_text(&s, "", &v->plain);
    sheet_html(&s, &v->html);
    sheet_clear(&s);
}

static void trim_newline(struct text *t) {
    while (t->n > 0 && t->p[t->n - 1] == '\n') t->p[--t->n] = 0;
}

/* Of more than two axes: the first and the last matrix. */
static void add_slices(const struct tensor *t, struct view *v) {
    int n = t->shape.n;
    int64_t per = t->shape.size[n - 2] * t->shape.size[n - 1], n_slices = per ? t->count / per : 0;
    for (int end = 0; end < (n_slices > 1 ? 2 : 1); end++) {
        struct text label = {0};
        for (int a = 0; a < n - 2; a++)
            text_addf(&label, "%s%lld", a ? ", " : "[",
                      end ? (long long)t->shape.size[a] - 1 : 0LL);
        text_adds(&label, ", :, :]");
        text_addf(&v->plain, "%s\n", label.p ? label.p : "");
        html_line(&v->html, "font-family:monospace", text_str(&label));
        text_clear(&label);
        add_matrix(t, end ? (n_slices - 1) * per : 0, v);
    }
}

void tensor_view(const struct tensor *t, struct view *v) {
    struct text header = {0};
    add_header(t, &header);
    text_addf(&v->plain, "%s\n", header.p ? header.p : "");
    if (t->shape.n == 1) {
        if (t->count > 0) vector_text(t, &v->plain);
    } else if (t->shape.n >= 2 && t->count > 0) {
        html_line(&v->html, "font-family:monospace;white-space:pre-wrap", text_str(&header));
        if (t->shape.n == 2) add_matrix(t, 0, v);
        else add_slices(t, v);
    }
    text_clear(&header);
    trim_newline(&v->plain);
}
