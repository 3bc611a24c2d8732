/* The commands of the program, beside being a kernel. */
#pragma once
#include "base/err.h"

/* Exit statuses: 0 done, 1 the work failed, 64 the command was not understood. */
enum { STATUS_DONE, STATUS_FAILED, STATUS_USAGE = 64 };

int cli_main(int argc, char **argv);

#define COMMAND(word, args, help, function) int function(int argc, char **argv);
#include "cli/commands.list"
#undef COMMAND

/* Say what is wrong on stderr; returns STATUS_FAILED or STATUS_USAGE. */
int cli_failed(const struct err *e);
int cli_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The absolute path of this program. */
bool cli_program_path(struct text *out, struct err *e);
