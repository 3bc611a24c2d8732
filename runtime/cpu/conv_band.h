/* What convolutions compute at once and what they read for it: parts of the work, bands of images
 * with zeros around where the window reaches over the edge, and where these lie in a call's
 * scratch. Private to the convolutions of cpu/. */
#pragma once
#include "call.h"

/* Rows [row, row + rows) of one image, or all rows of some images: images of few positions are
 * computed together, for each part reads the whole kernel. */
struct conv_part {
    int64_t image, images, row, rows;
};

/* Some rows and columns of an image, perhaps beyond its edges, as they are read; or of several
 * images. */
struct conv_band {
    const char *at;    /* element (top, left) */
    int64_t top, left; /* where it begins in the image */
    int64_t rows, cols;
    int64_t row, image; /* elements from one row, one image to the next */
};

/* Along one axis: position i + before = stride * t + kind reads elements t + offset of the incoming
 * derivative, one for each element k of the kernel that meets it. */
struct conv_tap {
    int64_t k, offset;
};

bool conv_is_depthwise(const struct conv_call *v);
/* May the kernel's columns and channels be run through as one? */
bool conv_joins_columns(const struct conv_call *v);

/* Sets band_*, together and the places in scratch; scratch_bytes. `backward`: a part is one of the
 * input's derivative and reads the result's, else it is one of the result and reads the input. */
void conv_band_set(struct call *c, bool backward);

/* The first part of rows [begin, end) of all images, `each` to an image. The numbers do not depend
 * on how rows are divided. */
struct conv_part conv_part_at(const struct call *c, int64_t each, int64_t begin, int64_t end);
/* The band that a part reads, where it lies or copied into scratch: of x (n, h, w, c), or of the
 * derivative `up` (n, oh, ow, o). */
struct conv_band conv_forward_band(const struct call *c, const void *x, const struct conv_part *t,
                                   const struct call_env *env);
struct conv_band conv_backward_band(const struct call *c, const void *up, const struct conv_part *t,
                                    const struct call_env *env);

struct conv_segment *conv_segments(const struct call_env *env);
struct conv_tap *conv_taps(const struct call *c, const struct call_env *env); /* kh + kw of them */
void *conv_room(const struct call *c, const struct call_env *env); /* of conv_product, or NULL */
