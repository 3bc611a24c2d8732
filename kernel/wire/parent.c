/* The process that started the kernel. Its death is seen through a process descriptor, or by asking
 * every second whether the process is still there. Not through getppid() becoming 1: subreapers
 * adopt orphans under other numbers, and in a container 1 is a legal parent. Not through the end of
 * stdin: launchers close that at once. Not through PR_SET_PDEATHSIG: that fires when the *thread*
 * which started us ends. */
#include "wire/parent.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int process_descriptor(pid_t pid) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

void parent_init(struct parent *p) {
    const char *text = getenv("JPY_PARENT_PID");
    long pid = text ? strtol(text, NULL, 10) : 0;
    *p = (struct parent){.pid = 0, .fd = -1};
    if (pid <= 0) return;
    /* A number that is nobody here comes from outside a container: there is nobody to watch. */
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH) return;
    p->pid = (pid_t)pid;
    p->fd = process_descriptor(p->pid);
}

void parent_clear(struct parent *p) {
    if (p->fd >= 0) close(p->fd);
}

bool parent_needs_poll(const struct parent *p) {
    return p->pid && p->fd < 0;
}

bool parent_is_gone(const struct parent *p) {
    if (!p->pid) return false;
    struct pollfd item = {.fd = p->fd, .events = POLLIN};
    if (p->fd >= 0) return poll(&item, 1, 0) > 0;
    return kill(p->pid, 0) != 0 && errno == ESRCH;
}

/* The number of processes that were there to be signalled. */
static int signal_children_of(const char *thread, int signal_number) {
    char path[64], list[4096];
    snprintf(path, sizeof path, "/proc/self/task/%.20s/children", thread);
    FILE *f = fopen(path, "re");
    if (!f) return 0;
    size_t n = fread(list, 1, sizeof list - 1, f);
    fclose(f);
    list[n] = 0;
    char *at = list, *end;
    int count = 0;
    for (long pid = strtol(at, &end, 10); end != at && pid > 1; pid = strtol(at, &end, 10)) {
        /* One that leads a group has children of its own. */
        bool leads = getpgid((pid_t)pid) == (pid_t)pid;
        count += kill((pid_t)(leads ? -pid : pid), signal_number) == 0;
        at = end;
    }
    return count;
}

static int signal_children(int signal_number) {
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    while (threads && (entry = readdir(threads))) {
        if (entry->d_name[0] != '.') count += signal_children_of(entry->d_name, signal_number);
    }
    if (threads) closedir(threads);
    return count;
}

void children_end(void) {
    enum { GRACE_US = 20000 };
    if (!signal_children(SIGTERM)) return;
    usleep(GRACE_US);
    signal_children(SIGKILL);
}
