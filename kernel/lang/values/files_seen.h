/* Files that a session has read or written, by size and time: rerunning a cell gives the same
 * result only if its files are the same (language.md 2.17). */
#pragma once
#include "base/err.h"

struct files_seen;
struct files_seen *files_seen_new(struct err *e);
void files_seen_free(struct files_seen *s);
/* The file is read: has somebody else changed it since this session last read or wrote it? */
bool files_seen_read(struct files_seen *s, const char *path);
void files_seen_written(struct files_seen *s, const char *path);
