/* How good are the messages? Programs with one token dropped, doubled, misspelled or replaced go
 * through the checker; counted are the mistakes that are found, those shown at the right line (or
 * naming the changed word), the hints ("Did you mean …?") that are right and wrong, and how many
 * findings one mistake becomes where the check goes on behind it.
 *
 *     mutations [-v] [-e N] FILE…        programs (cut at "# cell" lines) and notebooks
 *
 * -e N takes only each N-th token, -v prints the misses. A program is taken up to the place where
 * the release itself stops it. Ends with 1 when fewer than 95 of 100 mistakes are shown at the
 * right line, or more than 1 of 12 hints is wrong (of all changes fewer are; this is a sample), or
 * 10 mistakes become more than 12 findings. */
#include "cli/joined.h"
#include "display/error_view.h"
#include "lang/engine.h"
#include "lang/syntax/parse.h"
#include "session/notebook.h"
#include "base/pool.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_TOLD = 10 };
enum change { DROP, DOUBLE, REPLACE, MISSPELL, N_CHANGES };
static const char *const change_names[] = {"dropped", "doubled", "replaced", "misspelled"};

struct counts {
    int changed, found, at_line, hints, right, wrong, told; /* told: with what is found behind it */
};
static struct counts counts[N_CHANGES];
static double longest;
static bool verbose;

struct token {
    size_t start, end;
};

static bool in_name(char c) {
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The next token at or after `at` outside of comments and texts; false at the end. */
static bool next_token(struct str s, size_t at, struct token *t) {
    for (; at < s.n; at++) {
        if (s.p[at] == '#') {
            while (at < s.n && s.p[at] != '\n') at++;
        } else if (s.p[at] == '"' || s.p[at] == '\'') {
            bool three = at + 2 < s.n && s.p[at + 1] == s.p[at] && s.p[at + 2] == s.p[at];
            char quote = s.p[at];
            size_t n = three ? 3 : 1;
            for (at += n; at < s.n; at++)
                if (s.p[at] == quote &&
                    (!three || !strncmp(s.p + at, three && quote == '"' ? "\"\"\"" : "'''", 3)))
                    break;
            at += n - 1;
        } else if (!isspace((unsigned char)s.p[at])) {
            break;
        }
    }
    if (at >= s.n) return false;
    *t = (struct token){at, at + 1};
    while (in_name(s.p[at]) && t->end < s.n && in_name(s.p[t->end])) t->end++;
    return true;
}

/* The changed text; false where the change makes no sense for the token. */
static bool change_text(struct str s, struct token t, enum change how, struct text *out) {
    struct str token = {s.p + t.start, t.end - t.start};
    bool name = isalpha((unsigned char)token.p[0]) && token.n >= 4;
    if (how == MISSPELL && (!name || token.p[1] == token.p[2])) return false;
    text_add(out, (struct str){s.p, t.start});
    if (how == DOUBLE) {
        text_add(out, token);
        text_addc(out, ' ');
        text_add(out, token);
    } else if (how == REPLACE) {
        text_adds(out, "zz");
    } else if (how == MISSPELL) {
        text_addf(out, "%c%c%c%.*s", token.p[0], token.p[2], token.p[1], (int)token.n - 3,
                  token.p + 3);
    }
    return text_add(out, (struct str){s.p + t.end, s.n - t.end});
}

static int line_of(struct str s, size_t at) {
    int line = 1;
    for (size_t i = 0; i < at && i < s.n; i++) line += s.p[i] == '\n';
    return line;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool check(struct str code, struct err *e) {
    struct engine *en = engine_new(e);
    struct engine_cell cell = {.code = code, .number = 1};
    double start = now();
    bool fine = en && engine_check(en, &cell, e);
    if (now() - start > longest) longest = now() - start;
    engine_free(en);
    return fine;
}

/* How many findings one mistake becomes. */
static int count_told(struct str code) {
    static struct err found[MOST_TOLD];
    struct err e = {0};
    struct engine *en = engine_new(&e);
    struct engine_cell cell = {.code = code, .number = 1};
    int n = en ? engine_findings(en, &cell, found, MOST_TOLD) : 0;
    for (int i = 0; verbose && n > 1 && i < n; i++)
        printf("FINDING %d of %d, line %d: %s | %s\n", i + 1, n, line_of(code, found[i].at.start),
               found[i].what, found[i].label);
    engine_free(en);
    return n;
}

/* A name changed where it is made is a mistake where it is used: then the message has to name what
 * stands there now. */
static bool names_it(const struct err *e, const struct text *code, struct token t,
                     enum change how) {
    struct str now = {code->p + t.start, how == REPLACE ? 2 : t.end - t.start};
    const char *places[] = {e->hint, e->what, e->facts, e->label};
    if (how != REPLACE && how != MISSPELL) return false;
    for (int i = 0; i < 4; i++)
        if (memmem(places[i], strlen(places[i]), now.p, now.n)) return true;
    return false;
}

/* A hint that names something is right if it names what stood there, or what stands there now
 * where the name is made; one for a dropped token if it restores the text. */
static void judge_hint(const struct err *e, struct str s, const struct text *code, struct token t,
                       struct str token, enum change how, struct counts *c) {
    const char *hint = strstr(e->hint, "Did you mean `");
    if (!hint) hint = strstr(e->what, "Did you mean `");
    if (!hint) return;
    hint += strlen("Did you mean `");
    size_t n = strcspn(hint, "`");
    struct str now = {code->p + t.start, how == MISSPELL ? token.n : 0};
    size_t to = t.end + n < s.n ? t.end + n : s.n, from = t.start > n ? t.start - n : 0;
    bool has_token = n >= token.n && memmem(hint, n, token.p, token.n);
    bool right = has_token && (how != DROP || memmem(s.p + from, to - from, hint, n));
    right = right || (now.n && memmem(hint, n, now.p, now.n));
    c->hints++;
    if (right) c->right++;
    else c->wrong++;
    if (!right && verbose)
        printf("WRONG HINT (%s `%.*s`, line %d): %.*s | %s | %s\n", change_names[how], (int)token.n,
               token.p, line_of(s, t.start), (int)n, hint, e->what, e->label);
}

static void print_miss(const struct text *code, const struct err *e, const char *what, int line,
                       enum change how, struct str token) {
    struct text view = {0};
    if (!verbose) return;
    error_view_text(e, false, &view);
    printf("%s: `%.*s` %s in line %d\n%s\n", what, (int)token.n, token.p, change_names[how], line,
           view.p ? view.p : "");
    (void)code;
    text_clear(&view);
}

static void try_change(struct str s, struct token t, enum change how) {
    struct text code = {0};
    struct counts *c = &counts[how];
    struct str token = {s.p + t.start, t.end - t.start};
    if (change_text(s, t, how, &code)) {
        struct err e = {0};
        int line = line_of(s, t.start);
        c->changed++;
        if (!check(text_str(&code), &e)) {
            bool here = line_of(text_str(&code), e.at.start) == line || names_it(&e, &code, t, how);
            c->found++;
            c->told += count_told(text_str(&code));
            c->at_line += here;
            if (!here) print_miss(&code, &e, "ELSEWHERE", line, how, token);
            judge_hint(&e, s, &code, t, token, how, c);
        }
    }
    text_clear(&code);
}

/* As much of the program as this release checks without a mistake. */
static struct str fine_part(struct str code) {
    while (code.n) {
        struct err e = {0};
        if (check(code, &e)) break;
        size_t end = e.at.start < code.n ? e.at.start : code.n - 1;
        for (;;) { /* back to a line that begins a statement of its own */
            while (end > 0 && code.p[end - 1] != '\n') end--;
            if (end == 0 || in_name(code.p[end])) break;
            end--;
        }
        if (end >= code.n) end = 0;
        code.n = end;
    }
    return code;
}

static void change_file(const char *path, int each) {
    struct err e = {0};
    struct joined j = {0};
    json_t *notebook = notebook_load(path, &e);
    struct token t;
    int i = 0, n = 0;
    if (!notebook) {
        fprintf(stderr, "%s: %s\n", path, e.what);
        exit(2);
    }
    join_cells(&j, notebook);
    struct str code = fine_part(text_str(&j.code));
    for (size_t at = 0; next_token(code, at, &t); at = t.end, i++) {
        if (i % each) continue;
        for (int how = 0; how < N_CHANGES; how++) try_change(code, t, (enum change)how);
        n++;
    }
    printf("%-60s %4d tokens, %3d of 100 bytes\n", path, n,
           j.code.n ? (int)(100 * code.n / j.code.n) : 0);
    json_decref(notebook);
    joined_clear(&j);
}

static bool report(void) {
    struct counts all = {0};
    printf("\n%-12s %8s %8s %14s %8s %8s %8s %8s\n", "", "changed", "found", "at the line", "hints",
           "right", "wrong", "findings");
    for (int how = 0; how < N_CHANGES; how++) {
        const struct counts *c = &counts[how];
        printf("%-12s %8d %8d %8d %4.1f%% %8d %8d %8d %8d\n", change_names[how], c->changed,
               c->found, c->at_line, c->found ? 100.0 * c->at_line / c->found : 0, c->hints,
               c->right, c->wrong, c->told);
        all.told += c->told;
        all.found += c->found;
        all.at_line += c->at_line;
        all.hints += c->hints;
        all.wrong += c->wrong;
    }
    printf(
        "all: %.1f%% of %d mistakes at the right line; %d of %d hints wrong; %.2f findings for a "
        "mistake; the longest check took %.1f ms\n",
        all.found ? 100.0 * all.at_line / all.found : 0, all.found, all.wrong, all.hints,
        all.found ? (double)all.told / all.found : 0, longest * 1e3);
    return all.found > 100 && all.at_line * 100 >= all.found * 95 && all.wrong * 12 <= all.hints &&
           all.told * 10 <= all.found * 12;
}

int main(int argc, char **argv) {
    int each = 1, i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "-v") == 0) verbose = true;
        else if (strcmp(argv[i], "-e") == 0 && i + 1 < argc)
            each = (int)strtol(argv[++i], NULL, 10);
    }
    for (; i < argc; i++) change_file(argv[i], each > 0 ? each : 1);
    return report() ? 0 : 1;
}
