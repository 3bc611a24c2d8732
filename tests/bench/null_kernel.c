/* The smallest program that passes for a Jupyter kernel: what a client measures with it is the cost
 * of the protocol and of the client. One thread, no parser, no language; every request is answered
 * with the same few bytes. Used by bench_kernel.py. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

static const char *key;
static void *iopub;

/* One message: n_ids routing frames, delimiter, signature, four dicts. */
static void send_message(void *socket, zmq_msg_t *ids, int n_ids, const char *type,
                         const char *parent, const char *content) {
    static unsigned n;
    char header[256], hex[65];
    unsigned char mac[32];
    crypto_auth_hmacsha256_state state;
    snprintf(header, sizeof header,
             "{\"msg_id\":\"%u\",\"session\":\"null\",\"username\":\"u\",\"msg_type\":\"%s\","
             "\"date\":\"2026-01-01T00:00:00.000000Z\",\"version\":\"5.3\"}",
             n++, type);
    const char *parts[4] = {header, parent, "{}", content};
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key, strlen(key));
    for (int i = 0; i < 4; i++) {
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)parts[i], strlen(parts[i]));
    }
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    for (int i = 0; i < n_ids; i++) {
        zmq_send(socket, zmq_msg_data(&ids[i]), zmq_msg_size(&ids[i]), ZMQ_SNDMORE);
    }
    if (!n_ids) zmq_send(socket, type, strlen(type), ZMQ_SNDMORE);
    zmq_send(socket, "<IDS|MSG>", 9, ZMQ_SNDMORE);
    zmq_send(socket, hex, 64, ZMQ_SNDMORE);
    for (int i = 0; i < 4; i++)
        zmq_send(socket, parts[i], strlen(parts[i]), i < 3 ? ZMQ_SNDMORE : 0);
}

static void publish(const char *type, const char *parent, const char *content) {
    send_message(iopub, NULL, 0, type, parent, content);
}

/* False after shutdown_request. Ids (1), delimiter, signature, header, parent, metadata, content.
 */
static int answer(void *socket) {
    zmq_msg_t parts[16];
    char parent[1024];
    int n = 0;
    do {
        zmq_msg_init(&parts[n]);
        zmq_msg_recv(&parts[n], socket, 0);
    } while (zmq_msg_more(&parts[n++]) && n < 16);
    snprintf(parent, sizeof parent, "%.*s", (int)zmq_msg_size(&parts[3]),
             (const char *)zmq_msg_data(&parts[3]));
    int is_execute = strstr(parent, "execute_request") != NULL;
    int is_shutdown = strstr(parent, "shutdown_request") != NULL;
    publish("status", parent, "{\"execution_state\":\"busy\"}");
    if (is_execute) {
        publish("execute_input", parent, "{\"code\":\"1+1\",\"execution_count\":1}");
        publish("execute_result", parent,
                "{\"data\":{\"text/plain\":\"2\"},\"metadata\":{},\"execution_count\":1}");
    }
    send_message(socket, parts, 1,
                 is_execute    ? "execute_reply"
                 : is_shutdown ? "shutdown_reply"
                               : "kernel_info_reply",
                 parent, "{\"status\":\"ok\",\"execution_count\":1}");
    publish("status", parent, "{\"execution_state\":\"idle\"}");
    for (int i = 0; i < n; i++) zmq_msg_close(&parts[i]);
    return !is_shutdown;
}

static void *open_socket(void *context, int type, const json_t *file, const char *port) {
    char address[64];
    void *socket = zmq_socket(context, type);
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d",
             (int)json_integer_value(json_object_get(file, port)));
    zmq_bind(socket, address);
    return socket;
}

int main(int argc, char **argv) {
    json_t *file = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;
    if (!file || sodium_init() < 0) return 1;
    key = json_string_value(json_object_get(file, "key"));
    void *context = zmq_ctx_new();
    void *shell = open_socket(context, ZMQ_ROUTER, file, "shell_port");
    void *control = open_socket(context, ZMQ_ROUTER, file, "control_port");
    void *heart = open_socket(context, ZMQ_REP, file, "hb_port");
    iopub = open_socket(context, ZMQ_PUB, file, "iopub_port");
    zmq_pollitem_t items[3] = {{.socket = shell, .events = ZMQ_POLLIN},
                               {.socket = control, .events = ZMQ_POLLIN},
                               {.socket = heart, .events = ZMQ_POLLIN}};
    int go_on = 1;
    while (go_on && zmq_poll(items, 3, -1) >= 0) {
        char beat[64];
        if (items[0].revents) go_on = answer(shell);
        if (items[1].revents) go_on = answer(control) && go_on;
        if (items[2].revents) {
            int n = zmq_recv(heart, beat, sizeof beat, 0);
            zmq_send(heart, beat, n < 0 ? 0 : (size_t)n, 0);
        }
    }
    for (int i = 0; i < 3; i++) zmq_close(items[i].socket);
    zmq_close(iopub);
    zmq_ctx_term(context);
    return 0;
}
