/* Arithmetic and comparisons of columns and times. */
#include "column_ops.h"
#include "lang/eval/eval_ops.h"
#include "tables.h"
#include "data/time.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

bool is_columnar(struct value v) {
    return v.kind == V_COLUMN || v.kind == V_COLUMN_DESC || v.kind == V_TIME;
}

const struct column *column_of(struct value v) {
    return v.kind == V_COLUMN || v.kind == V_COLUMN_DESC ? &v.table->columns[0] : NULL;
}

static bool is_time(struct value v) {
    const struct column *c = column_of(v);
    return v.kind == V_TIME || (c && c->kind == COLUMN_TIME);
}

static bool is_text(struct value v) {
    const struct column *c = column_of(v);
    return v.kind == V_TEXT || (c && (c->kind == COLUMN_TEXT || c->kind == COLUMN_CATEGORY));
}

static int64_t rows_of(struct value a, struct value b) {
    if (column_of(a)) return a.table->n_rows;
    return column_of(b) ? b.table->n_rows : -1;
}

static bool only_described(struct value a, struct value b) {
    return a.kind == V_COLUMN_DESC || b.kind == V_COLUMN_DESC || a.kind == V_DESC ||
           b.kind == V_DESC;
}

bool describe_rows(struct eval *ev, int64_t n_rows, enum dtype type, struct value *out) {
    struct desc d = {.dtype = type, .shape = shape_of(1, &n_rows)};
    d.shape.axis[0] = intern_c("row");
    d.shape.weak = 1;
    *out = value_desc(&d, ev->e);
    return out->kind == V_DESC;
}

static bool describe_kind(struct eval *ev, int64_t n_rows, enum column_kind kind,
                          struct value *out) {
    struct table *t = table_new(n_rows, 1, ev->e);
    if (!t) return false;
    t->columns[0] = (struct column){.name = intern_c("value"), .kind = kind};
    *out = (struct value){.kind = V_COLUMN_DESC, .table = t};
    return true;
}

bool numbers_as_column(struct eval *ev, struct value take, const char *name, struct value *out) {
    *out = take;
    if (take.kind != V_TENSOR || take.tensor->shape.n != 1 || take.tensor->dtype != DT_FLOAT64)
        return true;
    const double *x = take.tensor->data;
    bool missing = false;
    for (int64_t i = 0; !missing && i < take.tensor->count; i++) missing = isnan(x[i]) != 0;
    if (!missing) return true;
    struct table *t = table_new(take.tensor->count, 1, ev->e);
    bool ok = t && table_put(ev, t, 0, name, take);
    value_unref(take);
    if (!ok) return table_unref(t), false;
    *out = value_column(t);
    return true;
}

bool as_time(struct eval *ev, struct value v, double *t) {
    if (v.kind == V_TIME) return *t = v.number, true;
    if (v.kind == V_TEXT && time_read(value_str(&v), t)) return true;
    err_set(ev->e, ERR_TYPE, "Times are compared with times, and this is %s.",
            value_kind_words(v.kind));
    if (v.kind == V_TEXT) err_label(ev->e, "is no date");
    return err_hint(ev->e, "Write a date as \"2019-03-01\" or \"2019-03-01 12:30\", or read one of "
                           "another form with to_time(s, \"%%d.%%m.%%Y\").");
}

/* ---- cells side by side ---- */

/* Both operands cell by cell; a single value stands for all rows. */
struct sides {
    const struct column *a, *b;
    struct value va, vb;
    int64_t n;
};

static bool sides_start(struct eval *ev, struct value a, struct value b, struct sides *s) {
    *s = (struct sides){.a = column_of(a), .b = column_of(b), .va = a, .vb = b};
    s->n = rows_of(a, b);
    bool fit = !s->a || !s->b || a.table->n_rows == b.table->n_rows;
    if (fit) return true;
    err_set(ev->e, ERR_SHAPE, "The two columns have different numbers of rows.");
    err_fact(ev->e, "{0}", "%lld rows", (long long)a.table->n_rows);
    return err_fact(ev->e, "{1}", "%lld rows", (long long)b.table->n_rows);
}

/* NULL when missing. */
static const char *text_cell(const struct column *c, const struct value *single, int64_t i) {
    return c ? column_text(c, i) : single->text->bytes;
}

static bool join_cells(struct eval *ev, struct value a, struct value b, struct value *out) {
    struct sides s;
    TRY(sides_start(ev, a, b, &s));
    struct table *t = table_new(s.n, 1, ev->e);
    struct text cell = {0};
    bool ok = t && table_set_column(t, 0, intern_c("text"), COLUMN_TEXT, ev->e);
    for (int64_t i = 0; ok && i < s.n; i++) {
        const char *x = text_cell(s.a, &s.va, i), *y = text_cell(s.b, &s.vb, i);
        if (!x || !y) continue;
        cell.n = 0;
        text_adds(&cell, x);
        text_adds(&cell, y);
        ok = table_set_text(t, 0, i, text_str(&cell), ev->e);
    }
    text_clear(&cell);
    if (!ok) return table_unref(t), false;
    *out = value_column(t);
    return true;
}

/* ---- times ---- */

static const double *seconds_of(struct value v, double *single) {
    const struct column *c = column_of(v);
    if (c) return c->numbers;
    *single = v.number;
    return single;
}

/* In days, as a fraction where there are clocks. */
static bool time_difference(struct eval *ev, struct value a, struct value b, struct value *out) {
    struct sides s;
    double one_a, one_b;
    TRY(sides_start(ev, a, b, &s));
    const double *x = seconds_of(a, &one_a), *y = seconds_of(b, &one_b);
    if (s.n < 0) return *out = value_float((*x - *y) / 86400), true;
    struct table *t = table_new(s.n, 1, ev->e);
    if (!t || !column_make(&t->columns[0], intern_c("days"), COLUMN_NUMBER, s.n, ev->e))
        return table_unref(t), false;
    for (int64_t i = 0; i < s.n; i++)
        t->columns[0].numbers[i] = (x[s.a ? i : 0] - y[s.b ? i : 0]) / 86400;
    return column_as_value(ev, t, out);
}

static bool time_moved(struct eval *ev, struct value a, double amount, const char *word,
                       struct value *out) {
    enum time_unit unit;
    if (!time_unit_of(str_of(word), &unit))
        return err_set(ev->e, ERR_TYPE, "A time cannot be moved by %ss.", word);
    const struct column *c = column_of(a);
    if (!c) return *out = value_time(time_add(a.number, amount, unit)), true;
    struct table *t = table_new(a.table->n_rows, 1, ev->e);
    if (!t || !column_make(&t->columns[0], c->name, COLUMN_TIME, t->n_rows, ev->e))
        return table_unref(t), false;
    for (int64_t i = 0; i < t->n_rows; i++)
        t->columns[0].numbers[i] = time_add(c->numbers[i], amount, unit);
    *out = value_column(t);
    return true;
}

static bool time_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                        struct value *out) {
    bool described = only_described(a, b);
    if (op == AST_OP_SUB && is_time(a) && is_time(b)) {
        if (described) return describe_rows(ev, rows_of(a, b), DT_FLOAT64, out);
        return time_difference(ev, a, b, out);
    }
    if (op == AST_OP_ADD && b.kind != V_QUANTITY) { /* 3 days + .date */
        struct value swap = a;
        a = b;
        b = swap;
    }
    if ((op == AST_OP_ADD || op == AST_OP_SUB) && is_time(a) && b.kind == V_QUANTITY) {
        if (described) return describe_kind(ev, rows_of(a, b), COLUMN_TIME, out);
        double amount = b.quantity->amount;
        return time_moved(ev, a, op == AST_OP_SUB ? -amount : amount, b.quantity->unit, out);
    }
    err_set(ev->e, ERR_TYPE, "`%s` does not work with times this way.", operator_sign(op));
    return err_hint(ev->e, "The difference of two times is a number of days; and a span can be "
                           "added or taken away: .date + 3 days, .date - 2 hours.");
}

/* ---- arithmetic ---- */

static bool not_numbers(struct eval *ev, enum ast_op op, struct value v) {
    const struct column *c = column_of(v);
    err_set(ev->e, ERR_TYPE, "The column \"%.100s\" holds %s, and `%s` needs numbers.", c->name,
            column_kind_words(c->kind), operator_sign(op));
    if (c->kind == COLUMN_TEXT)
        err_hint(ev->e,
                 "If its texts are numbers: to_number(.%.60s). If they are names of classes: "
                 "one_hot(category(.%.60s)).",
                 c->name, c->name);
    if (c->kind == COLUMN_CATEGORY)
        err_hint(ev->e,
                 "The levels' numbers are .%.60s.codes; as inputs of a model, levels are "
                 "better one_hot(.%.60s).",
                 c->name, c->name);
    return false;
}

static bool is_wrong(struct value v) {
    const struct column *c = column_of(v);
    return c && c->kind > COLUMN_BOOL && c->kind != COLUMN_UNKNOWN;
}

bool column_binary(struct eval *ev, enum ast_op op, struct value a, struct value b,
                   struct value *out) {
    if (a.kind == V_UNKNOWN || b.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (is_time(a) || is_time(b)) return time_binary(ev, op, a, b, out);
    if (op == AST_OP_ADD && is_text(a) && is_text(b)) {
        if (only_described(a, b)) return describe_kind(ev, rows_of(a, b), COLUMN_TEXT, out);
        return join_cells(ev, a, b, out);
    }
    if (is_wrong(a)) return not_numbers(ev, op, a);
    if (is_wrong(b)) return not_numbers(ev, op, b);
    struct value x = value_missing(), y = value_missing(), r = value_missing();
    bool logic = op == AST_OP_BITAND || op == AST_OP_BITOR;
    bool ok = (logic ? column_truth(ev, a, &x) && column_truth(ev, b, &y)
                     : as_tensorlike(ev, a, &x) && as_tensorlike(ev, b, &y)) &&
              tensor_binary(ev, op, x, y, &r);
    value_unref(x);
    value_unref(y);
    const struct column *c = column_of(a) ? column_of(a) : column_of(b);
    return ok && numbers_as_column(ev, r, c->name, out);
}

bool column_unary(struct eval *ev, enum ast_op op, struct value a, struct value *out) {
    struct value x, r;
    if (a.kind == V_TIME || is_wrong(a))
        return err_set(ev->e, ERR_TYPE, "`%s` needs numbers, and this is %s.", operator_sign(op),
                       a.kind == V_TIME ? "a time" : column_kind_words(column_of(a)->kind));
    TRY(op == AST_OP_SUB || op == AST_OP_ADD ? as_tensorlike(ev, a, &x) : column_truth(ev, a, &x));
    bool ok = apply_unary(ev, op, x, &r);
    value_unref(x);
    return ok && numbers_as_column(ev, r, column_of(a)->name, out);
}

bool column_truth(struct eval *ev, struct value v, struct value *out) {
    const struct column *c = column_of(v);
    if (!c || c->kind != COLUMN_BOOL || v.kind == V_COLUMN_DESC) return *out = value_ref(v), true;
    struct shape s = shape_of(1, &v.table->n_rows);
    s.axis[0] = intern_c("row");
    s.weak = 1;
    struct tensor *t = tensor_new(DT_BOOL, &s, ev->e);
    for (int64_t i = 0; t && i < t->count; i++) ((uint8_t *)t->data)[i] = c->numbers[i] == 1;
    *out = value_tensor(t);
    return t != NULL;
}

/* ---- comparisons ---- */

static bool holds(enum ast_op op, int order) {
    switch (op) {
    case AST_OP_LT: return order < 0;
    case AST_OP_LE: return order <= 0;
    case AST_OP_GT: return order > 0;
    case AST_OP_GE: return order >= 0;
    case AST_OP_EQ: return order == 0;
    default: return order != 0;
    }
}

static struct tensor *mask_new(struct eval *ev, int64_t n) {
    struct shape s = shape_of(1, &n);
    s.axis[0] = intern_c("row");
    s.weak = 1;
    return tensor_new(DT_BOOL, &s, ev->e);
}

/* Most columns repeat few texts, each at one address: what came out of it lately, by address. */
struct compared {
    const char *text;
    bool holds;
};

enum { COMPARED_BITS = 8 };

/* A column's texts with one text; `turned`: that one stands on the left. A missing text is unequal
 * and nothing else. */
static void compare_with_text(enum ast_op op, const struct column *c, const char *single,
                              bool turned, uint8_t *to, int64_t n) {
    struct compared known[1 << COMPARED_BITS] = {{NULL, false}};
    for (int64_t i = 0; i < n; i++) {
        const char *text = column_text(c, i);
        uint64_t hash = (uint64_t)(uintptr_t)text * 0x9e3779b97f4a7c15u;
        struct compared *k = &known[hash >> (64 - COMPARED_BITS)];
        if (k->text != text || !text) {
            int order = text ? strcmp(text, single) : 1;
            *k = (struct compared){text, holds(op, turned ? -order : order)};
            if (!text) k->holds = op == AST_OP_NE;
        }
        to[i] = k->holds;
    }
}

static bool compare_texts(struct eval *ev, enum ast_op op, struct value a, struct value b,
                          struct value *out) {
    struct sides s;
    TRY(sides_start(ev, a, b, &s));
    struct tensor *t = mask_new(ev, s.n);
    *out = value_tensor(t);
    if (!t) return false;
    uint8_t *to = t->data;
    if (s.a && !s.b) compare_with_text(op, s.a, b.text->bytes, false, to, s.n);
    else if (!s.a) compare_with_text(op, s.b, a.text->bytes, true, to, s.n);
    for (int64_t i = 0; s.a && s.b && i < s.n; i++) {
        const char *x = column_text(s.a, i), *y = column_text(s.b, i);
        to[i] = x && y ? holds(op, strcmp(x, y)) : op == AST_OP_NE;
    }
    return true;
}

/* Ordered levels compare by their place. */
static bool compare_levels(struct eval *ev, enum ast_op op, struct value a, struct value b,
                           bool *done, struct value *out) {
    const struct column *c = column_of(a);
    *done = c && c->levels && b.kind == V_TEXT && op != AST_OP_EQ && op != AST_OP_NE;
    if (!*done) return true;
    int level = levels_find(c->levels, value_str(&b));
    if (!c->levels->ordered) {
        err_set(ev->e, ERR_TYPE, "The levels of \"%.100s\" have no order.", c->name);
        return err_hint(ev->e, "Give them one: category(.%.60s, levels=[\"low\", \"high\"]).",
                        c->name);
    }
    if (level < 0)
        return err_set(ev->e, ERR_VALUE, "\"%.100s\" is no level of \"%.100s\".", b.text->bytes,
                       c->name);
    if (a.kind == V_COLUMN_DESC) return describe_rows(ev, a.table->n_rows, DT_BOOL, out);
    struct tensor *t = mask_new(ev, a.table->n_rows);
    for (int64_t i = 0; t && i < t->count; i++) {
        double x = c->numbers[i];
        ((uint8_t *)t->data)[i] = !isnan(x) && holds(op, ((int)x > level) - ((int)x < level));
    }
    *out = value_tensor(t);
    return t != NULL;
}

static bool compare_times(struct eval *ev, enum ast_op op, struct value a, struct value b,
                          struct value *out) {
    double one_a = 0, one_b = 0;
    struct sides s;
    TRY(is_time(a) && column_of(a) ? true : as_time(ev, a, &one_a));
    TRY(is_time(b) && column_of(b) ? true : as_time(ev, b, &one_b));
    TRY(sides_start(ev, a, b, &s));
    if (only_described(a, b)) return describe_rows(ev, s.n, DT_BOOL, out);
    const double *x = s.a ? s.a->numbers : &one_a, *y = s.b ? s.b->numbers : &one_b;
    if (s.n < 0) return *out = value_bool(holds(op, (*x > *y) - (*x < *y))), true;
    struct tensor *t = mask_new(ev, s.n);
    for (int64_t i = 0; t && i < s.n; i++) {
        double p = x[s.a ? i : 0], q = y[s.b ? i : 0];
        bool missing = isnan(p) || isnan(q);
        ((uint8_t *)t->data)[i] = missing ? op == AST_OP_NE : holds(op, (p > q) - (p < q));
    }
    *out = value_tensor(t);
    return t != NULL;
}

static bool missing_cells(struct eval *ev, struct value v, bool missing, struct value *out) {
    if (v.kind == V_COLUMN_DESC) return describe_rows(ev, v.table->n_rows, DT_BOOL, out);
    struct tensor *t = mask_new(ev, v.table->n_rows);
    for (int64_t i = 0; t && i < t->count; i++)
        ((uint8_t *)t->data)[i] = column_is_missing(column_of(v), i) == missing;
    *out = value_tensor(t);
    return t != NULL;
}

/* ---- in ---- */

static bool cell_is(const struct column *c, int64_t i, struct value one) {
    if (c->texts || c->levels)
        return one.kind == V_TEXT && strcmp(text_cell(c, NULL, i), one.text->bytes) == 0;
    double t;
    if (c->kind == COLUMN_TIME && one.kind == V_TEXT)
        return time_read(value_str(&one), &t) && c->numbers[i] == t;
    if (one.kind == V_TIME) return c->numbers[i] == one.number;
    return value_is_number(one) && c->numbers[i] == value_number(one);
}

static bool cell_in(const struct column *c, int64_t i, struct value set) {
    if (column_is_missing(c, i)) return false;
    for (int32_t k = 0; set.kind == V_LIST && k < set.list->n; k++)
        if (cell_is(c, i, set.list->items[k])) return true;
    for (int64_t k = 0; set.kind == V_TENSOR && k < set.tensor->count; k++)
        if (c->numbers && c->numbers[i] == tensor_get(set.tensor, k)) return true;
    return false;
}

/* Against a column: by common keys, so that large sets are as good as small ones. */
static bool in_column(struct eval *ev, struct value v, struct value set, bool in,
                      struct value *out) {
    int64_t n = v.table->n_rows, m = set.table->n_rows;
    struct keys k;
    TRY(keys_of_two(column_of(v), n, column_of(set), m, &k, ev->e));
    uint8_t *there = pool_need((size_t)k.n_codes + 1, ev->e);
    struct tensor *t = there ? mask_new(ev, n) : NULL;
    for (int64_t i = 0; t && i < m; i++) there[k.codes[n + i]] = 1;
    for (int64_t i = 0; t && i < n; i++)
        ((uint8_t *)t->data)[i] = (there[k.codes[i]] && !column_is_missing(column_of(v), i)) == in;
    pool_free(there);
    keys_clear(&k);
    *out = value_tensor(t);
    return t != NULL;
}

static bool column_in(struct eval *ev, struct value v, struct value set, bool in,
                      struct value *out) {
    if (v.kind == V_COLUMN_DESC || set.kind == V_COLUMN_DESC || set.kind == V_DESC)
        return describe_rows(ev, v.table->n_rows, DT_BOOL, out);
    if (set.kind == V_COLUMN) return in_column(ev, v, set, in, out);
    if (set.kind != V_LIST && set.kind != V_TENSOR)
        return err_set(ev->e, ERR_TYPE,
                       "`in` looks for a column's cells in a list, and this is %s.",
                       value_kind_words(set.kind));
    struct tensor *t = mask_new(ev, v.table->n_rows);
    for (int64_t i = 0; t && i < t->count; i++)
        ((uint8_t *)t->data)[i] = cell_in(column_of(v), i, set) == in;
    *out = value_tensor(t);
    return t != NULL;
}

bool each_in(struct eval *ev, struct value xs, struct value set, bool in, struct value *out) {
    struct table *t = table_new(xs.tensor->count, 1, ev->e);
    bool ok = t && table_put(ev, t, 0, intern_c("value"), xs) &&
              column_in(ev, (struct value){.kind = V_COLUMN, .table = t}, set, in, out);
    table_unref(t);
    return ok;
}

/* ---- all comparisons ---- */

static bool text_against(struct eval *ev, struct value a, struct value b) {
    const struct column *c = column_of(a) ? column_of(a) : column_of(b);
    struct value other = column_of(a) ? b : a;
    const struct column *o = column_of(other);
    err_set(ev->e, ERR_TYPE,
            "The column \"%.100s\" holds %s and is compared with %s: they are never "
            "equal.",
            c->name, column_kind_words(c->kind),
            o ? column_kind_words(o->kind) : value_kind_words(other.kind));
    if (c->kind == COLUMN_TEXT && value_is_number(other))
        return err_hint(ev->e,
                        "Texts stand in quotes: .%.60s == \"%g\". Or read the numbers first: "
                        "to_number(.%.60s).",
                        c->name, value_number(other), c->name);
    return false;
}

bool column_compare(struct eval *ev, enum ast_op op, struct value a, struct value b,
                    struct value *out) {
    bool equality = op == AST_OP_EQ || op == AST_OP_NE, done;
    if (a.kind == V_UNKNOWN || b.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if ((op == AST_OP_IN || op == AST_OP_NOT_IN) && column_of(a))
        return column_in(ev, a, b, op == AST_OP_IN, out);
    if (op == AST_OP_IN || op == AST_OP_NOT_IN)
        return err_set(ev->e, ERR_TYPE, "`in` cannot look for a time here.");
    if (equality && b.kind == V_NONE && column_of(a))
        return missing_cells(ev, a, op == AST_OP_EQ, out);
    if (equality && (a.kind == V_NONE || b.kind == V_NONE))
        return *out = value_bool(op == AST_OP_NE), true;
    if (is_time(a) || is_time(b)) return compare_times(ev, op, a, b, out);
    TRY(compare_levels(ev, op, a, b, &done, out));
    if (done) return true;
    if (is_text(a) && is_text(b)) {
        if (only_described(a, b)) return describe_rows(ev, rows_of(a, b), DT_BOOL, out);
        return compare_texts(ev, op, a, b, out);
    }
    if (is_wrong(a) || is_wrong(b)) return text_against(ev, a, b);
    return tensors_binary(ev, op, a, b, out);
}
