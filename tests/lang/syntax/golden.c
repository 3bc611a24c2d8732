/* Reads golden files, compares, and writes them anew. */
#include "golden.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text golden_file(const char *path) {
    struct text t = {0};
    FILE *file = fopen(path, "rb");
    char buffer[4096];
    size_t n;
    while (file && (n = fread(buffer, 1, sizeof buffer, file)) > 0) {
        text_add(&t, (struct str){buffer, n});
    }
    if (file) fclose(file);
    return t;
}

/* Undo ⟦hh⟧. */
static void add_bytes(struct text *out, const char *p, size_t n) {
    for (size_t i = 0; i < n;) {
        bool code = i + 8 <= n && memcmp(p + i, "⟦", 3) == 0 && memcmp(p + i + 5, "⟧", 3) == 0;
        if (code) {
            char digits[3] = {p[i + 3], p[i + 4], 0};
            text_addc(out, (char)strtol(digits, NULL, 16));
            i += 8;
        } else {
            text_addc(out, p[i++]);
        }
    }
}

static bool starts(const char *p, const char *mark) {
    return strncmp(p, mark, strlen(mark)) == 0;
}

static const char *next_line(const char *p) {
    const char *end = strchr(p, '\n');
    return end ? end + 1 : p + strlen(p);
}

/* The case at `p`; returns the place after it. `raw` receives the program as written. */
static const char *read_case(const char *p, struct golden_case *c, struct text *raw) {
    const char *end = next_line(p);
    snprintf(c->name, sizeof c->name, "%.*s", (int)(end - p - 6), p + 5);
    p = end;
    while (*p && !starts(p, "----")) p = next_line(p);
    text_add(raw, (struct str){end, (size_t)(p - end)});
    /* the last line end of the program belongs to the file */
    add_bytes(&c->program, raw->p ? raw->p : "", raw->n ? raw->n - 1 : 0);
    const char *start = p = next_line(p);
    while (*p && !starts(p, "#### ")) p = next_line(p);
    text_add(&c->expected, (struct str){start, (size_t)(p - start)});
    return p;
}

static int compare(const struct golden_case *c, const struct text *result) {
    if (str_same(text_str(&c->expected), text_str(result))) return 0;
    fprintf(stderr, "line %d, %s:\n%s\n-- expected --\n%s\n-- found --\n%s\n", c->line, c->name,
            c->program.p ? c->program.p : "", c->expected.p ? c->expected.p : "",
            result->p ? result->p : "");
    return 1;
}

int golden_run(const char *path, bool update,
               void (*run)(void *user, const struct golden_case *c, struct text *result),
               void *user) {
    struct text file = golden_file(path), fresh = {0};
    if (file.n == 0) return -1;
    int differences = 0;
    const char *p = file.p;
    while (*p && !starts(p, "#### ")) p = next_line(p);
    text_add(&fresh, (struct str){file.p, (size_t)(p - file.p)});
    while (*p) {
        struct golden_case c = {.line = 1};
        for (const char *q = file.p; q < p; q++) c.line += *q == '\n';
        struct text raw = {0}, result = {0};
        p = read_case(p, &c, &raw);
        run(user, &c, &result);
        text_addc(&result, '\n');
        if (!update) differences += compare(&c, &result);
        text_addf(&fresh, "#### %s\n%s----\n%s", c.name, raw.p ? raw.p : "", result.p);
        text_clear(&raw);
        text_clear(&result);
        text_clear(&c.program);
        text_clear(&c.expected);
    }
    FILE *out = update ? fopen(path, "wb") : NULL;
    if (out) fwrite(fresh.p, 1, fresh.n, out), fclose(out);
    text_clear(&fresh);
    text_clear(&file);
    return differences;
}
