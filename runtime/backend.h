/* The door to a backend: a module opened at run time that computes whole plans on another device.
 * C only, versioned; the module gets data (a program) and calls nothing of the runtime, so it is
 * linked to nothing, and the runtime is not linked to it.
 *
 * Life: api = entry(), probe, open, then buffers and plans. A plan is built from a program (what to
 * compute, in order, every number at an offset), bound to addresses, and launched as often as
 * wanted with the same addresses. One thread at a time. All functions that can fail return a status
 * and leave a sentence in last_error. */
#pragma once
#include "graph.h"
#include "plan.h"
#include <stddef.h>

enum { BACKEND_ABI = 2 };
#define BACKEND_ENTRY "awml_backend"

enum backend_status {
    BACKEND_OK,
    BACKEND_NO_MEMORY, /* on the device */
    BACKEND_CANNOT,    /* the plan needs something that the backend does not have */
    BACKEND_FAILED,    /* the device or its driver reported an error */
};

/* What doctor and the training's header say. Empty texts: not known. */
struct backend_info {
    char device[128];  /* "NVIDIA T4" */
    char driver[64];   /* "CUDA 12.4" */
    char toolkit[64];  /* what the module was built with: "CUDA 13.0" */
    char problem[512]; /* why it cannot be used, and what to do; empty: it can */
    bool present;      /* there is a device, whether it can be used or not */
    int n_devices;
    int capability;  /* compute capability, 75 for 7.5 */
    uint64_t memory; /* bytes */
};

/* What large products and convolutions multiply; sums and everything in memory are float32. Which
 * of them a card has follows from its capability (device.h). */
enum backend_products { PRODUCTS_FLOAT32, PRODUCTS_TF32, PRODUCTS_HALF, PRODUCTS_BF16 };

/* ---- programs ---- */

enum program_space { IN_ARENA, IN_WEIGHTS, IN_CONSTANTS };

struct program_value {
    enum dtype dtype;
    struct shape shape;
    int64_t count;
    enum program_space space;
    uint64_t offset; /* bytes */
};

/* Elementwise operations that run together on `count` elements: values of inputs come first in the
 * registers, then each code writes one. */
enum { ELEM_INPUTS = 12, ELEM_CODES = 40, ELEM_OUTPUTS = 8, ELEM_REGISTERS = 32 };

struct elem_code {
    uint8_t op, from, to; /* enum op; type of the operands that decide, of the result */
    uint8_t out, in[3];   /* registers */
    double a;             /* attrs.a */
};

struct elem_input {
    int32_t value;
    int32_t n;    /* axes of the walk; -1: element i is read for result i */
    int64_t base; /* element at which the walk begins */
    int64_t
        size[MAX_AXES]; /* walk over the results, and how far apart the operand's elements lie */
    int64_t stride[MAX_AXES];
};

struct elem_output {
    int32_t value, reg;
};

struct elem_group {
    int64_t count;
    int n_inputs, n_codes, n_outputs;
    struct elem_input inputs[ELEM_INPUTS];
    struct elem_code codes[ELEM_CODES];
    struct elem_output outputs[ELEM_OUTPUTS];
};

enum program_kind { RUN_FEED, RUN_OP, RUN_GROUP };

struct program_step {
    enum program_kind kind;
    enum op op;                     /* OP */
    const struct attrs *attrs;      /* OP */
    const struct elem_group *group; /* GROUP */
    int32_t input;                  /* FEED: which */
    int32_t n_in, n_out;
    const int32_t *in, *out; /* values */
};

struct program_learn {
    int64_t offset, count; /* in the block of weights, elements */
    int32_t gradient;      /* value */
    double l1, l2;
};

struct program_assign {
    int64_t offset, count;
    int32_t value;
};

/* The steps in order; then outputs are copied to their block, one after the other, each at a
 * multiple of 64 bytes; then assigns and updates. The block has n_results such places, so that
 * several runs can be under way before anybody reads their outputs. */
struct program {
    const struct program_value *values;
    const struct program_step *steps;
    int n_values, n_steps, n_inputs;
    const int32_t *outputs; /* values */
    int n_outputs;
    struct update update;
    const struct program_learn *learn;
    int n_learn;
    const struct program_assign *assign;
    int n_assign;
    uint64_t arena_bytes, output_bytes;
    uint32_t n_results; /* places for outputs: those of a run go to control.slot of them */
    enum backend_products products;
    bool scaled; /* gradients are those of the loss times the scaler's scale */
};

/* ---- running ---- */

/* What changes from run to run, as the device reads it. */
struct backend_control {
    uint64_t seed, step;
    double rate, correct_1, correct_2; /* adam: 1 / (1 - beta^t) */
    uint64_t slot;                     /* below the program's n_results */
    uint64_t reserved[2];
};

/* The loss's scale, on the device: float16 ends at 65504 and loses what is below 6e-8, so slopes
 * are computed of the loss times a power of two that moves by itself (Micikevicius et al. 2018). A
 * step whose gradients are not finite moves no weight and halves the scale; after SCALE_GROWTH good
 * steps it doubles. Begun by the host, kept by the plans that learn. */
enum { SCALE_FIRST = 65536, SCALE_GROWTH = 2000 };
struct backend_scaler {
    float scale, inverse;        /* of the next step; 1 / that of the step at hand */
    uint32_t good;               /* steps since the scale moved */
    uint32_t bad, skip;          /* this step's gradients are not finite: found, decided */
    uint32_t skipped;            /* steps, all in all */
    double correct_1, correct_2; /* as in the control block, for the steps that were not skipped */
};

/* Addresses on the device. */
struct backend_feed {
    uint64_t data; /* (rows, …) */
    enum dtype dtype;
    uint64_t rows; /* example i is row rows[i] (int64); 0: row i */
    double scale, offset;
};

enum { BACKEND_FEEDS = 18 };

struct backend_bindings {
    uint64_t arena; /* arena_bytes, then the plan's scratch_bytes */
    uint64_t weights, slots[2], constants;
    uint64_t control; /* struct backend_control */
    uint64_t scaler;  /* struct backend_scaler, if the program is scaled */
    uint64_t outputs; /* n_results times output_bytes, then a uint32 of faults (enum fault in
                         cpu/kernels.h) */
    struct backend_feed feeds[BACKEND_FEEDS];
};

struct backend_device;
struct backend_plan;

struct backend_api {
    uint32_t abi, bytes; /* BACKEND_ABI, sizeof(struct backend_api) */
    const char *name;    /* "cuda" */
    /* Fills in what is known; a problem is no failure. */
    void (*probe)(struct backend_info *info);
    enum backend_status (*open)(struct backend_device **d);
    void (*close)(struct backend_device *d);
    const char *(*last_error)(void);
    /* What computes matrix products: "own kernels". */
    const char *(*products)(struct backend_device *d);
    enum backend_status (*memory)(struct backend_device *d, uint64_t *unused, uint64_t *all);
    enum backend_status (*alloc)(struct backend_device *d, uint64_t bytes, uint64_t *at);
    void (*release)(struct backend_device *d, uint64_t at);
    enum backend_status (*upload)(struct backend_device *d, uint64_t to, const void *from,
                                  uint64_t bytes);
    /* Waits for everything before it. */
    enum backend_status (*download)(struct backend_device *d, void *to, uint64_t from,
                                    uint64_t bytes);
    enum backend_status (*zero)(struct backend_device *d, uint64_t at, uint64_t bytes);
    /* The program must outlive the plan. CANNOT says what of it is not there. */
    enum backend_status (*plan_build)(struct backend_device *d, const struct program *p,
                                      uint64_t *scratch_bytes, struct backend_plan **plan);
    void (*plan_free)(struct backend_plan *p);
    enum backend_status (*plan_bind)(struct backend_plan *p, const struct backend_bindings *b);
    enum backend_status (*plan_launch)(struct backend_plan *p); /* does not wait */
    int (*plan_n_launches)(const struct backend_plan *p);
    enum backend_status (*sync)(struct backend_device *d);
};

typedef const struct backend_api *backend_entry_fn(void);
