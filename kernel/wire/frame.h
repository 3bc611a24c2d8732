/* A Jupyter message as frames: routing ids, delimiter, signature, four JSON dicts, buffers.
 * Verifies before anything is parsed. Works on plain memory; knows no sockets and no JSON. */
#pragma once
#include "wire/signature.h"

enum { FRAMES_MAX = 1024 };

enum frame_fault {
    FRAME_OK,
    FRAME_NO_DELIMITER,
    FRAME_TOO_FEW,
    FRAME_BAD_SIGNATURE,
    FRAME_REPLAYED
};

/* Views into the frames given to frame_read. */
struct envelope {
    const struct str *ids;
    int n_ids;
    struct str signature;
    struct str parts[4]; /* header, parent_header, metadata, content */
    const struct str *buffers;
    int n_buffers;
};

enum { PART_HEADER, PART_PARENT, PART_METADATA, PART_CONTENT };

/* Take the frames apart and check the signature, in this order: count, delimiter, signature's form,
 * signature, replay. */
enum frame_fault frame_read(const struct str *frames, int n, struct signer *s,
                            struct envelope *out);
const char *frame_fault_text(enum frame_fault fault);
extern const char frame_delimiter[10]; /* "<IDS|MSG>" */
