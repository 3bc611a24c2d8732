/* Scales and ticks: the numbers chosen and how they are written; colour maps and names. */
#include "display/palette.h"
#include "display/scale.h"
#include "tests/harness.h"
#include "lang/values/plot.h"

/* Labels in one line, with the offset in brackets. */
static const char *labels(double low, double high, bool log, bool whole, int wanted) {
    static char line[1024];
    struct ticks t;
    struct scale s = {.low = low, .high = high, .log = log};
    ticks_choose(&t, &s, whole, wanted);
    size_t n = 0;
    line[0] = 0;
    for (int i = 0; i < t.n; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%s%s", i ? " " : "", t.label[i]);
    if (t.offset[0]) snprintf(line + n, sizeof line - n, " (%s)", t.offset);
    return line;
}

static void linear(void) {
    CHECK_STR(labels(0, 1, false, false, 5), "0.0 0.2 0.4 0.6 0.8 1.0");
    CHECK_STR(labels(-5, 5, false, false, 10), "−5 −4 −3 −2 −1 0 1 2 3 4 5");
    CHECK_STR(labels(0.011, 0.0402, false, false, 6), "0.015 0.020 0.025 0.030 0.035 0.040");
    CHECK_STR(labels(0, 70000, false, false, 4), "0 20,000 40,000 60,000");
    CHECK_STR(labels(0, 20000, false, false, 5), "0 5,000 10,000 15,000 20,000");
    CHECK_STR(labels(2019, 2025, false, false, 6), "2019 2020 2021 2022 2023 2024 2025");
    CHECK_STR(labels(0, 0.00013, false, false, 4), "0.0 0.5 1.0 (×10⁻⁴)");
    CHECK_STR(labels(0, 3.2e9, false, false, 4), "0 1 2 3 (×10⁹)");
    CHECK_STR(labels(100000, 100000.002, false, false, 4),
              "0.0000 0.0005 0.0010 0.0015 0.0020 (+100,000)");
}

static void whole_numbers(void) {
    CHECK_STR(labels(0.9, 3.1, false, true, 8), "1 2 3");
    CHECK_STR(labels(1, 2, false, true, 8), "1 2");
}

static void logarithmic(void) {
    CHECK_STR(labels(1e-6, 1, true, false, 8), "10⁻⁶ 10⁻⁵ 10⁻⁴ 10⁻³ 10⁻² 10⁻¹ 10⁰");
    CHECK_STR(labels(0.02, 0.5, true, false, 8), "0.02 0.05 0.1 0.2 0.5");
    CHECK_STR(labels(1e-20, 1, true, false, 5), "10⁻²⁰ 10⁻¹⁵ 10⁻¹⁰ 10⁻⁵ 10⁰");
    CHECK_STR(labels(2, 4, true, false, 5), "2.0 2.5 3.0 3.5 4.0");
}

static void scales(void) {
    struct scale s = {.low = 0, .high = 10, .from = 100, .to = 300};
    CHECK_NEAR(scale_at(&s, 5), 200, 1e-12);
    CHECK_NEAR(scale_inverse(&s, 250), 7.5, 1e-12);
    struct scale log = {.low = 1, .high = 100, .from = 0, .to = 2, .log = true};
    CHECK_NEAR(scale_at(&log, 10), 1, 1e-12);
    CHECK_NEAR(scale_inverse(&log, 1), 10, 1e-12);
    CHECK(isnan(scale_at(&log, 0)) && isnan(scale_at(&log, -1)));
}

static void one_number(void) {
    char out[TICK_LABEL_BYTES];
    tick_print(out, -0.5, -1);
    CHECK_STR(out, "−0.5");
    tick_print(out, 12500, -1);
    CHECK_STR(out, "12,500");
    tick_print(out, 3.2e-5, -1);
    CHECK_STR(out, "3.2×10⁻⁵");
    tick_print(out, -1e-9, 2);
    CHECK_STR(out, "0.00");
    tick_print(out, NAN, -1);
    CHECK_STR(out, "missing");
}

static void maps(void) {
    struct colormap map, reversed;
    colormap_make(&map, "viridis");
    colormap_make(&reversed, "viridis_r");
    CHECK(map.at[0].r == 0x44 && map.at[0].g == 0x01 && map.at[0].b == 0x54);
    CHECK(map.at[255].r == 0xfd && map.at[255].g == 0xe7 && map.at[255].b == 0x25);
    for (int i = 0; i < COLORMAP_STEPS; i++) CHECK_EQ(map.at[i].g, reversed.at[255 - i].g);
    colormap_make(&map, "gray");
    for (int i = 0; i < COLORMAP_STEPS; i++) CHECK_EQ(map.at[i].r, i);
    CHECK_EQ(colormap_index(0.5, 0, 1), 128);
    CHECK_EQ(colormap_index(-3, 0, 1), 0);
    CHECK_EQ(colormap_index(NAN, 0, 1), 0);
    CHECK_EQ(colormap_index(7, 0, 1), 255);
}

/* Sequential maps must get lighter or darker all the way: that is what makes them readable in grey
 * and for colour-blind readers. */
static void sequential_maps_are_monotone(void) {
    static const char *const names[] = {"gray",  "viridis", "magma", "inferno", "plasma",
                                        "Blues", "Greens",  "Reds",  "Oranges", "Purples"};
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        struct colormap map;
        colormap_make(&map, names[k]);
        double before = 0, sign = 0;
        for (int i = 0; i < COLORMAP_STEPS; i += 5) {
            double light = 0.2126 * map.at[i].r + 0.7152 * map.at[i].g + 0.0722 * map.at[i].b;
            if (i == 5) sign = light > before ? 1 : -1;
            if (i > 5) CHECK((light - before) * sign > -0.5);
            before = light;
        }
    }
}

static void names(void) {
    CHECK(plot_knows_colormap(STR("RdYlGn")) && plot_knows_colormap(STR("gray_r")));
    CHECK(!plot_knows_colormap(STR("rainbow")) && !plot_knows_colormap(STR("_r")));
    CHECK(plot_knows_color(STR("red")) && plot_knows_color(STR("#a0b1c2")));
    CHECK(!plot_knows_color(STR("reddish")) && !plot_knows_color(STR("#12345g")));
    CHECK(plot_knows_marker(STR("o")) && !plot_knows_marker(STR("oo")) &&
          !plot_knows_marker(STR("")));
    CHECK_STR(palette_color("red"), "#d62728");
    CHECK(palette_color("reddish") == NULL && palette_color(NULL) == NULL);
}

TEST_MAIN(linear, whole_numbers, logarithmic, scales, one_number, maps,
          sequential_maps_are_monotone, names)
