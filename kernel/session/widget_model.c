/* Models of widgets and their comms. */
#include "session/widget_model.h"
#include "session/session.h"
#include "session/widget_state.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

struct widget *model_find(const struct widgets *w, const char *id) {
    for (struct widget *m = w->first; m; m = m->next)
        if (strcmp(m->id, id) == 0) return m;
    return NULL;
}

static void random_id(char out[WIDGET_ID_BYTES]) {
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b) memset(b, 0, sizeof b);
    for (int i = 0; i < 16; i++) snprintf(out + 2 * i, 3, "%02x", b[i]);
}

static void publish(struct session *s, struct origin *parent, const char *type, json_t *content) {
    json_t *metadata = json_pack("{s:s}", "version", "2.1.0");
    s->courier->publish(s->courier->user, parent, type, content, metadata, NULL, 0);
    json_decref(metadata);
    json_decref(content);
}

bool model_open(struct session *s, struct origin *parent, struct panel *panel, int knob,
                json_t *take_state, char id[WIDGET_ID_BYTES]) {
    struct widget *m = pool_zalloc(sizeof *m);
    random_id(id);
    if (!m || !session_comm_add(s, id, "jupyter.widget"))
        return pool_free(m), json_decref(take_state), false;
    *m = (struct widget){.state = take_state, .panel = panel, .knob = knob};
    snprintf(m->id, sizeof m->id, "%s", id);
    pthread_mutex_lock(&s->widgets.lock);
    m->next = s->widgets.first;
    s->widgets.first = m;
    publish(s, parent, "comm_open",
            json_pack("{s:s,s:s,s:{s:O,s:[]}}", "comm_id", id, "target_name", "jupyter.widget",
                      "data", "state", m->state, "buffer_paths"));
    pthread_mutex_unlock(&s->widgets.lock);
    return true;
}

void model_send(struct session *s, struct origin *parent, const char *id, const char *method,
                json_t *take_state) {
    publish(s, parent, "comm_msg",
            json_pack("{s:s,s:{s:s,s:o,s:[]}}", "comm_id", id, "data", "method", method, "state",
                      take_state, "buffer_paths"));
}

/* What of `state` the model has already goes out of it. */
static void keep_new(const struct widget *m, json_t *state) {
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(state, next, key, value) {
        if (json_equal(json_object_get(m->state, key), value)) json_object_del(state, key);
    }
}

void model_set(struct session *s, struct origin *parent, const char *id, json_t *take_state) {
    pthread_mutex_lock(&s->widgets.lock);
    struct widget *m = model_find(&s->widgets, id);
    if (m) {
        keep_new(m, take_state);
        json_object_update(m->state, take_state);
    }
    pthread_mutex_unlock(&s->widgets.lock);
    if (m && json_object_size(take_state)) model_send(s, parent, id, "update", take_state);
    else json_decref(take_state);
}

void model_drop(struct session *s, struct origin *parent, const char *id) {
    session_comm_remove(s, id);
    publish(s, parent, "comm_close", json_pack("{s:s,s:{}}", "comm_id", id, "data"));
    model_forget(&s->widgets, id);
}

void model_close(struct session *s, struct origin *parent, const char *id) {
    pthread_mutex_lock(&s->widgets.lock);
    if (model_find(&s->widgets, id)) model_drop(s, parent, id);
    pthread_mutex_unlock(&s->widgets.lock);
}

void model_forget(struct widgets *w, const char *id) {
    for (struct widget **at = &w->first; *at; at = &(*at)->next) {
        struct widget *m = *at;
        if (strcmp(m->id, id) != 0) continue;
        *at = m->next;
        json_decref(m->state);
        pool_free(m);
        return;
    }
}

void widget_closed(struct session *s, const char *id) {
    pthread_mutex_lock(&s->widgets.lock);
    model_forget(&s->widgets, id);
    pthread_mutex_unlock(&s->widgets.lock);
}

/* ---- who speaks of widgets ---- */

static const char *speaker(const struct request *r) {
    return json_string_value(json_object_get(r->header, "session"));
}

void widgets_spoken(struct session *s, const struct request *r) {
    const char *who = speaker(r);
    struct widgets *w = &s->widgets;
    if (!who || widgets_known(s, r)) return;
    pthread_mutex_lock(&w->lock);
    snprintf(w->speakers[w->n_speakers++ % WIDGET_SPEAKERS], sizeof w->speakers[0], "%s", who);
    pthread_mutex_unlock(&w->lock);
}

bool widgets_known(struct session *s, const struct request *r) {
    const char *who = speaker(r);
    struct widgets *w = &s->widgets;
    bool known = false;
    pthread_mutex_lock(&w->lock);
    for (int i = 0; who && *who && i < WIDGET_SPEAKERS; i++)
        known = known || strncmp(w->speakers[i], who, sizeof w->speakers[i] - 1) == 0;
    pthread_mutex_unlock(&w->lock);
    return known;
}
