/* Fuzz target: whole cells through the checker and, for a short time, the evaluator. Pieces of the
 * programs in lang/programs and of the cells in tests are put together by the bytes of the input,
 * so that most cells can be read; files, the shell and questions are left out. Two cells run in one
 * session; every mistake is a complete message, and the next cell runs. */
#include "target.h"
#include "display/error_view.h"
#include "lang/engine.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- words ---- */

static const char *const words[] = {"x",
                                    "y",
                                    "n",
                                    "t",
                                    "r",
                                    "f",
                                    "net",
                                    "Net",
                                    "xs",
                                    "s",
                                    "i",
                                    "0",
                                    "1",
                                    "2",
                                    "3",
                                    "-1",
                                    "0.5",
                                    "10 ** 6",
                                    "9223372036854775807",
                                    "[1, 2, 3]",
                                    "[[1, 2], [3, 4]]",
                                    "[]",
                                    "{a: 1, b: x}",
                                    "\"a\"",
                                    "f\"{x:.2f}\"",
                                    "20%",
                                    "3x3",
                                    "None",
                                    "True",
                                    "False",
                                    "nan",
                                    "pi",
                                    "randn(3)",
                                    "rand(4, 3)",
                                    "zeros(0)",
                                    "range(5)",
                                    "rand(sample=5, unit=3)",
                                    "x > 0",
                                    "x.shape",
                                    "x.T",
                                    "x[0]",
                                    "x[:, 0]",
                                    "x[None]",
                                    "x[1:]",
                                    "x[x > 0]",
                                    "t.a",
                                    "t[0]",
                                    "table(a=[1, 2], b=[3, 4])",
                                    "(x -> y)",
                                    "lambda v: (v ** 2).sum()",
                                    "lambda a, b: a + b",
                                    "[i * i for i in range(4)]",
                                    "[i for i in x if i > 0]",
                                    "grad(f, x)",
                                    "x @ y",
                                    "x + y",
                                    "x - y",
                                    "x * y",
                                    "x / y",
                                    "x // y",
                                    "x % y",
                                    "x ** 2",
                                    "-x",
                                    "not x",
                                    "x and y",
                                    "x in xs",
                                    "x == y",
                                    "x if n else y",
                                    "concat(xs)",
                                    "stack([x, x])",
                                    "x.reshape(-1)",
                                    "x.mean(axis=0)",
                                    "x.sum()",
                                    "softmax(x)",
                                    "sorted(xs)",
                                    "map(f, xs)",
                                    "append(xs, x)",
                                    "one_hot([0, 1])",
                                    "split(x, 50%, 50%)",
                                    "zip(xs, xs)",
                                    "items(r)",
                                    "r.a",
                                    "r[\"b\"]",
                                    "len(x)",
                                    "type(x)",
                                    "int(x)",
                                    "float(s)",
                                    "text(x)",
                                    "line(x, y)",
                                    "outer(x, y)",
                                    "windows(x, 2)",
                                    "x.round(1)",
                                    "histogram(x)",
                                    "Net()",
                                    "net(x)",
                                    "net.predict(x)",
                                    "evaluate(net, x -> y, metrics=[mse])",
                                    "Adam(0.1)",
                                    "CosineDecay(0.1, steps=5)",
                                    "mse",
                                    "f(x)",
                                    "f",
                                    "x.expand(n=2)",
                                    "meshgrid(x, x)",
                                    "where(x > 0, x, 0)",
                                    "clip(x, 0, 1)",
                                    "x.axes(\"n\")",
                                    "t.sort(\"a\")",
                                    "t.to_tensor()",
                                    "net.weights",
                                    "mse(x, y)",
                                    "topk(x, 1)",
                                    "cumsum(x)",
                                    "x.min()"};
static const char *const lines[] = {
    "x = @\n",
    "y = @\n",
    "n = @\n",
    "t = @\n",
    "r = @\n",
    "xs = @\n",
    "f = @\n",
    "x, y = @\n",
    "x[@] = @\n",
    "r.a = @\n",
    "t.c = @\n",
    "x += @\n",
    "x -= @\n",
    "assert @\n",
    "@\n",
    "show(@)\n",
    "if @:\n    x = @\nelse:\n    y = @\n",
    "for i in @:\n    x = @\n",
    "for i in range(@):\n    y = @\n",
    "while @:\n    x = @\n    if @:\n        break\n",
    "def f(v, w=@):\n    return @\n",
    "def f(n):\n    return f(n - 1) if n > 0 else @\n",
    "def f(v: [n, m]):\n    x = @\n    return v\n",
    "v: [n=3] = @\n",
    "model Net(k=2):\n    input x: [3]\n    h = x.Dense(k, relu)\n    output y = @\n",
    "model Net():\n    input x: [time, feature]\n    output y = x.Flatten().Dense(@)\n",
    "net = Net()\n",
    "net = Net(@)\n",
    "h = train net on x -> y:\n    epochs: 1\n    quiet: True\n    batch: @\n",
    "train net on @ -> @:\n    loss: @\n    validate: @ -> @\n    epochs: 1\n    metrics: [@]\n",
    "plot:\n    title: @\n    line(@, @)\n    for i in @:\n        scatter(@, @)\n",
    "xs = [@ for i in @]\n",
    "x = [@, @]\n",
    "r = {a: @, b: @}\n",
    "y = (@).@\n"};

struct reader {
    const uint8_t *p, *end;
};

static unsigned next(struct reader *r) {
    return r->p < r->end ? *r->p++ : 0;
}

static void add_line(struct reader *r, struct text *out) {
    for (const char *c = lines[next(r) % ARRAY_LEN(lines)]; *c; c++) {
        if (*c == '@') text_adds(out, words[next(r) % ARRAY_LEN(words)]);
        else text_addc(out, *c);
    }
}

/* ---- time ---- */

static struct engine *session;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double give_up_at; /* 0 = nothing runs */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Stops cells that take longer than a moment. */
static void *watch(void *unused) {
    for (;;) {
        usleep(5000);
        pthread_mutex_lock(&lock);
        if (give_up_at > 0 && now() > give_up_at) engine_stop(session);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

static void set_end(double at) {
    pthread_mutex_lock(&lock);
    give_up_at = at;
    pthread_mutex_unlock(&lock);
}

static void run(struct text *code, int number) {
    struct engine_cell cell = {.code = text_str(code), .number = number};
    struct err e;
    double start = now();
    if (getenv("AWML_SHOW_CELLS")) fprintf(stderr, "---- cell %d\n%s", number, code->p);
    bool fine = engine_check(session, &cell, &e);
    if (now() - start > 5) abort(); /* the checker has to end */
    if (fine) {
        set_end(now() + 0.05);
        fine = engine_run(session, &cell, NULL, &e);
        set_end(0);
    }
    if (fine) return;
    struct text view = {0};
    error_view_text(&e, false, &view);
    if (!e.what[0] || !view.n || e.kind == ERR_BUG) abort();
    text_clear(&view);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    static bool watched;
    pthread_t thread;
    struct err e = {0};
    struct reader r = {bytes, bytes + (n < 200 ? n : 200)};
    session = engine_new(&e);
    if (!session) return 0;
    if (!watched) watched = pthread_create(&thread, NULL, watch, NULL) == 0;
    for (int i = 1; i <= 3; i++) {
        struct text code = {0};
        if (i == 1)
            text_adds(&code, "x, y, n = rand(4, 3), rand(4, 3), 3\nxs, s = [1, 2], \"a\"\n");
        for (unsigned k = 1 + next(&r) % 5; k > 0; k--) add_line(&r, &code);
        run(&code, i);
        text_clear(&code);
    }
    engine_free(session);
    return 0;
}
