/* The queue to iopub: what is put together, what replaces what, in which order. */
#include "wire/post_queue.h"
#include "base/pool.h"
#include "tests/harness.h"

static struct origin *cell, *other;
static struct post_queue queue;

static void start(void) {
    struct err e = {0};
    cell = origin_new(CHANNEL_SHELL, STR("{}"), NULL, 0);
    other = origin_new(CHANNEL_SHELL, STR("{}"), NULL, 0);
    CHECK(post_queue_init(&queue, &e));
}

static void add(const char *type, const char *display_id, const char *content) {
    struct post *p = post_new(CHANNEL_IOPUB, cell, str_of(type));
    text_adds(&p->display_id, display_id);
    text_adds(&p->content, content);
    post_queue_add_iopub(&queue, p);
}

/* "type:content type:content …" of all that waits; empties the queue. */
static struct text listing(void) {
    struct text out = {0};
    struct post *p = post_queue_take_all(&queue);
    while (p) {
        struct post *next = p->next;
        text_addf(&out, "%s%s:%s", out.n ? " " : "", p->type.p, p->content.p);
        post_free(p);
        p = next;
    }
    if (!out.n) text_adds(&out, "-");
    return out;
}

#define CHECK_LISTING(expected)                                                                    \
    do {                                                                                           \
        struct text found_text = listing();                                                        \
        CHECK_STR(found_text.p, expected);                                                         \
        text_clear(&found_text);                                                                   \
    } while (0)

static void test_streams_join(void) {
    post_queue_add_stream(&queue, cell, false, STR("a"));
    post_queue_add_stream(&queue, cell, false, STR("b"));
    post_queue_add_stream(&queue, cell, true, STR("c"));
    post_queue_add_stream(&queue, other, true, STR("d"));
    post_queue_add_stream(&queue, other, true, STR("e"));
    CHECK_LISTING("stream:ab stream:c stream:de");
    CHECK_LISTING("-");
}

static void test_order_is_kept(void) {
    post_queue_add_stream(&queue, cell, false, STR("a"));
    add("display_data", "", "x");
    post_queue_add_stream(&queue, cell, false, STR("b"));
    add("status", "", "idle");
    CHECK_LISTING("stream:a display_data:x stream:b status:idle");
}

static void test_last_update_wins(void) {
    add("update_display_data", "d1", "1");
    add("update_display_data", "d2", "2");
    add("status", "", "busy");
    add("update_display_data", "d1", "3");
    CHECK_LISTING("update_display_data:3 update_display_data:2 status:busy");
    add("update_display_data", "d1", "4");
    CHECK_LISTING("update_display_data:4");
}

static void test_large_pieces_are_not_joined(void) {
    static char big[60000];
    memset(big, 'x', sizeof big);
    for (int i = 0; i < 3; i++)
        post_queue_add_stream(&queue, cell, false, (struct str){big, 60000});
    struct post *p = post_queue_take_all(&queue);
    int n = 0;
    while (p) {
        struct post *next = p->next;
        CHECK_EQ(p->content.n, 60000);
        post_free(p);
        p = next;
        n++;
    }
    CHECK_EQ(n, 3);
}

static void end(void) {
    post_queue_add_stream(&queue, cell, false, STR("left"));
    post_queue_clear(&queue);
    origin_unref(cell);
    origin_unref(other);
    CHECK_EQ(pool_live_blocks(), 0);
}

TEST_MAIN(start, test_streams_join, test_order_is_kept, test_last_update_wins,
          test_large_pieces_are_not_joined, end)
