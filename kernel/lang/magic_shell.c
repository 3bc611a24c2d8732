/* !command: a shell as IPython has it. AWML_SHELL=off takes it away, as for a notebook to be
 * graded: cells with such a line are then refused before they run. */
#include "magic.h"
#include "lang/eval/process.h"
#include "base/pool.h"
#include <stdlib.h>
#include <string.h>

bool shell_allowed(struct err *e) {
    const char *word = getenv("AWML_SHELL");
    if (!word || (strcmp(word, "off") != 0 && strcmp(word, "0") != 0)) return true;
    err_set(e, ERR_NOT_ALLOWED, "Shell commands are switched off here.");
    err_label(e, "is a shell command");
    return err_hint(e,
                    "Whoever runs this notebook has set AWML_SHELL=off. Without a shell, "
                    "files(\".\") lists files, make_folder(…) makes a folder, unzip(…) unpacks an "
                    "archive and download(…) fetches a file.");
}

/* !command: a shell in its own process group, ended when the user presses stop. */
MAGIC(shell) {
    (void)cell;
    char sh[] = "/bin/sh", flag[] = "-c";
    char *command = pool_alloc(s->text.n + 1);
    char *argv[] = {sh, flag, command, NULL};
    int error, status;
    if (!command) return err_memory(ev->e, s->text.n);
    memcpy(command, s->text.p, s->text.n);
    command[s->text.n] = 0;
    bool ok = process_run(ev, argv, s->span, &error, &status);
    pool_free(command);
    if (!ok) return false;
    if (error)
        return fail(ev, s->span, ERR_FILE, "The shell cannot be started: %s.", strerror(error));
    if (status > 0) {
        struct text t = {0};
        text_addf(&t, "exit status %d\n", status);
        magic_say(ev, &t);
    }
    return true;
}
