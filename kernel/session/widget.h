/* Widgets of the notebook front ends (ipywidgets' protocol 2.1): what interact() shows there. The
 * language says what can be moved (lang/interact.h); here it becomes models, each with a comm of
 * its own, and a panel that holds those of one interaction: a control for each setting, and an
 * output below. Models live until their cell runs again, the front end closes them, or the kernel
 * ends. The front end keeps their state in the notebook. */
#pragma once
#include "lang/interact.h"
#include "session/request.h"
#include <jansson.h>
#include <pthread.h>

struct session;
struct panel;

struct widget {
    char id[40];   /* of its model and comm */
    json_t *state; /* as the front end has it */
    struct panel *panel;
    int knob; /* which setting it moves; -1 = none */
    struct widget *next;
};

struct widgets {
    pthread_mutex_t lock; /* of everything below; taken after the engine's */
    struct widget *first;
    struct panel *panels;
};

void widgets_init(struct widgets *w);
void widgets_clear(struct widgets *w);

/* (inside the cell that called interact) Run the function at the start; then open the models and
 * show them, with the result itself for front ends that know no widgets. */
bool widgets_show(struct session *s, struct origin *parent, const char *cell_id, int interaction,
                  struct err *e);
/* A cell runs again: its panels are closed. */
void widgets_close_cell(struct session *s, struct origin *parent, const char *cell_id);

/* What comms of the targets "jupyter.widget" and "jupyter.widget.control" say. */
void widget_message(struct session *s, const char *id, const struct request *r);
void widget_control_message(struct session *s, const char *id, const struct request *r);
/* The front end has closed a model. */
void widget_closed(struct session *s, const char *id);
