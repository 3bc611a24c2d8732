/* SVG to pixels and PDF. */
#include "display/render.h"
#include "display/render_api.h"
#include "base/pool.h"
#include <math.h>

static bool no_library(struct err *e) {
    err_set(e, ERR_FILE, "Pixels and PDF need librsvg, which is not installed here.");
    return err_hint(e, "A .svg file works everywhere and stays sharp at any size. On Debian and "
                       "Ubuntu, `apt install librsvg2-2` adds the library.");
}

/* Without fonts every letter would be an empty box. */
static bool no_fonts(struct err *e) {
    err_set(e, ERR_FILE,
            "There are no fonts on this machine, so the texts of the picture could not be "
            "read.");
    return err_hint(e,
                    "On Debian and Ubuntu, `apt install fonts-dejavu-core` adds some. A .svg file "
                    "works: it is written in the fonts of whoever reads it.");
}

/* Draw the document over the whole surface. */
static bool draw(const struct render_api *api, cairo_surface_t *surface, struct str svg, double w,
                 double h, struct err *e) {
    GError *problem = NULL;
    RsvgHandle *handle =
        api->rsvg_handle_new_from_data((const unsigned char *)svg.p, svg.n, &problem);
    bool ok = handle != NULL;
    cairo_t *cr = api->cairo_create(surface);
    if (ok) {
        api->rsvg_handle_set_dpi(handle, 96);
        api->cairo_set_source_rgb(cr, 1, 1, 1);
        api->cairo_paint(cr);
        RsvgRectangle page = {0, 0, w, h};
        ok = api->rsvg_handle_render_document(handle, cr, &page, &problem);
    }
    ok = ok && api->cairo_status(cr) == CAIRO_STATUS_SUCCESS;
    api->cairo_destroy(cr);
    if (handle) api->g_object_unref(handle);
    if (!ok)
        err_set(e, ERR_BUG, "librsvg could not draw this: %s", problem ? problem->message : "?");
    if (problem) api->g_error_free(problem);
    return ok;
}

/* Cairo's 32-bit pixels (blue, green, red, unused on our machines) as three bytes each. */
static uint8_t *rgb_of(const struct render_api *api, cairo_surface_t *surface, int w, int h,
                       struct err *e) {
    uint8_t *out = pool_need((size_t)w * (size_t)h * 3, e);
    api->cairo_surface_flush(surface);
    const unsigned char *rows = api->cairo_image_surface_get_data(surface);
    size_t stride = (size_t)api->cairo_image_surface_get_stride(surface);
    for (int y = 0; out && y < h; y++) {
        const unsigned char *from = rows + (size_t)y * stride;
        uint8_t *to = out + (size_t)y * (size_t)w * 3;
        for (int x = 0; x < w; x++, from += 4, to += 3) {
            to[0] = from[2];
            to[1] = from[1];
            to[2] = from[0];
        }
    }
    return out;
}

bool render_pixels(struct str svg, int width, int height, double scale, uint8_t **pixels, int *w,
                   int *h, struct err *e) {
    double wide = round(width * scale), high = round(height * scale);
    *pixels = NULL;
    if (!(wide <= RENDER_MOST_PX && high <= RENDER_MOST_PX))
        return err_set(e, ERR_VALUE,
                       "This would be a picture of %.0f × %.0f pixels; the most is %d.", wide, high,
                       RENDER_MOST_PX);
    const struct render_api *api = render_api_load();
    if (!api) return no_library(e);
    if (!render_has_fonts()) return no_fonts(e);
    *w = wide < 1 ? 1 : (int)wide;
    *h = high < 1 ? 1 : (int)high;
    cairo_surface_t *s = api->cairo_image_surface_create(CAIRO_FORMAT_RGB24, *w, *h);
    bool ok = api->cairo_surface_status(s) == CAIRO_STATUS_SUCCESS ||
              err_memory(e, (size_t)*w * (size_t)*h * 4);
    ok = ok && draw(api, s, svg, *w, *h, e);
    if (ok) *pixels = rgb_of(api, s, *w, *h, e);
    api->cairo_surface_destroy(s);
    return *pixels != NULL;
}

static cairo_status_t append(void *user, const unsigned char *bytes, unsigned n) {
    return text_add(user, (struct str){(const char *)bytes, n}) ? CAIRO_STATUS_SUCCESS
                                                                : CAIRO_STATUS_NO_MEMORY;
}

bool render_pdf(struct str svg, int width, int height, struct text *out, struct err *e) {
    const struct render_api *api = render_api_load();
    if (!api) return no_library(e);
    if (!render_has_fonts()) return no_fonts(e);
    double points = 72.0 / RENDER_UNITS_PER_INCH;
    cairo_surface_t *s =
        api->cairo_pdf_surface_create_for_stream(append, out, width * points, height * points);
    api->cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "awml-c");
    bool ok = draw(api, s, svg, width * points, height * points, e);
    api->cairo_surface_finish(s);
    ok = ok && (api->cairo_surface_status(s) == CAIRO_STATUS_SUCCESS || err_memory(e, out->n));
    api->cairo_surface_destroy(s);
    return ok;
}
