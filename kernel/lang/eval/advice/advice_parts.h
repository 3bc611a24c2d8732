/* Shared by the files of advice only. */
#pragma once
#include "advice.h"
#include "advice_rows.h"

/* A model has learned from these rows. */
void advice_learned(struct advice *a, const struct row_set *rows);
/* The scaler that has learned from rows which are judged now and no model learned from; or NULL. */
const char *advice_fit_of(struct advice *a, const struct row_set *judged);
/* A model with these weights (a hash) is judged on a test set: 5 the fifth time, else 0. */
int advice_look_at_test(struct advice *a, const struct row_set *set, uint64_t weights);
/* Of a model alone: softmax of one unit, two activations in a row. */
void advice_model(struct advice *a, const struct model *m);
/* Of the numbers: targets far from 0, one class almost always, worse than a constant guess. */
void advice_numbers(struct advice *a, const struct training *t);
void advice_rare_class(struct advice *a, const struct tensor *targets,
                       const struct measure *measures, int n, const struct levels *classes);
/* The student's text in one line, or `otherwise` when it is long. */
const char *advice_words(struct span at, const char *otherwise, char *out, size_t cap);
