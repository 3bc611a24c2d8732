/* Categories: levels with numbers and names. */
#include "fn_tables.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/eval/eval_ops.h"
#include <math.h>
#include <string.h>

/* Levels as a value gives them: texts, or numbers as they are printed. */
static struct levels *levels_of_value(struct call *c, struct value v, bool ordered) {
    struct value list = v;
    if (v.kind == V_TENSOR && v.tensor->shape.n == 1) {
        list = value_list_new((int32_t)v.tensor->count, c->ev->e);
        for (int64_t i = 0; list.kind == V_LIST && i < v.tensor->count; i++) {
            struct value one;
            if (!iterate_item(c->ev, v, i, &one) || !list_add(list.list, one, c->ev->e))
                return value_unref(list), NULL;
        }
    }
    if (list.kind != V_LIST) {
        call_fail(c, 1, ERR_ARGUMENT, "`levels` is a list of names, in their order.");
        return NULL;
    }
    int32_t n = list.list->n;
    struct text *texts = pool_need((size_t)n * sizeof *texts + 1, c->ev->e);
    struct str *names = pool_need((size_t)n * sizeof *names + 1, c->ev->e);
    for (int32_t i = 0; texts && names && i < n; i++) {
        value_print(list.list->items[i], &texts[i]);
        names[i] = text_str(&texts[i]);
    }
    struct levels *l = texts && names ? levels_new(names, n, ordered, c->ev->e) : NULL;
    for (int32_t i = 0; texts && i < n; i++) text_clear(&texts[i]);
    pool_free(texts);
    pool_free(names);
    if (v.kind != V_LIST) value_unref(list);
    for (int32_t i = 0; l && i < l->n; i++) {
        if (levels_find(l, str_of(l->names[i])) == i) continue;
        call_fail(c, 1, ERR_VALUE, "The level \"%.60s\" is named twice.", l->names[i]);
        return levels_unref(l), NULL;
    }
    return l;
}

/* The different cells, in order, as levels. */
static struct levels *levels_of_cells(struct call *c, const struct table *t, const struct keys *k) {
    int32_t n = k->n_codes - k->missing;
    struct text *texts = pool_need((size_t)n * sizeof *texts + 1, c->ev->e);
    struct str *names = pool_need((size_t)n * sizeof *names + 1, c->ev->e);
    for (int64_t i = 0; texts && names && i < t->n_rows; i++) {
        if (k->codes[i] >= n || texts[k->codes[i]].n) continue;
        struct value cell = table_cell(c->ev, &t->columns[0], i);
        value_print(cell, &texts[k->codes[i]]);
        value_unref(cell);
    }
    for (int32_t i = 0; texts && names && i < n; i++) names[i] = text_str(&texts[i]);
    struct levels *l = texts && names ? levels_new(names, n, false, c->ev->e) : NULL;
    for (int32_t i = 0; texts && i < n; i++) text_clear(&texts[i]);
    pool_free(texts);
    pool_free(names);
    return l;
}

static bool no_level(struct call *c, const struct levels *l, struct str name, int64_t row) {
    call_fail(c, 0, ERR_VALUE, "Row %lld holds \"%.*s\", which is none of the levels.",
              (long long)row, (int)(name.n < 60 ? name.n : 60), name.p);
    struct text all = {0};
    for (int32_t i = 0; i < l->n && i < 12; i++)
        text_addf(&all, "%s%.40s", i ? "  " : "", l->names[i]);
    err_fact(c->ev->e, "levels", "%s", all.p ? all.p : "none");
    text_clear(&all);
    return false;
}

/* False and True, and class numbers from 0, name the levels in their order. */
static double level_by_number(const struct column *col, int64_t row, const struct levels *l) {
    if (col->kind != COLUMN_BOOL && col->kind != COLUMN_INT) return -1;
    double x = col->numbers[row];
    return x >= 0 && x < l->n ? x : -1;
}

/* A new level number for each code of the old column. */
static bool codes_to_levels(struct call *c, const struct table *t, const struct keys *k,
                            const struct levels *l, struct column *to) {
    int32_t n = k->n_codes - k->missing;
    double *level = pool_need(((size_t)n + 1) * sizeof *level, c->ev->e);
    bool ok = level != NULL;
    for (int32_t i = 0; ok && i <= n; i++) level[i] = -1;
    for (int64_t i = 0; ok && i < t->n_rows; i++) {
        double *at = &level[k->codes[i]];
        if (k->codes[i] >= n) {
            to->numbers[i] = NAN;
            continue;
        }
        if (*at < 0) {
            struct value cell = table_cell(c->ev, &t->columns[0], i);
            struct text name = {0};
            value_print(cell, &name);
            *at = levels_find(l, text_str(&name));
            if (*at < 0) *at = level_by_number(&t->columns[0], i, l);
            ok = *at >= 0 || no_level(c, l, text_str(&name), i);
            value_unref(cell);
            text_clear(&name);
        }
        to->numbers[i] = *at;
    }
    pool_free(level);
    return ok;
}

static bool make_category(struct call *c, const struct table *t, struct value *out) {
    struct keys k = {0};
    struct table *to = table_new(t->n_rows, 1, c->ev->e);
    bool ok = to && keys_of_column(&t->columns[0], t->n_rows, &k, c->ev->e);
    struct levels *l = !ok              ? NULL
                       : call_has(c, 1) ? levels_of_value(c, c->args[1], true)
                                        : levels_of_cells(c, t, &k);
    ok = l &&
         column_make(&to->columns[0], t->columns[0].name, COLUMN_CATEGORY, t->n_rows, c->ev->e) &&
         codes_to_levels(c, t, &k, l, &to->columns[0]);
    keys_clear(&k);
    if (!ok) {
        levels_unref(l);
        return table_unref(to), false;
    }
    to->columns[0].levels = l;
    *out = value_column(to);
    return true;
}

static bool describe_category(struct call *c, int64_t n, const char *name, struct value *out) {
    struct table *t = table_new(n, 1, c->ev->e);
    if (!t) return false;
    t->columns[0] = (struct column){.name = name, .kind = COLUMN_CATEGORY};
    if (call_has(c, 1) && c->args[1].kind != V_UNKNOWN && c->args[1].kind != V_DESC &&
        !(t->columns[0].levels = levels_of_value(c, c->args[1], true)))
        return table_unref(t), false;
    *out = (struct value){.kind = V_COLUMN_DESC, .table = t};
    return true;
}

bool fn_category(struct call *c, struct value *out) {
    struct value v = c->args[0];
    struct desc d;
    const struct column *col = column_of(v);
    if (v.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (col && col->kind == COLUMN_CATEGORY && !call_has(c, 1)) return *out = value_ref(v), true;
    if (v.kind == V_COLUMN_DESC) return describe_category(c, v.table->n_rows, col->name, out);
    if (v.kind == V_DESC && value_describe(v, &d) && d.shape.n == 1)
        return describe_category(c, d.shape.size[0], intern_c("label"), out);
    if (c->args[1].kind == V_UNKNOWN || c->args[1].kind == V_DESC)
        return *out = value_unknown(), true;
    if (col) return make_category(c, v.table, out);
    if (v.kind != V_LIST && !(v.kind == V_TENSOR && v.tensor->shape.n == 1))
        return call_fail(c, 0, ERR_TYPE,
                         "category works on a column or list of labels, and this is "
                         "%s.",
                         value_kind_words(v.kind));
    struct table *t = table_new(value_length(v), 1, c->ev->e);
    bool ok = t && table_put(c->ev, t, 0, intern_c("label"), v) && make_category(c, t, out);
    table_unref(t);
    return ok;
}

/* ---- one_hot ---- */

static bool one_hot_levels(struct call *c, struct value v, struct value *out) {
    const struct column *col = column_of(v);
    struct shape s = shape_of(2, (int64_t[]){v.table->n_rows, col->levels->n});
    s.axis[0] = intern_c("row");
    s.axis[1] = intern_c("level");
    s.weak = 3;
    struct tensor *t = tensor_zeros(DT_FLOAT64, &s, c->ev->e);
    for (int64_t i = 0; t && i < v.table->n_rows; i++) {
        if (isnan(col->numbers[i])) continue; /* a missing cell is none of the levels */
        ((double *)t->data)[i * col->levels->n + (int64_t)col->numbers[i]] = 1;
    }
    *out = value_tensor(t);
    return t != NULL;
}

static bool one_hot_numbers(struct call *c, struct value *out) {
    struct tensor *x;
    int64_t classes;
    TRY(call_tensor(c, 0, &x));
    double most = -1;
    for (int64_t i = 0; i < x->count; i++) {
        double k = tensor_get(x, i);
        if (k < 0 || k != floor(k)) {
            tensor_unref(x);
            return call_fail(c, 0, ERR_VALUE, "Classes are numbered 0, 1, 2 …, and this holds %g.",
                             k);
        }
        most = k > most ? k : most;
    }
    bool ok = call_int(c, 1, (int64_t)most + 1, &classes);
    if (ok && classes <= (int64_t)most)
        ok = call_fail(c, 1, ERR_VALUE, "There is a class %g, so there are at least %g classes.",
                       most, most + 1);
    struct attrs a = {.shape = shape_of(1, &classes)};
    struct value v = value_tensor(tensor_cast(x, DT_INT64, c->ev->e));
    tensor_unref(x);
    ok = ok && v.kind != V_MISSING && apply1(c->ev, OP_one_hot, v, &a, out);
    value_unref(v);
    return ok;
}

bool fn_one_hot(struct call *c, struct value *out) {
    const struct column *col = column_of(c->args[0]);
    bool texts =
        c->args[0].kind == V_LIST && c->args[0].list->n && c->args[0].list->items[0].kind == V_TEXT;
    struct value v = value_missing();
    if (col && col->levels) return one_hot_levels(c, c->args[0], out);
    if (!texts && !(col && col->kind == COLUMN_TEXT)) return one_hot_numbers(c, out);
    if (call_has(c, 1))
        return call_fail(c, 1, ERR_ARGUMENT,
                         "The levels of texts are given by category(x, levels).");
    TRY(fn_category(c, &v));
    bool ok = one_hot_levels(c, v, out);
    value_unref(v);
    return ok;
}
