/* Fuzz target: cells. Lexer, parser, the trees' printer, the views of mistakes, and what consoles
 * and editors ask. Every text gives a tree or a complete message. The first byte says where the
 * cursor stands. */
#include "target.h"
#include "display/error_view.h"
#include "lang/syntax/parse.h"
#include <stdlib.h>
#include <string.h>

static void look_at_error(const struct err *e, const struct source *source) {
    bool placed =
        e->at.source == source->id && e->at.start <= e->at.end && e->at.end <= source->text.n;
    if (!e->what[0] || !e->label[0] || !placed) abort();
    struct text view = {0};
    error_view_text(e, true, &view);
    error_view_line(e, &view);
    if (view.n == 0 || view.failed) abort();
    text_clear(&view);
}

static void look_at_cursor(struct str text, uint32_t offset) {
    struct cursor_context c = parse_cursor(text, offset);
    if (c.start > c.end || c.end > text.n || c.prefix.n > c.end - c.start) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (n == 0) return 0;
    struct str text = {(const char *)bytes + 1, n - 1};
    struct source *source = source_new(text, 1, NULL);
    if (!source) return 0;
    struct err e = {0};
    struct program *program = parse(source, &e);
    if (program) {
        struct text tree = {0};
        ast_print(program, &tree);
        text_clear(&tree);
    } else {
        look_at_error(&e, source);
    }
    int indent = 0;
    enum completeness whole = parse_completeness(text, &indent);
    if (indent < 0 || (whole == CELL_INVALID && program) || (whole == CELL_COMPLETE && !program)) {
        abort();
    }
    look_at_cursor(text, (uint32_t)(bytes[0] * (n - 1) / 255));
    program_unref(program);
    source_unref(source);
    return 0;
}
