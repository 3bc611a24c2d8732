/* From what the language engine tells to outputs: values become MIME bundles, a training run
 * becomes one display that changes. Knows no messages. */
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
        bool open;
        int64_t shown_ns, line_ns, rows;
        struct training_view *view;
    } runs[OUTPUT_MAX_RUNS]; /* training displays of this cell, the latest ones */
    int n_runs;
    struct text result; /* text/plain of the last value, for the history */
};

void output_begin(struct output *o, const struct sink *sink, const char *prefix);
void output_end(struct output *o);
/* The observer to hand to the engine; points to `o`. */
struct engine_observer output_observer(struct output *o);
/* The bundle as the two JSON objects of display messages. New references. */
void bundle_json(const struct bundle *b, json_t **data, json_t **metadata);
/* The mistake as ename, evalue, traceback. New reference. */
json_t *error_json(const struct err *e, bool color);
