/* The engine's inside, shared by its own files only. */
#pragma once
#include "lang/eval/eval.h"
#include "lang/values/names.h"
#include <stdatomic.h>

enum { KEPT_PROGRAMS = 32 };

struct engine {
    struct names *names;
    uint64_t seed;
    int runs;  /* training runs so far */
    int again; /* %again: mixed into the streams */
    _Atomic bool stop;
    struct program *kept[KEPT_PROGRAMS]; /* so that errors can still show their text */
    int n_kept;
    double started; /* of %%time */
};

/* Every line magic, one row and one function each. */
struct magic_row {
    const char *name, *help;
    bool (*run)(struct eval *ev, const struct ast *s, const struct engine_cell *cell);
};
extern const struct magic_row magic_rows[];
extern const int magic_n_rows;

/* Run one %magic, ?help or !shell line. */
bool run_magic(struct eval *ev, const struct ast *s, const struct engine_cell *cell);
/* Parse, resolve, check and run a text inside the cell that runs already. */
bool engine_run_text(struct engine *en, struct str code, const struct engine_cell *cell,
                     const struct engine_observer *observer, struct err *e);
/* Markdown help of a name. */
bool help_markdown(struct engine *en, struct str name, struct text *markdown, struct text *plain);
/* Files and folders that begin with the prefix. */
void complete_path(const struct str *prefix, void (*add)(void *user, const struct completion *c),
                   void *user);
double now_seconds(void);
