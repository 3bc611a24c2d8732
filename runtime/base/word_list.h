/* Several words in one text, a space between each: the values that an argument may have, the other
 * names of a row. "..." among them: others too. */
#pragma once
#include "str.h"

/* Takes the first word off the list; false at its end. */
bool words_next(struct str *words, struct str *word);
/* Position of a word in the list, or -1. */
int words_find(struct str words, struct str word);
/* Is the list, which has words, all that is allowed? */
bool words_closed(struct str words);
/* As people read them, without the "...": "a", "b" or "c" with their quotes. */
bool text_add_words(struct text *t, struct str words);
