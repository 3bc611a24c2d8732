/* HMAC signatures of messages (RFC 2104 with SHA-256 or SHA-512) through libsodium, and a ring of
 * the signatures already seen: a message is taken once. Only verified signatures are remembered, so
 * a stranger cannot fill the ring. */
#include "wire/signature.h"
#include "base/arena.h"
#include "base/pool.h"
#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

enum { RING = 1 << 16, TABLE = 1 << 17 };

struct signer {
    bool is_empty, is_512;
    union {
        crypto_auth_hmacsha256_state sha256;
        crypto_auth_hmacsha512_state sha512;
    } start; /* the state after the key: each message starts from a copy */
    pthread_mutex_t lock;
    struct arena *memory; /* of ring and table: pages are touched as messages come */
    uint64_t *ring;       /* the last RING signatures' first 8 bytes, oldest overwritten */
    uint64_t *table;      /* the same numbers, hashed by their low bits; 0 = free */
    uint32_t n_seen;
};

static size_t digest_bytes(const struct signer *s) {
    return s->is_512 ? crypto_auth_hmacsha512_BYTES : crypto_auth_hmacsha256_BYTES;
}

struct signer *signer_new(struct str key, struct str scheme, struct err *e) {
    bool is_512 = str_is(scheme, "hmac-sha512");
    if (!is_512 && scheme.n && !str_is(scheme, "hmac-sha256")) {
        err_set(e, ERR_VALUE, "signature_scheme `%.*s` is not supported", (int)scheme.n, scheme.p);
        err_hint(e, "Use hmac-sha256.");
        return NULL;
    }
    if (sodium_init() < 0) {
        err_set(e, ERR_BUG, "libsodium cannot start");
        return NULL;
    }
    struct signer *s = pool_need(sizeof *s, e);
    if (!s) return NULL;
    s->is_empty = key.n == 0;
    s->is_512 = is_512;
    const unsigned char *bytes = (const unsigned char *)(key.p ? key.p : "");
    if (is_512) crypto_auth_hmacsha512_init(&s->start.sha512, bytes, key.n);
    else crypto_auth_hmacsha256_init(&s->start.sha256, bytes, key.n);
    pthread_mutex_init(&s->lock, NULL);
    s->memory = arena_new((RING + TABLE) * sizeof *s->ring + 64);
    s->ring = s->memory ? arena_alloc(s->memory, RING * sizeof *s->ring) : NULL;
    s->table = s->memory ? arena_alloc(s->memory, TABLE * sizeof *s->table) : NULL;
    if (s->ring && s->table) return s;
    err_memory(e, (RING + TABLE) * sizeof *s->ring);
    signer_free(s);
    return NULL;
}

void signer_free(struct signer *s) {
    if (!s) return;
    if (s->memory) arena_free(s->memory);
    pthread_mutex_destroy(&s->lock);
    sodium_memzero(s, sizeof *s);
    pool_free(s);
}

static void digest(const struct signer *s, const struct str parts[4],
                   unsigned char out[SIGNATURE_BYTES]) {
    if (s->is_512) {
        crypto_auth_hmacsha512_state state = s->start.sha512;
        for (int i = 0; i < 4; i++) {
            crypto_auth_hmacsha512_update(&state, (const unsigned char *)parts[i].p, parts[i].n);
        }
        crypto_auth_hmacsha512_final(&state, out);
        return;
    }
    crypto_auth_hmacsha256_state state = s->start.sha256;
    for (int i = 0; i < 4; i++) {
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)parts[i].p, parts[i].n);
    }
    crypto_auth_hmacsha256_final(&state, out);
}

void signer_sign(const struct signer *s, const struct str parts[4], char hex[SIGNATURE_HEX + 1]) {
    unsigned char bytes[SIGNATURE_BYTES];
    hex[0] = 0;
    if (s->is_empty) return;
    digest(s, parts, bytes);
    sodium_bin2hex(hex, SIGNATURE_HEX + 1, bytes, digest_bytes(s));
}

static uint64_t *slot_of(struct signer *s, uint64_t mark) {
    size_t i = mark & (TABLE - 1);
    while (s->table[i] && s->table[i] != mark) i = (i + 1) & (TABLE - 1);
    return &s->table[i];
}

/* Remove from the table, moving later members of the run back (linear probing). */
static void forget(struct signer *s, uint64_t mark) {
    uint64_t *slot = slot_of(s, mark);
    if (!*slot) return;
    size_t hole = (size_t)(slot - s->table);
    s->table[hole] = 0;
    for (size_t i = (hole + 1) & (TABLE - 1); s->table[i]; i = (i + 1) & (TABLE - 1)) {
        uint64_t moved = s->table[i];
        s->table[i] = 0;
        *slot_of(s, moved) = moved;
    }
}

/* False: it was there. */
static bool remember(struct signer *s, const unsigned char *bytes) {
    uint64_t mark;
    memcpy(&mark, bytes, sizeof mark);
    mark |= (uint64_t)1 << 63; /* never 0 */
    pthread_mutex_lock(&s->lock);
    bool is_new = *slot_of(s, mark) == 0;
    if (is_new) {
        uint64_t *place = &s->ring[s->n_seen++ % RING];
        if (*place) forget(s, *place);
        *place = mark;
        *slot_of(s, mark) = mark;
    }
    pthread_mutex_unlock(&s->lock);
    return is_new;
}

enum signature_verdict signer_check(struct signer *s, struct str hex, const struct str parts[4]) {
    unsigned char given[SIGNATURE_BYTES], ours[SIGNATURE_BYTES];
    size_t n = digest_bytes(s), got = 0;
    if (s->is_empty) return SIGNATURE_GOOD;
    if (hex.n != 2 * n) return SIGNATURE_WRONG;
    if (sodium_hex2bin(given, sizeof given, hex.p, hex.n, NULL, &got, NULL) != 0 || got != n) {
        return SIGNATURE_WRONG;
    }
    digest(s, parts, ours);
    if (sodium_memcmp(given, ours, n) != 0) return SIGNATURE_WRONG;
    return remember(s, ours) ? SIGNATURE_GOOD : SIGNATURE_REPLAYED;
}
