/* The frames of an animation as pixels, one after the other, all of one size and with the same
 * axes. The writers of files need only what has changed from one frame to the next. */
#pragma once
#include "display/panels.h"
#include <stdint.h>

struct frames {
    const struct figure *figure;
    int n, w, h;          /* px */
    double scale;         /* pixels for a unit of a drawing */
    double width, height; /* units of the drawing */
    struct chart_fit fit; /* limits and margins that all frames keep */
    int zoom;             /* of bare pictures; 0 = frames are drawn */
    double title_room;    /* px above for the animation's title, in units */
};

/* A part of the picture in whole pixels. */
struct patch {
    int x, y, w, h;
};

/* `scale`: pixels per unit (100 units are an inch) of drawn frames. False with a sentence. */
bool frames_open(struct frames *f, const struct figure *figure, double scale, struct err *e);
/* Frame i as w x h pixels of red, green, blue; the caller frees them with pool_free. NULL on
 * failure. */
uint8_t *frames_read(const struct frames *f, int i, struct err *e);
/* The smallest rectangle outside of which two frames agree; at least one pixel. */
struct patch frames_change(const struct frames *f, const uint8_t *before, const uint8_t *now);
/* The patch cut out, row by row; from the pool. NULL when memory is out. */
uint8_t *frames_cut(const struct frames *f, const uint8_t *pixels, struct patch p, struct err *e);

/* Append an animated PNG (Animated PNG specification 1.0, part of PNG since 2022), which every
 * browser plays, or a GIF. */
bool apng_write(const struct frames *f, struct text *out, struct err *e);
bool gif_write(const struct frames *f, struct text *out, struct err *e);
/* A piece of HTML that plays the frames and can be stopped and stepped through. Without scripts it
 * still plays. */
bool player_html(const struct figure *figure, struct text *html, struct err *e);
