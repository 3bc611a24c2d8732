/* Files that a session has read or written. */
#include "files_seen.h"
#include "base/pool.h"
#include <string.h>
#include <sys/stat.h>

struct seen {
    char *path;
    int64_t size, seconds, nanoseconds;
};

struct files_seen {
    struct seen *files;
    size_t n, cap;
};

struct files_seen *files_seen_new(struct err *e) {
    return pool_need(sizeof(struct files_seen), e);
}

void files_seen_free(struct files_seen *s) {
    for (size_t i = 0; s && i < s->n; i++) pool_free(s->files[i].path);
    if (s) pool_free(s->files);
    pool_free(s);
}

static struct seen *place(struct files_seen *s, const char *path) {
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->files[i].path, path) == 0) return &s->files[i];
    if (s->n == s->cap) {
        size_t cap = 2 * s->cap + 16;
        struct seen *more = pool_realloc(s->files, cap * sizeof *more);
        if (!more) return NULL;
        s->files = more;
        s->cap = cap;
    }
    size_t n = strlen(path) + 1;
    char *copy = pool_alloc(n);
    if (!copy) return NULL;
    memcpy(copy, path, n);
    s->files[s->n] = (struct seen){.path = copy, .size = -1};
    return &s->files[s->n++];
}

/* What the file is like now; false: it was not known, or is as it was. */
static bool look(struct files_seen *s, const char *path) {
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    struct seen *f = place(s, path);
    if (!f) return false;
    struct seen now = {f->path, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
    bool other = f->size >= 0 && (f->size != now.size || f->seconds != now.seconds ||
                                  f->nanoseconds != now.nanoseconds);
    *f = now;
    return other;
}

bool files_seen_read(struct files_seen *s, const char *path) {
    return look(s, path);
}

void files_seen_written(struct files_seen *s, const char *path) {
    look(s, path);
}
