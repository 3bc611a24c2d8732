/* Several words in one text, a space between each. */
#include "word_list.h"
#include <string.h>

bool words_next(struct str *words, struct str *word) {
    while (words->n && *words->p == ' ') words->p++, words->n--;
    const char *end = words->n ? memchr(words->p, ' ', words->n) : NULL;
    *word = (struct str){words->p, end ? (size_t)(end - words->p) : words->n};
    words->p += word->n;
    words->n -= word->n;
    return word->n > 0;
}

int words_find(struct str words, struct str word) {
    struct str one;
    for (int i = 0; words_next(&words, &one); i++)
        if (str_same(one, word)) return i;
    return -1;
}

bool words_closed(struct str words) {
    return words.n > 0 && words_find(words, STR("...")) < 0;
}

bool text_add_words(struct text *t, struct str words) {
    struct str word, next;
    bool more = words_next(&words, &word), first = true, ok = true;
    for (; more && !str_is(word, "..."); word = next, first = false) {
        more = words_next(&words, &next);
        bool last = !more || str_is(next, "...");
        ok = text_adds(t, first  ? ""
                          : last ? " or "
                                 : ", ") &&
             text_addf(t, "\"%.*s\"", (int)word.n, word.p);
    }
    return ok;
}
