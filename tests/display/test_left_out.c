/* What a plot says about numbers that have no place on its axes. */
#include "display/left_out.h"
#include "tests/harness.h"

static struct err err;

static struct tensor *vector(const double *x, int64_t n) {
    struct shape s = shape_of(1, &n);
    struct tensor *t = tensor_new(DT_FLOAT64, &s, &err);
    if (n > 0) memcpy(t->data, x, (size_t)n * sizeof *x);
    return t;
}

/* Of one mark with these x and y (NULL: none). */
static const char *words(enum mark_kind kind, const double *x, const double *y, int64_t n,
                         bool log_x, bool log_y) {
    static char out[LEFT_OUT_BYTES];
    struct plot *p = plot_new(&err);
    struct mark m = {.kind = kind, .opacity = 1};
    p->log_x = log_x;
    p->log_y = log_y;
    if (x) m.x = vector(x, n);
    if (y) m.y = vector(y, n);
    plot_add(p, &m, &err);
    left_out_words(p, out);
    plot_unref(p);
    return out;
}

static const double up[] = {1, 2, 3}, zero[] = {0, 2, 3}, below[] = {0, -1, -2};
static const double infinite[] = {1, INFINITY, -1e305}, missing[] = {NAN, NAN, NAN};
static const double gap[] = {1, NAN, 3};

static void nothing_to_say(void) {
    CHECK_STR(words(MARK_LINE, up, up, 3, false, false), "");
    CHECK_STR(words(MARK_LINE, up, up, 3, true, true), "");
    CHECK_STR(words(MARK_LINE, up, below, 3, false, false), "");
    CHECK_STR(words(MARK_LINE, up, gap, 3, false, true), "");     /* a gap is seen */
    CHECK_STR(words(MARK_HIST, below, NULL, 3, false, true), ""); /* the counts are logarithmic */
}

static void logarithms(void) {
    CHECK_STR(words(MARK_LINE, up, zero, 3, false, true), "1 point ≤ 0 is not on the log axis");
    CHECK_STR(words(MARK_SCATTER, zero, up, 3, true, false), "1 point ≤ 0 is not on the log axis");
    CHECK_STR(words(MARK_SCATTER, zero, zero, 3, true, true), "1 point ≤ 0 is not on the log axis");
    CHECK_STR(words(MARK_LINE, up, below, 3, false, true),
              "no number above 0: the axis is not logarithmic");
    CHECK_STR(words(MARK_HIST, below, NULL, 3, true, false),
              "no number above 0: the axis is not logarithmic");
}

static void without_numbers(void) {
    CHECK_STR(words(MARK_LINE, up, infinite, 3, false, false), "2 infinite points are not shown");
    CHECK_STR(words(MARK_LINE, up, missing, 3, false, false), "no numbers to draw");
    CHECK_STR(words(MARK_LINE, up, up, 0, false, true), "no numbers to draw");
    CHECK_STR(words(MARK_BOX, missing, up, 3, false, false), "no numbers to draw");
}

static const char *of_picture(const double *z, const char *colormap) {
    static char out[LEFT_OUT_BYTES];
    struct plot *p = plot_new(&err);
    struct shape square = shape_of(2, (const int64_t[]){2, 2});
    struct tensor *t = tensor_new(DT_FLOAT64, &square, &err);
    memcpy(t->data, z, 4 * sizeof *z);
    plot_add(p, &(struct mark){.kind = MARK_IMAGE, .z = t, .opacity = 1, .colormap = colormap},
             &err);
    left_out_words(p, out);
    plot_unref(p);
    return out;
}

/* A grey picture has the grey of missing numbers elsewhere, too. */
static void pictures(void) {
    const double whole[] = {0, 0.5, 0.5, 1}, one[] = {0, NAN, 0.5, 1}, two[] = {0, NAN, NAN, 1};
    CHECK_STR(of_picture(whole, NULL), "");
    CHECK_STR(of_picture(one, NULL), "1 missing pixel is grey");
    CHECK_STR(of_picture(two, "gray_r"), "2 missing pixels are grey");
    CHECK_STR(of_picture(two, "viridis"), "");
}

TEST_MAIN(nothing_to_say, logarithms, without_numbers, pictures)
