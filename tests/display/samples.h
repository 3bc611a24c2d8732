/* Plots and figures for the display tests: one of each kind, with fixed numbers. */
#pragma once
#include "lang/values/plot.h"

struct sample {
    const char *name;
    struct plot *plot; /* or */
    struct figure *figure;
};

/* Number i of the samples, freed by sample_clear; false after the last one. */
bool sample_make(int i, struct sample *s);
void sample_clear(struct sample *s);

/* Numbers f(i) for i = 0 … n − 1 as a float64 vector. */
struct tensor *sample_vector(int64_t n, double (*f)(double i));
/* Noise in [0, 1), the same on every machine. */
double sample_noise(double i);
