/* A thousand cells in one session leave nothing behind: blocks, bytes and resident memory stay
 * flat once everything has been seen a few times. */
#include "session.h"
#include "../harness.h"
#include "base/pool.h"
#include <unistd.h>

static const char *const cells[] = {
    "x = randn(50, 3)\ny = x.sum(axis=1, keepdims=True)",
    "x = x * 2\nx[x > 1] = 0\nx[0] = [1, 2, 3]",
    "def f(a, b=[1, 2]):\n    c = [a * k for k in b]\n    return {sum: c, text: f\"{a:.2f}\"}\nr = "
    "f(3.0)\nr.more = [r, r]\nr",
    "t = table(a=range(20), b=range(20) * 2)\nt.c = t.a + "
    "t.b\nd = t.describe()\nt[t.a > 3].sort(\"b\", descending=True).head()",
    "g = grad(lambda w: (w ** 3).sum() + softmax(w).max(), [1.0, 2.0, 3.0])\nh = grad(lambda v: "
    "grad(lambda u: u ** 3, v), 2.0)",
    "model Net(hidden=4):\n    \"\"\"Tiny.\"\"\"\n    input x: [3]\n    h = x.Dense(hidden, "
    "relu).Dropout(10%).BatchNorm()\n    output y = h.Dense(1)\nm = Net()",
    "history = train m on x -> y:\n    validate: x -> y\n    epochs: 2\n    metrics: [mae]\n    "
    "callbacks: [EarlyStopping(patience=1 epoch)]\np = m.predict(x)",
    "def own(y, yhat):\n    return ((y - yhat) ** 2).mean()\nn = Net(hidden=2)\ntrain n on x -> "
    "y:\n    loss: own\n    epochs: 1\n    penalty: l2(0.1)\nevaluate({m: m, n: n}, x -> y, "
    "metrics=[mse])",
    "plot:\n    title: \"lines\"\n    for k in [1, 2]:\n        line(range(5), range(5) * k, "
    "label=f\"{k}\")\n    hist(x[:, 0])",
    "grid(scatter([1, 2], [3, 4]), heatmap(eye(3)), image(rand(4, 4)))",
    "show(rand(2, 8, 8), title=\"two\")\nprint(x, r, t, m, own)",
    "undefined_name + 1",
    "zeros(3) + zeros(4)",
    "def bad(v):\n    return v[99]\nbad([1, 2])",
    "m(zeros(2, 7))",
    "train m on x -> y:\n    epoch: 3",
    "z = 1\nfor i in range(3):\n    z = z + i\n    if z > 2:\n        error(\"enough\")",
    "x = [1, 2",
    "a, b = x.split(50%, 50%)\nw = 0.0\nwhile w < 5:\n    w += rand() + 0.5",
    "?Dense",
    "%who",
};

static size_t resident_bytes(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f) return 0;
    if (fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void rounds(struct session *s, int n) {
    for (int i = 0; i < n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(cells); k++) {
            char id[8];
            snprintf(id, sizeof id, "c%zu", k);
            session_run(s, str_of(cells[k]), id, NULL, 0);
        }
    }
}

/* Numbers after a first part of the cells and after all of them. */
static void a_thousand_cells(void) {
    struct session s;
    CHECK(session_begin(&s));
    s.full = true;
    rounds(&s, 20);
    size_t blocks = pool_live_blocks(), bytes = pool_live_bytes(), resident = resident_bytes();
    rounds(&s, 50);
    CHECK_EQ(s.number > 1000, 1);
    CHECK_EQ(pool_live_blocks(), blocks);
    printf("%zu bytes in %zu blocks, %zu KB resident; before: %zu, %zu, %zu\n", pool_live_bytes(),
           pool_live_blocks(), resident_bytes() / 1024, bytes, blocks, resident / 1024);
    CHECK(pool_live_bytes() < bytes + bytes / 50);
#if !defined(__SANITIZE_ADDRESS__)
    CHECK(resident_bytes() < resident + (2u << 20));
#endif
    session_end(&s);
}

/* Sessions one after the other give everything back but the tables that are made once. */
static void sessions_end(void) {
    size_t before = 0;
    for (int i = 0; i < 5; i++) {
        struct session s;
        CHECK(session_begin(&s));
        rounds(&s, 1);
        session_end(&s);
        if (i == 1) before = pool_live_blocks();
    }
    CHECK_EQ(pool_live_blocks(), before);
}

/* The cells that should work do, and the others fail. */
static void they_do_what_they_should(void) {
    struct session s;
    CHECK(session_begin(&s));
    int failed = 0;
    for (size_t k = 0; k < ARRAY_LEN(cells); k++) {
        struct text line = {0};
        bool ok = session_run(&s, str_of(cells[k]), NULL, NULL, 0);
        if (!ok) session_error(&s, &line);
        if (!ok) printf("cell %zu: %s\n", k, line.p);
        text_clear(&line);
        failed += !ok;
    }
    CHECK_EQ(failed, 7);
    session_end(&s);
}

TEST_MAIN(a_thousand_cells, sessions_end, they_do_what_they_should)
