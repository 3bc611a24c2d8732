/* Where in a running program we are, as random streams see it (language.md 2.17): a chain from the
 * statement under way through loop rounds and calls to the top. Links live on the C stack of the
 * functions that run them; the stream is made from the chain only when something is drawn, because
 * most statements draw nothing. */
#pragma once
#include "base/hash.h"

struct place {
    const struct place *outer; /* NULL = the top */
    uint64_t first, second;
    bool both; /* second counts too */
};

/* A round of a loop (from 0), a call, a statement of a body; the top has a key of its own. */
static inline struct place place_round(const struct place *outer) {
    return (struct place){.outer = outer};
}
static inline void place_set_round(struct place *p, int64_t round) {
    p->first = (uint64_t)round + 1;
}
static inline struct place place_call(const struct place *outer, uint64_t draws) {
    return (struct place){.outer = outer, .first = 0x51ed + draws};
}
static inline struct place place_statement(const struct place *outer) {
    return (struct place){.outer = outer, .both = true};
}
/* `key`: of the name that it assigns; `nth`: which of those in its body. */
static inline void place_set_statement(struct place *p, uint64_t key, int32_t nth) {
    p->first = key;
    p->second = (uint64_t)nth;
}

static inline uint64_t place_stream(const struct place *p) {
    if (!p->outer) return p->first;
    uint64_t stream = hash_add(place_stream(p->outer), p->first);
    return p->both ? hash_add(stream, p->second) : stream;
}
