/* Where the running program lies, as Linux says it. */
#include "program.h"
#include <string.h>
#include <unistd.h>

size_t program_path(char *out, size_t cap) {
    ssize_t n = readlink("/proc/self/exe", out, cap);
    if (n <= 0 || (size_t)n >= cap) n = 0;
    out[n] = 0;
    return (size_t)n;
}

size_t program_prefix(char *out, size_t cap) {
    size_t n = program_path(out, cap);
    for (int up = 0; up < 2; up++) {
        while (n && out[n - 1] != '/') n--;
        if (n) n--;
    }
    out[n] = 0;
    return n;
}
