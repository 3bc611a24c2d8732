/* x[…] of every kind of value. */
#include "selection.h"
#include "lang/eval/tables/tables.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

/* Part of a shape is a shape: it compares as a whole. */
static bool slice_shape(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct selection sel;
    struct shape s = shape_of(1, &(int64_t){v.shape->shape.n}), part = {0};
    const struct shape *from = &v.shape->shape;
    selection_start(&sel, &s);
    TRY(select_slice(ev, x->list[0]->a, &sel, 0));
    if (sel.count[0] < 0) return *out = value_unknown(), true;
    for (int64_t i = 0; i < sel.count[0] && part.n < MAX_AXES; i++) {
        int64_t at = sel.begin[0] + i * sel.step[0];
        part.size[part.n] = from->size[at];
        part.axis[part.n] = from->axis[at];
        if (from->weak >> at & 1) part.weak |= (uint8_t)(1u << part.n);
        part.n++;
    }
    *out = value_shape(&part, ev->e);
    return out->kind == V_SHAPE;
}

static bool index_shape(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct value t;
    if (x->n == 1 && x->list[0]->a->kind == AST_SLICE && !x->list[0]->name)
        return slice_shape(ev, x, v, out);
    TRY(as_tensorlike(ev, v, &t));
    bool ok = t.kind == V_TENSOR ? index_tensor(ev, x, t, out) : (*out = value_unknown(), true);
    value_unref(t);
    return ok;
}

static bool list_slice(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct selection sel;
    struct shape s = shape_of(1, &(int64_t){v.list->n});
    selection_start(&sel, &s);
    TRY(select_slice(ev, x->list[0]->a, &sel, 0));
    if (sel.count[0] < 0) return *out = value_unknown(), true;
    *out = value_list_new((int32_t)sel.count[0], ev->e);
    for (int64_t i = 0; out->kind == V_LIST && i < sel.count[0]; i++) {
        struct value item = value_ref(v.list->items[sel.begin[0] + i * sel.step[0]]);
        if (!list_add(out->list, item, ev->e)) return value_unref(*out), false;
    }
    return out->kind == V_LIST;
}

static bool index_list(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    if (x->n == 1 && x->list[0]->a->kind == AST_SLICE) return list_slice(ev, x, v, out);
    struct value i = value_missing();
    if (x->n == 1) TRY(eval_expr(ev, x->list[0]->a, &i));
    if (i.kind == V_UNKNOWN || i.kind == V_DESC)
        return value_unref(i), *out = value_unknown(), true;
    if (x->n == 1 && i.kind == V_INT) {
        int64_t n = v.list->n, at = i.integer < 0 ? i.integer + n : i.integer;
        if (at >= 0 && at < n) return *out = value_ref(v.list->items[at]), true;
        struct shape s = shape_of(1, &n);
        return index_out(ev, x->list[0], &s, 0, i.integer);
    }
    value_unref(i);
    struct value t; /* a list of equal tensors, used as one tensor */
    TRY(list_to_tensor(ev, v.list, &t));
    if (t.kind == V_UNKNOWN) return *out = t, true;
    bool ok =
        value_is_tensorlike(t)
            ? index_tensor(ev, x, t, out)
            : fail(ev, x->span, ERR_TYPE, "A list is picked from by one whole number or a slice.");
    value_unref(t);
    return ok;
}

static bool index_record(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct value key;
    TRY(eval_expr(ev, x->list[0]->a, &key));
    if (key.kind == V_UNKNOWN) return *out = key, true;
    const struct value *found =
        key.kind == V_TEXT ? record_get(v.record, intern(value_str(&key))) : NULL;
    if (found) *out = value_ref(*found);
    else if (key.kind == V_TEXT)
        fail(ev, x->span, ERR_NAME, "The record has no field \"%s\".", key.text->bytes);
    else fail(ev, x->span, ERR_TYPE, "A record is picked from by a text, such as r[\"name\"].");
    value_unref(key);
    return found != NULL;
}

static bool table_columns(struct eval *ev, const struct ast *x, const struct table *t,
                          const struct list *names, struct value *out) {
    int *columns = pool_need((size_t)names->n * sizeof *columns + 1, ev->e);
    bool ok = columns != NULL;
    for (int i = 0; ok && i < names->n; i++) {
        struct value name = names->items[i];
        columns[i] = name.kind == V_TEXT ? table_find(t, value_str(&name)) : -1;
        if (columns[i] >= 0) continue;
        ok = name.kind == V_TEXT ? no_such_column(ev, t, value_str(&name), x->span)
                                 : fail(ev, x->span, ERR_TYPE,
                                        "Columns are picked by their names, and number %d of "
                                        "the list is %s.",
                                        i + 1, value_kind_words(name.kind));
    }
    if (ok) *out = table_value(table_pick_columns(t, columns, names->n, ev->e));
    pool_free(columns);
    return ok && out->kind != V_MISSING;
}

static bool table_rows(struct eval *ev, const struct ast *x, const struct table *t,
                       struct value pick, struct value *out) {
    struct selection sel;
    struct value at = value_missing();
    struct shape s = shape_of(1, &t->n_rows);
    selection_start(&sel, &s);
    bool ok = pick.tensor->dtype == DT_BOOL
                  ? pick.tensor->count == t->n_rows
                        ? mask_positions(ev, pick.tensor, &at)
                        : fail(ev, x->span, ERR_SHAPE,
                               "The mask has %lld elements and the table %lld rows.",
                               (long long)pick.tensor->count, (long long)t->n_rows)
                  : normal_positions(ev, &sel, pick, x->span, &at);
    if (ok) *out = value_table(table_pick_rows(t, at.tensor->data, at.tensor->count, ev->e));
    value_unref(at);
    return ok && out->kind == V_TABLE;
}

static bool table_steps(struct eval *ev, const struct table *t, const struct selection *sel,
                        struct value *out) {
    struct shape s = shape_of(1, &sel->count[0]);
    struct tensor *at = tensor_new(DT_INT64, &s, ev->e);
    if (!at) return false;
    for (int64_t i = 0; i < at->count; i++)
        ((int64_t *)at->data)[i] = sel->begin[0] + i * sel->step[0];
    *out = value_table(table_pick_rows(t, at->data, at->count, ev->e));
    tensor_unref(at);
    return out->kind == V_TABLE;
}

static bool slice_table(struct eval *ev, const struct ast *x, const struct table *t,
                        struct value *out) {
    struct selection sel;
    struct shape s = shape_of(1, &t->n_rows);
    selection_start(&sel, &s);
    if (table_is_described(t)) {
        *out = table_value(table_description(t, unknown_size(), ev->e));
        return out->kind != V_MISSING;
    }
    TRY(select_slice(ev, x->list[0]->a, &sel, 0));
    if (sel.count[0] < 0) return *out = value_unknown(), true;
    if (sel.step[0] != 1) return table_steps(ev, t, &sel, out);
    *out = value_table(table_slice(t, sel.begin[0], sel.begin[0] + sel.count[0], ev->e));
    return out->kind == V_TABLE;
}

/* A row by its number; *at = the number counted from the start. */
static bool row_number(struct eval *ev, const struct ast *x, const struct table *t,
                       struct value key, int64_t *at) {
    struct selection sel;
    struct shape s = shape_of(1, &t->n_rows);
    selection_start(&sel, &s);
    TRY(select_position(ev, x->list[0], &sel, 0, key.integer));
    return *at = sel.begin[0], true;
}

static bool table_by_key(struct eval *ev, const struct ast *x, const struct table *t,
                         struct value key, struct value *out) {
    int64_t row;
    int column = key.kind == V_TEXT ? table_find(t, value_str(&key)) : -1;
    if (key.kind == V_UNKNOWN || key.kind == V_DESC) return *out = value_unknown(), true;
    if (column >= 0) return table_column(ev, t, column, out);
    if (key.kind == V_TEXT) return no_such_column(ev, t, value_str(&key), x->span);
    if (key.kind == V_LIST) return table_columns(ev, x, t, key.list, out);
    if (table_is_described(t)) return *out = value_unknown(), true;
    if (key.kind == V_TENSOR) return table_rows(ev, x, t, key, out);
    if (key.kind == V_INT) return row_number(ev, x, t, key, &row) && table_row(ev, t, row, out);
    return fail(ev, x->span, ERR_TYPE,
                "A table is picked from by a column's name, a row number, a mask or a slice.");
}

static bool index_table(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    if (x->n != 1) {
        fail(ev, x->span, ERR_INDEX, "A table is picked from in one step, and these are %d.", x->n);
        return err_hint(ev->e, "Columns: t[[\"a\", \"b\"]]. One cell: t[\"a\"][5].");
    }
    if (x->list[0]->a->kind == AST_SLICE) return slice_table(ev, x, v.table, out);
    struct value key;
    TRY(eval_expr(ev, x->list[0]->a, &key));
    bool ok = table_by_key(ev, x, v.table, key, out);
    value_unref(key);
    return ok;
}

/* A cell, or some of a column's rows. */
static bool index_column(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct value key, rows;
    int64_t row;
    if (x->n != 1)
        return fail(ev, x->span, ERR_INDEX, "A column has one axis, and these are %d positions.",
                    x->n);
    if (x->list[0]->a->kind == AST_SLICE) {
        TRY(slice_table(ev, x, v.table, &rows));
    } else {
        TRY(eval_expr(ev, x->list[0]->a, &key));
        bool one = key.kind == V_INT;
        bool ok =
            one ? row_number(ev, x, v.table, key, &row) : table_by_key(ev, x, v.table, key, &rows);
        value_unref(key);
        TRY(ok);
        if (one) return *out = table_cell(ev, &v.table->columns[0], row), true;
    }
    if (rows.kind != V_TABLE) return value_unref(rows), *out = value_unknown(), true;
    return column_as_value(ev, rows.table, out);
}

static bool index_text(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct selection sel;
    struct shape s = shape_of(1, &(int64_t){value_length(v)});
    selection_start(&sel, &s);
    bool ok = select_axes(ev, x, &sel);
    if (ok && sel.pick.kind != V_MISSING)
        ok = fail(ev, x->span, ERR_TYPE, "A text is picked from by one whole number or a slice.");
    value_unref(sel.pick);
    if (ok && (sel.unknown || sel.vague || sel.count[0] < 0)) return *out = value_unknown(), true;
    struct text t = {0};
    for (int64_t i = 0; ok && i < sel.count[0]; i++) {
        struct value c;
        ok = iterate_item(ev, v, sel.begin[0] + i * sel.step[0], &c);
        if (ok) text_add(&t, value_str(&c)), value_unref(c);
    }
    if (ok) *out = value_text(text_str(&t), ev->e);
    text_clear(&t);
    return ok && out->kind == V_TEXT;
}

/* Both sides of a pair: rows of inputs and targets together. */
static bool index_pair(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct value a = value_missing(), b = value_missing();
    if (!index_value(ev, x, v.pair->inputs, &a) || !index_value(ev, x, v.pair->targets, &b)) {
        value_unref(a);
        value_unref(b);
        return false;
    }
    *out = value_pair(a, b, ev->e);
    return out->kind == V_PAIR;
}

bool index_value(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    switch (v.kind) {
    case V_UNKNOWN: return *out = value_unknown(), true;
    case V_TENSOR:
    case V_NODE:
    case V_DESC: return index_tensor(ev, x, v, out);
    case V_SHAPE: return index_shape(ev, x, v, out);
    case V_LIST: return index_list(ev, x, v, out);
    case V_RECORD: return index_record(ev, x, v, out);
    case V_COLUMN: return index_column(ev, x, v, out);
    case V_COLUMN_DESC: return *out = value_unknown(), true;
    case V_TABLE:
    case V_TABLE_DESC:
    case V_HISTORY: return index_table(ev, x, v, out);
    case V_RUNS:
        return index_table(ev, x, (struct value){.kind = V_TABLE, .table = v.runs->table}, out);
    case V_TEXT: return index_text(ev, x, v, out);
    case V_PAIR: return index_pair(ev, x, v, out);
    default:
        return fail(ev, x->span, ERR_TYPE, "This is %s: nothing can be picked from it with [ ].",
                    value_kind_words(v.kind));
    }
}

bool eval_index(struct eval *ev, const struct ast *x, struct value *out) {
    struct value v;
    TRY(eval_expr(ev, x->a, &v));
    bool ok = index_value(ev, x, v, out);
    value_unref(v);
    return ok || fail_from(ev, x->span, &x->a->span, 1);
}
