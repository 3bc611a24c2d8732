/* Shared by the files of completion only. */
#pragma once
#include "engine_parts.h"
#include "lang/syntax/parse.h"

struct completer {
    struct engine *engine;
    struct str prefix;
    void (*add)(void *user, const struct completion *c);
    void *user;
    struct str owner; /* x at the cursor in x.f(…); "" where that is no name */
    bool callables_only;
};

/* One completion, if it begins with the prefix. */
void complete_offer(const struct completer *c, const char *text, const char *type,
                    const char *signature);
/* What may stand as the value of the setting or argument at the cursor, or behind a magic: before
 * all other names, or between quotes. *only: nothing else fits there. False: nothing is known. */
bool complete_values(const struct completer *c, struct str code, const struct cursor_context *at,
                     bool quoted, bool *only);
/* Names that the code gives between two places, above the cursor: assigned, looped over, inputs,
 * parameters. */
void complete_made_names(struct str code, uint32_t from, uint32_t to,
                         void (*take)(void *user, struct str name), void *user);
