/* Bad input of every size: deep nesting, long lines, a cell of a megabyte, no memory. Each gives a
 * tree or a message, and nothing is lost. */
#include "lang/syntax/syntax.h"
#include "lang/syntax/lex.h"
#include "base/pool.h"
#include "../../harness.h"

enum { MEGABYTE = 1 << 20 };

/* What a text gives: SYN_NONE for a tree. */
static enum syntax_id result(struct str text) {
    struct source *source = source_new(text, 1, NULL);
    if (!source) return SYN_MEMORY;
    struct syntax_failure f;
    struct err e = {0};
    struct program *program = parse_source(source, false, &f, &e);
    enum syntax_id id = program ? SYN_NONE : f.id;
    if (!program) {
        bool deep = id == SYN_TOO_DEEP || id == SYN_TOO_LONG;
        CHECK(e.what[0] && e.at.end <= text.n);
        CHECK_EQ(e.kind, deep ? ERR_RECURSION : id == SYN_MEMORY ? ERR_MEMORY : ERR_SYNTAX);
    }
    program_unref(program);
    source_unref(source);
    return id;
}

static struct text repeated(const char *first, const char *piece, size_t bytes, const char *last) {
    struct text t = {0};
    text_adds(&t, first);
    while (t.n < bytes) text_adds(&t, piece);
    text_adds(&t, last);
    return t;
}

static enum syntax_id gives(const char *first, const char *piece, size_t bytes, const char *last) {
    struct text t = repeated(first, piece, bytes, last);
    enum syntax_id id = result(text_str(&t));
    text_clear(&t);
    return id;
}

static void nesting_is_limited(void) {
    static const char *const pieces[] = {"(",    "[",   "{a:",      "-",     "not ",
                                         "f(",   "x[",  "lambda: ", "a ** ", "a if b else ",
                                         "f\"{", "~-+", "a(b)[c:"};
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        enum syntax_id id = gives("x = ", pieces[i], 100000, "1");
        if (id == SYN_FIELD_OPEN || id == SYN_UNCLOSED_TEXT || id == SYN_TEXT_ENDED) continue;
        if (id != SYN_TOO_DEEP) fprintf(stderr, "%s gives %s\n", pieces[i], syntax_name(id));
        CHECK_EQ(id, SYN_TOO_DEEP);
    }
    CHECK_EQ(gives("", "(", 100,
                   "1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"
                   "))))))))))))))))))))))))))))))))))))"),
             SYN_NONE);
    CHECK_EQ(gives("x = ", "-", 100, "1"), SYN_NONE);
}

static void chains_are_limited(void) {
    CHECK_EQ(gives("a", "+a", 5000, ""), SYN_TOO_LONG);
    CHECK_EQ(gives("a", ".b", 5000, ""), SYN_TOO_LONG);
    CHECK_EQ(gives("a", "()", 5000, ""), SYN_TOO_LONG);
    CHECK_EQ(gives("a", "[1]", 5000, ""), SYN_TOO_LONG);
    CHECK_EQ(gives("a", " and a", 9000, ""), SYN_TOO_LONG);
    CHECK_EQ(gives("a", "\n.b()", 9000, ""), SYN_TOO_LONG);
    CHECK_EQ(gives("a", "+a", 1000, ""), SYN_NONE);
    CHECK_EQ(gives("a", "<a", 1000000, ""), SYN_NONE); /* a list, not a tower */
    CHECK_EQ(gives("if a: b\n", "elif a: b\n", 10000, ""), SYN_TOO_DEEP);
    CHECK_EQ(gives("if a: b\n", "elif a: b\n", 1000, ""), SYN_NONE);
}

static void blocks_are_limited(void) {
    struct text t = {0};
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < i; k++) text_addc(&t, ' ');
        text_adds(&t, "if a:\n");
    }
    CHECK_EQ(result(text_str(&t)), SYN_TOO_DEEP);
    text_clear(&t);
    for (int i = 0; i < 60; i++) {
        for (int k = 0; k < i; k++) text_addc(&t, ' ');
        text_adds(&t, i < 59 ? "while a:\n" : "b\n");
    }
    CHECK_EQ(result(text_str(&t)), SYN_NONE);
    text_clear(&t);
}

static void a_megabyte_is_read(void) {
    CHECK_EQ(gives("", "x = f(1, 2.5, \"abc\") + [1, 2, 3]\n", MEGABYTE, ""), SYN_NONE);
    CHECK_EQ(gives("x = [", "1,", MEGABYTE, "]"), SYN_NONE);
    CHECK_EQ(gives("", "a\n", MEGABYTE, ""), SYN_NONE);
    CHECK_EQ(gives("", "a;", MEGABYTE, ""), SYN_NONE);
    CHECK_EQ(gives("x[", ":,", MEGABYTE, "]"), SYN_NONE);
    CHECK_EQ(gives("\"", "abcdefgh", MEGABYTE, "\""), SYN_NONE);
    CHECK_EQ(gives("f\"", "{a}", MEGABYTE, "\""), SYN_NONE);
    CHECK_EQ(gives("f\"\"\"", "{a}\n", MEGABYTE, "\"\"\""), SYN_NONE);
    CHECK_EQ(gives("# ", "abcdefgh", MEGABYTE, ""), SYN_NONE);
    CHECK_EQ(gives("", "\n", MEGABYTE, ""), SYN_NONE);
    CHECK_EQ(gives("", " ", MEGABYTE, ""), SYN_NONE);
    CHECK_EQ(gives("", "α", MEGABYTE, ""), SYN_NONE);
    CHECK_EQ(gives("", "1", MEGABYTE, ""), SYN_NUMBER_LARGE);
    CHECK(gives("", "f\"{", MEGABYTE, "") != SYN_NONE);
    CHECK_EQ(gives("x = \"", "abcdefgh", MEGABYTE, ""), SYN_UNCLOSED_TEXT);
    CHECK_EQ(gives("", "abcdefgh", 17 * MEGABYTE, ""), SYN_TOO_LARGE);
}

/* The n-th allocation fails, for every n until nothing fails: a message about memory, no leak. */
static void memory_runs_out(void) {
    struct text t = repeated("", "def f(a, b=[1, 2]):\n    return f\"{a}\" + x.y(é=3)\n", 2000,
                             "train n on a -> b:\n    loss: mse\n");
    CHECK_EQ(result(text_str(&t)), SYN_NONE); /* all names are known from here on */
    size_t live = pool_live_blocks();
    int failed = 0;
    for (int64_t n = 1; n < 1000; n++) {
        pool_fail_after(n);
        enum syntax_id id = result(text_str(&t));
        pool_fail_after(0);
        CHECK(id == SYN_NONE || id == SYN_MEMORY);
        CHECK_EQ(pool_live_blocks(), live);
        if (id == SYN_NONE) break;
        failed++;
    }
    CHECK(failed > 5 && failed < 999);
    text_clear(&t);
}

TEST_MAIN(nesting_is_limited, chains_are_limited, blocks_are_limited, a_megabyte_is_read,
          memory_runs_out)
