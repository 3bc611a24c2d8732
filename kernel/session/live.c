/* Displays that change. */
#include "session/live.h"
#include "session/request.h"
#include "session/studio.h"
#include "session/widget.h"
#include "base/hash.h"
#include <stdio.h>
#include <string.h>

/* Front ends redraw a changing display at most this often; bars are for what takes longer. */
static const int64_t UPDATE_NS = 100 * 1000000LL, BAR_AFTER_NS = 400 * 1000000LL;

/* One state of a training (`view`) or of something else (`progress`). */
struct state {
    const struct training_view *view;
    const struct progress *progress;
    struct machine_cost cost;
    char id[64]; /* of its display */
    bool final;
};

static bool make(const struct state *s, enum view_part part, struct bundle *b) {
    struct err e = {0};
    return s->view ? training_view_show(s->view, part, b, &e)
                   : display_progress(s->progress, &s->cost, part, b, &e);
}

static void make_bar(const struct state *s, struct live_bar *out) {
    if (s->view) training_view_bar(s->view, out);
    else progress_bar(s->progress, &s->cost, out);
}

static void send_part(struct output *o, const struct state *s, enum view_part part,
                      enum display_kind kind) {
    struct bundle b = {0};
    if (make(s, part, &b)) output_bundle(o, kind, &b, s->id);
    bundle_clear(&b);
}

/* ---- with a bar ---- */

static uint64_t bundle_hash(const struct bundle *b) {
    uint64_t h = 0;
    for (int i = 0; i < b->n; i++) h = hash_bytes(b->items[i].data.p, b->items[i].data.n, h);
    return h;
}

/* Curve and rows, where something about them is new. */
static void show_rest(struct output *o, struct output_run *r, const struct state *s) {
    struct bundle b = {0};
    char id[80];
    snprintf(id, sizeof id, "%s-rest", s->id);
    if (make(s, VIEW_REST, &b) && b.n > 0) {
        uint64_t hash = bundle_hash(&b);
        enum display_kind kind = !r->has_rest ? DISPLAY_LIVE
                                 : s->final   ? DISPLAY_FINAL
                                              : DISPLAY_UPDATE;
        if (!r->has_rest || hash != r->rest_hash) output_bundle(o, kind, &b, id);
        r->has_rest = true;
        r->rest_hash = hash;
    }
    bundle_clear(&b);
}

/* The words that are shown already become a bar. */
static void open_bar(struct output *o, struct output_run *r, const struct state *s,
                     const struct live_bar *now) {
    struct bundle b = {0};
    struct err e = {0};
    json_t *data, *metadata;
    r->no_bar = true;
    r->bar = o->sink->bar(o->sink->user, now);
    if (r->bar && display_kept(now, &b, &e)) {
        r->no_bar = false;
        bundle_json(&b, &data, &metadata);
        widget_bar_show(r->bar, data);
        json_object_set_new(metadata, "awml_live", json_true());
        o->sink->display(o->sink->user, DISPLAY_UPDATE, data, metadata, s->id);
        json_decref(data);
        json_decref(metadata);
    }
    bundle_clear(&b);
}

static void close_bar(struct output_run *r) {
    if (r->bar) widget_bar_close(r->bar);
    r->bar = NULL;
}

/* False: there is none, and it is too early for one or there will be none. */
static bool show_bar(struct output *o, struct output_run *r, const struct state *s) {
    struct live_bar now = {0};
    if (!r->bar && (!o->sink->bar || r->no_bar || s->final)) return false;
    if (!s->final) make_bar(s, &now);
    if (s->final) send_part(o, s, VIEW_WORDS, DISPLAY_FINAL);
    else if (r->bar) widget_bar_move(r->bar, &now);
    else open_bar(o, r, s, &now);
    live_bar_clear(&now);
    if (!r->bar) return false;
    show_rest(o, r, s);
    if (s->final) close_bar(r);
    return true;
}

/* ---- showing ---- */

static void show(struct output *o, struct output_run *r, const struct state *s) {
    int64_t now = now_ns();
    bool waits = o->sink->bar && !r->no_bar && !r->bar; /* few changes before the bar comes */
    if (!r->open) {
        r->began_ns = now;
        send_part(o, s, waits && !s->final ? VIEW_WORDS : VIEW_WHOLE, DISPLAY_LIVE);
    } else if (!s->final && now - r->shown_ns < UPDATE_NS) {
        return;
    } else if (!s->final && waits && now - r->began_ns < BAR_AFTER_NS) {
        return;
    } else if (!show_bar(o, r, s)) {
        send_part(o, s, VIEW_WHOLE, s->final ? DISPLAY_FINAL : DISPLAY_UPDATE);
    }
    r->open = true;
    r->ended = s->final;
    r->shown_ns = now;
}

/* For terminals: the state as a line of its own. */
static void add_line(struct output *o, const struct state *s) {
    struct bundle b = {0};
    if (make(s, VIEW_WHOLE, &b)) output_line(o, &b);
    bundle_clear(&b);
}

/* ---- runs ---- */

/* Counted from the start of the machine: what the cell did before is spent as well. */
void live_cost(const struct output *o, struct machine_cost *cost) {
    double hours = studio_hours();
    *cost = (struct machine_cost){.budget = o->engine ? engine_budget(o->engine) : 0};
    if (studio_price(&cost->price)) cost->spent = hours < 0 ? -1 : cost->price.usd_per_hour * hours;
}

/* Each run has a display of its own. */
static void name_display(struct state *s, const struct output *o, const struct output_run *r) {
    snprintf(s->id, sizeof s->id, "%s-run-%d", o->prefix, r->run);
}

/* It tells nothing more. A training says how far it came; of anything else nobody kept the state.
 */
static void settle(struct output *o, struct output_run *r) {
    struct state s = {.final = true};
    if (!r->open || r->ended) return;
    name_display(&s, o, r);
    if (r->trains) {
        training_view_stop(r->view);
        s.view = r->view;
        show(o, r, &s);
    } else if (r->bar) {
        struct progress p = {.state = r->said, .ended = true};
        s.progress = &p;
        send_part(o, &s, VIEW_WORDS, DISPLAY_FINAL);
    }
    close_bar(r);
}

static void run_clear(struct output_run *r) {
    close_bar(r);
    training_view_free(r->view);
    *r = (struct output_run){0};
}

/* The display of a run; the oldest makes room. NULL when memory is out. */
static struct output_run *find_run(struct output *o, int run) {
    for (int i = 0; i < o->n_runs; i++) {
        if (o->runs[i].run == run) return &o->runs[i];
    }
    int i = o->n_runs < OUTPUT_MAX_RUNS ? o->n_runs++ : run % OUTPUT_MAX_RUNS;
    struct err e = {0};
    struct machine_cost cost;
    settle(o, &o->runs[i]);
    run_clear(&o->runs[i]);
    o->runs[i].run = run;
    o->runs[i].view = training_view_new(&e);
    live_cost(o, &cost);
    if (o->runs[i].view) training_view_cost(o->runs[i].view, &cost);
    return o->runs[i].view ? &o->runs[i] : NULL;
}

void live_settle(struct output *o) {
    for (int i = 0; i < o->n_runs; i++) settle(o, &o->runs[i]);
}

void live_clear(struct output *o) {
    for (int i = 0; i < o->n_runs; i++) run_clear(&o->runs[i]);
    o->n_runs = 0;
}

/* ---- what is told ---- */

/* A line for each epoch, at most one in UPDATE_NS, and for the end, with its notes. */
static bool is_line(struct output_run *r, const struct train_event *event) {
    bool final = event->kind == TRAIN_END;
    if (event->kind != TRAIN_EPOCH && !final) return false;
    if (!final && r->line_ns && now_ns() - r->line_ns < UPDATE_NS) return false;
    r->line_ns = now_ns();
    return true;
}

void live_train(struct output *o, int run, const struct train_event *event) {
    struct err e = {0};
    struct state s = {.final = event->kind == TRAIN_END};
    struct output_run *r = find_run(o, run);
    if (!r || !training_view_note(r->view, event, &e)) return;
    r->trains = true;
    s.view = r->view;
    name_display(&s, o, r);
    if (o->lines && r->open && is_line(r, event)) add_line(o, &s);
    show(o, r, &s);
}

void live_progress(struct output *o, int run, const struct progress *p) {
    struct state s = {.progress = p, .final = p->ended};
    struct output_run *r = find_run(o, run);
    int64_t rows = p->table ? p->table->n_rows : 0;
    if (!r) return;
    live_cost(o, &s.cost);
    name_display(&s, o, r);
    snprintf(r->said, sizeof r->said, "%s", p->state);
    if (o->lines && r->open && (p->ended || rows > r->rows)) add_line(o, &s);
    show(o, r, &s);
    r->rows = rows;
}
