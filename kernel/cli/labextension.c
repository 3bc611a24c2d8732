/* The JupyterLab extension's files: one script of five parts and the words. */
#include "cli/labextension.h"
#include "cli/folder.h"
#include "lang/words.h"

EMBED(lab_package, "labextension/package.json");
EMBED(lab_install, "labextension/install.json");
EMBED(lab_language, "labextension/language.js");
EMBED(lab_findings, "labextension/findings.js");
EMBED(lab_pictures, "labextension/pictures.js");
EMBED(lab_bars, "labextension/bars.js");
EMBED(lab_entry, "labextension/entry.js");

static bool add_script(struct text *out) {
    text_adds(out, "(function () {\n\"use strict\";\nvar WORDS = ");
    words_json(out);
    text_adds(out, ";\n");
    text_add(out, EMBEDDED(lab_language));
    text_add(out, EMBEDDED(lab_findings));
    text_add(out, EMBEDDED(lab_pictures));
    text_add(out, EMBEDDED(lab_bars));
    text_add(out, EMBEDDED(lab_entry));
    return text_adds(out, "})();\n");
}

enum { N_FILES = 3 };
static const struct folder_file names[N_FILES] = {
    {"package.json", {0}}, {"install.json", {0}}, {"static/awml.js", {0}}};

bool labextension_write(const char *folder, struct err *e) {
    struct text package = {0}, script = {0};
    bool ok = replace_mark(EMBEDDED(lab_package), "@VERSION@", STR(AWML_VERSION), &package) &&
              add_script(&script);
    struct str bytes[N_FILES] = {text_str(&package), EMBEDDED(lab_install), text_str(&script)};
    struct folder_file files[N_FILES];
    for (int i = 0; i < N_FILES; i++) files[i] = (struct folder_file){names[i].name, bytes[i]};
    ok = ok ? folder_write(folder, files, N_FILES, e) : err_memory(e, script.n);
    text_clear(&package);
    text_clear(&script);
    return ok;
}

bool labextension_remove(const char *folder, struct err *e) {
    return folder_remove(folder, names, N_FILES, e);
}
