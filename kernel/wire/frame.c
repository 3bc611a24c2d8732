/* A Jupyter message as frames. */
#include "wire/frame.h"

const char frame_delimiter[10] = "<IDS|MSG>";

const char *frame_fault_text(enum frame_fault fault) {
    static const char *const texts[] = {[FRAME_OK] = "fine",
                                        [FRAME_NO_DELIMITER] = "a message without delimiter",
                                        [FRAME_TOO_FEW] = "a message with too few frames",
                                        [FRAME_BAD_SIGNATURE] = "a message with a wrong signature",
                                        [FRAME_REPLAYED] = "a message that was sent before"};
    return texts[fault];
}

enum frame_fault frame_read(const struct str *frames, int n, struct signer *s,
                            struct envelope *out) {
    int at = 0;
    while (at < n && !str_is(frames[at], frame_delimiter)) at++;
    if (at == n) return FRAME_NO_DELIMITER;
    if (n - at < 6) return FRAME_TOO_FEW;
    *out = (struct envelope){.ids = frames,
                             .n_ids = at,
                             .signature = frames[at + 1],
                             .buffers = frames + at + 6,
                             .n_buffers = n - at - 6};
    for (int i = 0; i < 4; i++) out->parts[i] = frames[at + 2 + i];
    switch (signer_check(s, out->signature, out->parts)) {
    case SIGNATURE_GOOD: return FRAME_OK;
    case SIGNATURE_REPLAYED: return FRAME_REPLAYED;
    case SIGNATURE_WRONG: break;
    }
    return FRAME_BAD_SIGNATURE;
}
