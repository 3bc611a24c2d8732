/* A stand-in for the language, for tests of the wire: each line of a cell is a command. It
 * implements engine.h and the few functions of lang and display that the session calls.
 *
 *   print X | warn X | note X    text (out, err, note)       show X | result X | 1+1    displays
 *   sleep S | deaf S             wait S seconds, stopping when asked | not listening
 *   flood N | fdflood N          N lines through the engine | through stdout, each flushed
 *   pieces N                     N displays                  train N   N training events
 *   c X | cerr X                 libc's stdout without flush | stderr
 *   split                        a UTF-8 character written in two halves
 *   bytes                        all byte values             child X   a child process prints X
 *   late X                       a thread prints X 0.2 s later
 *   background S                 a child keeps stdout open for S seconds
 *   ask X | secret X             input()                     page X    help
 *   clear | exit                                             memory    out of memory
 *   fail X                       an error */
#include "lang/engine.h"
#include "lang/interact.h"
#include "lang/syntax/parse.h"
#include "display/display.h"
#include "display/error_view.h"
#include "base/pool.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct engine {
    _Atomic bool stop;
};

struct run {
    struct engine *engine;
    const struct engine_observer *to;
    struct err *e;
};

struct engine *engine_new(struct err *e) {
    return pool_need(sizeof(struct engine), e);
}

void engine_free(struct engine *en) {
    pool_free(en);
}

void engine_stop(struct engine *en) {
    atomic_store(&en->stop, true);
}

const _Atomic bool *engine_stop_flag(const struct engine *en) {
    return &en->stop;
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool stopped(struct run *r) {
    if (!atomic_load(&r->engine->stop)) return false;
    err_set(r->e, ERR_INTERRUPT, "stopped");
    return true;
}

static bool wait_seconds(struct run *r, const char *text, bool listens) {
    double end = seconds_now() + strtod(text, NULL);
    while (seconds_now() < end) {
        if (listens && stopped(r)) return false;
        usleep(listens ? 1000 : 20000);
    }
    return true;
}

static bool run_flood(struct run *r, const char *text, bool by_fd) {
    long n = strtol(text, NULL, 10);
    for (long i = 0; i < n; i++) {
        char line[64];
        snprintf(line, sizeof line, "line %ld of the flood, with some more text\n", i);
        if (by_fd) {
            fputs(line, stdout);
            fflush(stdout);
        } else {
            r->to->text(r->to->user, str_of(line), false);
        }
        if (stopped(r)) return false;
    }
    return true;
}

static void show(struct run *r, const char *text, bool is_result) {
    size_t n = strlen(text);
    struct string *s = pool_zalloc(sizeof *s + n + 1);
    if (!s) return;
    s->refs = 1;
    s->n = n;
    memcpy(s->bytes, text, n);
    struct value v = {.kind = V_TEXT, .text = s};
    r->to->show(r->to->user, v, NULL, is_result);
    value_unref(v);
}

static bool run_pieces(struct run *r, const char *text) {
    long n = strtol(text, NULL, 10);
    for (long i = 0; i < n; i++) {
        char piece[32];
        snprintf(piece, sizeof piece, "piece %ld", i);
        show(r, piece, false);
        if (stopped(r)) return false;
    }
    return true;
}

static bool run_train(struct run *r, const char *text) {
    long n = strtol(text, NULL, 10);
    for (long i = 0; i <= n + 1; i++) {
        struct train_event event = {.kind = i == 0  ? TRAIN_BEGIN
                                            : i > n ? TRAIN_END
                                                    : TRAIN_EPOCH,
                                    .epoch = i > n ? n : i,
                                    .n_epochs = n};
        r->to->train(r->to->user, 1, &event);
        if (stopped(r)) return false;
        usleep(2000);
    }
    return true;
}

static void run_bytes(struct run *r) {
    char all[256];
    for (int i = 0; i < 256; i++) all[i] = (char)i;
    r->to->text(r->to->user, (struct str){all, sizeof all}, false);
}

static bool run_split(void) {
    bool ok = write(1, "a\xe2\x82", 3) == 3;
    usleep(30000);
    return ok && write(1,
                       "\xac"
                       "b\n",
                       3) == 3;
}

static bool run_child(const char *text, bool waits) {
    pid_t pid = fork();
    if (pid == 0) {
        if (waits && write(1, text, strlen(text)) < 0) _exit(1);
        if (!waits) usleep((useconds_t)(strtod(text, NULL) * 1e6));
        _exit(0);
    }
    return !waits || waitpid(pid, NULL, 0) == pid;
}

static void *print_late(void *text) {
    usleep(200000);
    printf("%s", (char *)text);
    fflush(stdout);
    pool_free(text);
    return NULL;
}

static bool run_late(struct run *r, const char *text) {
    pthread_t thread;
    char *copy = pool_zalloc(strlen(text) + 1);
    if (!copy) return err_memory(r->e, strlen(text));
    memcpy(copy, text, strlen(text));
    if (pthread_create(&thread, NULL, print_late, copy) != 0) return err_memory(r->e, 0);
    return pthread_detach(thread) == 0;
}

static bool run_ask(struct run *r, const char *prompt, bool hidden) {
    struct text answer = {0};
    bool ok = r->to->ask(r->to->user, str_of(prompt), hidden, &answer, r->e);
    if (ok) {
        r->to->text(r->to->user, text_str(&answer), false);
        r->to->text(r->to->user, STR("\n"), false);
    }
    text_clear(&answer);
    return ok;
}

static void say(struct run *r, const char *text, bool is_error) {
    struct text line = {0};
    text_addf(&line, "%s\n", text);
    r->to->text(r->to->user, text_str(&line), is_error);
    text_clear(&line);
}

static bool run_output(struct run *r, const char *word, const char *rest, bool *known) {
    *known = true;
    if (!strcmp(word, "print")) return say(r, rest, false), true;
    if (!strcmp(word, "warn")) return say(r, rest, true), true;
    if (!strcmp(word, "note")) return r->to->note(r->to->user, str_of(rest)), true;
    if (!strcmp(word, "show")) return show(r, rest, false), true;
    if (!strcmp(word, "result")) return show(r, rest, true), true;
    if (!strcmp(word, "1+1")) return show(r, "2", true), true;
    if (!strcmp(word, "flood")) return run_flood(r, rest, false);
    if (!strcmp(word, "fdflood")) return run_flood(r, rest, true);
    if (!strcmp(word, "pieces")) return run_pieces(r, rest);
    if (!strcmp(word, "train")) return run_train(r, rest);
    if (!strcmp(word, "c")) return fputs(rest, stdout) >= 0;
    if (!strcmp(word, "cerr")) return fputs(rest, stderr) >= 0;
    if (!strcmp(word, "split")) return run_split();
    if (!strcmp(word, "bytes")) return run_bytes(r), true;
    return *known = false;
}

static bool run_word(struct run *r, const char *word, const char *rest) {
    bool known;
    bool ok = run_output(r, word, rest, &known);
    if (known) return ok;
    if (!strcmp(word, "sleep")) return wait_seconds(r, rest, true);
    if (!strcmp(word, "deaf")) return wait_seconds(r, rest, false);
    if (!strcmp(word, "child")) return run_child(rest, true);
    if (!strcmp(word, "late")) return run_late(r, rest);
    if (!strcmp(word, "background")) return run_child(rest, false);
    if (!strcmp(word, "ask")) return run_ask(r, rest, false);
    if (!strcmp(word, "secret")) return run_ask(r, rest, true);
    if (!strcmp(word, "page")) return r->to->page(r->to->user, str_of(rest)), true;
    if (!strcmp(word, "clear")) return r->to->clear(r->to->user, false), true;
    if (!strcmp(word, "exit")) return r->to->exit(r->to->user), true;
    if (!strcmp(word, "memory")) return err_memory(r->e, (size_t)1 << 40);
    if (!strcmp(word, "fail")) return err_set(r->e, ERR_VALUE, "failed: %s", rest);
    if (word[0] == 0 || word[0] == '#') return true;
    return err_set(r->e, ERR_NAME, "`%s` is not a command of the stand-in", word);
}

static bool run_line(struct run *r, struct str line) {
    char *copy = pool_zalloc(line.n + 1);
    if (!copy) return err_memory(r->e, line.n);
    if (line.n) memcpy(copy, line.p, line.n);
    char *rest = strchr(copy, ' ');
    if (rest) *rest++ = 0;
    bool ok = run_word(r, copy, rest ? rest : "");
    pool_free(copy);
    return ok;
}

bool engine_run(struct engine *en, const struct engine_cell *cell,
                const struct engine_observer *observer, struct err *e) {
    struct run r = {.engine = en, .to = observer, .e = e};
    struct str rest = cell->code;
    atomic_store(&en->stop, false);
    while (rest.n) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        if (stopped(&r) || !run_line(&r, (struct str){rest.p, n})) return false;
        size_t skip = end ? n + 1 : n;
        rest = (struct str){rest.p + skip, rest.n - skip};
    }
    return true;
}

bool engine_check(struct engine *en, const struct engine_cell *cell, struct err *e) {
    (void)en;
    return !str_starts(cell->code, "fail") || err_set(e, ERR_VALUE, "would fail");
}

int engine_findings(struct engine *en, const struct engine_cell *cell, struct err *found,
                    int most) {
    return most > 0 && !engine_check(en, cell, found);
}

/* Every "wrong" is a mistake. */
int engine_check_draft(struct engine *en, const struct engine_cell *cell,
                       const struct engine_cell *above, int n_above, uint32_t *start,
                       struct err *found, int most) {
    struct str rest = cell->code;
    const char *at;
    int n = 0;
    (void)en, (void)above;
    *start = (uint32_t)n_above;
    while (n < most && rest.n && (at = memmem(rest.p, rest.n, "wrong", 5))) {
        uint32_t from = *start + (uint32_t)(at - cell->code.p);
        found[n] = (struct err){0};
        err_set(&found[n], ERR_VALUE, "wrong below %d cells", n_above);
        err_at(&found[n++], (struct span){1, from, from + 5});
        rest.n -= (size_t)(at + 5 - rest.p);
        rest.p = at + 5;
    }
    return n;
}

bool engine_eval(struct engine *en, struct str code, struct value *out, struct err *e) {
    (void)en;
    if (!str_is(code, "1+1")) return err_set(e, ERR_NAME, "not known");
    *out = value_int(2);
    return true;
}

void engine_complete(struct engine *en, struct str code, uint32_t offset, uint32_t *start,
                     uint32_t *end, void (*add)(void *user, const struct completion *c),
                     void *user) {
    (void)en;
    struct completion match = {"print", "function", "print X"};
    *end = *start = offset;
    while (*start > 0 && code.p[*start - 1] >= 'a' && code.p[*start - 1] <= 'z') --*start;
    if (str_starts(STR("print"), "p") && *start < offset) add(user, &match);
}

bool engine_inspect(struct engine *en, struct str code, uint32_t offset, int detail,
                    struct help_page *page) {
    (void)en, (void)offset, (void)detail;
    if (!str_starts(code, "print")) return false;
    text_adds(&page->markdown, "**print** X");
    return text_adds(&page->plain, "print X");
}

enum completeness parse_completeness(struct str text, int *indent) {
    *indent = 4;
    if (str_ends(text, ":")) return CELL_INCOMPLETE;
    return str_starts(text, ")") ? CELL_INVALID : CELL_COMPLETE;
}

void value_unref_counted(struct value v) {
    if (v.kind == V_TEXT && atomic_fetch_sub(&v.text->refs, 1) == 1) pool_free(v.text);
}

void bundle_clear(struct bundle *b) {
    for (int i = 0; i < b->n; i++) text_clear(&b->items[i].data);
    b->n = 0;
}

struct text *bundle_add(struct bundle *b, const char *mime_type) {
    if (b->n == BUNDLE_MAX) return NULL;
    b->items[b->n] = (struct mime){.type = mime_type};
    return &b->items[b->n++].data;
}

bool display_value(struct value v, const char *title, struct bundle *b, struct err *e) {
    (void)title, (void)e;
    struct text *plain = bundle_add(b, "text/plain");
    if (v.kind == V_TEXT) return text_add(plain, (struct str){v.text->bytes, v.text->n});
    return text_addf(plain, "%lld", (long long)v.integer);
}

void live_bar_clear(struct live_bar *b) {
    (void)b;
}

bool display_kept(const struct live_bar *bar, struct bundle *b, struct err *e) {
    (void)bar, (void)b;
    return err_set(e, ERR_BUG, "not in the stub");
}

void progress_bar(const struct progress *p, const struct machine_cost *cost, struct live_bar *out) {
    (void)p, (void)cost, (void)out;
}

void training_view_bar(const struct training_view *v, struct live_bar *out) {
    (void)v, (void)out;
}

void training_view_stop(struct training_view *v) {
    (void)v;
}

bool display_progress(const struct progress *p, const struct machine_cost *cost,
                      enum view_part part, struct bundle *b, struct err *e) {
    struct text *t = bundle_add(b, "text/plain");
    (void)e, (void)cost, (void)part;
    return t && text_adds(t, p->state);
}

struct training_view {
    struct train_event last;
};

struct training_view *training_view_new(struct err *e) {
    return pool_need(sizeof(struct training_view), e);
}

void training_view_free(struct training_view *v) {
    pool_free(v);
}

bool training_view_note(struct training_view *v, const struct train_event *event, struct err *e) {
    (void)e;
    v->last = *event;
    return true;
}

void training_view_cost(struct training_view *v, const struct machine_cost *cost) {
    (void)v, (void)cost;
}

void budget_words(const struct machine_cost *c, double hours, struct text *out) {
    (void)c, (void)hours, (void)out;
}

const struct interaction *engine_interaction(const struct engine *en, int id) {
    (void)en, (void)id;
    return NULL;
}

void knob_choice(const struct knob *c, int i, struct text *out) {
    (void)c, (void)i, (void)out;
}

bool engine_interact(struct engine *en, int id, const struct setting *settings,
                     const struct engine_observer *o, struct err *e) {
    (void)en, (void)id, (void)settings, (void)o;
    return err_set(e, ERR_BUG, "not in the stub");
}

void engine_interaction_drop(struct engine *en, int id) {
    (void)en, (void)id;
}

struct str value_str(const struct value *text) {
    return (struct str){text->text->bytes, text->text->n};
}

double engine_budget(const struct engine *en) {
    (void)en;
    return 0;
}

bool training_view_show(const struct training_view *v, enum view_part part, struct bundle *b,
                        struct err *e) {
    (void)e, (void)part;
    text_addf(bundle_add(b, "text/plain"), "%s epoch %lld of %lld",
              v->last.kind == TRAIN_END ? "end" : "at", (long long)v->last.epoch,
              (long long)v->last.n_epochs);
    struct mime *picture = &b->items[b->n];
    text_adds(bundle_add(b, "image/svg+xml"), "<svg/>");
    picture->width = 300;
    picture->height = 200;
    return true;
}

bool display_save(struct value v, const char *path, double dpi, struct err *e) {
    (void)v;
    (void)dpi;
    return err_set(e, ERR_FILE, "the stub does not write %s", path);
}

void error_view_text(const struct err *e, bool color, struct text *out) {
    text_addf(out, color ? "\x1b[31m%s\x1b[0m: %s\n" : "%s: %s\n", err_title(e->kind), e->what);
}

void error_view_brief(const struct err *e, struct text *out) {
    text_adds(out, e->what);
}

void error_view_line(const struct err *e, struct text *out) {
    text_adds(out, e->what);
}
