/* Plots and pictures as files. */
#include "base/pool.h"
#include "display/display.h"
#include "display/image.h"
#include "display/picture.h"
#include "display/png_write.h"
#include "display/render.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool write_bytes(const char *path, const struct text *bytes, struct err *e) {
    if (bytes->failed) return err_memory(e, bytes->n);
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(bytes->p, 1, bytes->n, f) == bytes->n;
    if (f) ok = fclose(f) == 0 && ok;
    return ok || err_set(e, ERR_FILE, "%s cannot be written: %s.", path, strerror(errno));
}

struct drawing {
    struct text svg;
    int w, h;
};

static bool draw_pictures(struct tensor *t, struct drawing *d, struct err *e) {
    struct figure *f = figure_gallery(&t, 1, NULL, 0, NULL, e);
    bool ok = f && figure_svg(f, &d->svg, &d->w, &d->h, e);
    figure_unref(f);
    return ok;
}

static bool draw_svg(struct value v, const char *ending, struct drawing *d, struct err *e) {
    if (v.kind == V_PLOT) return plot_svg(v.plot, &d->svg, &d->w, &d->h, e);
    if (v.kind == V_FIGURE) return figure_svg(v.figure, &d->svg, &d->w, &d->h, e);
    if (v.kind == V_TENSOR && tensor_n_pictures(v.tensor) > 0) return draw_pictures(v.tensor, d, e);
    return err_set(e, ERR_TYPE, "A %s file holds a plot or pictures, and this is %s.", ending,
                   value_kind_words(v.kind));
}

enum { DPI_USUAL = 200 };

static bool render_png(const struct drawing *d, double dpi, struct text *png, struct err *e) {
    uint8_t *pixels;
    int w, h;
    double scale = (dpi > 0 ? dpi : DPI_USUAL) / RENDER_UNITS_PER_INCH;
    TRY(render_pixels(text_str(&d->svg), d->w, d->h, scale, &pixels, &w, &h, e));
    bool ok = png_write(png, pixels, w, h, 3, 1, e);
    pool_free(pixels);
    return ok;
}

/* One pixel of the file for each of the tensor. */
static bool draw_pixels(struct value v, struct text *png, struct err *e) {
    struct mark m = {.kind = MARK_IMAGE, .z = v.tensor};
    struct image_pixels pixels;
    TRY(image_pixels(&m, INT16_MAX, &pixels, e));
    bool ok = png_write(png, pixels.at, pixels.w, pixels.h, pixels.channels, 1, e);
    pool_free(pixels.at);
    return ok;
}

bool display_save(struct value v, const char *path, double dpi, struct err *e) {
    struct text bytes = {0};
    struct drawing d = {0};
    bool png = str_ends(str_of(path), ".png"), pdf = str_ends(str_of(path), ".pdf"), ok;
    if (png && v.kind == V_TENSOR && tensor_n_pictures(v.tensor) == 1) {
        ok = draw_pixels(v, &bytes, e);
    } else {
        ok = draw_svg(v, png ? ".png" : pdf ? ".pdf" : ".svg", &d, e);
        if (ok && png) ok = render_png(&d, dpi, &bytes, e);
        if (ok && pdf) ok = render_pdf(text_str(&d.svg), d.w, d.h, &bytes, e);
    }
    ok = ok && write_bytes(path, png || pdf ? &bytes : &d.svg, e);
    text_clear(&d.svg);
    text_clear(&bytes);
    return ok;
}
