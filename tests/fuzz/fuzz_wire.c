/* Fuzz target: messages of Jupyter's wire protocol. The bytes are cut into frames at 0x1e. Once
 * they are read with a key (nothing may get past the signature), once without one, as deep as a
 * request. */
#include "target.h"
#include "wire/message.h"

enum { FRAMES = 64 };

static int cut(const uint8_t *bytes, size_t n, struct str frames[FRAMES]) {
    int count = 0;
    size_t start = 0;
    for (size_t i = 0; i <= n && count < FRAMES; i++) {
        if (i < n && bytes[i] != 0x1e) continue;
        frames[count++] = (struct str){(const char *)bytes + start, i - start};
        start = i + 1;
    }
    return count;
}

static void read_with(struct signer *s, const struct str *frames, int n) {
    struct envelope envelope;
    if (s && frame_read(frames, n, s, &envelope) == FRAME_OK) {
        request_free(message_decode(CHANNEL_SHELL, &envelope));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    /* Made once: they hold the memory of what was seen. */
    static struct signer *with_key, *without;
    struct err e = {0};
    struct str frames[FRAMES];
    int count = cut(bytes, n, frames);
    if (!with_key) with_key = signer_new(STR("a key"), STR("hmac-sha256"), &e);
    if (!without) without = signer_new(STR(""), STR("hmac-sha256"), &e);
    read_with(with_key, frames, count);
    read_with(without, frames, count);
    return 0;
}
