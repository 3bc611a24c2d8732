/* The slower parts of keeping a CSV file's texts. */
#include "csv_text.h"
#include "base/pool.h"

void csv_text_long_key(struct csv_text *x) {
    uint64_t h = x->s.n;
    for (size_t i = 0; i + 8 < x->s.n; i += 8)
        h = (h ^ csv_word_at(x->s.p + i)) * 0xbf58476d1ce4e5b9u, h ^= h >> 32;
    x->a = h;
    x->b = csv_word_at(x->s.p + x->s.n - 8);
}

bool csv_texts_init(struct csv_texts *t, struct err *e) {
    *t = (struct csv_texts){.store = text_store_new(e)};
    t->recent = pool_need(CSV_RECENT * sizeof *t->recent, e);
    return t->store && t->recent;
}

void csv_texts_clear(struct csv_texts *t) {
    text_store_unref(t->store);
    pool_free(t->recent);
    *t = (struct csv_texts){0};
}
