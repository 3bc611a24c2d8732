/* Data for models: tensors, records by name, and tables as examples. */
#include "lang/eval/eval_parts.h"
#include "model.h"
#include "lang/eval/eval_ops.h"
#include "lang/eval/tables/tables.h"
#include "lang/eval/tables/table_examples.h"

void model_data_clear(struct model_data *d) {
    for (int i = 0; i < d->n; i++) tensor_unref(d->tensors[i]);
    *d = (struct model_data){0};
}

static bool add_data(struct eval *ev, struct value v, struct span at, struct model_data *d) {
    struct value t;
    if (v.kind == V_TABLE || v.kind == V_TABLE_DESC)
        TRY(table_as_tensor(ev, v.table, &t) || err_at(ev->e, at));
    else TRY(as_tensorlike(ev, v, &t));
    int i = d->n;
    if (t.kind == V_UNKNOWN) {
        d->known = false;
    } else if (!value_describe(t, &d->descs[i]) || d->descs[i].shape.n == 0) {
        fail(ev, at, ERR_TYPE, "A model reads a tensor with one example per row, and this is %s.",
             value_kind_words(t.kind));
        return value_unref(t), false;
    }
    if (t.kind == V_TENSOR) d->tensors[i] = t.tensor;
    else value_unref(t);
    d->n++;
    return true;
}

/* A column for `input x: [1]` is a number for each example: [row] as [row, 1]. */
static bool as_wide_as(struct eval *ev, const struct port *p, bool outputs, struct value *v) {
    struct desc d;
    const struct shape *s = &p->desc.shape;
    if (outputs || s->n != 2 || s->size[1] != 1) return true;
    if (!value_describe(*v, &d) || d.shape.n != 1) return true;
    struct attrs a = {.shape = d.shape};
    a.shape.n = 2;
    a.shape.size[1] = 1;
    struct value wide;
    TRY(apply1(ev, OP_reshape, *v, &a, &wide));
    value_unref(*v);
    return *v = wide, true;
}

/* ---- one example alone ---- */

bool is_one_example(const struct model *m, const struct desc *d) {
    if (model_n_inputs(m) != 1) return false;
    const struct shape *want = &model_input(m, false, 0)->desc.shape;
    if (d->shape.n != want->n - 1) return false;
    for (int i = 0; i < d->shape.n; i++)
        if (d->shape.size[i] < 0 || d->shape.size[i] != want->size[i + 1]) return false;
    return true;
}

bool as_one_example(struct eval *ev, struct value v, struct value *out) {
    struct desc d;
    if (!value_describe(v, &d)) return *out = value_ref(v), true;
    TRY(axes_fit(d.shape.n + 1, ev->e));
    struct attrs a = {.shape = {.n = d.shape.n + 1, .size = {1}}};
    for (int i = 0; i < d.shape.n; i++) {
        a.shape.size[i + 1] = d.shape.size[i];
        a.shape.axis[i + 1] = d.shape.axis[i];
    }
    a.shape.weak = (uint8_t)(d.shape.weak << 1);
    return apply1(ev, OP_reshape, v, &a, out);
}

static bool without_axis(struct eval *ev, struct value v, int axis, struct value *out) {
    struct desc d;
    if (!value_describe(v, &d) || d.shape.n <= axis) return *out = value_ref(v), true;
    struct attrs a = {.shape = {.n = 0}};
    for (int i = 0; i < d.shape.n; i++) {
        if (i == axis) continue;
        int to = a.shape.n++;
        a.shape.size[to] = d.shape.size[i];
        a.shape.axis[to] = d.shape.axis[i];
        a.shape.weak |= (uint8_t)((d.shape.weak >> i & 1) << to);
    }
    return apply1(ev, OP_reshape, v, &a, out);
}

bool the_one_example(struct eval *ev, struct value take, bool draws, struct value *out) {
    bool ok = true;
    if (take.kind != V_RECORD) {
        ok = without_axis(ev, take, draws, out);
        value_unref(take);
        return ok;
    }
    *out = value_record_new(ev->e);
    for (int i = 0; ok && out->kind == V_RECORD && i < take.record->n; i++) {
        struct value one;
        ok = without_axis(ev, take.record->items[i], draws, &one) &&
             record_set(out->record, take.record->keys[i], one, ev->e);
    }
    value_unref(take);
    return ok && out->kind == V_RECORD;
}

/* One field of a record or column of a table for each port. */
static bool add_ports(struct eval *ev, struct value v, const struct model *m, bool outputs,
                      struct span at, struct model_data *out) {
    int n = outputs ? model_n_outputs(m) : model_n_inputs(m);
    for (int i = 0; i < n; i++) {
        const struct port *p = outputs ? model_output(m, true, i) : model_input(m, true, i);
        const struct value *field = v.kind == V_RECORD ? record_get(v.record, p->name) : NULL;
        if (v.kind == V_RECORD && !field)
            return fail(ev, at, ERR_ARGUMENT, "The model's %s `%s` is not in this record.",
                        outputs ? "output" : "input", p->name);
        struct value column;
        if (field) column = value_ref(*field);
        else TRY(table_examples(ev, v.table, p->name, outputs, at, &column));
        bool ok = as_wide_as(ev, p, outputs, &column) && add_data(ev, column, at, out);
        value_unref(column);
        TRY(ok);
    }
    return true;
}

/* Before the sizes are known there are only the lines `input name:` of the body. */
static bool add_declared_inputs(struct eval *ev, struct value data, const struct ast *model,
                                struct span at, struct model_data *out) {
    for (int i = 0; i < model->n_body; i++) {
        const struct ast *line = model->body[i];
        if (line->kind != AST_INPUT) continue;
        struct value column;
        if (data.kind == V_RECORD) {
            TRY(add_data(ev, *record_get(data.record, line->name), at, out));
            continue;
        }
        TRY(table_examples(ev, data.table, line->name, false, at, &column));
        bool ok = add_data(ev, column, at, out);
        value_unref(column);
        TRY(ok);
    }
    return true;
}

bool model_data_from(struct eval *ev, struct value v, const struct model_value *m, int side,
                     struct span at, struct model_data *out) {
    bool outputs = side & DATA_TARGETS, by_name = side & DATA_BY_NAME;
    *out = (struct model_data){.known = true};
    const struct model *model = m ? m->model : NULL;
    bool table = v.kind == V_TABLE || v.kind == V_TABLE_DESC;
    bool record = v.kind == V_RECORD && by_name;
    if (v.kind == V_UNKNOWN || (!model && (table || record) && outputs))
        return out->known = false, true;
    if (v.kind == V_RECORD && model) return add_ports(ev, v, model, outputs, at, out);
    if (table && model && (by_name || table_feeds(v.table, model, outputs)))
        return add_ports(ev, v, model, outputs, at, out);
    if ((table || record) && m && !model && m->maker && by_name)
        return add_declared_inputs(ev, v, m->maker->ast, at, out);
    return add_data(ev, v, at, out);
}
