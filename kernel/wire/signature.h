/* HMAC signatures of messages, and the memory of those already seen. Any thread. */
#pragma once
#include "base/err.h"

enum { SIGNATURE_BYTES = 64, SIGNATURE_HEX = 2 * SIGNATURE_BYTES };
enum signature_verdict { SIGNATURE_GOOD, SIGNATURE_WRONG, SIGNATURE_REPLAYED };

struct signer;

/* scheme: "hmac-sha256" or "hmac-sha512". An empty key signs nothing and checks nothing. */
struct signer *signer_new(struct str key, struct str scheme, struct err *e);
void signer_free(struct signer *s); /* the key is wiped */
/* Lower-case hex of the four parts, NUL-terminated; "" with an empty key. */
void signer_sign(const struct signer *s, const struct str parts[4], char hex[SIGNATURE_HEX + 1]);
/* Constant time in the signature. A good one is remembered and will be "replayed" next time. */
enum signature_verdict signer_check(struct signer *s, struct str hex, const struct str parts[4]);
