/* What consoles and editors ask: is the cell complete, what stands at the cursor, which name was
 * meant. */
#include "lang/syntax/parse.h"
#include "lang/syntax/spelling.h"
#include "../../harness.h"

struct sample {
    const char *text;
    enum completeness answer;
    int indent;
};

static const struct sample samples[] = {
    {"", CELL_COMPLETE, 0},
    {"x = 1", CELL_COMPLETE, 0},
    {"# only a comment", CELL_COMPLETE, 0},
    {"x = 1\nprint(x)\n", CELL_COMPLETE, 0},
    {"%time x", CELL_COMPLETE, 0},
    {"Dense?", CELL_COMPLETE, 0},
    {"train net on x -> y", CELL_COMPLETE, 0},
    {"if a: b", CELL_COMPLETE, 0},
    {"f(a,\n  b)", CELL_COMPLETE, 0},
    {"x = a\n    .f()", CELL_COMPLETE, 0},
    {"for i in xs:", CELL_INCOMPLETE, 4},
    {"for i in xs:  # all", CELL_INCOMPLETE, 4},
    {"for i in xs:\n    print(i)", CELL_INCOMPLETE, 4},
    {"for i in xs:\n    print(i)\n", CELL_COMPLETE, 0},
    {"for i in xs:\n    print(i)\n    ", CELL_COMPLETE, 0},
    {"def f(x):\n    if x > 3:", CELL_INCOMPLETE, 8},
    {"def f(x):\n    return x", CELL_INCOMPLETE, 0},
    {"def f(x):\n    for i in x:\n        continue", CELL_INCOMPLETE, 4},
    {"train net on x -> y:", CELL_INCOMPLETE, 4},
    {"h = train net on x -> y:\n    loss: mse", CELL_INCOMPLETE, 4},
    {"plot:", CELL_INCOMPLETE, 4},
    {"x = search:\n  trials: 3\n\n", CELL_COMPLETE, 0},
    {"model M():\n    input x: [3]\n    output x\nm = M()", CELL_COMPLETE, 0},
    {"f(a,", CELL_INCOMPLETE, 0},
    {"x = [", CELL_INCOMPLETE, 4},
    {"x = {a: (1,\n    2)", CELL_INCOMPLETE, 4},
    {"x = \"\"\"text", CELL_INCOMPLETE, 0},
    {"f\"\"\"text {a}", CELL_INCOMPLETE, 0},
    {"x = ", CELL_INVALID, 0},
    {"x = \"abc", CELL_INVALID, 0},
    {"if x", CELL_INVALID, 0},
    {"for i in xs:\nprint(i)", CELL_INVALID, 0},
    {"f(a))", CELL_INVALID, 0},
    {"class A:", CELL_INVALID, 0},
    {"f(a b", CELL_INVALID, 0},
    {"x = 1 \\", CELL_INVALID, 0},
    {"x = \xff", CELL_INVALID, 0},
};

static void cells_are_judged(void) {
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        int indent = -1;
        enum completeness found = parse_completeness(str_of(samples[i].text), &indent);
        if (found != samples[i].answer || indent != samples[i].indent) {
            fprintf(stderr, "%s\ngives %d, indent %d\n", samples[i].text, found, indent);
        }
        CHECK_EQ(found, samples[i].answer);
        CHECK_EQ(indent, samples[i].indent);
    }
}

static const char *const kinds[] = {
    [CURSOR_NAME] = "name",       [CURSOR_FIELD] = "field",     [CURSOR_ARGUMENT] = "argument",
    [CURSOR_SETTING] = "setting", [CURSOR_AXIS] = "axis",       [CURSOR_PATH] = "path",
    [CURSOR_MAGIC] = "magic",     [CURSOR_NOTHING] = "nothing",
};

/* The cursor stands at |. What is found: kind, prefix, object, callee, block. */
static const struct {
    const char *text, *found;
} cursors[] = {
    {"|", "name '' '' '' ''"},
    {"x = De|", "name 'De' '' '' ''"},
    {"x = |", "name '' '' '' ''"},
    {"x = De|nse(3)", "name 'De' '' '' ''"},
    {"x.fl|", "field 'fl' 'x' '' ''"},
    {"x.|", "field '' 'x' '' ''"},
    {"y = 1 + a.b(1, [2]).c[0].d|", "field 'd' 'a.b(1, [2]).c[0]' '' ''"},
    {"y = \"a\".up|", "field 'up' '\"a\"' '' ''"},
    {"y = (a + b).m|", "field 'm' '(a + b)' '' ''"},
    {"x = image\n    .Conv2D(3)\n    .Den|", "field 'Den' 'image\n    .Conv2D(3)' '' ''"},
    {"t.filter(.te|", "field 'te' 't' 'filter' ''"},
    {"t.sort(\"a\").filter(.a > 3 and .b|", "field 'b' 't.sort(\"a\")' 'filter' ''"},
    {"Dense(|", "argument '' '' 'Dense' ''"},
    {"Dense(3, act|", "argument 'act' '' 'Dense' ''"},
    {"x.Dense(3, act|", "argument 'act' '' 'Dense' ''"},
    {"Dense(3, activation=re|", "name 're' '' 'Dense' ''"},
    {"Dense([a, b|", "name 'b' '' 'Dense' ''"},
    {"f(g(1), h|", "argument 'h' '' 'f' ''"},
    {"f(\n    a,\n    b|\n)", "argument 'b' '' 'f' ''"},
    {"train net on x -> y:\n    ep|", "setting 'ep' '' '' 'train'"},
    {"train net on x -> y:\n    |", "setting '' '' '' 'train'"},
    {"train net on x -> y:\n    loss: mse\n\n    ep|\n    a: 1", "setting 'ep' '' '' 'train'"},
    {"h = train net on x -> y:\n    ep|", "setting 'ep' '' '' 'train'"},
    {"runs = search:\n    tr|", "setting 'tr' '' '' 'search'"},
    {"plot:\n    ti|", "setting 'ti' '' '' 'plot'"},
    {"plot:\n    for i in xs:\n        li|", "name 'li' '' '' ''"},
    {"train net on x -> y:\n    loss: ms|", "name 'ms' '' '' ''"},
    {"if a:\n    ep|", "name 'ep' '' '' ''"},
    {"x.mean(axis=\"ti|", "axis 'ti' '' 'mean' ''"},
    {"x.mean(axis=[\"a\", \"ti|", "axis 'ti' '' 'mean' ''"},
    {"x.mean(axis=\"ti|\")", "axis 'ti' '' 'mean' ''"},
    {"read_csv(\"data/f|", "path 'data/f' '' 'read_csv' ''"},
    {"read_csv('|", "path '' '' 'read_csv' ''"},
    {"%ti|", "magic 'ti' '' '' ''"},
    {"%|", "magic '' '' '' ''"},
    {"%%ti|", "magic 'ti' '' '' ''"},
    {"%time x.me|", "field 'me' 'x' '' ''"},
    {"?Den|", "name 'Den' '' '' ''"},
    {"!ls fi|", "nothing '' '' '' ''"},
    {"# a comm|", "nothing '' '' '' ''"},
    {"x = 1  # a comm|", "nothing '' '' '' ''"},
    {"x = 12|", "nothing '' '' '' ''"},
    {"x = 12 |", "name '' '' '' ''"},
    {"f\"{na|", "name 'na' '' '' ''"},
    {"f\"{x.na|", "field 'na' 'x' '' ''"},
    {"f\"a {x} b|", "path 'a {x} b' '' '' ''"},
    {"a = \"unclosed\nb = na|", "nothing '' '' '' ''"},
    {"gr\xc3\xb6|", "name 'gr\xc3\xb6' '' '' ''"},
    {"x = )|", "nothing '' '' '' ''"},
};

static void cursors_are_placed(void) {
    for (size_t i = 0; i < ARRAY_LEN(cursors); i++) {
        struct text code = {0}, found = {0};
        const char *bar = strchr(cursors[i].text, '|');
        uint32_t at = (uint32_t)(bar - cursors[i].text);
        text_add(&code, (struct str){cursors[i].text, at});
        text_adds(&code, bar + 1);
        struct cursor_context c = parse_cursor(text_str(&code), at);
        text_addf(&found, "%s '%.*s' '%.*s' '%.*s' '%.*s'", kinds[c.kind], (int)c.prefix.n,
                  c.prefix.p, (int)c.object_text.n, c.object_text.p, (int)c.callee.n, c.callee.p,
                  (int)c.block.n, c.block.p);
        if (strcmp(found.p, cursors[i].found) != 0) fprintf(stderr, "%s\n", cursors[i].text);
        CHECK_STR(found.p, cursors[i].found);
        CHECK(c.end == at && c.start == at - c.prefix.n);
        text_clear(&code);
        text_clear(&found);
    }
}

static const char *nearest(const char *wanted, const char *const *names, size_t n) {
    static char best[64];
    struct spelling s;
    spelling_start(&s, str_of(wanted));
    for (size_t i = 0; i < n; i++) spelling_add(&s, str_of(names[i]));
    struct str found = spelling_best(&s);
    snprintf(best, sizeof best, "%.*s", (int)found.n, found.p);
    return best;
}

static void near_names_are_found(void) {
    static const char *const names[] = {"hidden", "mean", "median",  "Dense",   "activation",
                                        "min",    "max",  "train_x", "train_y", "Dense"};
    size_t n = ARRAY_LEN(names);
    CHECK_STR(nearest("hiden", names, n), "hidden");
    CHECK_STR(nearest("hidedn", names, n), "hidden");
    CHECK_STR(nearest("DENSE", names, n), "Dense"); /* added twice: still one name */
    CHECK_STR(nearest("activaton", names, n), "activation");
    CHECK_STR(nearest("maen", names, n), "mean");
    CHECK_STR(nearest("train_z", names, n), ""); /* two are as near */
    CHECK_STR(nearest("mix", names, n), "");     /* min and max */
    CHECK_STR(nearest("hd", names, n), "");
    CHECK_STR(nearest("something", names, n), "");
    CHECK_STR(nearest("", names, n), "");
}

#define FOREIGN(name, sentence) name,
#define FOREIGN_CALL FOREIGN
#define FOREIGN_MODULE FOREIGN
static const char *const foreign_names[] = {
#include "lang/syntax/foreign_classes.list"
#include "lang/syntax/foreign.list"
};
#undef FOREIGN
#undef FOREIGN_CALL
#undef FOREIGN_MODULE

static void foreign_names_are_known(void) {
    for (size_t i = 0; i < ARRAY_LEN(foreign_names); i++) {
        const char *sentence = spelling_foreign(str_of(foreign_names[i]), true);
        CHECK(sentence && strlen(sentence) > 8 && sentence[strlen(sentence) - 1] == '.');
        CHECK(i == 0 || strcmp(foreign_names[i - 1], foreign_names[i]) < 0);
    }
    CHECK(strstr(spelling_foreign(STR("nn"), true), "Dense") != NULL);
    CHECK(strstr(spelling_foreign(STR("groupby"), true), "group") != NULL);
    CHECK(strstr(spelling_foreign(STR("iloc"), true), "brackets") != NULL);
    CHECK(spelling_foreign(STR("c"), true) && !spelling_foreign(STR("c"), false));
    CHECK(spelling_is_module(STR("np")) && !spelling_is_module(STR("groupby")));
    CHECK(spelling_foreign(STR("n"), true) == NULL);
    CHECK(spelling_foreign(STR("npx"), true) == NULL);
    CHECK(spelling_foreign(STR(""), true) == NULL);
}

TEST_MAIN(cells_are_judged, cursors_are_placed, near_names_are_found, foreign_names_are_known)
