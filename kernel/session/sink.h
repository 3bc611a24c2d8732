/* Where a cell's output goes: the messages of a kernel, or the terminal and the file of a batch
 * run. Any member may be NULL. */
#pragma once
#include "base/err.h"
#include <jansson.h>

enum display_kind {
    DISPLAY_SHOW,   /* shown once */
    DISPLAY_RESULT, /* the cell's last value */
    DISPLAY_LIVE,   /* the first state of something that will change; has an id */
    DISPLAY_UPDATE, /* its next state */
    DISPLAY_FINAL   /* its last state */
};

struct widget_bar;
struct live_bar;

struct sink {
    void *user;
    void (*stream)(void *user, bool is_error, struct str utf8);
    /* `data` and `metadata` are keyed by MIME type, as the protocol has them. */
    void (*display)(void *user, enum display_kind kind, json_t *data, json_t *metadata,
                    const char *display_id);
    void (*page)(void *user, struct str markdown);
    void (*clear)(void *user, bool wait);
    void (*exit)(void *user);
    /* interact(…) with something to move; NULL = its result for the start is all there is. */
    bool (*interact)(void *user, int interaction, struct err *e);
    /* A bar for what takes long, that moves by itself (widget.h); NULL, or NULL from it = a display
     * that changes is all there is. */
    struct widget_bar *(*bar)(void *user, const struct live_bar *b);
    bool (*ask)(void *user, struct str prompt, bool hidden, struct text *answer, struct err *e);
};
