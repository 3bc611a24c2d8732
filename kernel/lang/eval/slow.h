/* Progress of what may take long without being a training: reading a large file, predicting for
 * many rows, evaluating. Nothing is shown before half a second has passed, so that most cells stay
 * quiet. What is part of such work (the members of an ensemble, the models of an evaluation) moves
 * the bar of the whole. */
#pragma once
#include "lang/observer.h"

struct eval;
struct engine;

double now_seconds(void); /* of a clock that never goes back */

struct slow {
    struct engine *engine;
    const struct engine_observer *observer; /* NULL = show nothing */
    char what[160];                         /* "predicting for 50,000 rows" */
    double started, told, share;
    double from, part;  /* which share of it is under way: by slow_part */
    struct slow *outer; /* what it is a part of, or NULL */
    int run;            /* number of its display; 0 = none yet */
};

/* `seen` observer may be NULL. */
void slow_begin(struct slow *s, struct engine *en, const struct engine_observer *o,
                const char *what);
/* The same inside an evaluation, with slow_leave at the end: part of what is under way there
 * already; nothing of its own inside trainings and searches, which show how far they are. `shown`
 * false: neither this nor its parts are shown. */
void slow_enter(struct slow *s, struct eval *ev, const char *what, bool shown);
void slow_leave(struct slow *s, struct eval *ev);
/* What follows is part i of n like it. */
void slow_part(struct slow *s, int64_t i, int64_t n);
/* Cheap when called often. `share` done, 0 … 1. */
void slow_step(struct slow *s, double share);
void slow_note(void *slow, double share); /* the same, as a callback of the runtime */
/* What was shown says that it is over. */
void slow_end(struct slow *s);

/* While a cell runs on this thread: reading files is shown. */
void slow_watch_files(struct slow *s, struct engine *en, const struct engine_observer *o);
void slow_watch_end(void);
