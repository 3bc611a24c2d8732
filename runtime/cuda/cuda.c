/* The CUDA backend's table: the device, its memory, plans as captured graphs. */
#include "blas.h"
#include "base/arena.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef AWML_CUDA_TOOLKIT
#define AWML_CUDA_TOOLKIT "13.0"
#define AWML_CUDA_MAJOR 13
#endif

/* Oldest card that the kernels are compiled for. */
enum { LEAST_CAPABILITY = 75 };

/* The kernels, for all cards (kernels.cu compiled by nvcc). */
extern const char _binary_kernels_fatbin_start[];

/* ---- what is there ---- */

static void problem(struct backend_info *i, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void problem(struct backend_info *i, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(i->problem, sizeof i->problem, format, args);
    va_end(args);
}

/* Oldest drivers, by the major version of the toolkit (NVIDIA, CUDA compatibility). */
static int least_driver(int major) {
    return major >= 13 ? 580 : major == 12 ? 525 : 450;
}

static bool probe_driver(const struct driver *d, struct backend_info *i) {
    int version = 0, error = d->cuInit(0);
    d->cuDriverGetVersion(&version);
    if (version)
        snprintf(i->driver, sizeof i->driver, "CUDA %d.%d", version / 1000, version % 1000 / 10);
    if (error == CU_NO_DEVICE ||
        (!error && (d->cuDeviceGetCount(&i->n_devices) || !i->n_devices))) {
        problem(i, "A driver is installed, but no GPU answers. In a container, the GPU has to be "
                   "passed in (--gpus all).");
        return false;
    }
    i->present = true;
    if (error == CU_SYSTEM_MISMATCH || (version && version / 1000 < AWML_CUDA_MAJOR)) {
        problem(i,
                "The GPU's driver is for %s, and this program's kernels were built with CUDA %s. "
                "Install driver %d or newer, or a program built with CUDA %d.",
                i->driver, AWML_CUDA_TOOLKIT, least_driver(AWML_CUDA_MAJOR), version / 1000);
        return false;
    }
    if (!error) return true;
    driver_failed(d, "cuInit", error);
    problem(i, "The GPU's driver does not start: %s. nvidia-smi may say more.",
            module_last_error());
    return false;
}

static void probe(struct backend_info *i) {
    const char *missing;
    const struct driver *d = driver_open(&missing);
    int device = 0, major = 0, minor = 0;
    size_t memory = 0;
    *i = (struct backend_info){.toolkit = "CUDA " AWML_CUDA_TOOLKIT};
    if (!d) {
        i->present = access("/dev/nvidia0", F_OK) == 0;
        if (strcmp(missing, "libcuda.so.1") == 0 && i->present)
            problem(i, "There is a GPU (/dev/nvidia0), but not the library of its driver "
                       "(libcuda.so.1). In a container, NVIDIA_DRIVER_CAPABILITIES has to be "
                       "compute,utility.");
        else if (strcmp(missing, "libcuda.so.1") == 0)
            problem(i, "There is no NVIDIA driver (libcuda.so.1) here.");
        else
            problem(i, "The NVIDIA driver is too old: it has no %s (CUDA 11.4, driver 470).",
                    missing);
        return;
    }
    if (!probe_driver(d, i) || d->cuDeviceGet(&device, 0)) return;
    d->cuDeviceGetName(i->device, sizeof i->device, device);
    d->cuDeviceTotalMem_v2(&memory, device);
    d->cuDeviceGetAttribute(&major, CU_ATTRIBUTE_MAJOR, device);
    d->cuDeviceGetAttribute(&minor, CU_ATTRIBUTE_MINOR, device);
    i->memory = memory;
    i->capability = 10 * major + minor;
    if (10 * major + minor < LEAST_CAPABILITY)
        problem(i, "%s has compute capability %d.%d; the kernels need 7.5 (T4, RTX 20) or newer.",
                i->device, major, minor);
}

/* ---- the device ---- */

static void device_close(struct backend_device *d) {
    const struct driver *f = d->driver;
    blas_close(d);
    if (d->module) f->cuModuleUnload(d->module);
    if (d->stream) f->cuStreamDestroy_v2(d->stream);
    if (d->context) f->cuDevicePrimaryCtxRelease_v2(d->device);
    pool_free(d);
}

/* A card newer than the kernels takes their general form, if its driver can read it. */
static enum backend_status old_driver(const struct driver *f) {
    int version = 0;
    f->cuDriverGetVersion(&version);
    return module_error(BACKEND_FAILED,
                        "its driver is for CUDA %d.%d and cannot read kernels built with CUDA %s "
                        "for this card. Install a newer driver, or a program built with CUDA %d.%d",
                        version / 1000, version % 1000 / 10, AWML_CUDA_TOOLKIT, version / 1000,
                        version % 1000 / 10);
}

static enum backend_status load_kernels(struct backend_device *d) {
    static const char *const names[] = {
#define KERNEL_ROW(name, args, waits) #name,
#include "kernels.list"
#undef KERNEL_ROW
    };
    int error = d->driver->cuModuleLoadData(&d->module, _binary_kernels_fatbin_start);
    if (error == CU_UNSUPPORTED_PTX || error == CU_NO_BINARY_FOR_GPU) return old_driver(d->driver);
    if (error) return driver_failed(d->driver, "cuModuleLoadData", error);
    for (int i = 0; i < N_KERNELS; i++)
        DRIVE(d->driver, cuModuleGetFunction, &d->functions[i], d->module, names[i]);
    return BACKEND_OK;
}

static enum backend_status start(struct backend_device *d) {
    DRIVE(d->driver, cuInit, 0);
    DRIVE(d->driver, cuDeviceGet, &d->device, 0);
    DRIVE(d->driver, cuDevicePrimaryCtxRetain, &d->context, d->device);
    DRIVE(d->driver, cuCtxSetCurrent, d->context);
    DRIVE(d->driver, cuStreamCreate, &d->stream, CU_STREAM_NON_BLOCKING);
    DRIVE(d->driver, cuDeviceGetAttribute, &d->sms, CU_ATTRIBUTE_SMS, d->device);
    return load_kernels(d);
}

static enum backend_status device_open(struct backend_device **out) {
    const char *missing;
    struct backend_device *d = pool_zalloc(sizeof *d);
    if (!d) return module_error(BACKEND_NO_MEMORY, "no memory");
    d->driver = driver_open(&missing);
    enum backend_status s =
        d->driver ? start(d) : module_error(BACKEND_FAILED, "%s is missing", missing);
    if (s != BACKEND_OK) {
        if (d->driver) device_close(d);
        else pool_free(d);
        return s;
    }
    *out = d;
    return BACKEND_OK;
}

/* ---- memory ---- */

static enum backend_status memory(struct backend_device *d, uint64_t *unused, uint64_t *all) {
    size_t u = 0, a = 0;
    DRIVE(d->driver, cuCtxSetCurrent, d->context);
    DRIVE(d->driver, cuMemGetInfo_v2, &u, &a);
    *unused = u;
    *all = a;
    return BACKEND_OK;
}

static enum backend_status device_alloc(struct backend_device *d, uint64_t bytes, uint64_t *at) {
    cu_address address = 0;
    DRIVE(d->driver, cuCtxSetCurrent, d->context);
    DRIVE(d->driver, cuMemAlloc_v2, &address, bytes ? bytes : 1);
    *at = address;
    return BACKEND_OK;
}

static void device_release(struct backend_device *d, uint64_t at) {
    d->driver->cuCtxSetCurrent(d->context);
    if (at) d->driver->cuMemFree_v2(at);
}

static enum backend_status upload(struct backend_device *d, uint64_t to, const void *from,
                                  uint64_t bytes) {
    if (bytes) DRIVE(d->driver, cuMemcpyHtoDAsync_v2, to, from, bytes, d->stream);
    return BACKEND_OK;
}

static enum backend_status device_sync(struct backend_device *d) {
    DRIVE(d->driver, cuStreamSynchronize, d->stream);
    return BACKEND_OK;
}

static enum backend_status download(struct backend_device *d, void *to, uint64_t from,
                                    uint64_t bytes) {
    if (bytes) DRIVE(d->driver, cuMemcpyDtoHAsync_v2, to, from, bytes, d->stream);
    return device_sync(d);
}

static enum backend_status zero(struct backend_device *d, uint64_t at, uint64_t bytes) {
    if (bytes) DRIVE(d->driver, cuMemsetD8Async, at, 0, bytes, d->stream);
    return BACKEND_OK;
}

/* ---- plans ---- */

static void drop_graph(struct backend_plan *p) {
    const struct driver *f = p->device->driver;
    if (p->exec) f->cuGraphExecDestroy(p->exec);
    if (p->graph) f->cuGraphDestroy(p->graph);
    p->exec = NULL;
    p->graph = NULL;
}

static void plan_free_(struct backend_plan *p) {
    drop_graph(p);
    if (p->memory) arena_free(p->memory);
    pool_free(p);
}

/* With no addresses yet: everything is checked, and the scratch is counted. */
static enum backend_status plan_build(struct backend_device *d, const struct program *program,
                                      uint64_t *scratch_bytes, struct backend_plan **out) {
    const struct backend_bindings nowhere = {0};
    struct backend_plan *p = pool_zalloc(sizeof *p);
    if (!p) return module_error(BACKEND_NO_MEMORY, "no memory");
    p->device = d;
    p->program = program;
    p->memory = arena_new((size_t)256 << 20);
    enum backend_status s = p->memory ? lower_program(p, &nowhere)
                                      : module_error(BACKEND_NO_MEMORY, "no address space");
    if (s != BACKEND_OK) {
        plan_free_(p);
        return s;
    }
    *scratch_bytes = p->scratch_bytes;
    *out = p;
    return BACKEND_OK;
}

static enum backend_status launch_all(const struct backend_plan *p) {
    const struct backend_device *d = p->device;
    for (int i = 0; i < p->n_launches; i++) {
        const struct launch *l = &p->launches[i];
        void *parameters[] = {l->args};
        if (l->kernel == N_KERNELS) {
            enum backend_status s = blas_run(d->blas, l->args);
            if (s != BACKEND_OK) return s;
            continue;
        }
        DRIVE(d->driver, cuLaunchKernel, d->functions[l->kernel], l->grid[0], l->grid[1],
              l->grid[2], THREADS, 1, 1, 0, d->stream, parameters, NULL);
    }
    return BACKEND_OK;
}

/* The launches are recorded once; from then on a step is one call of the driver. */
static enum backend_status capture(struct backend_plan *p) {
    const struct driver *f = p->device->driver;
    cu_stream stream = p->device->stream;
    DRIVE(f, cuStreamBeginCapture_v2, stream, CU_CAPTURE_RELAXED);
    enum backend_status s = launch_all(p);
    int error = f->cuStreamEndCapture(stream, &p->graph);
    if (s != BACKEND_OK) return s;
    if (error) return driver_failed(f, "cuStreamEndCapture", error);
    DRIVE(f, cuGraphInstantiateWithFlags, &p->exec, p->graph, 0);
    return BACKEND_OK;
}

static enum backend_status plan_bind(struct backend_plan *p, const struct backend_bindings *b) {
    DRIVE(p->device->driver, cuCtxSetCurrent, p->device->context);
    drop_graph(p);
    enum backend_status s = lower_program(p, b);
    return s == BACKEND_OK ? capture(p) : s;
}

static enum backend_status plan_launch(struct backend_plan *p) {
    DRIVE(p->device->driver, cuGraphLaunch, p->exec, p->device->stream);
    return BACKEND_OK;
}

static int plan_n_launches(const struct backend_plan *p) {
    return p->n_launches;
}

__attribute__((visibility("default"))) const struct backend_api *awml_backend(void);

const struct backend_api *awml_backend(void) {
    static const struct backend_api api = {
        .abi = BACKEND_ABI,
        .bytes = sizeof(struct backend_api),
        .name = "cuda",
        .probe = probe,
        .open = device_open,
        .close = device_close,
        .last_error = module_last_error,
        .products = blas_about,
        .memory = memory,
        .alloc = device_alloc,
        .release = device_release,
        .upload = upload,
        .download = download,
        .zero = zero,
        .plan_build = plan_build,
        .plan_free = plan_free_,
        .plan_bind = plan_bind,
        .plan_launch = plan_launch,
        .plan_n_launches = plan_n_launches,
        .sync = device_sync,
    };
    return &api;
}
