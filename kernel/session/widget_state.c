/* The state of widget models as JSON. */
#include "session/widget_state.h"
#include "session/json_text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct model_row {
    const char *model, *view, *module, *version, *view_module, *view_version, *state;
} rows[] = {
#define MODEL(id, model, view, module, version, view_module, view_version, state)                  \
    {model, view, module, version, view_module, view_version, state},
#include "session/widget_models.list"
#undef MODEL
};

/* The list writes JSON with single quotes. */
static void add_pairs(json_t *to, const char *pairs) {
    struct text t = {0};
    bool repaired;
    text_addc(&t, '{');
    for (const char *p = pairs; *p; p++) text_addc(&t, *p == '\'' ? '"' : *p);
    text_addc(&t, '}');
    json_t *more = json_read(text_str(&t), &repaired);
    if (more) json_object_update(to, more);
    json_decref(more);
    text_clear(&t);
}

json_t *model_state(enum model_kind kind) {
    const struct model_row *r = &rows[kind];
    json_t *v = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:n}", "_model_name", r->model, "_model_module",
                          r->module, "_model_module_version", r->version, "_view_name", r->view,
                          "_view_module", r->view_module, "_view_module_version", r->view_version,
                          "_view_count");
    add_pairs(v, r->state);
    return v;
}

json_t *model_reference(const char *id) {
    char name[64];
    snprintf(name, sizeof name, "IPY_MODEL_%s", id);
    return json_string(name);
}

static json_t *number_json(const struct knob *c, double x) {
    return c->kind == KNOB_INT ? json_integer((json_int_t)x) : json_real(x);
}

static json_t *slider_state(const struct knob *c) {
    json_t *v = model_state(c->kind == KNOB_INT ? MODEL_int_slider : MODEL_float_slider);
    json_object_set_new(v, "min", number_json(c, c->low));
    json_object_set_new(v, "max", number_json(c, c->high));
    json_object_set_new(v, "step", number_json(c, c->step));
    json_object_set_new(v, "value", number_json(c, c->start.number));
    return v;
}

static json_t *choice_state(const struct knob *c) {
    json_t *v = model_state(MODEL_dropdown), *labels = json_array();
    for (int i = 0; i < c->n_choices; i++) {
        struct text label = {0};
        knob_choice(c, i, &label);
        json_array_append_new(labels, json_of_text(&label));
        text_clear(&label);
    }
    json_object_set_new(v, "_options_labels", labels);
    json_object_set_new(v, "index", json_integer((json_int_t)c->start.number));
    return v;
}

json_t *knob_state(const struct knob *c, enum model_kind *style) {
    static const enum model_kind styles[] = {[KNOB_INT] = MODEL_slider_style,
                                             [KNOB_FLOAT] = MODEL_slider_style,
                                             [KNOB_CHOICE] = MODEL_style,
                                             [KNOB_SWITCH] = MODEL_checkbox_style,
                                             [KNOB_TEXT] = MODEL_text_style};
    json_t *v = NULL;
    *style = styles[c->kind];
    switch (c->kind) {
    case KNOB_INT:
    case KNOB_FLOAT: v = slider_state(c); break;
    case KNOB_CHOICE: v = choice_state(c); break;
    case KNOB_SWITCH:
        v = model_state(MODEL_checkbox);
        json_object_set_new(v, "value", json_boolean(c->start.number != 0));
        break;
    case KNOB_TEXT:
        v = model_state(MODEL_text);
        json_object_set_new(v, "value", json_of(value_str(&c->text)));
        break;
    }
    json_object_set_new(v, "description", json_string(c->name));
    return v;
}

bool knob_read(enum knob_kind kind, const json_t *state, double *number, json_t **text) {
    json_t *v = json_object_get(state, kind == KNOB_CHOICE ? "index" : "value");
    if (kind == KNOB_TEXT && json_is_string(v)) return *text = v, true;
    if (kind == KNOB_SWITCH && json_is_boolean(v)) return *number = json_is_true(v), true;
    if (kind == KNOB_TEXT || kind == KNOB_SWITCH || !json_is_number(v)) return false;
    *number = json_number_value(v);
    return isfinite(*number);
}

json_t *model_view_json(const char *id) {
    return json_pack("{s:s,s:i,s:i}", "model_id", id, "version_major", 2, "version_minor", 0);
}

json_t *model_full_state(const json_t *state) {
    return json_pack("{s:O,s:O,s:O,s:O}", "model_name", json_object_get(state, "_model_name"),
                     "model_module", json_object_get(state, "_model_module"),
                     "model_module_version", json_object_get(state, "_model_module_version"),
                     "state", state);
}
