/* Finding the backend's module and opening the device behind it. The module lies beside the
 * program, or where AWML_BACKENDS says. */
#include "memory.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef AWML_BACKEND_FOLDER
#define AWML_BACKEND_FOLDER ""
#endif

static const char module_name[] = "libawml-cuda.so";

static void *open_in(const char *folder, int n) {
    char path[4096];
    if (n <= 0 || (size_t)n + sizeof module_name + 1 >= sizeof path) return NULL;
    snprintf(path, sizeof path, "%.*s/%s", n, folder, module_name);
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

/* Where the running program lies, ../lib/awml-c of it, and where it was built. */
static void *open_beside_program(void) {
    char path[4096], lib[4200];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return NULL;
    path[n] = 0;
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) : 0;
    void *module = open_in(path, folder);
    if (module) return module;
    int length = snprintf(lib, sizeof lib, "%.*s/../lib/awml-c", folder, path);
    return open_in(lib, length);
}

static void *open_module(void) {
    const char *folder = getenv("AWML_BACKENDS");
    if (folder) return open_in(folder, (int)strnlen(folder, 4000));
    void *module = open_beside_program();
    return module ? module : open_in(AWML_BACKEND_FOLDER, (int)strlen(AWML_BACKEND_FOLDER));
}

static const struct backend_api *entry_of(void *module) {
    void *at = dlsym(module, BACKEND_ENTRY);
    backend_entry_fn *entry;
    if (!at) return NULL;
    memcpy(&entry, &at, sizeof entry);
    return entry();
}

/* The module's table, or why there is none. */
static const struct backend_api *load_api(char *problem, size_t cap) {
    static const struct backend_api *found;
    if (found) return found;
    void *module = open_module();
    const struct backend_api *api = module ? entry_of(module) : NULL;
    if (!module)
        snprintf(problem, cap,
                 "This program was built or installed without its GPU part (%s): install it beside "
                 "the program, or build with nvcc on the path.",
                 module_name);
    else if (!api || api->abi != BACKEND_ABI || api->bytes != sizeof *api)
        snprintf(problem, cap,
                 "The program's GPU part (%s) is of another version: install both "
                 "together.",
                 module_name);
    else found = api;
    return found;
}

bool device_probe(struct backend_info *info) {
    *info = (struct backend_info){0};
    const struct backend_api *api = load_api(info->problem, sizeof info->problem);
    if (!api) {
        info->present = access("/dev/nvidia0", F_OK) == 0;
        return false;
    }
    api->probe(info);
    return true;
}

bool device_present(void) {
    struct backend_info info;
    return device_probe(&info) && !info.problem[0];
}

const char *device_problem(void) {
    static struct backend_info info;
    device_probe(&info);
    return info.present && info.problem[0] ? info.problem : NULL;
}

bool device_is_broken(const struct device *d) {
    return d->broken;
}

static bool start(struct device *d, struct err *e) {
    char problem[sizeof d->info.problem];
    d->api = load_api(problem, sizeof problem);
    if (!d->api) {
        err_set(e, ERR_DEVICE, "There is no GPU to compute on. %s", problem);
    } else {
        d->api->probe(&d->info);
        if (d->info.problem[0])
            err_set(e, ERR_DEVICE, "There is no GPU to compute on. %s", d->info.problem);
        else return device_report(d, d->api->open(&d->handle), e);
    }
    return err_hint(e, "Write `device: cpu`, or `%%device cpu` for all that follows.");
}

struct device *device_gpu(struct err *e) {
    static struct device device;
    struct device *d = &device;
    if (d->handle && d->broken && d->users == 0) {
        d->api->close(d->handle);
        *d = (struct device){0};
    }
    if (d->handle && d->broken) {
        err_set(e, ERR_DEVICE, "The GPU reported an error before and is not used any more.");
        return NULL;
    }
    if (d->handle) return d;
    *d = (struct device){0};
    if (!start(d, e)) {
        d->handle = NULL;
        return NULL;
    }
    snprintf(d->name, sizeof d->name, "%.120s, driver for %.60s", d->info.device, d->info.driver);
    if (device_selftest(d, e)) return d;
    d->api->close(d->handle);
    d->handle = NULL;
    return NULL;
}

const char *device_name(const struct device *d) {
    return d->name;
}

const char *device_products(struct device *d) {
    return d->api->products(d->handle);
}
