/* HMAC signatures: known answers, refusals, replays. */
#include "wire/signature.h"
#include "tests/harness.h"

static struct signer *make(const char *key, const char *scheme) {
    struct err e = {0};
    struct signer *s = signer_new(str_of(key), str_of(scheme), &e);
    CHECK(s != NULL);
    return s;
}

/* RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?", cut into four parts. */
static const struct str parts[4] = {
    {"what do ya ", 11}, {"want", 4}, {"", 0}, {" for nothing?", 13}};
static const char sha256_answer[] =
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
static const char sha512_answer[] = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505"
                                    "549758bf75c05a994a6d034f65f8f0e6fd"
                                    "caeab1a34d4a6b4b636e070a38bce737";

static void test_known_answers(void) {
    char hex[SIGNATURE_HEX + 1];
    struct signer *s = make("Jefe", "hmac-sha256");
    signer_sign(s, parts, hex);
    CHECK_STR(hex, sha256_answer);
    signer_free(s);
    s = make("Jefe", "hmac-sha512");
    signer_sign(s, parts, hex);
    CHECK_STR(hex, sha512_answer);
    signer_free(s);
}

static void test_refusals(void) {
    struct signer *s = make("Jefe", "");
    char hex[80];
    memcpy(hex, sha256_answer, 65);
    for (int i = 0; i < 64; i++) {
        char old = hex[i];
        hex[i] = old == '0' ? '1' : '0';
        CHECK_EQ(signer_check(s, str_of(hex), parts), SIGNATURE_WRONG);
        hex[i] = old;
    }
    CHECK_EQ(signer_check(s, STR(""), parts), SIGNATURE_WRONG);
    CHECK_EQ(signer_check(s, (struct str){hex, 63}, parts), SIGNATURE_WRONG);
    memset(hex, 'g', 64);
    CHECK_EQ(signer_check(s, (struct str){hex, 64}, parts), SIGNATURE_WRONG);
    CHECK_EQ(signer_check(s, str_of(sha256_answer), parts), SIGNATURE_GOOD);
    CHECK_EQ(signer_check(s, str_of(sha256_answer), parts), SIGNATURE_REPLAYED);
    signer_free(s);
}

static void test_schemes(void) {
    struct err e = {0};
    CHECK(!signer_new(STR("k"), STR("hmac-md5"), &e));
    CHECK(strstr(e.what, "hmac-md5") != NULL);
}

static void test_empty_key(void) {
    char hex[SIGNATURE_HEX + 1] = "x";
    struct signer *s = make("", "hmac-sha256");
    signer_sign(s, parts, hex);
    CHECK_STR(hex, "");
    CHECK_EQ(signer_check(s, STR(""), parts), SIGNATURE_GOOD);
    CHECK_EQ(signer_check(s, STR("anything"), parts), SIGNATURE_GOOD);
    signer_free(s);
}

static enum signature_verdict check_number(struct signer *s, int i) {
    char number[16], hex[SIGNATURE_HEX + 1];
    snprintf(number, sizeof number, "%d", i);
    struct str numbered[4] = {str_of(number), STR(""), STR(""), STR("")};
    signer_sign(s, numbered, hex);
    return signer_check(s, str_of(hex), numbered);
}

/* The ring keeps the last 65,536; older ones make room and do not stay in the table. */
static void test_ring(void) {
    enum { N = 200000, RING = 65536 };
    struct signer *s = make("k", "hmac-sha256");
    int wrong = 0;
    for (int i = 0; i < N; i++) wrong += check_number(s, i) != SIGNATURE_GOOD;
    CHECK_EQ(wrong, 0);
    for (int i = N - RING; i < N; i += 97) wrong += check_number(s, i) != SIGNATURE_REPLAYED;
    CHECK_EQ(wrong, 0);
    CHECK_EQ(check_number(s, 0), SIGNATURE_GOOD);
    signer_free(s);
}

TEST_MAIN(test_known_answers, test_refusals, test_schemes, test_empty_key, test_ring)
