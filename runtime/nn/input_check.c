/* Data against a model's inputs, before anything is computed. */
#include "model_parts.h"
#include <math.h>
#include <stdio.h>

int64_t example_numbers(const struct shape *s) {
    int64_t n = 1;
    for (int i = 1; i < s->n; i++)
        if (s->size[i] < 0 || __builtin_mul_overflow(n, s->size[i], &n)) return -1;
    return n;
}

const char *example_print(const struct shape *s, char *out, size_t cap) {
    int64_t n = example_numbers(s);
    bool named = false;
    for (int i = 1; i < s->n; i++) named |= s->axis[i] != NULL;
    if (n < 0 || s->n > 2 || named) return shape_print_axes(s, 1, out, cap);
    snprintf(out, cap, "%lld number%s", (long long)n, n == 1 ? "" : "s");
    return out;
}

int axes_conflict(const struct shape *a, const struct shape *b) {
    for (int i = 1; i < a->n && i < b->n; i++) {
        bool strong = !(a->weak >> i & 1) && !(b->weak >> i & 1);
        if (strong && a->axis[i] && b->axis[i] && a->axis[i] != b->axis[i]) return i;
    }
    return -1;
}

static bool sizes_fit(const struct shape *needed, const struct shape *data) {
    if (needed->n != data->n) return false;
    for (int i = 1; i < needed->n; i++)
        if (needed->size[i] != data->size[i] && needed->size[i] >= 0 && data->size[i] >= 0)
            return false;
    return true;
}

/* "24 × 4 = 96" */
static void print_product(const struct shape *s, char *out, size_t cap) {
    size_t n = 0;
    if (s->n <= 2) {
        snprintf(out, cap, "The numbers are as many");
        return;
    }
    for (int i = 1; i < s->n && n < cap; i++)
        n +=
            (size_t)snprintf(out + n, cap - n, "%s%lld", i > 1 ? " × " : "", (long long)s->size[i]);
    if (n < cap) snprintf(out + n, cap - n, " = %lld", (long long)example_numbers(s));
}

/* "sample=-1, time=24, feature=4" */
static void print_reshape(const struct shape *s, char *out, size_t cap) {
    size_t n = (size_t)snprintf(out, cap, "%s-1", s->n > 1 && s->axis[1] ? "sample=" : "");
    for (int i = 1; i < s->n && n < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, ", %s%s%lld", s->axis[i] ? s->axis[i] : "",
                              s->axis[i] ? "=" : "", (long long)s->size[i]);
}

static bool wrong_shape(const struct port *port, const struct shape *data, bool alone,
                        struct err *e) {
    char needed[160], found[160], left[96], product[160], reshape[200];
    const struct shape *s = &port->desc.shape;
    err_set(e, ERR_SHAPE, "The model `{0}` reads `%s`, and these examples do not look like that.",
            port->name);
    err_label(e, "is %s", shape_print(data, found, sizeof found));
    snprintf(left, sizeof left, "input %s", port->name);
    err_fact(e, left, "%s    for each example", example_print(s, needed, sizeof needed));
    if (data->n == 0) err_fact(e, "{1}", "a single number, not examples");
    else err_fact(e, "{1}", "%s    for each example", example_print(data, found, sizeof found));
    if (port->node && port->node->span.source)
        err_note(e, port->node->span, "`%s` is declared here", port->name);
    int64_t count = example_numbers(s);
    if (count < 0 || data->n == 0 || count != example_numbers(data)) return false;
    print_product(s, product, sizeof product);
    print_reshape(s, reshape, sizeof reshape);
    const char *laid = data->n < s->n ? "flat" : "out differently";
    if (alone)
        return err_hint(e,
                        "%s, so this may be the same data laid %s: {1}.reshape(%s). Check that the "
                        "numbers are in that order.",
                        product, laid, reshape);
    return err_hint(e,
                    "%s, so this may be the same data laid %s: write .reshape(%s) behind what `%s` "
                    "is given. Check that the numbers are in that order.",
                    product, laid, reshape, port->name);
}

bool model_check_input(const struct model *m, int input, const struct desc *data, struct err *e) {
    const struct port *port = &m->inputs[m->built ? 0 : 1][input];
    if (!sizes_fit(&port->desc.shape, &data->shape))
        return wrong_shape(port, &data->shape, m->n_inputs[m->built ? 0 : 1] == 1, e);
    int axis = axes_conflict(&port->desc.shape, &data->shape);
    if (axis < 0) return true;
    err_set(e, ERR_SHAPE,
            "The model `{0}` reads `%s` with the axis `%s` where these examples have "
            "`%s`.",
            port->name, port->desc.shape.axis[axis], data->shape.axis[axis]);
    char needed[160], found[160], left[96];
    snprintf(left, sizeof left, "input %s", port->name);
    err_fact(e, left, "%s", shape_print_axes(&port->desc.shape, 1, needed, sizeof needed));
    err_fact(e, "{1}", "%s", shape_print_axes(&data->shape, 1, found, sizeof found));
    return err_hint(e, "Bring the axes into the same order with transpose, or give them the same "
                       "names with axes.");
}

/* ---- numbers of words ---- */

/* The input whose numbers, laid out in whatever way, are positions in an Embedding's table. */
static const struct node *origin_of(const struct node *n) {
    while (n->n_in == 1 && (n->op == OP_cast || n->op == OP_reshape || n->op == OP_transpose))
        n = n->in[0];
    return n;
}

static bool wrong_position(const struct port *port, double found, int64_t row, int64_t size,
                           struct err *e) {
    if (found == floor(found))
        err_set(e, ERR_INDEX, "`{1}` holds %.0f, and the Embedding of `%s` knows 0 to %lld.", found,
                port->name, (long long)size - 1);
    else
        err_set(e, ERR_INDEX, "`{1}` holds %g, and an Embedding reads whole numbers, 0 to %lld.",
                found, (long long)size - 1);
    err_fact(e, "{1}", "row %lld holds %g", (long long)row, found);
    return err_hint(e, "Embedding(size, units) has one row for each of the numbers 0 to size - 1: "
                       "make `size` one more than the largest number, and number words or items "
                       "from 0.");
}

bool model_check_positions(const struct model *m, int input, const struct tensor *t,
                           struct err *e) {
    const struct graph *g = model_graph(m, false);
    const struct port *port = &m->inputs[0][input];
    int64_t size = INT64_MAX;
    for (int i = 0; g && i < graph_n_nodes(g); i++) {
        const struct node *n = graph_node(g, i);
        if (n->op == OP_gather && origin_of(n->in[1]) == port->node && n->in[0]->op == OP_weight &&
            n->in[0]->desc.shape.size[0] < size)
            size = n->in[0]->desc.shape.size[0];
    }
    int64_t n = t->shape.n ? t->shape.size[0] : 1;
    for (int64_t i = 0; size < INT64_MAX && i < t->count; i++) {
        double x = tensor_get(t, i);
        if (!(x >= 0 && x < (double)size && x == floor(x)))
            return wrong_position(port, x, i / (t->count / n), size, e);
    }
    return true;
}

bool model_check_inputs(const struct model *m, struct tensor *const *inputs, struct err *e) {
    int64_t n = -1;
    for (int i = 0; i < m->n_inputs[0]; i++) {
        if (!inputs[i])
            return err_set(e, ERR_ARGUMENT, "The model `{0}` needs `%s`.", m->inputs[0][i].name);
        struct desc d = tensor_desc(inputs[i]);
        TRY(model_check_input(m, i, &d, e));
        if (n >= 0 && n != d.shape.size[0])
            return err_set(e, ERR_SHAPE, "The inputs have %lld and %lld examples.", (long long)n,
                           (long long)d.shape.size[0]);
        n = d.shape.size[0];
        TRY(model_check_positions(m, i, inputs[i], e));
    }
    return true;
}
