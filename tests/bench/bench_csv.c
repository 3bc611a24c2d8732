/* Reads a CSV file over and over and prints the seconds of each reading, one a line. For
 * bench_csv.py. */
#include "data/read.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    long times = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    struct err e = {0};
    for (long i = 0; argc > 1 && i < times; i++) {
        double start = now();
        struct table *t = read_csv(argv[1], &e);
        if (!t) {
            fprintf(stderr, "%s: %s\n", err_title(e.kind), e.what);
            return 1;
        }
        printf("%.6f\n", now() - start);
        table_unref(t);
    }
    return argc < 2;
}
