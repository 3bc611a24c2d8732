/* interact(f, x=(0, 10), mode=["a", "b"]): a function and the settings that a reader may move. The
 * language describes them and runs the function; whoever shows notebooks decides what they look
 * like. Knows no widgets. */
#pragma once
#include "lang/observer.h"

struct engine;

enum knob_kind {
    KNOB_INT,    /* a whole number from low to high */
    KNOB_FLOAT,  /* a number from low to high */
    KNOB_CHOICE, /* one of some values */
    KNOB_SWITCH, /* True or False */
    KNOB_TEXT
};

enum { INTERACT_MOST = 12 };

/* What a control is set to: `number` is the number, the position of the choice, or 0 and 1. */
struct setting {
    double number;
    const char *text; /* of KNOB_TEXT */
};

struct knob {
    const char *name; /* interned; a parameter of the function */
    enum knob_kind kind;
    double low, high, step;
    struct setting start;
    struct value choices, text; /* what CHOICE chooses from; where TEXT begins */
    int n_choices;
};

struct interaction {
    int id;
    int n;
    struct knob knobs[INTERACT_MOST];
    struct value function;
    struct span at; /* of the call */
    uint64_t stream;
    struct interaction *next;
};

/* NULL when it is gone. */
const struct interaction *engine_interaction(const struct engine *en, int id);
/* How choice i is called in a list. */
void knob_choice(const struct knob *c, int i, struct text *out);
/* Run the function and show its result and whatever it shows itself. `settings`: one per control;
 * NULL = where they start, for use inside the cell that runs. Outside of cells the caller holds the
 * engine as for engine_run. False with an error of the function. */
bool engine_interact(struct engine *en, int id, const struct setting *settings,
                     const struct engine_observer *o, struct err *e);
void engine_interaction_drop(struct engine *en, int id);
void engine_interactions_clear(struct engine *en);

/* For fn_interact: takes the references inside; its id, or 0 when memory is out. */
int engine_interaction_add(struct engine *en, const struct interaction *take, struct err *e);
/* The value that a setting stands for; new reference. */
struct value knob_value(const struct knob *c, struct setting s, struct err *e);
