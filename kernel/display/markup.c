/* TeX's notation for formulas, as pieces of text. */
#include "display/markup.h"
#include <string.h>

/* Commands and what they look like, relations with their spaces. Those of words (\log, \max) are
 * the words: whatever is not here is its name. */
static const struct command {
    const char *name, *shown;
} commands[] = {{"alpha", "α"},       {"beta", "β"},    {"gamma", "γ"},    {"delta", "δ"},
                {"epsilon", "ε"},     {"zeta", "ζ"},    {"eta", "η"},      {"theta", "θ"},
                {"iota", "ι"},        {"kappa", "κ"},   {"lambda", "λ"},   {"mu", "μ"},
                {"nu", "ν"},          {"xi", "ξ"},      {"pi", "π"},       {"rho", "ρ"},
                {"sigma", "σ"},       {"tau", "τ"},     {"phi", "φ"},      {"varphi", "φ"},
                {"chi", "χ"},         {"psi", "ψ"},     {"omega", "ω"},    {"Gamma", "Γ"},
                {"Delta", "Δ"},       {"Theta", "Θ"},   {"Lambda", "Λ"},   {"Xi", "Ξ"},
                {"Pi", "Π"},          {"Sigma", "Σ"},   {"Phi", "Φ"},      {"Psi", "Ψ"},
                {"Omega", "Ω"},       {"times", " × "}, {"cdot", "·"},     {"pm", "±"},
                {"mp", "∓"},          {"le", " ≤ "},    {"leq", " ≤ "},    {"ge", " ≥ "},
                {"geq", " ≥ "},       {"ne", " ≠ "},    {"neq", " ≠ "},    {"approx", " ≈ "},
                {"sim", " ∼ "},       {"equiv", " ≡ "}, {"propto", " ∝ "}, {"infty", "∞"},
                {"sum", "∑"},         {"prod", "∏"},    {"int", "∫"},      {"partial", "∂"},
                {"nabla", "∇"},       {"in", " ∈ "},    {"to", " → "},     {"rightarrow", " → "},
                {"leftarrow", " ← "}, {"circ", "∘"},    {"degree", "°"},   {"ldots", "…"},
                {"dots", "…"},        {"cdots", "⋯"},   {"ell", "ℓ"},      {"quad", " "},
                {"prime", "′"},       {"langle", "⟨"},  {"rangle", "⟩"},   {"forall", "∀"},
                {"exists", "∃"},      {"mid", " | "},   {"left", ""},      {"right", ""},
                {",", " "},           {";", " "},       {" ", " "},        {"%", "%"},
                {"$", "$"},           {"_", "_"},       {"{", "{"},        {"}", "}"},
                {"#", "#"},           {"&", "&"},       {"!", ""},         {"varepsilon", "ε"},
                {"top", "⊤"},         {"notin", " ∉ "}, {"subset", " ⊂ "}, {"cup", " ∪ "},
                {"cap", " ∩ "},       {"ll", " ≪ "},    {"gg", " ≫ "},     {"odot", " ⊙ "},
                {"otimes", " ⊗ "},    {"oplus", " ⊕ "}, {"ast", "∗"},      {"|", "‖"}};

/* Marks over the letter before them, as combining characters. */
static const struct command accents[] = {{"hat", "\xcc\x82"},     {"bar", "\xcc\x84"},
                                         {"tilde", "\xcc\x83"},   {"dot", "\xcc\x87"},
                                         {"vec", "\xe2\x83\x97"}, {"overline", "\xcc\x85"}};
static const char *const upright[] = {"mathrm", "text",    "mathbf",     "mathit", "operatorname",
                                      "mathbb", "mathcal", "boldsymbol", "bm"};

struct reader {
    struct markup *m;
    struct str s;
    size_t at;
    int depth;
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Where the formula that opens at `i` closes, or s.n: TeX's and Pandoc's rule, so that "$5 and $6"
 * is money. */
static size_t closing(struct str s, size_t i) {
    if (i + 1 >= s.n || s.p[i + 1] == ' ' || s.p[i + 1] == '$') return s.n;
    for (size_t k = i + 1; k < s.n; k++) {
        if (s.p[k] == '\\') k++;
        else if (s.p[k] == '$') {
            bool digit = k + 1 < s.n && s.p[k + 1] >= '0' && s.p[k + 1] <= '9';
            return s.p[k - 1] == ' ' || digit ? s.n : k;
        }
    }
    return s.n;
}

bool markup_is_needed(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '$' && closing(s, i) < s.n) return true;
    return false;
}

/* ---- writing ---- */

static void add(struct markup *m, struct str s, int level, bool slanted) {
    if (s.n > 0 && s.p[0] == ' ' && m->used > 0 && m->bytes[m->used - 1] == ' ') s.p++, s.n--;
    if (s.n == 0 || m->used + s.n > MARKUP_BYTES) return;
    char *to = m->bytes + m->used;
    memcpy(to, s.p, s.n);
    m->used += s.n;
    struct markup_piece *last = m->n > 0 ? &m->pieces[m->n - 1] : NULL;
    bool joins = last && last->level == level && last->slanted == slanted;
    if (joins && last->s.p + last->s.n == to) last->s.n += s.n;
    else if (m->n < MARKUP_MAX)
        m->pieces[m->n++] = (struct markup_piece){{to, s.n}, level, slanted};
}

static void read_group(struct reader *r, int level, bool slanted);

static const char *shown(const struct command *all, size_t n, struct str name) {
    for (size_t i = 0; i < n; i++)
        if (str_is(name, all[i].name)) return all[i].shown;
    return NULL;
}

/* Where the group that opens at `i` ends, or the end. */
static size_t group_end(struct str s, size_t i) {
    for (int depth = 0; i < s.n; i++) {
        if (s.p[i] == '\\') i++;
        else if (s.p[i] == '{') depth++;
        else if (s.p[i] == '}' && --depth == 0) return i;
    }
    return s.n;
}

/* Would the group at r->at be read otherwise without its braces? A sum would; under a fraction or a
 * root a product that begins with a number as well. */
static bool needs_brackets(const struct reader *r, bool product_too) {
    if (r->at >= r->s.n || r->s.p[r->at] != '{') return false;
    size_t begin = r->at + 1, end = group_end(r->s, r->at);
    bool number = begin < end && r->s.p[begin] >= '0' && r->s.p[begin] <= '9';
    int depth = 0;
    for (size_t i = begin; i < end; i++) {
        char c = r->s.p[i];
        if (strchr("({[", c)) depth++;
        else if (strchr(")}]", c)) depth--;
        else if (depth > 0) continue;
        else if (i > begin && strchr("+-=/", c)) return true;
        else if (product_too && number && (is_letter(c) || c == '\\')) return true;
    }
    return false;
}

static void read_bracketed(struct reader *r, int level, bool slanted, bool product_too) {
    bool brackets = needs_brackets(r, product_too);
    if (brackets) add(r->m, STR("("), level, false);
    read_group(r, level, slanted);
    if (brackets) add(r->m, STR(")"), level, false);
}

/* \frac{a}{b} as a/b. */
static void read_fraction(struct reader *r, int level, bool slanted) {
    read_bracketed(r, level, slanted, false);
    add(r->m, STR("/"), level, false);
    read_bracketed(r, level, slanted, true);
}

/* TeX skips the spaces behind a command; here they part words, and what stands beside a sign. */
static void skip_spaces(struct reader *r, bool word) {
    size_t i = r->at;
    while (i < r->s.n && r->s.p[i] == ' ') i++;
    bool joins = i < r->s.n && (is_letter(r->s.p[i]) || strchr("\\{0123456789", r->s.p[i]));
    if (joins && !word) r->at = i;
}

static void read_command(struct reader *r, int level, bool slanted) {
    size_t begin = ++r->at;
    while (r->at < r->s.n && is_letter(r->s.p[r->at])) r->at++;
    if (r->at == begin && r->at < r->s.n) r->at++; /* \% */
    struct str name = {r->s.p + begin, r->at - begin};
    const char *accent = shown(accents, ARRAY_LEN(accents), name);
    const char *sign = shown(commands, ARRAY_LEN(commands), name);
    bool over = accent || str_is(name, "frac") || str_is(name, "sqrt");
    for (size_t i = 0; i < ARRAY_LEN(upright); i++)
        if (str_is(name, upright[i])) over = true, slanted = false;
    if (name.n > 0 && is_letter(name.p[0])) skip_spaces(r, !sign && !over);
    if (str_is(name, "frac")) {
        read_fraction(r, level, slanted);
    } else if (str_is(name, "sqrt")) {
        add(r->m, STR("√"), level, false);
        read_bracketed(r, level, slanted, true);
    } else if (over) {
        read_group(r, level, slanted);
        if (accent) add(r->m, str_of(accent), level, slanted);
    } else {
        add(r->m, sign ? str_of(sign) : name, level, false);
    }
}

/* One character of UTF-8, letters slanting. */
static void read_character(struct reader *r, int level, bool slanted) {
    size_t n = 1;
    while (r->at + n < r->s.n && ((unsigned char)r->s.p[r->at + n] & 0xc0) == 0x80) n++;
    struct str one = {r->s.p + r->at, n};
    r->at += n;
    if (one.p[0] == '-') add(r->m, STR("−"), level, false);
    else add(r->m, one, level, slanted && is_letter(one.p[0]));
}

/* The next thing: {…}, a command, or one character. */
static void read_group(struct reader *r, int level, bool slanted) {
    if (r->at >= r->s.n || r->depth > 20) return;
    char c = r->s.p[r->at];
    r->depth++;
    if (c == '{') {
        r->at++;
        while (r->at < r->s.n && r->s.p[r->at] != '}') read_group(r, level, slanted);
        if (r->at < r->s.n) r->at++;
    } else if (c == '\\') {
        read_command(r, level, slanted);
    } else if (c == '^' || c == '_') {
        r->at++;
        read_group(r, c == '^' ? 1 : -1, slanted);
    } else if (c == '}') {
        r->at++;
    } else {
        read_character(r, level, slanted);
    }
    r->depth--;
    if (r->depth > 20) r->at = r->s.n;
}

void markup_parse(struct markup *m, struct str s) {
    m->n = 0;
    m->used = 0;
    size_t plain = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '$') continue;
        size_t end = closing(s, i);
        if (end == s.n) continue;
        add(m, (struct str){s.p + plain, i - plain}, 0, false);
        struct reader r = {.m = m, .s = {s.p, end}, .at = i + 1};
        while (r.at < end) {
            size_t before = r.at;
            read_group(&r, 0, true);
            if (r.at == before) r.at++;
        }
        plain = end + 1;
        i = end;
    }
    add(m, (struct str){s.p + plain, s.n - plain}, 0, false);
}
