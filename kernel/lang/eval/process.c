/* Starting a program and waiting for it or for stop. */
#include "process.h"
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int start(char *const argv[], pid_t *pid) {
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    int error = posix_spawnp(pid, argv[0], NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    return error;
}

bool process_run(struct eval *ev, char *const argv[], struct span at, int *error, int *status) {
    struct timespec pause = {0, 5000000};
    pid_t pid;
    int ended = 0;
    *status = -1;
    *error = start(argv, &pid);
    if (*error) return true;
    while (waitpid(pid, &ended, WNOHANG) == 0) {
        if (stopped(ev, at)) {
            kill(-pid, SIGTERM);
            nanosleep(&pause, NULL);
            kill(-pid, SIGKILL);
            waitpid(pid, &ended, 0);
            return false;
        }
        nanosleep(&pause, NULL);
    }
    if (WIFEXITED(ended)) *status = WEXITSTATUS(ended);
    return true;
}
