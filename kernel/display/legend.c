/* The legend. */
#include "display/legend.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double ROW = 18, PAD = 7, SWATCH = 22, SIZE = 12;

static void add_entry(struct legend *l, const struct mark *m, const char *color,
                      const char *label) {
    if (l->n == LEGEND_MAX) {
        l->n_left_out++;
        return;
    }
    struct legend_entry *entry = &l->entries[l->n++];
    entry->mark = m;
    entry->color = color;
    snprintf(entry->label, sizeof entry->label, "%s", label);
    if (strlen(label) < sizeof entry->label) return;
    size_t cut = sizeof entry->label - 4; /* room for the ellipsis; not inside a character */
    while (cut > 0 && ((unsigned char)label[cut] & 0xc0) == 0x80) cut--;
    memcpy(entry->label + cut, "…", sizeof "…");
}

/* Points coloured by class, and areas of classes where no points are: an entry for each class. */
static bool add_classes(struct legend *l, const struct plot *p, const struct mark *m) {
    double values[CLASSES_MAX];
    bool area = m->kind == MARK_IMAGE && m->by_class;
    for (int i = 0; area && i < p->n_marks; i++) area = p->marks[i].kind != MARK_SCATTER;
    int n = m->kind == MARK_SCATTER || area ? mark_classes(m, values) : 0;
    for (int i = 0; i < n; i++) {
        char label[64];
        mark_class_label(m, values[i], label);
        int place = mark_class_color(m, values[i], i);
        add_entry(l, m, palette_cycle(place), label);
        char usual = m->marker && m->marker[0] ? m->marker[0] : 'o';
        if (m->kind == MARK_SCATTER && l->n_left_out == 0)
            l->entries[l->n - 1].marker = mark_class_marker(usual, place);
    }
    if (n > 0 && m->label && !l->title) l->title = m->label;
    return n > 0;
}

void legend_make(struct legend *l, const struct plot *p) {
    *l = (struct legend){.title = p->legend_title};
    if (p->no_legend) return;
    for (int i = 0; i < p->n_marks; i++) {
        const struct mark *m = &p->marks[i];
        if (add_classes(l, p, m) || mark_kind_row(m->kind)->swatch == SWATCH_NONE) continue;
        if (!m->label || !m->label[0]) continue;
        add_entry(l, m, mark_color(p, i), m->label);
        if (l->n_left_out == 0) l->entries[l->n - 1].round = mark_round(p, i);
    }
    double widest = l->title ? font_width(str_of(l->title), SIZE) - SWATCH - 6 : 0;
    for (int i = 0; i < l->n; i++)
        widest = fmax(widest, font_width(str_of(l->entries[i].label), SIZE));
    int n_rows = l->n + (l->title ? 1 : 0) + (l->n_left_out ? 1 : 0);
    l->w = 2 * PAD + SWATCH + 6 + SVG_OTHER_FONT * widest;
    l->h = 2 * PAD + ROW * n_rows - 4;
}

static int hidden_by(const struct cover *c, struct rect r) {
    int n = 0;
    for (int j = 0; j < COVER_H; j++) {
        double y = c->panel.y + (j + 0.5) / COVER_H * c->panel.h;
        if (y < r.y - 3 || y > r.y + r.h + 3) continue;
        for (int i = 0; i < COVER_W; i++) {
            double x = c->panel.x + (i + 0.5) / COVER_W * c->panel.w;
            if (x >= r.x - 3 && x <= r.x + r.w + 3) n += c->count[j][i] > 8 ? 8 : c->count[j][i];
        }
    }
    return n;
}

/* Corners first (upper right is where readers look), then the middles of the sides. */
struct rect legend_place(const struct legend *l, const struct chart *c, int *n_hidden) {
    static const double tries[][2] = {{1, 0},  {0, 0},  {0, 1},  {1, 1},
                                      {1, .5}, {0, .5}, {.5, 0}, {.5, 1}};
    struct rect best = {0};
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct rect r = {c->panel.x + 8 + tries[i][0] * (c->panel.w - l->w - 16),
                         c->panel.y + 8 + tries[i][1] * (c->panel.h - l->h - 16), l->w, l->h};
        int n = hidden_by(&c->cover, r);
        if (i > 0 && n >= *n_hidden) continue;
        *n_hidden = n;
        best = r;
    }
    return best;
}

static void draw_swatch(struct text *out, const struct legend_entry *entry, double x, double y) {
    const struct mark *m = entry->mark;
    enum swatch kind = mark_kind_row(m->kind)->swatch;
    if (kind == SWATCH_AREA || m->kind == MARK_IMAGE) {
        text_addf(out, "<rect fill=\"%s\"", entry->color);
        svg_attribute(out, "x", x);
        svg_attribute(out, "y", y - 5);
        svg_attribute(out, "width", SWATCH);
        svg_attribute(out, "height", 10);
        if (m->kind == MARK_BAND || m->kind == MARK_IMAGE) svg_attribute(out, "opacity", 0.35);
        text_adds(out, "/>\n");
        return;
    }
    if (kind == SWATCH_LINE) {
        text_addf(out, "<path stroke=\"%s\" stroke-width=\"2\"", entry->color);
        if (m->dashed) text_adds(out, " stroke-dasharray=\"5 3.5\"");
        else svg_dashes(out, m, m->kind == MARK_LINE ? entry->round : 0);
        text_adds(out, " d=\"");
        svg_number(out, 'M', x);
        svg_number(out, ' ', y);
        svg_number(out, 'h', SWATCH);
        text_adds(out, "\"/>\n");
    }
    char marker = m->marker && m->marker[0] ? m->marker[0] : kind == SWATCH_DOT ? 'o' : 0;
    if (entry->marker) marker = entry->marker;
    if (!marker) return;
    double r = marker == '.' ? 1.75 : 3.25;
    text_addf(out, "<path fill=\"%s\" stroke=\"%s\" stroke-linecap=\"round\"",
              marker_is_filled(marker) ? entry->color : "none", entry->color);
    svg_attribute(out, "stroke-width", marker == 'o' || marker == '.' ? 2 * r : 1.4);
    text_adds(out, " d=\"");
    marker_path(out, marker, x + SWATCH / 2, y, r);
    text_adds(out, "\"/>\n");
}

void legend_draw(const struct legend *l, struct text *out, struct rect at) {
    text_adds(out, "<rect fill=\"#fff\" fill-opacity=\".85\" stroke=\"#ccc\" rx=\"3\"");
    svg_attribute(out, "x", at.x);
    svg_attribute(out, "y", at.y);
    svg_attribute(out, "width", at.w);
    svg_attribute(out, "height", at.h);
    text_adds(out, "/>\n");
    double y = at.y + PAD + 7;
    struct svg_text style = {.x = at.x + PAD, .y = y + 4.3, .size = SIZE, .bold = true};
    if (l->title) {
        svg_text(out, &style, str_of(l->title));
        y += ROW;
    }
    style.bold = false;
    style.x += SWATCH + 6;
    for (int i = 0; i < l->n; i++, y += ROW) {
        draw_swatch(out, &l->entries[i], at.x + PAD, y);
        style.y = y + 4.3;
        svg_text(out, &style, str_of(l->entries[i].label));
    }
    if (l->n_left_out == 0) return;
    char more[40];
    snprintf(more, sizeof more, "and %d more", l->n_left_out);
    style.y = y + 4.3;
    svg_text(out, &style, str_of(more));
}
