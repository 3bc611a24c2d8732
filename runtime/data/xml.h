/* Rows from XML, by the parser Expat (opened on first use). */
#pragma once
#include "table.h"

/* Each element named `row` is a row (NULL: the elements below the outermost one). Its children are
 * columns: <a><b>x</b></a> fills "a.b", an attribute likewise, <link href="u"/> fills "link.href".
 * Name spaces are left away. */
struct table *read_xml(const char *path, const char *row, struct err *e);
struct table *parse_xml(struct str bytes, const char *row, struct err *e);
