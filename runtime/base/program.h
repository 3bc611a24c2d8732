/* Where the running program lies: files that come with it are found from there, so that the whole
 * folder can be moved. */
#pragma once
#include <stddef.h>

/* The program's own path, and the prefix it was installed under ("/usr" of "/usr/bin/awml-c").
 * Bytes written, without the final NUL; 0 with an empty text when /proc does not say, or when cap
 * is too small. */
size_t program_path(char *out, size_t cap);
size_t program_prefix(char *out, size_t cap);
