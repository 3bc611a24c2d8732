/* Shapes line by line. */
#include "shape_log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void value_size_words(struct value v, char *out, size_t cap) {
    char shape[100];
    struct desc d;
    out[0] = 0;
    if (v.kind == V_TABLE || v.kind == V_HISTORY)
        snprintf(out, cap, "%lld row%s, %d column%s", (long long)v.table->n_rows,
                 v.table->n_rows == 1 ? "" : "s", v.table->n_columns,
                 v.table->n_columns == 1 ? "" : "s");
    else if (v.kind == V_LIST)
        snprintf(out, cap, "%d element%s", v.list->n, v.list->n == 1 ? "" : "s");
    else if (v.kind == V_RECORD)
        snprintf(out, cap, "%d field%s", v.record->n, v.record->n == 1 ? "" : "s");
    else if (v.kind == V_MODEL && v.model->model && model_is_built(v.model->model))
        snprintf(out, cap, "%lld weights", (long long)model_n_params(v.model->model, false));
    else if (value_describe(v, &d) && d.shape.n > 0)
        snprintf(out, cap, "%s %s", dtype_name(d.dtype),
                 shape_print(&d.shape, shape, sizeof shape));
}

/* ---- repeating ---- */

static bool add_words(char *out, size_t cap, int64_t times, const char *axis, int i) {
    size_t used = strlen(out);
    const char *gap = used ? ", " : "";
    if (times < 0) snprintf(out + used, cap - used, "%sfor each", gap);
    else snprintf(out + used, cap - used, "%s%lld times", gap, (long long)times);
    used = strlen(out);
    if (axis) snprintf(out + used, cap - used, " along %s", axis);
    else snprintf(out + used, cap - used, " along axis %d", i);
    return true;
}

bool repeated_words(const struct shape *small, const struct shape *large, char *out, size_t cap) {
    bool named = small->n > 0, found = false;
    out[0] = 0;
    if (small->n == 0) return false;
    for (int i = 0; i < small->n; i++) named = named && small->axis[i];
    for (int i = 0; i < large->n; i++) {
        int at = named && large->axis[i] ? shape_find_axis(small, large->axis[i])
                                         : i - (large->n - small->n);
        int64_t size = at < 0 ? 0 : small->size[at];
        bool repeats = at < 0 || (size == 1 && large->size[i] != 1);
        if (repeats && large->size[i] != 1)
            found = add_words(out, cap, large->size[i], large->axis[i], i);
    }
    return found;
}

static int64_t count_of(const struct shape *s) {
    int64_t n = 1;
    for (int i = 0; i < s->n; i++) n *= s->size[i] < 0 ? 7919 - s->size[i] : s->size[i];
    return n;
}

void shape_log_pair(struct shape_log *log, const struct ast *binary, struct value a,
                    struct value b) {
    struct desc da, db;
    char words[80];
    if (binary->op == AST_OP_MATMUL || log->repeated[0]) return;
    if (log->only && log->only != binary) return;
    if (!value_describe(a, &da) || !value_describe(b, &db)) return;
    bool first = count_of(&da.shape) < count_of(&db.shape);
    if (!repeated_words(first ? &da.shape : &db.shape, first ? &db.shape : &da.shape, words,
                        sizeof words))
        return;
    struct str text = source_piece(first ? binary->a->span : binary->b->span);
    if (text.n > 24 || memchr(text.p, '\n', text.n)) text = STR("one side");
    snprintf(log->repeated, sizeof log->repeated, "%.*s is repeated %s", (int)text.n, text.p,
             words);
}

/* ---- lines ---- */

static struct shape_line *line_of(struct shape_log *log, const char *name, struct span at) {
    for (int i = 0; i < log->n; i++) {
        struct shape_line *l = &log->lines[i];
        if (l->name == name && l->at.source == at.source && l->at.start == at.start) return l;
    }
    if (log->n == SHAPE_LOG_MAX) return NULL;
    log->lines[log->n] = (struct shape_line){.name = name, .at = at};
    return &log->lines[log->n++];
}

void shape_log_name(struct shape_log *log, const struct ast *name, struct value v) {
    struct shape_line *l = name->span.source ? line_of(log, name->name, name->span) : NULL;
    if (!l) return;
    const char *kind =
        v.kind == V_TENSOR || v.kind == V_NODE || v.kind == V_DESC ? "" : value_kind_words(v.kind);
    snprintf(l->kind, sizeof l->kind, "%.23s", kind);
    value_size_words(v, l->shape, sizeof l->shape);
    memcpy(l->note, log->repeated, sizeof l->note);
    log->repeated[0] = 0;
}

static int line_number(const struct shape_line *l) {
    const struct source *s = source_find(l->at.source);
    int line = 0, column;
    if (s) source_position(s, l->at.start, &line, &column);
    return line;
}

void shape_log_print(const struct shape_log *log, struct text *out) {
    int width = 4;
    for (int i = 0; i < log->n; i++) {
        int n = (int)strlen(log->lines[i].name);
        if (n > width) width = n < 24 ? n : 24;
    }
    if (log->n == 0) text_adds(out, "No name was given a value.\n");
    for (int i = 0; i < log->n; i++) {
        const struct shape_line *l = &log->lines[i];
        text_addf(out, "line %-3d %-*s  %s%s%s", line_number(l), width, l->name, l->kind,
                  l->kind[0] && l->shape[0] ? ", " : "", l->shape);
        if (l->note[0]) text_addf(out, "   (%s)", l->note);
        text_addc(out, '\n');
    }
}
