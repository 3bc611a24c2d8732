/* Going on behind a statement that cannot be read, to find what else is wrong: for checks of cells
 * that are being written, never for running. */
#pragma once
#include "parser.h"

/* The failure of the statement that began with token `first` is reported into p->recovery, and a
 * statement is put in its place that gives the names which it would have given an unknown value
 * (AST_SPOILED). False where nothing behind it can be trusted: a bracket or text that never closes,
 * the end of the text, a model's body (then the model as a whole is tried). */
bool recover(struct parser *p, const struct parser *before);
