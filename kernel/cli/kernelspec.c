/* The kernelspec's files and folders. */
#include "cli/kernelspec.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of kernelspec/ as bytes of the program; KERNELSPEC_DIR comes from the build. */
#define EMBED(symbol, file)                                                                        \
    __asm__(".section .rodata\n.balign 16\n" #symbol ":\n.incbin \"" KERNELSPEC_DIR "/" file       \
            "\"\n" #symbol "_end:\n.byte 0\n.previous\n");                                         \
    extern const char symbol[], symbol##_end[]

EMBED(spec_json, "kernel.json.in");
EMBED(spec_svg, "logo-svg.svg");
EMBED(spec_png_32, "logo-32x32.png");
EMBED(spec_png_64, "logo-64x64.png");

static const struct {
    const char *name, *start, *end;
} files[] = {{"kernel.json", spec_json, spec_json_end},
             {"logo-svg.svg", spec_svg, spec_svg_end},
             {"logo-32x32.png", spec_png_32, spec_png_32_end},
             {"logo-64x64.png", spec_png_64, spec_png_64_end}};

static void add_json_text(struct text *out, const char *s) {
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') text_addc(out, '\\');
        if ((unsigned char)*s < 0x20) text_addf(out, "\\u%04x", (unsigned)*s);
        else text_addc(out, *s);
    }
}

bool kernelspec_json(const char *program, struct text *out) {
    const char mark[] = "@AWML_C@";
    const char *at = strstr(spec_json, mark);
    text_add(out, (struct str){spec_json, (size_t)(at - spec_json)});
    add_json_text(out, program);
    at += sizeof mark - 1;
    return text_add(out, (struct str){at, (size_t)(spec_json_end - at)});
}

static bool write_file(const char *folder, const char *name, struct str bytes, struct err *e) {
    struct text path = {0};
    text_addf(&path, "%s/%s", folder, name);
    int fd = path.failed ? -1 : open(path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n;
    if (fd >= 0 && close(fd) != 0) ok = false;
    if (!ok) err_set(e, ERR_FILE, "cannot write %s/%s: %s", folder, name, strerror(errno));
    text_clear(&path);
    return ok;
}

static bool write_files(const char *folder, const char *program, struct err *e) {
    struct text json = {0};
    bool ok = kernelspec_json(program, &json);
    for (size_t i = 0; ok && i < ARRAY_LEN(files); i++) {
        struct str bytes = {files[i].start, (size_t)(files[i].end - files[i].start)};
        ok = write_file(folder, files[i].name, i == 0 ? text_str(&json) : bytes, e);
    }
    text_clear(&json);
    return ok;
}

static bool make_folders(const char *path, struct err *e) {
    struct text part = {0};
    for (const char *p = path; *p; p++) {
        text_addc(&part, *p);
        if (p[1] != '/' && p[1] != 0) continue;
        if (mkdir(part.p, 0755) != 0 && errno != EEXIST) {
            err_set(e, ERR_FILE, "cannot make the folder %s: %s", part.p, strerror(errno));
            text_clear(&part);
            return false;
        }
    }
    text_clear(&part);
    return true;
}

static bool is_ours(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (strcmp(files[i].name, name) == 0) return true;
    }
    return false;
}

bool kernelspec_remove(const char *folder, struct err *e) {
    DIR *d = opendir(folder);
    if (!d) return err_set(e, ERR_FILE, "%s: %s", folder, strerror(errno));
    struct dirent *entry;
    while ((entry = readdir(d))) {
        if (is_ours(entry->d_name)) unlinkat(dirfd(d), entry->d_name, 0);
    }
    closedir(d);
    return rmdir(folder) == 0 || err_set(e, ERR_FILE, "%s: %s", folder, strerror(errno));
}

/* Jupyter may look at any moment: the new folder takes the old one's place in one step where the
 * system can exchange names, in two where it cannot. */
static bool put_in_place(const char *fresh, const char *folder, struct err *e) {
    if (rename(fresh, folder) == 0) return true;
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, folder, RENAME_EXCHANGE) == 0) {
        return kernelspec_remove(fresh, e);
    }
    return err_set(e, ERR_FILE, "cannot write %s: %s", folder, strerror(errno));
}

bool kernelspec_write(const char *folder, const char *program, struct err *e) {
    struct text parent = {0}, fresh = {0};
    const char *slash = strrchr(folder, '/');
    if (!slash) return err_set(e, ERR_FILE, "%s is not a full path", folder);
    text_add(&parent, (struct str){folder, (size_t)(slash - folder)});
    text_addf(&fresh, "%s.%d.part", folder, (int)getpid());
    bool ok = !fresh.failed && make_folders(parent.p, e) && make_folders(fresh.p, e) &&
              write_files(fresh.p, program, e) && put_in_place(fresh.p, folder, e);
    if (!ok && fresh.p) {
        struct err ignored = {0};
        kernelspec_remove(fresh.p, &ignored);
    }
    text_clear(&parent);
    text_clear(&fresh);
    return ok;
}

/* Each part of a colon-separated list, with "/kernels" behind it. */
static bool each_part(const char *list, bool (*folder)(void *user, const char *path), void *user) {
    bool go_on = true;
    while (list && *list && go_on) {
        size_t n = strcspn(list, ":");
        struct text path = {0};
        text_add(&path, (struct str){list, n});
        text_adds(&path, "/kernels");
        if (n) go_on = folder(user, path.p);
        text_clear(&path);
        list += n + (list[n] == ':');
    }
    return go_on;
}

static bool under(const char *root, const char *rest, bool (*folder)(void *, const char *),
                  void *user) {
    if (!root || !*root) return true;
    struct text path = {0};
    text_addf(&path, "%s%s", root, rest);
    bool go_on = folder(user, path.p);
    text_clear(&path);
    return go_on;
}

void kernelspec_folders(bool (*folder)(void *user, const char *path), void *user) {
    const char *data = getenv("JUPYTER_DATA_DIR"), *xdg = getenv("XDG_DATA_HOME");
    if (!each_part(getenv("JUPYTER_PATH"), folder, user)) return;
    if (data && *data) {
        if (!under(data, "/kernels", folder, user)) return;
    } else if (xdg && *xdg) {
        if (!under(xdg, "/jupyter/kernels", folder, user)) return;
    } else if (!under(getenv("HOME"), "/.local/share/jupyter/kernels", folder, user)) {
        return;
    }
    if (!under(getenv("VIRTUAL_ENV"), "/share/jupyter/kernels", folder, user)) return;
    if (!under(getenv("CONDA_PREFIX"), "/share/jupyter/kernels", folder, user)) return;
    if (!under("/usr/local", "/share/jupyter/kernels", folder, user)) return;
    under("/usr", "/share/jupyter/kernels", folder, user);
}
