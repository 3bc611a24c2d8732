/* Frames of an animation as pixels. */
#include "display/frames.h"
#include "display/axes.h"
#include "display/image.h"
#include "display/picture.h"
#include "display/render.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

enum { BARE_PX = 360, BARE_MOST = 4096 };

static bool is_bare(const struct plot *p) {
    return p->n_marks == 1 && p->marks[0].kind == MARK_IMAGE && p->no_axes && !p->title &&
           !p->marks[0].has_extent;
}

static bool same_size(const struct tensor *a, const struct tensor *b) {
    return a->shape.size[0] == b->shape.size[0] && a->shape.size[1] == b->shape.size[1];
}

/* Pictures and nothing else: shown as they are, small ones enlarged. */
static bool open_bare(struct frames *f, const struct figure *figure) {
    for (int i = 0; i < figure->n; i++)
        if (!is_bare(figure->plots[i]) ||
            !same_size(figure->plots[i]->marks[0].z, figure->plots[0]->marks[0].z))
            return false;
    const int64_t *size = figure->plots[0]->marks[0].z->shape.size;
    int64_t longer = size[0] > size[1] ? size[0] : size[1];
    if (figure->title || longer > BARE_MOST || size[0] < 1 || size[1] < 1) return false;
    f->zoom = 1;
    while (longer * (f->zoom + 1) <= BARE_PX) f->zoom++;
    f->w = (int)size[1] * f->zoom;
    f->h = (int)size[0] * f->zoom;
    return true;
}

static void add_limits(double limits[2], const struct scale *s, bool first) {
    limits[0] = first ? s->low : fmin(limits[0], s->low);
    limits[1] = first ? s->high : fmax(limits[1], s->high);
}

/* Axes that do not jump: the ends of all frames together, and room for the widest labels. */
static void fit_all(struct frames *f) {
    const struct figure *figure = f->figure;
    struct chart_fit *fit = &f->fit;
    bool pictures = false;
    for (int i = 0; i < figure->n; i++) {
        struct scale x, y;
        axes_limits(figure->plots[i], &x, &y);
        add_limits(fit->x, &x, i == 0);
        add_limits(fit->y, &y, i == 0);
        pictures |= plot_extent(figure->plots[i]).flip_y;
    }
    fit->has_x = fit->has_y = !pictures;
    for (int i = 0; i < figure->n; i++) {
        struct margins m = chart_margins(figure->plots[i], f->width, f->height, fit);
        fit->least.left = fmax(fit->least.left, m.left);
        fit->least.right = fmax(fit->least.right, m.right);
        fit->least.above = fmax(fit->least.above, m.above);
        fit->least.below = fmax(fit->least.below, m.below);
    }
}

bool frames_open(struct frames *f, const struct figure *figure, double scale, struct err *e) {
    *f = (struct frames){.figure = figure, .n = figure->n, .scale = scale};
    if (open_bare(f, figure)) return true;
    plot_size(figure->plots[0], &f->width, &f->height);
    f->title_room = figure->title ? 30 : 0;
    fit_all(f);
    f->w = (int)round(f->width * scale);
    f->h = (int)round((f->height + f->title_room) * scale);
    if (f->w >= 1 && f->h >= 1 && f->w <= RENDER_MOST_PX && f->h <= RENDER_MOST_PX) return true;
    return err_set(e, ERR_VALUE, "Frames of %d × %d pixels are too large.", f->w, f->h);
}

/* Enlarged, and grey as three equal bytes. */
static uint8_t *read_bare(const struct frames *f, int i, struct err *e) {
    struct image_pixels p;
    if (!image_pixels(&f->figure->plots[i]->marks[0], BARE_MOST, &p, e)) return NULL;
    uint8_t *out = pool_need((size_t)f->w * (size_t)f->h * 3, e);
    for (int y = 0; out && y < f->h; y++)
        for (int x = 0; x < f->w; x++) {
            int from_y = y / f->zoom, from_x = x / f->zoom;
            const uint8_t *from =
                p.at + ((size_t)from_y * (size_t)p.w + (size_t)from_x) * (size_t)p.channels;
            uint8_t *to = out + ((size_t)y * (size_t)f->w + (size_t)x) * 3;
            for (int k = 0; k < 3; k++) to[k] = from[p.channels >= 3 ? k : 0];
        }
    pool_free(p.at);
    return out;
}

static bool draw_frame(const struct frames *f, int i, struct text *svg, struct err *e) {
    double height = f->height + f->title_room;
    svg_open(svg, f->width, height, STR("frame"), STR(""));
    struct svg_text style = {.x = f->width / 2, .y = 22, .size = 16, .anchor = ANCHOR_MIDDLE};
    if (f->figure->title) svg_text(svg, &style, str_of(f->figure->title));
    struct rect area = {0, f->title_room, f->width, f->height};
    TRY(chart_draw(svg, f->figure->plots[i], area, &f->fit, e));
    svg_close(svg);
    return !svg->failed || err_memory(e, svg->n);
}

uint8_t *frames_read(const struct frames *f, int i, struct err *e) {
    if (f->zoom > 0) return read_bare(f, i, e);
    struct text svg = {0};
    uint8_t *pixels = NULL;
    int w, h;
    bool ok = draw_frame(f, i, &svg, e) &&
              render_pixels(text_str(&svg), (int)f->width, (int)(f->height + f->title_room),
                            f->scale, &pixels, &w, &h, e);
    text_clear(&svg);
    if (ok && (w != f->w || h != f->h)) {
        pool_free(pixels);
        err_set(e, ERR_BUG, "frames of different sizes");
        return NULL;
    }
    return ok ? pixels : NULL;
}

struct patch frames_change(const struct frames *f, const uint8_t *before, const uint8_t *now) {
    int left = f->w, right = -1, top = f->h, bottom = -1;
    size_t row = (size_t)f->w * 3;
    for (int y = 0; y < f->h; y++) {
        const uint8_t *a = before + (size_t)y * row, *b = now + (size_t)y * row;
        if (memcmp(a, b, row) == 0) continue;
        if (top > y) top = y;
        bottom = y;
        int x = 0, z = f->w - 1;
        while (memcmp(a + 3 * x, b + 3 * x, 3) == 0) x++;
        while (memcmp(a + 3 * z, b + 3 * z, 3) == 0) z--;
        if (x < left) left = x;
        if (z > right) right = z;
    }
    if (right < 0) return (struct patch){0, 0, 1, 1};
    return (struct patch){left, top, right - left + 1, bottom - top + 1};
}

uint8_t *frames_cut(const struct frames *f, const uint8_t *pixels, struct patch p, struct err *e) {
    uint8_t *out = pool_need((size_t)p.w * (size_t)p.h * 3, e);
    for (int y = 0; out && y < p.h; y++)
        memcpy(out + (size_t)y * (size_t)p.w * 3,
               pixels + ((size_t)(p.y + y) * (size_t)f->w + (size_t)p.x) * 3, (size_t)p.w * 3);
    return out;
}
