/* A library with the driver's name and functions, for tests without a GPU: memory is the host's,
 * kernels run on the host, captured graphs are lists of launches. It counts calls and fails on
 * demand: the variable AWML_FAKE_CUDA, or fake_cuda_set, holds words such as
 *
 *   no_device       no GPU answers
 *   driver=12040    the driver's version (13000)
 *   capability=70   of the card (75)
 *   memory=1000000  bytes on the card (16 GB)
 *   alloc=3         the third allocation from now finds no memory
 *   load=222        kernels cannot be loaded, with this error of the driver
 *   order=mixed     of blocks, and of threads between two waits: forward, backward, mixed
 *   wrong           kernels compute nothing
 *   launch=5        the fifth kernel from now fails, and everything after it
 */
#include "fake_kernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fake_kernel *cu_function;
typedef struct fake_graph *cu_graph, *cu_exec;
typedef void *cu_context, *cu_stream, *cu_module;
typedef unsigned long long cu_address;

#define DRIVER(name, args) int name args;
#include "cuda/driver.list"
#undef DRIVER

enum { OK, INVALID = 1, NO_MEMORY = 2, NO_DEVICE = 100, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700 };

/* ---- what the tests see and set ---- */

struct fake_counts {
    long launches, replays, graphs, allocations, live, uploads, downloads;
};
struct fake_counts fake_cuda_counts(void);
void fake_cuda_set(const char *words);

static struct fake_counts counts;
static struct {
    bool no_device, broken, wrong;
    long version, capability, alloc, launch, load;
    size_t memory, used;
} fake = {.version = 13000, .capability = 75, .memory = (size_t)16 << 30};

static const char *word(const char *words, const char *name) {
    const char *at = strstr(words, name);
    return at ? at + strlen(name) : NULL;
}

void fake_cuda_set(const char *words) {
    const char *at;
    fake.no_device = strstr(words, "no_device") != NULL;
    fake.broken = false;
    fake.wrong = strstr(words, "wrong") != NULL;
    fake.version = (at = word(words, "driver=")) ? atol(at) : 13000;
    fake.capability = (at = word(words, "capability=")) ? atol(at) : 75;
    fake.memory = (at = word(words, "memory=")) ? (size_t)atoll(at) : (size_t)16 << 30;
    fake.alloc = (at = word(words, "alloc=")) ? atol(at) : 0;
    host_set_order(strstr(words, "order=backward") ? ORDER_BACKWARD
                   : strstr(words, "order=mixed")  ? ORDER_MIXED
                                                   : ORDER_FORWARD);
    fake.load = (at = word(words, "load=")) ? atol(at) : 0;
    fake.launch = (at = word(words, "launch=")) ? atol(at) : 0;
}

struct fake_counts fake_cuda_counts(void) {
    return counts;
}

__attribute__((constructor)) static void read_environment(void) {
    const char *words = getenv("AWML_FAKE_CUDA");
    if (words) fake_cuda_set(words);
}

/* ---- the device ---- */

int cuInit(unsigned flags) {
    (void)flags;
    return fake.no_device ? NO_DEVICE : OK;
}

int cuDriverGetVersion(int *version) {
    *version = (int)fake.version;
    return OK;
}

int cuGetErrorString(int error, const char **text) {
    *text = error == NO_MEMORY         ? "out of memory"
            : error == NO_DEVICE       ? "no CUDA-capable device is detected"
            : error == ILLEGAL_ADDRESS ? "an illegal memory access was encountered"
                                       : "an error";
    return OK;
}

int cuDeviceGetCount(int *n) {
    *n = fake.no_device ? 0 : 1;
    return OK;
}

int cuDeviceGet(int *device, int ordinal) {
    *device = ordinal;
    return fake.no_device || ordinal ? NO_DEVICE : OK;
}

int cuDeviceGetName(char *name, int size, int device) {
    (void)device;
    snprintf(name, (size_t)size, "Fake T4");
    return OK;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    *value = attribute == 16   ? 4
             : attribute == 75 ? (int)fake.capability / 10
             : attribute == 76 ? (int)fake.capability % 10
                               : 0;
    return OK;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
    (void)device;
    *bytes = fake.memory;
    return OK;
}

int cuDevicePrimaryCtxRetain(cu_context *context, int device) {
    (void)device;
    *context = &fake;
    return OK;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
    (void)device;
    fake.broken = false;
    return OK;
}

int cuCtxSetCurrent(cu_context context) {
    return context == &fake ? OK : INVALID;
}

/* ---- memory ---- */

enum { HEAD = 64 }; /* bytes in front of a block that hold its size */

static void *pointer(cu_address at) {
    void *p;
    uintptr_t n = (uintptr_t)at;
    memcpy(&p, &n, sizeof p);
    return p;
}

int cuMemGetInfo_v2(size_t *unused, size_t *all) {
    *all = fake.memory;
    *unused = fake.memory > fake.used ? fake.memory - fake.used : 0;
    return OK;
}

int cuMemAlloc_v2(cu_address *at, size_t bytes) {
    counts.allocations++;
    if (fake.broken) return ILLEGAL_ADDRESS;
    if (fake.alloc > 0 && --fake.alloc == 0) return NO_MEMORY;
    if (fake.used + bytes > fake.memory) return NO_MEMORY;
    char *p = NULL;
    if (posix_memalign((void **)&p, HEAD, bytes + HEAD)) return NO_MEMORY;
    memcpy(p, &bytes, sizeof bytes);
    memset(p + HEAD, 0xff, bytes); /* floats read before they are written are NaN */
    fake.used += bytes;
    counts.live++;
    *at = (uintptr_t)p + HEAD;
    return OK;
}

int cuMemFree_v2(cu_address at) {
    char *p = (char *)pointer(at) - HEAD;
    size_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    fake.used -= bytes;
    counts.live--;
    free(p);
    return OK;
}

int cuMemcpyHtoDAsync_v2(cu_address to, const void *from, size_t bytes, cu_stream stream) {
    (void)stream;
    counts.uploads++;
    if (fake.broken) return ILLEGAL_ADDRESS;
    memcpy(pointer(to), from, bytes);
    return OK;
}

int cuMemcpyDtoHAsync_v2(void *to, cu_address from, size_t bytes, cu_stream stream) {
    (void)stream;
    counts.downloads++;
    if (fake.broken) return ILLEGAL_ADDRESS;
    memcpy(to, pointer(from), bytes);
    return OK;
}

int cuMemsetD8Async(cu_address at, unsigned char value, size_t bytes, cu_stream stream) {
    (void)stream;
    if (fake.broken) return ILLEGAL_ADDRESS;
    memset(pointer(at), value, bytes);
    return OK;
}

/* ---- kernels ---- */

int cuModuleLoadData(cu_module *module, const void *image) {
    static const unsigned char magic[4] = {0x50, 0xed, 0x55, 0xba};
    if (fake.load) return (int)fake.load;
    if (memcmp(image, magic, sizeof magic) != 0) return INVALID; /* not what nvcc makes */
    *module = &fake;
    return OK;
}

int cuModuleUnload(cu_module module) {
    return module == &fake ? OK : INVALID;
}

int cuModuleGetFunction(cu_function *function, cu_module module, const char *name) {
    const struct fake_kernel *found = fake_kernel_find(name);
    memcpy(function, &found, sizeof found);
    return found && module == &fake ? OK : NOT_FOUND;
}

static int run(const struct fake_kernel *kernel, const void *args, const uint32_t grid[3],
               uint32_t threads) {
    counts.launches++;
    if (fake.launch > 0 && --fake.launch == 0) fake.broken = true;
    if (fake.broken) return ILLEGAL_ADDRESS;
    if (!fake.wrong) host_launch(kernel->run, args, kernel->waits, grid, threads);
    return OK;
}

/* ---- streams and graphs ---- */

struct fake_launch {
    const struct fake_kernel *kernel;
    void *args;
    uint32_t grid[3], threads;
    struct fake_launch *next;
};

struct fake_graph {
    struct fake_launch *first, **last;
    int users;
};

static struct fake_graph *captures;

int cuStreamCreate(cu_stream *stream, unsigned flags) {
    (void)flags;
    *stream = &fake;
    return OK;
}

int cuStreamDestroy_v2(cu_stream stream) {
    return stream == &fake ? OK : INVALID;
}

int cuStreamSynchronize(cu_stream stream) {
    (void)stream;
    return fake.broken ? ILLEGAL_ADDRESS : OK;
}

int cuStreamBeginCapture_v2(cu_stream stream, int mode) {
    (void)stream, (void)mode;
    if (captures || fake.broken) return ILLEGAL_ADDRESS;
    captures = calloc(1, sizeof *captures);
    if (!captures) return NO_MEMORY;
    captures->last = &captures->first;
    captures->users = 1;
    return OK;
}

int cuStreamEndCapture(cu_stream stream, cu_graph *graph) {
    (void)stream;
    *graph = captures;
    captures = NULL;
    return *graph ? OK : INVALID;
}

int cuGraphInstantiateWithFlags(cu_exec *exec, cu_graph graph, unsigned long long flags) {
    (void)flags;
    counts.graphs++;
    graph->users++;
    *exec = graph;
    return OK;
}

static int release_graph(struct fake_graph *g) {
    if (--g->users > 0) return OK;
    for (struct fake_launch *l = g->first, *next; l; l = next) {
        next = l->next;
        free(l->args);
        free(l);
    }
    free(g);
    return OK;
}

int cuGraphExecDestroy(cu_exec exec) {
    return release_graph(exec);
}

int cuGraphDestroy(cu_graph graph) {
    return release_graph(graph);
}

int cuGraphLaunch(cu_exec exec, cu_stream stream) {
    (void)stream;
    counts.replays++;
    for (const struct fake_launch *l = exec->first; l; l = l->next) {
        int error = run(l->kernel, l->args, l->grid, l->threads);
        if (error) return error;
    }
    return OK;
}

static int record(const struct fake_kernel *kernel, const void *args, const uint32_t grid[3],
                  uint32_t threads) {
    struct fake_launch *l = calloc(1, sizeof *l);
    if (!l) return NO_MEMORY;
    l->kernel = kernel;
    l->args = malloc(kernel->args_bytes);
    if (l->args) memcpy(l->args, args, kernel->args_bytes);
    memcpy(l->grid, grid, sizeof l->grid);
    l->threads = threads;
    *captures->last = l;
    captures->last = &l->next;
    return l->args ? OK : NO_MEMORY;
}

int cuLaunchKernel(cu_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                   cu_stream stream, void **parameters, void **extra) {
    const uint32_t grid[3] = {grid_x, grid_y, grid_z};
    (void)stream, (void)shared_bytes, (void)extra;
    bool wrong = grid_x == 0 || grid_y == 0 || grid_z == 0 || grid_y > 65535 || grid_z > 65535;
    if (wrong || block_x > 1024 || block_y != 1 || block_z != 1) return INVALID;
    return captures ? record(function, parameters[0], grid, block_x)
                    : run(function, parameters[0], grid, block_x);
}
