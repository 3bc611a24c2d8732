/* How much memory there is. Linux lends more than it has and then ends a process, so the question
 * has to be asked before. */
#include "room.h"
#include <stdio.h>
#include <string.h>

static bool read_number(const char *path, const char *key, unsigned long long *out) {
    FILE *f = fopen(path, "r");
    if (!f) return false;
    char line[256];
    bool found = false;
    size_t n = strlen(key);
    while (!found && fgets(line, sizeof line, f))
        found = strncmp(line, key, n) == 0 && sscanf(line + n, "%llu", out) == 1;
    fclose(f);
    return found;
}

/* What a container may still take (control groups, version 2 or 1). */
static size_t container_left(void) {
    static const char *const files[][2] = {
        {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
        {"/sys/fs/cgroup/memory/memory.limit_in_bytes",
         "/sys/fs/cgroup/memory/memory.usage_in_bytes"}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        unsigned long long limit, used;
        if (!read_number(files[i][0], "", &limit) || !read_number(files[i][1], "", &used)) continue;
        return limit > used ? limit - used : 0;
    }
    return SIZE_MAX;
}

size_t room_left(void) {
    unsigned long long kilobytes;
    size_t container = container_left();
    if (!read_number("/proc/meminfo", "MemAvailable:", &kilobytes)) return container;
    size_t machine = (size_t)kilobytes * 1024;
    return machine < container ? machine : container;
}

bool room_check(int64_t n, int blocks, const char *what, struct err *e) {
    enum { ALWAYS_FINE = 1 << 22 }; /* floats: small models need no look at the system */
    double need = (double)n * (double)sizeof(float) * blocks;
    if ((int64_t)blocks * (n / ALWAYS_FINE) == 0) return true;
    size_t left = room_left();
    if (need <= 0.9 * (double)left) return true;
    err_set(e, ERR_MEMORY, "This model is too large for the memory of this machine.");
    err_fact(e, what, "%.3g GB", need / 1e9);
    err_fact(e, "free", "%.3g GB", (double)left / 1e9);
    return err_hint(e,
                    "It has %.4g million weights. Use layers with fewer units; a Dense layer has "
                    "inputs times units weights.",
                    (double)n / 1e6);
}
