/* Fitted classical models in safetensors files: everything is a tensor, texts are tensors of bytes
 * (each text ends in a 0 byte), so that any reader of the format can look inside.
 *
 *   estimator, settings, settings.texts   the name and the arguments (kind, number)
 *   shape                                 columns, classes, bools, targets, single, sets, rows,
 * named columns, levels.F, classes            texts matrix.NAME                           (rows,
 * cols) float64 sets                                  [set][width, outputs, trees] trees.S
 * [tree][nodes, leaves, depth, masks] threshold.S feature.S left.S flags.S gain.S   one number for
 * each node of the set's trees masks.S, shares.S                     questions about categories;
 * leaves of several numbers
 *
 * A damaged file is an error, never a model that crashes. */
#pragma once
#include "estimator.h"

bool estimator_save(const struct estimator *m, const char *path, struct err *e);
/* One reference, or NULL. *other: the file holds something else (then `e` is not set). */
struct estimator *estimator_load(const char *path, bool *other, struct err *e);
