/* Marks along an x axis: lines, points, bars, histograms, bands, boxes, guide lines, texts. */
#include "plot_args.h"
#include "base/intern.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct tensor *count_from_0(struct call *c, int64_t n) {
    struct tensor *x = fn_vector(n, c->ev->e);
    for (int64_t i = 0; x && i < n; i++) ((double *)x->data)[i] = (double)i;
    return x;
}

/* ---- several at once: the columns of a matrix ---- */

/* Is y a matrix whose columns are series? Then *y is a new reference. */
static bool take_matrix(struct call *c, int i, struct tensor **y) {
    *y = NULL;
    struct value v = c->args[i];
    if (v.kind != V_TENSOR || v.tensor->shape.n != 2) return false;
    return v.tensor->shape.size[0] > 1 && v.tensor->shape.size[1] > 1 && call_floats(c, i, y);
}

static struct tensor *column_of(struct call *c, const struct tensor *y, int64_t k) {
    int64_t rows = y->shape.size[0], columns = y->shape.size[1];
    struct tensor *t = fn_vector(rows, c->ev->e);
    for (int64_t i = 0; t && i < rows; i++) ((double *)t->data)[i] = tensor_get(y, i * columns + k);
    return t;
}

/* The label of column k: of a list of texts, or none. */
static const char *label_of(struct call *c, int64_t k) {
    int i;
    bool many = plot_given(c, "label", &i) && c->args[i].kind == V_LIST && k < c->args[i].list->n &&
                c->args[i].list->items[k].kind == V_TEXT;
    return many ? intern(value_str(&c->args[i].list->items[k])) : NULL;
}

static bool one_number(struct call *c, const struct tensor *from, int64_t k, struct tensor **out) {
    *out = NULL;
    if (!from || k >= from->count) return true;
    *out = fn_vector(1, c->ev->e);
    if (*out) ((double *)(*out)->data)[0] = tensor_get(from, k);
    return *out != NULL;
}

/* Columns of y as marks like `whole`, whose references are given up. */
static bool many_columns(struct call *c, struct plot *p, struct mark *whole, struct tensor *y) {
    enum { MOST_COLUMNS = 256 };
    int64_t n = y->shape.size[1];
    bool ok = y->shape.size[0] == whole->x->count ||
              call_fail(c, 1, ERR_SHAPE, "y has %lld rows, and x has %lld positions.",
                        (long long)y->shape.size[0], (long long)whole->x->count);
    if (ok && n > MOST_COLUMNS)
        ok = call_fail(c, 1, ERR_SHAPE, "y has %lld columns; at most %d can be drawn.",
                       (long long)n, MOST_COLUMNS);
    for (int64_t k = 0; ok && k < n; k++) {
        struct mark m = *whole;
        m.x = tensor_ref(whole->x);
        m.y = column_of(c, y, k);
        m.label = label_of(c, k);
        if (!one_number(c, whole->color_by, k, &m.color_by) || !m.y) ok = false;
        if (ok) ok = plot_add(p, &m, c->ev->e);
        else plot_mark_clear(&m);
    }
    plot_mark_clear(whole);
    return ok;
}

/* x and y: line(y) alone counts x from 0. */
static bool xy(struct call *c, struct plot *p, struct mark *m, struct tensor **matrix) {
    *matrix = NULL;
    bool alone = !call_has(c, 1);
    if (alone && plot_is_texts(c->args[0])) {
        call_fail(c, 0, ERR_TYPE, "%s of texts needs a number for each of them.", c->row->name);
        return err_hint(c->ev->e,
                        "%s(texts, numbers) draws the numbers; hist(texts) counts how "
                        "often each text is there.",
                        c->row->name);
    }
    bool many = take_matrix(c, alone ? 0 : 1, matrix);
    if (!alone) TRY(plot_positions(c, 0, p, m));
    if (!many) TRY(plot_vector(c, alone ? 0 : 1, &m->y));
    if (alone) m->x = count_from_0(c, many ? (*matrix)->shape.size[0] : m->y->count);
    return m->x && (many || plot_same_length(c, m->x, m->y));
}

static bool finish_many(struct call *c, struct plot *p, struct mark *m, struct tensor *matrix,
                        bool ok, struct value *out) {
    if (!matrix) return plot_finish(c, p, m, ok, out);
    if (ok) ok = many_columns(c, p, m, matrix);
    else plot_mark_clear(m);
    tensor_unref(matrix);
    if (!ok) return plot_unref(p), false;
    plot_own(c, p);
    *out = (struct value){.kind = V_PLOT, .plot = p};
    return true;
}

/* ---- line, also in groups ---- */

/* Up to MOST_GROUPS lines from one long row of points. */
enum { MOST_GROUPS = 256, MOST_LABELLED = 12 };

struct groups {
    struct mark keys; /* color_by: the group of each point; classes: names */
    int n;
    double key[MOST_GROUPS];
    int64_t size[MOST_GROUPS];
    int64_t first[MOST_GROUPS];
};

static int group_at(const struct groups *g, double key) {
    for (int k = 0; k < g->n; k++)
        if (g->key[k] == key) return k;
    return -1;
}

static bool find_groups(struct call *c, struct groups *g) {
    const struct tensor *t = g->keys.color_by;
    for (int64_t i = 0; i < t->count; i++) {
        double key = tensor_get(t, i);
        int k = group_at(g, key);
        if (k < 0 && g->n == MOST_GROUPS)
            return err_set(c->ev->e, ERR_VALUE, "More than %d groups.", MOST_GROUPS);
        if (k < 0) {
            k = g->n++;
            g->key[k] = key;
            g->first[k] = i;
        }
        g->size[k]++;
    }
    return true;
}

static struct tensor *pick_group(struct call *c, const struct groups *g, int k,
                                 const struct tensor *from) {
    struct tensor *t = fn_vector(g->size[k], c->ev->e);
    int64_t n = 0;
    for (int64_t i = g->first[k]; t && n < g->size[k]; i++)
        if (tensor_get(g->keys.color_by, i) == g->key[k])
            ((double *)t->data)[n++] = tensor_get(from, i);
    return t;
}

static const char *group_label(const struct groups *g, int k) {
    char label[64];
    if (g->keys.classes) return intern_c(g->keys.classes[(int64_t)g->key[k]]);
    snprintf(label, sizeof label, "%.6g", g->key[k]);
    return intern_c(label);
}

/* Few groups have a label and a colour each; many are coloured by their number. */
static bool add_group(struct call *c, struct plot *p, const struct groups *g, int k,
                      const struct mark *whole) {
    struct mark m = *whole;
    m.x = pick_group(c, g, k, whole->x);
    m.y = pick_group(c, g, k, whole->y);
    m.color_by = NULL;
    m.names = NULL;
    bool ok = m.x && m.y;
    bool by_number = whole->color_by || (g->n > MOST_LABELLED && !g->keys.classes);
    if (!by_number) m.label = group_label(g, k);
    const struct tensor *colors = whole->color_by ? whole->color_by : g->keys.color_by;
    if (by_number && ok) ok = one_number(c, colors, g->first[k], &m.color_by);
    if (ok) return plot_add(p, &m, c->ev->e);
    plot_mark_clear(&m);
    return false;
}

static bool line_groups(struct call *c, int i, struct plot *p, struct mark *m, struct value *out) {
    struct groups *g = pool_zalloc(sizeof *g);
    bool ok = g != NULL || err_memory(c->ev->e, sizeof *g);
    if (ok) ok = plot_classes(c, i, p, &g->keys);
    if (ok && g->keys.color_by && m->x && g->keys.color_by->count != m->x->count)
        ok = call_fail(c, i, ERR_SHAPE, "`group` has one entry for each point.");
    ok = ok && find_groups(c, g);
    for (int k = 0; ok && k < g->n; k++) ok = add_group(c, p, g, k, m);
    if (g) tensor_unref(g->keys.color_by);
    pool_free(g);
    plot_mark_clear(m);
    if (!ok) return plot_unref(p), false;
    plot_own(c, p);
    *out = (struct value){.kind = V_PLOT, .plot = p};
    return true;
}

/* One line has one colour: a number (or text) for each point would be lost. */
static bool one_color(struct call *c, const struct mark *m) {
    if (!m->color_by || m->color_by->count <= 1) return true;
    call_fail(c, plot_named(c, "color"), ERR_SHAPE, "One line has one colour, and these are %lld.",
              (long long)m->color_by->count);
    return err_hint(c->ev->e, "scatter(x, y, color=…, path=True) colours every point of a path; "
                              "line(x, matrix, color=…) every column.");
}

bool fn_line(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_LINE, .opacity = 1};
    struct tensor *matrix = NULL;
    int i;
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && xy(c, p, &m, &matrix) && plot_common(c, p, &m);
    if (ok && !matrix && plot_given(c, "group", &i)) return line_groups(c, i, p, &m, out);
    if (ok && !matrix) ok = one_color(c, &m);
    return finish_many(c, p, &m, matrix, ok, out);
}

bool fn_scatter(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_SCATTER, .opacity = 1};
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && plot_positions(c, 0, p, &m) && plot_vector(c, 1, &m.y) &&
              plot_same_length(c, m.x, m.y) && plot_common(c, p, &m);
    return plot_finish(c, p, &m, ok, out);
}

bool fn_bar(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_BAR, .opacity = 1};
    struct tensor *matrix = NULL;
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && xy(c, p, &m, &matrix) && plot_common(c, p, &m);
    return finish_many(c, p, &m, matrix, ok, out);
}

bool fn_band(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_BAND, .opacity = 1};
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && plot_positions(c, 0, p, &m) && plot_vector(c, 1, &m.y) &&
              plot_vector(c, 2, &m.z) && plot_same_length(c, m.x, m.y) &&
              plot_same_length(c, m.x, m.z) && plot_common(c, p, &m);
    return plot_finish(c, p, &m, ok, out);
}

/* ---- distributions ---- */

/* The numbers of all groups one after the other. */
struct pile {
    struct tensor *parts[256];
    const char *names[256];
    int n;
};

static bool pile_add(struct call *c, struct pile *pile, struct value v, const char *name) {
    struct value t;
    if (pile->n == ARRAY_LEN(pile->parts))
        return call_fail(c, 0, ERR_VALUE, "More than %d groups.", (int)ARRAY_LEN(pile->parts));
    if (!as_tensorlike(c->ev, v, &t)) return false;
    bool numbers = value_is_tensorlike(t) || value_is_number(t);
    struct tensor *x = numbers ? value_to_tensor(t, c->ev->e) : NULL;
    if (t.kind == V_LIST && t.list->n == 0) x = fn_vector(0, c->ev->e); /* [] is no numbers */
    value_unref(t);
    if (!x && c->ev->e->kind == ERR_NONE)
        return call_fail(c, 0, ERR_TYPE, "A box stands for a row of numbers, and this is %s.",
                         value_kind_words(v.kind));
    if (!x) return false;
    pile->names[pile->n] = name;
    pile->parts[pile->n++] = x;
    return true;
}

static bool pile_table(struct call *c, struct pile *pile, const struct table *t) {
    for (int32_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].kind == COLUMN_TEXT) continue;
        struct tensor *x = fn_vector(t->n_rows, c->ev->e);
        if (!x) return false;
        memcpy(x->data, t->columns[i].numbers, (size_t)t->n_rows * sizeof(double));
        bool ok =
            pile_add(c, pile, (struct value){.kind = V_TENSOR, .tensor = x}, t->columns[i].name);
        tensor_unref(x);
        TRY(ok);
    }
    return true;
}

static bool pile_matrix(struct call *c, struct pile *pile, const struct tensor *t) {
    for (int64_t k = 0; k < t->shape.size[1]; k++) {
        struct tensor *x = column_of(c, t, k);
        if (!x) return false;
        bool ok = pile_add(c, pile, (struct value){.kind = V_TENSOR, .tensor = x}, NULL);
        tensor_unref(x);
        TRY(ok);
    }
    return true;
}

/* A record or table of rows of numbers, a list of them, the columns of a matrix, or one row. */
static bool pile_all(struct call *c, struct pile *pile) {
    struct value v = c->args[0];
    if (v.kind == V_TABLE || v.kind == V_HISTORY) return pile_table(c, pile, v.table);
    if (v.kind == V_TENSOR && v.tensor->shape.n == 2) return pile_matrix(c, pile, v.tensor);
    if (v.kind == V_RECORD) {
        for (int i = 0; i < v.record->n; i++)
            TRY(pile_add(c, pile, v.record->items[i], v.record->keys[i]));
        return true;
    }
    if (v.kind != V_LIST) return pile_add(c, pile, v, NULL);
    for (int i = 0; i < v.list->n; i++) TRY(pile_add(c, pile, v.list->items[i], NULL));
    return true;
}

/* The pile as two rows: numbers and the group of each. */
static bool pile_rows(struct call *c, const struct pile *pile, struct mark *m) {
    int64_t n = 0, at = 0;
    for (int k = 0; k < pile->n; k++) n += pile->parts[k]->count;
    m->x = fn_vector(n, c->ev->e);
    m->y = m->x ? fn_vector(n, c->ev->e) : NULL;
    for (int k = 0; m->y && k < pile->n; k++)
        for (int64_t i = 0; i < pile->parts[k]->count; i++, at++) {
            ((double *)m->x->data)[at] = tensor_get(pile->parts[k], i);
            ((double *)m->y->data)[at] = k;
        }
    return m->y != NULL;
}

/* `names` of the boxes, or those that the groups have, or 1, 2, 3 … */
static bool pile_names(struct call *c, struct pile *pile, struct plot *p, struct mark *m) {
    char numbers[ARRAY_LEN(pile->names)][12];
    int i;
    m->n_names = pile->n;
    if (plot_given(c, "names", &i)) {
        if (plot_is_texts(c->args[i])) m->names = plot_texts(c, c->args[i], p, &m->n_names);
        if (m->names && m->n_names == pile->n) return true;
        return c->ev->e->kind == ERR_NONE &&
               call_fail(c, i, ERR_ARGUMENT, "`names` is a list of %d texts, one for each box.",
                         pile->n);
    }
    for (int k = 0; k < pile->n; k++) {
        snprintf(numbers[k], sizeof numbers[k], "%d", k + 1);
        if (!pile->names[k]) pile->names[k] = numbers[k];
    }
    if (pile->n == 1 && pile->names[0] == numbers[0]) pile->names[0] = "";
    m->names = plot_keep_names(p, pile->names, pile->n, c->ev->e);
    return m->names != NULL;
}

bool fn_box(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_BOX, .opacity = 1};
    struct pile *pile = pool_zalloc(sizeof *pile);
    if (!pile) return err_memory(c->ev->e, sizeof *pile);
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && pile_all(c, pile) && pile_rows(c, pile, &m) && pile_names(c, pile, p, &m) &&
              plot_common(c, p, &m);
    for (int k = 0; k < pile->n; k++) tensor_unref(pile->parts[k]);
    pool_free(pile);
    return plot_finish(c, p, &m, ok, out);
}

/* ---- guide lines and texts ---- */

static bool rule(struct call *c, bool upright, struct value *out) {
    struct mark m = {.kind = MARK_RULE, .opacity = 1, .dashed = true, .color = intern_c("gray")};
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && (upright ? plot_positions(c, 0, p, &m) : plot_vector(c, 0, &m.y)) &&
              plot_common(c, p, &m);
    return plot_finish(c, p, &m, ok, out);
}

bool fn_vline(struct call *c, struct value *out) {
    return rule(c, true, out);
}

bool fn_hline(struct call *c, struct value *out) {
    return rule(c, false, out);
}

static bool note_texts(struct call *c, struct plot *p, struct mark *m) {
    if (c->args[2].kind == V_LIST && c->args[2].list->n == 0) {
        m->names = plot_keep_names(p, NULL, 0, c->ev->e);
    } else if (plot_is_texts(c->args[2])) {
        m->names = plot_texts(c, c->args[2], p, &m->n_names);
    } else {
        struct text t = {0};
        value_print(c->args[2], &t);
        const char *one = t.p ? t.p : "";
        m->names = plot_keep_names(p, &one, 1, c->ev->e);
        m->n_names = 1;
        text_clear(&t);
    }
    TRY(m->names != NULL);
    return m->n_names == m->x->count ||
           call_fail(c, 2, ERR_SHAPE, "There are %lld points and %lld texts.",
                     (long long)m->x->count, (long long)m->n_names);
}

bool fn_note(struct call *c, struct value *out) {
    struct mark m = {.kind = MARK_NOTE, .opacity = 1};
    struct plot *p = plot_new(c->ev->e);
    bool ok = p && plot_positions(c, 0, p, &m) && plot_vector(c, 1, &m.y) &&
              plot_same_length(c, m.x, m.y) && note_texts(c, p, &m) && plot_common(c, p, &m);
    return plot_finish(c, p, &m, ok, out);
}
