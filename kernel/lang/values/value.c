/* Values: counting references, and the containers. */
#include "value.h"
#include "scaler_value.h"
#include "estimator_value.h"
#include "base/intern.h"
#include "base/pool.h"
#include <stdatomic.h>
#include <string.h>

#define K(name, words) [V_##name] = words,
static const char *const kind_words[V_N_KINDS] = {VALUE_KINDS(K)};
#undef K

const char *value_kind_words(enum value_kind kind) {
    return kind_words[kind];
}

/* ---- counting ---- */

static void string_free(struct value v) {
    pool_free(v.text);
}

static void desc_free(struct value v) {
    pool_free(v.desc);
}

static void shape_free(struct value v) {
    pool_free(v.shape);
}

static void items_unref(struct value *items, int32_t n) {
    for (int32_t i = 0; items && i < n; i++) value_unref(items[i]);
    pool_free(items);
}

static void list_free(struct value v) {
    items_unref(v.list->items, v.list->n);
    pool_free(v.list);
}

static void record_free(struct value v) {
    items_unref(v.record->items, v.record->n);
    pool_free(v.record->keys);
    pool_free(v.record);
}

static void pair_free(struct value v) {
    value_unref(v.pair->inputs);
    value_unref(v.pair->targets);
    pool_free(v.pair);
}

static void function_free(struct value v) {
    items_unref(v.function->captured, v.function->n_captured);
    items_unref(v.function->defaults, v.function->n_defaults);
    program_unref(v.function->program);
    pool_free(v.function);
}

static void method_free(struct value v) {
    value_unref(v.method->self);
    value_unref(v.method->function);
    pool_free(v.method);
}

static void maker_free(struct value v) {
    items_unref(v.maker->captured, v.maker->n_captured);
    items_unref(v.maker->defaults, v.maker->n_defaults);
    program_unref(v.maker->program);
    pool_free(v.maker);
}

static void model_free(struct value v) {
    items_unref(v.model->args, v.model->n_args);
    if (v.model->maker) value_unref((struct value){.kind = V_MAKER, .maker = v.model->maker});
    model_unref(v.model->model);
    weights_unref(v.model->weights);
    levels_unref(v.model->classes);
    pool_free(v.model);
}

static void quantity_free(struct value v) {
    pool_free(v.quantity);
}

static void part_free(struct value v) {
    value_unref((struct value){.kind = V_MODEL, .model = v.part->model});
    pool_free(v.part);
}

static void space_free(struct value v) {
    value_unref(v.space->values);
    pool_free(v.space);
}

static void runs_free(struct value v) {
    table_unref(v.runs->table);
    value_unref(v.runs->best);
    pool_free(v.runs);
}

static void groups_free(struct value v) {
    table_unref(v.groups->table);
    keys_clear(&v.groups->codes);
    row_groups_clear(&v.groups->rows);
    pool_free(v.groups);
}

/* Where a kind's counter is and how it ends; kinds that count themselves have ref/unref. */
static void (*const free_of[V_N_KINDS])(struct value) = {
    [V_TEXT] = string_free,         [V_DESC] = desc_free,
    [V_SHAPE] = shape_free,         [V_LIST] = list_free,
    [V_RECORD] = record_free,       [V_PAIR] = pair_free,
    [V_FUNCTION] = function_free,   [V_METHOD] = method_free,
    [V_MAKER] = maker_free,         [V_ESTIMATOR] = estimator_value_free,
    [V_MODEL] = model_free,         [V_QUANTITY] = quantity_free,
    [V_SPACE] = space_free,         [V_RUNS] = runs_free,
    [V_PART] = part_free,           [V_GROUPS] = groups_free,
    [V_SCALER] = scaler_value_free,
};

enum { FREE_DEPTH = 100 };

/* A value may hold a value that holds … a million levels deep: below FREE_DEPTH they wait in a list
 * until the outer ones are gone. */
static void free_value(struct value v) {
    static _Thread_local struct {
        struct value *items;
        size_t n, cap;
        int depth;
    } waiting;
    if (waiting.depth >= FREE_DEPTH) {
        if (waiting.n == waiting.cap) {
            size_t cap = waiting.cap ? 2 * waiting.cap : 64;
            struct value *more = pool_realloc(waiting.items, cap * sizeof *more);
            if (!more) return; /* memory is out: this one is lost */
            waiting.items = more;
            waiting.cap = cap;
        }
        waiting.items[waiting.n++] = v;
        return;
    }
    waiting.depth++;
    free_of[v.kind](v);
    while (waiting.depth == 1 && waiting.n) {
        struct value next = waiting.items[--waiting.n];
        free_of[next.kind](next);
    }
    if (waiting.depth == 1) {
        pool_free(waiting.items);
        waiting.items = NULL;
        waiting.cap = 0;
    }
    waiting.depth--;
}

void value_unref_counted(struct value v) {
    switch (v.kind) {
    case V_TENSOR: tensor_unref(v.tensor); return;
    case V_TABLE:
    case V_TABLE_DESC:
    case V_COLUMN:
    case V_COLUMN_DESC:
    case V_HISTORY: table_unref(v.table); return;
    case V_CONFIG: config_unref(v.config); return;
    case V_LAYER: layer_unref(v.layer); return;
    case V_PLOT: plot_unref(v.plot); return;
    case V_FIGURE: figure_unref(v.figure); return;
    default: break;
    }
    if (!free_of[v.kind] || !v.text) return;
    /* every counted struct of value.h begins with its counter */
    if (atomic_fetch_sub((_Atomic int32_t *)(void *)v.text, 1) == 1) free_value(v);
}

struct value value_ref_counted(struct value v) {
    switch (v.kind) {
    case V_TENSOR: tensor_ref(v.tensor); return v;
    case V_TABLE:
    case V_TABLE_DESC:
    case V_COLUMN:
    case V_COLUMN_DESC:
    case V_HISTORY: table_ref(v.table); return v;
    case V_CONFIG: config_ref(v.config); return v;
    case V_LAYER: layer_ref(v.layer); return v;
    case V_PLOT: plot_ref(v.plot); return v;
    case V_FIGURE: figure_ref(v.figure); return v;
    default: break;
    }
    if (free_of[v.kind] && v.text) atomic_fetch_add((_Atomic int32_t *)(void *)v.text, 1);
    return v;
}

/* ---- making ---- */

struct value value_tensor(struct tensor *t) {
    if (!t) return value_missing();
    if (t->shape.n > 0) return (struct value){.kind = V_TENSOR, .tensor = t};
    struct value v = value_float(tensor_get(t, 0));
    if (t->dtype == DT_BOOL) v = value_bool(v.number != 0);
    else if (t->dtype == DT_INT64) v = value_int(*(const int64_t *)t->data);
    else if (!dtype_is_float(t->dtype)) v = value_int((int64_t)v.number);
    tensor_unref(t);
    return v;
}

struct value value_node(struct node *n) {
    return n ? (struct value){.kind = V_NODE, .node = n} : value_missing();
}

struct value value_text(struct str s, struct err *e) {
    struct string *t = pool_need(sizeof *t + s.n + 1, e);
    if (!t) return value_missing();
    t->refs = 1;
    t->n = s.n;
    if (s.n) memcpy(t->bytes, s.p, s.n);
    return (struct value){.kind = V_TEXT, .text = t};
}

struct value value_desc(const struct desc *d, struct err *e) {
    struct desc_value *v = pool_need(sizeof *v, e);
    if (!v) return value_missing();
    v->refs = 1;
    v->desc = *d;
    return (struct value){.kind = V_DESC, .desc = v};
}

struct value value_shape(const struct shape *s, struct err *e) {
    struct shape_value *v = pool_need(sizeof *v, e);
    if (!v) return value_missing();
    v->refs = 1;
    v->shape = *s;
    return (struct value){.kind = V_SHAPE, .shape = v};
}

struct value value_list_new(int32_t cap, struct err *e) {
    struct list *l = pool_need(sizeof *l, e);
    if (!l) return value_missing();
    l->refs = 1;
    l->cap = cap > 4 ? cap : 4;
    l->items = pool_need((size_t)l->cap * sizeof *l->items, e);
    if (!l->items) return pool_free(l), value_missing();
    return (struct value){.kind = V_LIST, .list = l};
}

static bool items_grow(struct value **items, int32_t *cap, struct err *e) {
    int32_t more = *cap < INT32_MAX / 2 ? *cap * 2 : INT32_MAX;
    struct value *p = pool_realloc(*items, (size_t)more * sizeof *p);
    if (!p) return err_memory(e, (size_t)more * sizeof *p);
    *items = p;
    *cap = more;
    return true;
}

bool list_add(struct list *l, struct value take, struct err *e) {
    if (l->n == l->cap && !items_grow(&l->items, &l->cap, e)) return value_unref(take), false;
    l->items[l->n++] = take;
    return true;
}

struct value value_record_new(struct err *e) {
    struct record *r = pool_need(sizeof *r, e);
    if (!r) return value_missing();
    r->refs = 1;
    r->cap = 4;
    r->items = pool_need((size_t)r->cap * sizeof *r->items, e);
    r->keys = pool_need((size_t)r->cap * sizeof *r->keys, e);
    if (!r->items || !r->keys) {
        pool_free(r->items);
        pool_free(r->keys);
        return pool_free(r), value_missing();
    }
    return (struct value){.kind = V_RECORD, .record = r};
}

static bool record_grow(struct record *r, struct err *e) {
    int32_t cap = r->cap;
    TRY(items_grow(&r->items, &cap, e));
    const char **keys = pool_realloc(r->keys, (size_t)cap * sizeof *keys);
    if (!keys) return err_memory(e, (size_t)cap * sizeof *keys);
    r->keys = keys;
    r->cap = cap;
    return true;
}

bool record_set(struct record *r, const char *interned_key, struct value take, struct err *e) {
    struct value *old = record_get(r, interned_key);
    if (old) {
        value_unref(*old);
        *old = take;
        return true;
    }
    if (r->n == r->cap && !record_grow(r, e)) return value_unref(take), false;
    r->keys[r->n] = interned_key;
    r->items[r->n++] = take;
    return true;
}

struct value *record_get(const struct record *r, const char *interned_key) {
    for (int32_t i = 0; i < r->n; i++) {
        if (r->keys[i] == interned_key) return &r->items[i];
    }
    return NULL;
}

struct value value_pair(struct value take_inputs, struct value take_targets, struct err *e) {
    struct pair *p = pool_need(sizeof *p, e);
    if (!p) {
        value_unref(take_inputs);
        value_unref(take_targets);
        return value_missing();
    }
    p->refs = 1;
    p->by_name = false;
    p->inputs = take_inputs;
    p->targets = take_targets;
    return (struct value){.kind = V_PAIR, .pair = p};
}

struct value value_table(struct table *take) {
    return take ? (struct value){.kind = V_TABLE, .table = take} : value_missing();
}

struct value value_column(struct table *take) {
    return take ? (struct value){.kind = V_COLUMN, .table = take} : value_missing();
}

/* ---- reading ---- */

const char *model_value_name(const struct model_value *m) {
    return m->maker ? m->maker->ast->name : m->model ? model_name(m->model) : "model";
}

struct str value_str(const struct value *text) {
    return (struct str){text->text->bytes, text->text->n};
}
