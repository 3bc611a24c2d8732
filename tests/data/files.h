/* What the tests of the readers share: paths of the kept files, and a message when a read fails. */
#pragma once
#include "data/read.h"
#include "../harness.h"
#include <stdlib.h>
#include <unistd.h>

#define FILES TEST_FILES "/"

/* For a read that must succeed: the error, shown once. */
static inline bool shown(bool ok, const struct err *e) {
    if (!ok) fprintf(stderr, "%s: %s\n%s", err_title(e->kind), e->what, e->facts);
    return ok;
}

/* A path in a folder of this process, for files that a test writes; valid until the next call. */
static inline const char *scratch(const char *name) {
    static char path[256];
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/awml_test_%ld_%s", tmp ? tmp : "/tmp", (long)getpid(), name);
    return path;
}

static inline void put_file(const char *path, const void *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}
