/* One pass over a set of examples in batches. */
#include "pass.h"

bool pass_init(struct pass *p, const struct plan_spec *spec, struct tensor *const *data, int n_data,
               int64_t n, int64_t batch, struct err *e) {
    *p = (struct pass){.n = n, .batch = batch < n ? batch : n, .n_data = n_data};
    if (n <= 0) return err_set(e, ERR_VALUE, "There are no examples.");
    for (int i = 0; i < n_data; i++) p->data[i] = data[i];
    struct plan_spec s = *spec;
    p->workspace = spec->workspace ? workspace_ref(spec->workspace) : workspace_new(e);
    if (!p->workspace) return false;
    s.workspace = p->workspace;
    s.batch = p->batch;
    TRY(p->plans[0] = plan_new(&s, e));
    s.batch = n % p->batch;
    if (s.batch == 0) return true;
    p->plans[1] = plan_new(&s, e);
    return p->plans[1] != NULL;
}

void pass_clear(struct pass *p) {
    plan_free(p->plans[0]);
    plan_free(p->plans[1]);
    workspace_unref(p->workspace);
    *p = (struct pass){0};
}

int64_t pass_n_batches(const struct pass *p) {
    return (p->n + p->batch - 1) / p->batch;
}

size_t tensor_row_bytes(const struct tensor *t) {
    int64_t rows = t->shape.n ? t->shape.size[0] : 1;
    return rows ? (size_t)(t->count / rows) * dtype_bytes(t->dtype) : 0;
}

bool pass_run(const struct pass *p, int64_t i, const int64_t *rows, struct plan_io *io,
              int64_t *count, struct err *e) {
    struct feed feeds[PASS_MAX_DATA];
    int64_t begin = i * p->batch;
    *count = p->n - begin < p->batch ? p->n - begin : p->batch;
    for (int k = 0; k < p->n_data; k++) {
        const struct tensor *t = p->data[k];
        const char *base = t->data;
        feeds[k] = (struct feed){.data = base, .dtype = t->dtype, .scale = 1};
        if (rows) feeds[k].rows = rows + begin;
        else feeds[k].data = base + (size_t)begin * tensor_row_bytes(t);
    }
    io->inputs = feeds;
    bool ok = plan_run(p->plans[*count < p->batch], io, e);
    io->inputs = NULL;
    return ok;
}
