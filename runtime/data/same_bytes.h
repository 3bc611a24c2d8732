/* memcmp for large arrays, on all threads. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

bool same_bytes(const void *a, const void *b, size_t n);
