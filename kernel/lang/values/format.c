/* Values as text: print and repr. Containers in one line; long tensors with their middle left
 * out. */
#include "format.h"
#include "digits.h"
#include "scaler_value.h"
#include "data/time.h"
#include "estimator_value.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { WHOLE_TENSOR = 200, EDGE = 3, MAX_DEPTH = 20 };

void number_print(double x, struct text *out) {
    if (isnan(x)) {
        text_adds(out, "nan");
    } else if (isinf(x)) {
        text_adds(out, x > 0 ? "inf" : "-inf");
    } else if (x == 0) {
        text_adds(out, "0");
    } else {
        text_addf(out, "%.6g", x);
    }
}

static void int_print(int64_t i, struct text *out) {
    char digits[DIGITS_ROOM];
    size_t n = digits_whole(i < 0 ? 0 - (uint64_t)i : (uint64_t)i, digits);
    if (i < 0) text_addc(out, '-');
    text_add(out, (struct str){digits, n});
}

/* A float says that it is one: 5.0, not 5. */
static void float_print(double x, struct text *out) {
    size_t before = out->n;
    number_print(x, out);
    if (out->failed) return;
    bool plain = strpbrk(out->p + before, ".enif") == NULL;
    if (plain) text_adds(out, ".0");
}

static void element_print(const struct tensor *t, int64_t i, struct text *out) {
    if (t->dtype == DT_BOOL) {
        text_adds(out, tensor_get(t, i) != 0 ? "True" : "False");
    } else if (t->dtype == DT_INT64) {
        int_print(((const int64_t *)t->data)[i], out);
    } else if (dtype_is_float(t->dtype)) {
        number_print(tensor_get(t, i), out);
    } else {
        text_addf(out, "%.0f", tensor_get(t, i));
    }
}

/* Axis `axis` of the block starting at flat position `at` with `stride` elements per step. */
static void tensor_axis_print(const struct tensor *t, int axis, int64_t at, int64_t stride,
                              bool whole, struct text *out) {
    if (axis == t->shape.n) {
        element_print(t, at, out);
        return;
    }
    int64_t n = t->shape.size[axis];
    stride = n ? stride / n : 0;
    text_addc(out, '[');
    for (int64_t i = 0; i < n; i++) {
        if (i > 0) text_adds(out, ", ");
        if (!whole && n > 2 * EDGE && i == EDGE) {
            text_adds(out, "…, ");
            i = n - EDGE;
        }
        tensor_axis_print(t, axis + 1, at + i * stride, stride, whole, out);
    }
    text_addc(out, ']');
}

static void tensor_print(const struct tensor *t, struct text *out) {
    tensor_axis_print(t, 0, 0, t->count, t->count <= WHOLE_TENSOR, out);
}

static void quoted(struct str s, struct text *out) {
    text_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\n') text_adds(out, "\\n");
        else if (c == '\t') text_adds(out, "\\t");
        else if (c == '"' || c == '\\') text_addf(out, "\\%c", c);
        else text_addc(out, c);
    }
    text_addc(out, '"');
}

static void print_at(struct value v, bool repr, int depth, struct text *out);

static void list_print(const struct list *l, int depth, struct text *out) {
    text_addc(out, l->is_tuple ? '(' : '[');
    for (int32_t i = 0; i < l->n; i++) {
        if (i) text_adds(out, ", ");
        print_at(l->items[i], true, depth + 1, out);
    }
    text_adds(out, l->is_tuple ? (l->n == 1 ? ",)" : ")") : "]");
}

/* A key that could not be written as a name stands in quotes, as it was written. */
static void key_print(const char *key, struct text *out) {
    static const char marks[] = " \t\n\r!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~";
    bool name = key[0] && strpbrk(key, marks) == NULL && !(key[0] >= '0' && key[0] <= '9');
    if (name) text_adds(out, key);
    else quoted(str_of(key), out);
}

static void record_print(const struct record *r, int depth, struct text *out) {
    text_addc(out, '{');
    for (int32_t i = 0; i < r->n; i++) {
        if (i) text_adds(out, ", ");
        key_print(r->keys[i], out);
        text_adds(out, ": ");
        print_at(r->items[i], true, depth + 1, out);
    }
    text_addc(out, '}');
}

static void shape_value_print(const struct shape *s, struct text *out) {
    char buffer[256];
    text_adds(out, shape_print(s, buffer, sizeof buffer));
}

static void arg_print(const struct arg *a, struct text *out);

static void config_print(const struct config *c, struct text *out) {
    text_adds(out, c->row->name);
    if (c->row->group == CONFIG_LOSS || c->row->group == CONFIG_METRIC) return;
    text_addc(out, '(');
    bool first = true;
    for (int i = 0; i < c->n_args; i++) {
        if (c->args[i].kind == ARG_NONE) continue;
        if (!first) text_adds(out, ", ");
        first = false;
        arg_print(&c->args[i], out);
    }
    text_addc(out, ')');
}

static void arg_print(const struct arg *a, struct text *out) {
    switch (a->kind) {
    case ARG_NONE: text_adds(out, "None"); break;
    case ARG_INT:
    case ARG_NUMBER: number_print(a->number, out); break;
    case ARG_BOOL: text_adds(out, a->number != 0 ? "True" : "False"); break;
    case ARG_TEXT: quoted(str_of(a->text), out); break;
    case ARG_NUMBERS:
        for (int i = 0; i < a->n_numbers; i++)
            text_addf(out, "%s%g", i ? ", " : a->n_numbers > 1 ? "[" : "", a->numbers[i]);
        if (a->n_numbers > 1) text_addc(out, ']');
        break;
    case ARG_SHAPE: shape_value_print(&a->shape, out); break;
    case ARG_ACTIVATION: text_adds(out, activation_name(a->activation)); break;
    case ARG_CONFIG: config_print(a->config, out); break;
    }
}

static void described(const char *what, const struct shape *s, struct text *out) {
    char buffer[256];
    text_addf(out, "%s %s", what, shape_print(s, buffer, sizeof buffer));
}

static void function_print(const struct ast *f, struct text *out) {
    text_addf(out, "function %s(", f->name ? f->name : "lambda");
    for (int32_t i = 0; i < f->n; i++) text_addf(out, "%s%s", i ? ", " : "", f->list[i]->name);
    text_addc(out, ')');
}

static void table_print(const struct table *t, const char *what, struct text *out) {
    text_addf(out, "%s of %" PRId64 " rows: ", what, t->n_rows);
    for (int32_t i = 0; i < t->n_columns; i++)
        text_addf(out, "%s%s", i ? ", " : "", t->columns[i].name);
}

static void cell_print(const struct column *c, int64_t row, bool clock, struct text *out) {
    if (column_is_missing(c, row)) text_adds(out, "missing");
    else if (c->texts) quoted(str_of(c->texts[row]), out);
    else if (c->levels) quoted(str_of(c->levels->names[(int)c->numbers[row]]), out);
    else if (c->kind == COLUMN_TIME) time_write(c->numbers[row], clock, out);
    else if (c->kind == COLUMN_BOOL) text_adds(out, c->numbers[row] != 0 ? "True" : "False");
    else number_print(c->numbers[row], out);
}

/* ["a", "b", …, "z"] */
static void column_print(const struct table *t, struct text *out) {
    enum { ENDS = 5, WHOLE = 12 };
    bool clock = column_has_clock(&t->columns[0], t->n_rows);
    text_addc(out, '[');
    for (int64_t i = 0; i < t->n_rows; i++) {
        if (t->n_rows > WHOLE && i == ENDS) {
            text_adds(out, ", …");
            i = t->n_rows - ENDS;
        }
        if (i) text_adds(out, ", ");
        cell_print(&t->columns[0], i, clock, out);
    }
    text_addc(out, ']');
}

static void simple_print(struct value v, bool repr, struct text *out) {
    switch (v.kind) {
    case V_BOOL: text_adds(out, v.boolean ? "True" : "False"); break;
    case V_INT: int_print(v.integer, out); break;
    case V_FLOAT: float_print(v.number, out); break;
    case V_TEXT:
        if (repr) quoted(value_str(&v), out);
        else text_add(out, value_str(&v));
        break;
    case V_QUANTITY:
        number_print(v.quantity->amount, out);
        text_addf(out, " %s%s", v.quantity->unit, v.quantity->amount == 1 ? "" : "s");
        break;
    case V_NONE: text_adds(out, "None"); break;
    default: text_adds(out, value_kind_words(v.kind)); break;
    }
}

/* One layer as its row of the summary, several with their number. */
static void part_print(const struct part *p, struct text *out) {
    const struct model *m = p->model->model;
    if (p->n_layers == 1) text_adds(out, model_layer(m, p->first_layer)->text);
    else text_addf(out, "%s: %d layers of %s", p->name, p->n_layers, model_value_name(p->model));
}

static void space_print(const struct space *s, int depth, struct text *out) {
    static const char *const names[] = {[SPACE_CHOICE] = "choice",
                                        [SPACE_UNIFORM] = "uniform",
                                        [SPACE_LOGUNIFORM] = "loguniform",
                                        [SPACE_INTEGERS] = "integers"};
    text_addf(out, "%s(", names[s->kind]);
    if (s->kind == SPACE_CHOICE) {
        print_at(s->values, true, depth + 1, out);
    } else {
        number_print(s->low, out);
        text_adds(out, ", ");
        number_print(s->high, out);
    }
    text_addc(out, ')');
}

static void print_at(struct value v, bool repr, int depth, struct text *out) {
    if (depth > MAX_DEPTH) {
        text_adds(out, "…");
        return;
    }
    switch (v.kind) {
    case V_TENSOR: tensor_print(v.tensor, out); break;
    case V_NODE: described("tensor", &v.node->desc.shape, out); break;
    case V_DESC: described("tensor", &v.desc->desc.shape, out); break;
    case V_SHAPE: shape_value_print(&v.shape->shape, out); break;
    case V_LIST: list_print(v.list, depth, out); break;
    case V_RECORD: record_print(v.record, depth, out); break;
    case V_TABLE: table_print(v.table, "table", out); break;
    case V_HISTORY: table_print(v.table, "history", out); break;
    case V_RUNS: table_print(v.runs->table, "search", out); break;
    case V_SPACE: space_print(v.space, depth, out); break;
    case V_SCALER: scaler_value_print(v.scaler, out); break;
    case V_TABLE_DESC: text_adds(out, "table"); break;
    case V_COLUMN_DESC: text_adds(out, "column"); break;
    case V_COLUMN: column_print(v.table, out); break;
    case V_GROUPS:
        text_addf(out, "table of %" PRId64 " rows in %" PRId64 " groups", v.groups->table->n_rows,
                  v.groups->rows.n_groups);
        break;
    case V_TIME: time_write(v.number, fmod(v.number, 86400) != 0, out); break;
    case V_PAIR:
        print_at(v.pair->inputs, true, depth + 1, out);
        text_adds(out, " -> ");
        print_at(v.pair->targets, true, depth + 1, out);
        break;
    case V_FUNCTION: function_print(v.function->ast, out); break;
    case V_CONFIG: config_print(v.config, out); break;
    case V_LAYER: config_print(layer_config(v.layer), out); break;
    case V_MAKER: text_addf(out, "model %s", v.maker->ast->name); break;
    case V_ESTIMATOR: estimator_value_print(v.estimator, out); break;
    case V_MODEL: text_addf(out, "%s model", model_value_name(v.model)); break;
    case V_PART: part_print(v.part, out); break;
    default: simple_print(v, repr, out); break;
    }
}

void value_print(struct value v, struct text *out) {
    print_at(v, false, 0, out);
}

void value_repr(struct value v, struct text *out) {
    print_at(v, true, 0, out);
}
