/* How long pictures take and how large they are: the usual sizes, and 10,000 and 100,000 points.
 * Prints the smallest of 15 runs each. */
#include "display/picture.h"
#include "samples.h"
#include <math.h>
#include <stdio.h>
#include <time.h>

enum { RUNS = 15 };

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void measure(const char *what, const struct sample *s) {
    double best = INFINITY;
    size_t bytes = 0;
    for (int i = 0; i < RUNS; i++) {
        struct text svg = {0};
        struct err e = {0};
        int w, h;
        double begin = now_ms();
        if (s->plot) plot_svg(s->plot, &svg, &w, &h, &e);
        else figure_svg(s->figure, &svg, &w, &h, &e);
        best = fmin(best, now_ms() - begin);
        bytes = svg.n;
        text_clear(&svg);
    }
    printf("%-36s %8.2f ms %9zu bytes\n", what, best, bytes);
}

static double position(double i) {
    return i;
}
static double smooth(double i) {
    return sin(i / 3000);
}
static double other_noise(double i) {
    return sample_noise(i + 1e6);
}

static void points(const char *what, enum mark_kind kind, int64_t n, double (*x)(double),
                   double (*y)(double), double (*color)(double)) {
    struct err e = {0};
    struct sample s = {.plot = plot_new(&e)};
    struct mark m = {
        .kind = kind, .x = sample_vector(n, x), .y = sample_vector(n, y), .opacity = 1};
    if (color) m.color_by = sample_vector(n, color);
    plot_add(s.plot, &m, &e);
    measure(what, &s);
    sample_clear(&s);
}

int main(void) {
    struct sample s;
    for (int i = 0; sample_make(i, &s); i++) {
        measure(s.name, &s);
        sample_clear(&s);
    }
    points("line, 10,000 smooth", MARK_LINE, 10000, position, smooth, NULL);
    points("line, 10,000 noisy", MARK_LINE, 10000, position, sample_noise, NULL);
    points("line, 10,000 in any order", MARK_LINE, 10000, other_noise, sample_noise, NULL);
    points("line, 100,000 smooth", MARK_LINE, 100000, position, smooth, NULL);
    points("line, 100,000 noisy", MARK_LINE, 100000, position, sample_noise, NULL);
    points("line, 100,000 in any order", MARK_LINE, 100000, other_noise, sample_noise, NULL);
    points("scatter, 10,000", MARK_SCATTER, 10000, other_noise, sample_noise, NULL);
    points("scatter, 10,000 coloured by value", MARK_SCATTER, 10000, other_noise, sample_noise,
           smooth);
    points("scatter, 100,000", MARK_SCATTER, 100000, other_noise, sample_noise, NULL);
    points("scatter, 100,000 coloured by value", MARK_SCATTER, 100000, other_noise, sample_noise,
           smooth);
    points("histogram, 1,000,000", MARK_HIST, 1000000, sample_noise, sample_noise, NULL);
    return 0;
}
