/* The nbconvert template's files. */
#include "cli/nbconvert.h"
#include "cli/folder.h"

EMBED(nb_conf, "nbconvert/conf.json");
EMBED(nb_index, "nbconvert/index.html.j2");

enum { N_FILES = 2 };

bool nbconvert_write(const char *folder, struct err *e) {
    struct folder_file files[N_FILES] = {{"conf.json", EMBEDDED(nb_conf)},
                                         {"index.html.j2", EMBEDDED(nb_index)}};
    return folder_write(folder, files, N_FILES, e);
}

bool nbconvert_remove(const char *folder, struct err *e) {
    static const struct folder_file files[N_FILES] = {{"conf.json", {0}}, {"index.html.j2", {0}}};
    return folder_remove(folder, files, N_FILES, e);
}
