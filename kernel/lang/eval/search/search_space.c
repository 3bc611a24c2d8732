/* Search spaces: making, counting, drawing. */
#include "search_space.h"
#include "lang/eval/eval_parts.h"
#include "base/pool.h"
#include <math.h>

struct value value_space(enum space_kind kind, double low, double high, struct err *e) {
    struct space *s = pool_need(sizeof *s, e);
    if (!s) return value_missing();
    *s = (struct space){.refs = 1, .kind = kind, .low = low, .high = high};
    return (struct value){.kind = V_SPACE, .space = s};
}

struct value value_choice(struct value take_list, struct err *e) {
    struct value v = value_space(SPACE_CHOICE, 0, 0, e);
    if (v.kind == V_SPACE) v.space->values = take_list;
    else value_unref(take_list);
    return v;
}

static struct value elements(struct eval *ev, struct value tensor) {
    struct value list = value_list_new((int32_t)tensor.tensor->shape.size[0], ev->e);
    for (int64_t i = 0; list.kind == V_LIST && i < tensor.tensor->shape.size[0]; i++) {
        struct value item;
        if (iterate_item(ev, tensor, i, &item) && list_add(list.list, item, ev->e)) continue;
        value_unref(list);
        return value_missing();
    }
    return list;
}

struct value space_from(struct eval *ev, struct value v) {
    struct value list = value_missing();
    if (v.kind == V_SPACE) return value_ref(v);
    if (v.kind == V_LIST) list = value_ref(v);
    if (v.kind == V_TENSOR) list = elements(ev, v);
    return list.kind == V_LIST ? value_choice(list, ev->e) : value_missing();
}

int64_t space_count(const struct space *s) {
    if (s->kind == SPACE_CHOICE) return s->values.list->n;
    return s->kind == SPACE_INTEGERS ? (int64_t)(s->high - s->low) + 1 : -1;
}

struct value space_nth(const struct space *s, int64_t i) {
    if (s->kind == SPACE_CHOICE) return value_ref(s->values.list->items[i]);
    return value_int((int64_t)s->low + i);
}

struct value space_draw(const struct space *s, struct rng_key key, uint64_t i) {
    int64_t n = space_count(s);
    if (n > 0) return space_nth(s, (int64_t)rng_below(key, i, (uint64_t)n));
    double u = rng_uniform(key, i);
    if (s->kind == SPACE_UNIFORM) return value_float(s->low + u * (s->high - s->low));
    return value_float(s->low * exp(u * log(s->high / s->low)));
}
