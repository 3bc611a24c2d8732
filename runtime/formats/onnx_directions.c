/* Results of recurrent operators. ONNX gives them an axis of directions that ours do not have: all
 * states as (time, directions, batch, units), the last ones as (directions, batch, units). Our
 * nodes are (batch, time, directions x units) and (batch, directions x units), and what ONNX does
 * to its axes is kept as their order, "TDBU", until the directions are one axis with the units. */
#include "onnx_read.h"
#include <stdio.h>
#include <string.h>

static bool unusual(struct onnx_reader *r) {
    return onnx_cannot(r, "a recurrent layer's result is used in an unusual way");
}

bool onnx_give_order(struct onnx_reader *r, int i, struct node *n, const char *order,
                     int64_t directions) {
    static const char *const plain[] = {"TBU", "BTU", "BU"};
    struct onnx_value *v = onnx_output(r, i);
    bool known = strchr(order, 'D') != NULL;
    char own[5];
    snprintf(own, sizeof own, "%.4s", order);
    if (!v) return true;
    for (size_t k = 0; k < ARRAY_LEN(plain); k++) known = known || strcmp(own, plain[k]) == 0;
    if (!known) return unusual(r);
    TRY(onnx_give_node(r, i, n, false));
    if (strchr(own, 'D')) {
        memcpy(v->order, own, sizeof own);
        v->directions = directions;
    } else {
        v->by_time = own[0] == 'T';
    }
    return true;
}

static int64_t units_of(const struct onnx_value *v) {
    const struct shape *s = &v->node->desc.shape;
    return s->size[s->n - 1] / v->directions;
}

struct shape onnx_order_shape(const struct onnx_value *v) {
    struct shape s = {.n = (int32_t)strlen(v->order)};
    for (int i = 0; i < s.n; i++) {
        char c = v->order[i];
        s.size[i] = c == 'D'   ? v->directions
                    : c == 'U' ? units_of(v)
                    : c == 'T' ? v->node->desc.shape.size[1]
                               : -1;
    }
    return s;
}

/* The order without the letter at `at`. */
static void without(const char *order, int at, char out[5]) {
    snprintf(out, 5, "%.*s%.*s", at, order, 3 - at, order + at + 1);
}

bool onnx_order_transpose(struct onnx_reader *r, const struct onnx_value *v, const int32_t *perm) {
    char order[5] = "";
    for (size_t i = 0; i < strlen(v->order); i++) order[i] = v->order[perm[i]];
    return onnx_give_order(r, 0, v->node, order, v->directions);
}

bool onnx_order_squeeze(struct onnx_reader *r, const struct onnx_value *v, uint32_t set) {
    char order[5];
    int at = (int)(strchr(v->order, 'D') - v->order);
    if (set != 1u << at || v->directions != 1) return unusual(r);
    without(v->order, at, order);
    return onnx_give_order(r, 0, v->node, order, 1);
}

/* The directions go into the units, or away if there is only one. */
bool onnx_order_reshape(struct onnx_reader *r, const struct onnx_value *v, const int64_t *to,
                        int n) {
    struct shape s = onnx_order_shape(v);
    int at = (int)(strchr(v->order, 'D') - v->order);
    bool fits = n == s.n - 1 && (v->directions == 1 || v->order[at + 1] == 'U');
    char order[5];
    without(v->order, at, order);
    for (int i = 0; fits && i < n; i++) {
        int64_t size = s.size[i < at ? i : i + 1];
        if (order[i] == 'U') size *= v->directions;
        fits = to[i] == size || to[i] == -1 || (order[i] == 'B' && to[i] == 1);
    }
    return fits ? onnx_give_order(r, 0, v->node, order, 1) : unusual(r);
}

/* `count` directions or steps from `begin` on. */
bool onnx_order_part(struct onnx_reader *r, int i, const struct onnx_value *v, int axis,
                     int64_t begin, int64_t count, bool drop) {
    char order[5], letter = v->order[axis];
    struct node *x = v->node;
    struct attrs a = {.shape = x->desc.shape, .step = {1, 1, 1}};
    int last = a.shape.n - 1;
    int64_t units = units_of(v), directions = v->directions;
    if (letter == 'D') {
        a.begin[last] = begin * units;
        a.shape.size[last] = count * units;
        directions = count;
    } else if (letter == 'T') {
        a.begin[1] = begin;
        a.shape.size[1] = count;
    } else {
        return unusual(r);
    }
    if (!(x = onnx_apply(r, OP_slice, x, NULL, &a))) return false;
    if (!drop) return onnx_give_order(r, i, x, v->order, directions);
    if (letter == 'T') {
        const struct attrs two = {.shape = shape_of(2, (int64_t[]){SIZE_BATCH, a.shape.size[2]})};
        if (!(x = onnx_apply(r, OP_reshape, x, NULL, &two))) return false;
    }
    without(v->order, axis, order);
    return onnx_give_order(r, i, x, order, directions);
}

bool onnx_order_concat(struct onnx_reader *r, struct onnx_value *const *v, int n, int64_t axis) {
    enum { MOST_PIECES = 256 };
    struct node *in[MOST_PIECES];
    int64_t directions = 0, axes = (int64_t)strlen(v[0]->order);
    if (axis < 0) axis += axes;
    if (n > MOST_PIECES || axis < 0 || axis >= axes || v[0]->order[axis] != 'D') return unusual(r);
    for (int i = 0; i < n; i++) {
        if (strcmp(v[i]->order, v[0]->order) != 0 || units_of(v[i]) != units_of(v[0]))
            return unusual(r);
        in[i] = v[i]->node;
        directions += v[i]->directions;
    }
    struct attrs a = {.axis = in[0]->desc.shape.n - 1};
    struct node *y = graph_add(r->a->builder->graph, OP_concat, in, n, &a, r->e);
    return y && onnx_give_order(r, 0, y, v[0]->order, directions);
}

/* As ONNX means it, where the examples come first. */
struct node *onnx_order_plain(struct onnx_reader *r, const struct onnx_value *v) {
    bool first = strcmp(v->order, "BTDU") == 0 || strcmp(v->order, "BDU") == 0;
    struct attrs a = {.shape = onnx_order_shape(v)};
    if (!first) return unusual(r), NULL;
    a.shape.size[0] = v->node->desc.shape.size[0];
    return onnx_apply(r, OP_reshape, v->node, NULL, &a);
}
