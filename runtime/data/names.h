/* A set of interned names, to find the ones given twice. */
#pragma once
#include "base/err.h"

struct name_set {
    const char **slot; /* open addressing, at most half full */
    size_t mask;
};

bool name_set_init(struct name_set *s, size_t most, struct err *e); /* room for `most` names */
bool name_set_add(struct name_set *s, const char *name);            /* true if it was not there */
void name_set_clear(struct name_set *s);
