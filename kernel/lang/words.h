/* The words of the language for programs that colour its text (the JupyterLab extension, the
 * Pygments lexer), from the tables that the parser and the checker read. */
#pragma once
#include "base/str.h"

/* One JSON object of lists of words:
 *   reserved, values (True …), refused (class …)
 *   statements: by place, as in syntax/statements.list: cell, header, model, train, search, step
 *   settings:   by block: train, search, plot
 *   layers, functions (all other built-ins), constants, units, magics */
bool words_json(struct text *out);
