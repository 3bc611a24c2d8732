/* The texts that spans point into. A small list by number: an error shows at most a few of them. */
#include "source.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

/* All living sources, newest first, so that a span finds its text. One thread runs cells. */
static struct node {
    struct node *next;
    struct source source;
} * all;
static uint32_t last_id;

struct source *source_new(struct str text, int32_t cell_number, const char *name) {
    struct node *n = pool_zalloc(sizeof *n);
    char *copy = n ? pool_alloc(text.n + 1) : NULL;
    if (!copy) return pool_free(n), NULL;
    if (text.n) memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    if (++last_id == 0) last_id = 1;
    n->source = (struct source){.id = last_id,
                                .refs = 1,
                                .cell_number = cell_number,
                                .name = name ? intern_c(name) : NULL,
                                .text = {copy, text.n}};
    n->next = all;
    all = n;
    return &n->source;
}

struct source *source_ref(struct source *s) {
    s->refs++;
    return s;
}

static void release(char *bytes) {
    pool_free(bytes);
}

void source_unref(struct source *s) {
    if (!s || --s->refs > 0) return;
    for (struct node **link = &all; *link; link = &(*link)->next) {
        if (&(*link)->source != s) continue;
        struct node *gone = *link;
        *link = gone->next;
        release((char *)(uintptr_t)gone->source.text.p); /* our own copy, made above */
        pool_free(gone);
        return;
    }
}

const struct source *source_find(uint32_t id) {
    const struct node *n = all;
    while (n && n->source.id != id) n = n->next;
    return n ? &n->source : NULL;
}

void source_position(const struct source *s, uint32_t offset, int *line, int *column) {
    size_t end = offset < s->text.n ? offset : s->text.n;
    *line = *column = 1;
    for (size_t i = 0; i < end; i++) {
        unsigned char c = (unsigned char)s->text.p[i];
        if (c == '\n') {
            ++*line;
            *column = 1;
        } else if ((c & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

struct str source_line(const struct source *s, int line) {
    const char *p = s->text.p, *end = p + s->text.n;
    for (int i = 1; i < line; i++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p) return (struct str){end, 0};
        p++;
    }
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    if (!stop) stop = end;
    if (stop > p && stop[-1] == '\r') stop--;
    return (struct str){p, (size_t)(stop - p)};
}

struct str source_piece(struct span at) {
    const struct source *s = source_find(at.source);
    if (!s || at.start > at.end || at.end > s->text.n) return (struct str){"", 0};
    return (struct str){s->text.p + at.start, at.end - at.start};
}
