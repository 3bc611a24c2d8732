/* Labels: dates on an axis, formulas between dollar signs, and colours that can be told apart. */
#include "display/markup.h"
#include "display/palette.h"
#include "display/scale.h"
#include "display/svg.h"
#include "tests/harness.h"

static const char *dates(double low, double high, int wanted) {
    static char line[1024];
    struct ticks t;
    struct scale s = {.low = low, .high = high, .time = true};
    ticks_choose(&t, &s, false, wanted);
    size_t n = 0;
    line[0] = 0;
    for (int i = 0; i < t.n; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%s%s", i ? ", " : "", t.label[i]);
    if (t.offset[0]) snprintf(line + n, sizeof line - n, " (%s)", t.offset);
    return line;
}

static void times(void) {
    const double day = 86400, y2024 = 1704067200; /* 2024-01-01, a Monday */
    CHECK_STR(dates(y2024, y2024 + 5 * 366 * day, 6), "2024, 2025, 2026, 2027, 2028, 2029");
    CHECK_STR(dates(y2024 - 31 * day, y2024 + 60 * day, 4), "Dec, 2024, Feb, Mar");
    CHECK_STR(dates(y2024 + 31 * day, y2024 + 120 * day, 4), "Feb, Mar, Apr (2024)");
    CHECK_STR(dates(y2024, y2024 + 4 * day, 6), "1 Jan, 2 Jan, 3 Jan, 4 Jan, 5 Jan (2024)");
    CHECK_STR(dates(y2024 + 6 * 3600, y2024 + 20 * 3600, 6),
              "06:00, 09:00, 12:00, 15:00, 18:00 (1 Jan 2024)");
    CHECK_STR(dates(y2024 + 18 * 3600, y2024 + 30 * 3600, 5),
              "18:00, 21:00, 2 Jan, 03:00, 06:00 (2024)");
    CHECK_STR(dates(y2024 + 10, y2024 + 40, 4),
              "00:00:10, 00:00:20, 00:00:30, 00:00:40 (1 Jan 2024)");
    CHECK(dates(0, 1e15, 5)[0] != 0); /* far beyond calendars: numbers */
    CHECK(dates(-1e300, 1e300, 5)[0] != 0);
}

/* Pieces in brackets, raised ones after ^, lowered ones after _. */
static const char *pieces(const char *s) {
    static char line[512];
    struct markup m;
    size_t n = 0;
    markup_parse(&m, str_of(s));
    line[0] = 0;
    for (int i = 0; i < m.n; i++) {
        const struct markup_piece *p = &m.pieces[i];
        const char *lead = p->level > 0 ? "^" : p->level < 0 ? "_" : "";
        n += (size_t)snprintf(line + n, sizeof line - n, "%s[%.*s]", lead, (int)p->s.n, p->s.p);
    }
    return line;
}

static void formulas(void) {
    CHECK(!markup_is_needed(STR("costs $5 and $6")) && !markup_is_needed(STR("$")));
    CHECK(!markup_is_needed(STR("val_loss^2")) && markup_is_needed(STR("$x^2$")));
    CHECK_STR(pieces("$x^2$ at $k_{10}$"), "[x]^[2][ at ][k]_[10]");
    CHECK_STR(pieces("$\\alpha \\le \\frac{a}{b}$"), "[α ≤ ][a][/][b]");
    CHECK_STR(pieces("$\\frac{1}{1 + e^{-x}}$"), "[1/(1 + ][e]^[−]^[x][)]");
    CHECK_STR(pieces("$\\frac{a - b}{2\\sigma^2}$"), "[(][a][ − ][b][)/(2σ]^[2][)]");
    CHECK_STR(pieces("$\\frac{(a + b)}{dx}$"), "[(][a][ + ][b][)/][dx]");
    CHECK_STR(pieces("$\\sqrt{2\\pi}$, $\\sqrt x$"), "[√(2π), √][x]");
    CHECK_STR(pieces("$\\lambda = 10 \\times x$"), "[λ = 10 × ][x]");
    CHECK_STR(pieces("$\\log x \\to\\infty$"), "[log ][x][ → ∞]");
    CHECK_STR(pieces("$\\mathbb{E} [x]$"), "[E [][x][]]");
    CHECK_STR(pieces("$\\frac{\\sqrt{$"), "[√/]");
    CHECK_STR(pieces("$\\mathrm{mean} - \\hat{y}$"), "[mean − ][y\xcc\x82]");
    CHECK_STR(pieces("a $\\unknown$"), "[a unknown]");
    CHECK_STR(pieces("${{{{$"), "");
    CHECK_NEAR(font_width(STR("$x^2$"), 10), font_width(STR("x"), 10) + font_width(STR("2"), 7.2),
               1e-9);
}

/* WCAG 2.1: 1.4.3 asks 4.5 : 1 of texts, 1.4.11 asks 3 : 1 of lines and areas. */
static void contrast(void) {
    struct rgb white = palette_rgb("#ffffff");
    CHECK_NEAR(palette_contrast(white, palette_rgb("#000")), 21, 1e-9);
    CHECK_NEAR(palette_contrast(palette_rgb("#777777"), white), 4.478, 1e-3);
    struct rgb dark = palette_rgb("#111111"); /* JupyterLab Dark */
    for (int i = 0; i < 8; i++) CHECK(palette_contrast(palette_rgb(palette_cycle(i)), white) >= 3);
    for (int i = 0; i < 8; i++) CHECK(palette_contrast(palette_rgb(palette_cycle(i)), dark) >= 2.5);
    CHECK(palette_contrast(palette_rgb(SVG_INK), white) >= 7);
    CHECK(palette_contrast(palette_rgb(SVG_FRAME), white) >= 4.5);
    for (int i = 0; i < 8; i++) { /* texts on boxes of model graphs */
        struct rgb pale = palette_tint(palette_rgb(palette_cycle(i)), 0.86);
        CHECK(palette_contrast(palette_rgb(SVG_INK), pale) >= 7);
    }
    static const char *const maps[] = {"viridis", "Blues", "coolwarm", "RdYlGn", "gray", "magma"};
    for (size_t k = 0; k < ARRAY_LEN(maps); k++) { /* numbers on heat maps and in heat(t) */
        struct colormap map;
        colormap_make(&map, maps[k]);
        for (int i = 0; i < COLORMAP_STEPS; i++)
            CHECK(palette_contrast(palette_rgb(palette_ink(map.at[i])), map.at[i]) >= 4.5);
    }
}

/* ---- as readers without red or green cones see it ---- */

/* Björn Ottosson's OKLab (2020) of linear red, green, blue: distances are about as large as they
 * look. */
static void oklab(const double c[3], double lab[3]) {
    static const double cones[3][3] = {{.4122214708, .5363325363, .0514459929},
                                       {.2119034982, .6806995451, .1073969566},
                                       {.0883024619, .2817188376, .6299787005}};
    static const double axes[3][3] = {{.2104542553, .7936177850, -.0040720468},
                                      {1.9779984951, -2.4285922050, .4505937099},
                                      {.0259040371, .7827717662, -.8086757660}};
    double l[3];
    for (int i = 0; i < 3; i++)
        l[i] = cbrt(cones[i][0] * c[0] + cones[i][1] * c[1] + cones[i][2] * c[2]);
    for (int i = 0; i < 3; i++) lab[i] = axes[i][0] * l[0] + axes[i][1] * l[1] + axes[i][2] * l[2];
}

/* Machado, Oliveira and Fernandes (2009), severity 1: everybody, deuteranopia, protanopia. */
static const double eyes[3][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
    {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}}};

static void seen_by(int eye, struct rgb c, double lab[3]) {
    double bytes[] = {c.r, c.g, c.b}, linear[3], seen[3];
    for (int i = 0; i < 3; i++) {
        double v = bytes[i] / 255;
        linear[i] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
    for (int i = 0; i < 3; i++) {
        const double *row = eyes[eye][i];
        seen[i] = fmin(1, fmax(0, row[0] * linear[0] + row[1] * linear[1] + row[2] * linear[2]));
    }
    oklab(seen, lab);
}

static void told_apart(void) {
    for (int eye = 0; eye < 3; eye++)
        for (int i = 0; i < PALETTE_CYCLE; i++)
            for (int k = 0; k < i; k++) {
                double a[3], b[3];
                seen_by(eye, palette_rgb(palette_cycle(i)), a);
                seen_by(eye, palette_rgb(palette_cycle(k)), b);
                double d = sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
                CHECK(d > (i < 4 ? 0.12 : 0.085));
            }
}

TEST_MAIN(times, formulas, contrast, told_apart)
