/* ZeroMQ sockets as the kernel uses them. */
#include "wire/socket.h"
#include "wire/frame.h"
#include "base/pool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BIND_TRIES = 100, BIND_PAUSE_MS = 10, LINGER_MS = 200, IOPUB_HWM = 20000 };
enum { IPC_PORTS = 1000 };

static const int64_t message_max = 1LL << 30;

static bool set_int(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_curve(void *socket, const struct connection *c, struct err *e) {
    if (!c->curve_secret[0] && !c->curve_public[0]) return true;
    bool ok = zmq_has("curve") && set_int(socket, ZMQ_CURVE_SERVER, 1) &&
              zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, c->curve_secret,
                             strlen(c->curve_secret) + 1) == 0 &&
              (!c->curve_public[0] || zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, c->curve_public,
                                                     strlen(c->curve_public) + 1) == 0);
    return ok || err_set(e, ERR_VALUE,
                         "the connection file asks for CURVE encryption, but the keys "
                         "or the ZeroMQ library cannot provide it");
}

static bool set_options(void *socket, int type, const struct connection *c, struct err *e) {
    bool ok = set_int(socket, ZMQ_LINGER, LINGER_MS) &&
              zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) == 0 &&
              set_int(socket, ZMQ_RCVHWM, 0) &&
              set_int(socket, ZMQ_SNDHWM, type == ZMQ_XPUB ? IOPUB_HWM : 0);
    if (ok && strchr(c->ip, ':')) ok = set_int(socket, ZMQ_IPV6, 1);
    if (ok && type == ZMQ_ROUTER) ok = set_int(socket, ZMQ_ROUTER_HANDOVER, 1);
    if (ok && type == ZMQ_XPUB) {
        ok = set_int(socket, ZMQ_XPUB_MANUAL, 1) && set_int(socket, ZMQ_XPUB_NODROP, 1);
    }
    if (!ok) return err_set(e, ERR_BUG, "a socket option was refused: %s", zmq_strerror(errno));
    return set_curve(socket, c, e);
}

static void pause_ms(long ms) {
    struct timespec t = {.tv_sec = 0, .tv_nsec = ms * 1000000};
    nanosleep(&t, NULL);
}

static bool bind_with_patience(void *socket, const char *endpoint) {
    for (int i = 0; i < BIND_TRIES; i++) {
        if (zmq_bind(socket, endpoint) == 0) return true;
        if (errno != EADDRINUSE) return false;
        pause_ms(BIND_PAUSE_MS);
    }
    errno = EADDRINUSE;
    return false;
}

/* The port at the end of what the socket was bound to. */
static int bound_port(void *socket) {
    char endpoint[CONNECTION_TEXT + 32];
    size_t n = sizeof endpoint;
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &n) != 0) return 0;
    const char *colon = strrchr(endpoint, ':');
    return colon ? (int)strtol(colon + 1, NULL, 10) : 0;
}

/* An ipc socket has no port that the system could choose: the first free number. */
static int free_ipc_number(const struct connection *c) {
    for (int i = 1; i < IPC_PORTS; i++) {
        struct text path = {0};
        text_addf(&path, "%s-%d", c->ip, i);
        bool is_free = access(path.p, F_OK) != 0;
        text_clear(&path);
        if (is_free) return i;
    }
    return 0;
}

static bool bind_socket(void *socket, struct connection *c, int port, struct err *e) {
    struct text endpoint = {0};
    bool is_ipc = strcmp(c->transport, "ipc") == 0;
    if (is_ipc && c->ports[port] == 0) c->ports[port] = free_ipc_number(c);
    connection_endpoint(c, c->ports[port], &endpoint);
    bool ok = !endpoint.failed && bind_with_patience(socket, endpoint.p);
    if (!ok) {
        err_set(e, ERR_FILE, "cannot listen on %s (%s): %s", endpoint.p,
                connection_port_names[port], zmq_strerror(errno));
    }
    if (ok && !is_ipc && c->ports[port] == 0) c->ports[port] = bound_port(socket);
    text_clear(&endpoint);
    return ok;
}

void *socket_open(void *context, int type, struct connection *c, int port, struct err *e) {
    void *socket = zmq_socket(context, type);
    if (!socket) {
        err_set(e, ERR_BUG, "a socket cannot be made: %s", zmq_strerror(errno));
        return NULL;
    }
    if (set_options(socket, type, c, e) && bind_socket(socket, c, port, e)) return socket;
    zmq_close(socket);
    return NULL;
}

void socket_close(void *socket) {
    if (socket) zmq_close(socket);
}

static zmq_msg_t *next_part(struct inbound *in) {
    if (in->n == in->cap) {
        int cap = in->cap ? 2 * in->cap : 16;
        /* zmq_msg_t may be moved in memory only by zmq_msg_move, so a longer array is a new one. */
        zmq_msg_t *parts = pool_zalloc((size_t)cap * sizeof *parts);
        struct str *frames = pool_realloc(in->frames, (size_t)cap * sizeof *frames);
        if (frames) in->frames = frames;
        if (!parts || !frames) {
            pool_free(parts);
            return NULL;
        }
        for (int i = 0; i < in->n; i++) {
            zmq_msg_init(&parts[i]);
            zmq_msg_move(&parts[i], &in->parts[i]);
            zmq_msg_close(&in->parts[i]);
        }
        pool_free(in->parts);
        in->parts = parts;
        in->cap = cap;
    }
    zmq_msg_init(&in->parts[in->n]);
    return &in->parts[in->n++];
}

/* Take what is left of a message that is not wanted. */
static void skip_rest(void *socket) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    while (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&part)) {}
    zmq_msg_close(&part);
}

bool socket_receive(void *socket, struct inbound *in) {
    *in = (struct inbound){0};
    for (;;) {
        zmq_msg_t *part = in->n < FRAMES_MAX ? next_part(in) : NULL;
        if (!part) {
            in->too_many = true;
            skip_rest(socket);
            break;
        }
        if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
            inbound_clear(in);
            return false;
        }
        if (!zmq_msg_more(part)) break;
    }
    for (int i = 0; i < in->n; i++) {
        in->frames[i] = (struct str){zmq_msg_data(&in->parts[i]), zmq_msg_size(&in->parts[i])};
    }
    return true;
}

void inbound_clear(struct inbound *in) {
    for (int i = 0; i < in->n; i++) zmq_msg_close(&in->parts[i]);
    pool_free(in->parts);
    pool_free(in->frames);
    *in = (struct inbound){0};
}

enum send_result socket_send(void *socket, const struct str *frames, int n) {
    for (int i = 0; i < n; i++) {
        int more = i + 1 < n ? ZMQ_SNDMORE : 0;
        while (zmq_send(socket, frames[i].p, frames[i].n, more | ZMQ_DONTWAIT) < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return SEND_FAILED;
            if (i == 0) return SEND_AGAIN;
            pause_ms(1); /* a begun message must be finished */
        }
    }
    return SEND_DONE;
}
