/* One request from busy to idle. */
#include "wire/dispatch.h"
#include "wire/kernel.h"
#include "session/log.h"
#include <stdio.h>
#include <string.h>

enum { QUIET, REPLY };
enum { SHELL = 1, CONTROL = 2, BOTH = 3 };

struct message_type {
    const char *name;
    int reply, channels;
    void (*by_session)(struct session *s, struct request *r);
    void (*by_kernel)(struct kernel *k, struct request *r);
};

static const struct message_type types[] = {
#define SESSION(type, reply, channels, handler) {#type, reply, channels, handler, NULL},
#define KERNEL(type, reply, channels, handler) {#type, reply, channels, NULL, handler},
#include "wire/messages.list"
#undef SESSION
#undef KERNEL
};

static const struct message_type *find_type(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(types[i].name, name) == 0) return &types[i];
    }
    return NULL;
}

static void publish_status(struct kernel *k, struct origin *parent, const char *state) {
    session_publish(&k->session, parent, "status", json_pack("{s:s}", "execution_state", state));
}

/* The cell that some lane works on, or NULL. Needs the status lock. */
static struct origin *cell_at_work(struct kernel *k) {
    struct origin *cell = k->main_lane ? k->main_lane->cell : NULL;
    pthread_mutex_lock(&k->lanes_lock);
    for (const struct lane *l = k->lanes; l && !cell; l = l->next) cell = l->cell;
    pthread_mutex_unlock(&k->lanes_lock);
    return cell;
}

static void begin(struct kernel *k, const struct request *r) {
    struct lane *l = r->lane;
    pthread_mutex_lock(&k->status_lock);
    if (l && strcmp(r->type, "execute_request") == 0) l->cell = r->origin;
    publish_status(k, r->origin, "busy");
    pthread_mutex_unlock(&k->status_lock);
}

/* Front ends and servers take the last status for the kernel's, whoever asked: beside a cell at
 * work the end of a small request (a widget's, on a subshell or control) would make the kernel look
 * idle, in the status bar and to what stops idle kernels. So the cell's "busy" is said again. */
static void end(struct kernel *k, const struct request *r) {
    struct lane *l = r->lane;
    pthread_mutex_lock(&k->status_lock);
    if (l && l->cell == r->origin) l->cell = NULL;
    publish_status(k, r->origin, "idle");
    struct origin *cell = cell_at_work(k);
    if (cell) publish_status(k, cell, "busy");
    pthread_mutex_unlock(&k->status_lock);
}

/* The first shell request of a kernel waits a moment for a subscriber: clients connect their
 * sockets together, and the answer would otherwise be out before the iopub connection stands. */
static void wait_for_listener(struct kernel *k, const struct request *r) {
    enum { LISTENER_MS = 150 };
    if (r->origin->channel != CHANNEL_SHELL) return;
    if (!atomic_exchange(&k->had_shell_request, true)) iopub_wait_subscriber(k->iopub, LISTENER_MS);
}

/* A client that sent a request waits for a reply, even if nobody here knows the request. */
static void handle_unknown(struct kernel *k, struct request *r) {
    log_warn("unknown", "message of unknown type %.60s", r->type);
    if (!str_ends(str_of(r->type), "_request")) return;
    session_reply_error(&k->session, r, "UnknownMessage", "this kernel does not know this request");
}

static void handle(struct kernel *k, struct request *r) {
    const struct message_type *type = find_type(r->type);
    int channel = r->origin->channel == CHANNEL_CONTROL ? CONTROL : SHELL;
    if (!type) {
        handle_unknown(k, r);
    } else if (r->fault) {
        log_warn("fault", "%s: %s", r->type, r->fault);
        if (type->reply) session_reply_error(&k->session, r, "MalformedRequest", r->fault);
    } else if (!(type->channels & channel)) {
        session_reply_error(&k->session, r, "WrongChannel",
                            "this request is answered on the other channel only");
    } else if (type->by_session) {
        type->by_session(&k->session, r);
    } else {
        type->by_kernel(k, r);
    }
    if (type && type->reply && !r->answered) {
        session_reply_error(&k->session, r, "InternalError", "the request got no answer");
    }
}

void dispatch(struct kernel *k, struct request *take) {
    wait_for_listener(k, take);
    begin(k, take);
    handle(k, take);
    end(k, take);
    request_free(take);
}

void dispatch_aborted(struct kernel *k, struct request *take) {
    begin(k, take);
    session_abort(&k->session, take);
    end(k, take);
    request_free(take);
}
