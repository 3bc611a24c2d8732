/* Every example of the help runs as it stands, and what it shows can be drawn. A row without an
 * example needs a reason here. */
#include "session.h"
#include "lang/eval/builtin.h"
#include "lang/help.h"
#include "lang/syntax/lex.h"
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

static bool run_example(const char *name, const char *example) {
    struct session s;
    struct text line = {0};
    if (!session_begin(&s)) return false;
    s.full = true;
    bool ok = session_run(&s, str_of(example), NULL, NULL, 0);
    if (!ok) session_error(&s, &line);
    bool drawn = !s.shown.p || !strstr(s.shown.p, "not displayed");
    if (!ok || !drawn)
        fprintf(stderr, "the example of %s:\n%s\n%s\n", name, example,
                ok ? "is not displayed" : line.p);
    text_clear(&line);
    session_end(&s);
    return ok && drawn;
}

static void every_example_runs(void) {
    for (int i = 0; i < builtin_count(); i++) {
        const struct builtin *b = builtin_at(i);
        if (b->example[0]) CHECK(run_example(b->name, b->example));
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

/* Words of statements have help with an example, too. */
static void every_word_explains_itself(void) {
    const struct word_help *w;
    for (int i = 0; (w = help_word(i)); i++) {
        CHECK(w->signature[0] && w->about[0]);
        if (w->example[0]) CHECK(run_example(w->name, w->example));
    }
    for (int k = 0; k < TOK_N_KINDS; k++) { /* none is left out */
        enum token_kind kind = (enum token_kind)k;
        if (!token_is_word(kind) || token_instead(kind)) continue;
        bool found = false;
        for (int i = 0; (w = help_word(i)); i++)
            found = found || strcmp(w->name, token_spelling(kind)) == 0;
        if (!found) fprintf(stderr, "no help on %s\n", token_spelling(kind));
        CHECK(found);
    }
}

static char folder[] = "/tmp/awml-examples-XXXXXX";

static void enter_folder(void) {
    CHECK(session_enter_folder(folder));
}

static void leave_folder(void) {
    session_leave_folder(folder);
}

TEST_MAIN(enter_folder, every_word_explains_itself, every_example_runs, every_row_explains_itself,
          leave_folder)
