/* A mistake as the student reads it (language.md 2.16). */
#pragma once
#include "lang/syntax/source.h"

/* Title line, the lines of the cell with the caret, the sentence, the facts aligned, the hint, the
 * notes. `color` = with ANSI codes (title and carets bold), for terminals and front ends that show
 * them. */
void error_view_text(const struct err *e, bool color, struct text *out);
/* One line for `evalue` and for stderr: "line 4: `hiden` is not defined. Did you mean …?" */
void error_view_line(const struct err *e, struct text *out);
/* Without the lines of the cell, for a bubble beside the place itself: title, sentence, facts,
 * hint. */
void error_view_brief(const struct err *e, struct text *out);
