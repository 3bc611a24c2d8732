/* For consoles: is this text a whole cell, or does it go on? Uses no names table, so that it may be
 * asked while a cell runs. */
#include "parser.h"

enum { INDENT_STEP = 4 };

/* The last line that holds more than spaces or a comment; empty if there is none. */
static struct str last_line(struct str text, bool *blank_follows) {
    size_t end = text.n;
    *blank_follows = false;
    while (end > 0) {
        size_t start = end;
        while (start > 0 && text.p[start - 1] != '\n') start--;
        size_t at = start;
        while (at < end && (text.p[at] == ' ' || text.p[at] == '\t' || text.p[at] == '\r')) at++;
        if (at < end && text.p[at] != '#') return (struct str){text.p + start, end - start};
        if (at == end && start > 0) *blank_follows = true;
        if (start == 0) break;
        end = start - 1;
    }
    return (struct str){text.p, 0};
}

static int indentation(struct str line) {
    size_t n = 0;
    while (n < line.n && line.p[n] == ' ') n++;
    return n < 1000 ? (int)n : 1000;
}

/* The last character that is neither space nor comment, by a look that is good enough for a hint.
 */
static char last_character(struct str line) {
    size_t end = line.n;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '#') {
            end = i;
            break;
        }
    }
    while (end > 0 && (line.p[end - 1] == ' ' || line.p[end - 1] == '\r')) end--;
    return end ? line.p[end - 1] : 0;
}

static bool ends_block(struct str line) {
    static const char *const words[] = {"return", "pass", "break", "continue"};
    struct str rest = {line.p + indentation(line), line.n - (size_t)indentation(line)};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_starts(rest, words[i])) return true;
    }
    return false;
}

/* Where the next line starts: deeper after an opening, one step out after return. */
static int next_indent(struct str line) {
    int now = indentation(line);
    char last = last_character(line);
    if (last == ':' || last == '(' || last == '[' || last == '{') return now + INDENT_STEP;
    if (ends_block(line)) return now > INDENT_STEP ? now - INDENT_STEP : 0;
    return now;
}

static bool has_block(const struct ast *n) {
    if (n->kind == AST_ASSIGN) n = n->a;
    return n->n_body > 0 || n->n_orelse > 0;
}

enum completeness parse_completeness(struct str text, int *indent) {
    /* a source of our own, outside the list that the running cell's thread uses */
    struct source source = {.id = UINT32_MAX, .refs = 1, .text = text};
    struct syntax_failure failure;
    struct err e = {0};
    bool blank_follows;
    struct str line = last_line(text, &blank_follows);
    *indent = 0;
    struct program *program = parse_source(&source, true, &failure, &e);
    if (!program) {
        if (!failure.at_end) return CELL_INVALID;
        *indent = failure.id == SYN_UNCLOSED_TEXT3 ? 0 : next_indent(line);
        return CELL_INCOMPLETE;
    }
    int32_t n = program->n_statements;
    bool in_block = n > 0 && has_block(program->statements[n - 1]) && indentation(line) > 0;
    program_unref(program);
    if (!in_block || blank_follows) return CELL_COMPLETE;
    *indent = next_indent(line);
    return CELL_INCOMPLETE;
}
