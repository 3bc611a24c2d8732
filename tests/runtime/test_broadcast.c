/* The broadcasting rule (language.md 2.5): which shapes go together, what comes out, what is said
 * when they do not. */
#include "base/intern.h"
#include "graph.h"
#include "tests/harness.h"
#include <stdlib.h>

static struct err err;

/* "batch 3 unit=4 ~channel=5 ?7": sizes and names; ~ marks a weak name, ?k is unknown number k. */
static struct shape parse(const char *text) {
    struct shape s = {0};
    char copy[256], *rest = copy;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word; (word = strsep(&rest, " "));) {
        if (!*word) continue;
        bool weak = word[0] == '~';
        char *size = strchr(word, '=');
        if (size) {
            *size++ = 0;
            s.axis[s.n] = intern_c(word + weak);
            s.weak |= (uint8_t)(weak << s.n);
        } else {
            size = word;
        }
        s.size[s.n++] = strcmp(size, "batch") == 0 ? SIZE_BATCH
                        : *size == '?'             ? -1 - strtol(size + 1, NULL, 10)
                                                   : strtol(size, NULL, 10);
    }
    return s;
}

static bool describe(const char *a, const char *b, struct desc *out) {
    struct desc x = {.shape = parse(a)}, y = {.shape = parse(b)};
    const struct desc *in[2] = {&x, &y};
    err = (struct err){0};
    return op_describe(OP_sub, in, 2, NULL, out, &err);
}

/* What comes out of a - b, and of b - a. NULL: refused. */
static void goes(const char *a, const char *b, const char *expected) {
    const char *pair[2] = {a, b};
    for (int turn = 0; turn < 2; turn++) {
        struct desc out;
        char found[256];
        bool ok = describe(pair[turn], pair[!turn], &out);
        const char *text = ok ? shape_print(&out.shape, found, sizeof found) : "refused";
        if (ok != !!expected || (ok && strcmp(text, expected) != 0)) {
            fprintf(stderr, "[%s] with [%s] gives %s, expected %s\n", pair[turn], pair[!turn], text,
                    expected ? expected : "an error");
        }
        CHECK(ok == !!expected && (!ok || strcmp(text, expected) == 0));
        CHECK(ok || (err.kind == ERR_BROADCAST && err.what[0] && err.facts[0] && err.hint[0]));
    }
}

static void test_numbers(void) {
    goes("", "", "[]");
    goes("", "3", "[3]");
    goes("", "batch unit=4", "[batch, unit=4]");
    goes("", "0 3", "[0, 3]");
}

static void test_same_count(void) {
    goes("3", "3", "[3]");
    goes("2 3", "2 3", "[2, 3]");
    goes("2 3", "1 3", "[2, 3]");
    goes("2 3", "1 1", "[2, 3]");
    goes("1", "5", "[5]");
    goes("0", "0", "[0]");
    goes("0", "1", "[0]");
    goes("3", "4", NULL);
    goes("200 1", "1 200", NULL);
    goes("2 1", "1 3", NULL);
    goes("2 3 1", "1 3 4", NULL);
    goes("2 3 1", "2 3 4", "[2, 3, 4]");
    goes("0", "3", NULL);
}

static void test_end(void) {
    goes("3", "2 3", "[2, 3]");
    goes("3", "7 2 3", "[7, 2, 3]");
    goes("2 3", "7 2 3", "[7, 2, 3]");
    goes("2", "2 3", NULL);
    goes("200", "200 1", NULL);
    goes("1", "2 3", NULL);
    goes("1 3", "7 2 3", NULL);
    goes("10", "10 10", NULL); /* could be rows or columns */
    goes("10", "10 5 10", NULL);
    goes("2 3", "2 3 2 3", NULL);
    goes("1", "1 1", NULL);
    goes("3 3", "3 3 3", NULL);
    goes("3", "3 4", NULL);
    goes("unit=10", "10 unit=10", "[10, unit=10]"); /* the name says which */
    goes("unit=10", "unit=10 10", NULL);
}

static void test_names(void) {
    goes("time=24", "batch=100 time=24", "[batch=100, time=24]");
    goes("batch=100", "batch=100 time=24", "[batch=100, time=24]");
    goes("a=2 b=2", "b=2 a=2 c=2", "[b=2, a=2, c=2]");
    goes("b=3", "a=2 b=3 c=4", "[a=2, b=3, c=4]");
    goes("a=2", "b=3", NULL);
    goes("a=2 b=3", "b=3 c=4", NULL);
    goes("a=2 b=3", "a=2 b=1", "[a=2, b=3]");
    goes("a=2 b=1", "a=1 b=3", NULL);
    goes("a=2 b=3 c=4", "a=2 b=1", "[a=2, b=3, c=4]");
    goes("a=1 b=3", "a=2", NULL);
    goes("a=2 b=3", "a=2 b=4", NULL);
    goes("a=2 3", "2 b=3", "[a=2, b=3]"); /* partly named: by place, names are joined */
    goes("a=2 3", "b=2 3", NULL);
    goes("a=3 3", "3 a=3", NULL);
    goes("3", "a=2 b=3", "[a=2, b=3]");
    goes("row=3", "a=2 3", "[a=2, row=3]");
    goes("a=3", "a=2 3", NULL); /* the name stands at another axis */
}

/* The first operand's order is kept when both have the same axes. */
static void test_order(void) {
    struct desc out;
    char text[64];
    CHECK(describe("a=2 b=3", "b=3 a=2", &out));
    CHECK_STR(shape_print(&out.shape, text, sizeof text), "[a=2, b=3]");
    CHECK(describe("b=1 a=2", "a=2 b=3", &out));
    CHECK_STR(shape_print(&out.shape, text, sizeof text), "[b=3, a=2]");
}

static void test_weak_names(void) {
    goes("batch ~unit=10", "10", "[batch, unit=10]");
    goes("batch ~unit=10", "batch class=10", "[batch, class=10]");
    goes("~unit=10", "10 ~unit=10", NULL); /* a weak name does not settle what is ambiguous */
    struct desc out;
    CHECK(describe("batch ~unit=10", "10", &out));
    CHECK_EQ(out.shape.weak, 2);
    CHECK(describe("batch ~unit=10", "batch class=10", &out));
    CHECK_EQ(out.shape.weak, 0);
    CHECK(describe("~unit=10", "~channel=10", &out)); /* never in conflict */
    CHECK_STR(out.shape.axis[0], "unit");
}

static void test_unknown(void) {
    goes("batch 3", "3", "[batch, 3]");
    goes("batch 3", "batch 3", "[batch, 3]");
    goes("batch 3", "batch 1", "[batch, 3]");
    goes("batch 3", "1 3", "[batch, 3]");
    goes("batch 3", "100 3", NULL); /* the batch has no fixed size */
    goes("batch", "batch 3", NULL);
    goes("?5 3", "?5 3", "[?, 3]");
    goes("?5 3", "7 3", "[7, 3]"); /* may turn out equal */
    goes("?5", "batch 3", "[batch, 3]");
    goes("10", "batch 10", "[batch, 10]");
}

static void expect_error(const char *a, const char *b, const char *what, const char *facts,
                         const char *hint) {
    struct desc out;
    CHECK(!describe(a, b, &out));
    CHECK_STR(err.what, what);
    CHECK_STR(err.facts, facts);
    CHECK_STR(err.hint, hint);
}

static void test_texts(void) {
    expect_error("200", "200 1",
                 "These two do not have the same shape, and the result would be larger than both.",
                 "{0}\t[200]\n{1}\t[200, 1]\n"
                 "NumPy would pair every {0} with every {1} and give [200, 200].\t\n",
                 "Did you mean to subtract one by one? Take the single column: {1}[:, 0].\n"
                 "Did you want all pairs? Say so: outer({0}, {1}[:, 0], lambda a, b: a - b).");
    expect_error("10 10", "10",
                 "{1} fits both the first and the last axes of {0}, so this could "
                 "mean two things.",
                 "{0}\t[10, 10]\n{1}\t[10]\n",
                 "The same numbers for every row: {1}[None, :].\n"
                 "One number for each row: {1}[:, None].\n"
                 "Or name the axes of both, then they are matched by name.");
    expect_error("100 24 4", "100 24", "These two do not have the same shape.",
                 "{0}\t[100, 24, 4]\n{1}\t[100, 24]\n",
                 "{1} has one number for each of the first axes of {0}. To repeat it along the "
                 "others, add them with size 1: {1}[:, :, None].");
    expect_error("a=2 b=3", "a=2 b=4", "The axis `b` does not have the same size in these two.",
                 "{0}\ta=2 b=3\n{1}\ta=2 b=4\n",
                 "Axes are matched by their names, and one shape may only lack axes of the other, "
                 "or have size 1 there.");
    expect_error("5", "7", "These two do not have the same shape.", "{0}\t[5]\n{1}\t[7]\n",
                 "Element by element needs the same shape on both sides, a single number on one "
                 "side, or one shape that is the end of the other: [10] with [200, 10].");
    expect_error("1", "2 3",
                 "These two have different numbers of axes, and the shorter shape is "
                 "not the end of the longer one.",
                 "{0}\t[1]\n{1}\t[2, 3]\n",
                 "Is {0} meant as a single number? Take it out: {0}[0].");
}

/* Every small pair of shapes: what is accepted has the shape of one operand, and NumPy agrees. */
static void test_all_small(void) {
    static const int64_t sizes[] = {0, 1, 2, 3};
    int accepted = 0;
    for (int code = 0; code < 4 * 4 * 4 * 4 * 9; code++) {
        int c = code, na = c % 3, nb = c / 3 % 3;
        c /= 9;
        struct desc a = {.shape = {.n = na}}, b = {.shape = {.n = nb}}, out;
        for (int i = 0; i < 2; i++, c /= 4) a.shape.size[i] = sizes[c % 4];
        for (int i = 0; i < 2; i++, c /= 4) b.shape.size[i] = sizes[c % 4];
        const struct desc *in[2] = {&a, &b};
        if (!op_describe(OP_add, in, 2, NULL, &out, &err)) continue;
        accepted++;
        CHECK(shape_same_sizes(&out.shape, &a.shape) || shape_same_sizes(&out.shape, &b.shape));
        for (int i = 1; i <= out.shape.n; i++) {
            int64_t x = i <= na ? a.shape.size[na - i] : 1, y = i <= nb ? b.shape.size[nb - i] : 1;
            CHECK(x == y || x == 1 || y == 1);
            CHECK_EQ(out.shape.size[out.shape.n - i], x == 1 ? y : x);
        }
    }
    CHECK(accepted > 500);
}

/* Three shapes, for `where`. */
static void test_where(void) {
    struct desc c = {.dtype = DT_BOOL, .shape = parse("2 3")}, a = {.shape = parse("3")}, b = {0};
    struct desc out;
    const struct desc *in[3] = {&c, &a, &b};
    CHECK(op_describe(OP_where, in, 3, NULL, &out, &err));
    CHECK(shape_same_sizes(&out.shape, &c.shape));
    c.shape = parse("3");
    a.shape = parse("2 3");
    CHECK(op_describe(OP_where, in, 3, NULL, &out, &err));
    CHECK(shape_same_sizes(&out.shape, &a.shape));
    c.shape = parse("2");
    CHECK(!op_describe(OP_where, in, 3, NULL, &out, &err));
    c = (struct desc){.dtype = DT_FLOAT64, .shape = parse("2 3")};
    CHECK(!op_describe(OP_where, in, 3, NULL, &out, &err) && err.kind == ERR_TYPE);
}

/* What graph_add inserts: transposed, then repeated along new axes, then along ones. */
static void test_inserted(void) {
    struct graph *g = graph_new(DT_FLOAT64, &err);
    struct desc wide = {.shape = parse("b=3 a=2 c=4 d=5")},
                narrow = {.shape = parse("a=2 c=1 b=3")};
    struct node *x = graph_input(g, "x", &wide, &err), *y = graph_input(g, "y", &narrow, &err);
    struct node *sum = graph_add2(g, OP_add, x, y, NULL, &err);
    CHECK(sum && sum->in[0] == x);
    struct text t = {0};
    graph_print(g, &t);
    CHECK_STR(t.p, "0 input x: float64 [b=3, a=2, c=4, d=5]\n"
                   "1 input y: float64 [a=2, c=1, b=3]\n"
                   "2 transpose #1: float64 [b=3, a=2, c=1]\n"
                   "3 expand #2 axes 3: float64 [b=3, a=2, c=1, d=5]\n"
                   "4 expand #3 axes 2: float64 [b=3, a=2, c=4, d=5]\n"
                   "5 add #0, #4: float64 [b=3, a=2, c=4, d=5]\n");
    text_clear(&t);
    graph_free(g);
}

TEST_MAIN(test_numbers, test_same_count, test_end, test_names, test_order, test_weak_names,
          test_unknown, test_texts, test_all_small, test_where, test_inserted)
