/* Names of any script: letters, digits and marks by their Unicode categories, ASCII first because
 * nearly every name is. */
#include "lex.h"
#include <utf8proc.h>

int32_t utf8_at(const char *p, size_t n, uint32_t *length) {
    if (n > 0 && (unsigned char)p[0] < 0x80) return *length = 1, p[0];
    utf8proc_int32_t c;
    utf8proc_ssize_t k =
        utf8proc_iterate((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)(n < 4 ? n : 4), &c);
    *length = k > 0 ? (uint32_t)k : 1;
    return k > 0 ? c : -1;
}

static bool is_letter(int32_t c) {
    if (c < 128) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return true;
    default: return false;
    }
}

static bool continues_name(int32_t c) {
    if (is_letter(c) || (c >= '0' && c <= '9')) return true;
    if (c < 128) return false;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: return true;
    default: return false;
    }
}

uint32_t name_length(const char *p, size_t n) {
    uint32_t total = 0, k;
    while (total < n) {
        int32_t c = utf8_at(p + total, n - total, &k);
        if (c < 0 || !(total ? continues_name(c) : is_letter(c))) break;
        total += k;
    }
    return total;
}
