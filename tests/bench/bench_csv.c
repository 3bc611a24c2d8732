/* Reads a CSV file over and over and prints the seconds of each reading and the processor's seconds
 * (of all threads together), one reading a line. For bench_csv.py. */
#include "data/read.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    long times = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    struct err e = {0};
    for (long i = 0; argc > 1 && i < times; i++) {
        double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
        struct table *t = read_csv(argv[1], false, &e);
        if (!t) {
            fprintf(stderr, "%s: %s\n", err_title(e.kind), e.what);
            return 1;
        }
        printf("%.6f %.6f\n", now(CLOCK_MONOTONIC) - start, now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
        table_unref(t);
    }
    return argc < 2;
}
