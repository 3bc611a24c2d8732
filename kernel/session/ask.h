/* A question to the user in the middle of a cell: one thread waits, another brings the answer, an
 * interrupt or the end of the kernel. Knows no messages. */
#pragma once
#include "base/err.h"
#include <pthread.h>

enum ask_state { ASK_NOTHING, ASK_WAITING, ASK_ANSWERED, ASK_STOPPED, ASK_GONE };

struct ask {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum ask_state state;
    struct text answer;
};

void ask_init(struct ask *a);
void ask_clear(struct ask *a);
/* From now on an answer counts; older ones were dropped. */
void ask_begin(struct ask *a);
/* Waits. False with ERR_INTERRUPT or ERR_INPUT. */
bool ask_wait(struct ask *a, struct text *answer, struct err *e);
/* Any thread. Without a waiting question these do nothing. */
void ask_answer(struct ask *a, struct str text);
void ask_stop(struct ask *a); /* an interrupt */
void ask_gone(struct ask *a); /* nobody is there to answer */
