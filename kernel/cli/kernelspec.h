/* The kernelspec: the files that tell Jupyter about this kernel, and where Jupyter looks for them.
 * The files are part of the program, so that it can be installed from wherever it lies. */
#pragma once
#include "base/err.h"

/* Called for each folder in which Jupyter looks for kernelspecs ("…/kernels"), best first; return
 * false to stop. */
void kernelspec_folders(bool (*folder)(void *user, const char *path), void *user);
/* kernel.json for this program; without `shell`, lines that begin with ! are refused. */
bool kernelspec_json(const char *program, bool shell, struct text *out);
/* Put the files into `folder` (made if missing): whole or not at all. */
bool kernelspec_write(const char *folder, const char *program, bool shell, struct err *e);
/* Remove a kernelspec that kernelspec_write made. */
bool kernelspec_remove(const char *folder, struct err *e);
