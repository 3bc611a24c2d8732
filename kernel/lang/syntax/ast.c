/* Programs: counted trees in their own arena; and trees as text for tests. */
#include "parse.h"
#include "base/pool.h"

struct program *program_ref(struct program *p) {
    p->refs++;
    return p;
}

void program_unref(struct program *p) {
    if (!p || --p->refs > 0) return;
    source_unref(p->source);
    arena_free(p->arena);
    pool_free(p);
}

static const char *const kinds[AST_N_KINDS] = {
    [AST_NUMBER] = "number",
    [AST_SIZE] = "size",
    [AST_TEXT] = "text",
    [AST_FTEXT] = "ftext",
    [AST_FIELD] = "field",
    [AST_TRUE] = "True",
    [AST_FALSE] = "False",
    [AST_NONE] = "None",
    [AST_NAME] = "name",
    [AST_COLUMN] = "column",
    [AST_LIST] = "list",
    [AST_TUPLE] = "tuple",
    [AST_RECORD] = "record",
    [AST_PAIR_FIELD] = "key",
    [AST_LISTCOMP] = "comprehension",
    [AST_FOR_PART] = "for",
    [AST_LAMBDA] = "lambda",
    [AST_ARROW] = "->",
    [AST_SPOILED] = "spoiled",
    [AST_TERNARY] = "if-else",
    [AST_AND] = "and",
    [AST_OR] = "or",
    [AST_NOT] = "not",
    [AST_COMPARE] = "compare",
    [AST_BINARY] = "binary",
    [AST_UNARY] = "unary",
    [AST_CALL] = "call",
    [AST_ARG] = "arg",
    [AST_ATTRIBUTE] = "field-of",
    [AST_INDEX] = "index",
    [AST_SUBSCRIPT] = "subscript",
    [AST_SLICE] = "slice",
    [AST_SHAPE] = "shape",
    [AST_DIM] = "dim",
    [AST_EXPR] = "expression",
    [AST_ASSIGN] = "assign",
    [AST_AUGMENT] = "augment",
    [AST_RETURN] = "return",
    [AST_ASSERT] = "assert",
    [AST_IMPORT] = "import",
    [AST_BREAK] = "break",
    [AST_CONTINUE] = "continue",
    [AST_PASS] = "pass",
    [AST_UPDATE] = "update",
    [AST_DEF] = "def",
    [AST_PARAM] = "param",
    [AST_IF] = "if",
    [AST_FOR] = "for-loop",
    [AST_WHILE] = "while",
    [AST_MODEL] = "model",
    [AST_INPUT] = "input",
    [AST_WEIGHT] = "weight",
    [AST_OUTPUT] = "output",
    [AST_TRAIN] = "train",
    [AST_SETTING] = "setting",
    [AST_STEP] = "step",
    [AST_EACH] = "each",
    [AST_SEARCH] = "search",
    [AST_OVER] = "over",
    [AST_TRIAL] = "trial",
    [AST_PLOT] = "plot",
    [AST_MAGIC] = "magic",
};

static const char *const ops[] = {
    [AST_OP_ADD] = "+",       [AST_OP_SUB] = "-",   [AST_OP_MUL] = "*",         [AST_OP_DIV] = "/",
    [AST_OP_FLOORDIV] = "//", [AST_OP_MOD] = "%",   [AST_OP_MATMUL] = "@",      [AST_OP_POW] = "**",
    [AST_OP_BITAND] = "&",    [AST_OP_BITOR] = "|", [AST_OP_INVERT] = "~",      [AST_OP_LT] = "<",
    [AST_OP_LE] = "<=",       [AST_OP_GT] = ">",    [AST_OP_GE] = ">=",         [AST_OP_EQ] = "==",
    [AST_OP_NE] = "!=",       [AST_OP_IN] = "in",   [AST_OP_NOT_IN] = "not in",
};

static void print_node(const struct ast *n, const char *role, int depth, struct text *out);

static void print_list(struct ast *const *list, int32_t n, const char *role, int depth,
                       struct text *out) {
    for (int32_t i = 0; i < n; i++) print_node(list[i], role, depth, out);
}

/* The text of a node in one line: line ends become \n. */
static void print_text(struct str s, struct text *out) {
    text_adds(out, " \"");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n') {
            text_adds(out, "\\n");
        } else {
            text_addc(out, s.p[i]);
        }
    }
    text_addc(out, '"');
}

static void print_head(const struct ast *n, struct text *out) {
    text_adds(out, kinds[n->kind]);
    bool has_op = n->kind == AST_BINARY || n->kind == AST_UNARY || n->kind == AST_AUGMENT;
    if (has_op) text_addf(out, " %s", ops[n->op]);
    for (int32_t i = 0; n->kind == AST_COMPARE && i + 1 < n->n; i++) {
        text_addf(out, " %s", ops[n->ops[i]]);
    }
    if (n->name) text_addf(out, " %s", n->name);
    if (n->kind == AST_NUMBER && n->is_int) text_addf(out, " %lld", (long long)n->integer);
    if (n->kind == AST_NUMBER && !n->is_int) text_addf(out, " %.17g", n->number);
    if (n->is_percent) text_adds(out, " percent");
    if (n->unit) text_addf(out, " %s", n->unit);
    if (n->text.p) print_text(n->text, out);
    if (n->is_rest) text_adds(out, " ...");
    if (n->is_quiet) text_adds(out, " quiet");
    if (n->is_maximize) text_adds(out, " maximize");
    if (n->is_repr) text_adds(out, " !r");
    if (n->shows_source) text_adds(out, " =");
    if (n->doc) print_text(str_of(n->doc), out);
}

static void print_node(const struct ast *n, const char *role, int depth, struct text *out) {
    if (!n) return;
    for (int i = 0; i < depth; i++) text_adds(out, "  ");
    text_adds(out, role);
    print_head(n, out);
    text_addf(out, " [%u:%u]\n", n->span.start, n->span.end);
    bool is_slice = n->kind == AST_SLICE;
    print_list(n->list, n->n, "", depth + 1, out);
    print_list(n->names2, n->n_names2, "to: ", depth + 1, out);
    print_node(n->a, is_slice ? "from: " : "", depth + 1, out);
    print_node(n->b, is_slice ? "to: " : "", depth + 1, out);
    print_node(n->c, is_slice ? "step: " : "", depth + 1, out);
    print_list(n->body, n->n_body, "", depth + 1, out);
    print_list(n->orelse, n->n_orelse, "else: ", depth + 1, out);
}

void ast_print(const struct program *p, struct text *out) {
    print_list(p->statements, p->n_statements, "", 0, out);
}

const char *ast_assigned_name(const struct ast *statement) {
    enum ast_kind k = statement->kind;
    if (k != AST_ASSIGN && k != AST_TRAIN && k != AST_AUGMENT) return NULL;
    const struct ast *t = statement->n ? statement->list[0] : NULL;
    while (t && (t->kind == AST_ATTRIBUTE || t->kind == AST_INDEX)) t = t->a;
    return t && t->kind == AST_NAME ? t->name : NULL;
}
