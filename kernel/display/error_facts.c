/* Aligns the facts of a mistake: what is there above what is needed. Lines are "left TAB right" or
 * plain; inside the right part, two or more spaces part the columns. */
#include "error_lines.h"
#include <string.h>
#include <utf8proc.h>

enum { MAX_FACTS = 24, MAX_COLUMNS = 8, LEFT_COLUMN = 18, SHORT_LEFT = 5, NO_GAP = 1000 };

struct fact {
    struct str left, cells[MAX_COLUMNS];
    int gaps[MAX_COLUMNS]; /* spaces after the cell, as written */
    int n;                 /* cells; 0 for a plain line, which is in `left` */
};

static int width_of(struct str s) {
    int total = 0;
    for (size_t i = 0; i < s.n;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t k =
            utf8proc_iterate((const utf8proc_uint8_t *)s.p + i, (utf8proc_ssize_t)(s.n - i), &c);
        total += k > 0 ? utf8proc_charwidth(c) : 1;
        i += k > 0 ? (size_t)k : 1;
    }
    return total;
}

static void split_cells(struct fact *f, struct str right) {
    while (f->n < MAX_COLUMNS) {
        size_t n = 0;
        bool last = f->n == MAX_COLUMNS - 1;
        while (n < right.n &&
               (last || right.p[n] != ' ' || n + 1 == right.n || right.p[n + 1] != ' ')) {
            n++;
        }
        size_t gap = n;
        while (gap < right.n && right.p[gap] == ' ') gap++;
        f->cells[f->n] = (struct str){right.p, n};
        f->gaps[f->n++] = (int)(gap - n);
        right = (struct str){right.p + gap, right.n - gap};
        if (right.n == 0) return;
    }
}

static int read_facts(const char *text, struct fact facts[MAX_FACTS]) {
    int n = 0;
    for (const char *p = text; *p && n < MAX_FACTS;) {
        const char *end = strchr(p, '\n');
        size_t length = end ? (size_t)(end - p) : strlen(p);
        const char *tab = memchr(p, '\t', length);
        struct fact *f = &facts[n++];
        *f = (struct fact){.left = {p, tab ? (size_t)(tab - p) : length}};
        if (tab && tab + 1 < p + length)
            split_cells(f, (struct str){tab + 1, length - (size_t)(tab - p) - 1});
        p += length + (end != NULL);
    }
    return n;
}

/* The column where the right parts begin: the same in most messages, nearer when all is short. */
static int right_column(const struct fact *facts, int n) {
    int widest = 0;
    for (int i = 0; i < n; i++) {
        int width = facts[i].n ? width_of(facts[i].left) : 0;
        if (width > widest) widest = width;
    }
    if (widest == 0) return 0;
    return widest > SHORT_LEFT && widest + 4 < LEFT_COLUMN ? LEFT_COLUMN : widest + 4;
}

static void pad(struct text *out, int n) {
    for (int i = 0; i < n; i++) text_addc(out, ' ');
}

static void print_cells(const struct fact *f, const int *widths, const int *gaps,
                        struct text *out) {
    for (int c = 0; c < f->n; c++) {
        text_add(out, f->cells[c]);
        if (c + 1 < f->n) pad(out, widths[c] + gaps[c] - width_of(f->cells[c]));
    }
}

void error_facts(const struct err *e, struct text *out) {
    struct fact facts[MAX_FACTS];
    int n = read_facts(e->facts, facts), widths[MAX_COLUMNS] = {0}, gaps[MAX_COLUMNS];
    for (int c = 0; c < MAX_COLUMNS; c++) gaps[c] = NO_GAP;
    for (int i = 0; i < n; i++) {
        for (int c = 0; c + 1 < facts[i].n; c++) {
            int width = width_of(facts[i].cells[c]);
            if (width > widths[c]) widths[c] = width;
            if (facts[i].gaps[c] < gaps[c]) gaps[c] = facts[i].gaps[c];
        }
    }
    int column = right_column(facts, n);
    for (int i = 0; i < n; i++) {
        text_add(out, facts[i].left);
        if (facts[i].n) pad(out, column - width_of(facts[i].left));
        print_cells(&facts[i], widths, gaps, out);
        text_addc(out, '\n');
    }
}
