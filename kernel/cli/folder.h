/* A folder of files that this program carries: put in place whole or not at all, taken away again.
 * Knows no Jupyter. */
#pragma once
#include "base/err.h"

struct folder_file {
    const char *name; /* may have one folder before it: "static/awml.js" */
    struct str bytes;
};

/* A file of kernelspec/ as bytes of the program: symbol … symbol_end. KERNELSPEC_DIR comes from the
 * build. */
#define EMBED(symbol, file)                                                                        \
    __asm__(".section .rodata\n.balign 16\n" #symbol ":\n.incbin \"" KERNELSPEC_DIR "/" file       \
            "\"\n" #symbol "_end:\n.byte 0\n.previous\n");                                         \
    extern const char symbol[], symbol##_end[]
#define EMBEDDED(symbol) ((struct str){symbol, (size_t)(symbol##_end - symbol)})

/* Put the files into `folder` (made if missing; an older one is replaced). */
bool folder_write(const char *folder, const struct folder_file *files, int n, struct err *e);
/* Remove these files and the folder. Fails when there is something else in it. */
bool folder_remove(const char *folder, const struct folder_file *files, int n, struct err *e);
/* The text with `value` in the place of the one `mark`. */
bool replace_mark(struct str text, const char *mark, struct str value, struct text *out);
