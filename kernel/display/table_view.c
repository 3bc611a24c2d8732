/* A table: names, types and missing values, first and last rows. */
#include "display/views.h"
#include "display/chart.h"
#include "data/images.h"
#include "data/time.h"
#include <math.h>

enum {
    ROWS_WHOLE = 20,
    ROWS_EDGE = 5,
    HISTORY_WHOLE = 12,
    HEAT_WHOLE = 60,
    HEAT_EDGE = 15,
    COLUMNS_WHOLE = 16,
    COLUMNS_EDGE = 7,
    TEXT_MOST = 48
};

static const char *kind_word(enum column_kind kind) {
    static const char *const words[] = {
        [COLUMN_NUMBER] = "number", [COLUMN_INT] = "int",   [COLUMN_BOOL] = "bool",
        [COLUMN_TEXT] = "text",     [COLUMN_TIME] = "time", [COLUMN_CATEGORY] = "category",
        [COLUMN_IMAGE] = "image"};
    return words[kind];
}

/* Positions shown along rows or columns. */
struct cut {
    int64_t n;
    int edge; /* 0 = all */
};

static int cut_count(struct cut c) {
    return c.edge ? 2 * c.edge + 1 : (int)c.n;
}

static int64_t cut_at(struct cut c, int k) {
    if (!c.edge || k < c.edge) return k;
    return k == c.edge ? -1 : c.n - (2 * c.edge + 1 - k);
}

static void text_cell(struct sheet *s, const char *text) {
    size_t n = 0;
    int shown = 0;
    while (text[n]) { /* cut between characters */
        if (((unsigned char)text[n] & 0xc0) != 0x80 && shown++ == TEXT_MOST) break;
        n++;
    }
    sheet_cellf(s, "%.*s%s", (int)n, text, text[n] ? "…" : "");
}

/* How the cells of a column are written. */
struct cell_style {
    struct number_style number;
    bool clock;
};

static void value_cell(struct sheet *s, const struct column *c, int64_t row,
                       const struct cell_style *style) {
    if (column_is_missing(c, row)) {
        sheet_cell(s, STR("missing"));
        return;
    }
    if (c->kind == COLUMN_TEXT || c->kind == COLUMN_CATEGORY) {
        text_cell(s, c->texts ? c->texts[row] : c->levels->names[(int)c->numbers[row]]);
        return;
    }
    double x = c->numbers[row];
    if (c->kind == COLUMN_IMAGE) {
        text_cell(s, images_name(c->images, (int64_t)x));
        return;
    }
    struct text cell = {0};
    if (c->kind == COLUMN_TIME) time_write(x, style->clock, &cell);
    else if (c->kind == COLUMN_BOOL) text_adds(&cell, x != 0 ? "True" : "False");
    else number_write(&style->number, x, &cell);
    sheet_cell(s, text_str(&cell));
    text_clear(&cell);
}

static struct cell_style column_style(const struct column *c, struct cut rows) {
    struct cell_style style = {.number.keep_small = true, .clock = column_has_clock(c, rows.n)};
    bool number = c->kind == COLUMN_NUMBER || c->kind == COLUMN_INT;
    for (int i = 0; number && i < cut_count(rows); i++)
        if (cut_at(rows, i) >= 0) number_style_note(&style.number, c->numbers[cut_at(rows, i)]);
    return style;
}

static void header_rows(const struct table *t, struct cut columns, bool types, bool numbered,
                        struct sheet *s) {
    if (numbered) sheet_cell(s, STR(""));
    for (int k = 0; k < cut_count(columns); k++) {
        int64_t i = cut_at(columns, k);
        sheet_cell(s, i < 0 ? STR("…") : str_of(t->columns[i].name));
    }
    if (!types) return;
    if (numbered) sheet_cell(s, STR(""));
    for (int k = 0; k < cut_count(columns); k++) {
        int64_t i = cut_at(columns, k),
                missing = i < 0 ? 0 : column_n_missing(&t->columns[i], t->n_rows);
        if (i < 0) sheet_cell(s, STR("…"));
        else if (missing == 0) sheet_cell(s, str_of(kind_word(t->columns[i].kind)));
        else sheet_cellf(s, "%s, %lld missing", kind_word(t->columns[i].kind), (long long)missing);
    }
}

/* The colour of a number among those of its column, or of all. */
static void heat_cell(struct sheet *s, const struct heat *heat, const struct column *c, int64_t row,
                      int64_t n_rows) {
    bool number = c->kind == COLUMN_NUMBER || c->kind == COLUMN_INT || c->kind == COLUMN_BOOL;
    if (!number || column_is_missing(c, row)) return;
    struct tensor look = {.dtype = DT_FLOAT64, .count = n_rows, .data = c->numbers};
    const struct mark *m = &heat->colors;
    double low, high;
    struct colormap map;
    mark_range(m, &look, &low, &high);
    colormap_make(&map, m->colormap ? m->colormap : m->has_center ? "coolwarm" : "Blues");
    sheet_fill(s, map.at[colormap_index(c->numbers[row], low, high)]);
}

static void fill_sheet(const struct table *t, bool is_history, const struct heat *heat,
                       struct sheet *s) {
    int whole = heat ? HEAT_WHOLE : is_history ? HISTORY_WHOLE : ROWS_WHOLE;
    struct cut rows = {t->n_rows, t->n_rows <= whole ? 0 : heat ? HEAT_EDGE : ROWS_EDGE};
    struct cut columns = {t->n_columns, t->n_columns <= COLUMNS_WHOLE ? 0 : COLUMNS_EDGE};
    struct cell_style styles[2 * COLUMNS_EDGE + COLUMNS_WHOLE];
    bool numbered = !is_history;
    s->columns = cut_count(columns) + numbered;
    s->n_header = is_history ? 1 : 2;
    s->n_sub_header = is_history ? 0 : 1;
    s->first_is_label = numbered;
    for (int k = 0; k < cut_count(columns); k++) {
        int64_t i = cut_at(columns, k);
        if (i < 0) continue;
        enum column_kind kind = t->columns[i].kind;
        s->left[k + numbered] = kind == COLUMN_TEXT || kind == COLUMN_CATEGORY;
        styles[k] = column_style(&t->columns[i], rows);
    }
    header_rows(t, columns, !is_history, numbered, s);
    for (int r = 0; r < cut_count(rows); r++) {
        int64_t row = cut_at(rows, r);
        if (numbered && row >= 0) sheet_cellf(s, "%lld", (long long)row);
        else if (numbered) sheet_cell(s, STR("…"));
        for (int k = 0; k < cut_count(columns); k++) {
            int64_t i = cut_at(columns, k);
            if (row < 0 || i < 0) sheet_cell(s, STR("…"));
            else value_cell(s, &t->columns[i], row, &styles[k]);
            if (heat && row >= 0 && i >= 0) heat_cell(s, heat, &t->columns[i], row, t->n_rows);
        }
    }
}

static void add_footer(const struct table *t, bool is_history, struct view *v) {
    struct text line = {0};
    if (!is_history) {
        count_print(t->n_rows, &line);
        text_addf(&line, " row%s, %d column%s", t->n_rows == 1 ? "" : "s", t->n_columns,
                  t->n_columns == 1 ? "" : "s");
    }
    if (t->note) text_addf(&line, "%s%s", line.n ? "; " : "", t->note);
    if (line.n > 0) {
        text_add(&v->plain, text_str(&line));
        html_line(&v->html, "font-size:85%;opacity:.7", text_str(&line));
    } else if (v->plain.n > 0) {
        v->plain.p[--v->plain.n] = 0; /* the table's last newline */
    }
    text_clear(&line);
}

static void view_of(const struct table *t, bool is_history, const struct heat *heat,
                    struct view *v) {
    if (t->n_columns > 0) {
        struct sheet s = {0};
        fill_sheet(t, is_history, heat, &s);
        sheet_text(&s, "", &v->plain);
        sheet_html(&s, &v->html);
        sheet_clear(&s);
    }
    add_footer(t, is_history, v);
}

void table_view(const struct table *t, bool is_history, struct view *v) {
    view_of(t, is_history, NULL, v);
}

void heat_view(const struct heat *heat, struct view *v) {
    view_of(heat->table, false, heat, v);
}
