/* Notebook files (nbformat 4.5) and programs cut into cells. Outputs of a run are recorded the way
 * a front end would store them. Knows no engine. */
#pragma once
#include "session/sink.h"
#include <stdint.h>

/* The notebook of a file: *.ipynb as it is (brought to format 4.5), anything else as a program, one
 * code cell per part between lines `# cell`. NULL with a sentence. Free with json_decref. */
json_t *notebook_load(const char *path, struct err *e);
/* Whole or not at all. */
bool notebook_save(json_t *notebook, const char *path, struct err *e);

json_t *notebook_cells(json_t *notebook); /* array; borrowed */
bool notebook_is_code(const json_t *cell);
bool notebook_may_fail(const json_t *cell); /* has the tag raises-exception */
const char *notebook_cell_id(const json_t *cell);
bool notebook_source(const json_t *cell, struct text *out);

/* Collects the outputs of one cell. */
struct recorder {
    json_t *outputs;    /* array */
    json_t *ids;        /* parallel: display id or null */
    struct text stream; /* text not yet made an output */
    bool stream_is_error;
    int32_t count;
    bool clear_next; /* clear_output(wait): at the next output */
};

void recorder_begin(struct recorder *r, int32_t count);
void recorder_stream(struct recorder *r, bool is_error, struct str utf8);
void recorder_display(struct recorder *r, enum display_kind kind, json_t *data, json_t *metadata,
                      const char *display_id);
void recorder_clear(struct recorder *r, bool wait);
void recorder_error(struct recorder *r, json_t *error); /* ename, evalue, traceback */
/* The outputs and the count go into the cell. */
void recorder_end(struct recorder *r, json_t *cell);
