/* Images: grey, through a colour map, or in colour; row 0 on top; square pixels. */
#include "display/image.h"
#include "display/pixels.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

enum { IMAGE_MOST = 640 }; /* pixels each way in a notebook */

static int n_channels(const struct tensor *t) {
    return t->shape.n >= 3 ? (int)t->shape.size[2] : 1;
}

bool image_is_gray(const char *name) {
    return !name || strncmp(name, "gray", 4) == 0 || strncmp(name, "binary", 6) == 0;
}

void image_range(const struct mark *m, double *low, double *high) {
    const struct tensor *t = m->z;
    bool plain = image_is_gray(m->colormap) && !m->has_center && !m->has_range;
    if (plain && (t->dtype == DT_UINT8 || t->dtype == DT_BOOL)) {
        *low = 0;
        *high = t->dtype == DT_BOOL ? 1 : 255;
        return;
    }
    mark_range(m, t, low, high);
    if (!plain || !dtype_is_float(t->dtype)) return;
    if (*low >= 0 && *high <= 1) *low = 0, *high = 1;
    else if (*low >= -1 && *low < 0 && *high <= 1) *low = -1, *high = 1;
}

/* One pixel of the picture from the numbers v of its channels. */
static void set_pixel(const struct image_pixels *out, uint8_t *at, const double *v,
                      const double range[2], const struct colormap *map) {
    struct rgb c = {0xdd, 0xdd, 0xdd};
    if (out->by_class) {
        c = (struct rgb){0xee, 0xee, 0xee};
        if (v[0] >= 0 && v[0] < 1e6) c = palette_tint(palette_rgb(palette_cycle((int)v[0])), 0.62);
    } else if (map && !isnan(v[0])) {
        c = map->at[colormap_index(v[0], range[0], range[1])];
    }
    if (out->by_class || map) {
        at[0] = c.r;
        at[1] = c.g;
        at[2] = c.b;
        return;
    }
    bool missing = false;
    for (int k = 0; k < out->channels; k++) missing |= isnan(v[k]);
    for (int k = 0; k < out->channels; k++) {
        at[k] = k < 3 ? MISSING_GRAY : 255;
        if (missing) continue;
        double share = (v[k] - range[0]) / (range[1] - range[0]);
        at[k] = (uint8_t)(!(share > 0) ? 0 : share >= 1 ? 255 : share * 255 + 0.5);
    }
}

/* Sizes and channels of the picture, and room for it. */
static bool open_pixels(const struct mark *m, int most, struct image_pixels *out, struct err *e) {
    const struct tensor *t = m->z;
    *out = (struct image_pixels){0};
    int channels = t && t->shape.n >= 2 ? n_channels(t) : 0;
    if (!t || t->shape.n < 2 || t->shape.n > 3 || t->count == 0 ||
        (channels != 1 && channels != 3 && channels != 4))
        return err_set(e, ERR_SHAPE, "this tensor has no pixels to show");
    double rows = (double)t->shape.size[0], columns = (double)t->shape.size[1];
    double share = fmin(1, most / fmax(rows, columns));
    out->w = (int)fmax(1, round(columns * share));
    out->h = (int)fmax(1, round(rows * share));
    out->by_class = channels == 1 && m->by_class;
    bool mapped = channels == 1 && m->colormap && !m->by_class;
    out->channels = mapped || out->by_class ? 3 : channels;
    out->at = pool_need((size_t)out->w * (size_t)out->h * (size_t)out->channels, e);
    return out->at != NULL;
}

bool image_pixels(const struct mark *m, int most, struct image_pixels *out, struct err *e) {
    TRY(open_pixels(m, most, out, e));
    int channels = n_channels(m->z);
    bool mapped = channels == 1 && m->colormap && !m->by_class;
    double range[2];
    image_range(m, &range[0], &range[1]);
    struct colormap map;
    if (mapped) colormap_make(&map, m->colormap);
    const int64_t *size = m->z->shape.size;
    for (int y = 0; y < out->h; y++)
        for (int x = 0; x < out->w; x++) {
            size_t to = ((size_t)y * (size_t)out->w + (size_t)x) * (size_t)out->channels;
            double v[4];
            int64_t corner = size[0] * y / out->h * size[1] + size[1] * x / out->w;
            if (out->by_class) v[0] = mark_number(m->z, corner); /* classes have no mean */
            for (int k = 0; k < channels && !out->by_class; k++)
                v[k] = pixels_mean(m->z, size, (int[]){out->h, out->w}, (int[]){y, x}, channels, k);
            set_pixel(out, out->at + to, v, range, mapped ? &map : NULL);
        }
    return true;
}

static void image_extent(const struct plot *p, const struct mark *m, struct extent *e) {
    (void)p;
    struct grid_place g;
    if (!grid_extent(m, &g, e)) return;
    if (!m->by_class) e->equal = true;
    if (!m->has_extent && !m->y) e->flip_y = true;
}

/* Grey pictures explain themselves; colours need a scale. */
static bool image_colorbar(const struct plot *p, const struct mark *m, struct colorbar *bar) {
    if (!m->z || m->z->count == 0 || n_channels(m->z) != 1 || image_is_gray(m->colormap))
        return false;
    if (p->no_axes || m->by_class) return false;
    image_range(m, &bar->low, &bar->high);
    colormap_make(&bar->map, m->colormap);
    return true;
}

static void flip_rows(struct image_pixels *p) {
    size_t row = (size_t)p->w * (size_t)p->channels;
    for (int y = 0; y < p->h / 2; y++) {
        uint8_t *a = p->at + (size_t)y * row, *b = p->at + (size_t)(p->h - 1 - y) * row;
        for (size_t i = 0; i < row; i++) {
            uint8_t spare = a[i];
            a[i] = b[i];
            b[i] = spare;
        }
    }
}

static bool image_draw(struct chart *c, const struct mark *m, const char *color) {
    (void)color;
    struct grid_place g;
    struct image_pixels pixels;
    if (!grid_place(m, &g)) return true;
    if (!image_pixels(m, IMAGE_MOST, &pixels, c->e)) return false;
    bool flip_x, flip_y;
    struct rect r = grid_rect(c, &g, &flip_x, &flip_y);
    if (flip_y) flip_rows(&pixels);
    bool ok = pixels_draw(c->out, r, pixels.at, pixels.w, pixels.h, pixels.channels, c->e);
    pool_free(pixels.at);
    return ok;
}

const struct mark_kind_row mark_image = {"image",      "images",       SWATCH_NONE, false,
                                         image_extent, image_colorbar, NULL,        image_draw};
