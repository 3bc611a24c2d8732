/* Advice (language.md 2.15): at most three short notes under a cell's output, never an error, only
 * where they are nearly certain to be right. What is known of rows is their contents: a fingerprint
 * of a set of rows (advice_rows.h) tells whether rows that are judged have been learned from, by
 * whatever way they came there. Nothing here fails; without memory there is no advice. */
#pragma once
#include "lang/eval/eval.h"

struct advice; /* of one engine */
struct advice *advice_new(struct err *e);
void advice_free(struct advice *a);
void advice_switch(struct advice *a, bool on);
bool advice_is_on(const struct advice *a);
/* A cell begins; it ends, and what there is to say is said. */
void advice_begin(struct advice *a);
void advice_end(struct advice *a, const struct engine_observer *o);
/* One note: the first three of a cell stay, each key once. */
void advice_say(struct advice *a, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct advice *engine_advice(struct engine *en);

/* A training that has ended. Data that are not in memory are left alone. */
struct training {
    const struct ast *statement;
    const struct ast *validate; /* the expression of the setting, or NULL */
    const struct train_spec *spec;
    const struct table *history;
    bool interrupted;
    const struct levels *classes; /* what the classes of the targets are called, or NULL */
};
void advice_training(struct eval *ev, const struct training *t);

/* `data` is the student's text of what was judged; classes: their names, or NULL. */
void advice_evaluated(struct eval *ev, struct span data, const struct weights *w,
                      const struct examples *e, const struct measure *measures, int n,
                      const struct levels *classes);

/* A scaler or PCA has learned from rows; it has changed rows. `key` stands for the fitted scaler:
 * equal for all copies of it. */
void advice_fitted(struct eval *ev, uint64_t key, const char *what, const struct tensor *rows);
void advice_scaled(struct eval *ev, uint64_t key, const struct tensor *in,
                   const struct tensor *out);
