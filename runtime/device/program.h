/* Graphs made into programs for a backend (backend.h): passes, groups of elementwise operations,
 * order, and a place for every value. Private to device/. */
#pragma once
#include "backend.h"
#include "plan.h"

struct arena;

/* One node while the program is made. */
struct draft {
    const struct node *node;
    int32_t root;  /* node whose bytes these are: itself unless it is a view */
    int32_t level; /* computed after everything of smaller levels */
    int64_t count;
    bool is_virtual;     /* expand or fill: read by groups where it is used */
    bool needed;         /* must be in memory at the end */
    bool outside;        /* somebody besides its own group reads it */
    int32_t unit;        /* group or operation that makes it */
    int32_t first, last; /* steps between which its place is taken */
};

struct builder {
    struct arena *memory;
    struct graph *graph;
    struct draft *drafts;
    struct program_value *values; /* one per node */
    struct program_step *steps;
    int n, n_steps, max_steps;
    int64_t batch;
    uint64_t constant_bytes;
};

struct built {
    struct arena *memory;
    struct graph *graph;
    struct program program;
    uint64_t constant_bytes;
    int64_t batch;
};

/* Refuses what no backend of this kind computes (float64 graphs, 2^31 numbers in one tensor). */
bool program_build(const struct plan_spec *spec, struct built *out, struct err *e);
void program_clear(struct built *b);
/* A line for each step. */
void program_print(const struct program *p, struct text *out);

/* The jobs, in order. */
bool builder_drafts(struct builder *b, struct node *const *roots, int n_roots, struct err *e);
bool builder_steps(struct builder *b, struct err *e);
bool builder_layout(struct builder *b, struct program *p, struct err *e);
bool is_elementwise(const struct node *n);
bool is_leaf_node(const struct node *n);
void *builder_alloc(struct builder *b, size_t n, size_t size, struct err *e);
