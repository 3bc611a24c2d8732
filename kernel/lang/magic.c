/* Lines that begin with %, ? and !: about the session, not of the language. */
#include "magic.h"
#include "help.h"
#include "lang/eval/builtin.h"
#include "lang/syntax/spelling.h"
#include "base/intern.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void magic_say(struct eval *ev, struct text *t) {
    const struct engine_observer *o = ev->observer;
    if (o->text) o->text(o->user, text_str(t), false);
    text_clear(t);
}

struct str magic_rest(const struct ast *s) {
    struct str t = s->text;
    while (t.n && t.p[0] == ' ') t.p++, t.n--;
    while (t.n && t.p[t.n - 1] == ' ') t.n--;
    return t;
}

/* A magic without a word behind it says how things stand. */
static bool say_state(struct eval *ev, const char *what, const char *state) {
    struct text t = {0};
    text_addf(&t, "%s %s\n", what, state);
    magic_say(ev, &t);
    return true;
}

/* The statement behind it is the next one, and the engine takes its time. */
static bool magic_time(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    (void)cell;
    if (s->text.n) return true;
    fail(ev, s->span, ERR_VALUE, "%%time stands before the line whose time is wanted.");
    return err_hint(
        ev->e, "    %%time y = net.predict(x)\n\nFor a whole cell, %%%%time is its first line.");
}

static bool magic_nothing(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    (void)ev, (void)s, (void)cell;
    return true;
}

static bool magic_seed(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    char digits[32], *end;
    (void)cell;
    if (!magic_rest(s).n) {
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)ev->engine->seed);
        return say_state(ev, "the seed is", digits);
    }
    snprintf(digits, sizeof digits, "%.*s", (int)(s->text.n < 31 ? s->text.n : 31), s->text.p);
    long long seed = strtoll(digits, &end, 10);
    while (*end == ' ') end++;
    if (end == digits || *end)
        return fail(ev, s->span, ERR_VALUE, "%%seed takes a whole number: %%seed 7");
    ev->engine->seed = (uint64_t)seed;
    return true;
}

static bool magic_advice(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct str word = magic_rest(s);
    (void)cell;
    bool on = str_is(word, "on"), off = str_is(word, "off");
    if (!word.n) return say_state(ev, "advice is", advice_is_on(ev->engine->advice) ? "on" : "off");
    if (!on && !off) return fail(ev, s->span, ERR_VALUE, "Advice is on or off: %%advice off");
    advice_switch(ev->engine->advice, on);
    return true;
}

/* "10 minutes", "90 seconds", "2 hours", "off"; 0 = off, below 0 = none of these. */
static double read_duration(struct str s) {
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}};
    char text[64], *unit;
    if (str_is(s, "off")) return 0;
    snprintf(text, sizeof text, "%.*s", (int)(s.n < 63 ? s.n : 63), s.p);
    double amount = strtod(text, &unit);
    while (*unit == ' ') unit++;
    for (size_t i = 0; unit != text && i < ARRAY_LEN(units); i++) {
        size_t n = strlen(units[i].unit);
        bool fits = strncmp(unit, units[i].unit, n) == 0;
        if (fits && (!unit[n] || strcmp(unit + n, "s") == 0) && amount > 0 && amount < 1e6)
            return amount * units[i].seconds;
    }
    return -1;
}

MAGIC(timeout) {
    struct engine *en = ev->engine;
    double seconds = read_duration(magic_rest(s));
    (void)cell;
    if (!magic_rest(s).n)
        return say_state(ev, "cells may take",
                         en->limit_seconds > 0 ? en->limit_words : "any time");
    if (seconds < 0)
        return fail(ev, s->span, ERR_VALUE, "%%timeout is a duration or off: %%timeout 10 minutes");
    snprintf(en->limit_words, sizeof en->limit_words, "%.*s",
             (int)(magic_rest(s).n < 39 ? magic_rest(s).n : 39), magic_rest(s).p);
    en->limit_seconds = seconds;
    if (seconds == 0) timeout_cancel(en->timeout);
    else if (!timeout_start(en->timeout, seconds))
        return fail(ev, s->span, ERR_MEMORY, "There is no thread left for the clock.");
    return true;
}

/* "5 USD", "$5", "5"; 0 = off, below 0 = none of these. */
static double read_money(struct str s) {
    char text[64], *unit;
    if (str_is(s, "off")) return 0;
    if (s.n && s.p[0] == '$') s.p++, s.n--;
    snprintf(text, sizeof text, "%.*s", (int)(s.n < 63 ? s.n : 63), s.p);
    double usd = strtod(text, &unit);
    bool number = unit != text && usd > 0 && usd < 1e6;
    while (*unit == ' ') unit++;
    bool dollars = !*unit || !strcmp(unit, "USD") || !strcmp(unit, "$") || !strcmp(unit, "dollars");
    return number && dollars ? usd : -1;
}

static bool magic_budget(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct engine *en = ev->engine;
    struct str words = magic_rest(s);
    struct text t = {0};
    double usd = words.n ? read_money(words) : en->budget;
    (void)cell;
    if (usd < 0)
        return fail(ev, s->span, ERR_VALUE, "%%budget is an amount or off: %%budget 5 USD");
    en->budget = usd;
    if (ev->observer->money) ev->observer->money(ev->observer->user, usd, &t);
    magic_say(ev, &t);
    return true;
}

double engine_budget(const struct engine *en) {
    return en->budget;
}

static bool magic_reset(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    (void)s, (void)cell;
    names_reset(ev->engine->names);
    cells_reset(ev->engine->cells);
    return true;
}

static bool magic_device(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct str word = magic_rest(s);
    (void)cell;
    enum device_choice choice = DEVICE_AUTO;
    if (!word.n) {
        choice = ev->engine->device;
        return say_state(ev, "models train on the",
                         choice == DEVICE_CPU   ? "CPU"
                         : choice == DEVICE_GPU ? "GPU"
                         : device_present()     ? "GPU (found by itself)"
                                                : "CPU");
    }
    if (str_is(word, "cpu")) choice = DEVICE_CPU;
    else if (str_is(word, "gpu")) choice = DEVICE_GPU;
    else if (!str_is(word, "auto"))
        return fail(ev, s->span, ERR_VALUE,
                    "%%device is cpu or gpu, or auto: the GPU if there is one.");
    if (choice == DEVICE_GPU && !device_gpu(ev->e)) return err_at(ev->e, s->span);
    ev->engine->device = choice;
    return true;
}

static bool magic_help(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct help h = {0};
    struct text page = {0};
    (void)cell;
    bool found = help_find(ev->engine, s->text, &h);
    if (found) help_as_markdown(&h, &page);
    if (!found)
        fail(ev, s->span, ERR_NAME, "There is no help for `%.*s`.", (int)s->text.n, s->text.p);
    else if (ev->observer->page) ev->observer->page(ev->observer->user, text_str(&page));
    help_clear(&h);
    text_clear(&page);
    return found;
}

const struct magic_row magic_rows[] = {
    {"time", "%time LINE: run the line and say how long it took", NULL, magic_time},
    {"%time", "%%time as the first line: how long the whole cell took", "", magic_nothing},
    {"again", "%again: run the cell on top of its own result", "", magic_nothing},
    {"check", "%check: check the cell, run nothing", "", magic_nothing},
    {"seed", "%seed N: other random numbers for the whole notebook", "", magic_seed},
    {"who", "%who: names, what they are, and the cells that made them", "", magic_who},
    {"reset", "%reset: forget all names", "", magic_reset},
    {"device",
     "%device cpu|gpu|auto: where models train; auto, as at the start: on the GPU if there is one",
     "cpu gpu auto", magic_device},
    {"shapes", "%shapes: the shape of every name the cell assigns; alone: the last cell's", "",
     magic_shapes},
    {"explain", "%explain EXPR: the shapes and the steps of a result; of a model: of a batch", NULL,
     magic_explain},
    {"stale", "%stale: cells whose values are out of date, in the order to run them", "",
     magic_stale},
    {"advice", "%advice on|off: notes under outputs", "on off", magic_advice},
    {"timeout", "%timeout 10 minutes: stop cells that take longer, from this one on; %timeout off",
     "off", magic_timeout},
    {"budget",
     "%budget 5 USD: show beside trainings what is left of it, where the machine's price is known",
     "off", magic_budget},
    {"?", "?name: help", NULL, magic_help},
    {"!", "!command: a shell command, where AWML_SHELL is not off", NULL, magic_shell},
};
const int magic_n_rows = (int)ARRAY_LEN(magic_rows);

/* Lines of IPython's that students bring along, with what to write here. */
static const struct {
    const char *name, *instead;
} foreign_magics[] = {
    {"matplotlib", "Plots need no switch: line(x, y) shows one."},
    {"ls", "Write files(\".\"), or !ls."},
    {"cat", "Write !cat and the file's name."},
    {"pwd", "Write !pwd."},
    {"cd", "Paths are written from the notebook's folder: read_csv(\"data/sales.csv\")."},
    {"pip", "There is nothing to install: all functions are there from the start."},
    {"conda", "There is nothing to install: all functions are there from the start."},
    {"load_ext", "There is nothing to load: all functions are there from the start."},
    {"timeit", "Write %time and the line, or %%time as the first line of the cell."},
    {"%timeit", "Write %%time as the first line of the cell."},
    {"whos", "Write %who."},
    {"%bash", "A line that begins with ! is a shell command: !ls"},
    {"%sh", "A line that begins with ! is a shell command: !ls"},
    {"%python", "This notebook speaks awml only."},
    {"%writefile", "Write save(\"a text\", \"notes.txt\")."},
    {"%html", "Formatted text belongs into a Markdown cell."},
    {"%latex", "Formatted text belongs into a Markdown cell."},
    {"run", "Names of another file: import \"helpers.awml\"."},
};

static const struct magic_row *find_magic(const char *name) {
    for (int i = 0; i < magic_n_rows; i++)
        if (strcmp(magic_rows[i].name, name) == 0) return &magic_rows[i];
    return NULL;
}

/* %time %%time … ?name !command */
static void list_magics(struct text *out) {
    for (int i = 0; i < magic_n_rows; i++) {
        bool sign = magic_rows[i].name[0] == '?' || magic_rows[i].name[0] == '!';
        const char *end = strchr(magic_rows[i].help, ':');
        if (sign) text_addf(out, " %.*s", (int)(end - magic_rows[i].help), magic_rows[i].help);
        else text_addf(out, "%s%%%s", i ? " " : "", magic_rows[i].name);
    }
}

bool magic_known(const char *name, struct err *e) {
    struct spelling hint;
    if (strcmp(name, "!") == 0) return shell_allowed(e);
    if (find_magic(name)) return true;
    spelling_start(&hint, str_of(name));
    for (int i = 0; i < magic_n_rows; i++) spelling_add(&hint, str_of(magic_rows[i].name));
    struct str best = spelling_best(&hint);
    err_set(e, ERR_NAME, "There is no %%%s.", name);
    for (size_t i = 0; i < ARRAY_LEN(foreign_magics); i++)
        if (strcmp(foreign_magics[i].name, name) == 0)
            return err_hint(e, "%s", foreign_magics[i].instead);
    if (best.n) return err_hint(e, "Did you mean %%%.*s?", (int)best.n, best.p);
    struct text all = {0};
    list_magics(&all);
    err_hint(e, "There are %s.", all.p ? all.p : "none");
    text_clear(&all);
    return false;
}

bool run_magic(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    const struct magic_row *row = find_magic(s->name);
    return row ? row->run(ev, s, cell) : magic_known(s->name, ev->e);
}
