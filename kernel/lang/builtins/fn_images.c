/* Pictures: reading them, and changing their size, their part and their colours. A picture is a
 * tensor [height, width] or [height, width, channel]; several have an axis in front. */
#include "fn.h"
#include "fn_paths.h"
#include "fn_photos.h"
#include "data/image.h"
#include <math.h>
#include <string.h>

/* ---- which axes are what ---- */

struct layout {
    int height; /* axis number; width is the next one */
    int64_t n, h, w, c;
};

static bool is_channels(int64_t n) {
    return n == 1 || n == 3 || n == 4;
}

/* False: these are no pictures. */
static bool layout_of(const struct shape *s, struct layout *l) {
    if (s->n < 2 || s->n > 4) return false;
    int height = shape_find_axis(s, intern_c("height"));
    if (height < 0) height = s->n == 4 || (s->n == 3 && !is_channels(s->size[2])) ? 1 : 0;
    if (height > 1 || s->n - height < 2 || s->n - height > 3) return false;
    bool channels = s->n - height == 3;
    *l = (struct layout){.height = height,
                         .n = height ? s->size[0] : 1,
                         .h = s->size[height],
                         .w = s->size[height + 1],
                         .c = channels ? s->size[height + 2] : 1};
    return true;
}

static bool no_pictures(struct call *c, const struct shape *s) {
    char text[160];
    call_fail(c, 0, ERR_SHAPE, "%s works on pictures: [height, width] or [height, width, channel].",
              c->row->name);
    return err_label(c->ev->e, "is %s", shape_print(s, text, sizeof text));
}

/* The pictures of argument 0 and their layout. *done: the result is known without numbers. */
struct pictures {
    struct value v;
    struct desc d;
    struct layout at;
};

static bool take_pictures(struct call *c, struct pictures *p, struct value *out, bool *done) {
    *done = false;
    TRY(fn_operand(c, 0, &p->v));
    if (!value_describe(p->v, &p->d)) return *done = true, *out = value_unknown(), true;
    if (!layout_of(&p->d.shape, &p->at)) return no_pictures(c, &p->d.shape);
    if (p->v.kind != V_NODE) return true;
    call_fail(c, 0, ERR_TYPE, "%s works on data, before they go into a model.", c->row->name);
    return err_hint(c->ev->e, "Change the pictures first and give the model the result.");
}

/* 224x224, [224, 224] or 224. *known = false while checking. */
static bool size_arg(struct call *c, int i, int64_t *h, int64_t *w, bool *known) {
    struct value v = c->args[i];
    *known = true;
    if (v.kind == V_UNKNOWN || v.kind == V_DESC) return *known = false, true;
    if (v.kind == V_INT) *h = *w = v.integer;
    else if (v.kind == V_TENSOR && v.tensor->count == 2)
        *h = (int64_t)tensor_get(v.tensor, 0), *w = (int64_t)tensor_get(v.tensor, 1);
    else return call_fail(c, i, ERR_ARGUMENT, "A size is height x width: 224x224.");
    if (*h >= 1 && *w >= 1 && *h <= IMAGE_MOST_SIDE && *w <= IMAGE_MOST_SIDE) return true;
    return call_fail(c, i, ERR_VALUE, "Pictures have 1 to %d pixels a side, not %lld x %lld.",
                     IMAGE_MOST_SIDE, (long long)*h, (long long)*w);
}

static bool describe(struct call *c, enum dtype t, const struct shape *s, struct value *out) {
    struct desc d = {.dtype = t, .shape = *s};
    *out = value_desc(&d, c->ev->e);
    return out->kind == V_DESC;
}

/* ---- reading ---- */

static void picture_shape(int64_t h, int64_t w, int64_t channels, struct shape *s) {
    *s = shape_of(3, (int64_t[]){h, w, channels});
    for (int i = 0; i < 3; i++) s->axis[i] = image_axis(i);
}

static bool peeked_image(struct call *c, const char *path, int64_t h, int64_t w, int64_t channels,
                         struct value *out) {
    struct image_info info;
    struct shape s;
    if (h == 0) {
        if (!peek_image(path, &info)) return *out = value_unknown(), true;
        h = info.height;
        w = info.width;
    }
    picture_shape(h, w, channels, &s);
    return describe(c, DT_UINT8, &s, out);
}

static struct tensor *resized(const struct tensor *t, const struct layout *l, int64_t h, int64_t w,
                              enum resize_method method, struct err *e);

bool fn_read_image(struct call *c, struct value *out) {
    char path[4096];
    int64_t h = 0, w = 0, channels;
    bool known = true;
    if (c->args[0].kind == V_UNKNOWN) return *out = value_unknown(), true;
    TRY(path_of(c, 0, path, sizeof path));
    if (call_has(c, 1)) TRY(size_arg(c, 1, &h, &w, &known));
    if (!known) return *out = value_unknown(), true;
    TRY(call_int(c, 2, 3, &channels));
    if (!is_channels(channels))
        return call_fail(c, 2, ERR_VALUE,
                         "A picture has 1 channel (grey), 3 (colours) or 4 (colours and opacity).");
    if (c->ev->domain == DOMAIN_CHECK) return peeked_image(c, path, h, w, channels, out);
    struct image_wish wish = {(int)channels, h, w};
    struct tensor *t = read_image(path, &wish, c->ev->e);
    if (t && h && (t->shape.size[0] != h || t->shape.size[1] != w)) {
        struct layout l;
        layout_of(&t->shape, &l);
        struct tensor *small = resized(t, &l, h, w, RESIZE_BILINEAR, c->ev->e);
        tensor_unref(t);
        t = small;
    }
    return t && (*out = value_tensor(t), true);
}

/* ---- size ---- */

static bool run_resize(const struct tensor *from, const struct layout *l, struct tensor *to,
                       struct resize_job *job, struct err *e) {
    int64_t in = l->h * l->w * l->c, out = job->to_h * job->to_w * l->c;
    for (int64_t i = 0; i < l->n; i++) {
        if (from->dtype == DT_UINT8)
            TRY(resize_bytes(job, (const uint8_t *)from->data + i * in,
                             (uint8_t *)to->data + i * out, e));
        else
            TRY(resize_floats(job, (const float *)from->data + i * in, (float *)to->data + i * out,
                              e));
    }
    return true;
}

static struct tensor *resized(const struct tensor *t, const struct layout *l, int64_t h, int64_t w,
                              enum resize_method method, struct err *e) {
    struct shape s = t->shape;
    s.size[l->height] = h;
    s.size[l->height + 1] = w;
    struct resize_job job = {l->h, l->w, h, w, (int)l->c, method};
    struct tensor *to = tensor_new(t->dtype, &s, e);
    if (to) to->is_image = true;
    if (to && run_resize(t, l, to, &job, e)) return to;
    tensor_unref(to);
    return NULL;
}

/* Bytes stay bytes; other numbers are worked on as float32 and come back in their own type. */
static bool resize_value(struct call *c, const struct pictures *p, int64_t h, int64_t w, int method,
                         struct value *out) {
    enum dtype type = p->v.tensor->dtype;
    struct tensor *from = tensor_cast(p->v.tensor, type == DT_UINT8 ? type : DT_FLOAT32, c->ev->e);
    struct tensor *to =
        from ? resized(from, &p->at, h, w, (enum resize_method)method, c->ev->e) : NULL;
    tensor_unref(from);
    struct tensor *back =
        to ? tensor_cast(to, type == DT_FLOAT64 ? type : to->dtype, c->ev->e) : to;
    tensor_unref(to);
    return back && (*out = value_tensor(back), true);
}

bool fn_resize(struct call *c, struct value *out) {
    struct pictures p;
    int64_t h = 0, w = 0;
    int method;
    bool known, done = false, table = c->args[0].kind == V_TABLE;
    if (!table) TRY(take_pictures(c, &p, out, &done));
    TRY(size_arg(c, 1, &h, &w, &known));
    TRY(call_choice(c, 2, &method));
    if (table) return photos_change(c, h, w, method, 0, out);
    if (done || !known) return *out = value_unknown(), true;
    if (p.at.h == 0 || p.at.w == 0) return no_pictures(c, &p.d.shape);
    if (p.v.kind == V_TENSOR && c->ev->domain == DOMAIN_RUN)
        return resize_value(c, &p, h, w, method, out);
    p.d.shape.size[p.at.height] = h;
    p.d.shape.size[p.at.height + 1] = w;
    enum dtype t = p.d.dtype;
    return describe(c, t == DT_UINT8 || t == DT_FLOAT64 ? t : DT_FLOAT32, &p.d.shape, out);
}

/* ---- parts ---- */

static void copy_part(const struct tensor *from, const struct layout *l, int64_t top, int64_t left,
                      struct tensor *to) {
    int64_t h = to->shape.size[l->height], w = to->shape.size[l->height + 1];
    size_t pixel = (size_t)l->c * dtype_bytes(from->dtype);
    const char *p = from->data;
    char *q = to->data;
    for (int64_t i = 0; i < l->n; i++)
        for (int64_t y = 0; y < h; y++, q += (size_t)w * pixel)
            memcpy(q, p + (size_t)((i * l->h + top + y) * l->w + left) * pixel, (size_t)w * pixel);
}

static bool cut(struct call *c, struct pictures *p, const int64_t at[2], const int64_t size[2],
                struct value *out) {
    const int64_t have[2] = {p->at.h, p->at.w};
    static const char *const words[] = {"height", "width"};
    for (int i = 0; i < 2; i++) {
        if (have[i] < 0) continue;
        if (at[i] >= 0 && size[i] <= have[i] - at[i]) continue;
        call_fail(c, -1, ERR_SHAPE, "The part does not lie inside the picture.");
        err_fact(c->ev->e, words[i], "%lld pixels", (long long)have[i]);
        return err_fact(c->ev->e, "the part", "%lld … %lld", (long long)at[i],
                        (long long)at[i] + size[i]);
    }
    p->d.shape.size[p->at.height] = size[0];
    p->d.shape.size[p->at.height + 1] = size[1];
    if (p->v.kind != V_TENSOR) return describe(c, p->d.dtype, &p->d.shape, out);
    struct tensor *to = tensor_new(p->d.dtype, &p->d.shape, c->ev->e);
    if (!to) return false;
    copy_part(p->v.tensor, &p->at, at[0], at[1], to);
    to->is_image = p->v.tensor->is_image;
    return *out = value_tensor(to), true;
}

bool fn_crop(struct call *c, struct value *out) {
    struct pictures p;
    int64_t at[2], size[2];
    bool known, done;
    TRY(take_pictures(c, &p, out, &done));
    TRY(size_arg(c, 3, &size[0], &size[1], &known));
    for (int i = 0; i < 2; i++) {
        if (c->args[1 + i].kind == V_UNKNOWN || c->args[1 + i].kind == V_DESC) known = false;
        else TRY(call_int(c, 1 + i, 0, &at[i]));
    }
    if (done || !known) return *out = value_unknown(), true;
    return cut(c, &p, at, size, out);
}

bool fn_center_crop(struct call *c, struct value *out) {
    struct pictures p;
    int64_t size[2];
    bool known, done;
    TRY(take_pictures(c, &p, out, &done));
    TRY(size_arg(c, 1, &size[0], &size[1], &known));
    if (done || !known) return *out = value_unknown(), true;
    int64_t at[2] = {(p.at.h - size[0]) / 2, (p.at.w - size[1]) / 2};
    if (p.at.h >= 0 && p.at.w >= 0 && p.at.h >= size[0] && p.at.w >= size[1])
        return cut(c, &p, at, size, out);
    if (p.at.h < 0 || p.at.w < 0) return cut(c, &p, (int64_t[]){0, 0}, size, out);
    call_fail(c, 0, ERR_SHAPE, "The picture is smaller than the part: %lld x %lld.",
              (long long)p.at.h, (long long)p.at.w);
    return err_hint(c->ev->e, "Make it larger first: .resize(%lldx%lld)", (long long)size[0],
                    (long long)size[1]);
}

/* ---- colours ---- */

static void gray_bytes(const uint8_t *p, int64_t n, int64_t c, uint8_t *to) {
    for (int64_t i = 0; i < n; i++, p += c)
        to[i] = (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 32768u) >> 16);
}

static void gray_floats(const struct tensor *t, int64_t c, struct tensor *to) {
    for (int64_t i = 0; i < to->count; i++)
        tensor_set(to, i,
                   0.299 * tensor_get(t, i * c) + 0.587 * tensor_get(t, i * c + 1) +
                       0.114 * tensor_get(t, i * c + 2));
}

bool fn_gray(struct call *c, struct value *out) {
    struct pictures p;
    bool done;
    if (c->args[0].kind == V_TABLE) return photos_change(c, 0, 0, 0, 1, out);
    TRY(take_pictures(c, &p, out, &done));
    if (done) return true;
    struct shape s = p.d.shape;
    if (s.n - p.at.height == 2) return *out = value_ref(p.v), true; /* grey already */
    if (p.at.c >= 0 && !is_channels(p.at.c)) return no_pictures(c, &p.d.shape);
    s.n--;
    enum dtype type = p.d.dtype == DT_UINT8 || p.d.dtype == DT_FLOAT64 ? p.d.dtype : DT_FLOAT32;
    if (p.v.kind != V_TENSOR) return describe(c, type, &s, out);
    struct tensor *to = tensor_new(type, &s, c->ev->e);
    if (!to) return false;
    if (p.at.c == 1) memcpy(to->data, p.v.tensor->data, (size_t)to->count * dtype_bytes(type));
    else if (type == DT_UINT8) gray_bytes(p.v.tensor->data, to->count, p.at.c, to->data);
    else gray_floats(p.v.tensor, p.at.c, to);
    to->is_image = true;
    return *out = value_tensor(to), true;
}

/* Bytes with height and width are a picture: 0 … 255 becomes 0 … 1. */
bool fn_to_float(struct call *c, struct value *out) {
    struct value v = c->first;
    const struct desc *d = &c->desc;
    if (d->dtype != DT_UINT8 || d->shape.n < 2) return fn_cast(c, DT_FLOAT64, out);
    if (v.kind != V_TENSOR) return describe(c, DT_FLOAT32, &d->shape, out);
    struct tensor *t = tensor_cast(v.tensor, DT_FLOAT32, c->ev->e);
    if (!t) return false;
    float *x = t->data;
    for (int64_t i = 0; i < t->count; i++) x[i] /= 255;
    t->is_image = v.tensor->is_image;
    return *out = value_tensor(t), true;
}
