/* The drawing of a model's graph. */
#include "display/model_graph.h"
#include "display/palette.h"
#include "display/svg.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>

static const double BOX_H = 42, RANK_H = 68, EDGE = 16, RADIUS = 6;

static double top_of(const struct box *b) {
    return EDGE + b->rank * RANK_H;
}

static double middle_of(const struct box *b) {
    return EDGE + b->x;
}

/* Fill and frame: what a box is can also be read in its words, so colour is never alone. */
static void colors_of(const struct model_graph *g, const struct box *b, char fill[8],
                      const char **frame) {
    const char *base = "#737373";
    if (b->kind == BOX_INPUT || b->kind == BOX_OUTPUT) base = palette_cycle(2);
    if (b->kind == BOX_MODEL) base = palette_cycle(6);
    if (b->kind == BOX_LAYER && model_layer(g->model, b->row)->n_weights > 0)
        base = b->application > 0 ? palette_cycle(5) : palette_cycle(0);
    struct rgb c = palette_tint(palette_rgb(base), 0.86);
    snprintf(fill, 8, "#%02x%02x%02x", c.r, c.g, c.b);
    *frame = base;
}

static void draw_box(const struct model_graph *g, const struct box *b, struct text *out) {
    char fill[8];
    const char *frame;
    colors_of(g, b, fill, &frame);
    bool round = b->kind == BOX_INPUT || b->kind == BOX_OUTPUT || b->kind == BOX_OP;
    double x = middle_of(b) - b->w / 2, y = top_of(b);
    for (int k = b->kind == BOX_MODEL ? 1 : 0; k >= 0; k--) { /* a model is a pile of layers */
        text_addf(out, "<rect fill=\"%s\" stroke=\"%s\" stroke-width=\"1.3\"", fill, frame);
        struct rect r = {x + 4 * k, y - 4 * k, b->w, BOX_H};
        const double numbers[] = {r.x, r.y, r.w, r.h, round ? BOX_H / 2 : RADIUS};
        static const char *const names[] = {"x", "y", "width", "height", "rx"};
        for (int i = 0; i < 5; i++) {
            text_addf(out, " %s=\"", names[i]);
            svg_number(out, 0, numbers[i]);
            text_addc(out, '"');
        }
        text_adds(out, "/>\n");
    }
    struct svg_text style = {.x = middle_of(b), .y = y + 18, .size = 13, .anchor = ANCHOR_MIDDLE};
    style.bold = b->kind != BOX_OP;
    style.fill = SVG_INK; /* on the box's own ground, also where the page is dark */
    if (!b->detail[0]) style.y = y + BOX_H / 2 + 4.5;
    svg_text(out, &style, str_of(b->label));
    style.y = y + 33;
    style.size = 11;
    style.bold = false;
    if (b->detail[0]) svg_text(out, &style, str_of(b->detail));
}

/* Down in a curve, straight past boxes beside it; with a head where it enters a box. */
static void draw_arrow(const struct model_graph *g, const struct arrow *a, struct text *out) {
    const struct box *from = &g->boxes[a->from], *to = &g->boxes[a->to];
    double x0 = middle_of(from), x1 = middle_of(to);
    double y0 = top_of(from) + BOX_H;
    double y1 = top_of(to) - (to->kind == BOX_MODEL || to->kind == BOX_BEND ? 4 : 0);
    double head = to->kind == BOX_BEND ? 0 : 6, bow = (y1 - y0) * 0.5;
    text_adds(out, "<path fill=\"none\" stroke=\"#555\" stroke-width=\"1.3\" d=\"");
    const double curve[] = {x0, y0, x0, y0 + bow, x1, y1 - bow, x1, y1 - head};
    for (int i = 0; i < 8; i++) svg_number(out, i == 0 ? 'M' : i == 2 ? 'C' : ' ', curve[i]);
    if (to->kind == BOX_BEND) svg_number(out, 'v', BOX_H + 4);
    text_adds(out, "\"/>\n");
    if (head == 0) return;
    text_adds(out, "<path fill=\"#555\" d=\"");
    svg_number(out, 'M', x1 - 4);
    svg_number(out, ' ', y1 - 7);
    svg_number(out, 'h', 8);
    svg_number(out, 'L', x1);
    svg_number(out, ' ', y1);
    text_adds(out, "z\"/>\n");
}

static void describe_box(const struct box *b, struct text *out) {
    text_addf(out, "%s%s%s%s%s",
              b->kind == BOX_INPUT    ? "input "
              : b->kind == BOX_OUTPUT ? "output "
                                      : "",
              b->label, b->detail[0] ? " (" : "", b->detail, b->detail[0] ? ")" : "");
}

/* The boxes that lead to box `to`, seen through bends; at most 8. */
static int boxes_before(const struct model_graph *g, int to, int before[8]) {
    int n = 0;
    for (int i = 0; i < g->n_arrows; i++) {
        int from = g->arrows[i].from;
        if (g->arrows[i].to != to || n == 8) continue;
        if (g->boxes[from].kind == BOX_BEND) n += boxes_before(g, from, before + n) > 0;
        else before[n++] = from;
    }
    return n;
}

/* The next box to tell of: one after `last` if it can be, else the first of which all that leads to
 * it has been told. -1 = none is left. */
static int box_to_tell(const struct model_graph *g, const bool *told, int last) {
    int first = -1;
    for (int i = 0; i < g->n; i++) {
        int before[8], count = boxes_before(g, i, before);
        bool ready = !told[i] && g->boxes[i].kind != BOX_BEND, follows = false;
        for (int k = 0; k < count; k++) {
            ready = ready && told[before[k]];
            follows |= before[k] == last;
        }
        if (ready && follows) return i;
        if (ready && first < 0) first = i;
    }
    return first;
}

/* A chain is told with arrows; where it does not go on from the box before, it says from where. */
static void describe(const struct model_graph *g, struct text *out) {
    struct err e = {0};
    bool *told = pool_need((size_t)g->n + 1, &e);
    int n = 0, last = -1;
    for (int i = 0; i < g->n; i++) n += g->boxes[i].kind != BOX_BEND;
    text_addf(out, "%d boxes: ", n);
    for (int i; told && (i = box_to_tell(g, told, last)) >= 0; last = i) {
        int before[8], count = boxes_before(g, i, before);
        bool chain = count == 1 && before[0] == last;
        text_adds(out, last < 0 ? "" : chain ? " → " : "; ");
        describe_box(&g->boxes[i], out);
        for (int k = 0; !chain && k < count; k++)
            text_addf(out, "%s%s", k == 0 ? " from " : " and ", g->boxes[before[k]].label);
        told[i] = true;
    }
    pool_free(told);
}

void model_graph_describe(const struct model *m, bool unfold, struct text *out) {
    struct err e = {0};
    struct model_graph g;
    text_addf(out, "graph of %s", model_name(m));
    if (!model_graph_make(&g, m, unfold, -1, &e)) return;
    text_adds(out, ", ");
    describe(&g, out);
    model_graph_clear(&g);
}

static void draw(const struct model_graph *g, struct text *out, double w, double h) {
    struct text words = {0};
    describe(g, &words);
    svg_open(out, w, h, str_of(model_name(g->model)), text_str(&words));
    text_clear(&words);
    for (int i = 0; i < g->n_arrows; i++) draw_arrow(g, &g->arrows[i], out);
    for (int i = 0; i < g->n; i++)
        if (g->boxes[i].kind != BOX_BEND) draw_box(g, &g->boxes[i], out);
    svg_close(out);
}

bool model_graph_svg(const struct model *m, bool unfold, int entry, struct text *out, int *w,
                     int *h, struct err *e) {
    struct model_graph g;
    TRY(model_graph_make(&g, m, unfold, entry, e));
    bool ok = model_graph_layout(&g, e);
    *w = (int)ceil(g.w + 2 * EDGE + 6);
    *h = (int)ceil((g.n_ranks - 1) * RANK_H + BOX_H + 2 * EDGE);
    if (ok) draw(&g, out, *w, *h);
    model_graph_clear(&g);
    return ok && (!out->failed || err_memory(e, out->n));
}

/* ---- in a notebook: what is inside unfolds ---- */

enum { TALL = 760 };

/* Tall ones in a window of their own. */
static bool add_image(const struct model *m, bool unfold, int entry, struct text *html,
                      struct err *e) {
    struct text svg = {0};
    int w, h;
    bool ok = model_graph_svg(m, unfold, entry, &svg, &w, &h, e);
    if (ok && h > TALL)
        text_addf(html, "<div tabindex=\"0\" style=\"max-height:%dpx;overflow:auto\">", TALL);
    if (ok) text_add(html, text_str(&svg));
    if (ok && h > TALL) text_adds(html, "</div>");
    text_clear(&svg);
    return ok;
}

static bool is_folded(const struct model_graph *g, int entry) {
    for (int i = 0; i < g->n; i++)
        if (g->boxes[i].kind == BOX_MODEL && g->boxes[i].entry == entry) return true;
    return false;
}

bool model_graph_html(const struct model *m, bool unfold, struct text *html, struct err *e) {
    struct model_graph g;
    TRY(add_image(m, unfold, -1, html, e));
    if (unfold) return true;
    TRY(model_graph_make(&g, m, false, -1, e));
    bool ok = true;
    for (int i = 0; ok && i < model_n_names(m); i++) {
        if (!is_folded(&g, i)) continue;
        const struct model_name_entry *n = model_name_at(m, i);
        text_adds(html, "<details><summary>");
        svg_escape(html, str_of(n->name));
        text_addf(html, ": %d layers</summary>\n", n->n_layers);
        ok = add_image(m, false, i, html, e);
        text_adds(html, "</details>\n");
    }
    model_graph_clear(&g);
    return ok;
}
