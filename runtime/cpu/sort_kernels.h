/* Sorting on vectors: what an instruction set gives to cpu/sort.c, one for each type of keys. */
#pragma once
#include <stdint.h>

struct sort_kernels {
    void (*sort)(void *keys, int64_t n);
    /* How many keys come first because they are not larger than a pivot between them; n if all are
     * the same. Needs n >= SORT_SPLIT. */
    int64_t (*split)(void *keys, int64_t n);
};
enum { SORT_SPLIT = 1024 };
enum sort_type { SORT_I64, SORT_F64, SORT_I32, SORT_TYPES }; /* doubles: no NaN */
