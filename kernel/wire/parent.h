/* The process that started the kernel, and those that the kernel started. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

/* Who is watched: the process of JPY_PARENT_PID, nobody if that is not set. */
struct parent {
    pid_t pid; /* 0 = nobody */
    int fd;    /* readable when it has ended; -1 = ask again and again */
};

void parent_init(struct parent *p);
void parent_clear(struct parent *p);
bool parent_needs_poll(const struct parent *p);
bool parent_is_gone(const struct parent *p);

/* End the processes started by this one: asked first, killed a moment later. */
void children_end(void);
