/* Versions of names: room for old values, and what a rerun is told when its value had to go. */
#include "../harness.h"
#include "lang/engine_parts.h"
#include "base/intern.h"
#include "session.h"

static const char *shown(struct session *s) {
    return s->shown.p ? s->shown.p : "";
}

static void test_room(void) {
    struct session s;
    CHECK(session_begin(&s));
    names_set_room(s.engine->names, 1000);
    CHECK(session_run(&s, STR("x = randn(1000)"), "a", NULL, 0));
    CHECK(session_run(&s, STR("x = x * 2\nprint(len(x))"), "b", NULL, 0));
    CHECK_STR(shown(&s), "1000\n");
    CHECK(!session_run(&s, STR("x = x * 2"), "b", NULL, 0)); /* what a gave is gone */
    CHECK(strstr(s.e.what, "no longer kept") && strstr(s.e.hint, "Run cell [1] again"));
    CHECK(session_run(&s, STR("x = randn(1000)"), "a", NULL, 0));
    CHECK(session_run(&s, STR("x = x * 2\nprint(len(x))"), "b", NULL, 0));
    CHECK(strstr(shown(&s), "1000\n") != NULL);
    CHECK(session_run(&s, STR("%again\nx = x * 2"), "b", NULL, 0));
    session_end(&s);
}

/* Values that are small, or that somebody else holds too, stay. */
static void test_shared_values_cost_nothing(void) {
    struct session s;
    CHECK(session_begin(&s));
    names_set_room(s.engine->names, 1000);
    CHECK(session_run(&s, STR("big = randn(1000)\nx = big\nn = 1"), "a", NULL, 0));
    CHECK(session_run(&s, STR("x = x[:10]\nn = n + 1"), "b", NULL, 0));
    CHECK(session_run(&s, STR("x = x[:10]\nn = n + 1\nprint(len(x), n)"), "b", NULL, 0));
    CHECK(strstr(shown(&s), "10 2\n") != NULL);
    session_end(&s);
}

static void count_read(void *user, const struct name_read *r) {
    int *n = user;
    *n += r->mark != 0;
}

static void test_reads(void) {
    struct err e = {0};
    struct names *s = names_new(&e);
    const char *x = intern_c("x"), *a = intern_c("a"), *b = intern_c("b");
    int n = 0;
    names_begin(s, a, false);
    CHECK(names_set(s, x, value_int(1), &e));
    names_end(s);
    names_begin(s, b, false);
    names_watch(s, true);
    CHECK(names_peek(s, x)->integer == 1);
    names_each_read(s, count_read, &n);
    CHECK_EQ(n, 0);
    CHECK(names_get(s, x)->integer == 1);
    names_each_read(s, count_read, &n);
    CHECK_EQ(n, 1);
    names_end(s);
    uint64_t mark = names_seen_by(s, x, b).mark;
    names_begin(s, a, false);
    CHECK(names_set(s, x, value_int(1), &e));
    names_end(s);
    CHECK_EQ(names_seen_by(s, x, b).mark, mark);
    names_begin(s, a, false);
    CHECK(names_set(s, x, value_float(1), &e));
    names_end(s);
    CHECK(names_seen_by(s, x, b).mark != mark);
    names_free(s);
}

int main(void) {
    test_room();
    test_shared_values_cost_nothing();
    test_reads();
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
