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
/* "NVIDIA T4, CUDA 12.4": for headers. */
const char *device_name(const struct device *d);

/* A workspace on a device; NULL is this machine's processor, as workspace_new. */
struct workspace *workspace_new_on(struct device *d, struct err *e);
const struct device *workspace_device(const struct workspace *w); /* NULL: the processor */
/* Brings a block of weights, as plans of this workspace left it, back into the caller's memory. */
bool workspace_fetch(struct workspace *w, void *block, struct err *e);
