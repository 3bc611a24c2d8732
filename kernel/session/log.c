/* The program's own diary. State is global on purpose: there is one stderr. */
#include "session/log.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_KINDS = 32, LINE_MAX_BYTES = 512 };

static int file_fd = -1, warn_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    const char *kind;
    unsigned n;
} seen[MAX_KINDS];

void log_open(int stderr_fd) {
    const char *path = getenv("AWML_LOG");
    if (path && *path) file_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    warn_fd = file_fd >= 0 ? file_fd : stderr_fd;
}

static void write_line(int fd, const char *format, va_list args) {
    char line[LINE_MAX_BYTES];
    struct timespec t;
    struct tm day;
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &day);
    size_t n = strftime(line, sizeof line, "awml-c %Y-%m-%dT%H:%M:%SZ ", &day);
    int m = vsnprintf(line + n, sizeof line - n - 1, format, args);
    n = m < 0 ? n : n + (size_t)m < sizeof line - 1 ? n + (size_t)m : sizeof line - 2;
    line[n++] = '\n';
    if (write(fd, line, n) < 0) return; /* there is nowhere left to complain */
}

void log_note(const char *format, ...) {
    if (file_fd < 0) return;
    va_list args;
    va_start(args, format);
    write_line(file_fd, format, args);
    va_end(args);
}

static bool is_due(const char *kind) {
    pthread_mutex_lock(&lock);
    int i = 0;
    while (i < MAX_KINDS - 1 && seen[i].kind && strcmp(seen[i].kind, kind) != 0) i++;
    seen[i].kind = kind;
    bool due = seen[i].n++ % 1000 == 0;
    pthread_mutex_unlock(&lock);
    return due;
}

void log_warn(const char *kind, const char *format, ...) {
    if (warn_fd < 0 || !is_due(kind)) return;
    va_list args;
    va_start(args, format);
    write_line(warn_fd, format, args);
    va_end(args);
}
