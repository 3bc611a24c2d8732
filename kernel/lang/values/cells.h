/* The cells of a notebook that have run: what each read, so that it is known which of them are out
 * of date (language.md 2.17). Cells without an id from the front end leave no trace here. */
#pragma once
#include "names.h"

/* One cell's last run. */
struct cell_record {
    const char *id; /* interned */
    int32_t number; /* N of "cell [N]" */
    uint64_t text;  /* hash of what it said */
    uint64_t first; /* order of its first run among all runs */
    uint64_t order; /* of its last */
    int32_t runs;   /* how many */
    int32_t again;  /* runs with %again: each draws anew */
    int32_t n_reads, cap_reads;
    struct name_read *reads;
};

struct cells;
struct cells *cells_new(struct err *e);
void cells_free(struct cells *c);
/* A run has ended: its reads are those that `names` watched. Called before names_end. */
void cells_record(struct cells *c, const struct names *names, const char *id, int32_t number,
                  struct str text);
/* A cell's record, or NULL. Borrowed, until the next record. */
const struct cell_record *cells_find(const struct cells *c, const char *id);
int cells_count(const struct cells *c);
const struct cell_record *cells_at(const struct cells *c, int i);
/* The next number of %again of the cell: 1, 2, … */
int32_t cells_again(struct cells *c, const char *id);
/* Another cell with the text that cell `id` had, or NULL. */
const struct cell_record *cells_twin(const struct cells *c, const char *id);
bool cells_had_text(const struct cells *c, const char *id, struct str text);
void cells_rename(struct cells *c, const char *from, const char *to);
void cells_forget(struct cells *c, const char *id);
void cells_reset(struct cells *c);

/* Has another value taken the place of the one that the cell read: its maker, or a cell that is
 * older than this run, gave it since? A new cell further down that goes on from a value (trains the
 * model, cleans the table) makes nothing above it out of date, and nor does a value from before the
 * one that was read, which a run with %again does not begin with. */
bool cells_read_is_old(const struct cells *c, const struct names *names,
                       const struct cell_record *r, const struct name_read *read,
                       struct name_read *now);

/* Cells that are out of date, in the order to run them: those that read a name which has another
 * value now, and those that read what such a cell made. */
struct stale_cell {
    const struct cell_record *cell;
    const char *name;                /* the first name that changed, or that a stale cell makes */
    const struct cell_record *maker; /* who made the new value, or the stale maker; or NULL */
    bool direct;                     /* it read a value that has been replaced */
};
int cells_stale(const struct cells *c, const struct names *names, struct stale_cell *out, int max);
