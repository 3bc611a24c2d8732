/* Reading an ONNX graph: values by their names, what is known of them, and how they lie. Private to
 * the import (onnx_load.c goes through the graph, onnx_readers.list says which operator is what).
 *
 * ONNX' images are (batch, channel, height, width), its sequences of convolutions (batch, channel,
 * time); ours have the channels last. A value that is "turned" is one whose node has the channels
 * last although ONNX means it to have them second: most operators can go on with that, so that
 * nothing is moved. Two other ways to lie differently: "by time", (time, batch, feature), as
 * recurrent operators read and give it; and "flat", images laid out as one axis, ours place by
 * place, ONNX' channel by channel (a matrix that follows gets its rows in our order instead). */
#pragma once
#include "assemble.h"
#include "onnx_proto.h"

struct onnx_value {
    const char *name;
    const Onnx__TensorProto *stored; /* in the file, or NULL */
    struct tensor *known;            /* numbers that do not depend on the inputs; or NULL */
    struct node *node;               /* of the walk that is under way; or NULL */
    bool turned, by_time;
    char order[5];             /* "TDBU": of a recurrent result (onnx_directions.c); "" = none */
    int64_t directions;        /* of such a result, in the last axis of its node */
    int64_t flat;              /* channels of the image that was laid out as one axis; 0 = none */
    int32_t n_readers, reader; /* how many operators read it, and the last of them */
};

struct onnx_reader {
    struct assembly *a; /* of the walk that is under way */
    struct err *e;
    const Onnx__GraphProto *graph;
    const char *folder; /* of the file, for weights beside it; NULL = there are none */
    int64_t opset;
    struct onnx_value *values; /* n_values; found by a table of positions */
    int32_t n_values, n_slots;
    int32_t *slots;
    bool *taken; /* by node: read together with an earlier one */
    const Onnx__NodeProto *now;
    int32_t i_now;
};

/* ---- values ---- */

struct onnx_value *onnx_find(const struct onnx_reader *r, const char *name);
/* Input i of the operator, or NULL if it is left out; with an error if nothing gives it. */
struct onnx_value *onnx_input(struct onnx_reader *r, int i);
bool onnx_has_input(const struct onnx_reader *r, int i);
/* Its numbers: a tensor that stays the value's own; NULL (without an error) if it depends on the
 * model's inputs. */
struct tensor *onnx_known(struct onnx_reader *r, struct onnx_value *v);
/* Likewise, needed: an error if they are not known. */
struct tensor *onnx_numbers(struct onnx_reader *r, int i);
/* Whole numbers of input i, or of attribute `name` if there is no such input. -1: not given. */
int onnx_wholes(struct onnx_reader *r, int i, const char *name, int64_t *out, int most);
struct tensor *onnx_decode(struct onnx_reader *r, const Onnx__TensorProto *p);

/* Results of the operator: one of these for output i. They take what they are given (tensor) and
 * pass a failure (NULL) on. */
bool onnx_give_node(struct onnx_reader *r, int i, struct node *n, bool turned);
bool onnx_give_known(struct onnx_reader *r, int i, struct tensor *t);
struct onnx_value *onnx_output(struct onnx_reader *r, int i);
/* Output i is the same as that value. */
bool onnx_give_same(struct onnx_reader *r, int i, const struct onnx_value *v);

/* ---- nodes in a layout ---- */

/* As ONNX means it. A known value becomes a constant. */
struct node *onnx_plain(struct onnx_reader *r, struct onnx_value *v);
/* With the channels last. */
struct node *onnx_turned(struct onnx_reader *r, struct onnx_value *v);
/* Where axis i of ONNX is in a value's node; negative counts from the end; -1 with an error. */
int onnx_axis_of(struct onnx_reader *r, const struct onnx_value *v, int64_t axis);
/* An operation on nodes or, if all are known, on numbers. */
struct node *onnx_apply(struct onnx_reader *r, enum op op, struct node *a, struct node *b,
                        const struct attrs *attrs);
struct node *onnx_times(struct onnx_reader *r, enum op op, struct node *a, double number);

/* ---- results of recurrent operators: onnx_directions.c ---- */

/* A node (batch, [time,] directions x units) whose axes ONNX means in this order of T, D, B and U;
 * without D it is a result like any other. Nothing happens if the operator's output i is left out.
 */
bool onnx_give_order(struct onnx_reader *r, int i, struct node *n, const char *order,
                     int64_t directions);
/* As ONNX means it; -1 for the batch. */
struct shape onnx_order_shape(const struct onnx_value *v);
bool onnx_order_transpose(struct onnx_reader *r, const struct onnx_value *v, const int32_t *perm);
bool onnx_order_squeeze(struct onnx_reader *r, const struct onnx_value *v, uint32_t set);
bool onnx_order_reshape(struct onnx_reader *r, const struct onnx_value *v, const int64_t *to,
                        int n);
/* Output i: `count` positions of an axis from `begin` on; `drop`: that axis goes away. */
bool onnx_order_part(struct onnx_reader *r, int i, const struct onnx_value *v, int axis,
                     int64_t begin, int64_t count, bool drop);
bool onnx_order_concat(struct onnx_reader *r, struct onnx_value *const *v, int n, int64_t axis);
struct node *onnx_order_plain(struct onnx_reader *r, const struct onnx_value *v);

/* ---- attributes ---- */

int64_t onnx_attr_int(const struct onnx_reader *r, const char *name, int64_t fallback);
double onnx_attr_float(const struct onnx_reader *r, const char *name, double fallback);
bool onnx_attr_is(const struct onnx_reader *r, const char *name, const char *text,
                  const char *fallback);
const Onnx__AttributeProto *onnx_attr(const struct onnx_reader *r, const char *name);
/* Pairs (down, across) such as strides: `fallback` where they are not given; false if they are not
 * small whole numbers. A single axis fills [1]. */
bool onnx_attr_pair(struct onnx_reader *r, const char *name, int axes, int32_t fallback,
                    int32_t out[2]);

/* The one operator that reads output 0, of this type and not taken yet; or NULL. */
const Onnx__NodeProto *onnx_next(const struct onnx_reader *r, const char *type, int32_t *at);
bool onnx_cannot(struct onnx_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct config *onnx_config(struct onnx_reader *r, enum layer_kind kind);
/* a number and a pair of sizes into a config; false with an error of ours */
bool onnx_sizes(struct config *c, const char *name, const int32_t *size, int axes, struct err *e);

typedef bool (*onnx_import_fn)(struct onnx_reader *r, int code);
#define ONNX_READ(type, import, code) bool onnx_import_##import(struct onnx_reader *, int);
#include "onnx_readers.list"
#undef ONNX_READ
