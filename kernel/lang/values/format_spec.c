/* Format codes of f-strings: the part of Python's mini-language that numbers and texts need:
 * [[fill]align][sign][#][0][width][,|_][.precision][type]. */
#include "format.h"
#include "digits.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spec {
    struct str fill; /* one code point */
    char align;      /* < > ^ = or 0 */
    char sign;       /* + - space */
    bool alternate;  /* # */
    bool zero;
    int width;
    char group;    /* , _ or 0 */
    int precision; /* -1 = none */
    char type;     /* 0 = by kind */
};

static size_t code_point_bytes(const char *p, size_t n) {
    size_t k = 1;
    while (k < n && ((unsigned char)p[k] & 0xC0) == 0x80) k++;
    return k;
}

static int code_points(struct str s) {
    int n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static bool is_align(char c) {
    return c == '<' || c == '>' || c == '^' || c == '=';
}

static int read_int(struct str *s, int missing) {
    if (!s->n || s->p[0] < '0' || s->p[0] > '9') return missing;
    int x = 0;
    while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        if (x < 10000) x = x * 10 + (s->p[0] - '0');
        s->p++;
        s->n--;
    }
    return x;
}

static bool take(struct str *s, const char *set, char *out) {
    if (!s->n || !s->p[0] || !strchr(set, s->p[0])) return false;
    *out = s->p[0];
    s->p++;
    s->n--;
    return true;
}

static bool spec_parse(struct str s, struct spec *f, struct err *e) {
    struct str all = s;
    *f = (struct spec){.fill = STR(" "), .sign = '-', .precision = -1};
    size_t k = s.n ? code_point_bytes(s.p, s.n) : 0;
    if (k && k < s.n && is_align(s.p[k])) {
        f->fill = (struct str){s.p, k};
        f->align = s.p[k];
        s.p += k + 1;
        s.n -= k + 1;
    } else {
        take(&s, "<>^=", &f->align);
    }
    char ignored;
    take(&s, "+- ", &f->sign);
    f->alternate = take(&s, "#", &ignored);
    f->zero = take(&s, "0", &ignored);
    f->width = read_int(&s, 0);
    take(&s, ",_", &f->group);
    if (take(&s, ".", &ignored)) f->precision = read_int(&s, 6);
    take(&s, "deEfFgGnsxXob%", &f->type);
    if (s.n == 0 && f->width <= 1000 && f->precision <= 60) return true;
    err_set(e, ERR_VALUE, "\"%.*s\" is not a format code.", (int)all.n, all.p);
    return err_hint(e, "Common ones: .3f (three decimals), .1%% (percent), , (thousands), >10 (to "
                       "the right in ten columns), .3g (three digits), e (powers of ten).");
}

/* Digits of the whole part in groups of three. */
static void add_grouped(struct str digits, char group, struct text *out) {
    size_t whole = 0;
    while (whole < digits.n && digits.p[whole] >= '0' && digits.p[whole] <= '9') whole++;
    for (size_t i = 0; i < digits.n; i++) {
        if (i && i < whole && (whole - i) % 3 == 0) text_addc(out, group);
        text_addc(out, digits.p[i]);
    }
}

static void binary_digits(uint64_t u, char *out) {
    int n = 1;
    while (n < 64 && u >> n) n++;
    for (int i = 0; i < n; i++) out[i] = (char)('0' + (u >> (n - 1 - i) & 1));
    out[n] = 0;
}

static void whole_digits(struct value v, const struct spec *f, char *out, size_t cap) {
    int64_t i = v.kind == V_INT ? v.integer : v.boolean;
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    const char *before = f->type == 'b'   ? "0b"
                         : f->type == 'o' ? "0o"
                         : f->type == 'x' ? "0x"
                                          : "0X";
    bool based = f->type && strchr("boxX", f->type);
    if (f->alternate && based) {
        memcpy(out, before, 2);
        out += 2;
        cap -= 2;
    }
    if (f->type == 'x') snprintf(out, cap, "%" PRIx64, u);
    else if (f->type == 'X') snprintf(out, cap, "%" PRIX64, u);
    else if (f->type == 'o') snprintf(out, cap, "%" PRIo64, u);
    else if (f->type == 'b') binary_digits(u, out);
    else digits_whole(u, out);
}

/* A precision without a type: as g, but always with a point or an exponent. */
static void float_digits(double x, int precision, char *out, size_t cap) {
    int p = precision > 0 ? precision : 1;
    snprintf(out, cap, "%.*e", p - 1, x);
    char *mark = strchr(out, 'e');
    long exponent = mark ? strtol(mark + 1, NULL, 10) : 0;
    if (mark && (exponent < -4 || exponent >= p - 1)) {
        char *end = mark;
        while (memchr(out, '.', (size_t)(mark - out)) && (end[-1] == '0' || end[-1] == '.')) {
            bool point = *--end == '.';
            if (point) break;
        }
        memmove(end, mark, strlen(mark) + 1);
        return;
    }
    snprintf(out, cap, "%.*g", p, x);
    size_t n = strlen(out);
    if (!strpbrk(out, ".e") && n + 3 < cap) memcpy(out + n, ".0", 3);
}

static void real_print(char type, bool alternate, int precision, double x, char *out, size_t cap) {
    switch (type) {
    case 'f':
    case 'F':
        if (!alternate && digits_fixed(x, precision, out)) return;
        snprintf(out, cap, alternate ? "%#.*f" : "%.*f", precision, x);
        break;
    case 'e': snprintf(out, cap, alternate ? "%#.*e" : "%.*e", precision, x); break;
    case 'E': snprintf(out, cap, alternate ? "%#.*E" : "%.*E", precision, x); break;
    case 'G': snprintf(out, cap, alternate ? "%#.*G" : "%.*G", precision, x); break;
    default: snprintf(out, cap, alternate ? "%#.*g" : "%.*g", precision, x); break;
    }
}

static void real_digits(double x, const struct spec *f, char *out, size_t cap) {
    char type = f->type;
    int precision = f->precision < 0 ? 6 : f->precision;
    bool small = type != 'E' && type != 'F' && type != 'G';
    if (isnan(x) || isinf(x)) {
        snprintf(out, cap, "%s", isnan(x) ? small ? "nan" : "NAN" : small ? "inf" : "INF");
        return;
    }
    if (type == 0 && f->precision < 0) { /* as print shows it */
        struct text t = {0};
        value_print(value_float(x), &t);
        snprintf(out, cap, "%s", t.p ? t.p : "");
        text_clear(&t);
        return;
    }
    if (type == 0) {
        float_digits(x, precision, out, cap);
        return;
    }
    if (type == '%') x *= 100;
    real_print(type == '%' ? 'f' : type, f->alternate, precision, x, out, cap);
    size_t n = strlen(out);
    if (type == '%' && n + 2 < cap) memcpy(out + n, "%", 2);
}

static void digits_of(struct value v, const struct spec *f, char *out, size_t cap) {
    bool whole = v.kind != V_FLOAT && (f->type == 0 || strchr("dnboxX", f->type));
    if (whole) whole_digits(v, f, out, cap);
    else real_digits(fabs(value_number(v)), f, out, cap);
}

static bool format_number(struct value v, const struct spec *f, struct text *body) {
    char digits[512];
    digits_of(v, f, digits, sizeof digits);
    double x = value_number(v);
    if (x < 0 || (x == 0 && signbit(x) && v.kind == V_FLOAT)) text_addc(body, '-');
    else if (f->sign != '-') text_addc(body, f->sign);
    if (f->group) return add_grouped(str_of(digits), f->group, body), true;
    return text_adds(body, digits);
}

static void add_fill(const struct spec *f, int n, struct text *out) {
    for (int i = 0; i < n; i++) text_add(out, f->fill);
}

static void pad(struct str body, const struct spec *f, char align, struct text *out) {
    int missing = f->width - code_points(body);
    if (missing <= 0) {
        text_add(out, body);
        return;
    }
    if (align == '=') {
        bool has_sign = body.n && (body.p[0] == '-' || body.p[0] == '+' || body.p[0] == ' ');
        text_add(out, (struct str){body.p, has_sign});
        add_fill(f, missing, out);
        text_add(out, (struct str){body.p + has_sign, body.n - has_sign});
        return;
    }
    int left = align == '>' ? missing : align == '^' ? missing / 2 : 0;
    add_fill(f, left, out);
    text_add(out, body);
    add_fill(f, missing - left, out);
}

/* The first n code points. */
static void cut(struct text *t, int n) {
    size_t at = 0;
    for (; n > 0 && at < t->n; n--) at += code_point_bytes(t->p + at, t->n - at);
    if (at < t->n) t->n = at;
}

bool format_value(struct value v, struct str spec, struct text *out, struct err *e) {
    if (spec.n == 0) return value_print(v, out), true;
    struct spec f;
    TRY(spec_parse(spec, &f, e));
    bool number = value_is_number(v);
    if (!number && f.type && f.type != 's') {
        err_set(e, ERR_VALUE, "The format code \"%.*s\" is for single numbers, and this is %s.",
                (int)spec.n, spec.p, value_kind_words(v.kind));
        return false;
    }
    if (v.kind == V_FLOAT && f.type && strchr("dboxX", f.type)) {
        err_set(e, ERR_VALUE, "The format code \"%.*s\" is for whole numbers.", (int)spec.n,
                spec.p);
        return err_hint(e, "Use .0f for no decimals, or int(…) to cut them off.");
    }
    if (number && f.type == 's')
        return err_set(e, ERR_VALUE, "The format code \"%.*s\" is for texts, and this is %s.",
                       (int)spec.n, spec.p, value_kind_words(v.kind));
    if (number && f.width == 0) return format_number(v, &f, out) || err_memory(e, out->n);
    struct text body = {0};
    if (number && f.type != 's') format_number(v, &f, &body);
    else value_print(v, &body);
    if (!number && f.precision >= 0) cut(&body, f.precision);
    if (f.zero && !f.align) {
        f.fill = STR("0");
        f.align = '=';
    }
    char align = f.align ? f.align : number ? '>' : '<';
    pad(text_str(&body), &f, align, out);
    text_clear(&body);
    return true;
}
