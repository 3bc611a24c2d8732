/* Several plots or pictures: side by side, shown at once, or one after the other. */
#include "plot_args.h"
#include "nn/augment.h"
#include "fn_photos.h"
#include <math.h>
#include <string.h>

enum { GRID_MOST = 256 };

/* A batch of pictures [n, h, w] or [n, h, w, 1|3|4]? */
static bool is_batch(struct value v) {
    if (v.kind != V_TENSOR) return false;
    const struct shape *s = &v.tensor->shape;
    if (s->n == 4) return s->size[3] == 1 || s->size[3] == 3 || s->size[3] == 4;
    return s->n == 3 && s->size[0] >= 1 && s->size[1] >= 4 && s->size[2] >= 4;
}

/* One picture, also [height, width, 3] of a batch, whose axes have no names. */
static bool is_picture(struct value v) {
    if (v.kind != V_TENSOR) return false;
    const struct shape *s = &v.tensor->shape;
    return tensor_n_pictures(v.tensor) == 1 || (s->n == 3 && (s->size[2] == 3 || s->size[2] == 4));
}

/* A picture as a plot without axes; takes the reference. */
static struct plot *bare_picture(struct tensor *z, struct err *e) {
    struct plot *p = plot_new(e);
    struct mark m = {.kind = MARK_IMAGE, .z = z, .opacity = 1};
    if (!p) return tensor_unref(z), NULL;
    p->no_axes = true;
    if (plot_add(p, &m, e)) return p;
    plot_unref(p);
    return NULL;
}

/* What stands in the grid, one after the other. */
struct items {
    struct plot *plots[GRID_MOST]; /* references */
    int n;
    bool plain; /* pictures and nothing else */
};

static bool add_plot(struct call *c, struct items *all, struct plot *p) {
    if (!p) return false;
    if (all->n < GRID_MOST) return all->plots[all->n++] = p, true;
    plot_unref(p);
    return call_fail(c, -1, ERR_VALUE, "A grid has at most %d plots.", GRID_MOST);
}

/* A plot, a picture, or the pictures of a batch. */
static bool add_item(struct call *c, struct items *all, struct value v) {
    if (v.kind == V_PLOT) return all->plain = false, add_plot(c, all, plot_ref(v.plot));
    bool batch = is_batch(v) && !is_picture(v);
    if (!batch && !is_picture(v))
        return call_fail(c, -1, ERR_TYPE,
                         "grid puts plots and pictures side by side, and one of these is %s.",
                         value_kind_words(v.kind));
    if (!batch) return add_plot(c, all, bare_picture(tensor_ref(v.tensor), c->ev->e));
    for (int64_t k = 0; k < v.tensor->shape.size[0]; k++) {
        struct value item;
        TRY(iterate_item(c->ev, v, k, &item));
        TRY(add_plot(c, all, bare_picture(item.tensor, c->ev->e)));
    }
    return true;
}

static bool add_items(struct call *c, struct items *all) {
    for (int i = 0; i < c->n_rest; i++) {
        struct value v = c->actuals[c->rest[i]].value;
        if (v.kind != V_LIST) TRY(add_item(c, all, v));
        for (int k = 0; v.kind == V_LIST && k < v.list->n; k++)
            TRY(add_item(c, all, v.list->items[k]));
    }
    return true;
}

static bool share_of(struct call *c, struct figure *f) {
    int i, axes;
    if (!plot_given(c, "share", &i)) return true;
    TRY(call_choice(c, i, &axes));
    f->share_x = axes != 1; /* x, y, xy */
    f->share_y = axes != 0;
    return true;
}

static struct figure *grid_of(struct call *c, struct items *all) {
    int64_t columns;
    if (!add_items(c, all)) return NULL;
    if (!call_int(c, plot_named(c, "columns"), all->plain ? 8 : 2, &columns)) return NULL;
    if (all->n == 0 || columns < 1) {
        call_fail(c, -1, ERR_ARGUMENT, "grid needs plots, and at least one column.");
        return NULL;
    }
    struct figure *f = figure_new(all->n, (int)(columns < all->n ? columns : all->n), c->ev->e);
    if (!f) return NULL;
    for (int i = 0; i < all->n; i++) f->plots[i] = plot_ref(all->plots[i]);
    f->gallery = all->plain;
    f->title = call_name(c, plot_named(c, "title"));
    if (share_of(c, f)) return f;
    figure_unref(f);
    return NULL;
}

bool fn_grid(struct call *c, struct value *out) {
    struct items *all = pool_zalloc(sizeof *all);
    if (!all) return err_memory(c->ev->e, sizeof *all);
    all->plain = true;
    struct figure *f = grid_of(c, all);
    for (int i = 0; i < all->n; i++) plot_unref(all->plots[i]);
    pool_free(all);
    if (f) *out = (struct value){.kind = V_FIGURE, .figure = f};
    return f != NULL;
}

/* ---- animate ---- */

enum { FRAMES_MOST = 2000 };

/* A plot, or a picture as one. */
static struct plot *frame_of(struct call *c, struct value v) {
    if (v.kind == V_PLOT) return plot_ref(v.plot);
    bool picture = is_picture(v);
    if (!picture) {
        call_fail(c, 0, ERR_TYPE, "A frame is a plot or a picture, and this is %s.",
                  value_kind_words(v.kind));
        return NULL;
    }
    return bare_picture(tensor_ref(v.tensor), c->ev->e);
}

/* Frame i: element i of a list or of a batch of pictures, or what a function of i gives. */
static bool take_frame(struct call *c, struct value from, int64_t i, struct plot **out) {
    struct value v, number = value_int(i);
    bool made = from.kind == V_FUNCTION || from.kind == V_BUILTIN;
    TRY(made ? call_simple(c->ev, from, &number, 1, c->at, &v) : iterate_item(c->ev, from, i, &v));
    *out = frame_of(c, v);
    value_unref(v);
    return *out != NULL;
}

static bool count_frames(struct call *c, struct value from, int64_t *n) {
    bool made = from.kind == V_FUNCTION || from.kind == V_BUILTIN;
    if (made && !call_has(c, 1))
        return call_fail(c, -1, ERR_ARGUMENT,
                         "A function of the frame's number needs to know how many: "
                         "animate(f, n=40).");
    TRY(made ? call_int(c, 1, 0, n) : iterate_count(c->ev, from, c->spans[0], n));
    return (*n >= 1 && *n <= FRAMES_MOST) ||
           call_fail(c, made ? 1 : 0, ERR_VALUE,
                     "An animation has 1 to %d frames, and this has %lld.", FRAMES_MOST,
                     (long long)*n);
}

bool fn_animate(struct call *c, struct value *out) {
    int64_t n;
    double seconds;
    TRY(count_frames(c, c->args[0], &n));
    TRY(call_number(c, 2, 0.1, &seconds));
    if (!(seconds >= 0.01 && seconds <= 60))
        return call_fail(c, 2, ERR_VALUE, "A frame stays 0.01 to 60 seconds.");
    struct figure *f = figure_new((int)n, 1, c->ev->e);
    if (!f) return false;
    f->animation = true;
    f->seconds = seconds;
    f->title = call_name(c, 3);
    for (int64_t i = 0; i < n; i++) {
        bool ok = !stopped(c->ev, c->at) && take_frame(c, c->args[0], i, &f->plots[i]);
        if (!ok) return figure_unref(f), false;
    }
    *out = (struct value){.kind = V_FIGURE, .figure = f};
    return true;
}

/* ---- show ---- */

static bool gallery_rows(struct call *c, struct figure *f, int64_t columns) {
    int at = 0;
    for (int i = 0; i < c->n_rest; i++) {
        struct value v = c->actuals[c->rest[i]].value;
        int64_t n = v.tensor->shape.size[0];
        for (int64_t k = 0; k < columns; k++) {
            struct plot *p = plot_new(c->ev->e);
            struct value item;
            if (!p) return false;
            f->plots[at++] = p;
            p->no_axes = true;
            if (k >= n) continue;
            TRY(iterate_item(c->ev, v, k, &item));
            struct mark m = {.kind = MARK_IMAGE, .opacity = 1, .z = item.tensor};
            TRY(plot_add(p, &m, c->ev->e));
        }
    }
    return true;
}

enum { GALLERY_WIDTH = 20 };

static bool row_labels(struct call *c, struct figure *f) {
    int i = plot_named(c, "rows");
    if (!call_has(c, i)) return true;
    if (c->args[i].kind != V_LIST || c->args[i].list->n != c->n_rest)
        return call_fail(c, i, ERR_ARGUMENT,
                         "`rows` is a list with one text for each row of pictures.");
    f->row_labels = pool_need((size_t)c->n_rest * sizeof *f->row_labels, c->ev->e);
    if (!f->row_labels) return false;
    f->n_row_labels = c->n_rest;
    for (int k = 0; k < c->n_rest; k++) {
        struct value v = c->args[i].list->items[k];
        f->row_labels[k] = v.kind == V_TEXT ? intern(value_str(&v)) : "";
    }
    return true;
}

/* One batch: wrapped. */
static bool wrapped(struct call *c, struct value *out) {
    int64_t columns;
    int i = plot_named(c, "columns");
    TRY(call_int(c, i, 0, &columns));
    if (call_has(c, i) && (columns < 1 || columns > 100))
        return call_fail(c, i, ERR_VALUE, "From 1 to 100 columns.");
    struct tensor *batch = c->actuals[c->rest[0]].value.tensor;
    struct figure *f =
        figure_gallery(&batch, 1, NULL, 0, call_name(c, plot_named(c, "title")), c->ev->e);
    if (!f) return false;
    if (columns > 0) f->columns = (int)columns;
    *out = (struct value){.kind = V_FIGURE, .figure = f};
    return row_labels(c, f) || (figure_unref(f), false);
}

static bool gallery(struct call *c, struct value *out) {
    int64_t columns = 0;
    if (c->n_rest == 1 && tensor_n_pictures(c->actuals[c->rest[0]].value.tensor) > 0)
        return wrapped(c, out);
    for (int i = 0; i < c->n_rest; i++) {
        int64_t n = c->actuals[c->rest[i]].value.tensor->shape.size[0];
        if (n > columns) columns = n;
    }
    if (columns > GALLERY_WIDTH) columns = GALLERY_WIDTH;
    struct figure *f = figure_new(c->n_rest * (int)columns, (int)columns, c->ev->e);
    if (!f) return false;
    f->gallery = true;
    f->title = call_name(c, plot_named(c, "title"));
    if (!gallery_rows(c, f, columns) || !row_labels(c, f)) return figure_unref(f), false;
    *out = (struct value){.kind = V_FIGURE, .figure = f};
    return true;
}

/* A batch that is given up, as a gallery. */
static bool show_pictures(struct call *c, struct tensor *batch, const char *title) {
    const struct engine_observer *o = c->ev->observer;
    struct figure *f = figure_gallery(&batch, 1, NULL, 0, title, c->ev->e);
    tensor_unref(batch);
    if (!f) return false;
    f->columns = 8;
    struct value v = {.kind = V_FIGURE, .figure = f};
    o->show(o->user, v, title, false);
    value_unref(v);
    return true;
}

/* The picture of a row of photos, train_set[0]; other values stay. */
static struct value picture_of_row(struct value v) {
    for (int i = 0; v.kind == V_RECORD && i < v.record->n; i++)
        if (v.record->items[i].kind == V_TENSOR && v.record->items[i].tensor->shape.n >= 2)
            return v.record->items[i];
    return v;
}

/* show([RandomFlip(…), …], image): the image, then eight versions of it as training would see them.
 * *ours = false: the arguments are something else. */
static bool versions(struct call *c, struct tensor **out, bool *ours) {
    enum { VERSIONS = 8, MOST = 8 };
    const struct config *layers[MOST];
    struct value list = c->n_rest == 2 ? c->actuals[c->rest[0]].value : value_none();
    struct value image = c->n_rest == 2 ? c->actuals[c->rest[1]].value : value_none();
    *ours = list.kind == V_LIST && list.list->n > 0 && list.list->n <= MOST &&
            list.list->items[0].kind == V_CONFIG;
    for (int i = 0; *ours && i < list.list->n; i++) {
        struct value v = list.list->items[i];
        *ours = v.kind == V_CONFIG && is_augmentation(v.config);
        layers[i] = v.config;
    }
    if (!*ours) return true;
    image = picture_of_row(image);
    if (image.kind != V_TENSOR || image.tensor->shape.n < 2 || image.tensor->shape.n > 3)
        return call_fail(c, -1, ERR_ARGUMENT,
                         "show(augment, image) takes one image: [height, width] or [height, width, "
                         "channel].");
    *out =
        augment_image(layers, list.list->n, image.tensor, VERSIONS, next_stream(c->ev), c->ev->e);
    return *out != NULL;
}

/* A table of pictures shows them. */
static bool show_one(struct call *c, struct value v, const char *title) {
    const struct engine_observer *o = c->ev->observer;
    int column = photos_column(v);
    struct value f;
    if (column < 0) return o->show(o->user, v, title, false), true;
    TRY(photos_figure(v.table, column, &f, c->ev->e));
    o->show(o->user, f, title, false);
    value_unref(f);
    return true;
}

bool fn_show(struct call *c, struct value *out) {
    const struct engine_observer *o = c->ev->observer;
    bool pictures = c->n_rest > 0;
    *out = value_none();
    if (!o->show) return true;
    const char *title = call_name(c, plot_named(c, "title"));
    struct tensor *changed = NULL;
    bool ours;
    TRY(versions(c, &changed, &ours));
    if (ours) return show_pictures(c, changed, title);
    for (int i = 0; i < c->n_rest; i++)
        pictures = pictures && is_batch(c->actuals[c->rest[i]].value);
    if (pictures) {
        struct value f;
        TRY(gallery(c, &f));
        o->show(o->user, f, title, false);
        value_unref(f);
        return true;
    }
    for (int i = 0; i < c->n_rest; i++)
        TRY(show_one(c, c->actuals[c->rest[i]].value, i ? NULL : title));
    return true;
}
