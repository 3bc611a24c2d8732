/* Formulas in labels: the part of TeX's notation that people write between dollar signs, as pieces
 * of text with raised and lowered, upright and slanting letters. A single dollar is a dollar. */
#pragma once
#include "base/str.h"

enum { MARKUP_MAX = 64, MARKUP_BYTES = 512 };

struct markup {
    int n;
    struct markup_piece {
        struct str s; /* into `bytes` or the text itself */
        int level;    /* 0, +1 raised, −1 lowered */
        bool slanted;
    } pieces[MARKUP_MAX];
    size_t used;
    char bytes[MARKUP_BYTES];
};

/* Does the text hold a formula ("$…$")? */
bool markup_is_needed(struct str s);
/* Take the text apart; what does not fit is left out. The pieces live as long as `s` and `m`. */
void markup_parse(struct markup *m, struct str s);
