/* Parts of values: fields, elements one by one, and how many there are. */
#include "eval_parts.h"
#include "builtin.h"
#include "lang/eval/models/model.h"
#include "lang/eval/models/estimator.h"
#include "lang/syntax/spelling.h"
#include "lang/eval/tables/tables.h"
#include "base/intern.h"
#include <string.h>

/* ---- how many, and the i-th ---- */

int64_t examples_in(struct value v) {
    struct desc d;
    if (v.kind == V_TABLE || v.kind == V_COLUMN) return v.table->n_rows;
    if (v.kind == V_TABLE_DESC || v.kind == V_COLUMN_DESC)
        return v.table->n_rows < 0 ? -1 : v.table->n_rows;
    if (v.kind == V_LIST) return v.list->n;
    if (v.kind == V_RECORD && v.record->n) return examples_in(v.record->items[0]);
    if (value_describe(v, &d) && d.shape.n > 0) return d.shape.size[0] < 0 ? -1 : d.shape.size[0];
    return -1;
}

static int64_t code_points(struct str s) {
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

int64_t value_length(struct value v) {
    struct desc d;
    switch (v.kind) {
    case V_TEXT: return code_points(value_str(&v));
    case V_LIST: return v.list->n;
    case V_RECORD: return v.record->n;
    case V_TABLE:
    case V_TABLE_DESC:
    case V_COLUMN:
    case V_COLUMN_DESC:
    case V_HISTORY: return v.table->n_rows;
    case V_GROUPS: return v.groups->rows.n_groups;
    case V_RUNS: return v.runs->table->n_rows;
    case V_SHAPE: return v.shape->shape.n;
    case V_PAIR: return examples_in(v.pair->inputs);
    default: break;
    }
    if (value_describe(v, &d) && d.shape.n > 0) return d.shape.size[0];
    return -1;
}

bool iterate_count(struct eval *ev, struct value v, struct span at, int64_t *n) {
    *n = -1;
    struct desc d;
    if (v.kind == V_UNKNOWN) return true;
    if (v.kind == V_COLUMN_DESC) return true;
    if (v.kind == V_COLUMN || v.kind == V_TEXT || v.kind == V_LIST || v.kind == V_RECORD ||
        v.kind == V_SHAPE)
        return *n = value_length(v), true;
    if (value_describe(v, &d) && d.shape.n > 0)
        return *n = d.shape.size[0] < 0 ? -1 : d.shape.size[0], true;
    fail(ev, at, ERR_TYPE, "This is %s: it has no elements to go through one by one.",
         value_kind_words(v.kind));
    if (v.kind == V_INT && v.integer > 0)
        err_hint(ev->e, "To repeat %lld times: range(%lld)", (long long)v.integer,
                 (long long)v.integer);
    if (v.kind == V_TABLE || v.kind == V_TABLE_DESC)
        err_hint(ev->e, "Go through its columns: for name in t.columns, or through its rows: for i "
                        "in range(len(t)), where t[i] is a row.");
    if (v.kind == V_GROUPS)
        err_hint(ev->e,
                 "A number for each group: .summarize(n=count()). The groups themselves: for "
                 "name in t.plan.unique(), and then t.filter(.plan == name).");
    return false;
}

static bool text_item(struct eval *ev, struct str s, int64_t i, struct value *out) {
    size_t at = 0;
    while (i > 0 && at < s.n) {
        at++;
        while (at < s.n && ((unsigned char)s.p[at] & 0xC0) == 0x80) at++;
        i--;
    }
    size_t end = at + 1;
    while (end < s.n && ((unsigned char)s.p[end] & 0xC0) == 0x80) end++;
    *out = value_text((struct str){s.p + at, end - at}, ev->e);
    return out->kind == V_TEXT;
}

static bool row_desc(struct eval *ev, const struct desc *d, struct value *out) {
    struct desc row = *d;
    row.shape.n--;
    memmove(row.shape.size, row.shape.size + 1, sizeof row.shape.size - sizeof(int64_t));
    memmove(row.shape.axis, row.shape.axis + 1, sizeof row.shape.axis - sizeof(char *));
    row.shape.weak = (uint8_t)(row.shape.weak >> 1);
    *out = value_desc(&row, ev->e);
    return out->kind == V_DESC;
}

static void drop_first_axis(struct shape *s) {
    s->n--;
    for (int i = 0; i < s->n; i++) {
        s->size[i] = s->size[i + 1];
        s->axis[i] = s->axis[i + 1];
    }
    s->weak = (uint8_t)(s->weak >> 1);
}

static bool tensor_item(struct eval *ev, struct tensor *t, int64_t i, struct value *out) {
    if (t->shape.n == 1) {
        if (t->dtype == DT_INT64) *out = value_int(((const int64_t *)t->data)[i]);
        else if (t->dtype == DT_BOOL) *out = value_bool(tensor_get(t, i) != 0);
        else if (dtype_is_float(t->dtype)) *out = value_float(tensor_get(t, i));
        else *out = value_int((int64_t)tensor_get(t, i));
        return true;
    }
    struct tensor *row = tensor_rows(t, i, i + 1, ev->e);
    if (!row) return false;
    struct shape s = row->shape;
    drop_first_axis(&s);
    struct tensor *item = tensor_with_shape(row, &s, ev->e);
    if (item) item->is_image = t->is_image && s.n >= 2;
    tensor_unref(row);
    *out = value_tensor(item);
    return item != NULL;
}

static bool node_item(struct eval *ev, struct value v, int64_t i, struct value *out) {
    struct attrs a = {0};
    struct value row;
    a.shape = v.node->desc.shape;
    for (int k = 0; k < a.shape.n; k++) a.step[k] = 1;
    a.begin[0] = i;
    a.shape.size[0] = 1;
    TRY(apply1(ev, OP_slice, v, &a, &row));
    a = (struct attrs){.shape = a.shape};
    drop_first_axis(&a.shape);
    return apply1(ev, OP_reshape, row, &a, out);
}

bool iterate_item(struct eval *ev, struct value v, int64_t i, struct value *out) {
    struct desc d;
    switch (v.kind) {
    case V_LIST: return *out = value_ref(v.list->items[i]), true;
    case V_COLUMN: return *out = table_cell(ev, &v.table->columns[0], i), out->kind != V_MISSING;
    case V_RECORD: return *out = value_text(str_of(v.record->keys[i]), ev->e), out->kind == V_TEXT;
    case V_SHAPE: return *out = value_int(v.shape->shape.size[i]), true;
    case V_TEXT: return text_item(ev, value_str(&v), i, out);
    case V_NODE: return node_item(ev, v, i, out);
    case V_TENSOR: return tensor_item(ev, v.tensor, i, out);
    default: break;
    }
    if (v.kind == V_DESC && value_describe(v, &d) && d.shape.n > 0) return row_desc(ev, &d, out);
    *out = value_unknown();
    return true;
}

/* ---- fields ---- */

static bool no_field(struct eval *ev, const struct ast *x, struct value v, struct spelling *s) {
    struct str best = s ? spelling_best(s) : (struct str){0};
    const char *later = builtin_later(x->name);
    fail(ev, x->key_span, v.kind == V_TABLE || v.kind == V_HISTORY ? ERR_COLUMN : ERR_NAME,
         v.kind == V_TABLE || v.kind == V_HISTORY ? "The table has no column `%s`."
                                                  : "There is no field `%s` here.",
         x->name);
    if (best.n) err_hint(ev->e, "Did you mean `%.*s`?", (int)best.n, best.p);
    else if (builtin_find(x->name))
        err_hint(ev->e, "`%s` is a function: call it, with brackets: .%s()", x->name, x->name);
    else if (later) return fail_later(ev, x->key_span, later);
    if (v.kind == V_GROUPS && table_find(v.groups->table, str_of(x->name)) >= 0)
        return err_hint(ev->e, "For a number in each group: .summarize(%.60s=.%.60s.mean())",
                        x->name, x->name);
    const char *foreign = spelling_foreign(str_of(x->name), true);
    if (foreign && !ev->e->hint[0]) err_hint(ev->e, "%s", foreign);
    return false;
}

static void field_names(const struct record *r, struct err *e) {
    struct text names = {0};
    for (int i = 0; i < r->n && names.n < 120; i++)
        text_addf(&names, "%s%s", i ? "  " : "", r->keys[i]);
    if (names.n) err_fact(e, "its fields", "%.*s", (int)names.n, names.p);
    text_clear(&names);
}

static bool record_field(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    const struct value *f = record_get(v.record, x->name);
    if (f) return *out = value_ref(*f), true;
    struct spelling s;
    spelling_start(&s, str_of(x->name));
    for (int i = 0; i < v.record->n; i++) spelling_add(&s, str_of(v.record->keys[i]));
    no_field(ev, x, v, &s);
    if (!spelling_best(&s).n) field_names(v.record, ev->e);
    return false;
}

static bool shape_value_of(struct eval *ev, const struct shape *s, struct value *out) {
    if (ev->domain == DOMAIN_CHECK && !shape_known(s)) return *out = value_unknown(), true;
    *out = value_shape(s, ev->e);
    return out->kind == V_SHAPE;
}

static bool table_shape(struct eval *ev, const struct table *t, struct value *out) {
    struct shape s = shape_of(2, (int64_t[]){t->n_rows, t->n_columns});
    return shape_value_of(ev, &s, out);
}

static bool table_field(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    int column = table_find(v.table, str_of(x->name));
    if (column >= 0) return table_column(ev, v.table, column, out);
    if (strcmp(x->name, "shape") == 0) return table_shape(ev, v.table, out);
    if (strcmp(x->name, "columns") == 0) return table_names(ev, v.table, out);
    if (v.kind == V_HISTORY && strcmp(x->name, "interrupted") == 0)
        return *out = value_bool(v.table->note && strcasestr(v.table->note, "interrupted")), true;
    const char *later = builtin_later(x->name);
    if (later) return fail_later(ev, x->key_span, later);
    no_such_column(ev, v.table, str_of(x->name), x->key_span);
    if (builtin_find(x->name))
        err_hint(ev->e, "`%s` is a function: call it, with brackets: .%s()", x->name, x->name);
    const char *foreign = spelling_foreign(str_of(x->name), true);
    if (foreign && !ev->e->hint[0]) err_hint(ev->e, "%s", foreign);
    return false;
}

/* .codes and .levels of a category, .shape of any column. */
static bool column_field(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    const struct column *c = &v.table->columns[0];
    if (strcmp(x->name, "shape") == 0) {
        struct shape s = shape_of(1, &v.table->n_rows);
        return shape_value_of(ev, &s, out);
    }
    bool category = c->kind == COLUMN_CATEGORY;
    if (category && strcmp(x->name, "codes") == 0) return as_tensorlike(ev, v, out);
    if (category && strcmp(x->name, "levels") == 0 && !c->levels)
        return *out = value_unknown(), true;
    if (!category || strcmp(x->name, "levels") != 0) return no_field(ev, x, v, NULL);
    *out = value_list_new(c->levels->n, ev->e);
    for (int32_t i = 0; out->kind == V_LIST && i < c->levels->n; i++) {
        struct value name = value_text(str_of(c->levels->names[i]), ev->e);
        if (!list_add(out->list, name, ev->e)) return value_unref(*out), false;
    }
    return out->kind == V_LIST;
}

static bool transposed(struct eval *ev, struct value v, const struct shape *s, struct value *out) {
    struct attrs a = {0};
    for (int i = 0; i < s->n; i++) a.perm[i] = s->n - 1 - i;
    return apply1(ev, OP_transpose, v, &a, out);
}

static bool axis_names(struct eval *ev, const struct shape *s, struct value *out) {
    *out = value_list_new(s->n, ev->e);
    for (int i = 0; out->kind == V_LIST && i < s->n; i++) {
        struct value name = s->axis[i] ? value_text(str_of(s->axis[i]), ev->e) : value_none();
        if (!list_add(out->list, name, ev->e)) return value_unref(*out), false;
    }
    return out->kind == V_LIST;
}

static bool tensor_field(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct desc d;
    value_describe(v, &d);
    if (strcmp(x->name, "shape") == 0) return shape_value_of(ev, &d.shape, out);
    if (strcmp(x->name, "T") == 0) return transposed(ev, v, &d.shape, out);
    if (strcmp(x->name, "axes") == 0) return axis_names(ev, &d.shape, out);
    if (strcmp(x->name, "dtype") == 0)
        return *out = value_text(str_of(dtype_name(d.dtype)), ev->e), out->kind == V_TEXT;
    return no_field(ev, x, v, NULL);
}

static bool config_field(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    const struct config *c = v.config;
    const struct signature *s = signature_of(c->row->name, c->row->signature);
    for (int i = 0; i < s->n; i++) {
        if (s->parameters[i].name != x->name) continue;
        const struct arg *a = &c->args[i];
        if (a->kind == ARG_INT) *out = value_int((int64_t)a->number);
        else if (a->kind == ARG_NUMBER) *out = value_float(a->number);
        else if (a->kind == ARG_BOOL) *out = value_bool(a->number != 0);
        else *out = value_none();
        return true;
    }
    return no_field(ev, x, v, NULL);
}

/* A list of equal tensors has the fields of the tensor that they make together. */
static bool list_field(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    struct value t;
    TRY(as_tensorlike(ev, v, &t));
    bool ok = t.kind == V_UNKNOWN      ? (*out = t, true)
              : value_is_tensorlike(t) ? tensor_field(ev, x, t, out)
                                       : no_field(ev, x, v, NULL);
    value_unref(t);
    return ok;
}

/* A search is its table, with two fields more. */
static bool runs_field(struct eval *ev, const struct ast *x, const struct runs *r,
                       struct value *out) {
    struct value table = {.kind = V_TABLE, .table = r->table};
    if (strcmp(x->name, "interrupted") == 0) return *out = value_bool(r->interrupted), true;
    if (strcmp(x->name, "best") != 0) return table_field(ev, x, table, out);
    if (r->best.kind == V_RECORD) return *out = value_ref(r->best), true;
    return fail(ev, x->span, ERR_VALUE, "No trial of this search has given a number.");
}

static bool field_of(struct eval *ev, const struct ast *x, struct value v, struct value *out) {
    if (value_is_tensorlike(v)) return tensor_field(ev, x, v, out);
    switch (v.kind) {
    case V_UNKNOWN: return *out = value_unknown(), true;
    case V_RECORD: return record_field(ev, x, v, out);
    case V_LIST: return list_field(ev, x, v, out);
    case V_COLUMN:
    case V_COLUMN_DESC: return column_field(ev, x, v, out);
    case V_TABLE_DESC:
    case V_TABLE:
    case V_HISTORY: return table_field(ev, x, v, out);
    case V_ESTIMATOR: return estimator_field(ev, x, v.estimator, out);
    case V_MODEL: return model_field(ev, x, v.model, out);
    case V_PART: return part_field(ev, x, v.part, out);
    case V_RUNS: return runs_field(ev, x, v.runs, out);
    case V_CONFIG: return config_field(ev, x, v, out);
    case V_PAIR:
        if (strcmp(x->name, "inputs") == 0) return *out = value_ref(v.pair->inputs), true;
        if (strcmp(x->name, "targets") == 0) return *out = value_ref(v.pair->targets), true;
        break;
    case V_QUANTITY:
        if (strcmp(x->name, "amount") == 0) return *out = value_float(v.quantity->amount), true;
        break;
    default: break;
    }
    return no_field(ev, x, v, NULL);
}

bool eval_attribute(struct eval *ev, const struct ast *x, struct value *out) {
    struct value v;
    TRY(eval_expr(ev, x->a, &v));
    bool ok = field_of(ev, x, v, out);
    value_unref(v);
    return ok || fail_from(ev, x->span, &x->a->span, 1);
}
