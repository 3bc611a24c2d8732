/* Opening the driver's library, and what its errors mean. */
#include "driver.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char last_error[512];

const char *module_last_error(void) {
    return last_error;
}

enum backend_status module_error(enum backend_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(last_error, sizeof last_error, format, args);
    va_end(args);
    return status;
}

enum backend_status driver_failed(const struct driver *d, const char *call, int error) {
    const char *text = NULL;
    if (d->cuGetErrorString(error, &text) || !text) text = "an error without a name";
    enum backend_status status = error == CU_OUT_OF_MEMORY ? BACKEND_NO_MEMORY : BACKEND_FAILED;
    return module_error(status, "%s: %s (error %d of the driver)", call, text, error);
}

static const char *load(void *library, struct driver *d) {
#define DRIVER(name, args)                                                                         \
    {                                                                                              \
        void *at = dlsym(library, #name);                                                          \
        if (!at) return #name;                                                                     \
        memcpy(&d->name, &at, sizeof at);                                                          \
    }
#include "driver.list"
#undef DRIVER
    return NULL;
}

const struct driver *driver_open(const char **missing) {
    static struct driver driver;
    static bool loaded;
    *missing = NULL;
    if (loaded) return &driver;
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    *missing = library ? load(library, &driver) : "libcuda.so.1";
    loaded = !*missing;
    return loaded ? &driver : NULL;
}
