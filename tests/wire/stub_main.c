/* The kernel with the stand-in engine: stub_main CONNECTION_FILE. */
#include "wire/kernel.h"
#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (argc != 2) return 64;
    struct err e = {0};
    int status = kernel_run(argv[1], &e);
    if (status) fprintf(stderr, "awml-c: %s\n", e.what);
    return status;
}
