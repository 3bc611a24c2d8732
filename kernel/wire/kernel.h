/* The running kernel: sockets, threads and the session between them.
 *
 * Threads: main answers the shell; `shell` reads its socket and stdin's; `control` answers control
 * requests and signals at any time; `iopub` sends what is broadcast; `heartbeat` echoes; each
 * subshell has one. A socket belongs to one thread; the others hand messages over in queues. */
#pragma once
#include "session/session.h"
#include "wire/connection.h"
#include "wire/iopub.h"
#include "wire/lane.h"

struct shell;
struct control;
struct heartbeat;

struct kernel {
    struct connection connection;
    void *context;
    struct encoder encoder;
    struct courier courier;
    struct session session;
    struct iopub *iopub;
    struct shell *shell;
    struct control *control;
    struct heartbeat *heartbeat;
    struct lane *main_lane;
    pthread_mutex_t lanes_lock;
    struct lane *lanes;          /* of subshells */
    pthread_mutex_t status_lock; /* over a status and what it says; taken before lanes_lock */
    _Atomic int n_lane_threads;
    _Atomic bool had_shell_request;
    _Atomic bool shutdown_asked; /* control thread: leave the loop after this message */
    _Atomic bool main_done;
    bool is_open; /* no key, and not only reachable through files */
    char id[SESSION_ID_BYTES];
};

/* Run until shutdown. The exit status of the process; what went wrong at the start is in `e`. */
int kernel_run(const char *connection_file, struct err *e);
/* (any thread) End: no more cells, the running one is stopped, lanes are left. */
void kernel_finish(struct kernel *k);

/* The next message of a socket, verified and decoded. NULL: none (`*more` false) or a bad one,
 * which was noted and dropped. */
struct request *kernel_receive(struct kernel *k, void *socket, enum channel channel, bool *more);

/* Requests answered here (messages.list). */
void kernel_connect(struct kernel *k, struct request *r);
void kernel_interrupt(struct kernel *k, struct request *r);
void kernel_shutdown(struct kernel *k, struct request *r);
void kernel_create_subshell(struct kernel *k, struct request *r);
void kernel_delete_subshell(struct kernel *k, struct request *r);
void kernel_list_subshell(struct kernel *k, struct request *r);

/* The lane a shell request belongs to, with a reference; NULL = it names an unknown subshell. */
struct lane *kernel_find_lane(struct kernel *k, const char *subshell);
/* End all subshells. */
void kernel_close_subshells(struct kernel *k);
