/* Imported files: read, checked and run once, again only when the file has changed. The names of a
 * file are its own: functions in it see each other and the built-ins, never the notebook's names.
 */
#pragma once
#include "eval.h"

/* One file, run or (while checking) walked. Owned by the engine: functions made in it may live as
 * long as it does. */
struct module {
    struct module *next;
    const char *path; /* interned */
    int64_t size, changed_ns;
    bool checked; /* made while checking: its values are descriptions */
    bool loading;
    struct program *program;
    struct value names; /* a record */
};

struct module *engine_modules(const struct engine *en);
void engine_set_modules(struct engine *en, struct module *first);
void modules_free(struct module *first);
bool exec_import(struct eval *ev, const struct ast *s);
/* The value of a module's name: borrowed, or NULL. */
const struct value *module_get(const struct module *m, const char *name);
bool module_set(struct eval *ev, struct module *m, const char *name, struct value take);
