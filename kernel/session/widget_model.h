/* Models of widgets and their comms, one by one: opening, changing, closing, and the messages that
 * say so. Knows neither panels nor bars; `s->widgets.lock` guards the list. */
#pragma once
#include "session/widget.h"

/* Open a model with a comm of its own and tell the front ends. Takes the state; the model's id goes
 * to `id`. `panel` and `knob` as in struct widget. */
bool model_open(struct session *s, struct origin *parent, struct panel *panel, int knob,
                json_t *take_state, char id[WIDGET_ID_BYTES]);
/* Change a model and tell the front ends, if it is still there and anything is new. */
void model_set(struct session *s, struct origin *parent, const char *id, json_t *take_state);
/* Close it, if it is still there. */
void model_close(struct session *s, struct origin *parent, const char *id);
/* A message about its state: "update" or "echo_update". */
void model_send(struct session *s, struct origin *parent, const char *id, const char *method,
                json_t *take_state);

/* These need the lock. */
struct widget *model_find(const struct widgets *w, const char *id);
void model_drop(struct session *s, struct origin *parent, const char *id); /* close it */
void model_forget(struct widgets *w, const char *id);                      /* its comm has gone */
