/* The design's own programs are read, every tree is well formed, and changed programs give a tree
 * or a complete message: each token left out, doubled, or replaced by another. */
#include "golden.h"
#include "lang/syntax/lex.h"
#include "lang/syntax/syntax.h"
#include "base/pool.h"
#include "../../harness.h"

static struct {
    long trees, messages;
    int seen[SYN_N_IDS];
} counts;

struct walk {
    const struct program *program;
    struct span outer;
    int32_t nodes;
    unsigned char *ids;
};

static void check_node(struct walk *w, const struct ast *n);

static void check_list(struct walk *w, struct ast *const *list, int32_t n) {
    CHECK(n == 0 || list != NULL);
    for (int32_t i = 0; i < n; i++) check_node(w, list[i]);
}

/* Spans lie inside the parent's; ids are used once. */
static void check_node(struct walk *w, const struct ast *n) {
    if (!n) return;
    w->nodes++;
    bool inside = n->span.start >= w->outer.start && n->span.end <= w->outer.end &&
                  n->span.start <= n->span.end;
    bool key = n->key_span.start >= n->span.start && n->key_span.end <= n->span.end;
    bool id = n->id >= 0 && n->id < w->program->n_nodes && !w->ids[n->id];
    if (!inside || !key || !id) {
        fprintf(stderr, "node %d of kind %d: [%u:%u] in [%u:%u], key [%u:%u]\n", n->id, n->kind,
                n->span.start, n->span.end, w->outer.start, w->outer.end, n->key_span.start,
                n->key_span.end);
    }
    CHECK(inside && key && id);
    CHECK(n->span.source == w->program->source->id && n->height <= AST_MAX_HEIGHT);
    if (id) w->ids[n->id] = 1;
    struct span outer = w->outer;
    w->outer = n->span;
    check_node(w, n->a);
    check_node(w, n->b);
    check_node(w, n->c);
    check_list(w, n->list, n->n);
    check_list(w, n->names2, n->n_names2);
    check_list(w, n->body, n->n_body);
    check_list(w, n->orelse, n->n_orelse);
    w->outer = outer;
}

static void check_tree(const struct program *p) {
    struct walk w = {.program = p, .outer = {0, 0, (uint32_t)p->source->text.n}};
    w.ids = pool_zalloc((size_t)p->n_nodes + 1);
    check_list(&w, p->statements, p->n_statements);
    CHECK(w.nodes <= p->n_nodes);
    pool_free(w.ids);
}

static bool has_text(const char *s) {
    return s[0] && s[strlen(s) - 1] != ' ';
}

/* A tree, or a message with a sentence and a place in the text. */
static bool check_text(struct str text) {
    struct source *source = source_new(text, 1, NULL);
    struct syntax_failure f;
    struct err e = {0};
    struct program *program = parse_source(source, false, &f, &e);
    bool ok = program != NULL;
    if (ok) {
        counts.trees++;
        check_tree(program);
    } else {
        counts.messages++;
        counts.seen[f.id]++;
        bool whole = has_text(e.what) && has_text(e.label) && e.at.source == source->id &&
                     e.at.start <= e.at.end && e.at.end <= text.n && !strstr(e.what, "{0}") &&
                     !strstr(e.hint, "{0}") && !strstr(e.hint, "{1}") && !strstr(e.what, "{1}");
        if (!whole) fprintf(stderr, "%s: %s | %s\n", syntax_name(f.id), e.label, e.what);
        CHECK(whole);
    }
    program_unref(program);
    source_unref(source);
    return ok;
}

static const char *const replacements[] = {"(", ")",  "]",   ":",   "=",     ",",  "\n",    "\"",
                                           "x", "if", "1.5", "\n ", "train", "->", "class", "%"};

static void with_piece(struct str text, uint32_t start, uint32_t end, const char *piece) {
    struct text changed = {0};
    text_add(&changed, (struct str){text.p, start});
    text_adds(&changed, piece);
    text_add(&changed, (struct str){text.p + end, text.n - end});
    check_text(text_str(&changed));
    text_clear(&changed);
}

static void mutate(struct str text) {
    struct arena *arena = arena_new(1 << 20);
    struct lexer lx;
    CHECK(lex(&lx, text, 0, (uint32_t)text.n, LEX_CELL, arena));
    for (int32_t i = 0; i < lx.n; i++) {
        struct token t = lx.tokens[i];
        char copy[128];
        snprintf(copy, sizeof copy, "%.*s %.*s", (int)(t.end - t.start), text.p + t.start,
                 (int)(t.end - t.start), text.p + t.start);
        with_piece(text, t.start, t.end, "");
        with_piece(text, t.start, t.end, copy);
        with_piece(text, t.start, t.end, replacements[(size_t)i % ARRAY_LEN(replacements)]);
        with_piece(text, t.start, t.end,
                   replacements[(size_t)(i * 7 + 3) % ARRAY_LEN(replacements)]);
        check_text((struct str){text.p, t.end}); /* cut off */
    }
    lex_clear(&lx);
    arena_free(arena);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        struct text file = golden_file(argv[i]);
        CHECK(file.n > 0);
        if (!check_text(text_str(&file))) fprintf(stderr, "%s does not parse\n", argv[i]);
        CHECK_EQ(counts.messages, 0);
        text_clear(&file);
    }
    for (int i = 1; i < argc; i++) {
        struct text file = golden_file(argv[i]);
        mutate(text_str(&file));
        text_clear(&file);
    }
    int different = 0;
    for (int id = 0; id < SYN_N_IDS; id++) different += counts.seen[id] > 0;
    printf("%ld trees, %ld messages of %d kinds\n", counts.trees, counts.messages, different);
    CHECK(counts.trees > 1000 && counts.messages > 1000);
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
