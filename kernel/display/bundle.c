/* One piece of output in several formats. */
#include "display/display.h"

void bundle_clear(struct bundle *b) {
    for (int i = 0; i < b->n; i++) {
        text_clear(&b->items[i].data);
        text_clear(&b->items[i].alt);
    }
    b->n = 0;
}

struct text *bundle_add(struct bundle *b, const char *mime_type) {
    if (b->n == BUNDLE_MAX) return NULL;
    b->items[b->n] = (struct mime){.type = mime_type};
    return &b->items[b->n++].data;
}
