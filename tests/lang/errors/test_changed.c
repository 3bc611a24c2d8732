/* Correct cells with one token dropped, doubled or changed, through the checker: never a crash,
 * always a complete message that points into the cell, and the checker ends soon. Prints how many
 * of the mistakes that were found are shown at the line that was changed, and how many findings one
 * change makes. The argument is a case file of run_errors. */
#include "../../harness.h"
#include "base/str.h"
#include "display/error_view.h"
#include "lang/engine.h"
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

static int found, at_line, silent, told;
static double longest;
enum { MOST = 10 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int line_of(struct str s, size_t at) {
    int line = 1;
    for (size_t i = 0; i < at && i < s.n; i++) line += s.p[i] == '\n';
    return line;
}

static void check_changed(const struct text *code, int line) {
    struct err e = {0};
    struct engine *en = engine_new(&e);
    struct engine_cell cell = {.code = text_str(code), .number = 1};
    double start = now();
    bool fine = engine_check(en, &cell, &e);
    double took = now() - start;
    if (took > longest) longest = took;
    struct err more[MOST];
    int n = engine_findings(en, &cell, more, MOST);
    CHECK(fine == (n == 0));
    told += n;
    for (int i = 0; i < n; i++)
        CHECK(more[i].kind && more[i].kind != ERR_BUG && more[i].at.end <= code->n);
    if (fine) {
        silent++;
        engine_free(en);
        return;
    }
    struct text view = {0};
    error_view_text(&e, false, &view);
    bool complete = e.kind && e.kind != ERR_BUG && e.what[0] && view.n > 20 && !view.failed &&
                    e.at.source && e.at.start <= e.at.end && e.at.end <= code->n;
    if (!complete) fprintf(stderr, "%s\n---\n%s\n", code->p, view.p ? view.p : "");
    CHECK(complete);
    found++;
    at_line += line_of(text_str(code), e.at.start) == line;
    text_clear(&view);
    engine_free(en);
}

static size_t token_end(struct str s, size_t i) {
    size_t end = i + 1;
    if (isalnum((unsigned char)s.p[i]) || s.p[i] == '_')
        while (end < s.n && (isalnum((unsigned char)s.p[end]) || s.p[end] == '_')) end++;
    return end;
}

static void change_cell(struct str s) {
    enum { DROP, DOUBLE, CHANGE, N_CHANGES };
    for (size_t i = 0; i < s.n;) {
        size_t end = token_end(s, i);
        for (int how = 0; how < N_CHANGES && !isspace((unsigned char)s.p[i]); how++) {
            struct text t = {0};
            text_add(&t, (struct str){s.p, i});
            if (how == DOUBLE) {
                text_add(&t, (struct str){s.p + i, end - i});
                text_addc(&t, ' ');
            }
            if (how == CHANGE) text_adds(&t, "zz");
            else if (how == DOUBLE) text_add(&t, (struct str){s.p + i, end - i});
            text_add(&t, (struct str){s.p + end, s.n - end});
            check_changed(&t, line_of(s, i));
            text_clear(&t);
        }
        i = end;
    }
}

static char *read_all(const char *path) {
    FILE *f = fopen(path, "rb");
    char *bytes = calloc(1, 1 << 20);
    if (f && bytes) bytes[fread(bytes, 1, (1 << 20) - 1, f)] = 0;
    if (f) fclose(f);
    return bytes;
}

int main(int argc, char **argv) {
    static const char mark[] = "--- cell\n";
    char *all = argc > 1 ? read_all(argv[1]) : NULL;
    CHECK(all && strstr(all, mark));
    for (char *p = all ? strstr(all, mark) : NULL; p;) {
        p += sizeof mark - 1;
        char *end = strstr(p, "\n=== "), *next = strstr(p, mark);
        if (next && (!end || next < end)) end = next;
        change_cell((struct str){p, end ? (size_t)(end - p) : strlen(p)});
        p = next;
    }
    free(all);
    printf("%d mistakes found, %d of them at the changed line; %d changes are no mistake; %.2f "
           "findings for a change; the longest check took %.0f ms\n",
           found, at_line, silent, (double)told / found, longest * 1e3);
    CHECK(found > 5000 && at_line * 10 > found * 7 && told * 10 <= found * 12);
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
