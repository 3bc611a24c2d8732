/* Runs .cell files: what each cell of a small notebook shows must be what the file says.
 *
 *   === title              a new session
 *   code                   the first cell
 *   --- shows              what it shows, line by line (none of this: it shows nothing)
 *                          (a line that ends in … fits what begins so)
 *   --- fails              or: parts of its error message, one per line
 *   --- cell [id]          another cell of the same session; an id makes a second run a rerun
 *   --- deleted a b        before a cell: cells that were deleted
 *   --- stop 3             before a cell: the stop button is pressed after epoch 3
 *   --- piece gan.awml: cell 2   the code of this cell is that piece of the program; all pieces
 *                          of a program that is named have to be run
 *   --- with a | b         in the code: b instead of a, which has to be there
 *
 * Lines that begin with # before the first title are comments. */
#include "pieces.h"
#include "session.h"
#include "base/pool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum cell_part { PART_CODE, PART_SHOWS, PART_FAILS };
enum { MAX_DELETED = 8 };

struct reader {
    const char *file;
    int line, cell_line, passed, failed;
    struct session session;
    bool open; /* a session is under way */
    enum cell_part part;
    bool fails;
    char title[128], id[32], words[128];
    const char *deleted[MAX_DELETED];
    int n_deleted;
    struct text code, shows, message;
    struct pieces program;
};

static void reset_cell(struct reader *r) {
    text_clear(&r->code);
    text_clear(&r->shows);
    text_clear(&r->message);
    r->part = PART_CODE;
    r->fails = false;
    r->id[0] = 0;
    r->n_deleted = 0;
}

static void report(struct reader *r, const char *what, struct str found, struct str expected) {
    r->failed++;
    fprintf(stderr, "%s:%d: [%s] %s\n--- found\n%.*s\n--- expected\n%.*s\n\n", r->file,
            r->cell_line, r->title, what, (int)found.n, found.p ? found.p : "", (int)expected.n,
            expected.p ? expected.p : "");
}

static struct str trimmed(struct str s) {
    while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == ' ')) s.n--;
    return s;
}

static bool holds(struct str text, struct str part) {
    return part.n == 0 || (text.n && memmem(text.p, text.n, part.p, part.n));
}

/* Every expected line must be part of the message. */
static bool message_fits(struct str message, struct str expected) {
    while (expected.n) {
        const char *end = memchr(expected.p, '\n', expected.n);
        size_t n = end ? (size_t)(end - expected.p) : expected.n;
        if (!holds(message, (struct str){expected.p, n})) return false;
        expected = (struct str){expected.p + n + (end != NULL), expected.n - n - (end != NULL)};
    }
    return true;
}

/* Line by line; an expected line that ends in … fits every line that begins so. */
static bool shown_fits(struct str shown, struct str expected) {
    static const char rest[] = "…";
    while (shown.n && expected.n) {
        const char *a = memchr(shown.p, '\n', shown.n), *b = memchr(expected.p, '\n', expected.n);
        struct str x = {shown.p, a ? (size_t)(a - shown.p) : shown.n};
        struct str y = {expected.p, b ? (size_t)(b - expected.p) : expected.n};
        bool open = y.n >= sizeof rest - 1 && str_ends(y, rest);
        if (open) y.n -= sizeof rest - 1;
        if (open ? x.n < y.n || memcmp(x.p, y.p, y.n) != 0 : !str_same(x, y)) return false;
        if (!a != !b) return false;
        if (!a) return true;
        shown = (struct str){a + 1, shown.n - x.n - 1};
        expected = (struct str){b + 1, expected.n - (size_t)(b + 1 - expected.p)};
    }
    return shown.n == expected.n;
}

static void check_cell(struct reader *r, bool ok) {
    struct text message = {0};
    struct str shown = trimmed(text_str(&r->session.shown));
    struct str expected = trimmed(text_str(&r->shows));
    if (!ok) {
        session_error(&r->session, &message);
        text_addf(&message, "\n%s\n%s", r->session.e.facts, r->session.e.hint);
    }
    if (ok && r->fails) report(r, "no error", shown, text_str(&r->message));
    else if (!ok && !r->fails) report(r, "an error", text_str(&message), expected);
    else if (!ok && !message_fits(text_str(&message), trimmed(text_str(&r->message))))
        report(r, "another message", text_str(&message), text_str(&r->message));
    else if (!shown_fits(shown, expected)) report(r, "something else is shown", shown, expected);
    else r->passed++;
    text_clear(&message);
}

static void finish_cell(struct reader *r) {
    if (r->open && trimmed(text_str(&r->code)).n) {
        bool ok = session_run(&r->session, text_str(&r->code), r->id[0] ? r->id : NULL, r->deleted,
                              r->n_deleted);
        check_cell(r, ok);
        r->session.stop_epoch = 0;
    }
    reset_cell(r);
}

static void finish_session(struct reader *r) {
    finish_cell(r);
    if (r->open) session_end(&r->session);
    r->open = false;
}

static void begin_session(struct reader *r, const char *title) {
    finish_session(r);
    snprintf(r->title, sizeof r->title, "%s", title);
    r->cell_line = r->line;
    r->open = session_begin(&r->session);
    if (!r->open) report(r, "no engine", STR(""), STR(""));
}

static void split_words(struct reader *r, const char *from) {
    snprintf(r->words, sizeof r->words, "%s", from);
    for (char *w = r->words; *w && r->n_deleted < MAX_DELETED;) {
        size_t n = strcspn(w, " ");
        bool more = w[n] != 0;
        w[n] = 0;
        r->deleted[r->n_deleted++] = w;
        w += n + more;
    }
}

static void program_done(struct reader *r) {
    struct str left = pieces_left(&r->program);
    if (left.n) report(r, "a piece of this program is not run", left, str_of(r->program.path));
    pieces_close(&r->program);
}

/* "gan.awml: cell 2" */
static void take_piece(struct reader *r, const char *what) {
    char path[512];
    const char *slash = strrchr(r->file, '/'), *colon = strchr(what, ':');
    int folder = slash ? (int)(slash - r->file) : 1;
    snprintf(path, sizeof path, "%.*s/../programs/%.*s", folder, slash ? r->file : ".",
             colon ? (int)(colon - what) : 0, what);
    if (strcmp(path, r->program.path) != 0) program_done(r);
    if (!colon || !pieces_open(&r->program, path) || !pieces_take(&r->program, colon + 2, &r->code))
        report(r, "no such piece of a program", str_of(what), str_of(path));
}

static void replace_code(struct reader *r, const char *what) {
    const char *bar = strstr(what, " | ");
    size_t n = bar ? (size_t)(bar - what) : 0;
    const char *at = n && r->code.n ? memmem(r->code.p, r->code.n, what, n) : NULL;
    if (!at) return report(r, "is not in the code", str_of(what), text_str(&r->code));
    struct text new = {0};
    text_add(&new, (struct str){r->code.p, (size_t)(at - r->code.p)});
    text_adds(&new, bar + 3);
    text_add(&new, (struct str){at + n, r->code.n - (size_t)(at - r->code.p) - n});
    text_clear(&r->code);
    r->code = new;
}

static void directive(struct reader *r, const char *word) {
    if (strcmp(word, "shows") == 0) {
        r->part = PART_SHOWS;
    } else if (strcmp(word, "fails") == 0) {
        r->part = PART_FAILS;
        r->fails = true;
    } else if (strncmp(word, "cell", 4) == 0) {
        /* what was said for the next cell stays */
        bool has_code = trimmed(text_str(&r->code)).n > 0;
        if (has_code) finish_cell(r);
        r->cell_line = r->line;
        snprintf(r->id, sizeof r->id, "%s", word[4] ? word + 5 : "");
    } else if (strncmp(word, "piece ", 6) == 0) {
        take_piece(r, word + 6);
    } else if (strncmp(word, "with ", 5) == 0) {
        replace_code(r, word + 5);
    } else if (strncmp(word, "deleted ", 8) == 0) {
        finish_cell(r);
        split_words(r, word + 8);
    } else if (strncmp(word, "stop ", 5) == 0) {
        finish_cell(r);
        r->session.stop_epoch = strtol(word + 5, NULL, 10);
    } else {
        report(r, "not a line of this format", str_of(word), STR(""));
    }
}

static void take_line(struct reader *r, char *line) {
    line[strcspn(line, "\n")] = 0;
    r->line++;
    if (strncmp(line, "=== ", 4) == 0) {
        begin_session(r, line + 4);
    } else if (strncmp(line, "--- ", 4) == 0) {
        directive(r, line + 4);
    } else if (r->open) {
        struct text *to = r->part == PART_CODE    ? &r->code
                          : r->part == PART_SHOWS ? &r->shows
                                                  : &r->message;
        text_adds(to, line);
        text_addc(to, '\n');
    }
}

static bool run_file(struct reader *r, const char *path) {
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    if (!f) return fprintf(stderr, "%s: not found\n", path), false;
    r->file = path;
    r->line = 0;
    while (getline(&line, &cap, f) >= 0) take_line(r, line);
    finish_session(r);
    program_done(r);
    free(line);
    fclose(f);
    return true;
}

int main(int argc, char **argv) {
    struct reader r = {0};
    char folder[] = "/tmp/awml-cells-XXXXXX", *paths[64];
    int n = argc - 1 < 64 ? argc - 1 : 64;
    bool ok = n > 0;
    for (int i = 0; i < n; i++) paths[i] = realpath(argv[i + 1], NULL);
    ok = session_enter_folder(folder) && ok;
    for (int i = 0; i < n; i++) {
        ok = run_file(&r, paths[i] ? paths[i] : argv[i + 1]) && ok;
        free(paths[i]);
    }
    session_leave_folder(folder);
    printf("%d passed, %d failed\n", r.passed, r.failed);
    return !ok || r.failed != 0;
}
