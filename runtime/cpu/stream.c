/* Copying a finished tile to memory that nobody reads soon: past the caches, which saves reading
 * the lines that are about to be overwritten. */
#include "isa.h"
#include <string.h>
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
typedef __m512i line;
#define PUT(to, from) _mm512_stream_si512((void *)(to), _mm512_loadu_si512(from))
#elif defined(__AVX2__)
typedef __m256i line;
#define PUT(to, from)                                                                              \
    _mm256_stream_si256((__m256i *)(void *)(to),                                                   \
                        _mm256_loadu_si256((const __m256i *)(const void *)(from)))
#endif

void ISA_NAME(stream)(void *to, const void *from, size_t bytes) {
#if defined(__AVX512F__) || defined(__AVX2__)
    size_t done = 0;
    if ((uintptr_t)to % sizeof(line) == 0)
        for (; done + sizeof(line) <= bytes; done += sizeof(line))
            PUT((char *)to + done, (const char *)from + done);
    memcpy((char *)to + done, (const char *)from + done, bytes - done);
#else
    memcpy(to, from, bytes);
#endif
}

/* Everything streamed is seen by other threads from here on. */
void ISA_NAME(stream_end)(void) {
#if defined(__AVX512F__) || defined(__AVX2__)
    _mm_sfence();
#endif
}
