/* How much memory there is. Linux lends more than it has and then ends a process, so the question
 * has to be asked before. */
#include "room.h"
#include "str.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

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

/* What this process's control group (version 2) and those around it may still take. Inside a
 * container its own group looks like the root, and root has no limit file: see below. */
static size_t groups_left(void) {
    char path[768], line[512], *end;
    FILE *f = fopen("/proc/self/cgroup", "r");
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) found = strncmp(line, "0::/", 4) == 0;
    if (f) fclose(f);
    size_t left = SIZE_MAX;
    line[found ? strcspn(line, "\n") : 0] = 0;
    for (; found && (end = strrchr(line, '/')); *end = 0) {
        unsigned long long limit, used, cached = 0;
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", line + 3);
        if (!read_number(path, "", &limit)) continue;
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", line + 3);
        if (!read_number(path, "", &used)) continue;
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.stat", line + 3);
        read_number(path, "inactive_file", &cached);
        used = used > cached ? used - cached : 0;
        size_t here = limit > used ? (size_t)(limit - used) : 0;
        if (here < left) left = here;
    }
    return left;
}

/* What `ulimit -v` leaves. */
static size_t address_space_left(void) {
    struct rlimit most;
    unsigned long long kilobytes;
    if (getrlimit(RLIMIT_AS, &most) || most.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
    if (!read_number("/proc/self/status", "VmSize:", &kilobytes)) return SIZE_MAX;
    size_t used = (size_t)kilobytes * 1024;
    return most.rlim_cur > used ? (size_t)most.rlim_cur - used : 0;
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
    size_t least = container_left(), others[] = {groups_left(), address_space_left(), SIZE_MAX};
    if (read_number("/proc/meminfo", "MemAvailable:", &kilobytes))
        others[2] = (size_t)kilobytes * 1024;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (others[i] < least) least = others[i];
    return least;
}
