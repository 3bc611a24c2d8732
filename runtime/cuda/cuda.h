/* The module's own structures: the device, and a plan as a list of kernel launches. */
#pragma once
#include "args.h"
#include "driver.h"

enum kernel {
#define KERNEL_ROW(name, args, waits) K_##name,
#include "kernels.list"
#undef KERNEL_ROW
    N_KERNELS
};

struct backend_device {
    const struct driver *driver;
    int device, sms;
    cu_context context;
    cu_stream stream;
    cu_module module;
    cu_function functions[N_KERNELS];
    struct blas *blas; /* opened when a plan wants it (blas.h) */
};

struct launch {
    enum kernel kernel; /* N_KERNELS: a product by cuBLAS */
    uint32_t grid[3];
    void *args;
};

struct backend_plan {
    struct backend_device *device;
    const struct program *program;
    struct arena *memory; /* of the launches; emptied when addresses change */
    struct launch *launches;
    int n_launches, max_launches;
    uint64_t scratch_bytes;
    cu_graph graph;
    cu_exec exec;
};

/* ---- lowering: a program step becomes launches (lower.c and its families) ---- */

struct lowering {
    struct backend_plan *plan;
    const struct backend_bindings *at;
    enum backend_status status; /* the first that is not OK */
    uint64_t scratch_used;      /* by the step at hand */
};

/* Room for the kernel's arguments, zeroed; never NULL (after a failure it is a scratch place). The
 * grid has at least one block. */
void *launch_add(struct lowering *l, enum kernel kernel, uint64_t x, uint64_t y, uint64_t z);
/* A launch whose threads go through `count` elements. */
void *launch_each(struct lowering *l, enum kernel kernel, uint64_t count);
void *value_at(const struct lowering *l, int32_t value);
const struct program_value *value_of(const struct lowering *l, int32_t value);
/* Bytes behind the plan's arena, free again after the step. */
void *scratch_at(struct lowering *l, uint64_t bytes);
uint32_t *faults_at(const struct lowering *l);
const struct control_args *control_at(const struct lowering *l);
void lower_cannot(struct lowering *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint32_t shape_part(const struct shape *s, int from, int to); /* product of sizes */

/* Launches of a whole program for these addresses. */
enum backend_status lower_program(struct backend_plan *p, const struct backend_bindings *at);

typedef void lower_fn(struct lowering *l, const struct program_step *s);
lower_fn lower_matmul, lower_heads, lower_fold, lower_along, lower_index, lower_place, lower_concat;
lower_fn lower_make, lower_conv, lower_pool, lower_warp, lower_recur, lower_norm;
void lower_group(struct lowering *l, const struct program_step *s);
void lower_ends(struct lowering *l); /* outputs, averages, learning */
/* What a product of these sizes multiplies: few rows, columns or terms stay float32, because tensor
 * cores multiply pieces of 16. */
enum backend_products products_of(const struct lowering *l, uint32_t m, uint32_t n, uint32_t k);
/* A product; batches are laid out as the arguments say. */
void lower_product(struct lowering *l, const struct product_args *p, uint64_t products);
/* Into how many parts a sum over k is cut, so that all multiprocessors have a tile or two, and how
 * long a part is. */
void split_sum(const struct lowering *l, uint64_t tiles, uint32_t k, uint32_t *splits,
               uint32_t *part);
/* The parts' sums, in order: `count` numbers each, rows of `width` that go `row` apart. */
void add_parts(struct lowering *l, float *out, const float *parts, uint64_t count, uint32_t n,
               uint32_t width, int64_t row);
