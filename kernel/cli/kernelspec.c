/* The kernelspec's files, and the folders where Jupyter looks for them. */
#include "cli/kernelspec.h"
#include "cli/folder.h"
#include "lang/words.h"
#include <stdlib.h>
#include <string.h>

EMBED(spec_json, "kernel.json.in");
EMBED(spec_svg, "logo-svg.svg");
EMBED(spec_png_32, "logo-32x32.png");
EMBED(spec_png_64, "logo-64x64.png");

enum { N_FILES = 5 };
static const struct folder_file names[N_FILES] = {{"kernel.json", {0}},
                                                  {"words.json", {0}},
                                                  {"logo-svg.svg", {0}},
                                                  {"logo-32x32.png", {0}},
                                                  {"logo-64x64.png", {0}}};

static void add_json_text(struct text *out, const char *s) {
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') text_addc(out, '\\');
        if ((unsigned char)*s < 0x20) text_addf(out, "\\u%04x", (unsigned)*s);
        else text_addc(out, *s);
    }
}

bool kernelspec_json(const char *program, bool shell, struct text *out) {
    struct text path = {0}, json = {0};
    struct str env = shell ? STR("{}") : STR("{\"AWML_SHELL\": \"off\"}");
    add_json_text(&path, program);
    bool ok = replace_mark(EMBEDDED(spec_json), "@AWML_C@", text_str(&path), &json) &&
              replace_mark(text_str(&json), "@ENV@", env, out);
    text_clear(&path);
    text_clear(&json);
    return ok;
}

bool kernelspec_write(const char *folder, const char *program, bool shell, struct err *e) {
    struct text json = {0}, words = {0};
    bool ok = kernelspec_json(program, shell, &json) && words_json(&words);
    struct str bytes[N_FILES] = {text_str(&json), text_str(&words), EMBEDDED(spec_svg),
                                 EMBEDDED(spec_png_32), EMBEDDED(spec_png_64)};
    struct folder_file files[N_FILES];
    for (int i = 0; i < N_FILES; i++) files[i] = (struct folder_file){names[i].name, bytes[i]};
    ok = ok ? folder_write(folder, files, N_FILES, e) : err_memory(e, words.n);
    text_clear(&json);
    text_clear(&words);
    return ok;
}

bool kernelspec_remove(const char *folder, struct err *e) {
    return folder_remove(folder, names, N_FILES, e);
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
