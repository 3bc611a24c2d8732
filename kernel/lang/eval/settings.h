/* Settings of the train and plot blocks: one row each, read by the evaluator, completion, help and
 * the did-you-mean. A new setting is one row and one function. */
#pragma once
#include "eval.h"

struct setting_row {
    const char *name;
    const char *fallback; /* the default, as words */
    const char *help;
    const char *takes; /* words that completion offers: "auto cpu", "@loss" for all losses (see
                          lang/complete_values.c); NULL: anything */
    bool (*apply)(struct eval *ev, const struct ast *s, struct value v, void *to);
};

struct setting_table {
    const char *block; /* "train" */
    const struct setting_row *rows;
    int n;
};

extern const struct setting_table train_settings, plot_settings, search_settings;
const struct setting_table *settings_of(struct str block); /* NULL if there is no such block */

/* Evaluate one AST_SETTING and hand it to its row; `to` is the block's own struct. */
bool apply_setting(struct eval *ev, const struct setting_table *t, const struct ast *s, void *to);
/* Values of settings with their messages. */
bool setting_wrong(struct eval *ev, const struct ast *s, struct value v, const char *wanted);
bool setting_int(struct eval *ev, const struct ast *s, struct value v, const char *unit,
                 int64_t least, int64_t *out);
bool setting_bool(struct eval *ev, const struct ast *s, struct value v, bool *out);
/* A time such as 20 minutes, in seconds. */
bool setting_seconds(struct eval *ev, const struct ast *s, struct value v, double *out);
/* A text among the words of base/word_list.h: its position. */
bool setting_choice(struct eval *ev, const struct ast *s, struct value v, const char *words,
                    int *position);
bool setting_text(struct eval *ev, const struct ast *s, struct value v, const char **out);
