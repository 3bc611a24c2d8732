/* Widgets of the notebook front ends (ipywidgets' protocol 2.1): what interact() shows there, and
 * the bars of what takes long. The language says what can be moved (lang/interact.h); here it
 * becomes models, each with a comm of its own (widget_model.h), and a panel that holds those of one
 * interaction: a control for each setting, and an output below. A panel's models live until their
 * cell runs again, the front end closes them, or the kernel ends; a bar's until the work ends. */
#pragma once
#include "lang/interact.h"
#include "session/request.h"
#include <jansson.h>
#include <pthread.h>

struct session;
struct panel;

enum { WIDGET_ID_BYTES = 40, WIDGET_SPEAKERS = 16 };

struct widget {
    char id[WIDGET_ID_BYTES]; /* of its model and comm */
    json_t *state;            /* as the front end has it */
    struct panel *panel;      /* that it is part of, or NULL */
    int knob;                 /* which setting it moves; -1 = none */
    struct widget *next;
};

struct widgets {
    pthread_mutex_t lock; /* of everything below; taken after the engine's */
    struct widget *first;
    struct panel *panels;
    char speakers[WIDGET_SPEAKERS][64]; /* sessions that have shown that they know widgets */
    unsigned n_speakers;                /* the oldest make room */
};

void widgets_init(struct widgets *w);
void widgets_clear(struct widgets *w);

/* (inside the cell that called interact) Run the function at the start; then open the models and
 * show them, with the result itself for front ends that know no widgets. */
bool widgets_show(struct session *s, struct origin *parent, const char *cell_id, int interaction,
                  struct err *e);
/* A cell runs again: its panels are closed. */
void widgets_close_cell(struct session *s, struct origin *parent, const char *cell_id);

/* A widget manager greets a kernel when its page connects: it opens the control comm to ask for all
 * states, and where there is none asks for the comms of widgets. Whoever did is remembered by its
 * session, which is also that of the cells it runs. */
void widgets_spoken(struct session *s, const struct request *r);
bool widgets_known(struct session *s, const struct request *r);

/* A bar with lines above, beside and below it (display.h), as models; NULL when that is impossible.
 * `parent` has to outlive it. */
struct widget_bar;
struct live_bar;
struct widget_bar *widget_bar_open(struct session *s, struct origin *parent,
                                   const struct live_bar *b);
void widget_bar_move(struct widget_bar *bar, const struct live_bar *b);
/* What a display's data say of it, by MIME type. */
void widget_bar_show(const struct widget_bar *bar, json_t *data);
/* Its models go, and it is freed. The display shows something else by then. */
void widget_bar_close(struct widget_bar *bar);

/* What comms of the targets "jupyter.widget" and "jupyter.widget.control" say. */
void widget_message(struct session *s, const char *id, const struct request *r);
void widget_control_message(struct session *s, const char *id, const struct request *r);
/* The front end has closed a model. */
void widget_closed(struct session *s, const char *id);
