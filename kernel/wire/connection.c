/* The connection file (Jupyter enhancement proposal 106 and the older practice it describes: ports
 * may be numbers or numeric texts). */
#include "wire/connection.h"
#include "session/json_text.h"
#include "session/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

const char *const connection_port_names[PORT_N] = {[PORT_SHELL] = "shell_port",
                                                   [PORT_IOPUB] = "iopub_port",
                                                   [PORT_STDIN] = "stdin_port",
                                                   [PORT_CONTROL] = "control_port",
                                                   [PORT_HEARTBEAT] = "hb_port"};

static json_t *load(const char *path, struct err *e) {
    struct stat st;
    json_error_t why;
    if (stat(path, &st) != 0) {
        err_set(e, ERR_FILE, "the connection file %s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    if (st.st_size > FILE_MAX) {
        err_set(e, ERR_DATA, "%s is too large for a connection file", path);
        return NULL;
    }
    if (st.st_mode & 0077) log_note("the connection file %s can be read by others", path);
    json_t *v = json_load_file(path, 0, &why);
    if (!v) err_set(e, ERR_DATA, "the connection file %s is damaged: %s", path, why.text);
    if (v && !json_is_object(v)) {
        err_set(e, ERR_DATA, "the connection file %s does not hold an object", path);
        json_decref(v);
        return NULL;
    }
    return v;
}

static bool read_text(const json_t *file, const char *key, char *out, size_t size, struct err *e) {
    struct str s = {NULL, 0};
    if (!json_field_text(file, key, &s) || s.n >= size) {
        return err_set(e, ERR_DATA, "the connection file's `%s` is not a usable text", key);
    }
    if (s.p) memcpy(out, s.p, s.n), out[s.n] = 0;
    return true;
}

static bool read_port(const json_t *file, const char *key, int *out, struct err *e) {
    json_t *v = json_object_get(file, key);
    long long port = -1;
    if (json_is_integer(v)) port = json_integer_value(v);
    else if (json_is_string(v)) {
        char *end;
        port = strtoll(json_string_value(v), &end, 10);
        if (*end || end == json_string_value(v)) port = -1;
    }
    if (port < 0 || port > 65535) {
        return err_set(e, ERR_DATA, "the connection file's `%s` is missing or not a port", key);
    }
    *out = (int)port;
    return true;
}

/* The other kind of file that launchers may write (docs/design-notes.md, "Handshake"). */
static bool is_registration(const json_t *file) {
    return json_object_get(file, "registration_port") && !json_object_get(file, "shell_port");
}

static bool read_fields(const json_t *file, struct connection *c, struct err *e) {
    if (is_registration(file)) {
        err_set(e, ERR_DATA,
                "this is a registration file, for the handshake of protocol 5.6; this kernel "
                "speaks 5.5 and needs a connection file with five ports");
        return err_hint(e, "In the launcher's settings, choose connection files for this kernel.");
    }
    snprintf(c->transport, sizeof c->transport, "tcp");
    snprintf(c->ip, sizeof c->ip, "127.0.0.1");
    TRY(read_text(file, "transport", c->transport, sizeof c->transport, e));
    TRY(read_text(file, "ip", c->ip, sizeof c->ip, e));
    TRY(read_text(file, "key", c->key, sizeof c->key, e));
    TRY(read_text(file, "signature_scheme", c->scheme, sizeof c->scheme, e));
    TRY(read_text(file, "curve_publickey", c->curve_public, sizeof c->curve_public, e));
    TRY(read_text(file, "curve_secretkey", c->curve_secret, sizeof c->curve_secret, e));
    for (int i = 0; i < PORT_N; i++) {
        TRY(read_port(file, connection_port_names[i], &c->ports[i], e));
        c->chose_ports = c->chose_ports || c->ports[i] == 0;
    }
    bool known = strcmp(c->transport, "tcp") == 0 || strcmp(c->transport, "ipc") == 0;
    return known || err_set(e, ERR_DATA, "the transport `%s` is not tcp or ipc", c->transport);
}

bool connection_load(const char *path, struct connection *c, struct err *e) {
    memset(c, 0, sizeof *c);
    if (strlen(path) >= sizeof c->path) return err_set(e, ERR_FILE, "the file name is too long");
    snprintf(c->path, sizeof c->path, "%s", path);
    json_t *file = load(path, e);
    if (!file) return false;
    bool ok = read_fields(file, c, e);
    json_decref(file);
    return ok;
}

static bool write_file(const char *path, struct str text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    bool ok = write(fd, text.p, text.n) == (ssize_t)text.n;
    return close(fd) == 0 && ok;
}

bool connection_save_ports(const struct connection *c, struct err *e) {
    json_t *file = load(c->path, e);
    if (!file) return false;
    for (int i = 0; i < PORT_N; i++) {
        json_object_set_new(file, connection_port_names[i], json_integer(c->ports[i]));
    }
    struct text text = {0}, beside = {0};
    json_write(file, &text);
    text_addf(&beside, "%s.%d.part", c->path, (int)getpid());
    bool ok = !text.failed && !beside.failed && write_file(beside.p, text_str(&text)) &&
              rename(beside.p, c->path) == 0;
    if (!ok) err_set(e, ERR_FILE, "%s cannot be written: %s", c->path, strerror(errno));
    text_clear(&text);
    text_clear(&beside);
    json_decref(file);
    return ok;
}

void connection_endpoint(const struct connection *c, int port, struct text *out) {
    if (strcmp(c->transport, "ipc") == 0) {
        text_addf(out, "ipc://%s-%d", c->ip, port);
        return;
    }
    bool is_ipv6 = strchr(c->ip, ':') && c->ip[0] != '[';
    text_addf(out, is_ipv6 ? "tcp://[%s]:" : "tcp://%s:", c->ip);
    if (port) text_addf(out, "%d", port);
    else text_addc(out, '*');
}
