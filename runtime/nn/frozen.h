/* What the frozen part of a model makes of every example ("features"), computed once and kept, so
 * that an epoch is one of the head alone. Which part that is, op/passes.h says: from the inputs on,
 * everything that neither learns nor draws random numbers nor looks at other examples.
 *
 * Two steps, because memory is to be refused before a training starts, and the work is a part of
 * its first epoch: frozen_split makes the tensors, frozen_fill computes them. Features are
 * float32 and may take half of the memory that is free; beyond that they are computed anew in each
 * epoch, and `note` says so. Private to nn/. */
#pragma once
#include "objective.h"
#include "pass.h"

struct frozen;

/* `moves`: by weight, whether the training changes it; taken over (pool memory). */
struct frozen *frozen_new(bool *moves, struct workspace *workspace, struct err *e);
void frozen_free(struct frozen *f); /* NULL is fine */

/* Replace the objective's graph by what is to be done for each batch after the frozen part, for
 * these examples. roots: nodes to be kept besides the outputs (rewritten). data, *n_data: what the
 * graph's inputs read now. Where there is nothing to gain (or f is NULL), these are the examples'
 * inputs and the graph stays. Call it before targets are added. */
bool frozen_split(struct frozen *f, struct objective *o, const struct examples *examples,
                  int64_t batch, struct node **roots, int n_roots, struct tensor **data,
                  int *n_data, struct err *e);
/* Compute what has been asked for; a second call does nothing. */
bool frozen_fill(struct frozen *f, const struct weights *w, const _Atomic bool *stop,
                 struct err *e);
/* Are some kept? */
bool frozen_kept(const struct frozen *f);
/* Why none are kept although a part is frozen, or NULL. */
const char *frozen_note(const struct frozen *f);
