/* Comms: two-way channels between a front end and the kernel, by id. A target is a name with the
 * functions that serve it. Knows no sockets; used from any lane. */
#pragma once
#include "session/request.h"
#include <pthread.h>
#include <stdbool.h>

enum { COMMS_MAX = 4096 };

struct comm {
    char *id;
    const struct comm_target *target;
};

struct comms {
    pthread_mutex_t lock;
    struct comm *items;
    int n, cap;
};

struct session;

/* What happens on a message. */
struct comm_target {
    const char *name;
    bool ours; /* comms of it are opened by the kernel only */
    void (*message)(struct session *s, const char *id, const struct request *r);
    void (*closed)(struct session *s, const char *id); /* by the front end; or NULL */
};

void comms_init(struct comms *c);
void comms_clear(struct comms *c);

/* check.c: what the checker finds in a cell that is being written */
void check_message(struct session *s, const char *id, const struct request *r);
