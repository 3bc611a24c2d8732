/* Shared by the files of magics: each magic is one row in magic.c and one function. */
#pragma once
#include "engine_parts.h"

/* Text of the magic's own output; given back. */
void magic_say(struct eval *ev, struct text *t);
/* What stands behind the name, without spaces around it. */
struct str magic_rest(const struct ast *s);

/* False, with the mistake, where AWML_SHELL=off is set: no line may begin with ! then. */
bool shell_allowed(struct err *e);

#define MAGIC(name)                                                                                \
    bool magic_##name(struct eval *ev, const struct ast *s, const struct engine_cell *cell)
MAGIC(shell);
MAGIC(who);
MAGIC(stale);
MAGIC(shapes);
MAGIC(explain);
MAGIC(timeout);
