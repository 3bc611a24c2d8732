/* Byte sources: opening files, unpacking gzip, saying what is wrong with a path. */
#include "source.h"
#include "read.h"
#include "base/pool.h"
#include "base/stop.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* "~/x" as the shell reads it. */
static const char *expand(const char *path, char *out, size_t cap) {
    const char *home = getenv("HOME");
    if (path[0] != '~' || path[1] != '/' || !home) return path;
    int n = snprintf(out, cap, "%s%s", home, path + 1);
    return n > 0 && (size_t)n < cap ? out : path;
}

void source_path(const char *path, char *out, size_t cap) {
    const char *whole = expand(path, out, cap);
    if (whole != out) snprintf(out, cap, "%s", whole);
}

/* The entry of the path's folder whose name is nearest to it, if one is near. */
static bool nearest_entry(const char *path, char *out, size_t cap) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char folder[PATH_MAX];
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;
    if (n >= sizeof folder || !*name) return false;
    memcpy(folder, n ? path : ".", n ? n : 1);
    folder[n ? n : 1] = 0;
    DIR *dir = opendir(folder);
    if (!dir) return false;
    int best = 3;
    for (struct dirent *d; (d = readdir(dir));) {
        int far = str_distance(str_of(name), str_of(d->d_name));
        if (far >= best || d->d_name[0] == '.') continue;
        best = far;
        snprintf(out, cap, "%.*s%s", (int)n, path, d->d_name);
    }
    closedir(dir);
    return best < 3;
}

static bool missing(const char *path, struct err *e) {
    char near[PATH_MAX + 256], here[PATH_MAX];
    err_set(e, ERR_FILE, "There is no file \"%.400s\".", path);
    if (path[0] != '/' && path[0] != '~' && getcwd(here, sizeof here))
        err_fact(e, "looked in", "%.400s", here);
    if (nearest_entry(path, near, sizeof near))
        return err_hint(e, "Did you mean \"%.400s\"?", near);
    return err_hint(e, "Check the name. A path starts from the folder of the notebook.");
}

static bool cannot_open(const char *path, int why, struct err *e) {
    if (why == ENOENT || why == ENOTDIR) return missing(path, e);
    err_set(e, ERR_FILE, "The file \"%.400s\" cannot be opened: %s.", path, strerror(why));
    if (why == EACCES) err_hint(e, "Its owner has to allow you to read it.");
    return false;
}

static bool not_a_file(const char *path, bool folder, struct err *e) {
    err_set(e, ERR_FILE, "\"%.400s\" is %s, not a file.", path,
            folder ? "a folder" : "a device or a pipe");
    return err_hint(e, folder ? "Write the name of one file in it." : "Copy it to a file first.");
}

/* ---- telling how far it is ---- */

static struct {
    void (*seen)(void *user, const struct read_progress *p);
    void *user;
    pthread_t thread;
} watch;

void read_watch(void (*seen)(void *user, const struct read_progress *p), void *user) {
    watch.seen = seen;
    watch.user = user;
    watch.thread = pthread_self();
}

/* Small files are read at once: nobody waits for them. */
static void tell(struct source *s, bool begins, bool ended) {
    enum { SMALL = 1 << 23 };
    bool mine = watch.seen && pthread_equal(watch.thread, pthread_self());
    if (begins && s->bytes >= SMALL) s->watched = true;
    if (!mine || !s->watched || !s->bytes) return;
    uint64_t at = ended ? s->bytes : s->gz ? (uint64_t)gzoffset(s->gz) : s->at;
    double share = (double)at / (double)s->bytes;
    watch.seen(watch.user, &(struct read_progress){.path = s->path,
                                                   .bytes = s->bytes,
                                                   .share = share < 1 ? share : 1,
                                                   .round = s->round,
                                                   .n_rounds = s->n_rounds,
                                                   .begins = begins,
                                                   .ended = ended});
}

/* ---- opening ---- */

/* Deflate makes at most 1032 bytes of one (zlib's technical details). */
enum { DEFLATE_RATIO = 1032 };

bool source_open(struct source *s, const char *path, struct err *e) {
    *s = (struct source){.path = path};
    char whole[PATH_MAX];
    int fd = open(expand(path, whole, sizeof whole), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return cannot_open(path, errno, e);
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        bool folder = S_ISDIR(st.st_mode);
        close(fd);
        return not_a_file(path, folder, e);
    }
    gzFile gz = gzdopen(fd, "rb");
    if (!gz) return close(fd), err_memory(e, 1 << 18);
    s->gz = gz;
    s->fd = fd;
    gzbuffer(gz, 1 << 17);
    s->packed = !gzdirect(gz);
    s->bytes = (uint64_t)st.st_size;
    s->most = s->bytes * (s->packed ? DEFLATE_RATIO : 1);
    tell(s, true, false);
    return true;
}

void source_of(struct source *s, struct str bytes) {
    *s = (struct source){.memory = bytes, .most = bytes.n};
}

void source_cut(struct source *piece, const struct source *whole, uint64_t begin, uint64_t end) {
    *piece = (struct source){.path = whole->path, .fd = whole->fd, .most = end - begin};
    piece->begin = begin;
    piece->bytes = end - begin;
    piece->n_rounds = whole->n_rounds;
    piece->watched = whole->watched;
    piece->piece = whole->gz != NULL;
    if (!whole->gz) piece->memory = (struct str){whole->memory.p + begin, (size_t)(end - begin)};
}

uint64_t source_promises(const struct source *s) {
    return s->packed ? s->most / DEFLATE_RATIO * 4 : s->most;
}

void source_close(struct source *s) {
    if (s->gz) {
        tell(s, false, true);
        gzclose(s->gz);
    }
    s->gz = NULL;
}

/* A read gave less than asked for: the end of the file, or what zlib says of it. */
static bool check_end(struct source *s, struct err *e) {
    int code = Z_OK;
    gzerror(s->gz, &code);
    if (code == Z_OK) return true;
    if (code == Z_MEM_ERROR) return err_memory(e, 1 << 18);
    if (code == Z_ERRNO)
        return err_set(e, ERR_FILE, "\"%.400s\" cannot be read: %s.", s->path, strerror(errno));
    err_set(e, ERR_DATA, "The gzip file is damaged: %s.",
            code == Z_BUF_ERROR ? "it ends too early" : "its bytes make no sense");
    err_fact(e, "unpacked so far", "%llu bytes", (unsigned long long)s->at);
    err_hint(e, "Copy or download the file again.");
    return false;
}

enum { PIECE = 1 << 22 }; /* between two looks at the flag: some milliseconds */

static bool read_gz(struct source *s, char *out, size_t n, size_t *got, struct err *e) {
    while (*got < n) {
        size_t left = n - *got;
        unsigned ask = left < PIECE ? (unsigned)left : PIECE;
        if (stop_asked()) return err_set(e, ERR_INTERRUPT, "Stopped while reading a file.");
        int k = gzread(s->gz, out + *got, ask);
        if (k > 0) *got += (size_t)k, s->at += (uint64_t)k;
        tell(s, false, false);
        if (k < (int)ask) return check_end(s, e);
    }
    return true;
}

static bool read_piece(struct source *s, char *out, size_t n, size_t *got, struct err *e) {
    if (n > s->most - s->at) n = (size_t)(s->most - s->at);
    while (*got < n) {
        size_t left = n - *got;
        if (stop_asked()) return err_set(e, ERR_INTERRUPT, "Stopped while reading a file.");
        ssize_t k =
            pread(s->fd, out + *got, left < PIECE ? left : PIECE, (off_t)(s->begin + s->at));
        if (k < 0 && errno == EINTR) continue;
        if (k < 0)
            return err_set(e, ERR_FILE, "\"%.400s\" cannot be read: %s.", s->path, strerror(errno));
        if (k == 0) return true;
        *got += (size_t)k, s->at += (uint64_t)k;
        tell(s, false, false);
    }
    return true;
}

bool source_read(struct source *s, void *out, size_t n, size_t *got, struct err *e) {
    *got = 0;
    if (s->gz) return read_gz(s, out, n, got, e);
    if (s->piece) return read_piece(s, out, n, got, e);
    size_t left = s->memory.n - (size_t)s->at;
    *got = n < left ? n : left;
    if (*got) memcpy(out, s->memory.p + s->at, *got);
    s->at += *got;
    return true;
}

static bool cut_short(uint64_t need, uint64_t have, const char *part, struct err *e) {
    err_set(e, ERR_DATA, "The file is cut short: %s needs %llu bytes and there are only %llu.",
            part, (unsigned long long)need, (unsigned long long)have);
    return err_hint(e, "Copy or download the file again.");
}

bool source_need(struct source *s, void *out, size_t n, const char *part, struct err *e) {
    size_t got;
    TRY(source_read(s, out, n, &got, e));
    return got == n || cut_short(n, got, part, e);
}

bool source_check(struct source *s, struct err *e) {
    char more[4096];
    size_t got = s->packed;
    while (got) TRY(source_read(s, more, sizeof more, &got, e));
    return true;
}

bool source_rewind(struct source *s, struct err *e) {
    s->at = 0;
    if (s->round + 1 < s->n_rounds) s->round++;
    if (!s->gz || gzrewind(s->gz) == 0) return true;
    return err_set(e, ERR_FILE, "\"%.400s\" cannot be read twice.", s->path);
}

bool source_holds(const struct source *s, uint64_t n, const char *part, struct err *e) {
    uint64_t left = s->most > s->at ? s->most - s->at : 0;
    return n <= left || cut_short(n, left, part, e);
}

bool source_blame(const struct source *s, struct err *e) {
    bool named = !s->path || e->kind != ERR_DATA;
    if (!named && !strstr(e->facts, "file\t")) err_fact(e, "file", "%.400s", s->path);
    return false;
}

bool memory_holds(uint64_t bytes, struct err *e) {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0 || bytes / (uint64_t)page < (uint64_t)pages) return true;
    return err_memory(e, bytes);
}

/* Grow by half, from what the file promises. */
static bool room_for_more(struct text *out, uint64_t promised, struct err *e) {
    size_t cap = out->cap ? out->cap + out->cap / 2 : (size_t)promised + 2;
    if (cap < (1 << 12)) cap = 1 << 12;
    TRY(memory_holds(cap, e));
    char *p = pool_realloc(out->p, cap);
    if (!p) return err_memory(e, cap);
    out->p = p;
    out->cap = cap;
    return true;
}

static bool read_all(struct source *s, struct text *out, struct err *e) {
    uint64_t promised = source_promises(s);
    for (size_t got = 1; got;) {
        if (out->cap - out->n < 2) TRY(room_for_more(out, promised, e));
        TRY(source_read(s, out->p + out->n, out->cap - out->n - 1, &got, e));
        out->n += got;
        out->p[out->n] = 0;
    }
    return true;
}

bool read_file(const char *path, struct text *out, struct err *e) {
    struct source s;
    *out = (struct text){0};
    bool ok = source_open(&s, path, e) && read_all(&s, out, e);
    if (!ok) source_blame(&s, e), text_clear(out);
    source_close(&s);
    return ok;
}
