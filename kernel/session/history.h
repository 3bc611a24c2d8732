/* What was typed, across sessions: an SQLite file in $XDG_DATA_HOME/awml, opened late, or memory
 * when that cannot be written. New lines wait in memory until history_flush. Knows no messages. */
#pragma once
#include "base/str.h"
#include <stdint.h>

struct history;

struct history *history_new(void); /* cheap: touches no file */
void history_free(struct history *h);
/* A cell that ran; one of more than 256 KB is not kept, nor a result of more than 64 KB. Any
 * thread. */
void history_add(struct history *h, int32_t line, struct str source, struct str output);
/* Are lines waiting to be written? */
bool history_is_pending(struct history *h);
void history_flush(struct history *h);

struct history_query {
    enum { HISTORY_TAIL, HISTORY_RANGE, HISTORY_SEARCH } access;
    bool unique;
    int64_t n;           /* tail, search: the last n; <= 0 = all */
    int64_t session;     /* range: 0 = this one, negative = counted back */
    int64_t start, stop; /* range: lines, stop not included; stop 0 = to the end */
    struct str pattern;  /* search: * and ? */
};

/* Calls `row` for each line found, oldest first. */
void history_find(struct history *h, const struct history_query *q,
                  void (*row)(void *user, int64_t session, int64_t line, struct str source,
                              struct str output),
                  void *user);
