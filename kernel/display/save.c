/* Plots and pictures as files. */
#include "base/pool.h"
#include "display/display.h"
#include "display/image.h"
#include "display/picture.h"
#include "display/png_write.h"
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

static bool draw_pictures(struct tensor *t, struct text *svg, struct err *e) {
    int w, h;
    struct figure *f = figure_gallery(&t, 1, NULL, 0, NULL, e);
    bool ok = f && figure_svg(f, svg, &w, &h, e);
    figure_unref(f);
    return ok;
}

static bool draw_svg(struct value v, struct text *svg, struct err *e) {
    int w, h;
    if (v.kind == V_PLOT) return plot_svg(v.plot, svg, &w, &h, e);
    if (v.kind == V_FIGURE) return figure_svg(v.figure, svg, &w, &h, e);
    if (v.kind == V_TENSOR && tensor_n_pictures(v.tensor) > 0)
        return draw_pictures(v.tensor, svg, e);
    return err_set(e, ERR_TYPE, "A .svg file holds a plot or pictures, and this is %s.",
                   value_kind_words(v.kind));
}

/* One pixel of the file for each of the tensor. */
static bool draw_png(struct value v, struct text *png, struct err *e) {
    if (v.kind == V_PLOT || v.kind == V_FIGURE) {
        err_set(e, ERR_NOT_YET, "Plots cannot be saved as .png in this release.");
        return err_hint(e, "A .svg file works, and stays sharp at any size.");
    }
    if (v.kind != V_TENSOR || tensor_n_pictures(v.tensor) != 1)
        return err_set(e, ERR_TYPE,
                       "A .png file holds one picture [height, width] or [height, width, channel], "
                       "and this is %s.",
                       value_kind_words(v.kind));
    struct mark m = {.kind = MARK_IMAGE, .z = v.tensor};
    struct image_pixels pixels;
    TRY(image_pixels(&m, INT16_MAX, &pixels, e));
    bool ok = png_write(png, pixels.at, pixels.w, pixels.h, pixels.channels, 1, e);
    pool_free(pixels.at);
    return ok;
}

bool display_save(struct value v, const char *path, struct err *e) {
    struct text bytes = {0};
    bool png = str_ends(str_of(path), ".png");
    bool ok =
        (png ? draw_png(v, &bytes, e) : draw_svg(v, &bytes, e)) && write_bytes(path, &bytes, e);
    text_clear(&bytes);
    return ok;
}
