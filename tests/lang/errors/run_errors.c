/* Runs the cells of case files and compares what a student sees, word for word: the texts that the
 * cells print, their results in one line, and their errors. A file holds cases:
 *
 *     === title
 *     --- cell
 *     code
 *     --- gives
 *     what is seen, if anything is
 *
 * The cells of a case run in one session, numbered from 1; after an error the next cell runs.
 * AWML_UPDATE=1 writes what is seen into the file. */
#include "display/error_view.h"
#include "lang/engine.h"
#include "base/pool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int passed, failed;

static void see_text(void *user, struct str utf8, bool is_error) {
    (void)is_error;
    text_add(user, utf8);
}

static void see_value(void *user, struct value v, const char *title, bool is_result) {
    (void)title;
    (void)is_result;
    value_repr(v, user);
    text_addc(user, '\n');
}

static void see_note(void *user, struct str utf8) {
    text_adds(user, "note: ");
    text_add(user, utf8);
    text_addc(user, '\n');
}

static void see_training(void *user, int run, const struct train_event *event) {
    (void)run;
    if (event->kind == TRAIN_NOTE) see_note(user, str_of(event->text));
}

static void run_cell(struct engine *en, int number, struct str code, struct text *seen) {
    struct engine_observer o = {
        .user = seen, .text = see_text, .show = see_value, .note = see_note, .train = see_training};
    struct engine_cell cell = {.code = code, .number = number};
    char id[16];
    snprintf(id, sizeof id, "c%d", number);
    cell.cell_id = id;
    struct err e;
    if (!engine_run(en, &cell, &o, &e)) error_view_text(&e, false, seen);
}

static bool take_line(struct str *rest, struct str *line) {
    if (!rest->n) return false;
    const char *end = memchr(rest->p, '\n', rest->n);
    size_t n = end ? (size_t)(end - rest->p) + 1 : rest->n;
    *line = (struct str){rest->p, n};
    *rest = (struct str){rest->p + n, rest->n - n};
    return true;
}

/* The lines up to the next mark. */
static struct str take_part(struct str *rest) {
    struct str part = {rest->p, 0}, line, ahead = *rest;
    while (take_line(&ahead, &line)) {
        if (str_starts(line, "=== ") || str_starts(line, "--- ")) break;
        part.n += line.n;
        *rest = ahead;
    }
    return part;
}

static struct str trimmed(struct str s) {
    while (s.n && s.p[s.n - 1] == '\n') s.n--;
    return s;
}

static void compare(struct str title, int number, struct str wanted, struct str found) {
    if (str_same(trimmed(wanted), trimmed(found))) {
        passed++;
        return;
    }
    failed++;
    fprintf(stderr, "%.*s, cell %d gives\n%.*s\ninstead of\n%.*s\n\n", (int)title.n - 1, title.p,
            number, (int)found.n, found.p, (int)wanted.n, wanted.p);
}

static void run_case(struct str title, struct str *rest, struct text *written) {
    struct err e = {0};
    struct engine *en = engine_new(&e);
    struct str line;
    int number = 0;
    while (en && str_starts(*rest, "--- cell") && take_line(rest, &line)) {
        struct text seen = {0};
        struct str code = take_part(rest), wanted = {0};
        if (str_starts(*rest, "--- gives") && take_line(rest, &line)) wanted = take_part(rest);
        run_cell(en, ++number, trimmed(code), &seen);
        compare(title, number, wanted, text_str(&seen));
        text_addf(written, "--- cell\n%.*s\n", (int)trimmed(code).n, code.p);
        struct str s = trimmed(text_str(&seen));
        if (s.n) text_addf(written, "--- gives\n%.*s\n", (int)s.n, s.p);
        text_clear(&seen);
    }
    engine_free(en);
}

static bool read_all(const char *path, struct text *out) {
    FILE *f = fopen(path, "rb");
    char block[4096];
    size_t n;
    if (!f) return perror(path), false;
    while ((n = fread(block, 1, sizeof block, f)) > 0) text_add(out, (struct str){block, n});
    return fclose(f) == 0;
}

static void run_file(const char *path) {
    struct text all = {0}, written = {0};
    if (!read_all(path, &all)) {
        failed++;
        return;
    }
    struct str rest = text_str(&all), line;
    text_add(&written, take_part(&rest));
    while (take_line(&rest, &line)) {
        text_add(&written, line);
        run_case(line, &rest, &written);
    }
    if (getenv("AWML_UPDATE")) {
        FILE *f = fopen(path, "wb");
        if (f) fwrite(written.p, 1, written.n, f), fclose(f);
    }
    text_clear(&all);
    text_clear(&written);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) run_file(argv[i]);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
