/* Records, lists and tuples: in one line if short, else one line per entry. */
#include "display/views.h"
#include <stdio.h>

enum { ONE_LINE = 100, ENTRY = 76, LIST_WHOLE = 24, LIST_EDGE = 10, TENSOR_WRITTEN = 8 };

static void add_cut(struct text *out, struct str s, int most) {
    if (text_columns(s) <= most) {
        text_add(out, s);
        return;
    }
    size_t n = 0;
    for (int shown = 0; n < s.n; n++)
        if (((unsigned char)s.p[n] & 0xc0) != 0x80 && shown++ == most - 1) break;
    text_add(out, (struct str){s.p, n});
    text_adds(out, "…");
}

void value_short(struct value x, int most, struct text *out) {
    struct text whole = {0};
    char shape[256];
    if (x.kind == V_TENSOR && x.tensor->count > TENSOR_WRITTEN)
        text_addf(&whole, "%s %s", dtype_name(x.tensor->dtype),
                  shape_print(&x.tensor->shape, shape, sizeof shape));
    else value_repr(x, &whole);
    for (size_t i = 0; i < whole.n; i++)
        if (whole.p[i] == '\n') whole.p[i] = ' ';
    add_cut(out, text_str(&whole), most);
    text_clear(&whole);
}

static bool holds_large(struct value v) {
    return v.kind == V_TENSOR && v.tensor->count > TENSOR_WRITTEN;
}

/* Short enough and of small things: as Python writes it. */
static bool in_one_line(struct value c, struct text *out) {
    int32_t n = c.kind == V_RECORD ? c.record->n : c.list->n;
    const struct value *items = c.kind == V_RECORD ? c.record->items : c.list->items;
    for (int32_t i = 0; i < n; i++)
        if (holds_large(items[i])) return false;
    struct text line = {0};
    value_repr(c, &line);
    bool fits = text_columns(text_str(&line)) <= ONE_LINE;
    if (fits) text_add(out, text_str(&line));
    text_clear(&line);
    return fits;
}

static void record_sheet(const struct record *r, struct sheet *s) {
    *s = (struct sheet){.columns = 2, .first_is_label = true, .left = {true, true}};
    for (int32_t i = 0; i < r->n; i++) {
        sheet_cell(s, str_of(r->keys[i]));
        struct text cell = {0};
        value_short(r->items[i], ENTRY, &cell);
        sheet_cell(s, text_str(&cell));
        text_clear(&cell);
    }
}

static void list_sheet(const struct list *l, struct sheet *s) {
    *s = (struct sheet){.columns = 2, .first_is_label = true, .left = {false, true}};
    for (int32_t i = 0; i < l->n; i++) {
        if (l->n > LIST_WHOLE && i == LIST_EDGE) {
            sheet_cell(s, STR("…"));
            sheet_cell(s, STR("…"));
            i = l->n - LIST_EDGE;
        }
        sheet_cellf(s, "%d", i);
        struct text cell = {0};
        value_short(l->items[i], ENTRY, &cell);
        sheet_cell(s, text_str(&cell));
        text_clear(&cell);
    }
}

void container_view(struct value c, struct view *v) {
    if (in_one_line(c, &v->plain)) return;
    struct sheet s;
    struct text title = {0};
    if (c.kind == V_RECORD) {
        record_sheet(c.record, &s);
        text_addf(&title, "a record with %d entries", c.record->n);
    } else {
        list_sheet(c.list, &s);
        text_addf(&title, "%s of %d", c.list->is_tuple ? "a tuple" : "a list", c.list->n);
    }
    text_addf(&v->plain, "%s\n", title.p ? title.p : "");
    sheet_text(&s, "  ", &v->plain);
    if (v->plain.n > 0) v->plain.p[--v->plain.n] = 0;
    html_line(&v->html, NULL, text_str(&title));
    sheet_html(&s, &v->html);
    text_clear(&title);
    sheet_clear(&s);
}
