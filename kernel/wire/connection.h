/* The connection file: where to listen, and with which key. */
#pragma once
#include "base/err.h"

enum { PORT_SHELL, PORT_IOPUB, PORT_STDIN, PORT_CONTROL, PORT_HEARTBEAT, PORT_N };
enum { CONNECTION_TEXT = 512 };

struct connection {
    char path[CONNECTION_TEXT * 2];
    char transport[8];        /* "tcp" or "ipc" */
    char ip[CONNECTION_TEXT]; /* address, "*", or the path prefix of ipc sockets */
    int ports[PORT_N];        /* 0 = any; then the chosen one after binding */
    bool chose_ports;         /* some were 0: the file is to be rewritten */
    char key[CONNECTION_TEXT];
    char scheme[32];
    char curve_public[48], curve_secret[48]; /* "" = no encryption */
};

extern const char *const connection_port_names[PORT_N]; /* "shell_port" … */

/* False with a sentence for the person who started the kernel. */
bool connection_load(const char *path, struct connection *c, struct err *e);
/* Put the chosen ports into the file: whole or not at all, readable by the owner only. */
bool connection_save_ports(const struct connection *c, struct err *e);
/* "tcp://127.0.0.1:5555"; port 0 becomes "*". */
void connection_endpoint(const struct connection *c, int port, struct text *out);
