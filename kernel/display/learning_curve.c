/* The curve beside a training's rows. */
#include "display/learning_curve.h"
#include "display/picture.h"
#include "display/png_write.h"
#include "display/svg.h"
#include <math.h>
#include <stdint.h>

/* A range that spans more than this is drawn on a logarithmic axis. */
static const double WIDE = 50;

enum { MARKED_EPOCHS = 30, MOST_LINES = 4 };

void course_note(struct course *c, double epoch, double loss) {
    if (!isfinite(loss) || c->skipped++ < c->stride) return;
    c->skipped = 0;
    if (c->n == COURSE_MOST) {
        for (int i = 0; i < COURSE_MOST / 2; i++) {
            c->epoch[i] = c->epoch[2 * i];
            c->loss[i] = c->loss[2 * i];
        }
        c->n = COURSE_MOST / 2;
        c->stride = 2 * c->stride + 1;
    }
    c->epoch[c->n] = epoch;
    c->loss[c->n++] = loss;
}

/* `x` NULL: 1, 2, 3, … */
static bool add_line(struct plot *p, const char *label, const double *x, const double *y, int64_t n,
                     struct err *e) {
    struct shape s = shape_of(1, &n);
    bool marked = !x && n <= MARKED_EPOCHS;
    struct mark m = {.kind = MARK_LINE,
                     .label = label,
                     .opacity = 1,
                     .marker = marked ? "o" : NULL,
                     .size = marked ? 3 : 0};
    m.x = tensor_new(DT_FLOAT64, &s, e);
    m.y = tensor_new(DT_FLOAT64, &s, e);
    if (!m.x || !m.y) return tensor_unref(m.x), tensor_unref(m.y), false;
    for (int64_t k = 0; k < n; k++) {
        tensor_set(m.x, k, x ? x[k] : (double)(k + 1));
        tensor_set(m.y, k, y[k]);
    }
    return plot_add(p, &m, e);
}

/* The losses; of a step of the student's own, whatever it minimised and logged. */
static bool is_curve(const struct table *history, const struct column *c) {
    struct str name = str_of(c->name);
    if (c->kind == COLUMN_TEXT || str_is(name, "epoch") || str_is(name, "lr")) return false;
    if (table_find(history, STR("loss")) < 0) return !str_is(name, "seconds");
    return str_is(name, "loss") || str_is(name, "val_loss");
}

static void choose_axis(struct plot *p) {
    struct extent {
        double low, high;
    } y = {INFINITY, -INFINITY};
    for (int i = 0; i < p->n_marks; i++)
        for (int64_t k = 0; k < p->marks[i].y->count; k++) {
            double v = tensor_get(p->marks[i].y, k);
            if (!isfinite(v)) continue;
            y.low = fmin(y.low, v);
            y.high = fmax(y.high, v);
        }
    p->log_y = y.low > 0 && y.high > WIDE * y.low;
}

static bool fill(struct plot *p, const struct table *history, const struct course *course,
                 const char *x_label, struct err *e) {
    p->width = 3.4;
    p->height = 2;
    p->x_label = x_label;
    if (history && history->n_rows >= 2) {
        for (int32_t i = 0; i < history->n_columns; i++) {
            const struct column *c = &history->columns[i];
            if (is_curve(history, c) && p->n_marks < MOST_LINES)
                TRY(add_line(p, c->name, NULL, c->numbers, history->n_rows, e));
        }
    } else if (course->n >= 2) {
        TRY(add_line(p, "loss", course->epoch, course->loss, course->n, e));
    }
    choose_axis(p);
    return true;
}

static bool add_picture(struct text *html, const struct plot *p, const struct text *svg, int w,
                        int h, struct err *e) {
    struct text words = {0};
    text_adds(&words, "learning curve: ");
    plot_describe_fully(p, &words);
    text_addf(html, "<img width=\"%d\" height=\"%d\" alt=\"", w, h);
    svg_escape(html, text_str(&words));
    text_adds(html, "\" src=\"data:image/svg+xml;base64,");
    bool ok = base64_write(html, text_str(svg)) && text_adds(html, "\"/>\n");
    text_clear(&words);
    return ok || err_memory(e, svg->n);
}

bool learning_curve(const struct table *history, const struct course *course, const char *x_label,
                    bool live, struct text *html, struct err *e) {
    struct plot *p = plot_new(e);
    struct text svg = {0};
    int w = 0, h = 0;
    bool ok = p && fill(p, history, course, x_label, e);
    if (ok && p->n_marks > 0) {
        ok = plot_svg(p, &svg, &w, &h, e);
        if (ok && live) text_add(html, text_str(&svg));
        else if (ok) ok = add_picture(html, p, &svg, w, h, e);
    }
    text_clear(&svg);
    plot_unref(p);
    return ok;
}
