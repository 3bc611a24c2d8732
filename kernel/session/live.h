/* Displays that change: trainings, searches, files being read. What is shown of each is at most one
 * state in a tenth of a second, and always the last. Where the front end draws bars (sink.h) and
 * the work takes longer than a moment, the words become a bar that moves by itself, beside a
 * display of curve and rows; at the end they are words again, and nothing of the bar is left. */
#pragma once
#include "session/output.h"

void live_train(struct output *o, int run, const struct train_event *event);
void live_progress(struct output *o, int run, const struct progress *p);
/* The cell has ended: what still moves has stopped. */
void live_settle(struct output *o);
void live_clear(struct output *o);
/* What of the budget there is, for %budget. */
void live_cost(const struct output *o, struct machine_cost *cost);
