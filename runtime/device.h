/* Devices besides the processor: finding one, saying why there is none, and memory on it. A plan
 * whose workspace is on a device computes there (plan.h); nothing else changes for its callers,
 * except that blocks of weights stay on the device until they are fetched.
 *
 * Data that a device keeps (weights, slots, feeds with `whole`) must not be changed by anybody but
 * plans as long as the workspace lives. */
#pragma once
#include "plan.h"

struct device;
struct backend_info;

/* What the student asked for. Automatic, where nothing is said: the GPU where there is one that can
 * be used, and a training that stays on the processor beside a GPU says why. */
enum device_choice { DEVICE_AUTO, DEVICE_CPU, DEVICE_GPU }; /* ORDER: train_settings.c */

/* The GPU, opened when it is first asked for and shared; NULL with an error for students when there
 * is none or it cannot be used. It stays open. */
struct device *device_gpu(struct err *e);
/* What is there, without opening anything; false when this program has no backend at all (then
 * info->problem says so). */
bool device_probe(struct backend_info *info);
/* Is there a GPU that can be used? */
bool device_present(void);
/* There is a GPU, and it cannot be used: why (until the next call); NULL: none, or all is well. */
const char *device_problem(void);
/* After a failure nothing more is asked of it. */
bool device_is_broken(const struct device *d);
/* "own kernels, large ones by cuBLAS 12.4 (libcublas.so.12)": what computes matrix products. */
const char *device_products(struct device *d);
/* "NVIDIA T4, CUDA 12.4": for headers. */
const char *device_name(const struct device *d);

/* A workspace on a device; NULL is this machine's processor, as workspace_new. */
struct workspace *workspace_new_on(struct device *d, struct err *e);
const struct device *workspace_device(const struct workspace *w); /* NULL: the processor */
/* How exactly products are computed there. Everything in memory stays float32, and sums are made in
 * float32; mixed multiplies float16 (compute capability 7.5) or bfloat16 (8.0 and newer), tf32 cuts
 * factors to 11 bits (8.0 and newer). Without the hardware, and on the processor: float32. */
enum precision { PRECISION_FLOAT32, PRECISION_TF32, PRECISION_MIXED }; /* ORDER: train_settings.c */
/* For the plans made from now on; true when it is what was asked for. */
bool workspace_set_precision(struct workspace *w, enum precision p);
/* "float16 with a scaled loss": what its products multiply. */
const char *workspace_products(const struct workspace *w);
/* With float16, plans that learn need slopes of the loss times an input without data (feed in
 * plan.h): the scale, which they move by themselves. */
bool workspace_scales(const struct workspace *w);
/* The scale as it is now, and how many steps moved no weight because of it. */
bool workspace_scale(struct workspace *w, double *scale, int64_t *skipped, struct err *e);
/* Brings a block of weights, as plans of this workspace left it, back into the caller's memory. */
bool workspace_fetch(struct workspace *w, void *block, struct err *e);
