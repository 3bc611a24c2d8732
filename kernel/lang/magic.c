/* Lines that begin with %, ? and !: about the session, not of the language. */
#include "engine_parts.h"
#include "lang/eval/builtin.h"
#include "lang/syntax/spelling.h"
#include "base/intern.h"
#include "base/pool.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static void say(struct eval *ev, struct text *t) {
    const struct engine_observer *o = ev->observer;
    if (o->text) o->text(o->user, text_str(t), false);
    text_clear(t);
}

static bool magic_time(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    double start = now_seconds();
    struct text t = {0};
    TRY(engine_run_text(ev->engine, s->text, cell, ev->observer, ev->e));
    text_addf(&t, "time: %.3g s\n", now_seconds() - start);
    say(ev, &t);
    return true;
}

static bool magic_nothing(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    (void)ev, (void)s, (void)cell;
    return true;
}

static bool magic_seed(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    char digits[32], *end;
    (void)cell;
    snprintf(digits, sizeof digits, "%.*s", (int)(s->text.n < 31 ? s->text.n : 31), s->text.p);
    long long seed = strtoll(digits, &end, 10);
    while (*end == ' ') end++;
    if (end == digits || *end)
        return fail(ev, s->span, ERR_VALUE, "%%seed takes a whole number: %%seed 7");
    ev->engine->seed = (uint64_t)seed;
    return true;
}

static void list_name(void *user, const char *name, const struct value *v) {
    struct text *t = user;
    char shape[128];
    struct desc d;
    text_addf(t, "%-20s %s", name, value_kind_words(v->kind));
    if (v->kind == V_TENSOR) {
        d = tensor_desc(v->tensor);
        text_addf(t, " %s %s", dtype_name(d.dtype), shape_print(&d.shape, shape, sizeof shape));
    }
    if (v->kind == V_TABLE || v->kind == V_HISTORY)
        text_addf(t, " %lld x %d", (long long)v->table->n_rows, v->table->n_columns);
    text_addc(t, '\n');
}

static int line_order(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in the order of names. */
static void sort_lines(struct text *t) {
    const char *lines[2000];
    int n = 0;
    for (char *p = t->p; p && *p && n < 2000; n++) {
        lines[n] = p;
        char *end = strchr(p, '\n');
        if (!end) break;
        *end = 0;
        p = end + 1;
    }
    qsort(lines, (size_t)n, sizeof *lines, line_order);
    struct text sorted = {0};
    for (int i = 0; i < n; i++) text_addf(&sorted, "%s\n", lines[i]);
    text_clear(t);
    *t = sorted;
}

static bool magic_who(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct text t = {0};
    (void)s, (void)cell;
    names_each(ev->engine->names, list_name, &t);
    if (t.n == 0) text_adds(&t, "No names yet.\n");
    else sort_lines(&t);
    say(ev, &t);
    return true;
}

static bool magic_stale(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct text t = {0};
    (void)s, (void)cell;
    rerun_list_stale(ev->engine, &t);
    say(ev, &t);
    return true;
}

static bool magic_advice(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct str word = s->text;
    (void)cell;
    while (word.n && word.p[word.n - 1] == ' ') word.n--;
    bool on = str_is(word, "on"), off = str_is(word, "off");
    if (!on && !off) return fail(ev, s->span, ERR_VALUE, "Advice is on or off: %%advice off");
    advice_switch(ev->engine->advice, on);
    return true;
}

static bool magic_reset(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    (void)s, (void)cell;
    names_reset(ev->engine->names);
    cells_reset(ev->engine->cells);
    return true;
}

static bool magic_device(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    (void)cell;
    if (str_starts(s->text, "cpu")) return true;
    if (str_starts(s->text, "gpu")) return fail_later(ev, s->span, "training on a GPU");
    return fail(ev, s->span, ERR_VALUE, "%%device is cpu or gpu.");
}

static bool magic_help(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct text markdown = {0}, plain = {0};
    (void)cell;
    bool found = help_markdown(ev->engine, s->text, &markdown, &plain);
    if (!found)
        fail(ev, s->span, ERR_NAME, "There is no help for `%.*s`.", (int)s->text.n, s->text.p);
    else if (ev->observer->page) ev->observer->page(ev->observer->user, text_str(&markdown));
    text_clear(&markdown);
    text_clear(&plain);
    return found;
}

/* !command: a shell in its own process group, ended when the user presses stop. */
static bool magic_shell(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    (void)cell;
    char sh[] = "sh", flag[] = "-c";
    char *command = pool_alloc(s->text.n + 1);
    char *argv[] = {sh, flag, command, NULL};
    if (!command) return err_memory(ev->e, s->text.n);
    memcpy(command, s->text.p, s->text.n);
    command[s->text.n] = 0;
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    pid_t pid;
    int status = 0, failed = posix_spawn(&pid, "/bin/sh", NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    pool_free(command);
    if (failed)
        return fail(ev, s->span, ERR_FILE, "The shell cannot be started: %s.", strerror(failed));
    struct timespec pause = {0, 5000000};
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (stopped(ev, s->span)) {
            kill(-pid, SIGTERM);
            nanosleep(&pause, NULL);
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return false;
        }
        nanosleep(&pause, NULL);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        struct text t = {0};
        text_addf(&t, "exit status %d\n", WEXITSTATUS(status));
        say(ev, &t);
    }
    return true;
}

static bool magic_later(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    char what[64];
    (void)cell;
    snprintf(what, sizeof what, "%%%s", s->name);
    return fail_later(ev, s->span, what);
}

const struct magic_row magic_rows[] = {
    {"time", "%time LINE: run the line and say how long it took", magic_time},
    {"%time", "%%time as the first line: how long the whole cell took", magic_nothing},
    {"again", "%again: run the cell on top of its own result", magic_nothing},
    {"check", "%check: check the cell, run nothing", magic_nothing},
    {"seed", "%seed N: other random numbers for the whole notebook", magic_seed},
    {"who", "%who: names and what they are", magic_who},
    {"reset", "%reset: forget all names", magic_reset},
    {"device", "%device cpu|gpu: where models run", magic_device},
    {"shapes", "%shapes: the shape of every name the cell assigns", magic_later},
    {"explain", "%explain EXPR: how shapes are matched", magic_later},
    {"stale", "%stale: cells whose values are out of date", magic_stale},
    {"advice", "%advice on|off: notes under outputs", magic_advice},
    {"timeout", "%timeout 10 minutes: stop a cell by itself", magic_later},
    {"?", "?name: help", magic_help},
    {"!", "!command: a shell command", magic_shell},
};
const int magic_n_rows = (int)ARRAY_LEN(magic_rows);

bool run_magic(struct eval *ev, const struct ast *s, const struct engine_cell *cell) {
    struct spelling hint;
    spelling_start(&hint, str_of(s->name));
    for (int i = 0; i < magic_n_rows; i++) {
        if (strcmp(magic_rows[i].name, s->name) == 0) return magic_rows[i].run(ev, s, cell);
        spelling_add(&hint, str_of(magic_rows[i].name));
    }
    struct str best = spelling_best(&hint);
    fail(ev, s->span, ERR_NAME, "There is no %%%s.", s->name);
    if (best.n) err_hint(ev->e, "Did you mean %%%.*s?", (int)best.n, best.p);
    return false;
}
