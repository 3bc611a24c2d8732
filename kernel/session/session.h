/* One notebook being worked on: its engine, counter, history, comms. Handlers answer requests
 * through the courier; they know no sockets. Only one thread at a time uses the engine (the engine
 * lock), so cells of the parent shell and of subshells run one after another; what only reads waits
 * for the engine for at most QUERY_WAIT_MS and otherwise gives the answer "not known". */
#pragma once
#include "lang/engine.h"
#include "lang/syntax/parse.h"
#include "session/ask.h"
#include "session/capture.h"
#include "session/comm.h"
#include "session/history.h"
#include "session/output.h"
#include "session/courier.h"
#include "session/stream.h"
#include "session/widget.h"

enum { QUERY_WAIT_MS = 150, SESSION_ID_BYTES = 40 };

struct session {
    const struct courier *courier;
    char id[SESSION_ID_BYTES];
    pthread_mutex_t engine_lock;
    struct engine *_Atomic engine; /* made at the first use, under the lock */
    _Atomic bool running;          /* a cell runs */
    _Atomic uint32_t cell_serial;  /* counts cells that were started */
    _Atomic bool ending;           /* the kernel is to stop: start no cell */
    _Atomic int32_t count;         /* execution counter */
    pthread_mutex_t runner_lock;
    bool has_runner; /* under runner_lock: `runner` is running a cell */
    pthread_t runner;
    struct ask ask;
    struct stream *stream;
    struct capture *capture;
    struct history *history;
    struct comms comms;
    struct widgets widgets;
    _Atomic int64_t interrupted_ns; /* when the last interrupt came */
};

bool session_init(struct session *s, const struct courier *courier, const char *id, struct err *e);
void session_clear(struct session *s);

/* The engine, made if there is none yet. The caller holds the lock. */
struct engine *session_engine(struct session *s, struct err *e);
/* Take the lock within `wait_ms` (negative = for ever). */
bool session_lock(struct session *s, int wait_ms);
void session_unlock(struct session *s);

/* (any thread) Stop the running cell. Without one it does nothing, also later. A second call within
 * two seconds also wakes system calls that the cell is waiting in. True: a cell was running. */
bool session_interrupt(struct session *s);
/* (any thread) Once more, if that cell still runs. */
void session_repeat_interrupt(struct session *s, uint32_t cell_serial);
/* (any thread) No more cells; the running one is stopped. */
void session_finish(struct session *s);
/* (any thread) The user's answer to input(). */
void session_answer(struct session *s, struct str text);
void session_nobody_answers(struct session *s);

/* Around a cell, on the thread that runs it. */
void session_begin_cell(struct session *s);
void session_end_cell(struct session *s);

/* Answers. The content is taken (its reference goes away). */
void session_reply(struct session *s, struct request *r, json_t *content);
void session_reply_error(struct session *s, struct request *r, const char *ename,
                         const char *evalue);
void session_publish(struct session *s, struct origin *parent, const char *type, json_t *content);

/* A comm that the kernel opens or closes; the messages are the caller's. */
bool session_comm_add(struct session *s, const char *id, const char *target);
void session_comm_remove(struct session *s, const char *id);

/* The handlers named in wire/messages.list. */
void session_execute(struct session *s, struct request *r);
void session_abort(struct session *s, struct request *r); /* an execute after a failed one */
void session_inspect(struct session *s, struct request *r);
void session_complete(struct session *s, struct request *r);
void session_is_complete(struct session *s, struct request *r);
void session_history(struct session *s, struct request *r);
void session_kernel_info(struct session *s, struct request *r);
void session_usage(struct session *s, struct request *r);
void session_debug(struct session *s, struct request *r);
void session_comm_info(struct session *s, struct request *r);
void session_comm_open(struct session *s, struct request *r);
void session_comm_msg(struct session *s, struct request *r);
void session_comm_close(struct session *s, struct request *r);
