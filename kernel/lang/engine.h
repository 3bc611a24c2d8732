/* The language's door for whoever runs cells: the Jupyter session, the file runner, the tests.
 * One engine = one notebook: names with their versions, the seed, the sources. Used by one thread,
 * except engine_stop and the functions marked (any thread). Nothing here prints or knows Jupyter.
 */
#pragma once
#include "lang/observer.h"

struct engine;

struct engine *engine_new(struct err *e);
void engine_free(struct engine *en);

struct engine_cell {
    struct str code;
    const char *cell_id;            /* from the front end, or NULL */
    const char *const *deleted_ids; /* cells that went away */
    int n_deleted_ids;
    int32_t number; /* N of "cell [N]" */
    bool silent;    /* no results or output wanted */
};

/* Check, then run. False with a complete error (span, names in place of {0}…); what finished
 * statements assigned stays. */
bool engine_run(struct engine *en, const struct engine_cell *cell,
                const struct engine_observer *observer, struct err *e);
/* Passes 1-3 of the check only. */
bool engine_check(struct engine *en, const struct engine_cell *cell, struct err *e);
/* The same, going on behind each mistake where that is safe: the first `most` that do not follow
 * from each other, in the order of the text. What a statement with a mistake would have given is
 * unknown then, and nothing is said about it. Returns their number. */
int engine_findings(struct engine *en, const struct engine_cell *cell, struct err *found, int most);
/* Those of a cell that is still being written, below cells `above` it: of those that have not run,
 * the names count that they will make. A cell that is not finished has no mistakes yet, and those
 * of other cells are not told. Places count from `start` on. */
int engine_check_draft(struct engine *en, const struct engine_cell *cell,
                       const struct engine_cell *above, int n_above, uint32_t *start,
                       struct err *found, int most);
/* One expression against the session's names, for user_expressions: new value. */
bool engine_eval(struct engine *en, struct str code, struct value *out, struct err *e);

/* (any thread, also from a signal handler) Ask the running cell to stop; cleared when a cell
 * starts. */
void engine_stop(struct engine *en);
const _Atomic bool *engine_stop_flag(const struct engine *en);

/* (the running cell's thread) USD of %budget; 0 = none. */
double engine_budget(const struct engine *en);

/* Completion: `add` is called for each candidate, best first. Offsets are bytes of `code`. */
struct completion {
    const char *text;      /* what to insert */
    const char *type;      /* "function", "layer", "setting", "column", "keyword", "module", … */
    const char *signature; /* or "" */
};
void engine_complete(struct engine *en, struct str code, uint32_t offset, uint32_t *start,
                     uint32_t *end, void (*add)(void *user, const struct completion *c),
                     void *user);
/* Help for the name at the offset. False: nothing known. The texts are the caller's to give back.
 */
struct help_page {
    struct text markdown, plain, html;
};
bool engine_inspect(struct engine *en, struct str code, uint32_t offset, int detail,
                    struct help_page *page);
