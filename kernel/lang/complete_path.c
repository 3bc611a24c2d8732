/* Completion of file names inside quotes. */
#include "engine_parts.h"
#include "base/intern.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 200 };

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in the folder that begin so, sorted. */
static int begun_names(const char *folder, struct str begun, const char *names[MOST_FILES]) {
    int n = 0;
    DIR *d = opendir(folder);
    const struct dirent *entry;
    while (d && n < MOST_FILES && (entry = readdir(d))) {
        const char *name = entry->d_name;
        bool fits = strlen(name) >= begun.n && memcmp(name, begun.p, begun.n) == 0;
        if (fits && name[0] != '.') names[n++] = intern_c(name);
    }
    if (d) closedir(d);
    qsort(names, (size_t)n, sizeof *names, by_name);
    return n;
}

void complete_path(const struct str *prefix, void (*add)(void *user, const struct completion *c),
                   void *user) {
    char folder[4096] = ".", text[8192];
    const char *slash = memrchr(prefix->p, '/', prefix->n);
    size_t n_folder = slash ? (size_t)(slash - prefix->p) + 1 : 0;
    struct str begun = {prefix->p + n_folder, prefix->n - n_folder};
    if (n_folder >= sizeof folder) return;
    if (n_folder) snprintf(folder, sizeof folder, "%.*s", (int)n_folder, prefix->p);
    const char *names[MOST_FILES];
    int n = begun_names(folder, begun, names);
    for (int i = 0; i < n; i++) {
        struct stat st;
        snprintf(text, sizeof text, "%s/%s", folder, names[i]);
        bool is_folder = stat(text, &st) == 0 && S_ISDIR(st.st_mode);
        snprintf(text, sizeof text, "%.*s%s%s", (int)n_folder, prefix->p, names[i],
                 is_folder ? "/" : "");
        add(user, &(struct completion){text, "path", ""});
    }
}
