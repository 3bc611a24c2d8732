/* Requests from frames and messages into frames. */
#include "wire/message.h"
#include "session/json_text.h"
#include "tests/harness.h"
#include "base/pool.h"

static struct encoder encoder = {.session = "kernel-id"};

static void start(void) {
    struct err e = {0};
    encoder.signer = signer_new(STR("key"), STR("hmac-sha256"), &e);
    CHECK(encoder.signer != NULL);
}

static struct envelope envelope_of(const char *header, const char *metadata, const char *content) {
    static const struct str ids[2] = {{"client", 6}, {"more", 4}};
    return (struct envelope){
        .ids = ids,
        .n_ids = 2,
        .parts = {str_of(header), STR("{}"), str_of(metadata), str_of(content)}};
}

static const char header[] =
    "{\"msg_id\": \"m1\", \"msg_type\":\"x_request\", \"subshell_id\": \"s\"}";

static void test_decode(void) {
    struct envelope in = envelope_of(header, "{\"cellId\":\"c\"}", "{\"code\":\"1\"}");
    struct request *r = message_decode(CHANNEL_SHELL, &in);
    CHECK(r && !r->fault);
    if (!r) return;
    CHECK_STR(r->type, "x_request");
    CHECK_STR(r->subshell, "s");
    CHECK_STR(json_string_value(json_object_get(r->content, "code")), "1");
    CHECK_STR(r->origin->header.p, header); /* byte for byte */
    CHECK_EQ(r->origin->n_ids, 2);
    request_free(r);
}

static void test_decode_bad(void) {
    static const char *const bad[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"msg_id\":\"a\"}",
                                      "{\"msg_type\":\"a\"}",
                                      "{\"msg_id\":1,\"msg_type\":\"a\"}",
                                      "null",
                                      "\xff"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct envelope in = envelope_of(bad[i], "{}", "{}");
        CHECK(message_decode(CHANNEL_SHELL, &in) == NULL);
    }
    struct envelope in = envelope_of(header, "{}", "[1]");
    struct request *r = message_decode(CHANNEL_SHELL, &in);
    CHECK(r && r->fault && json_is_object(r->content));
    request_free(r);
}

static void test_encode(void) {
    struct origin *parent =
        origin_new(CHANNEL_SHELL, STR("{\"msg_id\":\"p\"}"), (struct str[]){{"client", 6}}, 1);
    struct post *p = post_new(CHANNEL_SHELL, parent, STR("x_reply"));
    struct encoded m;
    text_adds(&p->content, "{\"status\":\"ok\"}");
    CHECK(message_encode(&encoder, p, &m));
    CHECK_EQ(m.n_frames, 7);
    CHECK(str_is(m.frames[0], "client") && str_is(m.frames[1], "<IDS|MSG>"));
    CHECK(str_is(m.frames[4], "{\"msg_id\":\"p\"}") && str_is(m.frames[5], "{}"));
    struct envelope out;
    CHECK_EQ(frame_read(m.frames, m.n_frames, encoder.signer, &out), FRAME_OK);
    bool repaired;
    json_t *h = json_read(out.parts[PART_HEADER], &repaired);
    CHECK_STR(json_string_value(json_object_get(h, "msg_type")), "x_reply");
    CHECK_STR(json_string_value(json_object_get(h, "version")), "5.5");
    CHECK_EQ(json_string_length(json_object_get(h, "date")), 27);
    json_decref(h);
    encoded_clear(&m);
    post_free(p);
    origin_unref(parent);
}

static void test_encode_stream(void) {
    struct post *p = post_new(CHANNEL_IOPUB, NULL, STR("stream"));
    struct encoded m;
    p->is_stream = true;
    text_adds(&p->content, "quote \" and \xff");
    CHECK(message_encode(&encoder, p, &m));
    CHECK_STR(m.topic.p, "kernel.kernel-id.stream");
    CHECK(str_is(m.frames[4], "{}"));
    CHECK_STR(m.content.p, "{\"name\":\"stdout\",\"text\":\"quote \\\" and \xef\xbf\xbd\"}");
    encoded_clear(&m);
    post_free(p);
}

/* Nothing is left behind, whichever allocation fails. */
static void test_out_of_memory(void) {
    size_t before = pool_live_blocks();
    for (int i = 1; i < 30; i++) {
        struct envelope in = envelope_of(header, "{}", "{}");
        pool_fail_after(i);
        struct request *r = message_decode(CHANNEL_SHELL, &in);
        struct post *p = post_new(CHANNEL_SHELL, r ? r->origin : NULL, STR("x"));
        struct encoded m = {0};
        if (p) message_encode(&encoder, p, &m);
        pool_fail_after(0);
        encoded_clear(&m);
        post_free(p);
        request_free(r);
    }
    CHECK_EQ(pool_live_blocks(), before);
}

static void end(void) {
    signer_free(encoder.signer);
    CHECK_EQ(pool_live_blocks(), 0);
}

TEST_MAIN(start, test_decode, test_decode_bad, test_encode, test_encode_stream, test_out_of_memory,
          end)
