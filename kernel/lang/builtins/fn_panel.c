/* Panels: many series of equal length in a table, as a tensor [sample, time, feature]. */
#include "fn_tables.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct panel {
    const struct table *t;
    int by, order; /* order -1: as the rows stand */
    int *columns, n_columns;
    bool one; /* a single column by its name: no axis `feature` */
    struct keys samples;
    struct row_groups groups;
    int64_t *rows; /* by sample, then by order */
};

static void panel_clear(struct panel *p) {
    pool_free(p->columns);
    pool_free(p->rows);
    row_groups_clear(&p->groups);
    keys_clear(&p->samples);
}

static bool read_columns(struct call *c, struct panel *p) {
    struct value columns = c->args[3];
    TRY(verb_column(c, p->t, c->args[1], c->spans[1], &p->by));
    p->order = -1;
    if (call_has(c, 2)) TRY(verb_column(c, p->t, c->args[2], c->spans[2], &p->order));
    p->one = columns.kind == V_TEXT;
    if (call_has(c, 3))
        TRY(named_columns(c, p->t, columns, c->spans[3], &p->columns, &p->n_columns));
    else p->columns = pool_need((size_t)p->t->n_columns * sizeof(int) + 1, c->ev->e);
    if (!p->columns) return false;
    for (int i = 0; !call_has(c, 3) && i < p->t->n_columns; i++)
        if (i != p->by && i != p->order) p->columns[p->n_columns++] = i;
    for (int i = 0; i < p->n_columns; i++) {
        const struct column *col = &p->t->columns[p->columns[i]];
        if (col->kind <= COLUMN_BOOL || col->kind == COLUMN_UNKNOWN) continue;
        call_fail(c, -1, ERR_TYPE, "The column \"%.60s\" holds %s, and a panel holds numbers.",
                  col->name, column_kind_words(col->kind));
        return err_hint(c->ev->e, "Name the columns of numbers: columns=[\"…\", \"…\"]");
    }
    return p->n_columns > 0 || call_fail(c, -1, ERR_ARGUMENT, "No column is left for the panel.");
}

static bool sort_panel(struct call *c, struct panel *p) {
    int keys[] = {p->by, p->order};
    p->rows = pool_need((size_t)p->t->n_rows * sizeof *p->rows + 1, c->ev->e);
    return p->rows && keys_of_column(&p->t->columns[p->by], p->t->n_rows, &p->samples, c->ev->e) &&
           row_groups_of(&p->samples, &p->groups, c->ev->e) &&
           sort_rows(p->t, keys, (bool[]){false, false}, p->order < 0 ? 1 : 2, p->rows, c->ev->e);
}

static void cell_words(struct call *c, const struct column *col, int64_t row, char *out,
                       size_t cap) {
    struct value v = table_cell(c->ev, col, row);
    struct text t = {0};
    value_print(v, &t);
    snprintf(out, cap, "%.40s", t.p ? t.p : "");
    text_clear(&t);
    value_unref(v);
}

/* The length that most samples have. */
static int64_t usual_length(const struct row_groups *g) {
    int64_t best = 0, votes = 0; /* majority vote (Boyer and Moore) */
    for (int64_t k = 0; k < g->n_groups; k++) {
        int64_t n = g->starts[k + 1] - g->starts[k];
        if (votes == 0) best = n;
        votes += n == best ? 1 : -1;
    }
    return best;
}

static bool even(struct call *c, const struct panel *p, int64_t length) {
    const struct row_groups *g = &p->groups;
    int64_t odd = 0, first = -1;
    for (int64_t k = 0; k < g->n_groups; k++) {
        bool other = g->starts[k + 1] - g->starts[k] != length;
        odd += other;
        if (other && first < 0) first = k;
    }
    if (odd == 0) return true;
    char name[48];
    int64_t rows = g->starts[first + 1] - g->starts[first];
    const char *by = p->t->columns[p->by].name;
    cell_words(c, &p->t->columns[p->by], g->rows[g->starts[first]], name, sizeof name);
    call_fail(c, 1, ERR_SHAPE,
              "%s %s has %lld row%s, others %lld: a panel needs equally many for "
              "each.",
              by, name, (long long)rows, rows == 1 ? "" : "s", (long long)length);
    err_fact(c->ev->e, "of another length", "%lld of %lld", (long long)odd, (long long)g->n_groups);
    return err_hint(c->ev->e,
                    "To keep the whole ones only:\n    t = t.group(\"%.60s\").assign("
                    "rows=count())\n    t.filter(.rows == %lld)",
                    by, (long long)length);
}

static bool distinct_times(struct call *c, const struct panel *p, int64_t length) {
    if (p->order < 0) return true;
    const struct column *order = &p->t->columns[p->order];
    struct keys k;
    TRY(keys_of_column(order, p->t->n_rows, &k, c->ev->e));
    bool ok = true;
    for (int64_t i = 1; ok && i < p->t->n_rows; i++) {
        if (i % length == 0 || k.codes[p->rows[i]] != k.codes[p->rows[i - 1]]) continue;
        char sample[48], time[48];
        cell_words(c, &p->t->columns[p->by], p->rows[i], sample, sizeof sample);
        cell_words(c, order, p->rows[i], time, sizeof time);
        ok = call_fail(c, 2, ERR_VALUE, "%s %s has two rows of %s %s.", p->t->columns[p->by].name,
                       sample, order->name, time);
    }
    keys_clear(&k);
    return ok;
}

static bool panel_shape(const struct panel *p, int64_t samples, int64_t length, struct shape *s) {
    *s = shape_of(p->one ? 2 : 3, (int64_t[]){samples, length, p->n_columns});
    s->axis[0] = p->t->columns[p->by].name;
    s->axis[1] = p->order < 0 ? intern_c("time") : p->t->columns[p->order].name;
    if (!p->one) s->axis[2] = intern_c("feature");
    return true;
}

static bool fill_panel(struct call *c, const struct panel *p, int64_t length, struct value *out) {
    struct shape s;
    panel_shape(p, p->groups.n_groups, length, &s);
    struct tensor *x = tensor_new(DT_FLOAT64, &s, c->ev->e);
    for (int64_t i = 0; x && i < p->t->n_rows; i++) {
        double *to = (double *)x->data + i * p->n_columns;
        for (int k = 0; k < p->n_columns; k++)
            to[k] = p->t->columns[p->columns[k]].numbers[p->rows[i]];
    }
    *out = value_tensor(x);
    return x != NULL;
}

bool fn_to_panel(struct call *c, struct value *out) {
    struct panel p = {0};
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(verb_table(c, &p.t));
    for (int i = 1; i < 4; i++)
        if (c->args[i].kind == V_UNKNOWN) return *out = value_unknown(), true;
    bool ok = read_columns(c, &p);
    if (ok && !verb_computes(c, p.t)) {
        struct desc d = {.dtype = DT_FLOAT64};
        panel_shape(&p, unknown_size(), unknown_size(), &d.shape);
        *out = value_desc(&d, c->ev->e);
        ok = out->kind == V_DESC;
    } else if (ok) {
        ok = (p.t->n_rows > 0 || call_fail(c, 0, ERR_VALUE, "The table has no rows.")) &&
             sort_panel(c, &p);
        int64_t length = ok ? usual_length(&p.groups) : 0;
        ok = ok && even(c, &p, length) && distinct_times(c, &p, length) &&
             fill_panel(c, &p, length, out);
    }
    panel_clear(&p);
    return ok;
}
