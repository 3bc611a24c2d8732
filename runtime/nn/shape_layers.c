/* Layers that only lay the numbers of an example out anew, and one that does so for another. */
#include "layer.h"
#include "../op/size.h"
#include <stdio.h>
#include <string.h>

/* The count of numbers of an example, or -1 (with an error) if a size is not known. */
static int64_t example_count(const struct layer *l, const struct node *x, struct err *e) {
    struct shape rest = {.n = x->desc.shape.n - 1};
    for (int i = 0; i < rest.n; i++) rest.size[i] = x->desc.shape.size[i + 1];
    int64_t count;
    if (!shape_known(&rest)) {
        char text[128];
        err_set(e, ERR_SHAPE, "%s needs the sizes of all axes of an example.",
                l->config->row->name);
        err_fact(e, "what is there", "%s", shape_print(&x->desc.shape, text, sizeof text));
        return -1;
    }
    return shape_count(&rest, &count, e) ? count : -1;
}

struct node *layer_build_flatten(struct builder *b, struct layer *l, struct node *x,
                                 struct err *e) {
    int64_t count = example_count(l, x, e);
    if (count < 0) return NULL;
    struct shape s = shape_of(2, (int64_t[]){x->desc.shape.size[0], count});
    return op_reshape(b->graph, x, &s, e);
}

static bool resolve_sizes(struct shape *s, int64_t count, struct err *e) {
    int64_t known = 1;
    int open = -1;
    for (int i = 1; i < s->n; i++) {
        if (s->size[i] >= 0) {
            if (__builtin_mul_overflow(known, s->size[i], &known)) return err_memory(e, SIZE_MAX);
        } else if (open >= 0) {
            return err_set(e, ERR_SHAPE,
                           "Reshape can work out one size only, but -1 is there "
                           "more than once.");
        } else {
            open = i;
        }
    }
    if (open >= 0 && known > 0 && count % known == 0) {
        s->size[open] = count / known;
        known = count;
    }
    if (known == count) return true;
    char text[128];
    shape_print_axes(s, 1, text, sizeof text);
    err_set(e, ERR_SHAPE, "Reshape cannot lay the numbers of an example out like this.");
    err_fact(e, "what is there", "%lld numbers for each example", (long long)count);
    return err_fact(e, "what is needed", "%s, that is %s%lld", text,
                    open >= 0 ? "a multiple of " : "", (long long)known);
}

struct node *layer_build_reshape(struct builder *b, struct layer *l, struct node *x,
                                 struct err *e) {
    const struct shape *sizes = &layer_arg(l, 0)->shape;
    int64_t count = example_count(l, x, e);
    if (count < 0) return NULL;
    if (sizes->n + 1 > MAX_AXES) {
        err_set(e, ERR_SHAPE, "Reshape can give at most %d axes.", MAX_AXES - 1);
        return NULL;
    }
    struct shape s = {.n = sizes->n + 1};
    s.size[0] = x->desc.shape.size[0];
    for (int i = 0; i < sizes->n; i++) {
        s.size[i + 1] = sizes->size[i];
        s.axis[i + 1] = sizes->axis[i];
    }
    if (!resolve_sizes(&s, count, e)) return NULL;
    return op_reshape(b->graph, x, &s, e);
}

/* ---- one layer for all steps ---- */

/* [n, time, …] as [n time, …]. */
static struct node *steps_as_examples(struct builder *b, struct node *x, struct err *e) {
    const struct shape *from = &x->desc.shape;
    struct shape s = {.n = from->n - 1};
    for (int i = 1; i < s.n; i++) s.size[i] = from->size[i + 1], s.axis[i] = from->axis[i + 1];
    s.size[0] = size_times(from->size[0], from->size[1]);
    return op_reshape(b->graph, x, &s, e);
}

/* [n time, …] as [n, time, …], the steps as in `x`. */
static struct node *examples_as_steps(struct builder *b, const struct node *x, struct node *y,
                                      struct err *e) {
    const struct shape *from = &y->desc.shape;
    struct shape s = {.n = from->n + 1, .weak = (uint8_t)(from->weak << 1)};
    if (s.n > MAX_AXES) {
        err_set(e, ERR_SHAPE, "TimeDistributed would give more than %d axes.", MAX_AXES);
        return NULL;
    }
    for (int i = 1; i < from->n; i++) s.size[i + 1] = from->size[i], s.axis[i + 1] = from->axis[i];
    for (int i = 0; i < 2; i++)
        s.size[i] = x->desc.shape.size[i], s.axis[i] = x->desc.shape.axis[i];
    return op_reshape(b->graph, y, &s, e);
}

static bool check_steps(const struct config *inner, const struct node *x, struct err *e) {
    char text[128];
    if (!inner || inner->row->group != CONFIG_LAYER)
        return err_set(e, ERR_ARGUMENT,
                       "TimeDistributed takes a layer: TimeDistributed(Dense(8)).");
    int kind = inner->row->kind;
    if (kind == LAYER_attention || kind == LAYER_multi_head_attention)
        return err_set(e, ERR_ARGUMENT, "TimeDistributed takes a layer with one input.");
    if (x->desc.shape.n >= 3 && x->desc.shape.size[1] > 0) return true;
    err_set(e, ERR_SHAPE,
            "TimeDistributed needs examples with a known number of steps and an axis "
            "behind them: [time, …].");
    return err_fact(e, "what is there", "%s", shape_print(&x->desc.shape, text, sizeof text));
}

struct node *layer_build_time_distributed(struct builder *b, struct layer *l, struct node *x,
                                          struct err *e) {
    struct config *config = layer_arg(l, 0)->config;
    if (!check_steps(config, x, e)) return NULL;
    struct layer inner = {.config = config, .model = l->model, .name = l->name};
    memcpy(inner.weights, l->weights, sizeof inner.weights);
    struct node *y = steps_as_examples(b, x, e);
    if (y) y = layer_build(b, &inner, y, e);
    memcpy(l->weights, inner.weights, sizeof inner.weights);
    return y ? examples_as_steps(b, x, y, e) : NULL;
}
