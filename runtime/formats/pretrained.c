/* Trained networks by name: the folders in which they may lie. */
#include "pretrained.h"
#include "base/intern.h"
#include "base/program.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const endings[] = {".onnx", ".keras"};

enum { N_PLACES = 16 };

struct places {
    int n;
    char folder[N_PLACES][PATH_MAX];
};

static void add_place(struct places *p, const char *base, size_t n, const char *below) {
    if (!base || n == 0 || p->n == N_PLACES) return;
    int length = snprintf(p->folder[p->n], PATH_MAX, "%.*s%s", (int)n, base, below);
    if (length > 0 && length < PATH_MAX) p->n++;
}

static void find_places(struct places *p) {
    static const char shared[] = "/share/awml/pretrained";
    char prefix[PATH_MAX];
    const char *own = getenv("AWML_PRETRAINED"), *home = getenv("HOME");
    p->n = 0;
    while (own && *own) {
        size_t n = strcspn(own, ":");
        add_place(p, own, n, "");
        own += n + (own[n] == ':');
    }
    add_place(p, "pretrained", 10, "");
    add_place(p, home, home ? strlen(home) : 0, "/.cache/awml/pretrained");
    add_place(p, prefix, program_prefix(prefix, sizeof prefix), shared);
    add_place(p, "/usr/local", 10, shared);
    add_place(p, "/usr", 4, shared);
}

static bool not_there(const struct places *p, struct str name, struct err *e) {
    const char *names[PRETRAINED_MOST];
    struct text have = {0};
    int n = pretrained_names(names);
    err_set(e, ERR_FILE, "There is no pretrained model `%.*s` on this machine.",
            (int)(name.n < 100 ? name.n : 100), name.p);
    for (int i = 0; i < p->n; i++) err_fact(e, i ? "" : "looked in", "%.200s", p->folder[i]);
    for (int i = 0; i < n && have.n < 300; i++) text_addf(&have, "%s%s", i ? ", " : "", names[i]);
    if (n) err_fact(e, "there are", "%s", have.p ? have.p : "");
    text_clear(&have);
    return err_hint(e,
                    "Weights are not downloaded. Make the file once, on a machine that has them, "
                    "and put it into one of these folders:\n\n"
                    "    python scripts/convert_pretrained.py %.*s\n\n"
                    "or save a model of yours there: save(net, \"pretrained/%.*s.onnx\")",
                    (int)(name.n < 60 ? name.n : 60), name.p, (int)(name.n < 60 ? name.n : 60),
                    name.p);
}

bool pretrained_find(struct str name, char *path, size_t cap, struct err *e) {
    struct places p;
    find_places(&p);
    bool plain = name.n > 0 && !memchr(name.p, '/', name.n) && !memchr(name.p, 0, name.n);
    for (int i = 0; plain && i < p.n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(endings); k++) {
            int n = snprintf(path, cap, "%s/%.*s%s", p.folder[i], (int)name.n, name.p, endings[k]);
            if (n > 0 && (size_t)n < cap && access(path, R_OK) == 0) return true;
        }
    }
    return not_there(&p, name, e);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_name(struct str name, const char **names, int n) {
    const char *own = intern(name);
    for (int i = 0; i < n; i++)
        if (names[i] == own) return n;
    if (n < PRETRAINED_MOST) names[n++] = own;
    return n;
}

int pretrained_names(const char *names[PRETRAINED_MOST]) {
    struct places p;
    int n = 0;
    find_places(&p);
    for (int i = 0; i < p.n; i++) {
        DIR *d = opendir(p.folder[i]);
        const struct dirent *entry;
        while (d && (entry = readdir(d))) {
            struct str s = str_of(entry->d_name);
            for (size_t k = 0; k < ARRAY_LEN(endings) && s.p[0] != '.'; k++)
                if (str_ends(s, endings[k]))
                    n = add_name((struct str){s.p, s.n - strlen(endings[k])}, names, n);
        }
        if (d) closedir(d);
    }
    qsort(names, (size_t)n, sizeof *names, by_name);
    return n;
}

bool pretrained_classes(const char *path, char *out, size_t cap) {
    const char *dot = strrchr(path, '.');
    int n = snprintf(out, cap, "%.*s.classes.txt", dot ? (int)(dot - path) : 0, path);
    return n > 0 && (size_t)n < cap && access(out, R_OK) == 0;
}
