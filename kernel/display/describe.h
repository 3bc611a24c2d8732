/* Pictures in words: what describe.c and describe_marks.c share. */
#pragma once
#include "display/chart.h"

/* "x −5 … 5" */
void describe_range(struct text *out, const char *axis, double low, double high);
/* What is to be known of one mark, in sentences that begin with a space; `colors`: also the range
 * of its colours. True if that was said. */
bool describe_mark(const struct plot *p, const struct mark *m, bool colors, struct text *out);
