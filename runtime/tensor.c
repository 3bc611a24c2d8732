/* Tensors: types, shapes and counted memory. This file knows no graphs and no operations. */
#include "tensor.h"
#include "base/pool.h"
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* ---- types ---- */

static const struct {
    const char *name;
    size_t bytes;
} types[DT_COUNT] = {
    [DT_FLOAT64] = {"float64", 8}, [DT_FLOAT32] = {"float32", 4}, [DT_INT64] = {"int64", 8},
    [DT_INT32] = {"int32", 4},     [DT_UINT8] = {"uint8", 1},     [DT_BOOL] = {"bool", 1},
};

size_t dtype_bytes(enum dtype t) {
    return types[t].bytes;
}

const char *dtype_name(enum dtype t) {
    return types[t].name;
}

bool dtype_is_float(enum dtype t) {
    return t == DT_FLOAT64 || t == DT_FLOAT32;
}

/* ---- shapes ---- */

struct shape shape_of(int n, const int64_t *sizes) {
    struct shape s = {.n = n < MAX_AXES ? n : MAX_AXES};
    for (int i = 0; i < s.n; i++) s.size[i] = sizes[i];
    return s;
}

bool shape_known(const struct shape *s) {
    for (int i = 0; i < s->n; i++) {
        if (s->size[i] < 0) return false;
    }
    return true;
}

bool shape_same_sizes(const struct shape *a, const struct shape *b) {
    if (a->n != b->n) return false;
    for (int i = 0; i < a->n; i++) {
        if (a->size[i] != b->size[i]) return false;
    }
    return true;
}

int shape_find_axis(const struct shape *s, const char *interned_name) {
    for (int i = 0; i < s->n; i++) {
        if (s->axis[i] && s->axis[i] == interned_name) return i;
    }
    return -1;
}

static bool too_many(const struct shape *s, struct err *e) {
    char text[256];
    err_set(e, ERR_MEMORY, "A tensor of shape %s has more numbers than any computer can hold.",
            shape_print(s, text, sizeof text));
    return err_hint(e, "Use smaller sizes.");
}

bool shape_count(const struct shape *s, int64_t *count, struct err *e) {
    *count = 1;
    for (int i = 0; i < s->n; i++) {
        if (s->size[i] < 0) {
            char text[256];
            return err_set(e, ERR_MEMORY, "The shape %s is not known yet, so it cannot be filled.",
                           shape_print(s, text, sizeof text));
        }
        /* An axis of size 0 makes the count 0, but later sizes must still multiply safely. */
        int64_t factor = *count ? *count : 1;
        if (__builtin_mul_overflow(factor, s->size[i], &factor)) return too_many(s, e);
        *count = *count ? factor : 0;
    }
    return true;
}

/* "28", "height=28", "height" (named, size not known), "batch", "?" */
static int print_axis(const struct shape *s, int i, char *out, size_t cap) {
    const char *name = s->axis[i];
    if (s->size[i] >= 0) {
        return snprintf(out, cap, "%s%s%lld", name ? name : "", name ? "=" : "",
                        (long long)s->size[i]);
    }
    if (!name) name = s->size[i] == SIZE_BATCH ? "batch" : "?";
    return snprintf(out, cap, "%s", name);
}

static size_t add_text(char *out, size_t cap, size_t used, const char *text) {
    for (; *text && used + 1 < cap; text++) out[used++] = *text;
    if (cap) out[used] = 0;
    return used;
}

static void print_axes(const struct shape *s, int first, const char *between, char *out, size_t cap,
                       size_t used) {
    char one[160];
    for (int i = first; i < s->n; i++) {
        if (i > first) used = add_text(out, cap, used, between);
        print_axis(s, i, one, sizeof one);
        used = add_text(out, cap, used, one);
    }
    if (between[0] == ',') add_text(out, cap, used, "]");
}

const char *shape_print(const struct shape *s, char *out, size_t cap) {
    size_t used = add_text(out, cap, 0, "[");
    print_axes(s, 0, ", ", out, cap, used);
    return out;
}

const char *shape_print_axes(const struct shape *s, int skip, char *out, size_t cap) {
    size_t used = add_text(out, cap, 0, "");
    bool named = false;
    for (int i = skip; i < s->n; i++) named = named || s->axis[i];
    if (skip >= s->n) {
        add_text(out, cap, used, "a single number");
    } else if (named) {
        print_axes(s, skip, " ", out, cap, used);
    } else {
        used = add_text(out, cap, used, "[");
        print_axes(s, skip, ", ", out, cap, used);
    }
    return out;
}

/* ---- memory ---- */

static struct tensor *header_new(enum dtype t, const struct shape *s, int64_t count,
                                 struct err *e) {
    struct tensor *x = pool_need(sizeof *x, e);
    if (!x) return NULL;
    atomic_init(&x->refs, 1);
    x->dtype = t;
    x->shape = *s;
    x->count = count;
    return x;
}

static struct tensor *tensor_make(enum dtype t, const struct shape *s, void *(*alloc)(size_t),
                                  struct err *e) {
    int64_t count;
    size_t bytes;
    if (!shape_count(s, &count, e)) return NULL;
    if (__builtin_mul_overflow((size_t)count, types[t].bytes, &bytes)) return too_many(s, e), NULL;
    struct tensor *x = header_new(t, s, count, e);
    if (!x) return NULL;
    x->data = alloc(bytes);
    if (!x->data) {
        pool_free(x);
        return err_memory(e, bytes), NULL;
    }
    return x;
}

struct tensor *tensor_new(enum dtype t, const struct shape *s, struct err *e) {
    return tensor_make(t, s, pool_alloc, e);
}

struct tensor *tensor_zeros(enum dtype t, const struct shape *s, struct err *e) {
    return tensor_make(t, s, pool_zalloc, e);
}

struct tensor *tensor_from_rows(enum dtype t, const struct shape *s, struct row_source *rows,
                                struct err *e) {
    int64_t count;
    struct tensor *x = shape_count(s, &count, e) ? header_new(t, s, count, e) : NULL;
    if (x) x->rows = rows;
    else rows->free(rows);
    return x;
}

struct tensor *tensor_scalar(double x, struct err *e) {
    struct tensor *t = tensor_new(DT_FLOAT64, &(struct shape){0}, e);
    if (t) *(double *)t->data = x;
    return t;
}

struct tensor *tensor_ref(struct tensor *t) {
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void tensor_unref(struct tensor *t) {
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) return;
    if (t->rows) t->rows->free(t->rows);
    if (t->owner) {
        tensor_unref(t->owner);
    } else {
        pool_free(t->data);
    }
    pool_free(t);
}

bool tensor_append(struct tensor *t, const void *row, struct err *e) {
    size_t old = (size_t)t->count * dtype_bytes(t->dtype);
    struct shape one = t->shape;
    one.size[0] = 1;
    int64_t n;
    TRY(shape_count(&one, &n, e));
    size_t more = (size_t)n * dtype_bytes(t->dtype);
    if (old + more > pool_room(t->data)) {
        void *data = pool_alloc(old + old / 2 + more);
        if (!data) return err_memory(e, old + more);
        if (old) memcpy(data, t->data, old);
        pool_free(t->data);
        t->data = data;
    }
    if (more) memcpy((char *)t->data + old, row, more);
    t->shape.size[0]++;
    t->count += n;
    return true;
}

/* A tensor over part of t's memory. */
static struct tensor *window(struct tensor *t, const struct shape *s, int64_t first, int64_t count,
                             struct err *e) {
    struct tensor *x = header_new(t->dtype, s, count, e);
    if (!x) return NULL;
    x->data = (char *)t->data + (size_t)first * types[t->dtype].bytes;
    x->owner = tensor_ref(t->owner ? t->owner : t);
    return x;
}

struct tensor *tensor_rows(struct tensor *t, int64_t begin, int64_t end, struct err *e) {
    int64_t rows = t->shape.n ? t->shape.size[0] : 0;
    if (begin < 0 || begin > end || end > rows) {
        err_set(e, ERR_INDEX, "Rows %lld to %lld were asked for, but there are %lld.",
                (long long)begin, (long long)end, (long long)rows);
        return NULL;
    }
    int64_t row = rows ? t->count / rows : 0;
    struct shape s = t->shape;
    s.size[0] = end - begin;
    struct tensor *x = window(t, &s, begin * row, (end - begin) * row, e);
    if (x) x->is_image = t->is_image && t->shape.n > 3;
    return x;
}

/* Reshaping a batch of pictures, [n, h, w, c] to [a, b, h, w, c], leaves pictures. */
static bool still_image(const struct tensor *t, const struct shape *s) {
    int n = t->shape.n, m = s->n;
    if (!t->is_image || n < 3 || m < 3) return false;
    return memcmp(&t->shape.size[n - 3], &s->size[m - 3], 3 * sizeof(int64_t)) == 0;
}

struct tensor *tensor_with_shape(struct tensor *t, const struct shape *s, struct err *e) {
    int64_t count;
    if (!shape_count(s, &count, e)) return NULL;
    if (count != t->count) {
        char from[256], to[256];
        err_set(e, ERR_SHAPE, "%lld numbers of shape %s do not fill the shape %s, which has %lld.",
                (long long)t->count, shape_print(&t->shape, from, sizeof from),
                shape_print(s, to, sizeof to), (long long)count);
        return NULL;
    }
    struct tensor *x = window(t, s, 0, count, e);
    if (x) x->is_image = still_image(t, s);
    return x;
}

struct desc tensor_desc(const struct tensor *t) {
    return (struct desc){.dtype = t->dtype, .content = CONTENT_ANY, .shape = t->shape};
}

/* ---- numbers: reading, writing and changing the type ---- */

static int64_t clamp(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

/* Towards zero; outside the range the nearest end; NaN gives 0. */
static int64_t whole(double x) {
    if (x >= 0x1p63) return INT64_MAX;
    if (x <= -0x1p63) return INT64_MIN;
    return isnan(x) ? 0 : (int64_t)x;
}

static void load_floats(const void *from, enum dtype t, int64_t n, double *to) {
    switch (t) {
    case DT_FLOAT64: memcpy(to, from, (size_t)n * sizeof *to); break;
    case DT_FLOAT32:
        for (int64_t i = 0; i < n; i++) to[i] = (double)((const float *)from)[i];
        break;
    case DT_INT64:
        for (int64_t i = 0; i < n; i++) to[i] = (double)((const int64_t *)from)[i];
        break;
    case DT_INT32:
        for (int64_t i = 0; i < n; i++) to[i] = (double)((const int32_t *)from)[i];
        break;
    case DT_UINT8:
    case DT_BOOL:
        for (int64_t i = 0; i < n; i++) to[i] = (double)((const uint8_t *)from)[i];
        break;
    case DT_COUNT: break;
    }
}

static void store_floats(const double *from, enum dtype t, int64_t n, void *to) {
    switch (t) {
    case DT_FLOAT64: memcpy(to, from, (size_t)n * sizeof *from); break;
    case DT_FLOAT32:
        for (int64_t i = 0; i < n; i++) ((float *)to)[i] = (float)from[i];
        break;
    case DT_INT64:
        for (int64_t i = 0; i < n; i++) ((int64_t *)to)[i] = whole(from[i]);
        break;
    case DT_INT32:
        for (int64_t i = 0; i < n; i++) {
            ((int32_t *)to)[i] = (int32_t)clamp(whole(from[i]), INT32_MIN, INT32_MAX);
        }
        break;
    case DT_UINT8:
        for (int64_t i = 0; i < n; i++) {
            ((uint8_t *)to)[i] = (uint8_t)clamp(whole(from[i]), 0, UINT8_MAX);
        }
        break;
    case DT_BOOL:
        for (int64_t i = 0; i < n; i++) ((uint8_t *)to)[i] = !(from[i] == 0);
        break;
    case DT_COUNT: break;
    }
}

static void load_wholes(const void *from, enum dtype t, int64_t n, int64_t *to) {
    for (int64_t i = 0; i < n; i++) {
        to[i] = t == DT_INT64   ? ((const int64_t *)from)[i]
                : t == DT_INT32 ? ((const int32_t *)from)[i]
                                : ((const uint8_t *)from)[i];
    }
}

static void store_wholes(const int64_t *from, enum dtype t, int64_t n, void *to) {
    for (int64_t i = 0; i < n; i++) {
        if (t == DT_INT64) ((int64_t *)to)[i] = from[i];
        if (t == DT_INT32) ((int32_t *)to)[i] = (int32_t)clamp(from[i], INT32_MIN, INT32_MAX);
        if (t == DT_UINT8) ((uint8_t *)to)[i] = (uint8_t)clamp(from[i], 0, UINT8_MAX);
        if (t == DT_BOOL) ((uint8_t *)to)[i] = from[i] != 0;
    }
}

/* Block by block, through float64; whole numbers go through int64 so that none is rounded. */
static void convert(const char *from, enum dtype t, int64_t n, char *to, enum dtype out) {
    enum { BLOCK = 1024 };
    bool floats = dtype_is_float(t) || dtype_is_float(out);
    double reals[BLOCK];
    int64_t wholes[BLOCK];
    for (int64_t i = 0; i < n; i += BLOCK) {
        int64_t m = n - i < BLOCK ? n - i : BLOCK;
        const char *p = from + (size_t)i * types[t].bytes;
        char *q = to + (size_t)i * types[out].bytes;
        if (floats) {
            load_floats(p, t, m, reals);
            store_floats(reals, out, m, q);
        } else {
            load_wholes(p, t, m, wholes);
            store_wholes(wholes, out, m, q);
        }
    }
}

struct tensor *tensor_cast(struct tensor *t, enum dtype to, struct err *e) {
    if (t->dtype == to) return tensor_ref(t);
    struct tensor *x = tensor_new(to, &t->shape, e);
    if (!x) return NULL;
    convert(t->data, t->dtype, t->count, x->data, to);
    x->is_image = t->is_image;
    return x;
}

double tensor_get(const struct tensor *t, int64_t i) {
    double x;
    load_floats((const char *)t->data + (size_t)i * types[t->dtype].bytes, t->dtype, 1, &x);
    return x;
}

void tensor_set(struct tensor *t, int64_t i, double x) {
    store_floats(&x, t->dtype, 1, (char *)t->data + (size_t)i * types[t->dtype].bytes);
}
