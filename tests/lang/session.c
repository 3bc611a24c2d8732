/* One notebook for tests. A cell's printed text appears as it is, a result as one line, what show()
 * shows as "show: …", notes as "note: …", help as "help: …". A printed line that is exactly STOP
 * presses the stop button. */
#include "session.h"
#include "display/display.h"
#include "display/error_view.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_text(void *user, struct str utf8, bool is_error) {
    struct session *s = user;
    if (is_error) text_adds(&s->shown, "stderr: ");
    text_add(&s->shown, utf8);
    if (str_is(utf8, "STOP\n")) engine_stop(s->engine);
}

static void add_line(struct session *s, const char *before, struct str line) {
    text_adds(&s->shown, before);
    text_add(&s->shown, line);
    text_addc(&s->shown, '\n');
}

static void on_show(void *user, struct value v, const char *title, bool is_result) {
    struct session *s = user;
    text_adds(&s->shown, is_result ? "" : "show: ");
    value_repr(v, &s->shown);
    if (title) text_addf(&s->shown, " (%s)", title);
    text_addc(&s->shown, '\n');
    if (!s->full) return;
    struct bundle b = {0};
    struct err e = {0};
    if (!display_value(v, title, &b, &e)) text_adds(&s->shown, "not displayed\n");
    bundle_clear(&b);
}

static void on_train(void *user, int run, const struct train_event *event) {
    struct session *s = user;
    (void)run;
    if (event->kind == TRAIN_NOTE) add_line(s, "note: ", str_of(event->text));
    if (event->kind == TRAIN_BEGIN && s->headers) add_line(s, "header: ", str_of(event->text));
    bool late = event->kind == TRAIN_EPOCH || event->kind == TRAIN_BATCH;
    if (s->stop_epoch && late && event->history && event->history->n_rows >= s->stop_epoch)
        engine_stop(s->engine);
}

static void on_note(void *user, struct str utf8) {
    add_line(user, "note: ", utf8);
}

static bool on_ask(void *user, struct str prompt, bool hidden, struct text *answer, struct err *e) {
    (void)e;
    struct session *s = user;
    add_line(s, hidden ? "secret: " : "asked: ", prompt);
    return text_adds(answer, "an answer");
}

static void on_page(void *user, struct str markdown) {
    const char *end = memchr(markdown.p, '\n', markdown.n);
    if (end) markdown.n = (size_t)(end - markdown.p);
    add_line(user, "help: ", markdown);
}

static void on_clear(void *user, bool wait) {
    struct session *s = user;
    if (!wait) text_clear(&s->shown);
}

static void on_exit_cell(void *user) {
    add_line(user, "exit", str_of(""));
}

static bool on_draw(void *user, struct value v, const char *path, double dpi, struct err *e) {
    (void)user;
    return display_save(v, path, dpi, e);
}

bool session_begin(struct session *s) {
    *s = (struct session){.headers = getenv("AWML_SHOW_HEADERS") != NULL};
    s->engine = engine_new(&s->e);
    return s->engine != NULL;
}

void session_end(struct session *s) {
    engine_free(s->engine);
    text_clear(&s->shown);
    s->engine = NULL;
}

bool session_run(struct session *s, struct str code, const char *id, const char *const *deleted,
                 int n_deleted) {
    struct engine_observer observer = {.user = s,
                                       .text = on_text,
                                       .show = on_show,
                                       .train = on_train,
                                       .note = on_note,
                                       .ask = on_ask,
                                       .page = on_page,
                                       .clear = on_clear,
                                       .exit = on_exit_cell,
                                       .draw = on_draw};
    struct engine_cell cell = {.code = code,
                               .cell_id = id,
                               .deleted_ids = deleted,
                               .n_deleted_ids = n_deleted,
                               .number = ++s->number};
    text_clear(&s->shown);
    return engine_run(s->engine, &cell, &observer, &s->e);
}

void session_error(const struct session *s, struct text *line) {
    error_view_line(&s->e, line);
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s, (void)kind, (void)at;
    return remove(path);
}

bool session_enter_folder(char *folder) {
    return mkdtemp(folder) && chdir(folder) == 0;
}

void session_leave_folder(const char *folder) {
    if (chdir("/") == 0) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
