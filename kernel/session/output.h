/* From what the language engine tells to outputs: values become MIME bundles, a training run
 * becomes one display that changes (live.h). Knows no messages. */
#pragma once
#include "lang/engine.h"
#include "display/display.h"
#include "session/sink.h"

enum { OUTPUT_MAX_RUNS = 16 };

struct output {
    const struct sink *sink;
    char prefix[40];       /* makes display ids unique among sessions */
    struct engine *engine; /* whose outputs these are; set before it runs */
    bool lines; /* the front end is a terminal, which shows no updates: a line for each epoch */
    struct output_run {
        int run;
        bool trains, open, ended;
        int64_t began_ns, shown_ns, line_ns, rows;
        struct training_view *view;
        struct widget_bar *bar; /* or NULL */
        bool no_bar, has_rest;  /* there can be none; curve and rows have a display */
        uint64_t rest_hash;     /* of what that shows */
        char said[160];         /* the last state of what is no training */
    } runs[OUTPUT_MAX_RUNS];    /* training displays of this cell, the latest ones */
    int n_runs;
    struct text result; /* text/plain of the last value, for the history */
};

void output_begin(struct output *o, const struct sink *sink, const char *prefix);
/* What the cell did has ended, well or not: nothing goes on moving. */
void output_settle(struct output *o);
void output_end(struct output *o);
/* The observer to hand to the engine; points to `o`. */
struct engine_observer output_observer(struct output *o);
/* The bundle as the two JSON objects of display messages. New references. */
void bundle_json(const struct bundle *b, json_t **data, json_t **metadata);
/* One piece of output; as a line of text (for terminals). */
void output_bundle(struct output *o, enum display_kind kind, const struct bundle *b,
                   const char *display_id);
void output_line(struct output *o, const struct bundle *b);
/* The mistake as ename, evalue, traceback. New reference. */
json_t *error_json(const struct err *e, bool color);
