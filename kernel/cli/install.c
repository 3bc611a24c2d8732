/* install and uninstall: put the kernelspec and what comes with it where Jupyter looks, take them
 * away. */
#include "cli/cli.h"
#include "cli/kernelspec.h"
#include "cli/labextension.h"
#include "cli/nbconvert.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
    struct text data;   /* …/share/jupyter */
    struct text folder; /* …/share/jupyter/kernels/NAME */
    const char *name;
    bool no_shell; /* --no-shell: refuse lines that begin with ! */
};

/* What comes with the kernel, once for all its names. */
static const struct {
    const char *what, *folder;
    bool (*write)(const char *folder, struct err *e);
    bool (*remove)(const char *folder, struct err *e);
} extras[] = {
    {"JupyterLab extension", "labextensions/awml", labextension_write, labextension_remove},
    {"nbconvert template", "nbconvert/templates/awml", nbconvert_write, nbconvert_remove},
};

static bool is_name(const char *name) {
    if (!*name || *name == '.') return false;
    const char *others = "-_.";
    for (const char *p = name; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!letter && !(*p >= '0' && *p <= '9') && !strchr(others, *p)) return false;
    }
    return true;
}

static bool user_folder(struct text *out, struct err *e) {
    const char *data = getenv("JUPYTER_DATA_DIR"), *xdg = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (data && *data) return text_adds(out, data);
    if (xdg && *xdg) return text_addf(out, "%s/jupyter", xdg);
    if (home && *home) return text_addf(out, "%s/.local/share/jupyter", home);
    err_set(e, ERR_FILE, "HOME is not set, so there is no place for --user");
    return err_hint(e, "Use --prefix DIR.");
}

static bool environment_folder(struct text *out, struct err *e) {
    const char *prefix = getenv("VIRTUAL_ENV");
    if (!prefix || !*prefix) prefix = getenv("CONDA_PREFIX");
    if (prefix && *prefix) return text_addf(out, "%s/share/jupyter", prefix);
    err_set(e, ERR_FILE, "--sys-prefix means the active Python environment, and none is active");
    return err_hint(e, "Activate it first, or use --prefix DIR with the environment's folder.");
}

static bool prefix_folder(const char *prefix, struct text *out, struct err *e) {
    char full[PATH_MAX];
    if (*prefix == '/') return text_addf(out, "%s/share/jupyter", prefix);
    if (!getcwd(full, sizeof full)) return err_set(e, ERR_FILE, "the current folder is gone");
    return text_addf(out, "%s/%s/share/jupyter", full, prefix);
}

/* Without a choice: for everybody as root, for oneself otherwise. */
static bool default_folder(struct text *out, struct err *e) {
    return geteuid() == 0 ? prefix_folder("/usr/local", out, e) : user_folder(out, e);
}

/* False: misused, and it has been said. */
static bool read_place(int argc, char **argv, struct place *p, int *status) {
    struct err e = {0};
    bool chosen = false, ok = true;
    p->name = "awml-c";
    for (int i = 0; i < argc && ok; i++) {
        bool has_value = i + 1 < argc;
        if (!strcmp(argv[i], "--name") && has_value && is_name(argv[i + 1])) p->name = argv[++i];
        else if (!strcmp(argv[i], "--no-shell")) p->no_shell = true;
        else if (chosen) {
            *status = cli_misused("one place is enough: `%s` is too much", argv[i]);
            return false;
        } else if (!strcmp(argv[i], "--user")) chosen = true, ok = user_folder(&p->data, &e);
        else if (!strcmp(argv[i], "--sys-prefix")) {
            chosen = true, ok = environment_folder(&p->data, &e);
        } else if (!strcmp(argv[i], "--prefix") && has_value) {
            chosen = true, ok = prefix_folder(argv[++i], &p->data, &e);
        } else {
            *status = cli_misused("`%s` is not understood here", argv[i]);
            return false;
        }
    }
    if (ok && !chosen) ok = default_folder(&p->data, &e);
    if (ok) ok = text_addf(&p->folder, "%s/kernels/%s", p->data.p, p->name);
    if (!ok) *status = cli_failed(&e);
    return ok;
}

static bool install_extras(const struct place *p, struct err *e) {
    bool ok = true;
    for (size_t i = 0; ok && i < ARRAY_LEN(extras); i++) {
        struct text folder = {0};
        text_addf(&folder, "%s/%s", p->data.p, extras[i].folder);
        ok = extras[i].write(folder.p, e);
        if (ok) printf("Installed the %s awml in %s\n", extras[i].what, folder.p);
        text_clear(&folder);
    }
    return ok;
}

static void remove_extras(const struct place *p) {
    for (size_t i = 0; i < ARRAY_LEN(extras); i++) {
        struct text folder = {0};
        struct err e = {0};
        text_addf(&folder, "%s/%s", p->data.p, extras[i].folder);
        if (extras[i].remove(folder.p, &e)) printf("Removed %s\n", folder.p);
        text_clear(&folder);
    }
}

static void place_clear(struct place *p) {
    text_clear(&p->data);
    text_clear(&p->folder);
}

int cli_install(int argc, char **argv) {
    struct place p = {0};
    struct text program = {0};
    struct err e = {0};
    int status = STATUS_DONE;
    if (read_place(argc, argv, &p, &status)) {
        bool ok = cli_program_path(&program, &e) &&
                  kernelspec_write(p.folder.p, program.p, !p.no_shell, &e);
        if (ok) printf("Installed kernelspec %s in %s\n", p.name, p.folder.p);
        if (!ok || !install_extras(&p, &e)) status = cli_failed(&e);
    }
    text_clear(&program);
    place_clear(&p);
    return status;
}

/* Is there another kernelspec of ours, under another name? */
static bool has_twin(const struct place *p) {
    struct text path = {0};
    text_addf(&path, "%s/kernels", p->data.p);
    DIR *d = opendir(path.p);
    const struct dirent *entry;
    bool found = false;
    while (d && !found && (entry = readdir(d))) {
        path.n = 0;
        text_addf(&path, "%s/kernels/%s/words.json", p->data.p, entry->d_name);
        found = access(path.p, R_OK) == 0;
    }
    if (d) closedir(d);
    text_clear(&path);
    return found;
}

int cli_uninstall(int argc, char **argv) {
    struct place p = {0};
    struct err e = {0};
    int status = STATUS_DONE;
    if (read_place(argc, argv, &p, &status)) {
        if (kernelspec_remove(p.folder.p, &e)) printf("Removed %s\n", p.folder.p);
        else status = cli_failed(&e);
        if (!has_twin(&p)) remove_extras(&p);
    }
    place_clear(&p);
    return status;
}
