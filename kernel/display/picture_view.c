/* Plots, figures and tensors that are pictures, as bundles. */
#include "base/pool.h"
#include "display/frames.h"
#include "display/image.h"
#include "display/model_graph.h"
#include "display/picture.h"
#include "display/png_write.h"
#include "display/views.h"
#include <stdio.h>

static bool add_svg(struct bundle *b, struct text *svg, int w, int h, struct err *e) {
    struct text *out = bundle_add(b, "image/svg+xml");
    if (!out) {
        text_clear(svg);
        return err_memory(e, sizeof *b);
    }
    *out = *svg;
    b->items[b->n - 1].width = w;
    b->items[b->n - 1].height = h;
    return true;
}

bool plot_bundle(const struct plot *p, const char *title, struct bundle *b, struct err *e) {
    struct plot titled = *p; /* a look with another title; owns nothing */
    if (title) titled.title = title;
    struct text svg = {0};
    int w, h;
    if (!plot_svg(&titled, &svg, &w, &h, e)) {
        text_clear(&svg);
        return false;
    }
    TRY(add_svg(b, &svg, w, h, e));
    struct text *alt = &b->items[b->n - 1].alt;
    if (titled.title) text_addf(alt, "%s: ", titled.title);
    plot_describe_fully(&titled, alt);
    struct text *plain = bundle_add(b, "text/plain");
    if (plain) plot_describe(&titled, plain);
    return plain != NULL || err_memory(e, sizeof *b);
}

/* Played; as pictures side by side where the libraries for pixels are missing. */
static bool animation_bundle(const struct figure *f, struct bundle *b, struct err *e) {
    struct text html = {0};
    if (!player_html(f, &html, e)) return text_clear(&html), false;
    struct text *to = bundle_add(b, "text/html");
    if (to) *to = html;
    else text_clear(&html);
    struct text *plain = to ? bundle_add(b, "text/plain") : NULL;
    if (plain) figure_describe(f, plain);
    return plain != NULL || err_memory(e, sizeof *b);
}

static bool graph_bundle(const struct figure *f, struct bundle *b, struct err *e) {
    struct text html = {0};
    if (!model_graph_html(f->model, f->unfold, &html, e)) return text_clear(&html), false;
    struct text *to = bundle_add(b, "text/html");
    if (to) *to = html;
    else text_clear(&html);
    struct text *plain = to ? bundle_add(b, "text/plain") : NULL;
    if (plain) model_graph_describe(f->model, f->unfold, plain);
    return plain != NULL || err_memory(e, sizeof *b);
}

bool figure_bundle(const struct figure *f, const char *title, struct bundle *b, struct err *e) {
    struct figure titled = *f;
    if (title) titled.title = title;
    if (f->model) return graph_bundle(f, b, e);
    if (f->animation) {
        struct err missing = {0};
        if (animation_bundle(&titled, b, &missing)) return true;
        if (missing.kind != ERR_FILE) return *e = missing, false;
        titled.columns = 4;
    }
    struct text svg = {0};
    int w, h;
    if (!figure_svg(&titled, &svg, &w, &h, e)) {
        text_clear(&svg);
        return false;
    }
    TRY(add_svg(b, &svg, w, h, e));
    figure_describe_fully(&titled, &b->items[b->n - 1].alt);
    struct text *plain = bundle_add(b, "text/plain");
    if (plain) figure_describe(&titled, plain);
    return plain != NULL || err_memory(e, sizeof *b);
}

enum { SMALL_PICTURE = 224, LARGE_PICTURE = 2048, WIDEST_SHOWN = 800 };

/* One picture without a title: its pixels, small ones enlarged so that they can be seen. */
static bool png_bundle(struct tensor *t, struct bundle *b, struct err *e) {
    struct mark m = {.kind = MARK_IMAGE, .z = t};
    struct image_pixels pixels;
    TRY(image_pixels(&m, LARGE_PICTURE, &pixels, e));
    int longer = pixels.w > pixels.h ? pixels.w : pixels.h, zoom = 1;
    while (longer * (zoom + 1) <= SMALL_PICTURE) zoom++;
    struct text *out = bundle_add(b, "image/png");
    bool ok = out && png_write_base64(out, pixels.at, pixels.w, pixels.h, pixels.channels, zoom, e);
    pool_free(pixels.at);
    TRY(ok);
    struct mime *item = &b->items[b->n - 1];
    item->width = pixels.w * zoom < WIDEST_SHOWN ? pixels.w * zoom : WIDEST_SHOWN;
    item->height = (int)((int64_t)pixels.h * item->width / pixels.w);
    struct text *plain = bundle_add(b, "text/plain");
    if (!plain) return err_memory(e, sizeof *b);
    text_addf(plain, "a picture of %lld × %lld pixels", (long long)t->shape.size[0],
              (long long)t->shape.size[1]);
    return true;
}

bool image_bundle(struct tensor *t, const char *title, struct bundle *b, struct err *e) {
    bool batch = tensor_n_pictures(t) != 1 || t->shape.n == 4 ||
                 (t->shape.n == 3 && t->shape.size[2] != 1 && t->shape.size[2] != 3 &&
                  t->shape.size[2] != 4);
    if (!batch && !title) return png_bundle(t, b, e);
    struct figure *f = figure_gallery(&t, 1, NULL, 0, title, e);
    if (!f) return false;
    bool ok = figure_bundle(f, title, b, e);
    figure_unref(f);
    return ok;
}
