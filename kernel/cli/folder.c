/* Folders whole or not at all. */
#include "cli/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The folder before the file's name, below `folder`; empty if there is none. */
static void add_subfolder(const char *folder, const char *name, struct text *out) {
    const char *slash = strchr(name, '/');
    if (slash) text_addf(out, "%s/%.*s", folder, (int)(slash - name), name);
}

static bool write_file(const char *folder, const struct folder_file *f, struct err *e) {
    struct text path = {0}, sub = {0};
    add_subfolder(folder, f->name, &sub);
    text_addf(&path, "%s/%s", folder, f->name);
    bool ok = !sub.n || make_folders(sub.p, e);
    int fd = !ok || path.failed ? -1 : open(path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool written = fd >= 0 && write(fd, f->bytes.p, f->bytes.n) == (ssize_t)f->bytes.n;
    if (fd >= 0 && close(fd) != 0) written = false;
    if (ok && !written) {
        err_set(e, ERR_FILE, "cannot write %s/%s: %s", folder, f->name, strerror(errno));
    }
    text_clear(&path);
    text_clear(&sub);
    return ok && written;
}

bool folder_remove(const char *folder, const struct folder_file *files, int n, struct err *e) {
    struct text path = {0};
    for (int i = 0; i < n; i++) {
        path.n = 0;
        text_addf(&path, "%s/%s", folder, files[i].name);
        if (!path.failed) unlink(path.p);
    }
    for (int i = 0; i < n; i++) {
        path.n = 0;
        add_subfolder(folder, files[i].name, &path);
        if (path.n) rmdir(path.p);
    }
    text_clear(&path);
    return rmdir(folder) == 0 || err_set(e, ERR_FILE, "%s: %s", folder, strerror(errno));
}

/* Jupyter may look at any moment: the new folder takes the old one's place in one step where the
 * system can exchange names, in two where it cannot. */
static bool put_in_place(const char *fresh, const char *folder, const struct folder_file *files,
                         int n, struct err *e) {
    if (rename(fresh, folder) == 0) return true;
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, folder, RENAME_EXCHANGE) == 0) {
        return folder_remove(fresh, files, n, e);
    }
    return err_set(e, ERR_FILE, "cannot write %s: %s", folder, strerror(errno));
}

bool folder_write(const char *folder, const struct folder_file *files, int n, struct err *e) {
    struct text parent = {0}, fresh = {0};
    const char *slash = strrchr(folder, '/');
    if (!slash) return err_set(e, ERR_FILE, "%s is not a full path", folder);
    text_add(&parent, (struct str){folder, (size_t)(slash - folder)});
    text_addf(&fresh, "%s.%d.part", folder, (int)getpid());
    bool ok = !fresh.failed && make_folders(parent.p, e) && make_folders(fresh.p, e);
    for (int i = 0; ok && i < n; i++) ok = write_file(fresh.p, &files[i], e);
    ok = ok && put_in_place(fresh.p, folder, files, n, e);
    if (!ok && fresh.p) {
        struct err ignored = {0};
        folder_remove(fresh.p, files, n, &ignored);
    }
    text_clear(&parent);
    text_clear(&fresh);
    return ok;
}

bool replace_mark(struct str text, const char *mark, struct str value, struct text *out) {
    const char *at = memmem(text.p, text.n, mark, strlen(mark));
    size_t before = at ? (size_t)(at - text.p) : text.n, after = before + (at ? strlen(mark) : 0);
    text_add(out, (struct str){text.p, before});
    if (at) text_add(out, value);
    return text_add(out, (struct str){text.p + after, text.n - after});
}
