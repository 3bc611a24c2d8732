/* Help on a name: what it is, from the tables that the checker reads, and from the session's own
 * values. */
#pragma once
#include "engine_parts.h"

/* The pieces of a page; any may be empty. */
struct help {
    struct text signature; /* one line of code */
    struct text about;     /* paragraphs of Markdown */
    struct text facts;     /* preformatted lines: a value, columns */
    struct text example;   /* code that runs */
};

/* A built-in, setting, magic, or a name, field or column of the session ("weather.temperature").
 * False: nothing known. Give back with help_clear. */
bool help_find(struct engine *en, struct str name, struct help *h);
void help_clear(struct help *h);
/* The i-th word of statements with help, or NULL. */
struct word_help {
    const char *name, *signature, *about, *example;
};
const struct word_help *help_word(int i);
void help_as_markdown(const struct help *h, struct text *out);
void help_as_plain(const struct help *h, struct text *out);
void help_as_html(const struct help *h, struct text *out);

/* "f(x, rate=0.1)" of a def, lambda or model. */
void ast_signature(const struct ast *f, struct text *out);
