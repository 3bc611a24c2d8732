/* Mistakes as data: what went wrong, where, with which numbers, and what to write instead. Every
 * function that can fail takes a `struct err *` last and returns false or NULL after filling it.
 * The storage is the caller's and needs no clean-up; long texts are cut, never lost in memory.
 *
 * Functions below the language do not know the student's names. They write {0}, {1}, … for their
 * arguments; the evaluator puts the text of the student's own expressions in those places. */
#pragma once
#include "str.h"
#include <stdint.h>

#define ERR(name, title, help) ERR_##name,
enum err_kind {
    ERR_NONE,
#include "errors.list"
    ERR_N_KINDS
};
#undef ERR

/* A piece of a source text: byte offsets [start, end) in the program numbered `source` (see
 * lang/source.h). source 0 means "not known yet". */
struct span {
    uint32_t source, start, end;
};

enum { ERR_MAX_NOTES = 6 };

/* Another place that matters: "declared here", "called from". */
struct err_note {
    struct span at;
    char text[96];
};

struct err {
    enum err_kind kind;
    struct span at;   /* the place that gets the caret */
    char label[192];  /* a few words beside the caret */
    char what[768];   /* one sentence: what is wrong */
    char facts[1280]; /* lines "left\tright\n": what is there, what is needed */
    char hint[1024];  /* what to write instead; may hold lines of code */
    struct err_note notes[ERR_MAX_NOTES];
    int n_notes;
};

#define TRY(expr)                                                                                  \
    do {                                                                                           \
        if (!(expr)) return false;                                                                 \
    } while (0)

/* Start a new mistake (overwrites). Always returns false, so `return err_set(e, …);` works. */
bool err_set(struct err *e, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Add to it; each returns false. Facts are shown aligned, in the order they were added. */
bool err_label(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool err_fact(struct err *e, const char *left, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool err_hint(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool err_note(struct err *e, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Give the mistake a place, if it has none yet. Returns false. */
bool err_at(struct err *e, struct span at);
/* There was no memory for `bytes` bytes. Returns false. */
bool err_memory(struct err *e, size_t bytes);
/* Put the students' words for {0}, {1}, … everywhere in the texts. */
void err_name_args(struct err *e, const struct str *names, int n);

const char *err_title(enum err_kind kind); /* "ShapeError" */
