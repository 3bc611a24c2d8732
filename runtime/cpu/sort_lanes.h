/* Quicksort for one type of keys: T with vectors V of LANES, made of sort_ops.h. Included for each.
 * Few keys are sorted in registers by bitonic merging; more are split at a pivot. */

/* ---- up to SMALL vectors ---- */

/* Lanes i and i ^ x in order, the smaller one at the smaller place. */
FM V F(exchange)(V v, int x) {
    V other = F(swapped)(v, x);
    unsigned upper = x & 8 ? 0xff00u : x & 4 ? 0xf0f0u : x & 2 ? 0xccccu : 0xaaaau;
    return F(choose)((M)upper, F(min)(v, other), F(max)(other, v));
}

FM void F(in_order)(V *a, V *b) {
    V larger = F(max)(*a, *b);
    *a = F(min)(*a, *b);
    *b = larger;
}

/* Lanes that rise and then fall, in order. */
FM V F(merge_lanes)(V v) {
    if (LANES == 16) v = F(exchange)(v, 8);
    if (LANES >= 8) v = F(exchange)(v, 4);
    return F(exchange)(F(exchange)(v, 2), 1);
}

FM V F(sort_lanes)(V v) {
    v = F(exchange)(v, 1);
    v = F(exchange)(F(exchange)(v, 3), 1);
    if (LANES >= 8) v = F(exchange)(F(exchange)(F(exchange)(v, 7), 2), 1);
    if (LANES >= 16) v = F(exchange)(F(exchange)(F(exchange)(F(exchange)(v, 15), 4), 2), 1);
    return v;
}

/* Vectors with `half` between them in order. */
FM void F(in_halves)(V *v, int n, int half) {
#pragma GCC unroll 16
    for (int i = 0; i < SORT_SMALL; i++)
        if (!(i & half) && i + half < n) F(in_order)(&v[i], &v[i + half]);
}

/* v[0 … n/2) and v[n/2 … n), each in order, become one; n is known to the compiler. With `open`,
 * the last quarter is not there: it would hold keys larger than all. */
FM void F(merge)(V *v, int n, bool open) {
    V upper[SORT_SMALL / 2];
    int first = open ? n / 4 : 0, filled = n - first;
#pragma GCC unroll 8
    for (int i = first; i < n / 2; i++) upper[i] = F(swapped)(v[n - 1 - i], LANES - 1);
#pragma GCC unroll 8
    for (int i = first; i < n / 2; i++) {
        F(in_order)(&v[i], &upper[i]);
        v[n / 2 + i - first] = upper[i];
    }
    if (n >= 16) F(in_halves)(v, filled, 4);
    if (n >= 8) F(in_halves)(v, filled, 2);
    if (n >= 4) F(in_halves)(v, filled, 1);
#pragma GCC unroll 16
    for (int i = 0; i < filled; i++) v[i] = F(merge_lanes)(v[i]);
}

/* Groups of half as many vectors become groups of `together`. */
FM void F(merge_all)(V *v, int vectors, int together) {
#pragma GCC unroll 8
    for (int i = 0; i < SORT_SMALL; i += together) {
        if (i + together <= vectors) F(merge)(v + i, together, false);
        else if (i + together / 4 * 3 == vectors && together > 2) F(merge)(v + i, together, true);
    }
}

/* n keys in `vectors` vectors, which is known to the compiler; places that are left are filled with
 * the largest key. */
FM void F(sort_vectors)(T *keys, int n, int vectors) {
    V v[SORT_SMALL], rest = F(fill)(MOST);
#pragma GCC unroll 16
    for (int i = 0; i < vectors; i++) {
        int left = n - i * LANES;
        v[i] = left >= LANES ? F(load)(keys + i * LANES)
               : left > 0    ? F(load_first)(keys + i * LANES, left, rest)
                             : rest;
        v[i] = F(sort_lanes)(v[i]);
    }
    F(merge_all)(v, vectors, 2);
    F(merge_all)(v, vectors, 4);
    F(merge_all)(v, vectors, 8);
    F(merge_all)(v, vectors, 16);
#pragma GCC unroll 16
    for (int i = 0; i < vectors; i++) {
        int left = n - i * LANES;
        if (left >= LANES) F(store)(keys + i * LANES, v[i]);
        else if (left > 0) F(store_first)(keys + i * LANES, left, v[i]);
    }
}

static __attribute__((noinline)) void F(sort_1)(T *keys, int n) {
    F(sort_vectors)(keys, n, 1);
}
static __attribute__((noinline)) void F(sort_2)(T *keys, int n) {
    F(sort_vectors)(keys, n, 2);
}
static __attribute__((noinline)) void F(sort_4)(T *keys, int n) {
    F(sort_vectors)(keys, n, 4);
}
static __attribute__((noinline)) void F(sort_8)(T *keys, int n) {
    F(sort_vectors)(keys, n, 8);
}
static __attribute__((noinline)) void F(sort_6)(T *keys, int n) {
    F(sort_vectors)(keys, n, 6);
}
static __attribute__((noinline)) void F(sort_12)(T *keys, int n) {
    F(sort_vectors)(keys, n, 12);
}
static __attribute__((noinline)) void F(sort_16)(T *keys, int n) {
    F(sort_vectors)(keys, n, 16);
}

static void F(sort_few)(T *keys, int n) {
    if (n <= LANES) F(sort_1)(keys, n);
    else if (n <= 2 * LANES) F(sort_2)(keys, n);
    else if (n <= 4 * LANES) F(sort_4)(keys, n);
    else if (n <= 6 * LANES) F(sort_6)(keys, n);
    else if (n <= 8 * LANES) F(sort_8)(keys, n);
    else if (n <= 12 * LANES) F(sort_12)(keys, n);
    else F(sort_16)(keys, n);
}

/* ---- splitting ---- */

static void F(bounds)(const T *keys, int64_t n, T *low, T *high) {
    T least = keys[0], most = keys[0];
    for (int64_t i = 0; i < n; i++) {
        least = keys[i] < least ? keys[i] : least;
        most = keys[i] > most ? keys[i] : most;
    }
    *low = least;
    *high = most;
}

/* The middle one of keys from all over the range. If many of those are the same, so may all keys
 * be, and then the answer is false; else some keys are larger than the pivot. */
static bool F(choose_pivot)(const T *keys, int64_t n, int samples, T *pivot) {
    T some[SORT_SMALL * LANES], low, high;
    int64_t step = n / samples;
    uint64_t h = (uint64_t)n;
    for (int i = 0; i < samples; i++) {
        h = h * 6364136223846793005u + 1442695040888963407u;
        some[i] = keys[i * step + (int64_t)((h >> 32) * (uint64_t)step >> 32)];
    }
    F(sort_few)(some, samples);
    *pivot = some[samples / 2];
    if (*pivot < some[samples - 1]) return true;
    F(bounds)(keys, n, &low, &high);
    if (low == high) return false;
    if (*pivot == high) *pivot = F(below)(high);
    return true;
}

/* Where a split stands: what is before `left` and from `right` on is done. */
struct F(split) {
    T *left, *right;
    V pivot;
};

FM void F(place)(struct F(split) * s, V v, bool room) {
    M lower = F(not_above)(v, s->pivot);
    int64_t n = __builtin_popcount(lower);
    V packed = F(pack)(lower, v);
    if (room) F(store)(s->left, packed);
    else F(store_first)(s->left, n, packed);
    s->left += n;
    s->right += n - LANES;
    F(store_first)(s->right, LANES - n, F(pack)((M)~lower, v));
}

/* Keys that are kept aside; their number need not fill vectors. */
static void F(place_kept)(struct F(split) * s, const T *kept, int n, T pivot) {
    int i = 0;
    for (; i + LANES <= n; i += LANES) F(place)(s, F(load)(kept + i), false);
    for (; i < n; i++) {
        if (kept[i] <= pivot) *s->left++ = kept[i];
        else *--s->right = kept[i];
    }
}

/* How many keys are not larger than the pivot: they come first. The first and the last keys are
 * kept aside, so that there is room at both ends for what is read from the one with less room. */
static int64_t F(split_at)(T *keys, int64_t n, T pivot) {
    enum { BLOCK = SORT_BLOCK * LANES };
    T kept[3 * BLOCK], *from = keys + BLOCK;
    int behind = BLOCK + (int)(n % BLOCK);
    T *to = keys + n - behind;
    for (int i = 0; i < BLOCK; i += LANES) F(store)(kept + i, F(load)(keys + i));
    for (int i = 0; i < behind; i++) kept[BLOCK + i] = to[i];
    struct F(split) s = {keys, keys + n, F(fill)(pivot)};
    while (from < to) {
        V v[SORT_BLOCK];
        const T *next;
        if (s.right - to < from - s.left) next = to -= BLOCK;
        else next = from, from += BLOCK;
#pragma GCC unroll 8
        for (int i = 0; i < SORT_BLOCK; i++) v[i] = F(load)(next + i * LANES);
#pragma GCC unroll 8
        for (int i = 0; i < SORT_BLOCK; i++) F(place)(&s, v[i], true);
    }
    F(place_kept)(&s, kept, BLOCK + behind, pivot);
    return s.left - keys;
}

static int64_t F(split)(void *keys, int64_t n) {
    T pivot;
    return F(choose_pivot)(keys, n, SORT_SMALL * LANES, &pivot) ? F(split_at)(keys, n, pivot) : n;
}

/* ---- many keys ---- */

/* For keys that were made to defeat the choice of pivots: heapsort. */
static void F(sift)(T *keys, int64_t at, int64_t n) {
    T key = keys[at];
    for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        child += child + 1 < n && keys[child + 1] > keys[child];
        if (keys[child] <= key) break;
        keys[at] = keys[child];
        at = child;
    }
    keys[at] = key;
}

static void F(heapsort)(T *keys, int64_t n) {
    for (int64_t i = n / 2; i-- > 0;) F(sift)(keys, i, n);
    for (int64_t i = n; i-- > 1;) {
        T largest = keys[0];
        keys[0] = keys[i];
        keys[i] = largest;
        F(sift)(keys, 0, i);
    }
}

static void F(sort_range)(T *keys, int64_t n, int splits_left) {
    while (n > SORT_SMALL * LANES) {
        T pivot;
        if (!F(choose_pivot)(keys, n, n < 1 << 14 ? 2 * LANES : 8 * LANES, &pivot)) return;
        if (splits_left-- == 0) {
            F(heapsort)(keys, n);
            return;
        }
        int64_t lower = F(split_at)(keys, n, pivot);
        F(sort_range)(keys, lower, splits_left);
        keys += lower;
        n -= lower;
    }
    if (n > 1) F(sort_few)(keys, (int)n);
}

static void F(sort)(void *keys, int64_t n) {
    F(sort_range)(keys, n, 2 * (64 - __builtin_clzll((unsigned long long)n | 1)));
}

#undef T
#undef MOST
#undef BITS
#undef LANES
#undef EPI
#undef NAME
#undef F
#undef V
#undef M
#undef OP
#undef OPI
#undef OF_INT
#undef TO_INT
