/* Tensors: a type, a shape with axis names, and numbers in memory. Immutable once shared, counted.
 * Always contiguous, last axis fastest; a tensor may be a window of whole rows into another's
 * memory. This file knows nothing of graphs. */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum dtype { DT_FLOAT64, DT_FLOAT32, DT_INT64, DT_INT32, DT_UINT8, DT_BOOL, DT_COUNT };

size_t dtype_bytes(enum dtype t);
const char *dtype_name(enum dtype t); /* "float64" */
bool dtype_is_float(enum dtype t);

enum { MAX_AXES = 8 };

/* Sizes that are not known yet are negative, and each negative number is one unknown, equal to
 * itself only. SIZE_BATCH is the number of examples of a model's inputs. */
enum { SIZE_BATCH = -1 };

struct shape {
    int32_t n;                  /* number of axes; 0 = a single number */
    uint8_t weak;               /* bit i: axis i's name was given by a layer, not by the student */
    int64_t size[MAX_AXES];     /* >= 0 known; < 0 unknown */
    const char *axis[MAX_AXES]; /* interned name, or NULL */
};

struct shape shape_of(int n, const int64_t *sizes); /* no names */
bool shape_known(const struct shape *s);            /* every size is known */
bool shape_same_sizes(const struct shape *a, const struct shape *b);
int shape_find_axis(const struct shape *s, const char *interned_name); /* -1 if there is none */
/* Product of the sizes. False, with an ERR_MEMORY, when it does not fit or is unknown. */
bool shape_count(const struct shape *s, int64_t *count, struct err *e);
/* "[image=100, 28, 28]" into `out`; returns out. Sizes not known yet: "time" where the axis has a
 * name, else "batch" or "?". */
const char *shape_print(const struct shape *s, char *out, size_t cap);
/* "height=28 width=28" without the first `skip` axes: the style of error facts. Without any name
 * "[28, 28]"; without axes "a single number". */
const char *shape_print_axes(const struct shape *s, int skip, char *out, size_t cap);

/* What is known of a tensor before it is computed. */
enum content {
    CONTENT_ANY,          /* any number */
    CONTENT_POSITIVE,     /* > 0 or >= 0: ends in softplus, exp, relu */
    CONTENT_PROBABILITY,  /* 0 … 1: ends in sigmoid */
    CONTENT_DISTRIBUTION, /* 0 … 1 and sums to 1 along the last axis: ends in softmax */
};

struct desc {
    enum dtype dtype;
    enum content content;
    struct shape shape;
};

/* Rows that are not in memory: pictures on disk. read() fills one row and may be called by several
 * threads at once; free() gives the source back with its tensor. */
struct row_source {
    bool (*read)(const struct row_source *s, int64_t row, void *out, struct err *e);
    void (*free)(struct row_source *s);
};

struct tensor {
    _Atomic int32_t refs;
    enum dtype dtype;
    bool is_image;           /* [height, width, channel] or a batch of them; shown as a picture */
    struct shape shape;      /* all sizes known */
    int64_t count;           /* product of the sizes */
    void *data;              /* count * dtype_bytes bytes, 64-byte aligned unless a window */
    struct tensor *owner;    /* whose memory this is a window of, or NULL */
    struct row_source *rows; /* not in memory: data is NULL, and only nn/pass.c reads it; or NULL */
};

/* New, contents undefined / zero. NULL with ERR_MEMORY when it does not fit. */
struct tensor *tensor_new(enum dtype t, const struct shape *s, struct err *e);
struct tensor *tensor_zeros(enum dtype t, const struct shape *s, struct err *e);
struct tensor *tensor_scalar(double x, struct err *e); /* float64, no axes */
/* A tensor whose rows are read when they are needed; it owns the source, also if this fails. */
struct tensor *tensor_from_rows(enum dtype t, const struct shape *s, struct row_source *rows,
                                struct err *e);
struct tensor *tensor_ref(struct tensor *t);
void tensor_unref(struct tensor *t); /* NULL is fine */
/* Rows [begin, end) of the first axis, sharing memory. */
struct tensor *tensor_rows(struct tensor *t, int64_t begin, int64_t end, struct err *e);
/* The same numbers under another shape of equal count, sharing memory. */
struct tensor *tensor_with_shape(struct tensor *t, const struct shape *s, struct err *e);
/* Converted copy (or one more reference if nothing changes). Float to whole numbers truncates; a
 * number outside the new type's range becomes the nearest end of it, NaN becomes 0. */
struct tensor *tensor_cast(struct tensor *t, enum dtype to, struct err *e);
double tensor_get(const struct tensor *t, int64_t i);   /* flat position, as a float */
void tensor_set(struct tensor *t, int64_t i, double x); /* only while refs == 1 */
/* One row more along the first axis, of numbers of the tensor's type: in place, and so that a
 * million of them cost little more than one copy of all. Only while refs == 1, and t must have its
 * own memory and an axis. */
bool tensor_append(struct tensor *t, const void *row, struct err *e);
struct desc tensor_desc(const struct tensor *t);
