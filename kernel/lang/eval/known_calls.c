/* Results of calls that the check has made already. */
#include "known_calls.h"
#include "signature.h"
#include "base/hash.h"
#include "base/pool.h"

enum { PLACES = 256, MOST_ARGUMENTS = 3 };

struct known_call {
    struct function *function; /* a reference, so that no other comes to lie there; NULL: free */
    int n, depth;              /* arguments; calls around it */
    struct value args[MOST_ARGUMENTS], result;
};

/* Only calls that do nothing but compute: no graph, model, plot or table takes part. */
static bool is_plain(const struct eval *ev, const struct actual *actuals, int n) {
    bool alone = ev->known && !ev->graph && !ev->builder && !ev->shapes && !ev->step &&
                 !ev->trial && !ev->plot && !ev->at_hand && !ev->groups;
    if (!alone || n > MOST_ARGUMENTS) return false;
    for (int i = 0; i < n; i++) {
        if (actuals[i].name || !value_is_number(actuals[i].value)) return false;
    }
    return true;
}

static uint64_t bits_of(struct value v) {
    if (v.kind == V_BOOL) return v.boolean;
    return (uint64_t)v.integer; /* of a float: the same eight bytes */
}

static struct known_call *place_of(const struct known_calls *k, const struct function *f,
                                   const struct actual *actuals, int n) {
    uint64_t h = hash_mix((uint64_t)(uintptr_t)f);
    for (int i = 0; i < n; i++) h = hash_add(h, bits_of(actuals[i].value));
    return &k->items[h % PLACES];
}

static bool is_this(const struct known_call *c, const struct function *f,
                    const struct actual *actuals, int n) {
    if (c->function != f || c->n != n) return false;
    for (int i = 0; i < n; i++) {
        struct value v = actuals[i].value;
        if (c->args[i].kind != v.kind || bits_of(c->args[i]) != bits_of(v)) return false;
    }
    return true;
}

bool known_call_find(const struct eval *ev, const struct function *f, const struct actual *actuals,
                     int n, struct value *out) {
    if (!is_plain(ev, actuals, n) || !ev->known->items) return false;
    const struct known_call *c = place_of(ev->known, f, actuals, n);
    if (!is_this(c, f, actuals, n)) return false;
    if (c->result.kind == V_UNKNOWN && c->depth > ev->depth) return false; /* less deep now */
    return *out = c->result, true;
}

void known_call_keep(struct eval *ev, struct function *f, const struct actual *actuals, int n,
                     struct value result) {
    bool worth = value_is_number(result) || result.kind == V_UNKNOWN;
    if (!worth || !is_plain(ev, actuals, n)) return;
    if (!ev->known->items) ev->known->items = pool_zalloc(PLACES * sizeof *ev->known->items);
    if (!ev->known->items) return;
    struct known_call *c = place_of(ev->known, f, actuals, n);
    struct function *old = c->function;
    *c = (struct known_call){.function = f, .n = n, .depth = ev->depth, .result = result};
    for (int i = 0; i < n; i++) c->args[i] = actuals[i].value;
    value_ref((struct value){.kind = V_FUNCTION, .function = f});
    if (old) value_unref((struct value){.kind = V_FUNCTION, .function = old});
}

void known_calls_clear(struct known_calls *k) {
    for (int i = 0; k->items && i < PLACES; i++) {
        struct function *f = k->items[i].function;
        if (f) value_unref((struct value){.kind = V_FUNCTION, .function = f});
    }
    pool_free(k->items);
    k->items = NULL;
}
