/* Progress of what may take long without being a training. */
#include "slow.h"
#include "place.h"
#include "eval.h"
#include "data/read.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static const double QUIET_SECONDS = 0.5, BETWEEN_SECONDS = 0.1;

double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void slow_begin(struct slow *s, struct engine *en, const struct engine_observer *o,
                const char *what) {
    *s = (struct slow){.engine = en, .observer = o, .started = now_seconds(), .part = 1};
    s->told = s->started;
    snprintf(s->what, sizeof s->what, "%s", what);
}

static void tell(struct slow *s, double share, bool ended, double now) {
    char state[256];
    double seconds = now - s->started;
    if (ended) snprintf(state, sizeof state, "%s: done in %.3g s", s->what, seconds);
    else snprintf(state, sizeof state, "%s: %.0f%%", s->what, 100 * share);
    struct progress p = {.state = state, .share = share, .seconds = seconds, .ended = ended};
    s->observer->progress(s->observer->user, s->run, &p);
}

void slow_enter(struct slow *s, struct eval *ev, const char *what, bool shown) {
    shown = shown && !ev->trial && !ev->moment && ev->domain == DOMAIN_RUN;
    slow_begin(s, ev->engine, shown ? ev->observer : NULL, what);
    s->outer = ev->slow;
    ev->slow = s;
}

void slow_leave(struct slow *s, struct eval *ev) {
    if (!s->outer) slow_end(s);
    ev->slow = s->outer;
}

void slow_part(struct slow *s, int64_t i, int64_t n) {
    s->part = 1.0 / (double)n;
    s->from = (double)i * s->part;
    slow_step(s, 0);
}

void slow_note(void *slow, double share) {
    slow_step(slow, share);
}

void slow_step(struct slow *s, double share) {
    share = s->from + s->part * share;
    if (s->outer) {
        if (s->observer) slow_step(s->outer, share);
        return;
    }
    if (!s->observer || !s->observer->progress) return;
    double now = now_seconds();
    bool early = now - s->started < QUIET_SECONDS, soon = now - s->told < BETWEEN_SECONDS;
    if (share > s->share) s->share = share; /* a bar never goes back */
    if (s->run ? soon : early) return;
    if (!s->run) s->run = engine_next_run(s->engine);
    s->told = now;
    tell(s, s->share, false, now);
}

void slow_end(struct slow *s) {
    if (s->run) tell(s, 1, true, now_seconds());
    s->observer = NULL;
    s->run = 0;
}

/* ---- files ---- */

/* "reading weather.csv, 412 MB" */
static void start_file(struct slow *s, const char *path, uint64_t bytes) {
    const char *slash = strrchr(path, '/');
    char what[sizeof s->what];
    snprintf(what, sizeof what, "reading %.100s, %.3g MB", slash ? slash + 1 : path,
             (double)bytes / 1e6);
    slow_begin(s, s->engine, s->observer, what);
}

/* A table is read twice: once to count its rows. */
static void see_file(void *user, const struct read_progress *p) {
    struct slow *s = user;
    const struct engine_observer *o = s->observer;
    if (p->begins) start_file(s, p->path, p->bytes);
    else if (!p->ended)
        slow_step(s, p->n_rounds > 1 ? (p->round + p->share) / p->n_rounds : p->share);
    else slow_end(s);
    s->observer = o;
}

void slow_watch_files(struct slow *s, struct engine *en, const struct engine_observer *o) {
    slow_begin(s, en, o, "");
    read_watch(see_file, s);
}

void slow_watch_end(void) {
    read_watch(NULL, NULL);
}
