/* Comms and their targets: those of widgets (widget.h); "awml.echo" sends every message back with
 * its buffers, so that a front end (and a test) can see whether binary data pass unharmed;
 * "awml.check" checks cells while they are written. */
#include "session/comm.h"
#include "session/json_text.h"
#include "session/log.h"
#include "session/session.h"
#include "session/widget.h"
#include "base/pool.h"
#include <string.h>

static void echo_message(struct session *s, const char *id, const struct request *r) {
    const struct courier *courier = s->courier;
    json_t *content = json_object();
    json_object_set_new(content, "comm_id", json_string(id));
    json_t *data = json_object_get(r->content, "data");
    if (data) json_object_set(content, "data", data);
    else json_object_set_new(content, "data", json_object());
    courier->publish(courier->user, r->origin, "comm_msg", content, r->metadata, r->buffers,
                     r->n_buffers);
    json_decref(content);
}

static const struct comm_target targets[] = {
    {"awml.echo", false, echo_message, NULL},
    {"awml.check", false, check_message, NULL},
    {"jupyter.widget", true, widget_message, widget_closed},
    {"jupyter.widget.control", false, widget_control_message, NULL}};

void comms_init(struct comms *c) {
    memset(c, 0, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
}

void comms_clear(struct comms *c) {
    for (int i = 0; i < c->n; i++) pool_free(c->items[i].id);
    pool_free(c->items);
    pthread_mutex_destroy(&c->lock);
}

static const struct comm_target *find_target(const char *name) {
    for (size_t i = 0; name && i < ARRAY_LEN(targets); i++) {
        if (strcmp(targets[i].name, name) == 0) return &targets[i];
    }
    return NULL;
}

/* Needs the lock. */
static int find_comm(const struct comms *c, const char *id) {
    for (int i = 0; id && i < c->n; i++) {
        if (strcmp(c->items[i].id, id) == 0) return i;
    }
    return -1;
}

static bool add_comm(struct comms *c, const char *id, const struct comm_target *target) {
    if (find_comm(c, id) >= 0) return true;
    if (c->n >= COMMS_MAX) return false;
    if (c->n == c->cap) {
        int cap = c->cap ? 2 * c->cap : 16;
        struct comm *grown = pool_realloc(c->items, (size_t)cap * sizeof *grown);
        if (!grown) return false;
        c->items = grown;
        c->cap = cap;
    }
    struct text copy = {0};
    if (!text_adds(&copy, id)) return false;
    c->items[c->n++] = (struct comm){copy.p, target};
    return true;
}

static const char *comm_id(const struct request *r) {
    return json_string_value(json_object_get(r->content, "comm_id"));
}

void session_comm_open(struct session *s, struct request *r) {
    const char *id = comm_id(r);
    const char *name = json_string_value(json_object_get(r->content, "target_name"));
    const struct comm_target *target = find_target(name);
    if (!id) {
        log_warn("comm_open", "comm_open without comm_id");
        return;
    }
    pthread_mutex_lock(&s->comms.lock);
    bool ok = target && !target->ours && add_comm(&s->comms, id, target);
    pthread_mutex_unlock(&s->comms.lock);
    if (ok && target->message == widget_control_message) widgets_spoken(s, r);
    if (ok) return;
    log_note("comm_open for unknown target %s", name ? name : "(none)");
    session_publish(s, r->origin, "comm_close", json_pack("{s:s,s:{}}", "comm_id", id, "data"));
}

void session_comm_msg(struct session *s, struct request *r) {
    const char *id = comm_id(r);
    pthread_mutex_lock(&s->comms.lock);
    int i = find_comm(&s->comms, id);
    const struct comm_target *target = i >= 0 ? s->comms.items[i].target : NULL;
    pthread_mutex_unlock(&s->comms.lock);
    if (target) target->message(s, id, r);
    else log_warn("comm_msg", "comm_msg for unknown comm %s", id ? id : "(none)");
}

void session_comm_close(struct session *s, struct request *r) {
    const char *id = comm_id(r);
    pthread_mutex_lock(&s->comms.lock);
    int i = find_comm(&s->comms, id);
    const struct comm_target *target = i >= 0 ? s->comms.items[i].target : NULL;
    if (i >= 0) {
        pool_free(s->comms.items[i].id);
        s->comms.items[i] = s->comms.items[--s->comms.n];
    }
    pthread_mutex_unlock(&s->comms.lock);
    if (i < 0) log_note("comm_close for unknown comm %s", id ? id : "(none)");
    else if (target->closed) target->closed(s, id);
}

bool session_comm_add(struct session *s, const char *id, const char *target) {
    pthread_mutex_lock(&s->comms.lock);
    bool ok = add_comm(&s->comms, id, find_target(target));
    pthread_mutex_unlock(&s->comms.lock);
    return ok;
}

void session_comm_remove(struct session *s, const char *id) {
    pthread_mutex_lock(&s->comms.lock);
    int i = find_comm(&s->comms, id);
    if (i >= 0) {
        pool_free(s->comms.items[i].id);
        s->comms.items[i] = s->comms.items[--s->comms.n];
    }
    pthread_mutex_unlock(&s->comms.lock);
}

void session_comm_info(struct session *s, struct request *r) {
    struct str wanted = {NULL, 0};
    if (!json_field_text(r->content, "target_name", &wanted)) {
        session_reply_error(s, r, "MalformedRequest", "`target_name` must be a text");
        return;
    }
    if (str_is(wanted, "jupyter.widget")) widgets_spoken(s, r);
    json_t *comms = json_object();
    pthread_mutex_lock(&s->comms.lock);
    for (int i = 0; i < s->comms.n; i++) {
        const struct comm *c = &s->comms.items[i];
        if (wanted.n && !str_is(wanted, c->target->name)) continue;
        json_object_set_new(comms, c->id, json_pack("{s:s}", "target_name", c->target->name));
    }
    pthread_mutex_unlock(&s->comms.lock);
    session_reply(s, r, json_pack("{s:s,s:o}", "status", "ok", "comms", comms));
}
