/* Golden cases in one text file: "#### NAME", a program, "----", what is expected. ⟦09⟧ stands for
 * the byte 0x09. With --update the file is written anew, to be read before it is committed. */
#pragma once
#include "base/str.h"

struct golden_case {
    char name[64];
    struct text program, expected;
    int line; /* in the file, for messages */
};

/* Calls `found` for every case with what the program gives; counts differences. -1: no such file.
 */
int golden_run(const char *path, bool update,
               void (*run)(void *user, const struct golden_case *c, struct text *result),
               void *user);
/* A whole file; empty when it cannot be read. */
struct text golden_file(const char *path);
