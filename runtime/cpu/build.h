/* A plan while it is built, and as it is kept. Private to cpu/plan*.c.
 *
 * Lanes: lane 0 makes elements [0, cut) of every value, lane 1 the rest. A step may follow another
 * in the same phase when each of its lanes reads only what the same lane made; otherwise it is a
 * phase later, and between phases the lanes wait for each other. */
#pragma once
#include "group.h"
#include "op/rows.h"
#include "plan.h"
#include "threads.h"

enum space { SPACE_NONE, SPACE_ARENA, SPACE_WEIGHTS, SPACE_CONSTANT, SPACE_INPUT, SPACE_OUTPUT };

/* One node's numbers. */
struct value {
    const struct node *node;
    int32_t root; /* node whose bytes these are: itself unless it is a view */
    int32_t unit; /* step that makes it, while building; -1: leaf, view or virtual */
    int32_t phase;
    int64_t count, cut; /* elements; lane 0's share */
    bool is_virtual;    /* expand or fill, read through a walk by the groups that use it */
    bool needed;        /* has a place in memory */
    bool blocked;       /* only read by the run of steps that makes it: each lane keeps one block of
                           rows at a time */
    size_t lane_bytes;  /* blocked: bytes of a lane's block */
    enum space space;
    size_t bytes, offset; /* in the arena or the weights' block */
    const void *constant;
    int32_t output;      /* SPACE_OUTPUT: which */
    int32_t run;         /* first step of the run that makes it */
    int32_t first, last; /* steps between which the place is taken */
};

enum step_kind {
    STEP_FEED,
    STEP_CALL,
    STEP_PARTIAL, /* each lane's sum over its rows of the batch … */
    STEP_COMBINE, /* … and the sum of the lanes' sums, in the order of the lanes */
    STEP_KERNEL,  /* the same two for the derivative of a kernel, */
    STEP_ADD,     /* in the numbers' own type */
    STEP_OUTPUT,
    STEP_NORM,
    STEP_UPDATE,
    STEP_LEARN, /* a gradient (product, kernel) and its update, block of rows by block of rows */
    STEP_ASSIGN,
    STEP_GONE, /* became part of another */
};

/* Bytes of new numbers that the steps of a phase make for a block of rows before they go on to the
 * next block, and of the weights that they read: what fits into the second cache. */
enum { ROWS_ROOM = 1280 * 1024, LEAST_ROOM = 384 * 1024 };
/* Weights beyond this are read as seldom as possible: their step takes all rows of the lane. */
enum { HEAVY_WEIGHTS = 1024 * 1024 };
enum { LANE_SUM_BYTES = 768 * 1024 }; /* kernels up to this are summed block by block */
/* Bytes of gradient made before the weights move: of products, of convolutions' kernels. */
enum { LEARN_BLOCK = 64 * 1024, LEARN_KERNEL = 512 * 1024 };

struct step {
    enum step_kind kind;
    int32_t phase, id; /* id: of the last node in it; order within a phase */
    struct call call;
    struct group *group;
    int64_t cut; /* lane 0 does units [0, cut) */
    int32_t n_in, n_out;
    int32_t *in, *out;                 /* values by root */
    const void **in_place[PLAN_LANES]; /* where they lie for each lane */
    void **out_place[PLAN_LANES];
    int32_t index; /* which input, output, learn or assign */
    void *sums;    /* (lanes, cols): doubles or int64; KERNEL, ADD: of the result's type */
    int64_t cols;
    int32_t run;      /* this and the following steps, `run` of them, go block by block … */
    int64_t run_rows; /* … of so many rows of the batch */
    /* LEARN: rows of gradient made at a time, and where they lie in the lane's scratch */
    int64_t block_rows;
    size_t block;
};

struct device_plan;

struct plan {
    struct device_plan *device; /* computes everything on a device, and nothing below is used; or
                                   NULL */
    struct arena *memory;       /* everything below */
    struct graph *graph;        /* the one that is run; owned */
    enum dtype dtype;
    int64_t batch, row_cut;
    struct value *values;
    int n_values;
    struct step *steps;
    int n_steps, max_steps, n_phases;
    int prepares;    /* 1: what depends on weights alone has a phase before the data's */
    int first_write; /* first phase that changes weights; stops are not obeyed from there … */
    bool long_write; /* … unless that takes long */
    bool in_place;
    struct update update;
    struct learn_place {
        int64_t offset, count;
        int32_t gradient; /* value */
        double l1, l2;
    } * learn;
    int n_learn;
    struct assign_place {
        int64_t offset, count;
        int32_t value;
    } * assign;
    int n_assign;
    int32_t *outputs; /* values */
    int n_outputs;
    size_t arena_bytes, scratch_bytes;
    struct workspace *workspace;
    /* during a run */
    char *arena;
    const struct plan_io *io;
    void **place;  /* of each value */
    double *norms; /* (n_learn, lanes): sums of squares */
    struct update_args args;
    unsigned faults[PLAN_LANES];
    struct barrier barrier;
    double seconds; /* that the last run took */
    _Atomic bool abort;
};

/* The build, in order; each file one job. */
bool plan_roots(struct plan *p, struct err *e);       /* one value per node; views */
void plan_need(struct plan *p, const struct node *n); /* this node is wanted in memory */
bool plan_values(struct plan *p, struct err *e);      /* leaves, lanes, phases */
bool plan_steps(struct plan *p, struct err *e);       /* groups, calls, order */
bool plan_ends(struct plan *p, struct err *e);        /* outputs, learning, assigns */
bool plan_layout(struct plan *p, size_t memory_limit, struct err *e); /* offsets */

void *plan_alloc(struct plan *p, size_t n, size_t size, struct err *e);
struct step *plan_add_step(struct plan *p, enum step_kind kind, int phase);

/* Phase in which `reader`, whose lane 0 makes `cut` elements of `count`, can use value v. */
int phase_after(const struct plan *p, int v, int64_t cut, int64_t count, bool aligned);
bool is_groupable(const struct node *n);
/* Units that a step is divided into. */
int64_t step_units(const struct plan *p, const struct step *s);
