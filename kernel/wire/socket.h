/* ZeroMQ sockets as the kernel uses them: opened from the connection file, whole messages in and
 * out. Knows no JSON. */
#pragma once
#include "wire/connection.h"
#include <zmq.h>

/* A received message; the frames are views into the parts. */
struct inbound {
    zmq_msg_t *parts;
    struct str *frames;
    int n, cap;
    bool too_many; /* more frames than FRAMES_MAX: not to be used */
};

/* Bound and ready; `port` is one of PORT_*. Retries for a second while the address is still taken
 * by a predecessor. NULL with a sentence. */
void *socket_open(void *context, int type, struct connection *c, int port, struct err *e);
void socket_close(void *socket);
/* One whole message, without waiting; false when there is none. */
bool socket_receive(void *socket, struct inbound *in);
void inbound_clear(struct inbound *in);

enum send_result { SEND_DONE, SEND_AGAIN, SEND_FAILED };
/* All frames or none. SEND_AGAIN: no room now. SEND_FAILED: nobody there. */
enum send_result socket_send(void *socket, const struct str *frames, int n);
