/* Plots and pictures as files. */
#include "base/pool.h"
#include "data/image.h"
#include "data/sink.h"
#include "display/display.h"
#include "display/frames.h"
#include "display/image.h"
#include "display/model_graph.h"
#include "display/picture.h"
#include "display/png_write.h"
#include "display/render.h"
#include <string.h>

enum { JPEG_QUALITY = 95 };

static bool write_bytes(const char *path, const struct text *bytes, struct err *e) {
    if (bytes->failed) return err_memory(e, bytes->n);
    return sink_write(path, bytes->p, bytes->n, e);
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
    if (v.kind == V_FIGURE && v.figure->heat)
        return err_set(e, ERR_TYPE, "A %s file holds a plot or pictures, and this is a table.",
                       ending);
    if (v.kind == V_FIGURE && v.figure->model)
        return model_graph_svg(v.figure->model, v.figure->unfold, -1, &d->svg, &d->w, &d->h, e);
    if (v.kind == V_FIGURE) return figure_svg(v.figure, &d->svg, &d->w, &d->h, e);
    if (v.kind == V_TENSOR && tensor_n_pictures(v.tensor) > 0) return draw_pictures(v.tensor, d, e);
    return err_set(e, ERR_TYPE, "A %s file holds a plot or pictures, and this is %s.", ending,
                   value_kind_words(v.kind));
}

enum { DPI_USUAL = 200 };

static bool render_png(const struct drawing *d, double dpi, struct text *png, struct err *e) {
    uint8_t *pixels;
    int w, h;
    dpi = dpi > 0 ? dpi : DPI_USUAL;
    double scale = dpi / RENDER_UNITS_PER_INCH;
    TRY(render_pixels(text_str(&d->svg), d->w, d->h, scale, &pixels, &w, &h, e));
    bool ok = png_write_packed(png, pixels, w, h, 3, 1, e) && png_set_density(png, dpi, e);
    pool_free(pixels);
    return ok;
}

/* Three axes can only be one picture here, also without names. */
static bool in_colors(const struct tensor *t) {
    int64_t last = t->shape.n == 3 ? t->shape.size[2] : 0;
    return last == 1 || last == 3 || last == 4;
}

/* One pixel of the file for each of the tensor. JPEG has no opacity: it is left out. */
static bool draw_pixels(struct value v, bool jpeg, struct text *out, struct err *e) {
    struct tensor look = *v.tensor; /* owns nothing */
    if (in_colors(v.tensor)) look.is_image = true, look.shape.axis[2] = NULL;
    struct mark m = {.kind = MARK_IMAGE, .z = &look};
    struct image_pixels p;
    TRY(image_pixels(&m, INT16_MAX, &p, e));
    bool ok = jpeg ? jpeg_write(out, p.at, p.w, p.h, p.channels, JPEG_QUALITY, e)
                   : png_write(out, p.at, p.w, p.h, p.channels, 1, e);
    pool_free(p.at);
    return ok;
}

/* .gif, or an animated .png. */
static bool draw_animation(const struct figure *figure, bool gif, double dpi, struct text *out,
                           struct err *e) {
    struct frames f;
    TRY(frames_open(&f, figure, (dpi > 0 ? dpi : 100) / RENDER_UNITS_PER_INCH, e));
    return gif ? gif_write(&f, out, e) : apng_write(&f, out, e);
}

static bool is_animation(struct value v) {
    return v.kind == V_FIGURE && v.figure->animation;
}

/* What the ending asks for that the value is not. */
static bool no_such_file(struct value v, bool jpeg, bool gif, struct err *e) {
    if (is_animation(v)) {
        err_set(e, ERR_TYPE, "An animation is saved as .gif, .png or .apng.");
        return err_hint(e, "Both play in browsers; .png has all colours.");
    }
    err_set(e, ERR_TYPE, "A %s file holds %s, and this is %s.",
            jpeg  ? ".jpg"
            : gif ? ".gif"
                  : ".apng",
            jpeg ? "one picture" : "an animation", value_kind_words(v.kind));
    return err_hint(e, jpeg ? "Plots are sharper as .svg, .pdf or .png."
                            : "animate([plot, plot, …]) or animate(pictures) makes one.");
}

/* ---- pages ---- */

/* The richest format that a page can hold. */
static const struct mime *for_page(const struct bundle *b) {
    static const char *const types[] = {"text/html", "image/svg+xml", "image/png", "text/plain"};
    for (size_t k = 0; k < ARRAY_LEN(types); k++)
        for (int i = 0; i < b->n; i++)
            if (strcmp(b->items[i].type, types[k]) == 0) return &b->items[i];
    return NULL;
}

/* What a notebook shows of any value as a page of its own: tables keep their colours, animations
 * play, models unfold. */
static bool save_page(struct value v, const char *path, struct err *e) {
    struct bundle b = {0};
    struct text page = {0};
    if (!display_value(v, NULL, &b, e)) return bundle_clear(&b), false;
    const struct mime *m = for_page(&b);
    text_adds(&page, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                     "<title>awml</title>\n<style>body{font-family:sans-serif;font-size:14px;"
                     "color:#111;background:#fff;margin:1.5em}td,th{padding:.15em "
                     ".6em}</style></head>\n<body>\n");
    bool png = m && strcmp(m->type, "image/png") == 0;
    bool plain = m && strcmp(m->type, "text/plain") == 0;
    if (png) text_adds(&page, "<img alt=\"a picture\" src=\"data:image/png;base64,");
    if (plain) text_adds(&page, "<pre>");
    if (plain) svg_escape(&page, text_str(&m->data));
    else if (m) text_add(&page, text_str(&m->data));
    if (png) text_adds(&page, "\">");
    if (plain) text_adds(&page, "</pre>");
    text_adds(&page, "\n</body></html>\n");
    bundle_clear(&b);
    bool ok = write_bytes(path, &page, e);
    text_clear(&page);
    return ok;
}

bool display_save(struct value v, const char *path, double dpi, struct err *e) {
    struct text bytes = {0};
    struct drawing d = {0};
    struct str p = str_of(path);
    if (str_ends(p, ".html")) return save_page(v, path, e);
    bool apng = str_ends(p, ".apng"), png = apng || str_ends(p, ".png"), pdf = str_ends(p, ".pdf"),
         ok;
    bool jpeg = str_ends(p, ".jpg") || str_ends(p, ".jpeg");
    bool picture = v.kind == V_TENSOR && (tensor_n_pictures(v.tensor) == 1 || in_colors(v.tensor));
    bool gif = str_ends(p, ".gif"), animation = is_animation(v);
    if (animation && (gif || png)) {
        ok = draw_animation(v.figure, gif, dpi, &bytes, e);
    } else if ((png || jpeg) && picture) {
        ok = draw_pixels(v, jpeg, &bytes, e);
    } else if (jpeg || gif || apng || animation) {
        ok = no_such_file(v, jpeg, gif, e);
    } else {
        ok = draw_svg(v, png ? ".png" : pdf ? ".pdf" : ".svg", &d, e);
        if (ok && png) ok = render_png(&d, dpi, &bytes, e);
        if (ok && pdf) ok = render_pdf(text_str(&d.svg), d.w, d.h, &bytes, e);
    }
    ok = ok && write_bytes(path, png || pdf || jpeg || gif ? &bytes : &d.svg, e);
    text_clear(&d.svg);
    text_clear(&bytes);
    return ok;
}
