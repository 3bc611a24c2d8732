/* Values of kind ESTIMATOR: making, copying, giving back, printing. */
#pragma once
#include "value.h"

/* With one reference; NULL without memory. Takes the config's reference. */
struct estimator_value *estimator_value_new(const char *name, struct config *take, struct err *e);
/* The same settings and members, not fitted. */
struct estimator_value *estimator_value_copy(const struct estimator_value *m, struct err *e);
void estimator_value_free(struct value v);
/* "RandomForest(trees=200)", "Bagging(TinyMLP model, n=15)" */
void estimator_value_print(const struct estimator_value *m, struct text *out);
/* The classes of a fitted one; n = 0: numbers. */
const struct class_names *estimator_value_classes(const struct estimator_value *m);
/* Does it hold a network? */
bool estimator_value_has_network(struct value v);
