/* Vectors of numbers for sort_lanes.h with AVX-512. Included once for each type of keys, which
 * sort_vector.c names: T, its BITS, the suffix of intrinsics (EPI) and of our names (NAME). */
#define F(name) SORT_JOIN(name, _, NAME)
#define V SORT_JOIN(vector, _, NAME)
#define M SORT_JOIN(__mmask, LANES, )
#define OP(name) SORT_JOIN(_mm512_, name, EPI)
/* Where arithmetic does not matter, every vector is one of whole numbers. */
#define OF_INT(x) ((V)(x))
#define TO_INT(x) ((__m512i)(x))
#define OPI(name) SORT_JOIN(_mm512_, name, SORT_JOIN(_epi, BITS, ))

FM V F(load)(const T *p) {
    return OF_INT(_mm512_loadu_si512(p));
}
FM void F(store)(T *p, V v) {
    _mm512_storeu_si512(p, TO_INT(v));
}
FM V F(fill)(T x) {
    return OP(set1)(x);
}
/* The first n lanes; with n in 0 … LANES. */
FM M F(first)(int64_t n) {
    return (M)first_lanes[n];
}
FM V F(load_first)(const T *p, int64_t n, V rest) {
    return OF_INT(OPI(mask_loadu)(TO_INT(rest), F(first)(n), p));
}
FM void F(store_first)(T *p, int64_t n, V v) {
    OPI(mask_storeu)(p, F(first)(n), TO_INT(v));
}
/* Of equal keys, minimum and maximum give one each: both answer with their second operand. */
FM V F(min)(V a, V b) {
    return OP(min)(a, b);
}
FM V F(max)(V a, V b) {
    return OP(max)(b, a);
}
/* The lanes of `mask` come first; what is behind them does not matter. */
FM V F(pack)(M mask, V v) {
    return OF_INT(OPI(maskz_compress)(mask, TO_INT(v)));
}
FM V F(choose)(M mask, V others, V chosen) {
    return OF_INT(OPI(mask_mov)(TO_INT(others), mask, TO_INT(chosen)));
}
/* Lane i becomes lane i ^ x. */
FM V F(swapped)(V v, int x) {
#if BITS == 64
    __m512i lanes = _mm512_setr_epi64(0 ^ x, 1 ^ x, 2 ^ x, 3 ^ x, 4 ^ x, 5 ^ x, 6 ^ x, 7 ^ x);
#else
    __m512i lanes = _mm512_setr_epi32(0 ^ x, 1 ^ x, 2 ^ x, 3 ^ x, 4 ^ x, 5 ^ x, 6 ^ x, 7 ^ x, 8 ^ x,
                                      9 ^ x, 10 ^ x, 11 ^ x, 12 ^ x, 13 ^ x, 14 ^ x, 15 ^ x);
#endif
    return OF_INT(OPI(permutexvar)(lanes, TO_INT(v)));
}
