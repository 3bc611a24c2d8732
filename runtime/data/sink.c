/* Files out: buffered, and complete or not there at all. */
#include "sink.h"
#include "source.h"
#include "base/pool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { BUFFER_BYTES = 1 << 16 };

static bool cannot_write(const char *path, int why, struct err *e) {
    err_set(e, ERR_FILE, "\"%.400s\" cannot be written: %s.", path, strerror(why));
    if (why == ENOENT) err_hint(e, "Its folder does not exist. Make it first.");
    if (why == ENOSPC) err_hint(e, "The disk is full.");
    if (why == EFBIG) err_hint(e, "No file may be so large here.");
    if (why == EACCES) err_hint(e, "You may not write in that folder. Choose another one.");
    return false;
}

bool sink_open(struct sink *s, const char *path, struct err *e) {
    *s = (struct sink){.path = path, .fd = -1};
    const char *home = path[0] == '~' && path[1] == '/' ? getenv("HOME") : NULL;
    size_t n = strlen(path) + (home ? strlen(home) : 0) + 32;
    s->whole = pool_need(2 * n, e);
    if (!s->whole) return false;
    s->neighbour = s->whole + n;
    snprintf(s->whole, n, "%s%s", home ? home : "", home ? path + 1 : path);
    struct stat st;
    if (stat(s->whole, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(e, ERR_FILE, "\"%.400s\" is a folder or a device, not a file.", path);
    snprintf(s->neighbour, n, "%s.%ld.part", s->whole, (long)getpid());
    s->fd = open(s->neighbour, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (s->fd < 0) return cannot_write(path, errno, e);
    if (!str_ends(str_of(path), ".gz")) return true;
    s->gz = gzdopen(s->fd, "wb"); /* no name and no time inside: equal contents, equal files */
    return s->gz || err_memory(e, 1 << 18);
}

static bool pack_all(struct sink *s, const char *bytes, size_t n, struct err *e) {
    while (n) {
        unsigned part = n < 1 << 30 ? (unsigned)n : 1 << 30;
        errno = 0;
        if (gzwrite(s->gz, bytes, part) != (int)part)
            return cannot_write(s->path, errno ? errno : ENOMEM, e);
        bytes += part;
        n -= part;
    }
    return true;
}

static bool write_all(struct sink *s, const char *bytes, size_t n, struct err *e) {
    if (s->gz) return pack_all(s, bytes, n, e);
    while (n) {
        ssize_t k = write(s->fd, bytes, n);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return cannot_write(s->path, errno, e);
        bytes += k;
        n -= (size_t)k;
    }
    return true;
}

static bool flush(struct sink *s, struct err *e) {
    TRY(write_all(s, s->waiting.p, s->waiting.n, e));
    s->waiting.n = 0;
    return true;
}

bool sink_put(struct sink *s, const void *bytes, size_t n, struct err *e) {
    if (s->waiting.n + n > BUFFER_BYTES) TRY(flush(s, e));
    if (n >= BUFFER_BYTES) return write_all(s, bytes, n, e);
    return text_add(&s->waiting, (struct str){bytes, n}) || err_memory(e, BUFFER_BYTES);
}

bool sink_finish(struct sink *s, struct err *e) {
    TRY(flush(s, e));
    int fd = s->fd;
    void *gz = s->gz;
    s->fd = -1;
    s->gz = NULL;
    errno = ENOSPC; /* what zlib's own answers mean here: its last block could not be written */
    bool ok = (gz ? gzclose(gz) == Z_OK : close(fd) == 0) && rename(s->neighbour, s->whole) == 0;
    if (!ok) {
        int why = errno;
        unlink(s->neighbour);
        return cannot_write(s->path, why, e);
    }
    return true;
}

void sink_drop(struct sink *s) {
    if (s->fd >= 0) {
        if (s->gz) gzclose(s->gz);
        else close(s->fd);
        unlink(s->neighbour);
    }
    text_clear(&s->waiting);
    pool_free(s->whole);
    *s = (struct sink){.fd = -1};
}

bool sink_write(const char *path, const void *bytes, size_t n, struct err *e) {
    struct sink s;
    bool ok = sink_open(&s, path, e) && sink_put(&s, bytes, n, e) && sink_finish(&s, e);
    sink_drop(&s);
    return ok;
}
