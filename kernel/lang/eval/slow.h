/* Progress of what may take long without being a training: reading a large file, predicting for
 * many rows. Nothing is shown before a second has passed, so that most cells stay quiet. */
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
    int run; /* number of its display; 0 = none yet */
};

/* `seen` observer may be NULL. */
void slow_begin(struct slow *s, struct engine *en, const struct engine_observer *o,
                const char *what);
/* Cheap when called often. `share` done, 0 … 1. */
void slow_step(struct slow *s, double share);
/* What was shown says that it is over. */
void slow_end(struct slow *s);

/* While a cell runs on this thread: reading files is shown. */
void slow_watch_files(struct slow *s, struct engine *en, const struct engine_observer *o);
void slow_watch_end(void);
