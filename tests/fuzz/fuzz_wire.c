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

static void read_with(const char *key, const struct str *frames, int n) {
    struct err e = {0};
    struct envelope envelope;
    struct signer *s = signer_new(str_of(key), STR("hmac-sha256"), &e);
    if (!s) return;
    if (frame_read(frames, n, s, &envelope) == FRAME_OK) {
        request_free(message_decode(CHANNEL_SHELL, &envelope));
    }
    signer_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct str frames[FRAMES];
    int count = cut(bytes, n, frames);
    read_with("a key", frames, count);
    read_with("", frames, count);
    return 0;
}
