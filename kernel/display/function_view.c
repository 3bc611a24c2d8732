/* Functions with signature and doc string, and setting objects with the names of their arguments.
 */
#include "display/views.h"
#include "lang/eval/builtin.h"
#include "lang/eval/signature.h"
#include <stdlib.h>
#include <string.h>

/* The student's own text of the parameters: "(name, k=3)". */
static void add_parameters(const struct ast *f, struct text *out) {
    text_addc(out, '(');
    for (int32_t i = 0; i < f->n; i++) {
        if (i) text_adds(out, ", ");
        struct str piece = source_piece(f->list[i]->span);
        if (piece.n > 0) text_add(out, piece);
        else text_adds(out, f->list[i]->name ? f->list[i]->name : "?");
    }
    text_addc(out, ')');
}

/* Under the signature, each line indented by four, whatever its own indentation was. */
static void add_doc(const char *doc, struct text *out) {
    while (doc && *doc) {
        doc += strspn(doc, " ");
        size_t n = strcspn(doc, "\n");
        text_adds(out, n > 0 ? "\n    " : "\n");
        text_add(out, (struct str){doc, n});
        doc += n + (doc[n] == '\n');
        if (doc[strspn(doc, " \n")] == 0) return; /* only blank lines are left */
    }
}

static void add_defined(const struct ast *f, const char *word, struct text *out) {
    if (f->kind == AST_LAMBDA) {
        struct str text = source_piece(f->span);
        if (text.n > 0) text_add(out, text);
        else text_adds(out, "lambda");
        return;
    }
    text_addf(out, "%s %s", word, f->name);
    add_parameters(f, out);
    add_doc(f->doc, out);
}

static void add_builtin(const struct builtin *b, struct text *out) {
    text_adds(out, "function ");
    signature_print(signature_of(b->name, b->signature), out);
    add_doc(b->help, out);
}

void function_view(struct value f, struct view *v) {
    switch (f.kind) {
    case V_FUNCTION: add_defined(f.function->ast, "function", &v->plain); break;
    case V_MAKER: add_defined(f.maker->ast, "model", &v->plain); break;
    case V_BUILTIN: add_builtin(f.builtin, &v->plain); break;
    case V_METHOD: function_view(f.method->function, v); break;
    default: value_repr(f, &v->plain); break;
    }
}

/* ---- settings ---- */

static void config_print(const struct config *c, struct text *out);

static void arg_print(const struct arg *a, struct text *out) {
    char shape[256];
    switch (a->kind) {
    case ARG_NONE: text_adds(out, "None"); break;
    case ARG_NUMBER:
    case ARG_INT: number_print(a->number, out); break;
    case ARG_BOOL: text_adds(out, a->number != 0 ? "True" : "False"); break;
    case ARG_TEXT: text_addf(out, "\"%s\"", a->text); break;
    case ARG_NUMBERS:
        for (int i = 0; i < a->n_numbers; i++) text_addf(out, "%s%g", i ? ", " : "", a->numbers[i]);
        break;
    case ARG_SHAPE: text_adds(out, shape_print(&a->shape, shape, sizeof shape)); break;
    case ARG_ACTIVATION: text_adds(out, activation_name(a->activation)); break;
    case ARG_CONFIG: config_print(a->config, out); break;
    }
}

/* Is it what the signature gives anyway? Numbers may be written in several ways. */
static bool is_usual(struct str fallback, const struct text *printed) {
    if (fallback.n == 0) return false;
    if (str_same(fallback, text_str(printed))) return true;
    char text[40];
    if (fallback.n >= sizeof text || !printed->p) return false;
    memcpy(text, fallback.p, fallback.n);
    text[fallback.n] = 0;
    char *end_a, *end_b;
    double a = strtod(text, &end_a), b = strtod(printed->p, &end_b);
    return end_a != text && *end_a == 0 && *end_b == 0 && a == b;
}

static void config_print(const struct config *c, struct text *out) {
    text_adds(out, c->row->name);
    if (c->row->group == CONFIG_LOSS || c->row->group == CONFIG_METRIC) return;
    const struct signature *s = signature_of(c->row->name, c->row->signature);
    const char *separator = "(";
    for (int i = 0; i < c->n_args && i < s->n; i++) {
        struct text value = {0};
        arg_print(&c->args[i], &value);
        if (!is_usual(s->parameters[i].fallback, &value)) {
            text_addf(out, "%s%s=%s", separator, s->parameters[i].name, value.p ? value.p : "");
            separator = ", ";
        }
        text_clear(&value);
    }
    text_adds(out, separator[0] == '(' ? "()" : ")");
}

void config_view(const struct config *c, struct view *v) {
    config_print(c, &v->plain);
}
