/* Colours: the usual cycle, names, and colour maps. */
#include "display/palette.h"
#include "base/str.h"
#include <math.h>
#include <string.h>

const char *palette_cycle(int i) {
    static const char *const cycle[] = {"#0072b2", "#d55e00", "#489e96", "#7c4458",
                                        "#1c96f4", "#705800", "#6a2ce0", "#777077"};
    return cycle[(unsigned)i % ARRAY_LEN(cycle)];
}

const char *palette_color(const char *name) {
#define COLOR(name, hex) {#name, hex},
    static const struct {
        const char *name, *hex;
    } named[] = {
#include "lang/values/colors.list"
    };
#undef COLOR
    if (!name) return NULL;
    for (size_t i = 0; i < ARRAY_LEN(named); i++)
        if (strcmp(name, named[i].name) == 0) return named[i].hex;
    size_t n = strlen(name);
    if (name[0] != '#' || (n != 4 && n != 7)) return NULL;
    return strspn(name + 1, "0123456789abcdefABCDEF") == n - 1 ? name : NULL;
}

/* ---- contrast ---- */

static double to_linear(double v) {
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return (c | 32) - 'a' + 10;
}

struct rgb palette_rgb(const char *hex) {
    struct rgb c;
    uint8_t *at[] = {&c.r, &c.g, &c.b};
    bool brief = strlen(hex) == 4; /* #rgb */
    for (int i = 0; i < 3; i++)
        *at[i] = (uint8_t)(brief ? hex_digit(hex[1 + i]) * 17
                                 : hex_digit(hex[1 + 2 * i]) * 16 + hex_digit(hex[2 + 2 * i]));
    return c;
}

static double luminance(struct rgb c) {
    return 0.2126 * to_linear(c.r / 255.0) + 0.7152 * to_linear(c.g / 255.0) +
           0.0722 * to_linear(c.b / 255.0);
}

double palette_contrast(struct rgb a, struct rgb b) {
    double la = luminance(a), lb = luminance(b);
    return (fmax(la, lb) + 0.05) / (fmin(la, lb) + 0.05);
}

const char *palette_ink(struct rgb ground) {
    struct rgb white = {255, 255, 255}, black = {0, 0, 0};
    return palette_contrast(white, ground) > palette_contrast(black, ground) ? "#fff" : "#000";
}

const char *palette_ink_on(const char *hex) {
    return palette_ink(palette_rgb(hex));
}

struct rgb palette_tint(struct rgb c, double share) {
    return (struct rgb){(uint8_t)(c.r + share * (255 - c.r) + 0.5),
                        (uint8_t)(c.g + share * (255 - c.g) + 0.5),
                        (uint8_t)(c.b + share * (255 - c.b) + 0.5)};
}

/* ---- colour maps ---- */

enum mixing { MIXING_RGB, MIXING_OKLAB };

struct mixture {
    double a, b, c;
};

static double from_linear(double v) {
    return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

/* The matrices of Ottosson (2020). */
static struct mixture to_oklab(struct mixture s) {
    double r = to_linear(s.a), g = to_linear(s.b), b = to_linear(s.c);
    double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    double k = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return (struct mixture){0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * k,
                            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * k,
                            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * k};
}

static struct mixture from_oklab(struct mixture o) {
    double l = o.a + 0.3963377774 * o.b + 0.2158037573 * o.c;
    double m = o.a - 0.1055613458 * o.b - 0.0638541728 * o.c;
    double k = o.a - 0.0894841775 * o.b - 1.2914855480 * o.c;
    l = l * l * l;
    m = m * m * m;
    k = k * k * k;
    return (struct mixture){from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * k),
                            from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * k),
                            from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * k)};
}

static struct mixture read_anchor(const char *hex) {
    return (struct mixture){(hex_digit(hex[0]) * 16 + hex_digit(hex[1])) / 255.0,
                            (hex_digit(hex[2]) * 16 + hex_digit(hex[3])) / 255.0,
                            (hex_digit(hex[4]) * 16 + hex_digit(hex[5])) / 255.0};
}

static uint8_t to_byte(double v) {
    return (uint8_t)(v <= 0 ? 0 : v >= 1 ? 255 : v * 255 + 0.5);
}

static struct rgb mix(struct mixture from, struct mixture to, double share, enum mixing how) {
    if (how == MIXING_OKLAB) {
        from = to_oklab(from);
        to = to_oklab(to);
    }
    struct mixture m = {from.a + share * (to.a - from.a), from.b + share * (to.b - from.b),
                        from.c + share * (to.c - from.c)};
    if (how == MIXING_OKLAB) m = from_oklab(m);
    return (struct rgb){to_byte(m.a), to_byte(m.b), to_byte(m.c)};
}

static const struct colormap_row {
    const char *name;
    enum mixing mixing;
    const char *anchors; /* "rrggbb rrggbb …" */
} rows[] = {
#define COLORMAP(name, how, anchors) {#name, MIXING_##how, anchors},
#include "lang/values/colormaps.list"
#undef COLORMAP
};

static const struct colormap_row *find_row(const char *name, bool *reversed) {
    size_t n = name ? strlen(name) : 0;
    *reversed = n > 2 && strcmp(name + n - 2, "_r") == 0;
    if (*reversed) n -= 2;
    const struct colormap_row *fallback = NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (n > 0 && strlen(rows[i].name) == n && strncmp(rows[i].name, name, n) == 0)
            return &rows[i];
        if (strcmp(rows[i].name, "viridis") == 0) fallback = &rows[i];
    }
    *reversed = false;
    return fallback;
}

void colormap_make(struct colormap *map, const char *name) {
    bool reversed;
    const struct colormap_row *row = find_row(name, &reversed);
    int n_pieces = (int)(strlen(row->anchors) + 1) / 7 - 1;
    for (int i = 0; i < COLORMAP_STEPS; i++) {
        double place = (double)i / (COLORMAP_STEPS - 1) * n_pieces;
        int piece = (int)place < n_pieces ? (int)place : n_pieces - 1;
        const char *anchor = row->anchors + 7 * piece;
        map->at[reversed ? COLORMAP_STEPS - 1 - i : i] =
            mix(read_anchor(anchor), read_anchor(anchor + 7), place - piece, row->mixing);
    }
}

int colormap_index(double x, double low, double high) {
    double share = high > low ? (x - low) / (high - low) : 0.5;
    if (!(share > 0)) return 0;
    return share >= 1 ? COLORMAP_STEPS - 1 : (int)(share * COLORMAP_STEPS);
}
