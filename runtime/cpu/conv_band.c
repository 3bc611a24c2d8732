/* Parts and bands (conv_band.h). */
#include "conv_band.h"

enum { BAND_BYTES = 192 * 1024, TOGETHER_BYTES = 256 * 1024, ENOUGH_POSITIONS = 256, MAX_KC = 512 };

static int64_t floor_div(int64_t a, int64_t b) {
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

bool conv_is_depthwise(const struct conv_call *v) {
    return v->groups > 1 && v->groups == v->c && v->o == v->c;
}

bool conv_joins_columns(const struct conv_call *v) {
    return v->groups == 1 && v->dilation[1] == 1 && v->kw * v->c <= MAX_KC;
}

/* ---- parts ---- */

/* Rows of results made from one band. */
static int64_t band_rows(const struct conv_call *v, int64_t rows, size_t bytes) {
    size_t row = (size_t)(v->band_cols * v->band_n) * bytes;
    int64_t fit = row ? (int64_t)(BAND_BYTES / row) : rows;
    int64_t span = v->band_span, step = v->band_step;
    int64_t n = fit > span ? (fit - span) / step + 1 : 1;
    return n < rows ? n : rows;
}

struct conv_part conv_part_at(const struct call *c, int64_t each, int64_t begin, int64_t end) {
    const struct conv_call *v = &c->conv;
    struct conv_part t = {.image = begin / each, .images = 1, .row = begin % each};
    int64_t n = end - begin, whole = n / each;
    if (t.row == 0 && v->together > 1 && whole > 1) {
        int64_t parts = (whole + v->together - 1) / v->together;
        t.images = (whole + parts - 1) / parts;
        t.rows = each;
        return t;
    }
    t.rows = band_rows(v, n < each - t.row ? n : each - t.row, c->bytes);
    return t;
}

/* ---- bands ---- */

/* Images of (height, width, n) elements. */
struct images {
    const char *first;
    int64_t height, width, n;
    size_t bytes; /* of an element */
};

/* The band of one image, into `room`, with zeros around. */
static void copy_band(const struct conv_band *b, const struct images *of, const char *image,
                      char *room) {
    int64_t height = of->height, width = of->width;
    size_t pixel = (size_t)of->n * of->bytes;
    int64_t from = b->left < 0 ? -b->left : 0;
    int64_t to = b->left + b->cols > width ? width - b->left : b->cols;
    for (int64_t i = 0; i < b->rows; i++, room += (size_t)b->cols * pixel) {
        int64_t y = b->top + i;
        if (y < 0 || y >= height || from >= to) {
            memset(room, 0, (size_t)b->cols * pixel);
            continue;
        }
        memset(room, 0, (size_t)from * pixel);
        memcpy(room + (size_t)from * pixel, image + (size_t)(y * width + b->left + from) * pixel,
               (size_t)(to - from) * pixel);
        memset(room + (size_t)to * pixel, 0, (size_t)(b->cols - to) * pixel);
    }
}

/* Band [top, top + rows) x [left, left + cols) of each image of the part: where it lies, or copied
 * into `room`. */
static void read_band(struct conv_band *b, const struct images *of, const struct conv_part *t,
                      char *room) {
    size_t pixel = (size_t)of->n * of->bytes, image = (size_t)(of->height * of->width) * pixel;
    const char *first = of->first + (size_t)t->image * image;
    if (b->top >= 0 && b->left >= 0 && b->top + b->rows <= of->height &&
        b->left + b->cols <= of->width) {
        b->row = of->width * of->n;
        b->image = of->height * b->row;
        b->at = first + (size_t)(b->top * of->width + b->left) * pixel;
        return;
    }
    b->row = b->cols * of->n;
    b->image = b->rows * b->row;
    b->at = room;
    for (int64_t i = 0; i < t->images; i++)
        copy_band(b, of, first + (size_t)i * image, room + (size_t)(i * b->image) * of->bytes);
}

struct conv_segment *conv_segments(const struct call_env *env) {
    return env->scratch;
}

struct conv_tap *conv_taps(const struct call *c, const struct call_env *env) {
    return (struct conv_tap *)(void *)((char *)env->scratch + c->conv.taps);
}

static char *room_of(const struct call *c, const struct call_env *env) {
    return (char *)env->scratch + c->conv.room;
}

void *conv_room(const struct call *c, const struct call_env *env) {
    return c->conv.pack ? (char *)env->scratch + c->conv.pack : NULL;
}

struct conv_band conv_forward_band(const struct call *c, const void *x, const struct conv_part *t,
                                   const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct images of = {x, v->h, v->w, v->c, c->bytes};
    struct conv_band b = {.top = t->row * v->stride[0] - v->before[0],
                          .left = -v->before[1],
                          .rows = (t->rows - 1) * v->stride[0] + (v->kh - 1) * v->dilation[0] + 1,
                          .cols = v->band_cols};
    read_band(&b, &of, t, room_of(c, env));
    return b;
}

struct conv_band conv_backward_band(const struct call *c, const void *up, const struct conv_part *t,
                                    const struct call_env *env) {
    const struct conv_call *v = &c->conv;
    struct images of = {up, v->oh, v->ow, v->o, c->bytes};
    int64_t reach = (v->kh - 1) * v->dilation[0], reach_x = (v->kw - 1) * v->dilation[1];
    struct conv_band b = {.top = floor_div(t->row + v->before[0] - reach, v->stride[0]),
                          .left = floor_div(v->before[1] - reach_x, v->stride[1]),
                          .cols = v->band_cols};
    b.rows = floor_div(t->row + t->rows - 1 + v->before[0], v->stride[0]) + 1 - b.top;
    read_band(&b, &of, t, room_of(c, env));
    return b;
}

/* ---- sizes ---- */

/* Whole images whose bands, `band` bytes each, are computed together. */
static int64_t images_together(const struct conv_call *v, int64_t positions, size_t band) {
    if (conv_is_depthwise(v) || positions == 0 || band == 0) return 1;
    int64_t fit = (int64_t)(TOGETHER_BYTES / band);
    int64_t enough = (ENOUGH_POSITIONS + positions - 1) / positions;
    int64_t n = fit < enough ? fit : enough;
    if (n > v->n) n = v->n;
    return n > 1 ? n : 1;
}

void conv_band_set(struct call *c, bool backward) {
    struct conv_call *v = &c->conv;
    int64_t reach = (v->kh - 1) * v->dilation[0], reach_x = (v->kw - 1) * v->dilation[1];
    v->band_n = backward ? v->o : v->c;
    if (backward) {
        int64_t left = floor_div(v->before[1] - reach_x, v->stride[1]);
        v->band_cols = floor_div(v->w - 1 + v->before[1], v->stride[1]) + 1 - left;
        v->band_span = reach / v->stride[0] + 2;
        v->band_step = 1;
    } else {
        v->band_cols = (v->ow - 1) * v->stride[1] + reach_x + 1;
        v->band_span = reach + 1;
        v->band_step = v->stride[0];
    }
    int64_t all = backward ? v->h : v->oh, rows = all > 0 ? band_rows(v, all, c->bytes) : 0;
    int64_t high = v->band_span + v->band_step * (rows > 0 ? rows - 1 : 0);
    size_t band = (size_t)(high * v->band_cols * v->band_n) * c->bytes;
    v->together = rows < all ? 1 : images_together(v, all * (backward ? v->w : v->ow), band);
    int64_t segments = v->kh * v->kw;
    if (segments < v->together * v->oh) segments = v->together * v->oh;
    size_t align = 63, apart = (size_t)(backward ? v->c : v->o) * c->bytes;
    v->taps = ((size_t)segments * sizeof(struct conv_segment) + align) & ~align;
    v->room = (v->taps + (size_t)(v->kh + v->kw) * sizeof(struct conv_tap) + align) & ~align;
    c->scratch_bytes = v->room + (size_t)v->together * band;
    if (apart < 256) return;
    v->pack = (c->scratch_bytes + align) & ~align;
    c->scratch_bytes = v->pack + CONV_ROOM;
}
