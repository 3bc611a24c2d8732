/* The few functions of librsvg and Cairo that turn our SVG into pixels and PDF, found when they are
 * first used: the kernel starts without reading them from disk, and runs where they are missing. */
#pragma once
#include <cairo-pdf.h>
#include <librsvg/rsvg.h>
#include <stdbool.h>

#define RSVG_FUNCTIONS(F)                                                                          \
    F(rsvg_handle_new_from_data)                                                                   \
    F(rsvg_handle_render_document)                                                                 \
    F(rsvg_handle_set_dpi)

#define CAIRO_FUNCTIONS(F)                                                                         \
    F(cairo_image_surface_create)                                                                  \
    F(cairo_image_surface_get_data)                                                                \
    F(cairo_image_surface_get_stride)                                                              \
    F(cairo_pdf_surface_create_for_stream)                                                         \
    F(cairo_pdf_surface_set_metadata)                                                              \
    F(cairo_create)                                                                                \
    F(cairo_set_source_rgb)                                                                        \
    F(cairo_paint)                                                                                 \
    F(cairo_surface_flush)                                                                         \
    F(cairo_surface_finish)                                                                        \
    F(cairo_surface_status)                                                                        \
    F(cairo_status)                                                                                \
    F(cairo_surface_destroy)                                                                       \
    F(cairo_destroy)

#define GLIB_FUNCTIONS(F)                                                                          \
    F(g_object_unref)                                                                              \
    F(g_error_free)

struct render_api {
#define F(name) __typeof__(&name) name;
    RSVG_FUNCTIONS(F)
    CAIRO_FUNCTIONS(F)
    GLIB_FUNCTIONS(F)
#undef F
};

/* Are there fonts to write with? True when nobody can tell. */
bool render_has_fonts(void);
/* NULL when a library is not there. The libraries stay loaded. Not for several threads at once. */
const struct render_api *render_api_load(void);
