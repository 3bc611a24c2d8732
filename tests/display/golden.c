/* Comparing with golden files. GOLDEN_DIR is set by the build. */
#include "golden.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_file(const char *path, struct str bytes) {
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    bool ok = fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
    return fclose(f) == 0 && ok;
}

static bool read_whole(const char *path, struct text *out) {
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    char piece[4096];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0) text_add(out, (struct str){piece, n});
    fclose(f);
    return true;
}

static void report(const char *name, struct str expected, struct str found) {
    size_t i = 0, line = 1;
    while (i < expected.n && i < found.n && expected.p[i] == found.p[i])
        line += expected.p[i++] == '\n';
    fprintf(stderr, "golden/%s differs in line %zu; found: %.*s\n", name, line,
            (int)(found.n - i < 200 ? found.n - i : 200), found.p + i);
    char path[512];
    snprintf(path, sizeof path, "%s.found", name);
    write_file(path, found);
}

bool golden_same(const char *name, struct str found) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", GOLDEN_DIR, name);
    if (getenv("AWML_UPDATE")) return write_file(path, found);
    struct text expected = {0};
    bool same = read_whole(path, &expected) && str_same(text_str(&expected), found);
    if (!same) report(name, text_str(&expected), found);
    text_clear(&expected);
    return same;
}
