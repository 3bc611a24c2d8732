/* Counts the numbers that have no place on the axes of a plot. */
#include "display/left_out.h"
#include "display/image.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct counts {
    int64_t seen, below, beyond; /* points in all; with a number ≤ 0 on a log axis; infinite ones */
    bool above_x, above_y;       /* there is one above 0 */
};

static void count_number(double v, bool log, bool *below, bool *beyond, bool *above) {
    if (isnan(v)) return;
    *beyond |= !(fabs(v) <= SCALE_MOST);
    *below |= log && !(v > 0);
    *above |= v > 0 && v <= SCALE_MOST;
}

static void count_mark(const struct plot *p, const struct mark *m, struct counts *n) {
    bool log_y = m->right ? p->log_right : p->log_y;
    bool bars = m->kind == MARK_BAR, distribution = m->kind == MARK_HIST || m->kind == MARK_BOX;
    const struct tensor *x = m->names && !distribution ? NULL : m->x,
                        *y = distribution ? NULL : m->y;
    const struct tensor *all = x ? x : y;
    for (int64_t i = 0; all && i < all->count; i++) {
        bool below = false, beyond = false, high_x = false;
        bool side = bars && m->horizontal;
        if (x) count_number(mark_number(x, i), p->log_x && !side, &below, &beyond, &high_x);
        if (x && !y) n->above_x |= high_x;
        if (y && i < y->count)
            count_number(mark_number(y, i), side ? p->log_x : log_y, &below, &beyond,
                         side ? &n->above_x : &n->above_y);
        n->above_x |= high_x;
        n->seen++;
        n->below += below && !beyond;
        n->beyond += beyond;
    }
}

/* Areas of pixels have linear axes. */
static bool has_points(const struct mark *m) {
    return m->kind != MARK_HEATMAP && m->kind != MARK_IMAGE && m->kind != MARK_CONTOUR &&
           m->kind != MARK_NOTE && m->kind != MARK_FRAME;
}

static bool has_numbers(const struct mark *m) {
    const struct tensor *t = m->kind == MARK_BOX || m->kind == MARK_HIST ? m->x : m->z;
    if (!t) t = m->y ? m->y : m->x;
    for (int64_t i = 0; t && i < t->count; i++)
        if (!isnan(mark_number(t, i))) return true;
    return false;
}

/* Pixels of grey and coloured pictures that are drawn grey because a number is missing; where a
 * colour map is used, grey is none of its colours. */
static int64_t missing_pixels(const struct mark *m) {
    if (m->kind != MARK_IMAGE || !image_is_gray(m->colormap) || m->by_class || !m->z ||
        m->z->shape.n < 2)
        return 0;
    int64_t channels = m->z->shape.n > 2 ? m->z->shape.size[2] : 1, n = 0;
    for (int64_t i = 0; channels > 0 && i + channels <= m->z->count; i += channels) {
        bool missing = false;
        for (int64_t k = 0; k < channels; k++) missing |= isnan(mark_number(m->z, i + k));
        n += missing;
    }
    return n;
}

static const char *points(int64_t n) {
    return n == 1 ? "point" : "points";
}

void left_out_words(const struct plot *p, char words[LEFT_OUT_BYTES]) {
    struct counts n = {0};
    int64_t missing = 0;
    bool any = false;
    words[0] = 0;
    for (int i = 0; i < p->n_marks; i++) {
        any = any || has_numbers(&p->marks[i]);
        missing += missing_pixels(&p->marks[i]);
        if (has_points(&p->marks[i])) count_mark(p, &p->marks[i], &n);
    }
    if (!any) snprintf(words, LEFT_OUT_BYTES, "no numbers to draw");
    else if (n.below > 0 && ((p->log_y && !n.above_y) || (p->log_x && !n.above_x)))
        snprintf(words, LEFT_OUT_BYTES, "no number above 0: the axis is not logarithmic");
    else if (n.below > 0)
        snprintf(words, LEFT_OUT_BYTES, "%lld %s ≤ 0 %s not on the log axis", (long long)n.below,
                 points(n.below), n.below == 1 ? "is" : "are");
    else if (n.beyond > 0)
        snprintf(words, LEFT_OUT_BYTES, "%lld infinite %s %s not shown", (long long)n.beyond,
                 points(n.beyond), n.beyond == 1 ? "is" : "are");
    else if (missing > 0)
        snprintf(words, LEFT_OUT_BYTES, "%lld missing %s grey", (long long)missing,
                 missing == 1 ? "pixel is" : "pixels are");
}
