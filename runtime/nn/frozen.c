/* Features of a model's frozen part, computed once. */
#include "frozen.h"
#include "../base/pool.h"
#include "../op/passes.h"
#include "base/room.h"
#include "evaluate.h"
#include <stdio.h>
#include <string.h>

enum { MAX_SETS = 4 }; /* training and validation, each as trained on and as measured */

/* The features of one set of examples. */
struct feature_set {
    const struct examples *examples;
    struct graph *graph; /* the frozen part, until it has been computed */
    int n;
    uint64_t keys[PREFIX_MAX_FEATURES];
    struct tensor *tensors[PREFIX_MAX_FEATURES]; /* (examples, …) */
    struct pass pass;
};

struct frozen {
    bool *moves;
    struct workspace *workspace;
    int n_sets;
    struct feature_set sets[MAX_SETS];
    size_t bytes; /* of all sets */
    char note[256];
};

struct frozen *frozen_new(bool *moves, struct workspace *workspace, struct err *e) {
    struct frozen *f = pool_need(sizeof *f, e);
    if (!f) {
        pool_free(moves);
        return NULL;
    }
    f->moves = moves;
    f->workspace = workspace_ref(workspace);
    return f;
}

static void set_done(struct feature_set *s) {
    pass_clear(&s->pass);
    graph_free(s->graph);
    s->graph = NULL;
}

void frozen_free(struct frozen *f) {
    if (!f) return;
    for (int i = 0; i < f->n_sets; i++) {
        set_done(&f->sets[i]);
        for (int k = 0; k < f->sets[i].n; k++) tensor_unref(f->sets[i].tensors[k]);
    }
    workspace_unref(f->workspace);
    pool_free(f->moves);
    pool_free(f);
}

bool frozen_kept(const struct frozen *f) {
    return f && f->n_sets > 0;
}

const char *frozen_note(const struct frozen *f) {
    return f && *f->note ? f->note : NULL;
}

/* ---- making room ---- */

static struct shape shape_for(const struct node *feature, int64_t n) {
    struct shape s = feature->desc.shape;
    s.size[0] = n;
    return s;
}

/* Bytes of the features of n examples; SIZE_MAX when that is no number. */
static size_t bytes_of(const struct prefix *p, int64_t n) {
    size_t sum = 0;
    for (int i = 0; i < p->n_features; i++) {
        struct shape s = shape_for(p->features[i], n);
        struct err ignored = {0};
        int64_t count;
        size_t bytes;
        if (!shape_count(&s, &count, &ignored) ||
            __builtin_mul_overflow((size_t)count, sizeof(float), &bytes) ||
            __builtin_add_overflow(sum, bytes, &sum))
            return SIZE_MAX;
    }
    return sum;
}

static bool fits(struct frozen *f, size_t bytes) {
    size_t room = room_left(), taken = f->bytes;
    size_t left = room == SIZE_MAX ? SIZE_MAX : (room > taken ? room - taken : 0) / 2;
    if (bytes <= left) return true;
    snprintf(f->note, sizeof f->note,
             "What the frozen part makes of the examples would take %.3g GB, and %.3g GB of memory "
             "are free, so it is computed anew in each epoch. Freezing one layer more, such as a "
             "pooling layer, often leaves fewer numbers.",
             (double)bytes / 1e9, (double)room / 1e9);
    return false;
}

/* The same features of the same examples, as another graph has asked for them. */
static struct feature_set *find_set(struct frozen *f, const struct examples *examples,
                                    const struct prefix *p) {
    for (int i = 0; i < f->n_sets; i++) {
        struct feature_set *s = &f->sets[i];
        size_t keys = (size_t)p->n_features * sizeof *p->keys;
        if (s->examples == examples && s->n == p->n_features && !memcmp(s->keys, p->keys, keys))
            return s;
    }
    return NULL;
}

/* Takes over the graph in which the prefix lies. */
static struct feature_set *add_set(struct frozen *f, struct graph *graph,
                                   const struct examples *examples, const struct prefix *p,
                                   int64_t batch, int n_inputs, struct err *e) {
    struct feature_set *s = &f->sets[f->n_sets++];
    int64_t n = examples_count(examples);
    *s = (struct feature_set){.examples = examples, .graph = graph};
    for (int i = 0; i < p->n_features; i++) {
        struct shape shape = shape_for(p->features[i], n);
        s->keys[i] = p->keys[i];
        if (!(s->tensors[i] = tensor_new(p->features[i]->desc.dtype, &shape, e))) return NULL;
        s->n++;
    }
    f->bytes += bytes_of(p, n);
    struct plan_spec spec = {.graph = graph,
                             .outputs = p->features,
                             .n_outputs = p->n_features,
                             .memory_limit = room_left(),
                             .workspace = f->workspace};
    return pass_init(&s->pass, &spec, examples->inputs, n_inputs, n, batch, e) ? s : NULL;
}

/* ---- splitting ---- */

enum { MAX_ROOTS = 2 * MODEL_MAX_ASSIGNS + MODEL_MAX_PORTS };

static bool find(const struct frozen *f, const struct objective *o, struct node **all, int n,
                 struct prefix *p, struct err *e) {
    *p = (struct prefix){0};
    if (!f || *f->note || f->n_sets == MAX_SETS) return true;
    return prefix_find(o->graph, all, n, f->moves, p, e);
}

static bool cut(struct frozen *f, struct objective *o, const struct examples *examples,
                int64_t batch, struct node **all, int n, const struct prefix *p,
                struct tensor **data, int *n_data, struct err *e) {
    struct feature_set *s = find_set(f, examples, p);
    if (!s && !fits(f, bytes_of(p, examples_count(examples)))) return true;
    struct graph *rest = pass_prefix(o->graph, all, n, p, e), *old = o->graph;
    if (!rest) return false;
    o->graph = rest;
    if (s) graph_free(old);
    else TRY(s = add_set(f, old, examples, p, batch, model_n_inputs(o->model), e));
    *n_data = 0;
    for (int i = 0; i < p->n_inputs; i++) data[(*n_data)++] = examples->inputs[p->inputs[i]];
    for (int i = 0; i < s->n; i++) data[(*n_data)++] = s->tensors[i];
    return true;
}

bool frozen_split(struct frozen *f, struct objective *o, const struct examples *examples,
                  int64_t batch, struct node **roots, int n_roots, struct tensor **data,
                  int *n_data, struct err *e) {
    struct node *all[MAX_ROOTS];
    struct prefix p;
    int n_outputs = o->model->n_outputs[o->training], n = n_outputs + n_roots;
    *n_data = o->model->n_inputs[o->training];
    for (int i = 0; i < *n_data; i++) data[i] = examples->inputs[i];
    for (int i = 0; i < n; i++) all[i] = i < n_outputs ? o->outputs[i] : roots[i - n_outputs];
    TRY(find(f, o, all, n, &p, e));
    if (!p.n_features) return true;
    TRY(cut(f, o, examples, batch, all, n, &p, data, n_data, e));
    for (int i = 0; i < n; i++) *(i < n_outputs ? &o->outputs[i] : &roots[i - n_outputs]) = all[i];
    return true;
}

/* ---- computing ---- */

static bool fill_set(struct feature_set *s, const struct weights *w, const _Atomic bool *stop,
                     struct err *e) {
    /* a plan that learns nothing only reads the weights */
    struct plan_io io = {.weights = w->data, .stop = stop};
    for (int64_t b = 0; b < pass_n_batches(&s->pass); b++) {
        void *rooms[PREFIX_MAX_FEATURES];
        int64_t count;
        for (int i = 0; i < s->n; i++)
            rooms[i] = (char *)s->tensors[i]->data +
                       (size_t)(b * s->pass.batch) * tensor_row_bytes(s->tensors[i]);
        io.outputs = rooms;
        TRY(pass_run(&s->pass, b, NULL, &io, &count, e));
    }
    set_done(s);
    return true;
}

bool frozen_fill(struct frozen *f, const struct weights *w, const _Atomic bool *stop,
                 struct err *e) {
    for (int i = 0; f && i < f->n_sets; i++)
        if (f->sets[i].graph) TRY(fill_set(&f->sets[i], w, stop, e));
    return true;
}
