/* Texts of a CSV file's cells: equal short ones that lie near each other share one copy, because
 * most columns repeat few words. This file knows no columns. */
#pragma once
#include "text_store.h"
#include <string.h>

/* A text read lately, or a word for a missing value: then p is NULL, as in an entry of zeros,
 * which stands for the empty text. */
struct csv_recent {
    uint64_t a, b; /* its bytes, zeros behind them; of a long text hash and last bytes */
    size_t n;
    const char *p;
};

enum { CSV_RECENT = 1 << 12, CSV_TEXT_SHORT = 16 };

struct csv_texts {
    struct text_store *store;
    struct csv_recent *recent;
};

/* What is known of a text: where it would stand among the recent ones. */
struct csv_text {
    struct str s;
    uint64_t a, b;
    struct csv_recent *place;
};

bool csv_texts_init(struct csv_texts *t, struct err *e);
void csv_texts_clear(struct csv_texts *t);
void csv_text_long_key(struct csv_text *x);

static inline uint64_t csv_word_at(const void *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* s: CSV_TEXT_SHORT bytes must be readable at s.p, whatever they are. No branch depends on the
 * length of a short text: it changes from cell to cell. */
static inline struct csv_text csv_text_of(const struct csv_texts *t, struct str s) {
    static const unsigned char masks[2 * CSV_TEXT_SHORT] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                            255, 255, 255, 255, 255, 255, 255, 255};
    struct csv_text x = {.s = s};
    if (__builtin_expect(s.n <= CSV_TEXT_SHORT, 1)) {
        const unsigned char *mask = masks + CSV_TEXT_SHORT - s.n;
        x.a = csv_word_at(s.p) & csv_word_at(mask);
        x.b = csv_word_at(s.p + 8) & csv_word_at(mask + 8);
    } else {
        csv_text_long_key(&x);
    }
    uint64_t h = x.a * 0x9e3779b97f4a7c15u + x.b * 0xbf58476d1ce4e5b9u;
    x.place = &t->recent[(h ^ h >> 32) % CSV_RECENT];
    return x;
}

static inline bool csv_text_is_recent(const struct csv_text *x) {
    const struct csv_recent *r = x->place;
    bool same = !((r->a ^ x->a) | (r->b ^ x->b) | (r->n ^ x->s.n));
    return same && (x->s.n <= CSV_TEXT_SHORT || !memcmp(r->p, x->s.p, x->s.n));
}

/* A copy to be kept; NULL when memory is out. s as above. */
static inline const char *csv_text_copy(struct csv_texts *t, struct str s, struct err *e) {
    if (!text_store_need(t->store, s.n + 1 + CSV_TEXT_SHORT, e)) return NULL;
    char *copy = t->store->room;
    memcpy(copy, s.p, CSV_TEXT_SHORT);
    if (s.n > CSV_TEXT_SHORT)
        memcpy(copy + CSV_TEXT_SHORT, s.p + CSV_TEXT_SHORT, s.n - CSV_TEXT_SHORT);
    copy[s.n] = 0;
    return text_store_use(t->store, s.n + 1);
}
