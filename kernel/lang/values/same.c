/* Contents of values compared, and their size in memory. */
#include "same.h"
#include "stack.h"
#include "scaler_value.h"
#include "data/same_bytes.h"
#include <string.h>

static bool same_all(const struct value *a, const struct value *b, int n) {
    for (int i = 0; i < n; i++) {
        if (!value_same(a[i], b[i])) return false;
    }
    return true;
}

static bool same_tensor(const struct tensor *a, const struct tensor *b) {
    if (a == b) return true;
    if (a->dtype != b->dtype || !shape_same_sizes(&a->shape, &b->shape)) return false;
    for (int i = 0; i < a->shape.n; i++) {
        if (a->shape.axis[i] != b->shape.axis[i]) return false;
    }
    if (!a->data || !b->data) return a->data == b->data && a->count == 0;
    return same_bytes(a->data, b->data, (size_t)a->count * dtype_bytes(a->dtype));
}

static bool same_texts(const struct column *a, const struct column *b, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (!a->texts[i] != !b->texts[i]) return false;
        if (a->texts[i] && strcmp(a->texts[i], b->texts[i]) != 0) return false;
    }
    return true;
}

static bool same_levels(const struct levels *a, const struct levels *b) {
    if (a == b) return true;
    if (!a || !b || a->n != b->n || a->ordered != b->ordered) return false;
    for (int32_t i = 0; i < a->n; i++) {
        if (strcmp(a->names[i], b->names[i]) != 0) return false;
    }
    return true;
}

/* Columns of numbers and texts; of any other kind only the very same memory. */
static bool same_column(const struct column *a, const struct column *b, int64_t n) {
    if (a->name != b->name || a->kind != b->kind || !same_levels(a->levels, b->levels))
        return false;
    if (n == 0) return true;
    if (a->numbers && b->numbers && !a->texts && !b->texts)
        return same_bytes(a->numbers, b->numbers, (size_t)n * sizeof *a->numbers);
    if (a->texts && b->texts && !a->numbers && !b->numbers) return same_texts(a, b, n);
    return false;
}

static bool same_table(const struct table *a, const struct table *b) {
    if (a == b) return true;
    if (a->n_rows != b->n_rows || a->n_columns != b->n_columns) return false;
    for (int i = 0; i < a->n_columns; i++) {
        if (!same_column(&a->columns[i], &b->columns[i], a->n_rows)) return false;
    }
    return true;
}

static bool same_source(const struct ast *a, const struct ast *b) {
    return a == b || str_same(source_piece(a->span), source_piece(b->span));
}

static bool same_function(const struct function *a, const struct function *b) {
    return a == b ||
           (a->n_captured == b->n_captured && a->n_defaults == b->n_defaults &&
            same_source(a->ast, b->ast) && same_all(a->captured, b->captured, a->n_captured) &&
            same_all(a->defaults, b->defaults, a->n_defaults));
}

static bool same_maker(const struct maker *a, const struct maker *b) {
    return a == b ||
           (a->n_captured == b->n_captured && a->n_defaults == b->n_defaults &&
            same_source(a->ast, b->ast) && same_all(a->captured, b->captured, a->n_captured) &&
            same_all(a->defaults, b->defaults, a->n_defaults));
}

static bool same_weights(const struct weights *a, const struct weights *b) {
    if (a == b) return true;
    return a && b && a->n == b->n && memcmp(a->data, b->data, (size_t)a->n * sizeof *a->data) == 0;
}

/* Weights that have not been drawn yet follow from the stream. A model that was read from a file or
 * cut out of another has no maker, and is its weights. */
static bool same_model(const struct model_value *a, const struct model_value *b) {
    if (a == b) return true;
    if (a->n_args != b->n_args || a->epochs_trained != b->epochs_trained) return false;
    if (!a->maker || !b->maker) return a->maker == b->maker && same_weights(a->weights, b->weights);
    if (!same_maker(a->maker, b->maker) || !same_all(a->args, b->args, a->n_args)) return false;
    if (!a->trained_at.source && !b->trained_at.source) return a->stream == b->stream;
    return a->weights && same_weights(a->weights, b->weights);
}

static bool same_record(const struct record *a, const struct record *b) {
    if (a == b) return true;
    if (a->n != b->n) return false;
    for (int i = 0; i < a->n; i++) {
        if (a->keys[i] != b->keys[i] || !value_same(a->items[i], b->items[i])) return false;
    }
    return true;
}

static bool same_shape(const struct shape *a, const struct shape *b) {
    if (!shape_same_sizes(a, b)) return false;
    for (int i = 0; i < a->n; i++) {
        if (a->axis[i] != b->axis[i]) return false;
    }
    return true;
}

static bool same_list(const struct list *a, const struct list *b) {
    return a == b ||
           (a->n == b->n && a->is_tuple == b->is_tuple && same_all(a->items, b->items, a->n));
}

/* Results shown and never built upon: which one it is tells nobody anything. */
static bool same_print(struct value a, struct value b) {
    struct text x = {0}, y = {0};
    value_repr(a, &x);
    value_repr(b, &y);
    bool same = str_same(text_str(&x), text_str(&y));
    text_clear(&x);
    text_clear(&y);
    return same;
}

bool value_same(struct value a, struct value b) {
    if (stack_is_low()) return false; /* a value in a value in a value … */
    if (a.kind != b.kind) return false;
    switch (a.kind) {
    case V_MISSING:
    case V_NONE: return true;
    case V_BOOL: return a.boolean == b.boolean;
    case V_INT: return a.integer == b.integer;
    case V_FLOAT: return memcmp(&a.number, &b.number, sizeof a.number) == 0;
    case V_TEXT: return str_same(value_str(&a), value_str(&b));
    case V_TENSOR: return same_tensor(a.tensor, b.tensor);
    case V_SHAPE: return same_shape(&a.shape->shape, &b.shape->shape);
    case V_LIST: return same_list(a.list, b.list);
    case V_RECORD: return same_record(a.record, b.record);
    case V_TABLE:
    case V_COLUMN: return same_table(a.table, b.table);
    case V_SCALER: return scaler_value_same(a.scaler, b.scaler);
    case V_TIME: return memcmp(&a.number, &b.number, sizeof a.number) == 0;
    case V_GROUPS: return same_table(a.groups->table, b.groups->table);
    case V_HISTORY: return true; /* its times differ; the model tells whether training did */
    case V_PAIR:
        return value_same(a.pair->inputs, b.pair->inputs) &&
               value_same(a.pair->targets, b.pair->targets);
    case V_FUNCTION: return same_function(a.function, b.function);
    case V_BUILTIN: return a.builtin == b.builtin;
    case V_MAKER: return same_maker(a.maker, b.maker);
    case V_MODEL: return same_model(a.model, b.model);
    case V_ESTIMATOR: return a.estimator == b.estimator;
    case V_CONFIG:
    case V_QUANTITY: return same_print(a, b);
    case V_PLOT:
    case V_FIGURE: return true;
    default: return false;
    }
}

/* ---- memory ---- */

static size_t tensor_own_bytes(const struct tensor *t) {
    if (t->refs > 1) return 0;
    if (t->owner) return tensor_own_bytes(t->owner);
    return (size_t)t->count * dtype_bytes(t->dtype);
}

static size_t table_own_bytes(const struct table *t) {
    if (t->refs > 1) return 0;
    return (size_t)t->n_rows * (size_t)t->n_columns * sizeof(double);
}

static size_t all_own_bytes(const struct value *items, int n) {
    size_t bytes = 0;
    for (int i = 0; i < n; i++) bytes += value_own_bytes(items[i]);
    return bytes;
}

size_t value_own_bytes(struct value v) {
    if (stack_is_low()) return 0;
    switch (v.kind) {
    case V_TENSOR: return tensor_own_bytes(v.tensor);
    case V_TABLE:
    case V_COLUMN: return table_own_bytes(v.table);
    case V_LIST: return v.list->refs > 1 ? 0 : all_own_bytes(v.list->items, v.list->n);
    case V_RECORD: return v.record->refs > 1 ? 0 : all_own_bytes(v.record->items, v.record->n);
    case V_PAIR:
        return v.pair->refs > 1
                   ? 0
                   : value_own_bytes(v.pair->inputs) + value_own_bytes(v.pair->targets);
    case V_MODEL:
        return v.model->refs > 1 || !v.model->weights || v.model->weights->refs > 1
                   ? 0
                   : (size_t)v.model->weights->n * sizeof(float);
    case V_TEXT: return v.text->refs > 1 ? 0 : v.text->n;
    default: return 0;
    }
}
