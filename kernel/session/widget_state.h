/* The state of widget models as JSON. Knows no comms and no session. */
#pragma once
#include "lang/interact.h"
#include <jansson.h>

enum model_kind {
#define MODEL(id, model, view, module, version, view_module, view_version, state) MODEL_##id,
#include "session/widget_models.list"
#undef MODEL
};

/* New references. */
json_t *model_state(enum model_kind kind);
/* A control: its model's state, and which style goes with it. */
json_t *knob_state(const struct knob *c, enum model_kind *style);
/* "IPY_MODEL_…": a reference to another model. */
json_t *model_reference(const char *id);
/* What the front end may change of a control: key and setting. False: nothing of interest. */
bool knob_read(enum knob_kind kind, const json_t *state, double *number, json_t **text);
/* {"application/vnd.jupyter.widget-view+json": …} */
json_t *model_view_json(const char *id);
/* As `update_states` gives a model. */
json_t *model_full_state(const json_t *state);
