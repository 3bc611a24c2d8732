/* What a running cell tells the outside, and asks of it: printed text, shown values, trainings,
 * questions. The evaluator calls it; the session, the file runner and the tests fill it in. */
#pragma once
#include "lang/values/value.h"

/* How far something that takes long has come: one display, updated in place. */
struct progress {
    const char *state;         /* "trial 3 of 12 …" */
    double share;              /* done, 0 … 1 */
    double seconds;            /* since it began; 0 = of no interest */
    const char *best;          /* a line below it, or NULL */
    const struct table *table; /* what there is so far, or NULL */
    bool ended;
};

/* What a running cell tells the outside. Any member may be NULL. */
struct engine_observer {
    void *user;
    /* print */
    void (*text)(void *user, struct str utf8, bool is_error);
    /* The text in which `show` shows a value: print of a table writes it. */
    void (*plain)(void *user, struct value v, struct text *out);
    /* show(…), and the cell's last value (is_result). */
    void (*show)(void *user, struct value v, const char *title, bool is_result);
    /* A training run; `run` numbers it within the engine. Called at most 10 times a second. */
    void (*train)(void *user, int run, const struct train_event *event);
    /* A search, or something else that takes long; numbered as training runs are. Called at most 10
     * times a second. */
    void (*progress)(void *user, int run, const struct progress *p);
    /* A short advice or note about this cell (stale names, interrupted …). */
    void (*note)(void *user, struct str utf8);
    /* input("…"): waits for the answer. False with ERR_INPUT or ERR_INTERRUPT. */
    bool (*ask)(void *user, struct str prompt, bool hidden, struct text *answer, struct err *e);
    /* Help for ?name: Markdown. */
    void (*page)(void *user, struct str markdown);
    void (*clear)(void *user, bool wait);
    void (*exit)(void *user); /* exit() or quit() */
    /* interact(…), by its number (interact.h): show it, and run its function at the start. */
    bool (*interact)(void *user, int id, struct err *e);
    /* %budget: what is known about the money that the machine costs, in words. */
    void (*money)(void *user, double budget, struct text *out);
    /* save(plot, "x.svg", "x.png" or "x.pdf"): draws a value into a file; dpi 0 = usual. */
    bool (*draw)(void *user, struct value v, const char *path, double dpi, struct err *e);
};
