/* Tables from fields with names. */
#include "records.h"
#include "time.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cell_type { CELL_NUMBER, CELL_WHOLE, CELL_BOOL, CELL_TEXT, CELL_TYPES };

struct cell {
    int64_t row;
    enum cell_type type;
    double number;
    size_t at, n; /* TEXT: in the records' bytes */
};

struct field {
    const char *name;
    struct cell *cells;
    int64_t n, cap;
    int64_t of_type[CELL_TYPES];
};

enum { MOST_FIELDS = 1 << 16, SLOTS = 1 << 17 };

struct records {
    struct field *fields;
    int32_t n, cap;
    int64_t rows;
    struct text bytes;
    int32_t *slots; /* hash of interned names: field number + 1 */
    int32_t next;   /* the field that came after the last one in the row before */
};

struct records *records_new(struct err *e) {
    struct records *r = pool_need(sizeof *r, e);
    if (!r) return NULL;
    r->slots = pool_need(SLOTS * sizeof *r->slots, e);
    if (r->slots) return r;
    pool_free(r);
    return NULL;
}

void records_free(struct records *r) {
    if (!r) return;
    for (int32_t i = 0; i < r->n; i++) pool_free(r->fields[i].cells);
    pool_free(r->fields);
    pool_free(r->slots);
    text_clear(&r->bytes);
    pool_free(r);
}

void records_row(struct records *r) {
    r->rows++;
    r->next = 0;
}

int64_t records_count(const struct records *r) {
    return r->rows;
}

static struct field *add_field(struct records *r, const char *name, struct err *e) {
    if (r->n == MOST_FIELDS) {
        err_set(e, ERR_DATA, "The rows have more than %d different fields.", MOST_FIELDS);
        return NULL;
    }
    if (r->n == r->cap) {
        int32_t cap = r->cap ? 2 * r->cap : 16;
        struct field *fields = pool_realloc(r->fields, (size_t)cap * sizeof *fields);
        if (!fields) return err_memory(e, (size_t)cap * sizeof *fields), NULL;
        r->fields = fields;
        r->cap = cap;
    }
    r->fields[r->n] = (struct field){.name = name};
    return &r->fields[r->n++];
}

/* Rows mostly have the same fields in the same order: the next one is looked at first. */
static struct field *field_named(struct records *r, const char *name, struct err *e) {
    if (r->next < r->n && strcmp(r->fields[r->next].name, name) == 0) return &r->fields[r->next++];
    const char *interned = intern_c(name);
    if (!interned) return err_memory(e, 64), NULL;
    uint64_t slot = hash_mix((uint64_t)(uintptr_t)interned) % SLOTS;
    for (; r->slots[slot]; slot = (slot + 1) % SLOTS) {
        int32_t i = r->slots[slot] - 1;
        if (r->fields[i].name != interned) continue;
        r->next = i + 1;
        return &r->fields[i];
    }
    struct field *f = add_field(r, interned, e);
    if (f) r->slots[slot] = r->next = r->n;
    return f;
}

static struct cell *add_cell(struct records *r, const char *name, enum cell_type type,
                             struct err *e) {
    struct field *f = field_named(r, name, e);
    if (!f) return NULL;
    bool again = f->n && f->cells[f->n - 1].row == r->rows - 1;
    if (again) {
        f->of_type[f->cells[f->n - 1].type]--;
        f->n--;
    }
    if (f->n == f->cap) {
        int64_t cap = f->cap ? 2 * f->cap : 64;
        struct cell *cells = pool_realloc(f->cells, (size_t)cap * sizeof *cells);
        if (!cells) return err_memory(e, (size_t)cap * sizeof *cells), NULL;
        f->cells = cells;
        f->cap = cap;
    }
    struct cell *c = &f->cells[f->n++];
    *c = (struct cell){.row = r->rows - 1, .type = type};
    f->of_type[type]++;
    return c;
}

bool records_number(struct records *r, const char *name, double x, bool whole, struct err *e) {
    struct cell *c = add_cell(r, name, whole ? CELL_WHOLE : CELL_NUMBER, e);
    if (c) c->number = x;
    return c != NULL;
}

bool records_bool(struct records *r, const char *name, bool x, struct err *e) {
    struct cell *c = add_cell(r, name, CELL_BOOL, e);
    if (c) c->number = x;
    return c != NULL;
}

/* The text that the row has there already, if it does. */
static const struct cell *earlier(struct records *r, const char *name) {
    for (int32_t i = 0; i < r->n; i++) {
        const struct field *f = &r->fields[i];
        if (strcmp(f->name, name) != 0) continue;
        const struct cell *last = f->n ? &f->cells[f->n - 1] : NULL;
        return last && last->row == r->rows - 1 && last->type == CELL_TEXT ? last : NULL;
    }
    return NULL;
}

bool records_text(struct records *r, const char *name, struct str s, struct err *e) {
    const struct cell *before = r->n < 1000 ? earlier(r, name) : NULL;
    size_t at = r->bytes.n;
    bool joined = before && before->at + before->n == r->bytes.n;
    if (before && joined) at = before->at;
    else if (before) text_add(&r->bytes, (struct str){r->bytes.p + before->at, before->n});
    if (before) text_adds(&r->bytes, ", ");
    if (!text_add(&r->bytes, s)) return err_memory(e, s.n);
    struct cell *c = add_cell(r, name, CELL_TEXT, e);
    if (!c) return false;
    c->at = at;
    c->n = r->bytes.n - at;
    return true;
}

bool records_missing(struct records *r, const char *name, struct err *e) {
    return field_named(r, name, e) != NULL;
}

/* ---- columns ---- */

static struct str text_of(const struct records *r, const struct cell *c) {
    return (struct str){r->bytes.p + c->at, c->n};
}

static bool read_number(struct str s, double *x) {
    char copy[64], *end;
    if (s.n == 0 || s.n >= sizeof copy) return false;
    memcpy(copy, s.p, s.n);
    copy[s.n] = 0;
    if (strspn(copy, "0123456789+-.eE") != s.n) return false;
    *x = strtod(copy, &end);
    return *end == 0;
}

static bool all_read(const struct records *r, const struct field *f,
                     bool (*read)(struct str, double *)) {
    double x;
    for (int64_t i = 0; i < f->n; i++)
        if (!read(text_of(r, &f->cells[i]), &x)) return false;
    return f->n > 0;
}

static bool whole_number(struct str s, double *x) {
    return read_number(s, x) && *x == rint(*x) && fabs(*x) < 0x1p53 && !memchr(s.p, '.', s.n) &&
           !memchr(s.p, 'e', s.n);
}

static enum column_kind kind_of(const struct records *r, const struct field *f, bool guess) {
    const int64_t *n = f->of_type;
    if (n[CELL_TEXT] == f->n && guess) {
        if (all_read(r, f, whole_number)) return COLUMN_INT;
        if (all_read(r, f, read_number)) return COLUMN_NUMBER;
        if (all_read(r, f, time_read)) return COLUMN_TIME;
    }
    if (n[CELL_WHOLE] == f->n && f->n) return COLUMN_INT;
    if (n[CELL_WHOLE] + n[CELL_NUMBER] == f->n && f->n) return COLUMN_NUMBER;
    return n[CELL_BOOL] == f->n && f->n ? COLUMN_BOOL : COLUMN_TEXT;
}

static bool put_text(const struct records *r, struct table *t, int i, const struct cell *c,
                     struct err *e) {
    char number[40];
    struct str s = text_of(r, c);
    if (c->type == CELL_BOOL) s = c->number != 0 ? STR("True") : STR("False");
    else if (c->type != CELL_TEXT) {
        snprintf(number, sizeof number, "%.17g", c->number);
        s = str_of(number);
    }
    return table_set_text(t, i, c->row, s, e);
}

static bool fill(const struct records *r, const struct field *f, struct table *t, int i,
                 struct err *e) {
    struct column *column = &t->columns[i];
    for (int64_t k = 0; k < f->n; k++) {
        const struct cell *c = &f->cells[k];
        double x = c->number;
        if (column->kind == COLUMN_TEXT) {
            TRY(put_text(r, t, i, c, e));
            continue;
        }
        if (c->type == CELL_TEXT && column->kind == COLUMN_TIME) time_read(text_of(r, c), &x);
        else if (c->type == CELL_TEXT) read_number(text_of(r, c), &x);
        column->numbers[c->row] = x;
    }
    return true;
}

struct table *records_table(const struct records *r, bool guess, struct err *e) {
    struct table *t = table_new(r->rows, r->n, e);
    bool ok = t != NULL;
    for (int32_t i = 0; ok && i < r->n; i++) {
        const struct field *f = &r->fields[i];
        ok = table_set_column(t, i, f->name, kind_of(r, f, guess), e) && fill(r, f, t, i, e);
    }
    if (ok) return t;
    table_unref(t);
    return NULL;
}
