/* Widgets of the notebook front ends: models, their comms, and what happens when one is moved. */
#include "session/widget.h"
#include "session/notebook.h"
#include "session/session.h"
#include "session/json_text.h"
#include "session/log.h"
#include "session/widget_model.h"
#include "session/widget_state.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

/* One interaction on the screen. */
struct panel {
    struct panel *next;
    int interaction; /* of the engine */
    int n;
    enum knob_kind kinds[INTERACT_MOST];
    struct setting settings[INTERACT_MOST];
    struct text texts[INTERACT_MOST]; /* settings[i].text points there */
    char cell[80];                    /* which cell made it; "" = not known */
    char output[40];                  /* id of its output */
};

void widgets_init(struct widgets *w) {
    memset(w, 0, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
}

static void panel_free(struct panel *p) {
    for (int i = 0; i < INTERACT_MOST; i++) text_clear(&p->texts[i]);
    pool_free(p);
}

void widgets_clear(struct widgets *w) {
    while (w->first) model_forget(w, w->first->id);
    while (w->panels) {
        struct panel *p = w->panels;
        w->panels = p->next;
        panel_free(p);
    }
    pthread_mutex_destroy(&w->lock);
}

/* ---- opening ---- */

/* Each model has a layout of its own, as front ends expect. */
static bool open_shown(struct session *s, struct origin *parent, struct panel *p, int knob,
                       json_t *take_state, char id[40]) {
    char layout[40];
    if (!model_open(s, parent, p, -1, model_state(MODEL_layout), layout))
        return json_decref(take_state), false;
    json_object_set_new(take_state, "layout", model_reference(layout));
    return model_open(s, parent, p, knob, take_state, id);
}

static bool open_knob(struct session *s, struct origin *parent, struct panel *p, int i,
                      const struct knob *c, char id[40]) {
    enum model_kind style;
    char style_id[40];
    json_t *state = knob_state(c, &style);
    if (!model_open(s, parent, p, -1, model_state(style), style_id))
        return json_decref(state), false;
    json_object_set_new(state, "style", model_reference(style_id));
    return open_shown(s, parent, p, i, state, id);
}

static bool open_panel(struct session *s, struct origin *parent, struct panel *p,
                       const struct interaction *it, json_t *outputs, char id[40]) {
    json_t *children = json_array(), *state = model_state(MODEL_output);
    bool ok = true;
    for (int i = 0; ok && i < it->n; i++) {
        ok = open_knob(s, parent, p, i, &it->knobs[i], id);
        if (ok) json_array_append_new(children, model_reference(id));
    }
    json_object_set(state, "outputs", outputs);
    ok = ok && open_shown(s, parent, p, -1, json_incref(state), p->output);
    if (ok) json_array_append_new(children, model_reference(p->output));
    json_decref(state);
    state = model_state(MODEL_vbox);
    json_object_set_new(state, "children", children);
    return ok ? open_shown(s, parent, p, -1, state, id) : (json_decref(state), false);
}

/* ---- running the function ---- */

static void take_stream(void *user, bool is_error, struct str utf8) {
    recorder_stream(user, is_error, utf8);
}

static void take_display(void *user, enum display_kind kind, json_t *data, json_t *metadata,
                         const char *display_id) {
    recorder_display(user, kind, data, metadata, display_id);
}

static void take_clear(void *user, bool wait) {
    recorder_clear(user, wait);
}

/* The outputs of one run, as a notebook stores them: new reference. Errors are among them when
 * `settings` were given; at the start they are the cell's own. */
static json_t *run(struct session *s, int interaction, const struct setting *settings,
                   struct err *e) {
    struct recorder recorder;
    struct sink sink = {
        .user = &recorder, .stream = take_stream, .display = take_display, .clear = take_clear};
    struct output output;
    struct engine *en = atomic_load(&s->engine);
    json_t *cell = json_object(), *outputs;
    char prefix[40];
    snprintf(prefix, sizeof prefix, "%.12s-i%d", s->id, interaction);
    recorder_begin(&recorder, 0);
    output_begin(&output, &sink, prefix);
    output.engine = en;
    struct engine_observer observer = output_observer(&output);
    bool ok = engine_interact(en, interaction, settings, &observer, e);
    if (!ok && settings) {
        json_t *error = error_json(e, true);
        recorder_error(&recorder, error);
        json_decref(error);
    }
    recorder_end(&recorder, cell);
    output_end(&output);
    outputs = json_incref(json_object_get(cell, "outputs"));
    json_decref(cell);
    if (ok || settings) return outputs;
    json_decref(outputs);
    return NULL;
}

/* ---- showing ---- */

static json_t *output_text(json_t *output) {
    json_t *text = json_object_get(output, "text");
    if (text) return json_pack("{s:O}", "text/plain", text);
    return json_incref(json_object_get(output, "data"));
}

/* One display for every front end: the panel, and beside it what the function gave at the start. */
static void show(struct session *s, struct origin *parent, const char *id, json_t *outputs) {
    json_t *last = json_array_get(outputs, json_array_size(outputs) - 1), *data = NULL;
    if (last) data = output_text(last);
    json_t *shown = data ? json_copy(data) : json_object();
    json_decref(data);
    if (!json_object_get(shown, "text/plain"))
        json_object_set_new(shown, "text/plain", json_string("(nothing is shown)"));
    json_object_set_new(shown, "application/vnd.jupyter.widget-view+json", model_view_json(id));
    session_publish(s, parent, "display_data",
                    json_pack("{s:o,s:{},s:{}}", "data", shown, "metadata", "transient"));
}

bool widgets_show(struct session *s, struct origin *parent, const char *cell_id, int interaction,
                  struct err *e) {
    struct engine *en = atomic_load(&s->engine);
    json_t *outputs = run(s, interaction, NULL, e);
    const struct interaction *it = engine_interaction(en, interaction);
    if (!outputs || !it) {
        json_decref(outputs);
        engine_interaction_drop(en, interaction);
        return false;
    }
    char id[40] = "";
    struct panel *p = pool_need(sizeof *p, e);
    bool ok = p != NULL;
    if (ok) {
        p->interaction = interaction;
        p->n = it->n;
        for (int i = 0; i < it->n; i++) {
            p->kinds[i] = it->knobs[i].kind;
            p->settings[i].number = it->knobs[i].start.number;
        }
        snprintf(p->cell, sizeof p->cell, "%s", cell_id ? cell_id : "");
        pthread_mutex_lock(&s->widgets.lock);
        p->next = s->widgets.panels;
        s->widgets.panels = p;
        pthread_mutex_unlock(&s->widgets.lock);
        ok = open_panel(s, parent, p, it, outputs, id) || err_memory(e, sizeof(struct widget));
    }
    if (ok) show(s, parent, id, outputs);
    json_decref(outputs);
    return ok;
}

/* ---- closing ---- */

/* Needs the lock. */
static void close_panel(struct session *s, struct origin *parent, struct panel *p) {
    struct widget *m = s->widgets.first;
    while (m) {
        struct widget *next = m->next;
        if (m->panel == p) { model_drop(s, parent, m->id); }
        m = next;
    }
    engine_interaction_drop(atomic_load(&s->engine), p->interaction);
    panel_free(p);
}

void widgets_close_cell(struct session *s, struct origin *parent, const char *cell_id) {
    if (!cell_id) return;
    pthread_mutex_lock(&s->widgets.lock);
    for (struct panel **at = &s->widgets.panels; *at;) {
        struct panel *p = *at;
        if (strncmp(p->cell, cell_id, sizeof p->cell - 1) == 0) {
            *at = p->next;
            close_panel(s, parent, p);
        } else {
            at = &p->next;
        }
    }
    pthread_mutex_unlock(&s->widgets.lock);
}

/* ---- messages ---- */

/* The front end changed a model: its state here, and the setting it stands for. Returns the panel
 * whose function has to run, or NULL. Needs the lock. */
static struct panel *take_update(struct widget *m, const json_t *state) {
    json_t *text = NULL;
    double number = 0;
    json_object_update(m->state, (json_t *)(uintptr_t)state);
    if (m->knob < 0 || !knob_read(m->panel->kinds[m->knob], state, &number, &text)) return NULL;
    m->panel->settings[m->knob].number = number;
    if (text) {
        struct text *copy = &m->panel->texts[m->knob];
        text_clear(copy);
        text_adds(copy, json_string_value(text));
        m->panel->settings[m->knob].text = copy->p ? copy->p : "";
    }
    return m->panel;
}

/* Does a later message move the same panel? Then this one needs no run of its own. */
static bool same_panel(void *user, const struct request *a, const struct request *b) {
    struct session *s = user;
    const char *ids[2] = {json_string_value(json_object_get(a->content, "comm_id")),
                          json_string_value(json_object_get(b->content, "comm_id"))};
    if (!ids[0] || !ids[1] || strcmp(b->type, "comm_msg") != 0) return false;
    const json_t *data = json_object_get(b->content, "data");
    const char *method = json_string_value(json_object_get(data, "method"));
    if (!method || strcmp(method, "update") != 0) return false;
    pthread_mutex_lock(&s->widgets.lock);
    const struct widget *x = model_find(&s->widgets, ids[0]), *y = model_find(&s->widgets, ids[1]);
    bool same = x && y && x->panel == y->panel && y->knob >= 0;
    pthread_mutex_unlock(&s->widgets.lock);
    return same;
}

static bool is_superseded(struct session *s, const struct request *r) {
    return s->courier->has_later && s->courier->has_later(s->courier->user, r, same_panel, s);
}

/* The panel's settings, if it is still there: the engine is held now, so it will stay. */
static bool copy_settings(struct session *s, const char *id, struct panel *copy) {
    pthread_mutex_lock(&s->widgets.lock);
    const struct widget *m = model_find(&s->widgets, id);
    bool there = m && m->panel;
    if (there) {
        *copy = *m->panel;
        for (int i = 0; i < copy->n; i++) {
            copy->texts[i] = (struct text){0};
            if (!m->panel->settings[i].text) continue;
            text_adds(&copy->texts[i], m->panel->settings[i].text);
            copy->settings[i].text = copy->texts[i].p ? copy->texts[i].p : "";
        }
    }
    pthread_mutex_unlock(&s->widgets.lock);
    return there;
}

static void rerun(struct session *s, const char *id, const struct request *r) {
    struct panel now;
    struct err e = {0};
    session_lock(s, -1);
    if (!atomic_load(&s->ending) && !is_superseded(s, r) && copy_settings(s, id, &now)) {
        session_begin_cell(s);
        json_t *outputs = run(s, now.interaction, now.settings, &e);
        session_end_cell(s);
        pthread_mutex_lock(&s->widgets.lock);
        struct widget *to = model_find(&s->widgets, now.output);
        if (to) json_object_set(to->state, "outputs", outputs);
        pthread_mutex_unlock(&s->widgets.lock);
        if (to)
            model_send(s, r->origin, now.output, "update", json_pack("{s:O}", "outputs", outputs));
        json_decref(outputs);
        for (int i = 0; i < now.n; i++) text_clear(&now.texts[i]);
    }
    session_unlock(s);
}

void widget_message(struct session *s, const char *id, const struct request *r) {
    const json_t *data = json_object_get(r->content, "data");
    const char *method = json_string_value(json_object_get(data, "method"));
    json_t *state = json_object_get(data, "state");
    bool update = method && strcmp(method, "update") == 0 && json_is_object(state);
    bool ask = method && strcmp(method, "request_state") == 0;
    struct panel *moved = NULL;
    json_t *own = NULL;
    pthread_mutex_lock(&s->widgets.lock);
    struct widget *m = model_find(&s->widgets, id);
    if (m && update) moved = take_update(m, state);
    if (m && ask) own = json_deep_copy(m->state);
    pthread_mutex_unlock(&s->widgets.lock);
    if (own) model_send(s, r->origin, id, "update", own);
    if (m && update) model_send(s, r->origin, id, "echo_update", json_incref(state));
    if (moved && !is_superseded(s, r)) rerun(s, id, r);
}

/* All models at once: front ends ask when a page is opened anew. */
void widget_control_message(struct session *s, const char *id, const struct request *r) {
    const json_t *data = json_object_get(r->content, "data");
    const char *method = json_string_value(json_object_get(data, "method"));
    if (!method || strcmp(method, "request_states") != 0) return;
    json_t *states = json_object();
    pthread_mutex_lock(&s->widgets.lock);
    for (const struct widget *m = s->widgets.first; m; m = m->next) {
        json_t *copy = json_deep_copy(m->state);
        json_object_set_new(states, m->id, model_full_state(copy));
        json_decref(copy);
    }
    pthread_mutex_unlock(&s->widgets.lock);
    json_t *content = json_pack("{s:s,s:{s:s,s:o,s:[]}}", "comm_id", id, "data", "method",
                                "update_states", "states", states, "buffer_paths");
    s->courier->publish(s->courier->user, r->origin, "comm_msg", content, NULL, NULL, 0);
    json_decref(content);
}
