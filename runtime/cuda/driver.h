/* The driver's library, opened by its soname when it is first needed. The declarations are our own:
 * the module builds without any header of the toolkit, and one binary serves all drivers. */
#pragma once
#include "backend.h"

typedef struct CUctx_st *cu_context;
typedef struct CUstream_st *cu_stream;
typedef struct CUgraph_st *cu_graph;
typedef struct CUgraphExec_st *cu_exec;
typedef struct CUmod_st *cu_module;
typedef struct CUfunc_st *cu_function;
typedef unsigned long long cu_address;

/* Numbers of the driver's interface. */
enum {
    CU_OUT_OF_MEMORY = 2,
    CU_NO_DEVICE = 100,
    CU_NO_BINARY_FOR_GPU = 209,
    CU_UNSUPPORTED_PTX = 222,
    CU_NO_RESOURCES = 701,
    CU_SYSTEM_MISMATCH = 803,
    CU_ATTRIBUTE_SMS = 16,
    CU_ATTRIBUTE_MAJOR = 75,
    CU_ATTRIBUTE_MINOR = 76,
    CU_STREAM_NON_BLOCKING = 1,
    CU_CAPTURE_RELAXED = 2,
};

#define DRIVER(name, args) int(*name) args;
struct driver {
#include "driver.list"
};
#undef DRIVER

/* NULL when the library is not there or lacks a function; then *missing says which. */
const struct driver *driver_open(const char **missing);
/* "cuLaunchKernel: an illegal memory access was encountered" into the module's last error. */
enum backend_status driver_failed(const struct driver *d, const char *call, int error);
/* The last error's text. */
enum backend_status module_error(enum backend_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *module_last_error(void);

#define DRIVE(d, call, ...)                                                                        \
    do {                                                                                           \
        int error_ = (d)->call(__VA_ARGS__);                                                       \
        if (error_) return driver_failed(d, #call, error_);                                        \
    } while (0)
