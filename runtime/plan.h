/* A graph made ready to run: fused, ordered, every buffer at a fixed place in one arena. Immutable.
 * plan_run does no allocation and no shape work.
 *
 * Lanes: a graph whose inputs have the axis SIZE_BATCH is always cut into PLAN_LANES parts of the
 * batch; each thread runs whole lanes; sums over the batch are made per lane and added in lane
 * order. Results therefore do not depend on the number of threads. */
#pragma once
#include "graph.h"
#include <stdatomic.h>

enum { PLAN_LANES = 2 };

/* How learning moves the weights; the numbers' meaning per rule stands in nn/optim.list. */
enum update_rule {
    UPDATE_NONE,
    UPDATE_SGD,
    UPDATE_ADAM,
    UPDATE_RMSPROP,
    UPDATE_ADAGRAD,
    UPDATE_COUNT
};

struct update {
    enum update_rule rule;
    double beta_1, beta_2; /* adam; sgd: beta_1 = momentum; rmsprop: beta_2 = rho; adagrad:
                              beta_1 = the sum of squares to begin with */
    double epsilon;
    bool nesterov;       /* sgd */
    double weight_decay; /* decoupled (AdamW), times the rate */
    double clip_norm;    /* 0 = none; over all learning weights together */
    double clip_value;   /* 0 = none */
};

/* One weight that learns. */
struct learn {
    struct node *weight;   /* an OP_weight node */
    struct node *gradient; /* same shape */
    double l1, l2;         /* penalties: l1*sign(w) + 2*l2*w is added to the gradient */
};

/* A state that a training step moves without a gradient (batch norm's moving averages): after the
 * step the weight holds the value of `value`. */
struct assign {
    struct node *weight;
    struct node *value;
};

/* Memory in which plans compute. Plans that never run at the same time may share one: nothing in it
 * outlives a run. As large as the largest of them needs. Counted; used by one thread at a time. */
struct workspace;
struct workspace *workspace_new(struct err *e); /* empty; on this machine's processor */
struct workspace *workspace_ref(struct workspace *w);
void workspace_unref(struct workspace *w); /* NULL is fine */

struct plan_spec {
    struct graph *graph;         /* must outlive the plan */
    int64_t batch;               /* the number put in place of SIZE_BATCH; 0 if there is none */
    struct node *const *outputs; /* values wanted after each run */
    int n_outputs;
    struct update update; /* rule UPDATE_NONE: nothing learns */
    const struct learn *learn;
    int n_learn;
    const struct assign *assign;
    int n_assign;
    size_t memory_limit; /* bytes; 0 = none. Refused with the number, before allocation */
    bool in_place; /* nothing is copied: every run has room for every output, and its inputs lie as
                      the plan reads them (no rows, no scale, their own type) */
    struct workspace *workspace; /* where it computes: the plan takes a reference. NULL = its own */
};

struct plan;

struct plan *plan_new(const struct plan_spec *spec, struct err *e);
void plan_free(struct plan *p);
size_t plan_arena_bytes(const struct plan *p);
int plan_n_steps(const struct plan *p);
/* A readable listing of the steps, lanes and offsets; for `explain` and tests. */
void plan_print(const struct plan *p, struct text *out);

/* Where one input's rows come from. (`whole` is for devices that keep data.) With rows NULL the
 * data are used as they lie, (batch, …); otherwise example i is row rows[i] of the data. value =
 * data * scale + offset, converted to the input's type on the way. */
struct feed {
    const void *data; /* NULL: the loss's scale, which the device keeps (device.h) */
    enum dtype dtype;
    const int64_t *rows;  /* batch positions, or NULL */
    double scale, offset; /* 1, 0 = as they are */
    const void *whole; /* row 0 of the data set that the rows are of, if it stays the same as long
                          as the workspace; or NULL */
    int64_t n_rows;    /* of the whole */
};

struct plan_io {
    const struct feed *inputs; /* one per graph input, in order */
    void *weights;             /* the block; read, and written when the plan learns or assigns */
    void *slots[2];            /* optimiser state, same layout as weights; NULL if not needed */
    void *const *outputs;      /* one per output: room for its (known) size; NULL = not wanted */
    uint64_t seed;             /* random ops: (seed, stream, step, element) */
    uint64_t step;             /* counts from 0; also adam's time */
    double rate;               /* learning rate of this step */
    const _Atomic bool *stop;  /* may be NULL; looked at at step edges: ERR_INTERRUPT */
    bool later; /* a device need not wait for the outputs: plan_settle brings them at the latest.
                   Faults of the numbers may come then, too */
};

/* Optimiser state: sgd's velocity, rmsprop's mean square and adagrad's sum are slots[0]; adam's m
 * and v are slots[0] and slots[1]. A run that is stopped leaves the weights as they were, unless
 * changing them alone takes longer than a stop may: then they may be half moved, and the caller has
 * its own copy. */
bool plan_run(struct plan *p, const struct plan_io *io, struct err *e);
/* Waits for runs with `later`; their outputs must still have room where they were to go. */
bool plan_settle(struct plan *p, struct err *e);

/* Threads used by plans: chosen at start (cores of this process, at most PLAN_LANES for lanes).
 * Setting is for tests and benchmarks; results do not change. */
int compute_threads(void);
void compute_set_threads(int n);
/* Calls fn for parts 0 … n - 1 on those threads and returns when all are done: for work outside of
 * plans, such as reading pictures. */
void compute_parts(void (*fn)(void *user, int part), void *user, int n);
/* Name of the instruction set chosen at start: "avx512", "avx2" or "plain". */
const char *compute_isa(void);
/* OpenBLAS's own line on its release and kernels (NULL: there is none), and its self-test (two
 * threads, one known product). Without a sound OpenBLAS our own kernels compute all products. */
const char *compute_blas_config(void);
bool compute_blas_selftest(void);
