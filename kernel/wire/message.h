/* Messages between requests in memory and signed frames. */
#pragma once
#include "session/request.h"
#include "wire/frame.h"

struct lane;

/* A message on its way out. Owned by whoever holds it. */
struct post {
    struct post *next;
    enum channel channel;
    struct origin *parent; /* or NULL: an empty parent_header */
    struct text type;
    struct text content;  /* JSON; of a stream: the bare text */
    struct text metadata; /* JSON; empty = {} */
    struct text *buffers;
    int n_buffers;
    bool is_stream, is_error; /* is_error: of a stream, stderr */
    struct text topic;        /* iopub; empty = the usual one, unless has_topic */
    bool has_topic;
    struct text display_id; /* of an update_display_data */
    struct lane *mark;      /* no message: "what has arrived so far" for this lane */
};

struct post *post_new(enum channel channel, struct origin *parent, struct str type);
void post_free(struct post *p);
size_t post_bytes(const struct post *p); /* memory it takes, about */

/* Who signs and numbers. */
struct encoder {
    struct signer *signer;
    const char *session;         /* this kernel's id */
    _Atomic uint64_t n_messages; /* part of each msg_id */
};

/* A signed message: views into `texts`. */
struct encoded {
    struct text topic, header, content;
    char signature[SIGNATURE_HEX + 1];
    struct str *frames;
    int n_frames;
};

bool message_encode(struct encoder *enc, const struct post *p, struct encoded *out);
void encoded_clear(struct encoded *m);

/* A verified envelope as a request. NULL when its header is unusable (nobody could be answered). A
 * bad metadata or content part gives a request with a `fault`. */
struct request *message_decode(enum channel channel, const struct envelope *envelope);
