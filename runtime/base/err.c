/* Mistakes as data. */
#include "err.h"
#include <stdio.h>
#include <string.h>

#define ERR(name, title, help) [ERR_##name] = title,
static const char *const titles[ERR_N_KINDS] = {
    [ERR_NONE] = "no error",
#include "errors.list"
};
#undef ERR

const char *err_title(enum err_kind kind) {
    return titles[kind];
}

#define PRINT_INTO(field, format)                                                                  \
    do {                                                                                           \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        vsnprintf(field, sizeof(field), format, args);                                             \
        va_end(args);                                                                              \
    } while (0)

bool err_set(struct err *e, enum err_kind kind, const char *format, ...) {
    *e = (struct err){.kind = kind};
    PRINT_INTO(e->what, format);
    return false;
}

bool err_label(struct err *e, const char *format, ...) {
    PRINT_INTO(e->label, format);
    return false;
}

bool err_fact(struct err *e, const char *left, const char *format, ...) {
    char right[512];
    PRINT_INTO(right, format);
    size_t used = strlen(e->facts);
    snprintf(e->facts + used, sizeof e->facts - used, "%s\t%s\n", left, right);
    return false;
}

bool err_hint(struct err *e, const char *format, ...) {
    PRINT_INTO(e->hint, format);
    return false;
}

bool err_note(struct err *e, struct span at, const char *format, ...) {
    if (e->n_notes == ERR_MAX_NOTES) return false;
    struct err_note *note = &e->notes[e->n_notes++];
    note->at = at;
    PRINT_INTO(note->text, format);
    return false;
}

bool err_at(struct err *e, struct span at) {
    if (e->at.source == 0) e->at = at;
    return false;
}

bool err_memory(struct err *e, size_t bytes) {
    double gigabytes = (double)bytes / 1e9;
    bool huge = gigabytes >= 1000;
    if (bytes == SIZE_MAX) /* the size asked for is none that could be counted */
        err_set(e, ERR_MEMORY, "This needs more memory than any computer has.");
    else
        err_set(e, ERR_MEMORY, "This needs %.*f %s of memory at once, and there is not that much.",
                gigabytes < 10 ? 2 : 0, huge ? gigabytes / 1000 : gigabytes, huge ? "TB" : "GB");
    return err_hint(e, "Use fewer examples, smaller layers or a smaller batch.");
}

/* Replace {digit} in `field` of `cap` bytes. */
static void name_in(char *field, size_t cap, const struct str *names, int n) {
    char out[2048];
    size_t used = 0;
    for (const char *p = field; *p && used + 1 < cap;) {
        bool slot = p[0] == '{' && p[1] >= '0' && p[1] < '0' + n && p[2] == '}';
        struct str piece = slot ? names[p[1] - '0'] : (struct str){p, 1};
        size_t take = piece.n < cap - 1 - used ? piece.n : cap - 1 - used;
        memcpy(out + used, piece.p, take);
        used += take;
        p += slot ? 3 : 1;
    }
    memcpy(field, out, used);
    field[used] = 0;
}

void err_name_args(struct err *e, const struct str *names, int n) {
    name_in(e->label, sizeof e->label, names, n);
    name_in(e->what, sizeof e->what, names, n);
    name_in(e->facts, sizeof e->facts, names, n);
    name_in(e->hint, sizeof e->hint, names, n);
}
