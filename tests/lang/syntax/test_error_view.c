/* The views of mistakes, against the examples of the language's design and the awkward cases. */
#include "display/error_view.h"
#include "../../harness.h"

/* The span of the first `piece` in the source. */
static struct span find(const struct source *s, const char *piece) {
    const char *p = strstr(s->text.p, piece);
    uint32_t start = p ? (uint32_t)(p - s->text.p) : 0;
    return (struct span){s->id, start, start + (uint32_t)strlen(piece)};
}

static void check_text(const struct err *e, const char *expected) {
    struct text found = {0};
    error_view_text(e, false, &found);
    CHECK_STR(found.p, expected);
    text_clear(&found);
}

static void check_line(const struct err *e, const char *expected) {
    struct text found = {0};
    error_view_line(e, &found);
    CHECK_STR(found.p, expected);
    text_clear(&found);
}

/* A fact without a left part. */
static void plain_fact(struct err *e, const char *line) {
    size_t used = strlen(e->facts);
    snprintf(e->facts + used, sizeof e->facts - used, "%s", line);
}

static void a_loop_is_shown_with_its_header(void) {
    struct source *s =
        source_new(STR("model Net(filters=16):\n    input image: [224, 224, 3]\n    x = image\n"
                       "    for k in [1, 2, 4]:\n"
                       "        x = x.Conv2D(filters * k, 3x3, relu).MaxPool2D(8x8)\n"),
                   7, NULL);
    struct err e;
    err_set(&e, ERR_SHAPE, "The image has become smaller than the pooling window.");
    err_at(&e, find(s, "MaxPool2D(8x8)"));
    err_label(&e, "third time round, k = 4");
    err_note(&e, find(s, "for k in [1, 2, 4]"), "%s", "");
    err_fact(&e, "image", "height=224  width=224  channel=3");
    err_fact(&e, "after k = 1", "height=27  width=27  channel=16");
    err_fact(&e, "after k = 2", "height=3  width=3  channel=32");
    err_fact(&e, "Conv2D, k = 4", "height=1  width=1  channel=64");
    plain_fact(&e, "MaxPool2D(8x8) needs at least height=8, width=8.\n");
    err_hint(&e, "Every 3x3 convolution without padding takes 2 pixels off each side length, and "
                 "every\n8x8 pooling divides it by 8. Use a smaller window, such as 2x2, or "
                 "padding=\"same\".\nNothing was computed.");
    check_text(
        &e, "ShapeError in cell [7], line 5\n\n"
            "  4 |     for k in [1, 2, 4]:\n"
            "  5 |         x = x.Conv2D(filters * k, 3x3, relu).MaxPool2D(8x8)\n"
            "    |                                              ^^^^^^^^^^^^^^ third time round, "
            "k = 4\n\n"
            "The image has become smaller than the pooling window.\n\n"
            "    image             height=224  width=224  channel=3\n"
            "    after k = 1       height=27   width=27   channel=16\n"
            "    after k = 2       height=3    width=3    channel=32\n"
            "    Conv2D, k = 4     height=1    width=1    channel=64\n"
            "    MaxPool2D(8x8) needs at least height=8, width=8.\n\n"
            "Every 3x3 convolution without padding takes 2 pixels off each side length, and every\n"
            "8x8 pooling divides it by 8. Use a smaller window, such as 2x2, or padding=\"same\".\n"
            "Nothing was computed.\n");
    check_line(&e, "line 5: The image has become smaller than the pooling window.");
    source_unref(s);
}

static void distant_lines_are_joined(void) {
    struct source *s =
        source_new(STR("x = 1\nmodel Detector():\n    input image: [224, 224, 3]\n"
                       "    backbone = pretrained(\"net\")\n"
                       "    output label = backbone(image).GlobalAvgPool2D().Dense(1)\n\n"
                       "detector = Detector()\ntrain detector on train_set:\n    loss: bce\n"),
                   12, NULL);
    struct err e;
    err_set(&e, ERR_OUTPUT,
            "The loss bce compares probabilities, but `label` comes straight from "
            "Dense(1), so it can\nbe any number, also below 0 or above 1.");
    err_at(&e, find(s, "bce"));
    err_label(&e, "needs probabilities between 0 and 1");
    err_note(&e, find(s, "output label"), "%s", "");
    err_fact(&e, "output label", "unit=1   any number           (line 5)");
    err_fact(&e, "bce expects", "unit=1   probability, 0 to 1");
    err_hint(&e, "Write Dense(1, sigmoid). The sigmoid and the loss are then computed together, so "
                 "there\nis no from_logits to set. Nothing was computed.");
    check_text(
        &e,
        "OutputError in cell [12], line 9\n\n"
        "  2 | model Detector():\n"
        "    ⋮\n"
        "  5 |     output label = backbone(image).GlobalAvgPool2D().Dense(1)\n"
        "    ⋮\n"
        "  8 | train detector on train_set:\n"
        "  9 |     loss: bce\n"
        "    |           ^^^ needs probabilities between 0 and 1\n\n"
        "The loss bce compares probabilities, but `label` comes straight from Dense(1), so it can\n"
        "be any number, also below 0 or above 1.\n\n"
        "    output label      unit=1   any number           (line 5)\n"
        "    bce expects       unit=1   probability, 0 to 1\n\n"
        "Write Dense(1, sigmoid). The sigmoid and the loss are then computed together, so there\n"
        "is no from_logits to set. Nothing was computed.\n");
    check_line(&e, "line 9: `bce` needs probabilities between 0 and 1. The loss bce compares "
                   "probabilities, but `label` comes straight from Dense(1), so it can be any "
                   "number, also below 0 or above 1.");
    source_unref(s);
}

static void short_facts_stand_near(void) {
    struct source *s = source_new(STR("\n\nerror = y - yhat\n"), 5, NULL);
    struct err e;
    err_set(&e, ERR_BROADCAST,
            "These two do not have the same shape, and the result would be larger "
            "than both.");
    err_at(&e, find(s, "y - yhat"));
    err_fact(&e, "y", "[200]");
    err_fact(&e, "yhat", "[200, 1]");
    plain_fact(&e, "NumPy would pair every y with every yhat and give [200, 200].\n");
    err_hint(&e, "Did you mean to subtract one by one? Take the single column: yhat[:, 0].\n"
                 "Did you want all pairs? Say so: outer(y, yhat[:, 0], lambda a, b: a - b).");
    check_text(&e,
               "BroadcastError in cell [5], line 3\n\n"
               "  3 | error = y - yhat\n"
               "    |         ^^^^^^^^\n\n"
               "These two do not have the same shape, and the result would be larger than both.\n\n"
               "    y       [200]\n"
               "    yhat    [200, 1]\n"
               "    NumPy would pair every y with every yhat and give [200, 200].\n\n"
               "Did you mean to subtract one by one? Take the single column: yhat[:, 0].\n"
               "Did you want all pairs? Say so: outer(y, yhat[:, 0], lambda a, b: a - b).\n");
    source_unref(s);
}

static void callers_stand_below(void) {
    struct source *helper = source_new(STR("def f(x):\n    return hiden\n"), 0, "helpers.awml");
    struct source *s = source_new(STR("a = 1\nf(3)\n"), 3, NULL);
    struct err e;
    err_set(&e, ERR_NAME, "Did you mean `hidden`, a name of this function?");
    err_at(&e, find(helper, "hiden"));
    err_label(&e, "is not defined");
    err_note(&e, find(s, "f(3)"), "called from");
    err_note(&e, find(s, "a = 1"), "declared here");
    err_note(&e, find(helper, "def f(x)"), "called from");
    check_text(&e, "NameError in helpers.awml, line 2\n\n"
                   "  2 |     return hiden\n"
                   "    |            ^^^^^ is not defined\n\n"
                   "Did you mean `hidden`, a name of this function?\n\n"
                   "called from cell [3], line 2\n"
                   "declared in cell [3], line 1\n"
                   "called from line 1\n");
    check_line(&e,
               "line 2: `hiden` is not defined. Did you mean `hidden`, a name of this function?");
    source_unref(s); /* a source that has gone is no reason to fail */
    check_text(&e, "NameError in helpers.awml, line 2\n\n"
                   "  2 |     return hiden\n"
                   "    |            ^^^^^ is not defined\n\n"
                   "Did you mean `hidden`, a name of this function?\n\n"
                   "called from line 1\n");
    source_unref(helper);
    check_text(&e, "NameError\n\nDid you mean `hidden`, a name of this function?\n");
    check_line(&e, "Did you mean `hidden`, a name of this function?");
}

static void notes_in_the_cell_are_marked(void) {
    struct source *s = source_new(STR("y: [unit=10] = z\nv = y\n"), 1, NULL);
    struct err e;
    err_set(&e, ERR_SHAPE, "Too many.");
    err_at(&e, find(s, "z"));
    err_note(&e, find(s, "[unit=10]"), "the shape is written here");
    check_text(&e, "ShapeError in cell [1], line 1\n\n"
                   "  1 | y: [unit=10] = z\n"
                   "    |                ^\n"
                   "    |    --------- the shape is written here\n\n"
                   "Too many.\n");
    source_unref(s);
}

static void awkward_characters_are_shown(void) {
    struct source *s = source_new(STR("\tx = \"学习\" + é\xff\x01 + y\n"), 1, NULL);
    struct err e;
    err_set(&e, ERR_TYPE, "No.");
    err_at(&e, find(s, "y"));
    check_text(&e, "TypeError in cell [1], line 1\n\n"
                   "  1 |     x = \"学习\" + é\xef\xbf\xbd\xef\xbf\xbd + y\n"
                   "    |                        ^\n\n"
                   "No.\n");
    e.at = find(s, "\"学习\"");
    check_text(&e, "TypeError in cell [1], line 1\n\n"
                   "  1 |     x = \"学习\" + é\xef\xbf\xbd\xef\xbf\xbd + y\n"
                   "    |         ^^^^^^\n\n"
                   "No.\n");
    e.at.start = e.at.end = (uint32_t)s->text.n; /* behind everything */
    e.label[0] = 0;
    check_text(&e, "TypeError in cell [1], line 2\n\n"
                   "  2 |\n"
                   "    | ^\n\n"
                   "No.\n");
    source_unref(s);
}

static void long_lines_are_cut(void) {
    struct text line = {0};
    for (int i = 0; i < 60; i++) text_addf(&line, "name%03d, ", i);
    struct source *s = source_new(text_str(&line), 1, NULL);
    struct err e;
    err_set(&e, ERR_NAME, "No.");
    err_label(&e, "here");
    err_at(&e, find(s, "name030"));
    check_text(&e, "NameError in cell [1], line 1\n\n"
                   "  1 | …name025, name026, name027, name028, name029, name030, name031, name032, "
                   "name033, name034, name035, n…\n"
                   "    |                                               ^^^^^^^ here\n\n"
                   "No.\n");
    e.at = find(s, "name000, name001");
    e.at.end = (uint32_t)s->text.n;
    struct text found = {0};
    error_view_text(&e, false, &found);
    CHECK(strstr(found.p, "  1 | name000, ") != NULL);
    CHECK(found.n < 400);
    text_clear(&found);
    text_clear(&line);
    source_unref(s);
}

static void several_lines_get_one_caret_row(void) {
    struct source *s = source_new(STR("x = f(a,\n      b)\n"), 1, NULL);
    struct err e;
    err_set(&e, ERR_VALUE, "No.");
    err_at(&e, find(s, "f(a,\n      b)"));
    check_text(&e, "ValueError in cell [1], line 1\n\n"
                   "  1 | x = f(a,\n"
                   "    |     ^^^^\n\n"
                   "No.\n");
    source_unref(s);
}

static void colours_wrap_nothing_else(void) {
    struct source *s = source_new(STR("x = y\n"), 1, NULL);
    struct err e;
    err_set(&e, ERR_NAME, "No.");
    err_label(&e, "is not defined");
    err_at(&e, find(s, "y"));
    struct text color = {0}, plain = {0}, stripped = {0};
    error_view_text(&e, true, &color);
    error_view_text(&e, false, &plain);
    CHECK(strstr(color.p, "\033[1mNameError\033[0m in cell [1], line 1\n") == color.p);
    for (const char *p = color.p; *p; p++) {
        if (*p == '\033') {
            while (*p != 'm') p++;
        } else {
            text_addc(&stripped, *p);
        }
    }
    CHECK_STR(stripped.p, plain.p);
    text_clear(&color);
    text_clear(&plain);
    text_clear(&stripped);
    source_unref(s);
}

TEST_MAIN(a_loop_is_shown_with_its_header, distant_lines_are_joined, short_facts_stand_near,
          callers_stand_below, notes_in_the_cell_are_marked, awkward_characters_are_shown,
          long_lines_are_cut, several_lines_get_one_caret_row, colours_wrap_nothing_else)
