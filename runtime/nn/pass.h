/* One pass over a set of examples in batches: two plans (the full batch and the last, smaller one)
 * and the feeds that point into the data, which are never copied. Rows that are not in memory
 * (tensor.h) are read into a block of one batch, on all threads. Private to nn/. */
#pragma once
#include "../plan.h"

enum { PASS_MAX_DATA = 18 };

struct pass {
    struct plan *plans[2]; /* full batches, the rest; NULL where there is none */
    struct workspace *workspace;
    int64_t n, batch; /* examples; of a full batch */
    int n_data;
    const struct tensor
        *data[PASS_MAX_DATA];    /* borrowed; one per graph input; NULL: the device's */
    char *blocks[PASS_MAX_DATA]; /* where its rows are read to, or NULL */
};

/* `spec` without its batch. */
bool pass_init(struct pass *p, const struct plan_spec *spec, struct tensor *const *data, int n_data,
               int64_t n, int64_t batch, struct err *e);
void pass_clear(struct pass *p);
int64_t pass_n_batches(const struct pass *p);
/* Run batch number i; io's inputs are filled in. rows: the order of all n examples, or NULL. *count
 * becomes the examples of this batch. */
bool pass_run(const struct pass *p, int64_t i, const int64_t *rows, struct plan_io *io,
              int64_t *count, struct err *e);
/* Waits for runs with io->later. */
bool pass_settle(const struct pass *p, struct err *e);
/* Bytes of one example. */
size_t tensor_row_bytes(const struct tensor *t);
