/* The messages of lexer and parser as a table. A mistake is remembered as an entry of syntax.list
 * with its place and words, and written out only when it is reported. */
#pragma once
#include "ast.h"

#define SYNTAX(id, label, what, hint) SYN_##id,
enum syntax_id {
    SYN_NONE,
#include "syntax.list"
    SYN_N_IDS
};
#undef SYNTAX

enum { SYNTAX_MAX_ARGS = 4 };

struct syntax_failure {
    enum syntax_id id;
    uint32_t start, end;
    struct str args[SYNTAX_MAX_ARGS]; /* for {0}, {1}, …; in the source or the arena */
    int n_args;
    uint32_t note_start, note_end; /* another place that matters */
    const char *note;              /* or NULL */
    bool at_end;                   /* more text could have made it right */
};

/* Write the failure out as the student's error. Always returns false. */
bool syntax_report(const struct syntax_failure *f, const struct source *s, struct err *e);
const char *syntax_name(enum syntax_id id); /* "MISSING_COLON" */

/* parse(), and which message it was. `only_check` interns no names, so that it may run beside the
 * thread that runs cells; its program is for looking at only. */
struct program *parse_source(struct source *source, bool only_check, struct syntax_failure *f,
                             struct err *e);
