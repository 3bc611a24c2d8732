/* Names that a half-written cell gives, found in its text. */
#include "complete_parts.h"
#include "lang/syntax/lex.h"
#include <string.h>

struct scan {
    struct str code;
    uint32_t to;
    void (*take)(void *user, struct str name);
    void *user;
};

static uint32_t skip_blanks(const struct scan *s, uint32_t at) {
    while (at < s->to && s->code.p[at] == ' ') at++;
    return at;
}

/* Do these bytes end before `at`, as a word of their own? */
static bool stands_before(const struct scan *s, uint32_t at, const char *word) {
    size_t n = strlen(word);
    if (at < n || memcmp(s->code.p + at - n, word, n) != 0) return false;
    return at == n || strchr(" \n(", s->code.p[at - n - 1]);
}

static bool begins(const struct scan *s, uint32_t at, const char *word) {
    return at + strlen(word) <= s->to && memcmp(s->code.p + at, word, strlen(word)) == 0;
}

/* Is the name at [at, end) given here, as x = …, for x in …, input x: …, weight x: …? The brackets
 * around it are calls and indices: f(x=1) gives nothing. */
static bool is_given(const struct scan *s, uint32_t at, uint32_t end, int depth) {
    uint32_t next = skip_blanks(s, end);
    bool assigned = next + 1 < s->to && s->code.p[next] == '=' && s->code.p[next + 1] != '=';
    bool listed = next < s->to && s->code.p[next] == ',' && depth == 0;
    bool looped = begins(s, next, "in ") && (at == 0 || s->code.p[at - 1] == ' ');
    bool described =
        begins(s, next, ":") && (stands_before(s, at, "input ") || stands_before(s, at, "weight "));
    return (assigned && depth == 0) || looped || described || (listed && begins(s, end, ", "));
}

/* The parameters of def, model and lambda: up to the colon, each before a comma, =, : or bracket.
 */
static uint32_t take_parameters(const struct scan *s, uint32_t at, bool lambda) {
    int depth = 0;
    bool name_may_come = lambda;
    while (at < s->to && s->code.p[at] != '\n') {
        uint32_t n = name_length(s->code.p + at, s->to - at);
        if (n && name_may_come) s->take(s->user, (struct str){s->code.p + at, n});
        char ch = s->code.p[at];
        if (n == 0 && strchr("([{", ch)) depth++;
        if (n == 0 && strchr(")]}", ch)) depth--;
        if (n == 0 && ch != ' ') name_may_come = depth == (lambda ? 0 : 1) && strchr("(,>", ch);
        if (n) name_may_come = false;
        if (ch == ':' && depth == 0) break;
        if (ch == ')' && depth == 0) break;
        at += n ? n : 1;
    }
    return at;
}

void complete_made_names(struct str code, uint32_t from, uint32_t to,
                         void (*take)(void *user, struct str name), void *user) {
    struct scan s = {code, to, take, user};
    int depth = 0;
    for (uint32_t at = from; at < to;) {
        uint32_t n = name_length(code.p + at, to - at);
        if (n == 0) {
            if (strchr("([{", code.p[at])) depth++;
            if (strchr(")]}", code.p[at]) && depth > 0) depth--;
            if (code.p[at] == '\n' && at + 1 < to && !strchr(" )]}", code.p[at + 1])) depth = 0;
            at++;
            continue;
        }
        struct str name = {code.p + at, n};
        bool header = str_is(name, "def") || str_is(name, "model");
        if (header || str_is(name, "lambda")) {
            at += n;
            if (header) at = skip_blanks(&s, at), at += name_length(code.p + at, to - at);
            at = take_parameters(&s, at, !header);
            continue;
        }
        if (str_is(name, "step") && (at == 0 || strchr(" \n", code.p[at - 1]))) {
            at = take_parameters(&s, at + n, true);
            continue;
        }
        bool field = at > 0 && code.p[at - 1] == '.';
        if (!field && is_given(&s, at, at + n, depth)) take(user, name);
        at += n;
    }
}
