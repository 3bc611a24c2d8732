/* The program's own diary: a file named by AWML_LOG, or the real stderr for warnings. Never part of
 * a notebook. */
#pragma once

/* `stderr_fd` is the descriptor warnings go to when AWML_LOG is not set; -1 = nowhere. */
void log_open(int stderr_fd);
/* Only into the file. */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Into the file or to stderr; the first of each `kind` (a literal), then every 1000th. */
void log_warn(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
