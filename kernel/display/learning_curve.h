/* The curve beside a training's rows: losses by epoch, and before there are two epochs the running
 * loss inside them. */
#pragma once
#include "base/str.h"
#include "data/table.h"

enum { COURSE_MOST = 200 };

/* The running loss inside the first epochs; every second point goes when there is no more room. */
struct course {
    int n, stride, skipped;
    double epoch[COURSE_MOST], loss[COURSE_MOST]; /* 0.5 = half of the first epoch is done */
};

void course_note(struct course *c, double epoch, double loss);

/* Appends a picture, or nothing as long as there is nothing to draw. `live`: drawn into the page,
 * so that it does not flicker when it is replaced ten times a second; else an <img>, which front
 * ends show even in notebooks that they do not trust. */
bool learning_curve(const struct table *history, const struct course *course, const char *x_label,
                    bool live, struct text *html, struct err *e);
