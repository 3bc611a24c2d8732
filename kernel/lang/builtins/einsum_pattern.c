/* Reading the pattern of einsum. */
#include "einsum_pattern.h"
#include "base/intern.h"
#include <ctype.h>
#include <string.h>

static bool in_name(char c, bool words) {
    if (isalpha((unsigned char)c)) return true;
    return words && (isdigit((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80);
}

static struct str trim(struct str s) {
    while (s.n && s.p[0] == ' ') s.p++, s.n--;
    while (s.n && s.p[s.n - 1] == ' ') s.n--;
    return s;
}

/* The text up to the next separator, which is passed. False when nothing is left. */
static bool next_piece(struct str *rest, const char *separator, struct str *piece) {
    if (!rest->p) return false;
    size_t n = strlen(separator), at = 0;
    while (at + n <= rest->n && memcmp(rest->p + at, separator, n) != 0) at++;
    bool last = at + n > rest->n;
    *piece = trim((struct str){rest->p, last ? rest->n : at});
    if (last) *rest = (struct str){NULL, 0};
    else *rest = (struct str){rest->p + at + n, rest->n - at - n};
    return true;
}

static int name_of(struct einsum_pattern *p, struct str s) {
    const char *name = intern(s);
    for (int i = 0; i < p->n_names; i++)
        if (p->names[i] == name) return i;
    if (p->n_names == EINSUM_NAMES) return -1;
    p->names[p->n_names] = name;
    return p->n_names++;
}

static bool bad_sign(struct str part, size_t at, struct err *e) {
    if (part.p[at] == '.') {
        err_set(e, ERR_ARGUMENT, "`...` cannot stand in the pattern of einsum.");
        return err_hint(e, "Write every axis: a letter or a word for each.");
    }
    err_set(e, ERR_ARGUMENT, "`%c` cannot stand in the pattern of einsum.", part.p[at]);
    return err_hint(e, "A letter for each axis, \"ij,jk->ik\", or a word for each, \"batch "
                       "feature, feature unit -> batch unit\".");
}

static bool read_part(struct str text, struct einsum_pattern *p, struct einsum_part *part,
                      struct err *e) {
    *part = (struct einsum_part){.text = text};
    for (size_t at = 0; at < text.n;) {
        size_t end = at;
        while (end < text.n && in_name(text.p[end], p->words) && (p->words || end == at)) end++;
        if (end == at && text.p[at] != ' ') return bad_sign(text, at, e);
        if (end == at) {
            at++;
            continue;
        }
        if (part->n == MAX_AXES)
            return err_set(e, ERR_ARGUMENT, "A tensor has at most %d axes.", MAX_AXES);
        int name = name_of(p, (struct str){text.p + at, end - at});
        if (name < 0)
            return err_set(e, ERR_ARGUMENT, "A pattern has at most %d different axes.",
                           EINSUM_NAMES);
        part->names[part->n++] = name;
        at = end;
    }
    return true;
}

/* Is there a space between two names of a part? */
static bool has_words(struct str text) {
    for (size_t i = 1; i + 1 < text.n; i++) {
        if (text.p[i] == ' ' && in_name(text.p[i - 1], true) && in_name(text.p[i + 1], true))
            return true;
    }
    return false;
}

static int times_in(const struct einsum_part *part, int name) {
    int n = 0;
    for (int i = 0; i < part->n; i++) n += part->names[i] == name;
    return n;
}

/* No "->": the letters that stand once, in the order of the alphabet. */
static void result_by_letters(struct einsum_pattern *p) {
    for (int code = (int)'A'; code <= (int)'z'; code++) {
        char c = (char)code;
        const char *letter = intern((struct str){&c, 1});
        for (int i = 0; i < p->n_names; i++) {
            int n = 0;
            for (int k = 0; k < p->n_parts; k++) n += times_in(&p->parts[k], i);
            if (p->names[i] == letter && n == 1 && p->result.n < MAX_AXES)
                p->result.names[p->result.n++] = i;
        }
    }
}

static bool check_result(const struct einsum_pattern *p, int n_before, struct err *e) {
    for (int i = 0; i < p->result.n; i++) {
        int name = p->result.names[i];
        if (name >= n_before)
            return err_set(e, ERR_ARGUMENT,
                           "`%s` stands behind -> only: which axis of which tensor is it?",
                           p->names[name]);
        if (times_in(&p->result, name) > 1)
            return err_set(e, ERR_ARGUMENT, "`%s` stands twice behind ->.", p->names[name]);
    }
    return true;
}

bool einsum_parse(struct str text, struct einsum_pattern *p, struct err *e) {
    *p = (struct einsum_pattern){.words = has_words(text)};
    struct str rest = text, before, behind = {NULL, 0}, piece;
    next_piece(&rest, "->", &before);
    bool arrow = next_piece(&rest, "->", &behind);
    if (rest.p) return err_set(e, ERR_ARGUMENT, "A pattern has one ->.");
    if (!arrow && p->words) {
        err_set(e, ERR_ARGUMENT, "The pattern does not say which axes the result has.");
        return err_hint(e, "Write them behind an arrow: \"batch feature, feature unit -> batch "
                           "unit\".");
    }
    while (next_piece(&before, ",", &piece)) {
        if (p->n_parts == EINSUM_PARTS)
            return err_set(e, ERR_ARGUMENT, "einsum multiplies at most %d tensors.", EINSUM_PARTS);
        TRY(read_part(piece, p, &p->parts[p->n_parts++], e));
    }
    int n_before = p->n_names;
    if (!arrow) return result_by_letters(p), true;
    TRY(read_part(behind, p, &p->result, e));
    return check_result(p, n_before, e);
}

uint32_t einsum_set(const struct einsum_part *p) {
    uint32_t set = 0;
    for (int i = 0; i < p->n; i++) set |= 1u << p->names[i];
    return set;
}
