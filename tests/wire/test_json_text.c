/* JSON and UTF-8 in and out: what clients send by mistake is repaired, what goes out is valid. */
#include "session/json_text.h"
#include "tests/harness.h"
#include <stdint.h>

static void check_repair(const char *in, size_t n, const char *expected) {
    struct text out = {0};
    utf8_repair((struct str){in, n}, &out);
    CHECK_STR(out.p ? out.p : "", expected);
    text_clear(&out);
}

#define REPAIR(in, expected) check_repair(in, sizeof(in) - 1, expected)

static void test_repair(void) {
    REPAIR("", "");
    REPAIR("plain", "plain");
    REPAIR("\xe2\x82\xac", "\xe2\x82\xac");
    REPAIR("a\xff"
           "b",
           "a\xef\xbf\xbd"
           "b");
    REPAIR("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
    REPAIR("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
    REPAIR("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    REPAIR("x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd"); /* cut off */
}

static void test_whole(void) {
    const char *euro = "ab\xe2\x82\xac";
    CHECK_EQ(utf8_whole((struct str){euro, 5}), 5);
    CHECK_EQ(utf8_whole((struct str){euro, 4}), 2);
    CHECK_EQ(utf8_whole((struct str){euro, 3}), 2);
    CHECK_EQ(utf8_whole((struct str){euro, 2}), 2);
    CHECK_EQ(utf8_whole((struct str){euro, 0}), 0);
    CHECK_EQ(utf8_whole(STR("a\xff")), 2);
    CHECK_EQ(utf8_whole(STR("\x80\x80\x80\x80")), 4);
    CHECK_EQ(utf8_whole(STR("\xf0\x9f\x98")), 0);
}

static void test_offsets(void) {
    struct str s = STR("\xf0\x9f\x98\x80\xc3\xbcx");
    CHECK_EQ(utf8_length(s), 3);
    CHECK_EQ(utf8_offset(s, 0), 0);
    CHECK_EQ(utf8_offset(s, 1), 4);
    CHECK_EQ(utf8_offset(s, 2), 6);
    CHECK_EQ(utf8_offset(s, 3), 7);
    CHECK_EQ(utf8_offset(s, INT64_MAX), 7);
}

static void check_read(const char *in, bool repaired, const char *expected) {
    bool was;
    struct text out = {0};
    json_t *v = json_read(str_of(in), &was);
    CHECK_EQ(was, repaired);
    CHECK(v != NULL);
    if (v) json_write(v, &out);
    CHECK_STR(out.p ? out.p : "", expected);
    json_decref(v);
    text_clear(&out);
}

static void test_read(void) {
    bool repaired;
    check_read("{\"a\": 1}", false, "{\"a\":1}");
    check_read("{\"a\": \"\\u0000\"}", false, "{\"a\":\"\\u0000\"}");
    check_read("{\"a\": \"\\ud800\"}", true, "{\"a\":\"\xef\xbf\xbd\"}");
    check_read("{\"a\": \"\\udc00\\ud800x\"}", true, "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbdx\"}");
    check_read("{\"a\": \"\\\\ud800\"}", false, "{\"a\":\"\\\\ud800\"}");
    check_read("{\"a\": \"\\\\ud800 \\ud800\"}", true, "{\"a\":\"\\\\ud800 \xef\xbf\xbd\"}");
    check_read("{\"a\": \"\xff\"}", true, "{\"a\":\"\xef\xbf\xbd\"}");
    CHECK(!json_read(STR(""), &repaired));
    CHECK(!json_read(STR("{"), &repaired));
    CHECK(!json_read(STR("{\"a\": NaN}"), &repaired));
    CHECK(!json_read(STR("{\"a\": 1e999}"), &repaired));
}

static void test_fields(void) {
    json_t *o = json_pack("{s:s,s:b,s:i,s:f,s:n}", "t", "text", "b", 1, "i", 7, "f", 2.5, "n");
    struct str s = STR("default");
    bool b = false;
    int64_t i = 0;
    CHECK(json_field_text(o, "none", &s) && str_is(s, "default"));
    CHECK(json_field_text(o, "n", &s) && str_is(s, "default"));
    CHECK(json_field_text(o, "t", &s) && str_is(s, "text"));
    CHECK(!json_field_text(o, "i", &s));
    CHECK(json_field_bool(o, "b", &b) && b);
    CHECK(!json_field_bool(o, "i", &b));
    CHECK(json_field_int(o, "i", &i) && i == 7);
    CHECK(json_field_int(o, "f", &i) && i == 2);
    CHECK(!json_field_int(o, "t", &i));
    json_decref(o);
}

TEST_MAIN(test_repair, test_whole, test_offsets, test_read, test_fields)
