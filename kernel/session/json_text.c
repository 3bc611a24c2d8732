/* JSON in the forms that messages need. The UTF-8 rules are those of Unicode 15, table 3-7. */
#include "session/json_text.h"
#include <stdint.h>
#include <string.h>

/* Bytes of the character that starts at p: its length, 0 = not UTF-8, -1 = cut off by the end. */
static int char_length(const unsigned char *p, size_t n) {
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    int length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    unsigned low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    for (int i = 1; i < length; i++) {
        if ((size_t)i >= n) return -1;
        if (p[i] < low || p[i] > high) return 0;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

void utf8_repair(struct str bytes, struct text *out) {
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t start = 0, i = 0;
    while (i < bytes.n) {
        int length = char_length(p + i, bytes.n - i);
        if (length > 0) {
            i += (size_t)length;
            continue;
        }
        text_add(out, (struct str){bytes.p + start, i - start});
        text_adds(out, "\xef\xbf\xbd");
        start = ++i;
    }
    text_add(out, (struct str){bytes.p + start, bytes.n - start});
}

size_t utf8_valid(struct str bytes) {
    size_t i = 0;
    while (i < bytes.n) {
        int length = char_length((const unsigned char *)bytes.p + i, bytes.n - i);
        if (length <= 0) return i;
        i += (size_t)length;
    }
    return i;
}

size_t utf8_whole(struct str bytes) {
    size_t back = bytes.n < 3 ? bytes.n : 3;
    for (size_t k = 1; k <= back; k++) {
        const unsigned char *p = (const unsigned char *)bytes.p + bytes.n - k;
        if ((*p & 0xc0) == 0x80) continue;
        return char_length(p, k) < 0 ? bytes.n - k : bytes.n;
    }
    return bytes.n;
}

static bool is_follower(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_offset(struct str text, int64_t code_points) {
    size_t i = 0;
    for (; i < text.n && code_points > 0; code_points--) {
        i++;
        while (i < text.n && is_follower(text.p[i])) i++;
    }
    return i;
}

int64_t utf8_length(struct str text) {
    int64_t n = 0;
    for (size_t i = 0; i < text.n; i++) n += !is_follower(text.p[i]);
    return n;
}

json_t *json_of(struct str bytes) {
    json_t *value = json_stringn(bytes.n ? bytes.p : "", bytes.n);
    if (value) return value;
    struct text fixed = {0};
    utf8_repair(bytes, &fixed);
    value = json_stringn(fixed.p ? fixed.p : "", fixed.n);
    text_clear(&fixed);
    return value;
}

json_t *json_of_text(const struct text *t) {
    return json_of(text_str(t));
}

static int write_piece(const char *bytes, size_t n, void *user) {
    return text_add(user, (struct str){bytes, n}) ? 0 : -1;
}

bool json_write(const json_t *value, struct text *out) {
    return json_dump_callback(value, write_piece, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0;
}

static int hex_unit(const char *p) {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef";
        const char *at = p[i] ? strchr(digits, p[i] | 0x20) : NULL;
        if (!at) return -1;
        unit = unit * 16 + (int)(at - digits);
    }
    return unit;
}

/* Is there "\uXXXX" of the wanted half (0xd800 high, 0xdc00 low) at p? */
static bool is_half(const char *p, size_t n, int half) {
    return n >= 6 && p[0] == '\\' && p[1] == 'u' && (hex_unit(p + 2) & 0xfc00) == half;
}

/* Escapes of half a surrogate pair become \ufffd. In JSON a backslash occurs only inside texts. */
static void surrogates_repair(struct str in, struct text *out) {
    for (size_t i = 0; i < in.n;) {
        const char *p = in.p + i;
        size_t n = in.n - i;
        size_t take = *p == '\\' && n > 1 ? 2 : 1;
        if (is_half(p, n, 0xd800) && is_half(p + 6, n - 6, 0xdc00)) take = 12;
        else if (is_half(p, n, 0xd800) || is_half(p, n, 0xdc00)) {
            text_adds(out, "\\ufffd");
            i += 6;
            continue;
        }
        text_add(out, (struct str){p, take});
        i += take;
    }
}

json_t *json_read(struct str bytes, bool *repaired) {
    *repaired = false;
    if (!bytes.n) return NULL;
    json_t *value = json_loadb(bytes.p, bytes.n, JSON_ALLOW_NUL, NULL);
    if (value) return value;
    struct text whole = {0}, fixed = {0};
    utf8_repair(bytes, &whole);
    surrogates_repair(text_str(&whole), &fixed);
    if (!fixed.failed && fixed.n) {
        value = json_loadb(fixed.p, fixed.n, JSON_ALLOW_NUL, NULL);
        if (!value)
            value = json_loadb(fixed.p, fixed.n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    }
    text_clear(&whole);
    text_clear(&fixed);
    *repaired = value != NULL;
    return value;
}

bool json_field_text(const json_t *object, const char *key, struct str *out) {
    json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v)) return true;
    if (!json_is_string(v)) return false;
    *out = (struct str){json_string_value(v), json_string_length(v)};
    return true;
}

bool json_field_bool(const json_t *object, const char *key, bool *out) {
    json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v)) return true;
    if (!json_is_boolean(v)) return false;
    *out = json_is_true(v);
    return true;
}

bool json_field_int(const json_t *object, const char *key, int64_t *out) {
    json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v)) return true;
    if (json_is_integer(v)) *out = json_integer_value(v);
    else if (json_is_real(v) && json_real_value(v) > -1e15 && json_real_value(v) < 1e15) {
        *out = (int64_t)json_real_value(v);
    } else return false;
    return true;
}
