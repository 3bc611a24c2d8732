/* Writing an ONNX graph: nodes, tensors and names, and under which name each node of ours is to be
 * had. Private to the export (onnx_save.c walks the graph, onnx_ops.list says which operation is
 * what).
 *
 * Images lie (batch, height, width, channel) here and (batch, channel, height, width) in ONNX. A
 * node with four axes may therefore be there in two layouts, "natural" and "channels"; whoever
 * needs one that is not there yet gets a Transpose. So a convolutional network turns its images
 * once at the beginning and, if at all, once at the end.
 *
 * Every function returns NULL or false once `e` is set, so that calls can be nested and only the
 * end is looked at. */
#pragma once
#include "onnx_proto.h"
#include "base/arena.h"
#include "nn/model.h"

struct onnx_names {
    const char *natural, *channels; /* NULL = not there in this layout */
};

struct onnx_writer {
    struct err *e;
    struct arena *arena; /* messages and texts */
    const struct model *model;
    const struct weights *weights;
    const struct graph *graph;
    /* by node id */
    struct onnx_names *names;
    struct tensor **known;          /* what weights and constants alone determine, or NULL */
    const struct node **fused;      /* a convolution that its bias is added to, at the addition */
    const struct layer_use **whole; /* a layer that is one operator of ONNX, at its result */
    const char **layer;             /* which layer the node belongs to, or NULL */
    bool *needed;
    Onnx__NodeProto *last; /* the operator written last: attributes go there */
    Onnx__NodeProto **nodes;
    Onnx__TensorProto **tensors;
    struct tensor **owned; /* numbers laid out anew for the file */
    int n_nodes, cap_nodes, n_tensors, cap_tensors, n_owned, cap_owned;
    const struct node *now; /* whose operators are being written */
    const char *batch;      /* the name of the batch's size, once it is needed */
};

/* An operator on one to three inputs; b and c may be NULL. The name of its result. */
const char *onnx_op(struct onnx_writer *x, const char *op, const char *a, const char *b,
                    const char *c);
/* The same with any number of inputs; more_outputs further results besides the first are named
 * "<first>_1" …. */
const char *onnx_op_n(struct onnx_writer *x, const char *op, const char *const *in, int n_in,
                      int more_outputs);
/* Attributes of the operator written last. */
void onnx_int(struct onnx_writer *x, const char *name, int64_t value);
void onnx_float(struct onnx_writer *x, const char *name, double value);
void onnx_text(struct onnx_writer *x, const char *name, const char *value);
void onnx_ints(struct onnx_writer *x, const char *name, const int64_t *values, int n);
void onnx_floats(struct onnx_writer *x, const char *name, const float *values, int n);
void onnx_texts(struct onnx_writer *x, const char *name, const char *const *values, int n);

/* Tensors of the file. The first takes the reference; `label` is a hint for the name. */
const char *onnx_tensor(struct onnx_writer *x, struct tensor *t, const char *label);
const char *onnx_number(struct onnx_writer *x, double value, enum dtype t);
const char *onnx_whole(struct onnx_writer *x, const int64_t *values, int n); /* int64 [n] */
const char *onnx_one_whole(struct onnx_writer *x, int64_t value);            /* int64, no axes */
/* A shape as a tensor, in which the batch may occur. */
const char *onnx_shape(struct onnx_writer *x, const struct shape *s);
int onnx_type(enum dtype t); /* the schema's number */

/* A node in a layout. */
const char *onnx_natural(struct onnx_writer *x, const struct node *n);
const char *onnx_channels(struct onnx_writer *x, const struct node *n);
static inline const char *onnx_in_layout(struct onnx_writer *x, const struct node *n,
                                         bool channels) {
    return channels ? onnx_channels(x, n) : onnx_natural(x, n);
}
/* The same for an operand of an elementwise operator, which repeats axes of size 1 by itself. */
const char *onnx_operand(struct onnx_writer *x, const struct node *n, bool channels);
/* Is it there with channels first only? Then that is the better layout to go on with. */
bool onnx_prefers_channels(const struct onnx_writer *x, const struct node *n);
/* The place of axis i of four in a layout. */
int onnx_axis(int axis, bool channels);
/* What node `n` is called; false if name is NULL. */
bool onnx_set(struct onnx_writer *x, const struct node *n, const char *name, bool channels);

/* What an operation is in ONNX: fills the names of `n`. */
typedef bool (*onnx_export_fn)(struct onnx_writer *x, const struct node *n, const char *op);
#define ONNX_OP(id, export, name)                                                                  \
    bool onnx_export_##export(struct onnx_writer *, const struct node *, const char *);
#include "onnx_ops.list"
#undef ONNX_OP
bool onnx_export_whole(struct onnx_writer *x, const struct layer_use *u, const struct node *out);
/* Is this kind of layer one operator, so that what it is made of is not looked at? */
bool onnx_is_whole(const struct model *m, const struct layer_use *u);
bool onnx_not_there(struct onnx_writer *x, const struct node *n, const char *why);
