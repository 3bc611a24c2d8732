/* The legend: what each colour means, in the place where it hides least. */
#pragma once
#include "display/chart.h"

enum { LEGEND_MAX = 24 };

struct legend {
    const char *title;
    int n;
    struct legend_entry {
        const struct mark *mark;
        const char *color;
        int round;   /* of the cycle of colours, for lines */
        char marker; /* of a class, or 0 */
        char label[64];
    } entries[LEGEND_MAX];
    int n_left_out;
    double w, h; /* px, with margins */
};

/* Collect the entries; n = 0 when there is nothing to say. */
void legend_make(struct legend *l, const struct plot *p);
/* Where in the panel it hides least, and how many drawn-on cells it hides there. */
struct rect legend_place(const struct legend *l, const struct chart *c, int *n_hidden);
void legend_draw(const struct legend *l, struct text *out, struct rect at);
