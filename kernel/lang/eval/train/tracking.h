/* Every training of a session with its settings and results: runs_so_far(), and, once experiment()
 * has been called, MLflow's files below mlruns/. */
#pragma once
#include "train.h"

struct tracking;
struct tracking *tracking_new(struct err *e);
void tracking_free(struct tracking *t);
/* Forget the runs of the session; what is on disk stays. */
void tracking_clear(struct tracking *t);
struct tracking *engine_tracking(const struct engine *en);

/* A finished training of this instance; the block says how. */
bool track_run(const struct train_block *b, const struct model_value *m,
               const struct train_result *r, const struct config *optimizer);
/* All runs as a table. */
bool tracking_table(struct eval *ev, struct value *out);
void tracking_set_experiment(struct tracking *t, const char *interned_name);
