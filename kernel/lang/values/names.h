/* Names of a session and their versions: which cell gave which value (language.md 2.17). A cell
 * that is run again sees the values from before its own last run; nothing else in the program knows
 * about cells. Every version has a mark: equal marks are equal values, so a cell that is run anew
 * and makes the same again changes nothing for those that read it. */
#pragma once
#include "value.h"

struct names;
struct names *names_new(struct err *e);
void names_free(struct names *s);
void names_begin(struct names *s, const char *cell_id, bool on_top);
void names_end(struct names *s);
const struct value *names_get(struct names *s, const char *name); /* borrowed, or NULL */
/* The same for those who only look: it does not count as reading. */
const struct value *names_peek(const struct names *s, const char *name);
/* Was it assigned by the running cell? Then no other version of it is the same memory. */
bool names_is_fresh(struct names *s, const char *name);
bool names_set(struct names *s, const char *name, struct value take, struct err *e);
/* The running cell gave the name this column of a table; until it is given something else. */
void names_set_column(struct names *s, const char *name, const char *column);
const char *names_column(const struct names *s, const char *name); /* or NULL */
void names_forget_cells(struct names *s, const char *const *cell_ids, int n);
/* A cell was moved and has another id now (both interned). */
void names_rename_cell(struct names *s, const char *from, const char *to);
void names_reset(struct names *s);
/* Every visible name, with the id of the cell that made what is seen (NULL: no id, or running). */
void names_each(struct names *s, void (*see)(void *user, const char *name, const struct value *v),
                void *user);
const char *names_maker(const struct names *s, const char *name);

/* ---- who read what ---- */

struct name_read {
    const char *name;
    uint64_t mark;     /* of the value that was seen */
    const char *maker; /* the cell that made it; NULL = one without an id */
};

/* From here on names_get remembers what is read before it is assigned; false: no longer. */
void names_watch(struct names *s, bool on);
/* What was read since: calls `see` for each name. */
void names_each_read(const struct names *s, void (*see)(void *user, const struct name_read *r),
                     void *user);
/* What a run of the cell (NULL: a new one) would see now; mark 0 = nothing. */
struct name_read names_seen_by(const struct names *s, const char *name, const char *cell);
/* Names whose newest value the cell `id` made: calls `see` with each. */
void names_each_made(const struct names *s, const char *id,
                     void (*see)(void *user, const char *name), void *user);

/* Did the last run give it another value than it had? */
bool names_changed(const struct names *s, const char *name);

/* ---- memory ---- */

/* Old values are kept for reruns up to so many bytes in all; then the largest go first. */
void names_set_room(struct names *s, size_t bytes);
/* Would the running cell see a value that had to go? The id of the cell that can make it again. */
bool names_was_dropped(const struct names *s, const char *name, const char **maker);
/* Was it a name until its cell was deleted? */
bool names_was_deleted(const struct names *s, const char *name);
