/* The search statement: what its lines say, its trials, and the table it ends with. */
#pragma once
#include "lang/eval/eval_parts.h"
#include "search_space.h"
#include "lang/eval/settings.h"
#include "nn/train.h"

enum { SEARCH_MAX_OVERS = 12, SEARCH_MAX_TRIALS = 100000 };
enum search_method { SEARCH_RANDOM, SEARCH_GRID, SEARCH_HALVING };

struct over {
    const struct ast *line;
    struct value space; /* V_SPACE */
};

/* One finished trial. */
struct outcome {
    int64_t combination; /* which values: see search_values */
    struct value values[SEARCH_MAX_OVERS];
    struct table *history;
    int64_t best_row; /* of the history, by the metric; -1 = it never was a number */
    double score, seconds;
};

struct search {
    struct eval *ev;
    const struct ast *statement, *body; /* body: the trial */
    struct over overs[SEARCH_MAX_OVERS];
    int n_overs;
    int64_t trials; /* 0 = not said */
    const char *metric;
    struct span metric_at;
    bool maximize, quiet, seeded, unknown;
    enum search_method method;
    struct span method_at;
    double limit_seconds, started;
    uint64_t seed, stream;
    int64_t n_planned, *order; /* combinations, where they can be counted; else NULL */
    struct outcome *outcomes;
    int n, cap;
    struct value best_model; /* of the best outcome so far */
    int best;                /* -1 = none */
    int run;                 /* number of its display */
    const char *stage;       /* "", or of halving: "round 2 of 3, " */
};

/* What a train statement inside a trial reports, and is told. */
struct trial {
    struct search *search;
    double share; /* of its epochs; 1 = all */
    int number, n_trials;
    const struct value *values; /* of its names; borrowed */
    bool trained;
    struct value history, model; /* of the last train; new references */
};

/* Epochs for this round of halving. */
int64_t trial_epochs(const struct trial *t, int64_t epochs);
/* The last train of a trial is the trial: takes references. */
void trial_result(struct trial *t, struct value history, struct value model);
void trial_watch(const struct trial *t, const struct train_event *event);
/* While checking: will the history have the column that the search looks at? */
bool trial_check(struct trial *t, const struct train_spec *spec, struct span at);

/* Values of the trial's names; new references. (search_runs.c) */
bool search_values(struct search *s, int64_t combination, struct value *values);
/* "hidden=64, lr=0.002" */
void search_describe(const struct search *s, const struct value *values, struct text *out);
/* The finished trials as a table; new reference. */
struct table *search_table(struct search *s, struct err *e);
/* The search's value. */
bool search_result(struct search *s, bool interrupted, struct value *out);
void search_tell(struct search *s, const char *state, double share, bool ended);

/* Running trials (search_trials.c). */
double search_now(void); /* seconds */
void search_values_clear(struct value *values, int n);
/* The trial's block once, with these values. */
bool search_body(struct search *s, struct trial *t, const struct value *values);
bool search_time_is_over(const struct search *s);
/* False: it ended early, with what is finished in s->outcomes. */
bool search_run_all(struct search *s);
bool search_run_halving(struct search *s);
