/* Stream text of the running cell. A cell may show STREAM_MAX bytes; what comes after goes to a
 * file that is named in the output, with the last lines shown at the end. */
#include "session/stream.h"
#include "session/json_text.h"
#include "session/log.h"
#include "base/pool.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STREAM_MAX = 8 << 20, TAIL_BYTES = 4096 };

struct stream {
    const struct courier *courier;
    pthread_mutex_t lock;
    struct origin *origin;
    bool silent;
    size_t shown;  /* bytes of this cell */
    size_t hidden; /* bytes of this cell that went to the file */
    int spill;     /* the file, or -1 */
    char path[256];
    char tail[TAIL_BYTES]; /* the end of what is hidden */
    size_t n_tail;
};

struct stream *stream_new(const struct courier *courier) {
    struct stream *s = pool_zalloc(sizeof *s);
    if (!s) return NULL;
    s->courier = courier;
    s->spill = -1;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void stream_free(struct stream *s) {
    if (!s) return;
    if (s->spill >= 0) close(s->spill);
    origin_unref(s->origin);
    pthread_mutex_destroy(&s->lock);
    pool_free(s);
}

void stream_begin(struct stream *s, struct origin *origin, bool silent) {
    pthread_mutex_lock(&s->lock);
    origin_unref(s->origin);
    s->origin = origin_ref(origin);
    s->silent = silent;
    s->shown = s->hidden = s->n_tail = 0;
    if (s->spill >= 0) close(s->spill);
    s->spill = -1;
    pthread_mutex_unlock(&s->lock);
}

static void keep_tail(struct stream *s, struct str utf8) {
    if (utf8.n >= TAIL_BYTES) {
        memcpy(s->tail, utf8.p + utf8.n - TAIL_BYTES, TAIL_BYTES);
        s->n_tail = TAIL_BYTES;
        return;
    }
    size_t keep = s->n_tail + utf8.n > TAIL_BYTES ? TAIL_BYTES - utf8.n : s->n_tail;
    memmove(s->tail, s->tail + s->n_tail - keep, keep);
    memcpy(s->tail + keep, utf8.p, utf8.n);
    s->n_tail = keep + utf8.n;
}

static void spill_open(struct stream *s) {
    const char *folders[] = {getenv("TMPDIR"), "/tmp"};
    for (size_t i = 0; s->spill < 0 && i < ARRAY_LEN(folders); i++) {
        if (!folders[i] || !*folders[i]) continue;
        snprintf(s->path, sizeof s->path, "%s/awml-output-XXXXXX", folders[i]);
        s->spill = mkostemp(s->path, O_CLOEXEC);
    }
}

static void hide(struct stream *s, struct str utf8) {
    if (s->hidden == 0) spill_open(s);
    s->hidden += utf8.n;
    keep_tail(s, utf8);
    while (s->spill >= 0 && utf8.n) {
        ssize_t n = write(s->spill, utf8.p, utf8.n);
        if (n <= 0) {
            log_warn("spill", "output file %s: write failed", s->path);
            return;
        }
        utf8 = (struct str){utf8.p + n, utf8.n - (size_t)n};
    }
}

void stream_write(struct stream *s, bool is_error, struct str utf8) {
    if (!utf8.n) return;
    pthread_mutex_lock(&s->lock);
    if (s->silent || !s->origin) {
        log_note("output of a silent cell: %.*s", (int)(utf8.n < 200 ? utf8.n : 200), utf8.p);
    } else if (s->shown + utf8.n <= STREAM_MAX && !s->hidden) {
        s->shown += utf8.n;
        s->courier->stream(s->courier->user, s->origin, is_error, utf8);
    } else {
        hide(s, utf8);
    }
    pthread_mutex_unlock(&s->lock);
}

/* The tail from its first whole line on. */
static struct str tail_lines(const struct stream *s) {
    const char *line = memchr(s->tail, '\n', s->n_tail);
    size_t skip = s->hidden > s->n_tail && line ? (size_t)(line + 1 - s->tail) : 0;
    return (struct str){s->tail + skip, s->n_tail - skip};
}

void stream_end(struct stream *s) {
    pthread_mutex_lock(&s->lock);
    if (s->hidden) {
        struct text note = {0};
        struct str tail = tail_lines(s);
        text_addf(&note, "\n[%zu MB of output shown; %zu bytes more ", s->shown >> 20, s->hidden);
        if (s->spill >= 0) text_addf(&note, "are in %s. Its end:]\n", s->path);
        else text_adds(&note, "are lost, because no file could be written. The end:]\n");
        utf8_repair(tail, &note);
        s->courier->stream(s->courier->user, s->origin, false, text_str(&note));
        text_clear(&note);
        s->hidden = 0;
        s->shown = STREAM_MAX;
    }
    pthread_mutex_unlock(&s->lock);
}
