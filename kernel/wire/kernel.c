/* The running kernel: start in an order that answers early, end in an order that loses nothing. */
#include "wire/kernel.h"
#include "wire/control.h"
#include "wire/dispatch.h"
#include "wire/heartbeat.h"
#include "wire/shell.h"
#include "wire/socket.h"
#include "session/json_text.h"
#include "session/log.h"
#include "base/pool.h"
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

/* The courier: the session's messages into the queues. */

static struct post *new_post(enum channel channel, struct origin *parent, struct str type,
                             const json_t *content, const json_t *metadata) {
    struct post *p = post_new(channel, parent, type);
    if (!p) return NULL;
    json_write(content, &p->content);
    if (metadata) json_write(metadata, &p->metadata);
    return p;
}

static void courier_publish(void *user, struct origin *parent, const char *type,
                            const json_t *content, const json_t *metadata,
                            const struct text *buffers, int n_buffers) {
    struct kernel *k = user;
    struct post *p = new_post(CHANNEL_IOPUB, parent, str_of(type), content, metadata);
    if (!p) return;
    if (strcmp(type, "update_display_data") == 0) {
        const json_t *transient = json_object_get(content, "transient");
        const char *id = json_string_value(json_object_get(transient, "display_id"));
        text_adds(&p->display_id, id ? id : "");
    }
    if (n_buffers) p->buffers = pool_zalloc((size_t)n_buffers * sizeof *p->buffers);
    p->n_buffers = p->buffers ? n_buffers : 0;
    for (int i = 0; i < p->n_buffers; i++) text_add(&p->buffers[i], text_str(&buffers[i]));
    post_queue_add_iopub(iopub_queue(k->iopub), p);
}

static void courier_stream(void *user, struct origin *parent, bool is_error, struct str utf8) {
    struct kernel *k = user;
    post_queue_add_stream(iopub_queue(k->iopub), parent, is_error, utf8);
}

/* "x_request" is answered by "x_reply". */
static void courier_reply(void *user, struct request *r, const json_t *content,
                          const json_t *metadata) {
    struct kernel *k = user;
    struct text type = {0};
    struct str name = str_of(r->type);
    if (str_ends(name, "_request")) name.n -= strlen("_request");
    text_add(&type, name);
    text_adds(&type, "_reply");
    struct post *p = new_post(r->origin->channel, r->origin, text_str(&type), content, metadata);
    text_clear(&type);
    if (!p) return;
    r->answered = true;
    if (r->origin->channel == CHANNEL_CONTROL) {
        control_send(k->control, p);
        post_free(p);
    } else {
        post_queue_add(shell_queue(k->shell), p);
    }
}

static void courier_question(void *user, struct origin *to, const json_t *content) {
    struct kernel *k = user;
    iopub_hurry(k->iopub);
    post_queue_add(shell_queue(k->shell),
                   new_post(CHANNEL_STDIN, to, STR("input_request"), content, NULL));
}

static void courier_abort_queued(void *user, struct request *r) {
    struct kernel *k = user;
    if (!r->lane) return;
    struct post *p = post_new(CHANNEL_SHELL, NULL, STR("mark"));
    if (!p) return;
    p->mark = lane_ref(r->lane);
    lane_expect_mark(r->lane);
    post_queue_add(shell_queue(k->shell), p);
}

static bool courier_has_later(void *user, const struct request *r,
                              bool (*supersedes)(void *by, const struct request *r,
                                                 const struct request *later),
                              void *by) {
    (void)user;
    return r->lane && lane_has_later(r->lane, r, supersedes, by);
}

struct request *kernel_receive(struct kernel *k, void *socket, enum channel channel, bool *more) {
    struct inbound in;
    struct envelope envelope;
    *more = socket_receive(socket, &in);
    if (!*more) return NULL;
    enum frame_fault fault =
        in.too_many ? FRAME_TOO_FEW : frame_read(in.frames, in.n, k->encoder.signer, &envelope);
    struct request *r = NULL;
    if (fault) log_warn(frame_fault_text(fault), "%s was dropped", frame_fault_text(fault));
    else r = message_decode(channel, &envelope);
    inbound_clear(&in);
    return r;
}

void kernel_connect(struct kernel *k, struct request *r) {
    json_t *content = json_pack("{s:s}", "status", "ok");
    for (int i = 0; i < PORT_N; i++) {
        json_object_set_new(content, connection_port_names[i],
                            json_integer(k->connection.ports[i]));
    }
    session_reply(&k->session, r, content);
}

void kernel_interrupt(struct kernel *k, struct request *r) {
    control_interrupt(k->control);
    session_reply(&k->session, r, json_pack("{s:s}", "status", "ok"));
}

void kernel_shutdown(struct kernel *k, struct request *r) {
    bool restart = json_is_true(json_object_get(r->content, "restart"));
    session_reply(&k->session, r, json_pack("{s:s,s:b}", "status", "ok", "restart", restart));
    session_publish(&k->session, r->origin, "shutdown_reply",
                    json_pack("{s:s,s:b}", "status", "ok", "restart", restart));
    atomic_store(&k->shutdown_asked, true);
    control_wake(k->control);
}

void kernel_finish(struct kernel *k) {
    session_finish(&k->session);
    kernel_close_subshells(k);
    lane_close(k->main_lane, true);
}

/* Start. */

static bool open_sockets(struct kernel *k, void *sockets[PORT_N], struct err *e) {
    static const int types[PORT_N] = {[PORT_SHELL] = ZMQ_ROUTER,
                                      [PORT_IOPUB] = ZMQ_XPUB,
                                      [PORT_STDIN] = ZMQ_ROUTER,
                                      [PORT_CONTROL] = ZMQ_ROUTER,
                                      [PORT_HEARTBEAT] = -1};
    k->context = zmq_ctx_new();
    if (!k->context) return err_set(e, ERR_MEMORY, "ZeroMQ cannot start");
    for (int i = 0; i < PORT_N; i++) {
        if (types[i] < 0) continue;
        sockets[i] = socket_open(k->context, types[i], &k->connection, i, e);
        if (!sockets[i]) return false;
    }
    k->heartbeat = heartbeat_start(&k->connection, e);
    return k->heartbeat && (!k->connection.chose_ports || connection_save_ports(&k->connection, e));
}

static bool make_encoder(struct kernel *k, struct err *e) {
    k->encoder.signer = signer_new(str_of(k->connection.key), str_of(k->connection.scheme), e);
    if (!k->encoder.signer) return false;
    k->is_open = !k->connection.key[0] && strcmp(k->connection.transport, "tcp") == 0;
    sodium_memzero(k->connection.key, sizeof k->connection.key);
    unsigned char id[16];
    randombytes_buf(id, sizeof id);
    sodium_bin2hex(k->id, sizeof k->id, id, sizeof id);
    k->encoder.session = k->id;
    return true;
}

static bool start_threads(struct kernel *k, void *sockets[PORT_N], struct err *e) {
    k->courier = (struct courier){.user = k,
                                  .publish = courier_publish,
                                  .stream = courier_stream,
                                  .reply = courier_reply,
                                  .question = courier_question,
                                  .abort_queued = courier_abort_queued,
                                  .has_later = courier_has_later};
    k->main_lane = lane_new(k, "");
    if (!k->main_lane) return err_memory(e, sizeof *k->main_lane);
    k->iopub = iopub_start(sockets[PORT_IOPUB], &k->encoder, e);
    if (!k->iopub || !session_init(&k->session, &k->courier, k->id, e)) return false;
    log_open(capture_real_stderr(k->session.capture));
    if (k->is_open) log_warn("key", "the connection has no key: whoever reaches it can run cells");
    session_publish(&k->session, NULL, "status", json_pack("{s:s}", "execution_state", "starting"));
    return shell_start(k, sockets[PORT_SHELL], sockets[PORT_STDIN], e) &&
           control_start(k, sockets[PORT_CONTROL], e);
}

static void no_action(int signal_number) {
    (void)signal_number;
}

/* SIGURG only wakes a system call that a cell waits in. */
static void prepare_signals(void) {
    struct sigaction wake = {.sa_handler = no_action};
    sigaction(SIGURG, &wake, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void wait_for_subshells(struct kernel *k) {
    for (int i = 0; i < 100 && atomic_load(&k->n_lane_threads) > 0; i++) usleep(2000);
}

static void stop(struct kernel *k, void *sockets[PORT_N]) {
    wait_for_subshells(k);
    shell_stop(k->shell);
    iopub_stop(k->iopub);
    heartbeat_stop(k->heartbeat);
    for (int i = 0; i < PORT_N; i++) socket_close(sockets[i]);
    if (k->context) zmq_ctx_term(k->context);
}

static void clear(struct kernel *k) {
    session_clear(&k->session);
    lane_unref(k->main_lane);
    signer_free(k->encoder.signer);
    pthread_mutex_destroy(&k->lanes_lock);
    pthread_mutex_destroy(&k->status_lock);
}

int kernel_run(const char *connection_file, struct err *e) {
    /* One kernel per process; it is too large for the stack. */
    static struct kernel kernel;
    struct kernel *k = &kernel;
    void *sockets[PORT_N] = {0};
    prepare_signals();
    log_open(-1);
    pthread_mutex_init(&k->lanes_lock, NULL);
    pthread_mutex_init(&k->status_lock, NULL);
    if (!connection_load(connection_file, &k->connection, e) || !make_encoder(k, e)) return 2;
    if (!open_sockets(k, sockets, e)) return 3;
    if (!start_threads(k, sockets, e)) return 4;
    lane_run(k->main_lane);
    atomic_store(&k->main_done, true);
    control_join(k->control);
    stop(k, sockets);
    clear(k);
    return 0;
}
