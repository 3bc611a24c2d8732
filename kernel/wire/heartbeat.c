/* The heartbeat. */
#include "wire/heartbeat.h"
#include "wire/socket.h"
#include "base/pool.h"
#include <errno.h>
#include <pthread.h>

struct heartbeat {
    void *context, *socket;
    pthread_t thread;
};

static void *beat(void *user) {
    struct heartbeat *h = user;
    zmq_pollitem_t item = {.socket = h->socket, .events = ZMQ_POLLIN};
    struct inbound in;
    /* The poll fails when the context goes away. */
    while (zmq_poll(&item, 1, -1) >= 0 || errno == EINTR) {
        if (!socket_receive(h->socket, &in)) continue;
        socket_send(h->socket, in.frames, in.n);
        inbound_clear(&in);
    }
    zmq_close(h->socket);
    return NULL;
}

struct heartbeat *heartbeat_start(struct connection *c, struct err *e) {
    struct heartbeat *h = pool_need(sizeof *h, e);
    if (!h) return NULL;
    h->context = zmq_ctx_new();
    h->socket = h->context ? socket_open(h->context, ZMQ_REP, c, PORT_HEARTBEAT, e) : NULL;
    if (h->socket && pthread_create(&h->thread, NULL, beat, h) == 0) {
        pthread_setname_np(h->thread, "heartbeat");
        return h;
    }
    if (h->socket) err_set(e, ERR_MEMORY, "cannot start a thread");
    socket_close(h->socket);
    zmq_ctx_term(h->context);
    pool_free(h);
    return NULL;
}

void heartbeat_stop(struct heartbeat *h) {
    if (!h) return;
    zmq_ctx_shutdown(h->context);
    pthread_join(h->thread, NULL);
    zmq_ctx_term(h->context);
    pool_free(h);
}
