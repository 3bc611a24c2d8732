/* Boxes around objects in pictures: [n, 4] numbers left, top, right, bottom. How much two of them
 * overlap, which of many that overlap is kept, and what a detector's grid says in pixels. */
#include "fn.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct box {
    double left, top, right, bottom;
};

static double area(const struct box *b) {
    return fmax(b->right - b->left, 0) * fmax(b->bottom - b->top, 0);
}

/* Intersection over union: 0 apart, 1 the same. */
static double overlap(const struct box *a, const struct box *b) {
    struct box both = {fmax(a->left, b->left), fmax(a->top, b->top), fmin(a->right, b->right),
                       fmin(a->bottom, b->bottom)};
    double shared = area(&both), all = area(a) + area(b) - shared;
    return all > 0 ? shared / all : 0;
}

/* Argument i: [n, 4], or [4] for one box. */
static bool take_boxes(struct call *c, int i, struct tensor **out) {
    char text[128];
    TRY(call_floats(c, i, out));
    const struct shape *s = &(*out)->shape;
    bool fits = (s->n == 2 && s->size[1] == 4) || (s->n == 1 && s->size[0] == 4);
    if (fits) return true;
    call_fail(c, i, ERR_SHAPE, "Boxes are [n, 4]: left, top, right, bottom of each.");
    err_label(c->ev->e, "is %s", shape_print(s, text, sizeof text));
    tensor_unref(*out);
    return false;
}

bool fn_iou(struct call *c, struct value *out) {
    struct tensor *a, *b, *made;
    TRY(take_boxes(c, 0, &a));
    if (!take_boxes(c, 1, &b)) return tensor_unref(a), false;
    struct shape s = {0};
    if (a->shape.n == 2) s.axis[s.n] = a->shape.axis[0], s.size[s.n++] = a->count / 4;
    if (b->shape.n == 2) s.axis[s.n] = b->shape.axis[0], s.size[s.n++] = b->count / 4;
    int64_t n = a->count / 4, m = b->count / 4;
    if (s.n == 2 && s.axis[0] == s.axis[1]) s.axis[1] = NULL;
    made = tensor_new(DT_FLOAT64, &s, c->ev->e);
    const struct box *x = a->data, *y = b->data;
    for (int64_t i = 0; made && i < n; i++)
        for (int64_t k = 0; k < m; k++) ((double *)made->data)[i * m + k] = overlap(&x[i], &y[k]);
    tensor_unref(a);
    tensor_unref(b);
    if (!made) return false;
    *out = value_tensor(made);
    return true;
}

/* ---- non-maximum suppression ---- */

struct candidate {
    double score;
    int64_t row;
};

/* The highest score first, of equal ones the earlier. */
static int by_score(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

struct suppression {
    const struct box *boxes;
    const double *scores, *classes; /* classes: NULL = all the same */
    int64_t n, most;
    double overlap, confidence;
};

static bool is_hidden(const struct suppression *s, const int64_t *kept, int64_t n, int64_t row) {
    for (int64_t i = 0; i < n; i++) {
        bool same = !s->classes || s->classes[kept[i]] == s->classes[row];
        if (same && overlap(&s->boxes[kept[i]], &s->boxes[row]) > s->overlap) return true;
    }
    return false;
}

/* Rows that are kept, into `kept`; how many. */
static int64_t suppress(const struct suppression *s, struct candidate *order, int64_t *kept) {
    int64_t n = 0, found = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->scores[i] >= s->confidence) order[found++] = (struct candidate){s->scores[i], i};
    qsort(order, (size_t)found, sizeof *order, by_score);
    for (int64_t i = 0; i < found && n < s->most; i++)
        if (!is_hidden(s, kept, n, order[i].row)) kept[n++] = order[i].row;
    return n;
}

static bool kept_rows(struct call *c, const struct suppression *s, struct value *out) {
    struct candidate *order = pool_need((size_t)s->n * sizeof *order + 1, c->ev->e);
    int64_t *kept = order ? pool_need((size_t)s->n * sizeof *kept + 1, c->ev->e) : NULL;
    int64_t n = kept ? suppress(s, order, kept) : 0;
    struct shape shape = shape_of(1, &n);
    struct tensor *made = kept ? tensor_new(DT_INT64, &shape, c->ev->e) : NULL;
    if (made) memcpy(made->data, kept, (size_t)n * sizeof *kept);
    pool_free(order);
    pool_free(kept);
    if (!made) return false;
    *out = value_tensor(made);
    return true;
}

/* A number for each box. */
static bool take_numbers(struct call *c, int i, int64_t n, struct tensor **out) {
    TRY(call_floats(c, i, out));
    if ((*out)->count == n) return true;
    call_fail(c, i, ERR_SHAPE, "There are %lld boxes, and %lld numbers here.", (long long)n,
              (long long)(*out)->count);
    tensor_unref(*out);
    *out = NULL;
    return false;
}

bool fn_nms(struct call *c, struct value *out) {
    struct tensor *boxes, *scores = NULL, *classes = NULL;
    struct suppression s = {0};
    TRY(take_boxes(c, 0, &boxes));
    s.n = boxes->count / 4;
    bool ok = take_numbers(c, 1, s.n, &scores) &&
              (!call_has(c, 2) || take_numbers(c, 2, s.n, &classes)) &&
              call_number(c, 3, 0.5, &s.overlap) && call_number(c, 4, -INFINITY, &s.confidence) &&
              call_int(c, 5, INT64_MAX, &s.most);
    if (ok) {
        s.boxes = boxes->data;
        s.scores = scores->data;
        s.classes = classes ? classes->data : NULL;
        ok = kept_rows(c, &s, out);
    }
    tensor_unref(boxes);
    tensor_unref(scores);
    tensor_unref(classes);
    return ok;
}

/* ---- from a grid of cells ---- */

struct cells {
    int64_t rows, columns, per_cell; /* anchors */
    double height, width;            /* of the picture */
};

/* One number for both sides, or height x width. */
static bool picture_size(struct call *c, int i, struct cells *g) {
    struct tensor *t;
    TRY(call_floats(c, i, &t));
    int64_t n = t->count;
    if (n == 1 || n == 2) {
        g->height = tensor_get(t, 0);
        g->width = tensor_get(t, n - 1);
    }
    tensor_unref(t);
    return n == 1 || n == 2 ||
           call_fail(c, i, ERR_ARGUMENT, "A size is height x width: size=224x224.");
}

/* x, y: the place of the middle in its cell, 0 … 1; w, h: shares of the picture. */
static void decode(const struct cells *g, const double *from, struct box *to) {
    for (int64_t i = 0; i < g->rows * g->columns * g->per_cell; i++, from += 4) {
        int64_t cell = i / g->per_cell;
        double x = ((double)(cell % g->columns) + from[0]) / (double)g->columns * g->width;
        double y = ((double)(cell / g->columns) + from[1]) / (double)g->rows * g->height;
        double w = from[2] * g->width / 2, h = from[3] * g->height / 2;
        to[i] = (struct box){x - w, y - h, x + w, y + h};
    }
}

bool fn_boxes(struct call *c, struct value *out) {
    struct tensor *x, *made;
    struct cells g = {.height = 1, .width = 1};
    char text[128];
    TRY(call_floats(c, 0, &x));
    struct shape s = x->shape;
    bool grid = (s.n == 3 || s.n == 4) && s.size[s.n - 1] == 4;
    bool list = s.n == 2 && s.size[1] == 4;
    bool ok = true;
    if (!grid && !list) {
        ok =
            call_fail(c, 0, ERR_SHAPE,
                      "boxes reads [n, 4], or a grid [row, column, 4] or [row, column, anchor, 4]: "
                      "x, y, width, height of each.");
        err_label(c->ev->e, "is %s", shape_print(&s, text, sizeof text));
    }
    ok = ok && (!call_has(c, 1) || picture_size(c, 1, &g));
    g.rows = grid ? s.size[0] : 1;
    g.columns = grid ? s.size[1] : 1;
    int64_t n_cells = g.rows * g.columns;
    g.per_cell = n_cells > 0 ? x->count / 4 / n_cells : 0;
    struct shape flat = shape_of(2, (int64_t[]){x->count / 4, 4});
    if (list) flat.axis[0] = s.axis[0];
    made = ok ? tensor_new(DT_FLOAT64, &flat, c->ev->e) : NULL;
    if (made) decode(&g, x->data, made->data);
    tensor_unref(x);
    if (!made) return false;
    *out = value_tensor(made);
    return true;
}
