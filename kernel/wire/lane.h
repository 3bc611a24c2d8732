/* A first-in-first-out queue of shell requests and the thread that answers them: one for the parent
 * shell (the main thread), one for each subshell. After a failed cell the executes behind it, up to
 * a mark, are aborted; everything else runs. */
#pragma once
#include "session/request.h"
#include <pthread.h>

enum { LANE_ID_BYTES = 40 };

struct kernel;
struct lane_item;
struct origin;

struct lane {
    struct kernel *kernel;
    char id[LANE_ID_BYTES]; /* "" for the parent shell */
    pthread_t thread;       /* of a subshell */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct lane_item *head, *tail;
    bool closing; /* end when the queue is empty; `abandon`: at once */
    bool abandon;
    int n_marks;         /* marks not yet reached: executes are aborted until then */
    struct origin *cell; /* of the cell at work here, or NULL; the kernel's status_lock guards it */
    _Atomic int n_users; /* threads that may still touch it */
    struct lane *next;   /* in the kernel's list */
};

struct lane *lane_new(struct kernel *k, const char *id);
struct lane *lane_ref(struct lane *l);
void lane_unref(struct lane *l);
void lane_add(struct lane *l, struct request *take);
/* Does one of the waiting requests make `r` superfluous? */
bool lane_has_later(struct lane *l, const struct request *r,
                    bool (*supersedes)(void *by, const struct request *r,
                                       const struct request *later),
                    void *by);
/* "Everything that had arrived is in the queue before this." */
void lane_add_mark(struct lane *l);
/* From the lane's own thread, while it handles a request: abort executes until the next mark. */
void lane_expect_mark(struct lane *l);
/* Answer requests until closed. */
void lane_run(struct lane *l);
void lane_close(struct lane *l, bool abandon);
