/* The engine's inside, shared by its own files only. */
#pragma once
#include "lang/engine.h"
#include "lang/eval/advice/advice.h"
#include "lang/eval/eval.h"
#include "lang/eval/slow.h"
#include "lang/values/cells.h"
#include "lang/values/files_seen.h"
#include "lang/values/names.h"
#include "interact.h"
#include "timeout.h"
#include <stdatomic.h>

enum { KEPT_PROGRAMS = 32 };

struct engine {
    struct names *names;
    struct cells *cells;
    struct advice *advice;
    struct tracking *tracking;
    struct pretrained_cache *pretrained; /* networks read before, or NULL (fn_pretrained.c) */
    struct module *modules;              /* imported files, newest first */
    struct files_seen *files;
    uint64_t seed;
    enum device_choice device; /* of %device */
    int runs;                  /* training runs so far */
    int again;                 /* %again: mixed into the streams; 0 in a cell without it */
    _Atomic bool stop;
    struct program *kept[KEPT_PROGRAMS]; /* so that errors can still show their text */
    int n_kept;
    struct program *checked; /* the last one that was only checked */
    double started;          /* of %%time */
    struct timeout *timeout;
    double limit_seconds;             /* of %timeout; 0 = none */
    char limit_words[40];             /* as it was written */
    struct interaction *interactions; /* newest first */
    int n_interactions;               /* so far */
    double budget;                    /* of %budget, USD; 0 = none */
};

/* Every line magic, one row and one function each. */
struct magic_row {
    const char *name, *help;
    const char *takes; /* what completion offers behind it: "on off"; "" nothing; NULL any code */
    bool (*run)(struct eval *ev, const struct ast *s, const struct engine_cell *cell);
};
extern const struct magic_row magic_rows[];
extern const int magic_n_rows;

/* Is there a magic of this name ("who", "%time")? An error without a place if not. */
bool magic_known(const char *name, struct err *e);
/* Run one %magic, ?help or !shell line. */
bool run_magic(struct eval *ev, const struct ast *s, const struct engine_cell *cell);
/* Files and folders that begin with the prefix. */
void complete_path(const struct str *prefix, void (*add)(void *user, const struct completion *c),
                   void *user);

/* Names of a program that is not the running one. */
bool engine_resolve(struct engine *en, struct program *p, const struct scope **scope,
                    struct err *e);
/* Passes 2 and 3 on a program that is not run; may be done again after a change to its tree. */
bool engine_check_program(struct engine *en, const struct engine_cell *cell, struct program *p,
                          struct err *e);
/* Takes the program: it stays until the next check. */
void engine_keep_checked(struct engine *en, struct program *p);
/* A cell under %%bash or the like is no awml: then *e says so, whatever it said before. */
bool engine_foreign(const struct source *s, struct err *e);
/* Takes the program: it stays for as long as an error may speak of it. */
void engine_keep(struct engine *en, struct program *p);
/* The shapes of the last cell that had more than magics in it, by checking it again. */
bool engine_last_shapes(struct engine *en, struct text *t, struct err *e);
/* explain.c */
bool explain_text(struct eval *ev, struct str code, struct text *t);

/* ---- rerun.c: what is said about cells run again and out of order ---- */
void rerun_delete_cells(struct engine *en, const struct engine_cell *cell);
/* After the check: what the cell reads that is out of date, or from before its own last run. */
void rerun_say_before(struct engine *en, const struct engine_cell *cell,
                      const struct engine_observer *o);
/* After names_end: which cells used a value that has changed now. */
void rerun_say_after(struct engine *en, const struct engine_cell *cell,
                     const struct engine_observer *o);
void rerun_list_stale(struct engine *en, struct text *t);
/* A name that is gone because its cell was deleted, or for want of memory: says so. */
void rerun_explain(struct engine *en, struct err *e);
