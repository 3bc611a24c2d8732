/* Last job of building a plan: the order of the steps, and a place in the arena for every value
 * that is needed, so that values that are never wanted at the same time share bytes. Lanes run
 * apart within a phase, so "the same time" is counted in phases. Best fit by size, largest first.
 */
#include "build.h"
#include "places.h"

static size_t round_up(size_t n) {
    return (n + 63) / 64 * 64;
}

/* By phase, keeping the order within. */
static bool sort_steps(struct plan *p, struct err *e) {
    struct step *sorted = plan_alloc(p, (size_t)p->n_steps + 1, sizeof *sorted, e);
    if (!sorted) return false;
    int n = 0;
    for (int phase = 0; phase < p->n_phases; phase++)
        for (int i = 0; i < p->n_steps; i++)
            if (p->steps[i].phase == phase && p->steps[i].kind != STEP_GONE)
                sorted[n++] = p->steps[i];
    p->steps = sorted;
    p->n_steps = n;
    for (int i = 0; i < n; i++) {
        struct step *s = &sorted[i];
        for (int lane = 0; lane < PLAN_LANES; lane++) {
            s->in_place[lane] = plan_alloc(p, (size_t)s->n_in, sizeof(void *), e);
            s->out_place[lane] = plan_alloc(p, (size_t)s->n_out, sizeof(void *), e);
            if (!s->in_place[lane] || !s->out_place[lane]) return false;
        }
    }
    return true;
}

int64_t step_units(const struct plan *p, const struct step *s) {
    if (s->kind == STEP_CALL || s->kind == STEP_LEARN) return s->call.n_units;
    if (s->kind == STEP_PARTIAL || s->kind == STEP_KERNEL) return p->batch;
    if (s->kind == STEP_COMBINE || s->kind == STEP_ADD) return s->cols;
    return p->values[s->kind == STEP_FEED ? s->out[0] : s->in[0]].count;
}

static bool is_conv(const struct step *s) {
    bool call = (s->kind == STEP_CALL || s->kind == STEP_KERNEL) && !s->group;
    return call &&
           (s->call.op == OP_conv || s->call.op == OP_conv_input || s->call.op == OP_conv_kernel);
}

/* Bytes of the matrix or kernel that every row needs. */
static size_t weight_bytes(const struct step *s) {
    if (is_conv(s))
        return (size_t)(s->call.conv.kh * s->call.conv.kw * s->call.conv.c / s->call.conv.groups *
                        s->call.conv.o) *
               s->call.bytes;
    if (s->kind != STEP_CALL || s->group || s->call.op != OP_matmul) return 0;
    return (size_t)(s->call.matmul.g.n * s->call.matmul.g.k) * s->call.bytes;
}

/* Recurrent steps copy their weights for each block of rows. */
static bool packs_weights(const struct step *s) {
    return s->kind == STEP_CALL && !s->group &&
           (s->call.op == OP_recur || s->call.op == OP_recur_slopes);
}

static bool goes_by_rows(const struct plan *p, const struct step *s) {
    int64_t units = step_units(p, s);
    if (s->kind != STEP_FEED && s->kind != STEP_CALL && s->kind != STEP_PARTIAL &&
        s->kind != STEP_KERNEL)
        return false;
    if (weight_bytes(s) > HEAVY_WEIGHTS) return false;
    return units > 0 && units % p->batch == 0 && s->cut == units / p->batch * p->row_cut;
}

static size_t row_bytes(const struct plan *p, const struct step *s) {
    size_t bytes = 0;
    for (int k = 0; k < s->n_out && s->kind != STEP_FEED; k++) {
        const struct value *v = &p->values[s->out[k]];
        bytes += (size_t)(v->count / p->batch) * v->bytes;
    }
    return bytes;
}

/* Rows of the batch that use a product's weights well: eight rows of its matrix. */
static int64_t least_rows(const struct plan *p, const struct step *s) {
    enum { PRODUCT_ROWS = 8 };
    int64_t each = step_units(p, s) / p->batch;
    if (weight_bytes(s) == 0 || is_conv(s) || each >= PRODUCT_ROWS) return 1;
    return (PRODUCT_ROWS + each - 1) / each;
}

/* A product is told how many rows come at a time. */
static void set_together(const struct plan *p, struct step *s, int64_t rows) {
    if (s->kind != STEP_CALL || s->group || s->call.op != OP_matmul) return;
    struct gemm *g = &s->call.matmul.g;
    int64_t some = rows * (s->call.n_units / p->batch);
    g->together = some < g->m ? some : g->m;
}

/* Bytes of numbers that a step reads and makes beside those of its rows. */
static size_t lasting_bytes(const struct step *s) {
    if (s->kind == STEP_KERNEL) return (size_t)s->cols * s->call.bytes;
    return weight_bytes(s);
}

/* Steps [i, i + n) of a phase, each by rows: how many rows at a time. */
static int64_t rows_together(const struct plan *p, const struct step *first, int n) {
    size_t bytes = 1, lasting = 0;
    int64_t least = 1;
    for (const struct step *s = first; s < first + n; s++) {
        bytes += row_bytes(p, s);
        lasting += lasting_bytes(s);
        if (least == 1) least = least_rows(p, s);
        if (packs_weights(s)) least = 16;
        if (is_conv(s)) least = 2; /* a row is an image, with reuse of its own */
    }
    size_t room = lasting + LEAST_ROOM < ROWS_ROOM ? ROWS_ROOM - lasting : LEAST_ROOM;
    int64_t rows = (int64_t)(room / bytes) / least * least;
    if (rows < least) rows = least;
    int64_t blocks = (p->row_cut + rows - 1) / rows; /* of nearly equal height */
    return (p->row_cut + blocks - 1) / blocks;
}

/* Steps of a phase that follow each other and all go by rows are run for a few rows at a time, so
 * that what one makes is still in the cache when the next reads it. */
static void find_runs(struct plan *p) {
    for (int i = 0; p->batch > 1 && i < p->n_steps;) {
        struct step *first = &p->steps[i];
        int n = 0;
        while (i < p->n_steps && p->steps[i].phase == first->phase && goes_by_rows(p, &p->steps[i]))
            i++, n++;
        first->run = n;
        if (n > 0) first->run_rows = rows_together(p, first, n);
        for (int k = 0; k < n; k++) set_together(p, first + k, first->run_rows);
        if (n == 0) i++;
    }
}

/* Values that no step outside their run reads are kept for one block of rows only. */
static void find_blocked(struct plan *p) {
    for (int i = 0; i < p->n_steps; i++) {
        const struct step *first = &p->steps[i];
        for (int k = i; k < i + first->run; k++)
            for (int j = 0; j < p->steps[k].n_out; j++) {
                struct value *v = &p->values[p->steps[k].out[j]];
                size_t row = (size_t)(v->count / p->batch) * v->bytes;
                v->blocked = true;
                v->lane_bytes = round_up((size_t)first->run_rows * row);
                v->run = i;
            }
    }
    for (int i = 0, run = -1, end = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        if (s->run > 0) run = i, end = i + s->run;
        if (i >= end) run = -1;
        for (int k = 0; k < s->n_in; k++) {
            struct value *v = &p->values[s->in[k]];
            if (v->run != run) v->blocked = false;
        }
    }
}

static size_t value_bytes(const struct value *v) {
    return v->blocked ? PLAN_LANES * v->lane_bytes : round_up((size_t)v->count * v->bytes);
}

static void find_lives(struct plan *p) {
    for (int i = 0; i < p->n_values; i++) p->values[i].first = p->values[i].last = -1;
    for (int i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        for (int k = 0; k < s->n_out; k++) p->values[s->out[k]].first = s->phase;
        for (int k = 0; k < s->n_out; k++) p->values[s->out[k]].last = s->phase;
    }
    for (int i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        for (int k = 0; k < s->n_in; k++) {
            struct value *v = &p->values[s->in[k]];
            if (v->last < s->phase) v->last = s->phase;
        }
    }
}

/* Who needs a place of its own in the arena. */
static int collect(const struct plan *p, struct place *list) {
    int n = 0;
    for (int i = 0; i < p->n_values; i++) {
        const struct value *v = &p->values[i];
        bool kept = v->space == SPACE_ARENA || (v->space == SPACE_INPUT && !p->in_place);
        if (v->root != i || !kept || !v->needed || v->first < 0) continue;
        list[n++] = (struct place){value_bytes(v), v->first, v->last, i, 0};
    }
    return n;
}

static bool refuse(const struct plan *p, size_t limit, struct err *e) {
    double need = (double)p->arena_bytes, size = need >= 1e12 ? 1e12 : need >= 1e9 ? 1e9 : 1e6;
    err_set(e, ERR_MEMORY, "One step needs %.3g %s for its numbers, and %.3g GB are free.",
            need / size,
            size >= 1e12  ? "TB"
            : size >= 1e9 ? "GB"
                          : "MB",
            (double)limit / 1e9);
    if (p->batch > 1) err_fact(e, "examples at a time", "%lld", (long long)p->batch);
    return err_hint(e, "Take a smaller batch or smaller layers.");
}

/* The caller's room for an output is where its numbers are made. Of two equal outputs one is
 * copied. */
static void find_outputs(struct plan *p) {
    for (int i = 0; p->in_place && i < p->n_outputs; i++) {
        struct value *v = &p->values[p->values[p->outputs[i]].root];
        if (v->space != SPACE_ARENA || v->blocked) continue;
        v->space = SPACE_OUTPUT;
        v->output = i;
    }
    for (int i = 0; i < p->n_steps; i++) {
        struct step *s = &p->steps[i];
        bool all = s->group != NULL;
        for (int k = 0; k < s->n_out; k++) all = all && p->values[s->out[k]].space == SPACE_OUTPUT;
        if (all) group_stream(s->group, &s->call);
    }
}

bool plan_layout(struct plan *p, size_t memory_limit, struct err *e) {
    struct place *list = plan_alloc(p, (size_t)p->n_values + 1, sizeof *list, e);
    struct place **sorted = plan_alloc(p, (size_t)p->n_values + 1, sizeof *sorted, e);
    if (!list || !sorted) return false;
    TRY(sort_steps(p, e));
    find_runs(p);
    find_blocked(p);
    find_outputs(p);
    find_lives(p);
    int n = collect(p, list);
    p->arena_bytes = places_find(list, n, sorted);
    for (int i = 0; i < n; i++) p->values[list[i].number].offset = list[i].offset;
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].call.scratch_bytes > p->scratch_bytes)
            p->scratch_bytes = round_up(p->steps[i].call.scratch_bytes);
    p->arena_bytes += PLAN_LANES * p->scratch_bytes;
    if (memory_limit && p->arena_bytes > memory_limit) return refuse(p, memory_limit, e);
    return true;
}
