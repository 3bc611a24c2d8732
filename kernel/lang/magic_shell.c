/* !command: a shell as IPython has it. */
#include "magic.h"
#include "base/pool.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* !command: a shell in its own process group, ended when the user presses stop. */
MAGIC(shell) {
    (void)cell;
    char sh[] = "sh", flag[] = "-c";
    char *command = pool_alloc(s->text.n + 1);
    char *argv[] = {sh, flag, command, NULL};
    if (!command) return err_memory(ev->e, s->text.n);
    memcpy(command, s->text.p, s->text.n);
    command[s->text.n] = 0;
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    pid_t pid;
    int status = 0, failed = posix_spawn(&pid, "/bin/sh", NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    pool_free(command);
    if (failed)
        return fail(ev, s->span, ERR_FILE, "The shell cannot be started: %s.", strerror(failed));
    struct timespec pause = {0, 5000000};
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (stopped(ev, s->span)) {
            kill(-pid, SIGTERM);
            nanosleep(&pause, NULL);
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return false;
        }
        nanosleep(&pause, NULL);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        struct text t = {0};
        text_addf(&t, "exit status %d\n", WEXITSTATUS(status));
        magic_say(ev, &t);
    }
    return true;
}
