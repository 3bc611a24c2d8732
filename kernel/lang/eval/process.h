/* Other programs, run while the user may press stop. */
#pragma once
#include "eval.h"

/* Runs argv[0] (looked for in PATH unless it is a path) in a process group of its own and waits.
 * *error: why it could not be started (an errno), else 0; *status: its exit status, -1 if it was
 * ended by a signal. False when the user pressed stop: the program and its children are ended. */
bool process_run(struct eval *ev, char *const argv[], struct span at, int *error, int *status);
