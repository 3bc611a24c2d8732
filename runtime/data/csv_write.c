/* CSV out: names, then rows; quotes only where RFC 4180 needs them. */
#include "read.h"
#include "csv_value.h"
#include "time.h"
#include "sink.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_quoted(struct text *out, const char *s) {
    text_addc(out, '"');
    for (; *s; s++) {
        if (*s == '"') text_addc(out, '"');
        text_addc(out, *s);
    }
    text_addc(out, '"');
}

static void add_text(struct text *out, const char *s) {
    bool blank_ends = s[0] == ' ' || (s[0] && s[strlen(s) - 1] == ' ');
    if (blank_ends || strpbrk(s, ",;\t\"\r\n")) add_quoted(out, s);
    else text_adds(out, s);
}

static void add_cell(struct text *out, const struct column *c, int64_t row, bool clock) {
    char number[32];
    if (c->kind == COLUMN_TEXT) {
        if (c->texts[row]) add_text(out, c->texts[row]);
        return;
    }
    double x = c->numbers[row];
    if (isnan(x)) return;
    if (c->kind == COLUMN_BOOL) text_adds(out, x != 0 ? "True" : "False");
    else if (c->kind == COLUMN_TIME) time_write(x, clock, out);
    else if (c->kind == COLUMN_CATEGORY) add_text(out, c->levels->names[(int)x]);
    else if (c->kind == COLUMN_INT && fabs(x) <= 0x1p53) text_addf(out, "%.0f", x);
    else text_adds(out, cell_write(x, number));
}

/* A row of one missing cell would be an empty line, which readers skip: it gets quotes. */
static bool put_line(struct sink *s, struct text *line, struct err *e) {
    if (line->n == 0) text_adds(line, "\"\"");
    text_addc(line, '\n');
    if (line->failed) return err_memory(e, line->n);
    bool ok = sink_put(s, line->p, line->n, e);
    line->n = 0;
    return ok;
}

static bool put_table(const struct table *t, const bool *clock, struct sink *s, struct text *line,
                      struct err *e) {
    for (int64_t row = -1; row < t->n_rows; row++) {
        for (int32_t i = 0; i < t->n_columns; i++) {
            if (i) text_addc(line, ',');
            if (row < 0) add_text(line, t->columns[i].name);
            else add_cell(line, &t->columns[i], row, clock[i]);
        }
        TRY(put_line(s, line, e));
    }
    return true;
}

bool write_csv(const struct table *t, const char *path, struct err *e) {
    struct sink s = {.fd = -1};
    struct text line = {0};
    bool *clock = pool_need((size_t)t->n_columns + 1, e);
    for (int32_t i = 0; clock && i < t->n_columns; i++)
        clock[i] = column_has_clock(&t->columns[i], t->n_rows);
    bool ok =
        clock && sink_open(&s, path, e) && put_table(t, clock, &s, &line, e) && sink_finish(&s, e);
    pool_free(clock);
    sink_drop(&s);
    text_clear(&line);
    return ok;
}
