/* Texts. */
#include "fn.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static bool part(struct call *c, struct str *s, struct str *p) {
    return call_text(c, 0, s) && call_text(c, 1, p);
}

bool fn_contains(struct call *c, struct value *out) {
    struct str s, p;
    TRY(part(c, &s, &p));
    *out = value_bool(p.n == 0 || memmem(s.p, s.n, p.p, p.n) != NULL);
    return true;
}

bool fn_startswith(struct call *c, struct value *out) {
    struct str s, p;
    TRY(part(c, &s, &p));
    *out = value_bool(s.n >= p.n && memcmp(s.p, p.p, p.n) == 0);
    return true;
}

bool fn_endswith(struct call *c, struct value *out) {
    struct str s, p;
    TRY(part(c, &s, &p));
    *out = value_bool(s.n >= p.n && memcmp(s.p + s.n - p.n, p.p, p.n) == 0);
    return true;
}

static bool give(struct call *c, struct text *t, struct value *out) {
    *out = value_text(text_str(t), c->ev->e);
    text_clear(t);
    return out->kind == V_TEXT;
}

bool fn_replace(struct call *c, struct value *out) {
    struct str s, old, new;
    struct text t = {0};
    TRY(part(c, &s, &old));
    TRY(call_text(c, 2, &new));
    if (old.n == 0) return call_fail(c, 1, ERR_VALUE, "The text to be replaced is empty.");
    while (s.n) {
        const char *at = memmem(s.p, s.n, old.p, old.n);
        size_t before = at ? (size_t)(at - s.p) : s.n;
        text_add(&t, (struct str){s.p, before});
        if (!at) break;
        text_add(&t, new);
        s.p += before + old.n;
        s.n -= before + old.n;
    }
    return give(c, &t, out);
}

/* Letters of any script; bytes that are no UTF-8 stay as they are. */
static bool change_case(struct call *c, utf8proc_int32_t (*change)(utf8proc_int32_t),
                        struct value *out) {
    struct str s;
    struct text t = {0};
    TRY(call_text(c, 0, &s));
    while (s.n) {
        utf8proc_int32_t letter;
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.p,
                                              (utf8proc_ssize_t)(s.n < 4 ? s.n : 4), &letter);
        size_t used = n > 0 ? (size_t)n : 1;
        utf8proc_ssize_t made = n > 0 ? utf8proc_encode_char(change(letter), bytes) : 0;
        if (made > 0) text_add(&t, (struct str){(const char *)bytes, (size_t)made});
        else text_add(&t, (struct str){s.p, used});
        s.p += used;
        s.n -= used;
    }
    return give(c, &t, out);
}

bool fn_lower(struct call *c, struct value *out) {
    return change_case(c, utf8proc_tolower, out);
}

bool fn_upper(struct call *c, struct value *out) {
    return change_case(c, utf8proc_toupper, out);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool fn_strip(struct call *c, struct value *out) {
    struct str s;
    TRY(call_text(c, 0, &s));
    while (s.n && is_blank(s.p[0])) s.p++, s.n--;
    while (s.n && is_blank(s.p[s.n - 1])) s.n--;
    *out = value_text(s, c->ev->e);
    return out->kind == V_TEXT;
}

bool fn_words(struct call *c, struct value *out) {
    struct str s;
    TRY(call_text(c, 0, &s));
    *out = value_list_new(8, c->ev->e);
    for (size_t i = 0; out->kind == V_LIST && i < s.n;) {
        while (i < s.n && is_blank(s.p[i])) i++;
        size_t end = i;
        while (end < s.n && !is_blank(s.p[end])) end++;
        if (end > i)
            TRY(list_add(out->list, value_text((struct str){s.p + i, end - i}, c->ev->e),
                         c->ev->e));
        i = end;
    }
    return out->kind == V_LIST;
}

/* "a,b".split(","): what stands between the separators. */
bool split_text(struct call *c, struct str s, struct str by, struct value *out) {
    if (by.n == 0) return call_fail(c, 1, ERR_VALUE, "The separator is empty.");
    *out = value_list_new(8, c->ev->e);
    while (out->kind == V_LIST) {
        const char *at = memmem(s.p, s.n, by.p, by.n);
        size_t n = at ? (size_t)(at - s.p) : s.n;
        struct value piece = value_text((struct str){s.p, n}, c->ev->e);
        if (piece.kind != V_TEXT || !list_add(out->list, piece, c->ev->e))
            return value_unref(*out), *out = value_missing(), false;
        if (!at) break;
        s.p += n + by.n;
        s.n -= n + by.n;
    }
    return out->kind == V_LIST;
}

bool fn_join(struct call *c, struct value *out) {
    enum value_kind k = c->args[0].kind;
    if (k == V_UNKNOWN) return *out = value_unknown(), true;
    if (k == V_TABLE || k == V_TABLE_DESC || k == V_HISTORY) return join_tables(c, out);
    if (value_has_unknown(c->args[0]) || value_has_unknown(c->args[1]))
        return *out = value_unknown(), true;
    struct str between = {0};
    struct text t = {0};
    bool python = k == V_TEXT && c->args[1].kind == V_LIST; /* ", ".join(texts) */
    if (python) between = value_str(&c->args[0]);
    else if (call_has(c, 1)) TRY(call_text(c, 1, &between));
    if (!python && k != V_LIST) return call_fail(c, 0, ERR_TYPE, "join joins a list of texts.");
    const struct list *l = c->args[python].list;
    for (int i = 0; i < l->n; i++) {
        if (i) text_add(&t, between);
        value_print(l->items[i], &t);
    }
    return give(c, &t, out);
}

static bool number_of(struct call *c, struct value v, double *x) {
    char *end = NULL;
    if (v.kind != V_TEXT)
        return call_fail(c, 0, ERR_TYPE, "to_number reads texts, and this is %s.",
                         value_kind_words(v.kind));
    *x = strtod(v.text->bytes, &end);
    while (end && is_blank(*end)) end++;
    if (v.text->n && end && !*end) return true;
    call_fail(c, 0, ERR_VALUE, "\"%.40s\" is not a number.", v.text->bytes);
    if (end && *end == ',')
        err_hint(c->ev->e, "Decimals stand behind a point. If a comma is meant so: "
                           ".replace(\",\", \".\").to_number(). If it parts thousands: "
                           ".replace(\",\", \"\").to_number(). For a whole file: "
                           "read_csv(\"…\", decimal=\",\").");
    return false;
}

bool fn_to_number(struct call *c, struct value *out) {
    double x = 0;
    if (c->args[0].kind != V_LIST) {
        TRY(number_of(c, c->args[0], &x));
        return *out = value_float(x), true;
    }
    const struct list *l = c->args[0].list;
    struct tensor *t = fn_vector(l->n, c->ev->e);
    for (int i = 0; t && i < l->n; i++) {
        if (!number_of(c, l->items[i], &((double *)t->data)[i])) return tensor_unref(t), false;
    }
    *out = value_tensor(t);
    return t != NULL;
}
