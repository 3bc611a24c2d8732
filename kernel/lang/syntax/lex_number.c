/* Numbers, percentages and sizes: 1_000, 0.5, .5, 1e-3, 20%, 3x3. A % belongs to the number when it
 * touches it and no operand follows; then 7%3 and 7 % 3 stay remainders. */
#include "lex.h"
#include <string.h>

static char peek(const struct lexer *lx, uint32_t at) {
    return at < lx->end ? lx->text.p[at] : 0;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static uint32_t digits(const struct lexer *lx, uint32_t at) {
    while (is_digit(peek(lx, at)) ||
           (peek(lx, at) == '_' && is_digit(peek(lx, at + 1)) && is_digit(peek(lx, at - 1)))) {
        at++;
    }
    return at;
}

/* Fraction and exponent after the leading digits. */
static uint32_t rest_of_float(const struct lexer *lx, uint32_t at) {
    if (peek(lx, at) == '.') {
        uint32_t stop = digits(lx, at + 1);
        bool is_field = stop == at + 1 && name_length(lx->text.p + at + 1, lx->end - at - 1) > 0;
        char e = peek(lx, at + 1), sign = peek(lx, at + 2);
        bool exponent =
            (e == 'e' || e == 'E') &&
            (is_digit(sign) || ((sign == '+' || sign == '-') && is_digit(peek(lx, at + 3))));
        if (!is_field || exponent) at = stop;
        if (peek(lx, at) == '.' && at + 1 < lx->end && peek(lx, at + 1) == '.') return at;
    }
    char e = peek(lx, at);
    if (e != 'e' && e != 'E') return at;
    uint32_t from = at + 1;
    if (peek(lx, from) == '+' || peek(lx, from) == '-') from++;
    return is_digit(peek(lx, from)) ? digits(lx, from) : at;
}

static const char *const no_operand[] = {"if", "else", "for", "and", "or", "in", "not", "as"};

/* Can what follows the % be the right side of a remainder? Spaces count only between them. */
static bool operand_follows(const struct lexer *lx, uint32_t after) {
    uint32_t at = after;
    bool inside = lx->n_brackets > 0 || lx->mode == LEX_FIELD;
    while (peek(lx, at) == ' ' || peek(lx, at) == '\t' || peek(lx, at) == '\r' ||
           (inside && peek(lx, at) == '\n')) {
        at++;
    }
    char c = peek(lx, at);
    if (at >= lx->end) return false;
    if (is_digit(c) || (c && strchr("([{\"'", c))) return true;
    if (c == '.') {
        if (is_digit(peek(lx, at + 1))) return true;
        return at > after && name_length(lx->text.p + at + 1, lx->end - at - 1) > 0;
    }
    struct str s = {lx->text.p + at, name_length(lx->text.p + at, lx->end - at)};
    for (size_t i = 0; i < ARRAY_LEN(no_operand); i++) {
        if (str_is(s, no_operand[i])) return false;
    }
    return s.n > 0;
}

/* 7%-3: a remainder by -3, or 7 percent minus 3? Nobody should have to guess. */
static bool is_unclear(const struct lexer *lx, uint32_t after) {
    char c = peek(lx, after), next = peek(lx, after + 1);
    return (c == '-' || c == '+' || c == '~') && next && !strchr(" \t\r\n=", next);
}

static bool number_end(struct lexer *lx, uint32_t start, uint32_t stop) {
    if (peek(lx, stop) != '%' || peek(lx, stop + 1) == '=' || operand_follows(lx, stop + 1)) {
        lex_push(lx, TOK_NUMBER, start, stop);
        lx->at = stop;
        return true;
    }
    if (is_unclear(lx, stop + 1)) {
        struct str s = {lx->text.p + start, stop - start};
        const char *number = arena_strdup(lx->arena, s);
        lex_fail_with(lx, SYN_PERCENT_UNCLEAR, start, stop + 2, number);
        lx->failure.args[1] = (struct str){lx->text.p + stop + 1, 1};
        lx->failure.n_args = 2;
        return true;
    }
    lex_push(lx, TOK_PERCENT_NUMBER, start, stop + 1);
    lx->at = stop + 1;
    return true;
}

/* 3x3 and 7x7x64; the length so far is 0 when this is no size. */
static uint32_t size_end(const struct lexer *lx, uint32_t at) {
    uint32_t stop = 0;
    while (peek(lx, at) == 'x' && is_digit(peek(lx, at + 1))) {
        at++;
        while (is_digit(peek(lx, at))) at++;
        stop = at;
    }
    return stop;
}

static bool is_based(const struct lexer *lx, uint32_t start, uint32_t stop) {
    char c = peek(lx, stop);
    return stop == start + 1 && peek(lx, start) == '0' && c && strchr("xXbBoO", c) &&
           name_length(lx->text.p + stop, lx->end - stop) > 1;
}

/* A letter touches the number: 5epochs, 2x, 0x1F, 3j, 1_. */
static bool letters_follow(struct lexer *lx, uint32_t start, uint32_t stop) {
    uint32_t n = name_length(lx->text.p + stop, lx->end - stop);
    enum syntax_id id = is_based(lx, start, stop) ? SYN_NUMBER_BASE : SYN_NUMBER_LETTERS;
    struct str name = {lx->text.p + stop, n};
    if (str_is(name, "j") || str_is(name, "J")) id = SYN_NUMBER_COMPLEX;
    if (name.p[0] == '_') id = SYN_NUMBER_UNDERSCORE;
    lex_fail(lx, id, start, stop + n);
    lx->failure.args[0] = (struct str){lx->text.p + start, stop - start};
    lx->failure.args[1] = name;
    lx->failure.n_args = 2;
    return true;
}

bool lex_number(struct lexer *lx) {
    uint32_t start = lx->at;
    char c = peek(lx, start);
    if (!is_digit(c) && !(c == '.' && is_digit(peek(lx, start + 1)))) return false;
    uint32_t whole = digits(lx, start), stop = rest_of_float(lx, whole);
    uint32_t size = stop == whole && !is_based(lx, start, whole) ? size_end(lx, whole) : 0;
    if (size) stop = size;
    bool leading_zero = !size && stop == whole && c == '0' && stop > start + 1;
    for (uint32_t i = start; leading_zero && i < stop; i++) {
        if (lx->text.p[i] != '0') return lex_fail(lx, SYN_LEADING_ZERO, start, stop);
    }
    bool thousands = leading_zero && stop - start == 3 && start >= 2 &&
                     lx->text.p[start - 1] == ',' && is_digit(lx->text.p[start - 2]);
    if (thousands) return lex_fail(lx, SYN_THOUSANDS, start - 1, stop);
    bool letters = name_length(lx->text.p + stop, lx->end - stop) > 0;
    if (letters) return letters_follow(lx, start, stop);
    if (size) {
        lex_push(lx, TOK_SIZE, start, stop);
        lx->at = stop;
        return true;
    }
    return number_end(lx, start, stop);
}
