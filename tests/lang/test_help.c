/* What completion offers and help says in a session with some names. */
#include "../harness.h"
#include "base/pool.h"
#include "session.h"

static struct session s;

static void start(void) {
    CHECK(session_begin(&s));
    CHECK(
        session_run(&s,
                    STR("x = randn(sample=20, unit=3)\n"
                        "weather = table(temperature=[280, 290, 300], city=[\"a\", \"b\", \"c\"])\n"
                        "data = {train: weather, rate: 0.1}\n"
                        "def price(amount, rate=0.1):\n"
                        "    \"\"\"What it costs.\"\"\"\n"
                        "    return amount * rate\n"
                        "model Net(hidden=16):\n"
                        "    \"\"\"A small one.\"\"\"\n"
                        "    input v: [unit=3]\n"
                        "    h = v.Dense(hidden, relu)\n"
                        "    output y = h.Dense(1)\n"
                        "net = Net()\n"
                        "net.predict(x)"),
                    "a", NULL, 0));
}

static void add(void *user, const struct completion *c) {
    text_addf(user, "%s|", c->text);
}

/* The candidates for a cell with the cursor at its end, or at `^`. */
static struct text complete(const char *code) {
    struct text all = {0};
    const char *mark = strchr(code, '^');
    struct str text = {code, mark ? (size_t)(mark - code) : strlen(code)};
    uint32_t from, to;
    engine_complete(s.engine, text, (uint32_t)text.n, &from, &to, add, &all);
    return all;
}

static bool offers(const char *code, const char *name) {
    char wanted[80];
    struct text all = complete(code);
    snprintf(wanted, sizeof wanted, "%s|", name);
    const char *at = all.p ? strstr(all.p, wanted) : NULL;
    while (at && at > all.p && at[-1] != '|') at = strstr(at + 1, wanted);
    text_clear(&all);
    return at != NULL;
}

static const struct {
    const char *code, *yes, *no;
} cases[] = {
    {"weath", "weather", "x"},
    {"x.me", "mean", "melt"},
    {"x.", "shape", "select"},
    {"x.", "sum", "Dense"},
    {"x.", "std", "read_csv"},
    {"weather.", "temperature", "sigmoid"},
    {"weather.", "select", "relu"},
    {"weather.so", "sort", "sigmoid"},
    {"weather.sort(\"temperature\").", "select", "predict"},
    {"data.", "rate", "temperature"},
    {"data.train.", "temperature", "sigmoid"},
    {"net.", "predict", "sort"},
    {"net.", "weights", "mean"},
    {"randn(3, 4).", "mean", "sort"},
    {"(x - x.mean(axis=0)).", "sum", "sort"},
    {"x.mean(axis=\"", "sample", "temperature"},
    {"net.part(output=\"", "h", "sample"},
    {"net.part(\"", "h", "weather"},
    {"net.part(outp", "output=", "h"},
    {"Dense(8, act", "activation=", "units="},
    {"price(am", "amount=", "rate="},
    {"Net(hid", "hidden=", "amount="},
    {"train net on x -> x:\n    ep", "epochs: ", "trials: "},
    {"plot:\n    tit", "title: ", "epochs: "},
    {"%st", "stale", "seed"},
    {"learning = 3\nlea", "learning", "weather"},
    {"for round in range(3):\n    print(rou", "round", "weather"},
    {"batch = randn(5, 5)\nbatch.", "mean", "sort"},
    {"short = weather.head(2)\nshort.", "temperature", "sigmoid"},
    {"model M():\n    input image: [3]\n    h = image.", "Dense", "sort"},
    {"model M():\n    input image: [3]\n    h = ima", "image", "weather"},
    {"model M():\n    input image: [3]\n    output y = image.Dense(3).", "BatchNorm", "read_csv"},
    {"weather.select(\"te", "temperature", "data"},
    {"\"a,b\".low", "lower", "sort"},
};

static void completion_fits_the_place(void) {
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool yes = offers(cases[i].code, cases[i].yes), no = offers(cases[i].code, cases[i].no);
        if (!yes || no) {
            struct text all = complete(cases[i].code);
            fprintf(stderr, "%s\noffers %s\n", cases[i].code, all.p ? all.p : "nothing");
            text_clear(&all);
        }
        CHECK(yes);
        CHECK(!no);
    }
}

/* Half-written and wrong cells: no offer may fail. */
static void completion_takes_anything(void) {
    static const char *const odd[] = {
        "",  ".", "x..",      "((((", "x.^", "\xff\xfe", "f\"{x.",
        "%", "?", "a.b.c.d.", "1.",   "\"",  "model",    "train net on x:\n    "};
    size_t before = 0;
    for (size_t i = 0; i < 2 * ARRAY_LEN(odd); i++) {
        if (i == ARRAY_LEN(odd)) before = pool_live_blocks(); /* words are interned now */
        struct text all = complete(odd[i % ARRAY_LEN(odd)]);
        text_clear(&all);
    }
    CHECK_EQ(pool_live_blocks(), before);
}

static const struct {
    const char *code, *markdown, *html;
} pages[] = {
    {"Dense", "Dense(units, activation=None", "<pre><code>Dense(units"},
    {"Dense(", "Dense(units", "<code>"},
    {"price", "price(amount, rate=0.1)", "What it costs."},
    {"Net", "A small one.", "Net(hidden=16)"},
    {"net", "Dense 16", "Dense 16"},
    {"x", "float64 [sample=20, unit=3], made by cell [1]", "mean"},
    {"weather", "3 rows, 2 columns", "temperature"},
    {"weather.temperature", "280 … 300", "A column of 3 rows"},
    {"data.train", "temperature", "temperature"},
    {"x.mean", "mean(x", "mean(x"},
    {"train net on x -> x:\n    epochs", "A setting of `train`", "<code>train</code>"},
    {"trials", "A setting of `search`", "search"},
};

static void help_says_what_it_is(void) {
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        struct help_page p = {0};
        struct str code = str_of(pages[i].code);
        CHECK(engine_inspect(s.engine, code, (uint32_t)code.n, 0, &p));
        bool good = p.markdown.p && strstr(p.markdown.p, pages[i].markdown) && p.html.p &&
                    strstr(p.html.p, pages[i].html) && p.plain.n;
        if (!good)
            fprintf(stderr, "help of %s:\n%s\n%s\n", pages[i].code,
                    p.markdown.p ? p.markdown.p : "", p.html.p ? p.html.p : "");
        CHECK(good);
        text_clear(&p.markdown);
        text_clear(&p.plain);
        text_clear(&p.html);
    }
    struct help_page none = {0};
    CHECK(!engine_inspect(s.engine, STR("nonsense"), 3, 0, &none));
    CHECK(!engine_inspect(s.engine, STR(""), 0, 0, &none));
}

/* %time? and ?%time */
static void magics_have_help(void) {
    CHECK(session_run(&s, STR("?stale"), "b", NULL, 0));
    CHECK(s.shown.p && strstr(s.shown.p, "help: "));
    CHECK(!session_run(&s, STR("?nonsense"), "b", NULL, 0));
}

int main(void) {
    start();
    completion_fits_the_place();
    completion_takes_anything();
    help_says_what_it_is();
    magics_have_help();
    session_end(&s);
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
