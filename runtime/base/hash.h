/* A small 64-bit hash for tables and random streams (the finaliser of SplitMix64). Not for
 * secrets. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __CUDACC__ /* random numbers are addressed on devices, too */
#define HASH_INLINE static __host__ __device__ inline
#else
#define HASH_INLINE static inline
#endif

HASH_INLINE uint64_t hash_mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Combine a value into a running hash; the order matters. */
HASH_INLINE uint64_t hash_add(uint64_t h, uint64_t value) {
    return hash_mix(h ^ hash_mix(value));
}

static inline uint64_t hash_bytes(const void *bytes, size_t n, uint64_t seed) {
    const unsigned char *p = (const unsigned char *)bytes;
    uint64_t h = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 0x100000001b3u;
    return hash_mix(h);
}
