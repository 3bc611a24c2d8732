/* One copy of each name, in a table with open addressing. */
#include "intern.h"
#include "hash.h"
#include "pool.h"
#include <string.h>

static struct {
    const char **slot;
    size_t n, cap;
} table;

static const char **find(const char **slot, size_t cap, struct str s) {
    size_t i = (size_t)hash_bytes(s.p, s.n, 0) & (cap - 1);
    while (slot[i] && !str_same(str_of(slot[i]), s)) i = (i + 1) & (cap - 1);
    return &slot[i];
}

static bool grow(void) {
    size_t cap = table.cap ? table.cap * 2 : 1024;
    const char **slot = pool_zalloc(cap * sizeof *slot);
    if (!slot) return false;
    for (size_t i = 0; i < table.cap; i++) {
        if (table.slot[i]) *find(slot, cap, str_of(table.slot[i])) = table.slot[i];
    }
    pool_free(table.slot);
    table.slot = slot;
    table.cap = cap;
    return true;
}

/* Names are small and half the program relies on having them: when memory is out, they come from a
 * reserve, so that the cell can fail in peace. */
static char *room(size_t bytes) {
    static char reserve[1 << 16];
    static size_t used;
    char *p = pool_alloc(bytes);
    if (p || sizeof reserve - used < bytes) return p;
    p = reserve + used;
    used += bytes;
    return p;
}

const char *intern(struct str s) {
    static const char none[] = "";
    if (2 * (table.n + 1) > table.cap && !grow() && table.n + 1 >= table.cap) return none;
    const char **place = find(table.slot, table.cap, s);
    if (*place) return *place;
    char *copy = room(s.n + 1);
    if (!copy) return none;
    if (s.n) memcpy(copy, s.p, s.n);
    copy[s.n] = 0;
    table.n++;
    return *place = copy;
}

const char *intern_c(const char *c_string) {
    return intern(str_of(c_string));
}
