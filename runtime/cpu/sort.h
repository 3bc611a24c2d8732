/* Numbers in ascending order, in place: quicksort on vectors. The result is the same on any number
 * of threads: whole numbers that are equal cannot be told apart, and zeros are put in order. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Does this processor have the instructions? The functions below need them. */
bool sort_available(void);
void sort_i64(int64_t *keys, int64_t n);
void sort_i32(int32_t *keys, int64_t n);
void sort_f64(double *keys, int64_t n); /* no NaN; -0 before 0 */
