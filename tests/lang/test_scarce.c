/* When memory runs out in the middle of a cell, the cell fails with an error, nothing is left
 * behind, and the session goes on. */
#include "session.h"
#include "some_cells.h"
#include "../harness.h"
#include "base/pool.h"

/* Everything before cell k, so that its names exist. */
static bool prepare(struct session *s, size_t k) {
    if (!session_begin(s)) return false;
    s->full = true;
    for (size_t i = 0; i < k && i < 10; i++) session_run(s, str_of(some_cells[i]), NULL, NULL, 0);
    return true;
}

/* Cell k with its n-th allocation failing, then a cell that must work. */
static void run_scarce(size_t k, int64_t n) {
    struct session s;
    CHECK(prepare(&s, k));
    pool_fail_after(n);
    bool ok = session_run(&s, str_of(some_cells[k]), NULL, NULL, 0);
    pool_fail_after(0);
    if (!ok) CHECK(s.e.kind != ERR_NONE && s.e.what[0] != 0);
    if (!session_run(&s, STR("after = 1 + 1\nafter"), NULL, NULL, 0)) {
        fprintf(stderr, "cell %zu, allocation %lld: %s\n", k, (long long)n, s.e.what);
        CHECK(false);
    } else {
        CHECK_STR(s.shown.p ? s.shown.p : "", "2\n");
    }
    session_end(&s);
}

static void failing_allocations(void) {
    /* what is made once in a process is made here */
    for (size_t k = 0; k < N_SOME_CELLS; k++) run_scarce(k, INT32_MAX);
    size_t before = pool_live_blocks();
    for (size_t k = 0; k < N_SOME_CELLS; k++) {
        for (int64_t n = 1; n < 20000; n += 1 + n / 6) run_scarce(k, n);
        if (pool_live_blocks() > before + 10) {
            fprintf(stderr, "cell %zu leaves %zu blocks\n", k, pool_live_blocks() - before);
            CHECK(false);
            before = pool_live_blocks();
        }
    }
}

TEST_MAIN(failing_allocations)
