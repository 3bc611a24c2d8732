/* Sets of names: pointers in an open table. */
#include "names.h"
#include "base/hash.h"
#include "base/pool.h"

bool name_set_init(struct name_set *s, size_t most, struct err *e) {
    s->mask = 15;
    while (s->mask < 2 * most) s->mask = s->mask * 2 + 1;
    s->slot = pool_need((s->mask + 1) * sizeof *s->slot, e);
    return s->slot != NULL;
}

bool name_set_add(struct name_set *s, const char *name) {
    size_t i = (size_t)hash_mix((uintptr_t)name) & s->mask;
    for (; s->slot[i]; i = (i + 1) & s->mask) {
        if (s->slot[i] == name) return false;
    }
    s->slot[i] = name;
    return true;
}

void name_set_clear(struct name_set *s) {
    pool_free(s->slot);
    s->slot = NULL;
}
