/* What a plot cannot show, in words: numbers without a place on its axes. */
#pragma once
#include "display/chart.h"

enum { LEFT_OUT_BYTES = 120 };

/* "3 points ≤ 0 are not on the log axis", "2 infinite points are not shown", "no numbers to draw"
 * where nothing is left, or "". Missing numbers are gaps and are not counted, but those of grey and
 * coloured pictures are: "2 missing pixels are grey". */
void left_out_words(const struct plot *p, char words[LEFT_OUT_BYTES]);
