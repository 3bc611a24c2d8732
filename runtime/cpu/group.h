/* Elementwise operations that run together: tile by tile of a few kilobytes, so that everything
 * between their inputs and their results stays in the first cache. Each step is a kernel on a tile.
 * Private to cpu/. */
#pragma once
#include "call.h"

enum { GROUP_TILE = 1024, GROUP_MAX_STEPS = 48, GROUP_MAX_INPUTS = 24, GROUP_MAX_OUTPUTS = 12 };

enum value_kind {
    VALUE_WHOLE,  /* an input with an element for each result */
    VALUE_NUMBER, /* an input that is one number, repeated */
    VALUE_WALK,   /* an input that is read through a walk into a tile */
    VALUE_CYCLE,  /* an input that is repeated over and over: biases */
    VALUE_TILE,   /* made by a step, lives in a tile */
    VALUE_RESULT, /* made by a step, wanted outside */
    VALUE_FILL,   /* attrs.a everywhere */
};

struct group_value {
    enum value_kind kind;
    uint8_t bytes; /* of an element */
    enum dtype dtype;
    int16_t place;    /* which input, which result, which tile */
    int16_t tile;     /* NUMBER, WALK, CYCLE, FILL: the tile it is read into */
    double number;    /* FILL */
    struct walk walk; /* WALK; CYCLE: its last axis is the cycle */
};

struct group_step {
    elem_fn fn;
    int16_t out, second; /* values; second: -1 unless fn has two results */
    int16_t in[3];
    struct elem_arg arg;
};

struct group {
    int n_values, n_steps, n_in, n_out, n_tiles;
    size_t tile_bytes;
    bool streams;  /* the results are larger than the caches: they go to memory past them */
    int64_t count; /* elements of the results */
    struct group_value values[GROUP_MAX_INPUTS + GROUP_MAX_STEPS];
    struct group_step steps[GROUP_MAX_STEPS];
    int16_t last_use[GROUP_MAX_INPUTS + GROUP_MAX_STEPS];
};

/* Build: inputs, steps, then group_finish. Each returns the value's number, or -1 when full or when
 * there is no kernel for the type. */
void group_init(struct group *g, int64_t count);
int group_input(struct group *g, enum dtype t, int64_t input_count);
int group_input_walk(struct group *g, enum dtype t, const struct walk *w);
int group_fill(struct group *g, enum dtype t, double number);
int group_op(struct group *g, enum op op, enum dtype out, const int *in, int n_in,
             const struct attrs *attrs);
int group_cast(struct group *g, int value, enum dtype to);
void group_result(struct group *g, int value); /* results are numbered in the order of the calls */
/* Gives every value that is needed a tile; makes the call. */
void group_finish(struct group *g, struct call *c);
/* After group_finish: the results lie in memory for good, not in a block that is read at once.
 * Large ones then go past the caches. */
void group_stream(struct group *g, struct call *c);
