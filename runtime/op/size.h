/* Arithmetic with sizes that may be unknown. An unknown is a negative number: -id, or, for a known
 * multiple of it, -(factor * 2^20 + id). So batch * 24 is one number again, equal to every other
 * batch * 24, and dividing it by 24 gives the batch. Products and sums of different unknowns get an
 * id made from theirs. Ids given out elsewhere stay below 2^19. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

int64_t size_times(int64_t a, int64_t b); /* INT64_MAX when it does not fit */
int64_t size_plus(int64_t a, int64_t b);
/* a / b as far as it can be known; 0 when both are known and b does not divide a. */
int64_t size_divide(int64_t a, int64_t b);
/* A size with `batch` in place of SIZE_BATCH; negative when something else is unknown. */
int64_t size_resolve(int64_t size, int64_t batch);

/* How many windows that reach over `reach` numbers fit into size + padding, one every `stride`; 0
 * or less when none does. Unknown sizes give unknown counts. */
int64_t size_windows(int64_t size, int64_t reach, int64_t padding, int64_t stride);

/* The multiple and the unknown of a negative size: 24 and SIZE_BATCH of batch * 24. */
int64_t size_factor(int64_t size);
int64_t size_unknown(int64_t size);

/* Can these never be the same size? (batch is never a fixed number; other unknowns may be.) */
bool size_conflict(int64_t a, int64_t b);
