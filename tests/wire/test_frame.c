/* Frames taken apart: order of checks, every way to be incomplete. */
#include "wire/frame.h"
#include "tests/harness.h"

static struct signer *signer;

static int build(struct str *out, int n_ids, int n_buffers, char hex[SIGNATURE_HEX + 1],
                 const char *content) {
    int n = 0;
    struct str parts[4] = {STR("{\"a\":1}"), STR("{}"), STR("{}"), str_of(content)};
    for (int i = 0; i < n_ids; i++) out[n++] = STR("id");
    out[n++] = str_of(frame_delimiter);
    signer_sign(signer, parts, hex);
    out[n++] = str_of(hex);
    for (int i = 0; i < 4; i++) out[n++] = parts[i];
    for (int i = 0; i < n_buffers; i++) out[n++] = STR("buffer");
    return n;
}

static void test_shapes(void) {
    struct str frames[32];
    char hex[SIGNATURE_HEX + 1], content[32];
    for (int ids = 0; ids < 4; ids++) {
        for (int buffers = 0; buffers < 3; buffers++) {
            struct envelope x;
            snprintf(content, sizeof content, "[%d,%d]", ids, buffers);
            int n = build(frames, ids, buffers, hex, content);
            CHECK_EQ(frame_read(frames, n, signer, &x), FRAME_OK);
            CHECK_EQ(x.n_ids, ids);
            CHECK_EQ(x.n_buffers, buffers);
            CHECK(str_is(x.parts[PART_HEADER], "{\"a\":1}") &&
                  str_is(x.parts[PART_CONTENT], content));
            CHECK(!buffers || str_is(x.buffers[0], "buffer"));
            CHECK_EQ(frame_read(frames, n, signer, &x), FRAME_REPLAYED);
        }
    }
}

static void test_incomplete(void) {
    struct str frames[32];
    char hex[SIGNATURE_HEX + 1];
    struct envelope x;
    int n = build(frames, 1, 0, hex, "incomplete");
    CHECK_EQ(frame_read(frames, 0, signer, &x), FRAME_NO_DELIMITER);
    CHECK_EQ(frame_read(frames, 1, signer, &x), FRAME_NO_DELIMITER);
    for (int i = 2; i < n; i++) CHECK_EQ(frame_read(frames, i, signer, &x), FRAME_TOO_FEW);
    frames[2] = STR("bad");
    CHECK_EQ(frame_read(frames, n, signer, &x), FRAME_BAD_SIGNATURE);
}

static void start(void) {
    struct err e = {0};
    signer = signer_new(STR("key"), STR("hmac-sha256"), &e);
    CHECK(signer != NULL);
}

static void end(void) {
    signer_free(signer);
    for (int i = FRAME_OK; i <= FRAME_REPLAYED; i++) {
        CHECK(frame_fault_text((enum frame_fault)i)[0] != 0);
    }
}

TEST_MAIN(start, test_shapes, test_incomplete, end)
