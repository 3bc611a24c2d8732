/* Every example of the help runs as it stands, and what it shows can be drawn. A row without an
 * example needs a reason here. */
#include "session.h"
#include "lang/eval/builtin.h"
#include "../harness.h"
#include "base/pool.h"

static const char *const without[] = {
    "read_idx", /* would need a file that nobody has */
    "error",    /* ends with an error on purpose */
};

static bool may_lack_example(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(without); i++) {
        if (strcmp(without[i], name) == 0) return true;
    }
    return false;
}

static bool run_example(const struct builtin *b) {
    struct session s;
    struct text line = {0};
    if (!session_begin(&s)) return false;
    s.full = true;
    bool ok = session_run(&s, str_of(b->example), NULL, NULL, 0);
    if (!ok) session_error(&s, &line);
    bool drawn = !s.shown.p || !strstr(s.shown.p, "not displayed");
    if (!ok || !drawn)
        fprintf(stderr, "the example of %s:\n%s\n%s\n", b->name, b->example,
                ok ? "is not displayed" : line.p);
    text_clear(&line);
    session_end(&s);
    return ok && drawn;
}

static void every_example_runs(void) {
    for (int i = 0; i < builtin_count(); i++) {
        const struct builtin *b = builtin_at(i);
        if (b->example[0]) CHECK(run_example(b));
        else if (!may_lack_example(b->name)) {
            fprintf(stderr, "%s has no example\n", b->name);
            CHECK(b->example[0] != 0);
        }
    }
}

/* Help is one sentence at least, and the signature can be read. */
static void every_row_explains_itself(void) {
    for (int i = 0; i < builtin_count(); i++) {
        const struct builtin *b = builtin_at(i);
        struct text t = {0};
        CHECK(b->help[0] != 0 && b->group && b->group[0] != 0);
        signature_print(signature_of(b->name, b->signature), &t);
        CHECK(t.n > strlen(b->name) + 1 && strncmp(t.p, b->name, strlen(b->name)) == 0);
        text_clear(&t);
    }
}

TEST_MAIN(every_example_runs, every_row_explains_itself)
