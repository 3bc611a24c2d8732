/* The program: signals are held back before anything else, because launchers may interrupt a
 * process that has hardly begun; the kernel takes them as data later, the commands let them
 * through. */
#include "cli/cli.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Whatever is opened later would otherwise stand where output goes. */
static void open_standard_files(void) {
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2) fd = dup(fd);
    if (fd > 2) close(fd);
}

int main(int argc, char **argv) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    open_standard_files();
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error, not the end */
    bool is_kernel = argc > 1 && strcmp(argv[1], "-f") == 0;
    if (!is_kernel) pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return cli_main(argc, argv);
}
