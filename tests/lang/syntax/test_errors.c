/* Every message of syntax.list has a program that produces it and the whole view as it must read;
 * every word that is refused explains itself. */
#include "golden.h"
#include "display/error_view.h"
#include "lang/syntax/lex.h"
#include "lang/syntax/syntax.h"
#include "../../harness.h"

static const char *path;
static bool update;
static int seen[SYN_N_IDS];

static void run_error(void *user, const struct golden_case *c, struct text *result) {
    (void)user;
    struct source *source = source_new(text_str(&c->program), 1, NULL);
    struct syntax_failure f;
    struct err e = {0};
    struct program *program = parse_source(source, false, &f, &e);
    if (program) {
        text_adds(result, "no error");
        program_unref(program);
    } else {
        error_view_text(&e, false, result);
        seen[f.id]++;
        char id[64] = "";
        sscanf(c->name, "%63s", id);
        if (strcmp(id, syntax_name(f.id)) != 0) {
            fprintf(stderr, "line %d: %s gives %s\n", c->line, c->name, syntax_name(f.id));
        }
        CHECK(strcmp(id, syntax_name(f.id)) == 0);
        CHECK(e.what[0] && e.at.source == source->id && e.at.start <= e.at.end);
        CHECK(e.at.end <= source->text.n);
    }
    source_unref(source);
}

static void errors_read_as_written(void) {
    CHECK_EQ(golden_run(path, update, run_error, NULL), 0);
    for (int id = SYN_NONE + 1; id < SYN_N_IDS; id++) {
        /* made by programs that are too large for a file: test_limits.c */
        if (id == SYN_MEMORY || id == SYN_TOO_LARGE || id == SYN_TOO_DEEP || id == SYN_TOO_LONG) {
            continue;
        }
        if (!seen[id]) fprintf(stderr, "no program gives %s\n", syntax_name((enum syntax_id)id));
        CHECK(seen[id] > 0);
    }
}

/* The error of a program, or kind NONE. */
static enum syntax_id fails_with(const char *program, struct err *e) {
    struct source *source = source_new(str_of(program), 1, NULL);
    struct syntax_failure f;
    *e = (struct err){0};
    struct program *tree = parse_source(source, false, &f, e);
    program_unref(tree);
    source_unref(source);
    return tree ? SYN_NONE : f.id;
}

static void refused_words_explain_themselves(void) {
    for (int k = 0; k < TOK_N_KINDS; k++) {
        const char *instead = token_instead((enum token_kind)k);
        if (!instead) continue;
        static const char *const places[] = {"%s x:\n    y = 1\n", "y = %s\n", "y %s z\n"};
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
            char program[128];
            const char *before = strchr(places[i], '%');
            snprintf(program, sizeof program, "%.*s%s%s", (int)(before - places[i]), places[i],
                     token_spelling((enum token_kind)k), before + 2);
            struct err e;
            CHECK_EQ(fails_with(program, &e), SYN_REFUSED);
            CHECK_STR(e.hint, instead);
        }
    }
}

static void messages_are_complete(void) {
    struct source *source = source_new(STR("x"), 1, NULL);
    for (int id = SYN_NONE + 1; id < SYN_N_IDS; id++) {
        struct syntax_failure f = {.id = (enum syntax_id)id};
        struct err e = {0};
        syntax_report(&f, source, &e);
        CHECK(e.what[0] != 0 && e.what[strlen(e.what) - 1] != ' ');
        CHECK(e.hint[0] != 0 || id == SYN_TRAIN_ARROW);
        CHECK(e.label[0] != 0 || id == SYN_MEMORY);
        CHECK(strlen(e.label) < 60);
    }
    source_unref(source);
}

int main(int argc, char **argv) {
    path = argc > 1 ? argv[1] : "errors.txt";
    update = argc > 2 && strcmp(argv[2], "--update") == 0;
    errors_read_as_written();
    refused_words_explain_themselves();
    messages_are_complete();
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
