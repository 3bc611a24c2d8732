/* Programs and their trees, word for word. */
#include "golden.h"
#include "lang/syntax/parse.h"
#include "../../harness.h"

static void run_tree(void *user, const struct golden_case *c, struct text *result) {
    (void)user;
    struct source *source = source_new(text_str(&c->program), 1, NULL);
    struct err e = {0};
    struct program *program = parse(source, &e);
    if (program) {
        ast_print(program, result);
        program_unref(program);
    } else {
        text_addf(result, "%s: %s", e.label, e.what);
    }
    CHECK(program != NULL);
    source_unref(source);
}

/* The tokens of the lexer itself: layout and the ends of numbers. */
static void sources_know_their_lines(void) {
    struct source *s = source_new(STR("a\r\nbéc\n\nd"), 3, "name.awml");
    int line, column;
    source_position(s, 6, &line, &column);
    CHECK_EQ(line, 2);
    CHECK_EQ(column, 3);
    source_position(s, 1000, &line, &column);
    CHECK_EQ(line, 4);
    CHECK(str_is(source_line(s, 1), "a"));
    CHECK(str_is(source_line(s, 2), "béc"));
    CHECK(str_is(source_line(s, 3), ""));
    CHECK(str_is(source_line(s, 4), "d"));
    CHECK(str_is(source_line(s, 9), ""));
    CHECK(str_is(source_piece((struct span){s->id, 3, 4}), "b"));
    CHECK(str_is(source_piece((struct span){s->id, 5, 400}), ""));
    CHECK(source_find(s->id) == s);
    uint32_t id = s->id;
    source_ref(s);
    source_unref(s);
    CHECK(source_find(id) == s);
    source_unref(s);
    CHECK(source_find(id) == NULL);
    CHECK(str_is(source_piece((struct span){id, 0, 1}), ""));
}

int main(int argc, char **argv) {
    bool update = argc > 2 && strcmp(argv[2], "--update") == 0;
    CHECK_EQ(golden_run(argc > 1 ? argv[1] : "trees.txt", update, run_tree, NULL), 0);
    sources_know_their_lines();
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
