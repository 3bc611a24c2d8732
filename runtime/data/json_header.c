/* Strict reading of small JSON (RFC 8259), a token at a time. */
#include "json_header.h"
#include "csv_value.h"
#include <string.h>

char json_next(struct json *j) {
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r'))
        j->p++;
    return j->p < j->end ? *j->p : 0;
}

bool json_take(struct json *j, char c) {
    if (j->p >= j->end || json_next(j) != c) return false;
    j->p++;
    return true;
}

static bool hex4(struct json *j, uint32_t *out) {
    static const char digits[] = "0123456789abcdef";
    if (j->end - j->p < 4) return false;
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = *j->p++;
        const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
        if (!at) return false;
        *out = *out << 4 | (uint32_t)(at - digits);
    }
    return true;
}

static void add_utf8(struct text *out, uint32_t c) {
    if (c < 0x80) {
        text_addc(out, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint32_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    text_addc(out, (char)(lead[more] | c >> 6 * more));
    while (more--) text_addc(out, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

/* \uXXXX, or two of them for a character beyond 16 bits. */
static bool unicode_escape(struct json *j, struct text *out) {
    uint32_t c, low;
    if (!hex4(j, &c) || c == 0 || c >> 10 == 0x37) return false;
    if (c >> 10 == 0x36) {
        bool pair = j->end - j->p > 2 && j->p[0] == '\\' && j->p[1] == 'u';
        if (!pair) return false;
        j->p += 2;
        if (!hex4(j, &low) || low >> 10 != 0x37) return false;
        c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
    }
    add_utf8(out, c);
    return true;
}

static bool escape(struct json *j, struct text *out) {
    static const char code[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (j->p == j->end) return false;
    char c = *j->p++;
    if (c == 'u') return unicode_escape(j, out);
    const char *at = c ? strchr(code, c) : NULL;
    if (at) text_addc(out, meant[at - code]);
    return at != NULL;
}

bool json_text(struct json *j, struct text *out) {
    out->n = 0;
    if (!json_take(j, '"')) return false;
    while (j->p < j->end && *j->p != '"') {
        if ((unsigned char)*j->p < 0x20) return false;
        const char *begin = j->p;
        while (j->p < j->end && *j->p != '"' && *j->p != '\\' && (unsigned char)*j->p >= 0x20)
            j->p++;
        text_add(out, (struct str){begin, (size_t)(j->p - begin)});
        if (j->p < j->end && *j->p == '\\' && (j->p++, !escape(j, out))) return false;
    }
    return json_take(j, '"') && !out->failed && cell_is_text(text_str(out));
}

bool json_whole(struct json *j, int64_t *out) {
    char first = json_next(j);
    if (first < '0' || first > '9') return false;
    const char *begin = j->p;
    for (*out = 0; j->p < j->end && *j->p >= '0' && *j->p <= '9'; j->p++) {
        if (__builtin_mul_overflow(*out, 10, out)) return false;
        if (__builtin_add_overflow(*out, *j->p - '0', out)) return false;
    }
    return first != '0' || j->p == begin + 1;
}

void json_write_text(struct text *out, const char *s) {
    text_addc(out, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') text_addf(out, "\\%c", *s);
        else if ((unsigned char)*s < 0x20) text_addf(out, "\\u%04x", (unsigned)*s);
        else text_addc(out, *s);
    }
    text_addc(out, '"');
}
