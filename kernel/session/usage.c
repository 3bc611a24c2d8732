/* Processor and memory use, read from /proc. Shares of time are of the time since the last call. */
#include "session/usage.h"
#include "session/request.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t read_file(const char *path, char *buffer, size_t size) {
    FILE *f = fopen(path, "re");
    if (!f) return 0;
    size_t n = fread(buffer, 1, size - 1, f);
    fclose(f);
    buffer[n] = 0;
    return n;
}

/* "Name:  123 kB" in a /proc table, in bytes; -1 if it is not there. */
static json_int_t table_bytes(const char *table, const char *name) {
    const char *at = strstr(table, name);
    long long kb;
    if (!at || sscanf(at + strlen(name), ": %lld", &kb) != 1) return -1;
    return (json_int_t)kb * 1024;
}

static json_int_t memory_of_process(void) {
    char table[4096];
    if (!read_file("/proc/self/smaps_rollup", table, sizeof table)) return 0;
    const char *pss = strstr(table, "\nPss:");
    return pss ? table_bytes(pss, "\nPss") : 0;
}

static double seconds_used(void) {
    struct rusage self, children;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    double us = (double)(self.ru_utime.tv_usec + self.ru_stime.tv_usec + children.ru_utime.tv_usec +
                         children.ru_stime.tv_usec);
    return (double)(self.ru_utime.tv_sec + self.ru_stime.tv_sec + children.ru_utime.tv_sec +
                    children.ru_stime.tv_sec) +
           us * 1e-6;
}

static json_t *host_memory(void) {
    static const char *const names[][2] = {
        {"total", "MemTotal"},  {"free", "MemFree"},  {"buffers", "Buffers"},
        {"cached", "\nCached"}, {"active", "Active"}, {"inactive", "Inactive"},
        {"shared", "Shmem"},    {"slab", "Slab"},     {"available", "MemAvailable"}};
    char table[8192];
    json_t *v = json_object();
    if (!read_file("/proc/meminfo", table, sizeof table)) return v;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_object_set_new(v, names[i][0], json_integer(table_bytes(table, names[i][1])));
    }
    json_int_t total = table_bytes(table, "MemTotal"), left = table_bytes(table, "MemAvailable");
    json_object_set_new(v, "used", json_integer(total - left));
    json_object_set_new(v, "percent",
                        json_real(total > 0 ? 100.0 * (double)(total - left) / (double)total : 0));
    return v;
}

/* Busy and all jiffies of the machine. */
static void host_times(double *busy, double *all) {
    char line[512];
    unsigned long long t[8] = {0};
    *busy = *all = 0;
    if (!read_file("/proc/stat", line, sizeof line)) return;
    sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3], &t[4],
           &t[5], &t[6], &t[7]);
    for (int i = 0; i < 8; i++) *all += (double)t[i];
    *busy = *all - (double)t[3] - (double)t[4];
}

/* What the counters were at the last call. */
static struct {
    pthread_mutex_t lock;
    double seconds, busy, all;
    int64_t ns;
} last = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void add_shares(json_t *v) {
    double busy, all, seconds = seconds_used();
    host_times(&busy, &all);
    int64_t now = now_ns();
    pthread_mutex_lock(&last.lock);
    double wall = (double)(now - last.ns) * 1e-9;
    double cpu = last.ns && wall > 0 ? 100 * (seconds - last.seconds) / wall : 0;
    json_object_set_new(v, "kernel_cpu", json_real(cpu));
    if (last.ns && all > last.all) {
        json_object_set_new(v, "host_cpu_percent",
                            json_real(100 * (busy - last.busy) / (all - last.all)));
    }
    last.seconds = seconds;
    last.busy = busy;
    last.all = all;
    last.ns = now;
    pthread_mutex_unlock(&last.lock);
}

json_t *usage_json(void) {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    json_t *v = json_object();
    json_object_set_new(v, "hostname", json_string(host));
    json_object_set_new(v, "pid", json_integer(getpid()));
    json_object_set_new(v, "kernel_memory", json_integer(memory_of_process()));
    json_object_set_new(v, "cpu_count", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_set_new(v, "host_virtual_memory", host_memory());
    add_shares(v);
    return v;
}
