/* Arithmetic with sizes that may be unknown. */
#include "size.h"
#include "base/hash.h"
#include "tensor.h"

enum { ID_BITS = 20, MADE = 1 << 19 };

static const int64_t id_mask = (1 << ID_BITS) - 1;
static const int64_t max_factor = INT64_C(1) << 40;

static int64_t id_of(int64_t size) {
    return -size & id_mask;
}

int64_t size_factor(int64_t size) {
    int64_t factor = -size >> ID_BITS;
    return factor ? factor : 1;
}

int64_t size_unknown(int64_t size) {
    return -id_of(size);
}

static int64_t make(int64_t factor, int64_t id) {
    return factor == 1 ? -id : -(factor << ID_BITS | id);
}

/* A number of 19 bits for an id. Those of a product add up, so that the order does not matter. */
static int64_t mark(int64_t id) {
    return id & MADE ? id & (MADE - 1) : (int64_t)(hash_mix((uint64_t)id) & (MADE - 1));
}

static int64_t made_from(int64_t a, int64_t b, uint64_t how) {
    uint64_t h = hash_add(hash_add(how, (uint64_t)a), (uint64_t)b);
    return -(MADE | (int64_t)(h & (MADE - 1)));
}

int64_t size_times(int64_t a, int64_t b) {
    if (a == 0 || b == 0) return 0;
    int64_t product;
    if (a > 0 && b > 0) return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
    int64_t fa = a > 0 ? a : size_factor(a), fb = b > 0 ? b : size_factor(b);
    if (__builtin_mul_overflow(fa, fb, &product) || product > max_factor) return INT64_MAX;
    if (a > 0) return make(product, id_of(b));
    if (b > 0) return make(product, id_of(a));
    return make(product, MADE | ((mark(id_of(a)) + mark(id_of(b))) & (MADE - 1)));
}

int64_t size_plus(int64_t a, int64_t b) {
    int64_t sum;
    if (a >= 0 && b >= 0) return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
    if (a == 0) return b;
    if (b == 0) return a;
    bool same = a < 0 && b < 0 && id_of(a) == id_of(b);
    if (same && size_factor(a) + size_factor(b) <= max_factor) {
        return make(size_factor(a) + size_factor(b), id_of(a));
    }
    return made_from(a, b, '+');
}

int64_t size_divide(int64_t a, int64_t b) {
    if (a >= 0 && b > 0) return a % b ? 0 : a / b;
    if (b == 1 || b == 0) return b ? a : made_from(a, b, '/');
    if (a >= 0) return made_from(a, b, '/');
    int64_t fa = size_factor(a), fb = b > 0 ? b : size_factor(b);
    if (fa % fb) return made_from(a, b, '/');
    if (b > 0) return make(fa / fb, id_of(a));
    return id_of(a) == id_of(b) ? fa / fb : made_from(a, b, '/');
}

int64_t size_windows(int64_t size, int64_t reach, int64_t padding, int64_t stride) {
    if (size < 0 && stride == 1 && padding == reach - 1) return size;
    if (size < 0) return made_from(size, reach << 20 ^ padding, (uint64_t)stride);
    int64_t room = size + padding - reach;
    return room < 0 ? 0 : room / stride + 1;
}

int64_t size_resolve(int64_t size, int64_t batch) {
    if (size >= 0 || size_unknown(size) != SIZE_BATCH) return size;
    return size_times(size_factor(size), batch);
}

static bool is_open(int64_t size) {
    return size < 0 && size_unknown(size) != SIZE_BATCH;
}

bool size_conflict(int64_t a, int64_t b) {
    return a != b && !is_open(a) && !is_open(b);
}
