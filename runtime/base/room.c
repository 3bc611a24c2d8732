/* How much memory there is. Linux lends more than it has and then ends a process, so the question
 * has to be asked before. */
#include "room.h"
#include "str.h"
#include <stdint.h>
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
    static const char *const files[][3] = {
        {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current",
         "/sys/fs/cgroup/memory.stat"},
        {"/sys/fs/cgroup/memory/memory.limit_in_bytes",
         "/sys/fs/cgroup/memory/memory.usage_in_bytes", "/sys/fs/cgroup/memory/memory.stat"}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        unsigned long long limit, used;
        if (!read_number(files[i][0], "", &limit) || !read_number(files[i][1], "", &used)) continue;
        unsigned long long cached = 0; /* pages of files, given back when they are needed */
        read_number(files[i][2], "inactive_file", &cached);
        used = used > cached ? used - cached : 0;
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
