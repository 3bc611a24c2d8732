/* One notebook for tests: an engine and everything that its cells showed, as text. */
#pragma once
#include "lang/engine.h"

struct session {
    struct engine *engine;
    struct text shown;  /* what the last cell showed: see session.c */
    int32_t number;     /* of the last cell */
    int64_t stop_epoch; /* press stop when this epoch of a training is over; 0 = never */
    bool headers;       /* lines of facts above trainings are shown, too: AWML_SHOW_HEADERS */
    bool full;          /* also draw every value as a front end would */
    struct err e;
};

bool session_begin(struct session *s);
void session_end(struct session *s);
/* Runs a cell. `id` may be NULL; deleted: ids of cells that went away. False: s->e says why. */
bool session_run(struct session *s, struct str code, const char *id, const char *const *deleted,
                 int n_deleted);
/* The error of the last cell as one line. */
void session_error(const struct session *s, struct text *line);
/* A folder of its own, so that files which cells write stay nowhere; `folder` ends in XXXXXX. */
bool session_enter_folder(char *folder);
void session_leave_folder(const char *folder);
