/* Pictures: golden files of the small ones, sizes, equal bytes for equal plots, damaged input. */
#include "display/picture.h"
#include "base/pool.h"
#include "golden.h"
#include "tests/harness.h"
#include "samples.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool draw(const struct sample *s, struct text *svg) {
    struct err e = {0};
    int w, h;
    bool ok = s->plot ? plot_svg(s->plot, svg, &w, &h, &e) : figure_svg(s->figure, svg, &w, &h, &e);
    return ok && w > 0 && h > 0;
}

/* Pictures with embedded pixels depend on the compressor's version: not compared byte by byte. */
static void golden_files(void) {
    struct sample s;
    for (int i = 0; sample_make(i, &s); i++) {
        struct text svg = {0};
        CHECK(draw(&s, &svg));
        char name[128];
        snprintf(name, sizeof name, "%s.svg", s.name);
        if (svg.n < 12000 && !strstr(svg.p, "data:image/png"))
            CHECK(golden_same(name, text_str(&svg)));
        text_clear(&svg);
        sample_clear(&s);
    }
}

static void same_plot_same_bytes(void) {
    struct sample s;
    for (int i = 0; sample_make(i, &s); i++) {
        struct text a = {0}, b = {0};
        CHECK(draw(&s, &a) && draw(&s, &b));
        CHECK(str_same(text_str(&a), text_str(&b)));
        text_clear(&a);
        text_clear(&b);
        sample_clear(&s);
    }
}

/* As a number in an attribute or path; letters in embedded pixels do not count. */
static bool holds_nan(const char *svg) {
    return strstr(svg, "\"nan") || strstr(svg, " nan") || strstr(svg, "Mnan") ||
           strstr(svg, "Lnan") || strstr(svg, "\"inf") || strstr(svg, "\"-inf");
}

static void no_ids(void) {
    struct sample s;
    for (int i = 0; sample_make(i, &s); i++) {
        struct text svg = {0};
        CHECK(draw(&s, &svg));
        CHECK(strstr(svg.p, " id=") == NULL);
        CHECK(strstr(svg.p, "<title>") != NULL && strstr(svg.p, "<desc>") != NULL);
        CHECK(!holds_nan(svg.p));
        text_clear(&svg);
        sample_clear(&s);
    }
}

static size_t bytes_drawn(struct mark m, int64_t n, double (*x)(double), double (*y)(double)) {
    struct err e = {0};
    struct sample s = {.plot = plot_new(&e)};
    m.x = sample_vector(n, x);
    m.y = sample_vector(n, y);
    m.opacity = 1;
    plot_add(s.plot, &m, &e);
    struct text svg = {0};
    CHECK(draw(&s, &svg));
    size_t bytes = svg.n;
    text_clear(&svg);
    sample_clear(&s);
    return bytes;
}

static size_t bytes_marked(enum mark_kind kind, const char *marker, int64_t n, double (*x)(double),
                           double (*y)(double)) {
    return bytes_drawn((struct mark){.kind = kind, .marker = marker}, n, x, y);
}

static size_t bytes_of(enum mark_kind kind, int64_t n, double (*x)(double), double (*y)(double)) {
    return bytes_marked(kind, NULL, n, x, y);
}

static double position(double i) {
    return i;
}
static double other_noise(double i) {
    return sample_noise(i + 1e6);
}
static double wiggle(double i) {
    return sin(i * i);
}

/* A matrix of n x n numbers as a heat map or picture. */
static size_t bytes_of_matrix(enum mark_kind kind, int64_t n, const char *colormap) {
    struct err e = {0};
    struct sample s = {.plot = plot_new(&e)};
    struct tensor *flat = sample_vector(n * n, sample_noise);
    struct shape shape = shape_of(2, (int64_t[]){n, n});
    struct mark m = {.kind = kind, .opacity = 1, .colormap = colormap};
    m.z = tensor_with_shape(flat, &shape, &e);
    tensor_unref(flat);
    plot_add(s.plot, &m, &e);
    struct text svg = {0};
    CHECK(draw(&s, &svg));
    size_t bytes = svg.n;
    text_clear(&svg);
    sample_clear(&s);
    return bytes;
}

/* Where along x the text `label` of a picture stands; NaN if it is not there. */
static double place_of(const char *svg, const char *label) {
    const char *at = strstr(svg, label), *last = NULL;
    for (const char *p = svg; at && (p = strstr(p, "x=\"")) && p < at; p++) last = p + 3;
    return last ? atof(last) : NAN;
}

static void limits_from_high_to_low_turn_an_axis(void) {
    for (int turned = 0; turned < 2; turned++) {
        struct err e = {0};
        struct sample s = {.plot = plot_new(&e)};
        struct mark m = {.kind = MARK_LINE, .opacity = 1};
        m.x = sample_vector(100, position);
        m.y = sample_vector(100, sample_noise);
        plot_add(s.plot, &m, &e);
        s.plot->has_x_limits = true;
        s.plot->x_limits[turned] = 10;
        s.plot->x_limits[1 - turned] = 50;
        struct text svg = {0};
        CHECK(draw(&s, &svg));
        CHECK((place_of(svg.p, ">20<") > place_of(svg.p, ">40<")) == (turned == 1));
        CHECK(isfinite(place_of(svg.p, ">10<") + place_of(svg.p, ">50<")));
        text_clear(&svg);
        sample_clear(&s);
    }
}

static double corner(double i) {
    return i < 2 ? 0 : i == 2 ? 30 : 20;
}

/* A frame of the whole picture, 30 by 20 pixels, is seen on all four sides. */
static void frames_at_the_edge_are_whole(void) {
    struct err e = {0};
    struct sample s = {.plot = plot_new(&e)};
    struct mark image = {.kind = MARK_IMAGE, .opacity = 1};
    struct mark frame = {.kind = MARK_FRAME, .opacity = 1};
    struct tensor *pixels = sample_vector(600, sample_noise), *box = sample_vector(4, corner);
    struct shape size = shape_of(2, (int64_t[]){20, 30}), one = shape_of(2, (int64_t[]){1, 4});
    image.z = tensor_with_shape(pixels, &size, &e);
    frame.z = tensor_with_shape(box, &one, &e);
    tensor_unref(pixels);
    tensor_unref(box);
    plot_add(s.plot, &image, &e);
    plot_add(s.plot, &frame, &e);
    struct text svg = {0};
    CHECK(draw(&s, &svg));
    double x = 0, y = 0, w = 0, h = 0, panel[4] = {0};
    const char *at = strstr(svg.p, "stroke-width=\"2.5\""), *clip = strstr(svg.p + 4, "<svg x=");
    CHECK(at && sscanf(at + 18, " x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\"", &x, &y, &w,
                       &h) == 4);
    CHECK(clip && sscanf(clip, "<svg x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\"", panel,
                         panel + 1, panel + 2, panel + 3) == 4);
    CHECK_NEAR(x - 1.25, panel[0], 0.02);
    CHECK_NEAR(y - 1.25, panel[1], 0.02);
    CHECK_NEAR(w + 2.5, panel[2], 0.02);
    CHECK_NEAR(h + 2.5, panel[3], 0.02);
    text_clear(&svg);
    sample_clear(&s);
}

static void large_matrices_are_small(void) {
    CHECK(bytes_of_matrix(MARK_HEATMAP, 1000, NULL) < 500000); /* noise cannot be packed */
    CHECK(bytes_of_matrix(MARK_IMAGE, 1000, NULL) < 600000);
    CHECK(bytes_of_matrix(MARK_IMAGE, 1000, "viridis") < 600000);
}

static void ten_thousand_points_are_small(void) {
    CHECK(bytes_of(MARK_LINE, 10000, position, sample_noise) < 200000);
    CHECK(bytes_of(MARK_LINE, 10000, position, wiggle) < 200000);
    CHECK(bytes_of(MARK_LINE, 10000, other_noise, sample_noise) < 200000);
    CHECK(bytes_of(MARK_SCATTER, 10000, other_noise, sample_noise) < 200000);
    CHECK(bytes_of(MARK_LINE, 100000, position, sample_noise) < 200000);
    static const char *const markers[] = {"o", ".", "x", "+", "s", "d", "^", "v"};
    for (size_t i = 0; i < ARRAY_LEN(markers); i++) {
        size_t points = bytes_marked(MARK_SCATTER, markers[i], 10000, other_noise, sample_noise);
        size_t along = bytes_marked(MARK_LINE, markers[i], 10000, position, sample_noise);
        CHECK(points < 200000 && points > 100000); /* they are there */
        CHECK(along < 200000 && along > 70000);
        size_t across = bytes_marked(MARK_LINE, markers[i], 10000, other_noise, sample_noise);
        CHECK(across < 200000 && across > 80000);
    }
    struct mark joined = {.kind = MARK_SCATTER, .path = true};
    size_t path = bytes_drawn(joined, 10000, other_noise, sample_noise);
    CHECK(path < 200000 && path > bytes_of(MARK_LINE, 10000, other_noise, sample_noise));
    CHECK(bytes_of(MARK_LINE, 1000, position, position) < 6000); /* a straight line is two points */
    CHECK(bytes_of(MARK_SCATTER, 100000, other_noise, sample_noise) < 200000);
    CHECK(bytes_of(MARK_BAR, 10000, position, sample_noise) < 100000);
    CHECK(bytes_of(MARK_BAR, 100, position, sample_noise) > 2500); /* each bar is there */
}

static double only_nan(double i) {
    return i < -1 ? i : NAN;
}
static double infinite(double i) {
    return i < 5 ? i : INFINITY;
}
static double huge(double i) {
    return i * 1e300;
}
static double tiny(double i) {
    return i * 1e-300;
}
static double constant(double i) {
    return i < -1 ? i : 3;
}

static void odd_numbers_draw(void) {
    double (*const odd[])(double) = {only_nan, infinite, huge, tiny, constant, position};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        for (size_t k = 0; k < ARRAY_LEN(odd); k++) {
            CHECK(bytes_of(MARK_LINE, 20, odd[i], odd[k]) > 0);
            CHECK(bytes_of(MARK_SCATTER, 20, odd[i], odd[k]) > 0);
            CHECK(bytes_of(MARK_BAR, 20, odd[i], odd[k]) > 0);
        }
        CHECK(bytes_of(MARK_HIST, 20, odd[i], position) > 0);
        CHECK(bytes_of(MARK_LINE, 0, odd[i], position) > 0);
        CHECK(bytes_of(MARK_LINE, 1, odd[i], position) > 0);
    }
}

/* ---- plots of chance ---- */

static uint64_t drawn;
static double chance(void) {
    return sample_noise((double)(drawn++ % 100000000));
}
static int below(int n) {
    return (int)(chance() * n);
}

static double odd_number(double i) {
    static const double numbers[] = {0, 1, -1, 1e-320, 1e308, -1e308, 3, 1e6};
    int kind = below(12);
    if (kind == 0) return NAN;
    if (kind == 1) return INFINITY;
    if (kind == 2) return numbers[below((int)ARRAY_LEN(numbers))];
    return kind < 6 ? i : (chance() - 0.3) * pow(10, below(9) - 4);
}

static struct tensor *odd_matrix(void) {
    static const int64_t sizes[] = {0, 1, 2, 3, 7, 30};
    static const enum dtype types[] = {DT_FLOAT64, DT_FLOAT32, DT_UINT8, DT_BOOL, DT_INT64};
    struct err e = {0};
    struct shape s = shape_of(2 + below(2), (int64_t[]){sizes[below(6)], sizes[below(6)],
                                                        (int64_t[]){1, 3, 4, 2}[below(4)]});
    enum dtype type = types[below(5)];
    struct tensor *t = tensor_new(type, &s, &e);
    for (int64_t i = 0; i < t->count; i++) {
        double x = odd_number((double)i);
        tensor_set(t, i, dtype_is_float(type) ? x : fmod(isfinite(x) ? x : 0, 100));
    }
    return t;
}

static struct mark odd_mark(void) {
    static const char *const maps[] = {NULL, "viridis", "gray_r", "RdYlGn", "no such map"};
    static const char *const markers[] = {NULL, "o", "x", "s", ".", "?", ""};
    struct mark m = {.kind = (enum mark_kind)below(MARK_CONTOUR + 1), .opacity = 0.5 + below(2)};
    bool area = m.kind >= MARK_HEATMAP;
    if (below(20)) m.x = sample_vector(below(40), odd_number);
    if (below(20)) m.y = sample_vector(below(40), odd_number);
    if (below(20)) m.z = area ? odd_matrix() : sample_vector(below(40), odd_number);
    if (!area && below(3) == 0) m.color_by = sample_vector(below(40), odd_number);
    m.colormap = maps[below(5)];
    m.marker = markers[below(7)];
    m.label = below(2) ? "a label" : NULL;
    m.color = below(4) ? NULL : "no such colour";
    m.step = below(4) == 0;
    m.annotate = m.density = m.filled = below(2);
    m.bins = below(3) ? 0 : below(20000) - 10;
    m.size = below(3) ? 0 : odd_number(3);
    m.has_range = below(4) == 0;
    m.low = odd_number(0);
    m.high = odd_number(1);
    m.has_center = below(4) == 0;
    m.has_extent = below(4) == 0;
    for (int k = 0; k < 4; k++) m.extent[k] = odd_number(k);
    return m;
}

static struct plot *odd_plot(void) {
    struct err e = {0};
    struct plot *p = plot_new(&e);
    p->title = below(2) ? "a title & more" : NULL;
    p->log_x = below(3) == 0;
    p->log_y = below(3) == 0;
    p->grid = below(2);
    p->no_axes = below(5) == 0;
    p->has_x_limits = below(4) == 0;
    p->has_y_limits = below(4) == 0;
    for (int k = 0; k < 2; k++) p->x_limits[k] = odd_number(k), p->y_limits[k] = odd_number(k);
    p->width = below(3) ? 0 : odd_number(2);
    p->height = below(3) ? 0 : odd_number(2);
    for (int n = below(4); n > 0; n--) {
        struct mark m = odd_mark();
        plot_add(p, &m, &e);
    }
    return p;
}

static void plots_of_chance_draw(void) {
    for (int i = 0; i < 1500; i++) {
        struct err e = {0};
        struct sample s = {.plot = odd_plot()};
        struct text svg = {0}, words = {0};
        int w, h;
        bool ok = plot_svg(s.plot, &svg, &w, &h, &e);
        CHECK(ok || e.kind == ERR_SHAPE); /* two channels are no picture */
        if (ok) CHECK(str_ends(text_str(&svg), "</svg>\n") && !holds_nan(svg.p));
        plot_describe_fully(s.plot, &words);
        text_clear(&svg);
        text_clear(&words);
        sample_clear(&s);
    }
}

/* What a plain-text front end shows. */
static void words(void) {
    struct text all = {0};
    struct sample s;
    for (int i = 0; sample_make(i, &s); i++) {
        if (s.plot) {
            plot_describe(s.plot, &all);
            text_adds(&all, "\n    ");
            plot_describe_fully(s.plot, &all);
        } else {
            figure_describe(s.figure, &all);
        }
        text_addc(&all, '\n');
        sample_clear(&s);
    }
    CHECK(golden_same("words.txt", text_str(&all)));
    text_clear(&all);
}

static void nothing_is_lost(void) {
    struct sample s;
    struct text svg = {0};
    sample_make(4, &s);
    draw(&s, &svg);
    text_clear(&svg);
    sample_clear(&s);
    size_t before = pool_live_blocks();
    for (int i = 0; sample_make(i, &s); i++) {
        draw(&s, &svg);
        text_clear(&svg);
        sample_clear(&s);
    }
    CHECK_EQ(pool_live_blocks(), before);
}

static void marks_can_be_moved(void) {
    struct sample bars;
    for (int i = 0; sample_make(i, &bars) && strcmp(bars.name, "bars") != 0; i++)
        sample_clear(&bars);
    struct err e = {0};
    struct sample copy = {.plot = plot_new(&e)};
    copy.plot->title = bars.plot->title;
    copy.plot->y_label = bars.plot->y_label;
    CHECK(plot_add_all(copy.plot, bars.plot, &e));
    struct text a = {0}, b = {0};
    CHECK(draw(&bars, &a));
    sample_clear(&bars);
    CHECK(draw(&copy, &b)); /* owns all it needs */
    CHECK(str_same(text_str(&a), text_str(&b)));
    text_clear(&a);
    text_clear(&b);
    sample_clear(&copy);
}

/* Every allocation fails once: an error, no crash, nothing lost. */
static void memory_runs_out(void) {
    size_t before = pool_live_blocks();
    struct sample s;
    for (int i = 0; sample_make(i, &s); i++) {
        for (int64_t n = 1; n < 12; n++) {
            struct text svg = {0};
            pool_fail_after(n);
            draw(&s, &svg);
            pool_fail_after(0);
            text_clear(&svg);
        }
        sample_clear(&s);
    }
    CHECK_EQ(pool_live_blocks(), before);
}

TEST_MAIN(limits_from_high_to_low_turn_an_axis, golden_files, same_plot_same_bytes, no_ids,
          ten_thousand_points_are_small, large_matrices_are_small, frames_at_the_edge_are_whole,
          odd_numbers_draw, plots_of_chance_draw, words, nothing_is_lost, marks_can_be_moved,
          memory_runs_out)
