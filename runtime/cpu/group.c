/* Groups of elementwise operations: building, and running a range of elements. */
#include "group.h"

void group_init(struct group *g, int64_t count) {
    g->n_values = g->n_steps = g->n_in = g->n_out = g->n_tiles = 0;
    g->streams = false;
    g->count = count;
}

static int add_value(struct group *g, enum value_kind kind, enum dtype t) {
    if (g->n_values >= GROUP_MAX_INPUTS + GROUP_MAX_STEPS) return -1;
    struct group_value *v = &g->values[g->n_values];
    v->kind = kind;
    v->dtype = t;
    v->bytes = (uint8_t)dtype_bytes(t);
    v->place = v->tile = -1;
    return g->n_values++;
}

static int add_input(struct group *g, enum value_kind kind, enum dtype t) {
    if (g->n_in >= GROUP_MAX_INPUTS) return -1;
    int v = add_value(g, kind, t);
    if (v >= 0) g->values[v].place = (int16_t)g->n_in++;
    return v;
}

int group_input(struct group *g, enum dtype t, int64_t input_count) {
    return add_input(g, input_count == 1 && g->count != 1 ? VALUE_NUMBER : VALUE_WHOLE, t);
}

int group_input_walk(struct group *g, enum dtype t, const struct walk *w) {
    int v = add_input(g, VALUE_WALK, t);
    if (v < 0) return v;
    struct walk *to = &g->values[v].walk;
    *to = *w;
    walk_merge(to);
    if (to->n == 0 || (to->n == 1 && to->stride[0] == 0)) g->values[v].kind = VALUE_NUMBER;
    if (to->n == 1 && to->stride[0] == 1 && to->base == 0) g->values[v].kind = VALUE_WHOLE;
    if (g->values[v].kind == VALUE_NUMBER && to->base) g->values[v].kind = VALUE_WALK;
    bool cycle = to->n == 2 && to->stride[0] == 0 && to->stride[1] == 1 && to->base == 0;
    if (cycle && to->size[1] <= GROUP_TILE) g->values[v].kind = VALUE_CYCLE;
    if (g->count == 1 && to->base == 0) g->values[v].kind = VALUE_WHOLE;
    return v;
}

int group_fill(struct group *g, enum dtype t, double number) {
    int v = add_value(g, VALUE_FILL, t);
    if (v >= 0) g->values[v].number = number;
    return v;
}

static int add_step(struct group *g, elem_fn fn, enum dtype out, const int *in, int n_in) {
    if (!fn || g->n_steps >= GROUP_MAX_STEPS) return -1;
    int v = add_value(g, VALUE_TILE, out);
    if (v < 0) return v;
    struct group_step *s = &g->steps[g->n_steps++];
    s->fn = fn;
    s->out = (int16_t)v;
    s->second = -1;
    for (int i = 0; i < 3; i++) s->in[i] = (int16_t)(i < n_in ? in[i] : -1);
    s->arg = (struct elem_arg){0};
    return v;
}

int group_cast(struct group *g, int value, enum dtype to) {
    enum dtype from = g->values[value].dtype;
    if (from == to) return value;
    return add_step(g, kernels()->cast[from][to], to, &value, 1);
}

/* Is `op` of this value half of a pair whose other half is a step already? Then that step makes
 * both; returns the new value, or -1. */
static int join_pair(struct group *g, enum op op, enum dtype t, int in) {
    for (int i = 0; i < ELEM_PAIRS && dtype_is_float(t); i++) {
        const struct elem_pair *pair = &kernels()->elem_pairs[i];
        if (op != pair->first && op != pair->second) continue;
        elem_fn other = kernels()->elem[op == pair->first ? pair->second : pair->first][t];
        for (int k = 0; k < g->n_steps; k++) {
            struct group_step *s = &g->steps[k];
            if (s->fn != other || s->in[0] != in) continue;
            int v = add_value(g, VALUE_TILE, t);
            if (v < 0) return -1;
            s->fn = pair->fn[t];
            s->second = (int16_t)(op == pair->second ? v : s->out);
            if (op == pair->first) s->out = (int16_t)v;
            return v;
        }
    }
    return -1;
}

int group_op(struct group *g, enum op op, enum dtype out, const int *in, int n_in,
             const struct attrs *attrs) {
    if (op == OP_cast) return group_cast(g, in[0], attrs->dtype);
    if (op == OP_fill) return group_fill(g, out, attrs->a);
    enum dtype t = g->values[in[n_in - 1]].dtype; /* the last operand: where's first is a bool */
    int v = join_pair(g, op, t, in[0]);
    if (v >= 0) return v;
    v = add_step(g, kernels()->elem[op][t], out, in, n_in);
    if (v >= 0 && attrs)
        g->steps[g->n_steps - 1].arg = (struct elem_arg){.a = attrs->a, .b = attrs->b};
    return v;
}

void group_result(struct group *g, int value) {
    struct group_value *v = &g->values[value];
    if (v->kind != VALUE_TILE) {
        /* an input or fill is wanted as it is: a copying step */
        value = add_step(g, kernels()->elem[OP_stop_gradient][v->dtype], v->dtype, &value, 1);
        v = &g->values[value];
    }
    v->kind = VALUE_RESULT;
    v->place = (int16_t)g->n_out++;
}

static void give_tile(struct group *g, int value, bool *used) {
    if (value < 0 || g->values[value].kind != VALUE_TILE) return;
    int16_t t = 0;
    while (used[t]) t++;
    used[t] = true;
    g->values[value].tile = t;
    if (t >= g->n_tiles) g->n_tiles = t + 1;
}

/* Tiles are given in order and taken back after a value's last use (a step never writes into a tile
 * that it reads). Tiles of inputs stay: numbers are read once. */
static void assign_tiles(struct group *g) {
    bool used[2 * GROUP_MAX_INPUTS + GROUP_MAX_STEPS] = {false};
    for (int v = 0; v < g->n_values; v++) g->last_use[v] = -1;
    for (int s = 0; s < g->n_steps; s++)
        for (int i = 0; i < 3; i++)
            if (g->steps[s].in[i] >= 0) g->last_use[g->steps[s].in[i]] = (int16_t)s;
    for (int v = 0; v < g->n_values; v++) {
        enum value_kind k = g->values[v].kind;
        if (k == VALUE_NUMBER || k == VALUE_WALK || k == VALUE_CYCLE || k == VALUE_FILL) {
            g->values[v].tile = (int16_t)g->n_tiles++;
            /* a cycle has a second one, to begin anywhere in it */
            if (k == VALUE_CYCLE) used[g->n_tiles++] = true;
            used[g->values[v].tile] = true;
        }
    }
    for (int s = 0; s < g->n_steps; s++) {
        give_tile(g, g->steps[s].out, used);
        give_tile(g, g->steps[s].second, used);
        for (int i = 0; i < 3; i++) {
            int v = g->steps[s].in[i];
            if (v >= 0 && g->values[v].kind == VALUE_TILE && g->last_use[v] == s)
                used[g->values[v].tile] = false;
        }
    }
}

/* The tile of a repeated number. */
static void fill_tile(const struct group *g, const struct group_value *v, const void *from,
                      void *tile) {
    const struct walk once = {.n = 1, .size = {GROUP_TILE}, .stride = {0}};
    double number[1];
    if (v->kind == VALUE_FILL) {
        const void *in = &v->number;
        kernels()->cast[DT_FLOAT64][v->dtype](number, &in, 1, NULL);
        from = number;
    }
    walk_read(&once, from, 0, g->count < GROUP_TILE ? g->count : GROUP_TILE, v->bytes, tile);
}

struct tile_run {
    const struct group *g;
    char *tiles;
    char *at[GROUP_MAX_INPUTS + GROUP_MAX_STEPS]; /* each value's element `pos` */
};

/* `n` elements are made: what a tile needs wherever in the cycle it begins. */
static void fill_cycle(const struct group_value *v, const void *from, int64_t n, char *tile) {
    int64_t cycle = v->walk.size[1];
    walk_read(&v->walk, from, 0, cycle + (n < GROUP_TILE ? n : GROUP_TILE), v->bytes, tile);
}

static void begin_tiles(struct tile_run *r, void *const *out, const void *const *in, int64_t n) {
    const struct group *g = r->g;
    for (int i = 0; i < g->n_values; i++) {
        const struct group_value *v = &g->values[i];
        char *tile = r->tiles + (size_t)(v->tile < 0 ? 0 : v->tile) * g->tile_bytes;
        r->at[i] = tile;
        if (v->kind == VALUE_RESULT) r->at[i] = out[v->place];
        if (v->kind == VALUE_WHOLE) memcpy(&r->at[i], &in[v->place], sizeof(char *));
        if (v->kind == VALUE_NUMBER) fill_tile(g, v, in[v->place], tile);
        if (v->kind == VALUE_CYCLE) fill_cycle(v, in[v->place], n, tile);
        if (v->kind == VALUE_FILL) fill_tile(g, v, NULL, tile);
    }
}

/* Large results are made in tiles of their own, behind the others. */
static void results_to_tiles(const struct tile_run *r, char **now, char **to) {
    const struct group *g = r->g;
    for (int i = 0; i < g->n_values; i++) {
        if (g->values[i].kind != VALUE_RESULT) continue;
        int place = g->values[i].place;
        to[place] = now[i];
        now[i] = r->tiles + (size_t)(g->n_tiles + place) * g->tile_bytes;
    }
}

static void stream_results(const struct group *g, char *const *now, char *const *to, int64_t n) {
    for (int i = 0; i < g->n_values; i++) {
        const struct group_value *v = &g->values[i];
        if (v->kind == VALUE_RESULT) kernels()->stream(to[v->place], now[i], (size_t)n * v->bytes);
    }
}

static unsigned run_tile(struct tile_run *r, const void *const *in, int64_t pos, int64_t n) {
    const struct group *g = r->g;
    unsigned faults = 0;
    char *now[GROUP_MAX_INPUTS + GROUP_MAX_STEPS];
    for (int i = 0; i < g->n_values; i++) {
        const struct group_value *v = &g->values[i];
        bool moves = v->kind == VALUE_WHOLE || v->kind == VALUE_RESULT;
        now[i] = r->at[i] + (moves ? (size_t)pos * v->bytes : 0);
        if (v->kind == VALUE_CYCLE) now[i] += (size_t)(pos % v->walk.size[1]) * v->bytes;
        if (v->kind == VALUE_WALK) walk_read(&v->walk, in[v->place], pos, n, v->bytes, now[i]);
    }
    char *to[GROUP_MAX_OUTPUTS];
    if (g->streams) results_to_tiles(r, now, to);
    for (int i = 0; i < g->n_steps; i++) {
        const struct group_step *s = &g->steps[i];
        const void *operands[3] = {NULL};
        for (int j = 0; j < 3 && s->in[j] >= 0; j++) operands[j] = now[s->in[j]];
        struct elem_arg arg = s->arg;
        arg.first = pos;
        if (s->second >= 0) arg.second = now[s->second];
        faults |= s->fn(now[s->out], operands, n, &arg);
    }
    if (g->streams) stream_results(g, now, to, n);
    return faults;
}

static unsigned run_group(const struct call *c, void *const *out, const void *const *in,
                          int64_t begin, int64_t end, const struct call_env *env) {
    struct tile_run r = {.g = c->group, .tiles = env->scratch};
    unsigned faults = 0;
    begin_tiles(&r, out, in, end - begin);
    for (int64_t i = begin; i < end; i += GROUP_TILE)
        faults |= run_tile(&r, in, i, end - i < GROUP_TILE ? end - i : GROUP_TILE);
    if (c->group->streams) kernels()->stream_end();
    return faults;
}

void group_finish(struct group *g, struct call *c) {
    size_t widest = 1;
    assign_tiles(g);
    for (int i = 0; i < g->n_values; i++)
        if (g->values[i].tile >= 0 && g->values[i].bytes > widest) widest = g->values[i].bytes;
    g->tile_bytes = GROUP_TILE * widest;
    *c = (struct call){
        .run = run_group,
        .n_units = g->count,
        .unit_work = 4.0 * (g->n_steps + 1),
        .scratch_bytes = (size_t)g->n_tiles * g->tile_bytes,
        .group = g,
    };
}

/* What is larger than any cache is not there any more when somebody reads it. */
void group_stream(struct group *g, struct call *c) {
    size_t widest = 0;
    for (int i = 0; i < g->n_values; i++)
        if (g->values[i].kind == VALUE_RESULT && g->values[i].bytes > widest)
            widest = g->values[i].bytes;
    if ((size_t)g->count * widest < STREAM_FROM) return;
    g->streams = true;
    if (GROUP_TILE * widest > g->tile_bytes) g->tile_bytes = GROUP_TILE * widest;
    c->scratch_bytes = (size_t)(g->n_tiles + g->n_out) * g->tile_bytes;
}
