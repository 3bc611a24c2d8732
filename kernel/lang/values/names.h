/* Names of a session and their versions: which cell gave which value (language.md 2.17). A cell
 * that is run again sees the values from before its own last run; nothing else in the program knows
 * about cells. */
#pragma once
#include "value.h"

struct names;
struct names *names_new(struct err *e);
void names_free(struct names *s);
void names_begin(struct names *s, const char *cell_id, bool on_top);
void names_end(struct names *s);
const struct value *names_get(struct names *s, const char *name); /* borrowed, or NULL */
/* Was it assigned by the running cell? Then no other version of it is the same memory. */
bool names_is_fresh(struct names *s, const char *name);
bool names_set(struct names *s, const char *name, struct value take, struct err *e);
void names_forget_cells(struct names *s, const char *const *cell_ids, int n);
void names_reset(struct names *s);
/* Every visible name: cell_id of the version may be NULL. */
void names_each(struct names *s, void (*see)(void *user, const char *name, const struct value *v),
                void *user);
