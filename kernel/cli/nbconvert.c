/* The nbconvert template's files; what fits plots to a dark page it shares with JupyterLab. */
#include "cli/nbconvert.h"
#include "cli/folder.h"

EMBED(nb_conf, "nbconvert/conf.json");
EMBED(nb_index, "nbconvert/index.html.j2");
EMBED(nb_pictures, "labextension/pictures.js");

enum { N_FILES = 3 };

bool nbconvert_write(const char *folder, struct err *e) {
    struct folder_file files[N_FILES] = {{"conf.json", EMBEDDED(nb_conf)},
                                         {"index.html.j2", EMBEDDED(nb_index)},
                                         {"pictures.js", EMBEDDED(nb_pictures)}};
    return folder_write(folder, files, N_FILES, e);
}

bool nbconvert_remove(const char *folder, struct err *e) {
    static const struct folder_file files[N_FILES] = {
        {"conf.json", {0}}, {"index.html.j2", {0}}, {"pictures.js", {0}}};
    return folder_remove(folder, files, N_FILES, e);
}
