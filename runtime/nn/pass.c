/* One pass over a set of examples in batches. */
#include "pass.h"
#include "../base/pool.h"

/* Memory for a batch of rows that are not in memory. */
static bool add_blocks(struct pass *p, struct err *e) {
    for (int k = 0; k < p->n_data; k++) {
        const struct tensor *t = p->data[k];
        size_t bytes = 0;
        if (!t || !t->rows) continue;
        if (__builtin_mul_overflow(tensor_row_bytes(t), (size_t)p->batch, &bytes))
            return err_memory(e, SIZE_MAX);
        TRY(p->blocks[k] = pool_need(bytes + 1, e));
    }
    return true;
}

bool pass_init(struct pass *p, const struct plan_spec *spec, struct tensor *const *data, int n_data,
               int64_t n, int64_t batch, struct err *e) {
    *p = (struct pass){.n = n, .batch = batch < n ? batch : n, .n_data = n_data};
    if (n <= 0) return err_set(e, ERR_VALUE, "There are no examples.");
    for (int i = 0; i < n_data; i++) p->data[i] = data[i];
    TRY(add_blocks(p, e));
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
    for (int k = 0; k < p->n_data; k++) pool_free(p->blocks[k]);
    *p = (struct pass){0};
}

int64_t pass_n_batches(const struct pass *p) {
    return (p->n + p->batch - 1) / p->batch;
}

size_t tensor_row_bytes(const struct tensor *t) {
    int64_t rows = t->shape.n ? t->shape.size[0] : 1;
    return rows ? (size_t)(t->count / rows) * dtype_bytes(t->dtype) : 0;
}

/* Reading a batch's rows, every second one in each of two parts. */
struct gather {
    const struct tensor *t;
    const int64_t *rows; /* or NULL: begin, begin + 1 … */
    int64_t begin, n;
    char *block;
    const _Atomic bool *stop;
    struct err errors[PLAN_LANES];
    bool ok[PLAN_LANES];
};

static void gather_part(void *user, int part) {
    struct gather *g = user;
    size_t bytes = tensor_row_bytes(g->t);
    g->ok[part] = true;
    for (int64_t i = part; g->ok[part] && i < g->n; i += PLAN_LANES) {
        int64_t row = g->rows ? g->rows[i] : g->begin + i;
        char *out = g->block + (size_t)i * bytes;
        g->ok[part] = g->stop && *g->stop
                          ? err_set(&g->errors[part], ERR_INTERRUPT, "Stopped while reading.")
                          : g->t->rows->read(g->t->rows, row, out, &g->errors[part]);
    }
}

static bool gather_rows(const struct pass *p, int k, const int64_t *rows, int64_t begin, int64_t n,
                        const _Atomic bool *stop, struct err *e) {
    struct gather *g = pool_need(sizeof *g, e);
    if (!g) return false;
    *g = (struct gather){.t = p->data[k],
                         .rows = rows ? rows + begin : NULL,
                         .begin = begin,
                         .n = n,
                         .block = p->blocks[k],
                         .stop = stop};
    compute_parts(gather_part, g, PLAN_LANES);
    bool ok = true;
    for (int part = PLAN_LANES; part-- > 0;)
        if (!g->ok[part]) ok = false, *e = g->errors[part];
    pool_free(g);
    return ok;
}

bool pass_run(const struct pass *p, int64_t i, const int64_t *rows, struct plan_io *io,
              int64_t *count, struct err *e) {
    struct feed feeds[PASS_MAX_DATA];
    int64_t begin = i * p->batch;
    *count = p->n - begin < p->batch ? p->n - begin : p->batch;
    for (int k = 0; k < p->n_data; k++) {
        const struct tensor *t = p->data[k];
        feeds[k] = (struct feed){.dtype = DT_FLOAT32, .scale = 1};
        if (!t) continue;
        const char *base = t->data;
        feeds[k] = (struct feed){.data = base, .dtype = t->dtype, .scale = 1};
        if (t->rows) {
            TRY(gather_rows(p, k, rows, begin, *count, io->stop, e));
            feeds[k].data = p->blocks[k];
            continue;
        }
        feeds[k].whole = base;
        feeds[k].n_rows = t->shape.n ? t->shape.size[0] : 1;
        if (rows) feeds[k].rows = rows + begin;
        else feeds[k].data = base + (size_t)begin * tensor_row_bytes(t);
    }
    io->inputs = feeds;
    bool ok = plan_run(p->plans[*count < p->batch], io, e);
    io->inputs = NULL;
    return ok;
}

bool pass_settle(const struct pass *p, struct err *e) {
    return plan_settle(p->plans[0], e) && (!p->plans[1] || plan_settle(p->plans[1], e));
}
