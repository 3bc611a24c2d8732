/* Tables as examples: the columns whose names are those of a model's inputs and outputs. */
#pragma once
#include "lang/eval/eval.h"

/* Does the table have a column for each input (outputs: output) of the model? */
bool table_feeds(const struct table *t, const struct model *m, bool outputs);
/* Column `name` as a tensor with one example per row. Pictures stay where they are: their tensor
 * reads them batch by batch (tensor.h), so it may be given to the runtime
 * only, as an input; as targets (`outputs`) they are in memory. */
bool table_examples(struct eval *ev, const struct table *t, const char *name, bool outputs,
                    struct span at, struct value *out);
/* Is it a table, or a record with a field for each input and output of the model? Such data are
 * both sides of a training at once. */
bool feeds_by_name(struct value data, const struct model_value *m);
/* `train net on table`: both sides are that table or record. Takes the reference. */
bool table_as_pair(struct eval *ev, struct value take, struct value *out);
