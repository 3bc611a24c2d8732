/* A thousand cells in one session leave nothing behind: blocks, bytes and resident memory stay
 * flat once everything has been seen a few times. */
#include "session.h"
#include "lang/eval/train/tracking.h"
#include "some_cells.h"
#include "../harness.h"
#include "base/pool.h"
#include <unistd.h>

static size_t resident_bytes(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f) return 0;
    if (fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void rounds(struct session *s, int n) {
    for (int i = 0; i < n; i++) {
        for (size_t k = 0; k < N_SOME_CELLS; k++) {
            char id[8];
            snprintf(id, sizeof id, "c%zu", k);
            session_run(s, str_of(some_cells[k]), id, NULL, 0);
        }
    }
}

/* Numbers after a first part of the cells and after all of them. */
static void a_thousand_cells(void) {
    struct session s;
    CHECK(session_begin(&s));
    s.full = true;
    rounds(&s, 20);
    tracking_clear(engine_tracking(s.engine)); /* what runs_so_far() keeps is meant to grow */
    size_t blocks = pool_live_blocks(), bytes = pool_live_bytes(), resident = resident_bytes();
    rounds(&s, 50);
    tracking_clear(engine_tracking(s.engine));
    CHECK_EQ(s.number > 1000, 1);
    CHECK_EQ(pool_live_blocks(), blocks);
    printf("%zu bytes in %zu blocks, %zu KB resident; before: %zu, %zu, %zu\n", pool_live_bytes(),
           pool_live_blocks(), resident_bytes() / 1024, bytes, blocks, resident / 1024);
    CHECK(pool_live_bytes() < bytes + bytes / 50);
#if !defined(__SANITIZE_ADDRESS__)
    CHECK(resident_bytes() < resident + (2u << 20));
#endif
    session_end(&s);
}

/* Sessions one after the other give everything back but the tables that are made once. */
static void sessions_end(void) {
    size_t before = 0;
    for (int i = 0; i < 5; i++) {
        struct session s;
        CHECK(session_begin(&s));
        rounds(&s, 1);
        session_end(&s);
        if (i == 1) before = pool_live_blocks();
    }
    CHECK_EQ(pool_live_blocks(), before);
}

/* The cells that should work do, and the others fail. */
static void they_do_what_they_should(void) {
    struct session s;
    CHECK(session_begin(&s));
    int failed = 0;
    for (size_t k = 0; k < N_SOME_CELLS; k++) {
        struct text line = {0};
        bool ok = session_run(&s, str_of(some_cells[k]), NULL, NULL, 0);
        if (!ok) session_error(&s, &line);
        if (!ok) printf("cell %zu: %s\n", k, line.p);
        text_clear(&line);
        failed += !ok;
    }
    CHECK_EQ(failed, 7);
    session_end(&s);
}

TEST_MAIN(a_thousand_cells, sessions_end, they_do_what_they_should)
