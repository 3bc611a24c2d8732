/* Fuzz target: whole cells through the checker and, for a short time, the evaluator. Pieces of the
 * programs in lang/programs and of the cells in tests are put together by the bytes of the input,
 * so that most cells can be read; files, the shell and questions are left out. Two cells run in one
 * session; every mistake is a complete message, and the next cell runs. */
#include "random_cells.h"
#include "target.h"
#include "display/error_view.h"
#include "lang/engine.h"
#include "plan.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- time ---- */

/* A loop that goes on says nothing new, and inputs per second are what finds mistakes. */
#define RUN_SECONDS 0.015

static struct engine *session;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double give_up_at; /* 0 = nothing runs */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Of this thread alone: a busy machine is no mistake of the checker. */
static double processor_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Stops cells that take longer than a moment. */
static void *watch(void *unused) {
    for (;;) {
        usleep(2000);
        pthread_mutex_lock(&lock);
        if (give_up_at > 0 && now() > give_up_at) engine_stop(session);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

static void set_end(double at) {
    pthread_mutex_lock(&lock);
    give_up_at = at;
    pthread_mutex_unlock(&lock);
}

enum { MOST_FINDINGS = 10 };

static void run(struct text *code, int number) {
    struct engine_cell cell = {.code = text_str(code), .number = number};
    struct err e;
    double start = processor_time();
    if (getenv("AWML_SHOW_CELLS")) fprintf(stderr, "---- cell %d\n%s", number, code->p);
    bool fine = engine_check(session, &cell, &e);
    if (processor_time() - start > 5) abort(); /* the checker has to end */
    static struct err found[MOST_FINDINGS];
    int n = engine_findings(session, &cell, found, MOST_FINDINGS);
    if (fine != (n == 0) || processor_time() - start > 60) abort();
    for (int i = 0; i < n; i++)
        if (!found[i].what[0] || found[i].kind == ERR_BUG) abort();
    if (fine) {
        set_end(now() + RUN_SECONDS);
        fine = engine_run(session, &cell, NULL, &e);
        set_end(0);
    }
    if (fine) return;
    struct text view = {0};
    error_view_text(&e, false, &view);
    if (!e.what[0] || !view.n || e.kind == ERR_BUG) abort();
    text_clear(&view);
}

/* libFuzzer's bookkeeping of rare features costs five times what the cells cost: there are very
 * many features here. Left out unless the command line asks for it. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    enum { ARGS_MAX = 64 };
    static char *args[ARGS_MAX + 2], option[] = "-entropic=0";
    if (*argc < 1 || *argc > ARGS_MAX) return 0;
    args[0] = (*argv)[0];
    args[1] = option;
    for (int i = 1; i < *argc; i++) args[i + 1] = (*argv)[i];
    *argv = args;
    ++*argc;
    compute_set_threads(1); /* two would mostly wait for each other */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    static bool watched;
    pthread_t thread;
    struct err e = {0};
    struct cell_bytes r = {bytes, bytes + (n < 200 ? n : 200)};
    session = engine_new(&e);
    if (!session) return 0;
    if (!watched) watched = pthread_create(&thread, NULL, watch, NULL) == 0;
    for (int i = 1; i <= 3; i++) {
        struct text code = {0};
        if (i == 1)
            text_adds(&code, "x, y, n = rand(4, 3), rand(4, 3), 3\nxs, s = [1, 2], \"a\"\n");
        for (unsigned k = 1 + next_byte(&r) % 5; k > 0; k--) add_random_line(&r, &code);
        run(&code, i);
        text_clear(&code);
    }
    engine_free(session);
    return 0;
}
