/* Comparisons, membership, and what counts as one yes or no. */
#include "eval_parts.h"
#include "builtin.h"
#include "quantity.h"
#include "lang/eval/tables/column_ops.h"
#include "lang/values/stack.h"
#include <stdio.h>
#include <string.h>

static bool lists_equal(struct eval *ev, const struct list *a, const struct list *b, bool *same) {
    *same = a->n == b->n;
    for (int32_t i = 0; *same && i < a->n; i++)
        TRY(values_equal(ev, a->items[i], b->items[i], same));
    return true;
}

static bool records_equal(struct eval *ev, const struct record *a, const struct record *b,
                          bool *same) {
    *same = a->n == b->n;
    for (int32_t i = 0; *same && i < a->n; i++) {
        const struct value *other = record_get(b, a->keys[i]);
        *same = other != NULL;
        if (other) TRY(values_equal(ev, a->items[i], *other, same));
    }
    return true;
}

static bool shape_equals(struct eval *ev, const struct shape *s, struct value list, bool *same) {
    struct value t = value_missing();
    TRY(as_tensorlike(ev, list, &t));
    *same = t.kind == V_TENSOR && t.tensor->shape.n == 1 && t.tensor->count == s->n;
    for (int i = 0; *same && i < s->n; i++) *same = tensor_get(t.tensor, i) == (double)s->size[i];
    if (t.kind == V_LIST) *same = t.list->n == 0 && s->n == 0;
    value_unref(t);
    return true;
}

static bool tensors_same(const struct tensor *a, const struct tensor *b) {
    if (!shape_same_sizes(&a->shape, &b->shape)) return false;
    for (int64_t i = 0; i < a->count; i++) {
        if (tensor_get(a, i) != tensor_get(b, i)) return false;
    }
    return true;
}

/* As a whole: one yes or no. */
bool values_equal(struct eval *ev, struct value a, struct value b, bool *same) {
    *same = false;
    if (stack_is_low())
        return err_set(ev->e, ERR_RECURSION, "These are nested too deeply to be compared.");
    if (value_is_number(a) && value_is_number(b)) {
        *same = a.kind == V_INT && b.kind == V_INT ? a.integer == b.integer
                                                   : value_number(a) == value_number(b);
    } else if (a.kind == V_SHAPE || b.kind == V_SHAPE) {
        if (a.kind != V_SHAPE) return values_equal(ev, b, a, same);
        if (b.kind == V_SHAPE) *same = shape_same_sizes(&a.shape->shape, &b.shape->shape);
        else return shape_equals(ev, &a.shape->shape, b, same);
    } else if (a.kind != b.kind) {
        return true;
    } else if (a.kind == V_TEXT) {
        *same = str_same(value_str(&a), value_str(&b));
    } else if (a.kind == V_LIST) {
        return lists_equal(ev, a.list, b.list, same);
    } else if (a.kind == V_RECORD) {
        return records_equal(ev, a.record, b.record, same);
    } else if (a.kind == V_TENSOR) {
        *same = tensors_same(a.tensor, b.tensor);
    } else {
        *same = a.kind == V_NONE || a.text == b.text;
    }
    return true;
}

static bool is_member(struct eval *ev, struct value x, struct value set, bool *found) {
    *found = false;
    if (set.kind == V_TEXT && x.kind == V_TEXT) {
        struct str a = value_str(&set), b = value_str(&x);
        *found = b.n == 0 || memmem(a.p, a.n, b.p, b.n) != NULL;
    } else if (set.kind == V_RECORD && x.kind == V_TEXT) {
        for (int32_t i = 0; i < set.record->n; i++)
            *found = *found || str_is(value_str(&x), set.record->keys[i]);
    } else if (set.kind == V_TABLE && x.kind == V_TEXT) {
        *found = table_find(set.table, value_str(&x)) >= 0;
    } else if (set.kind == V_LIST) {
        for (int32_t i = 0; !*found && i < set.list->n; i++)
            TRY(values_equal(ev, x, set.list->items[i], found));
    } else if (set.kind == V_TENSOR && value_is_number(x)) {
        for (int64_t i = 0; !*found && i < set.tensor->count; i++)
            *found = tensor_get(set.tensor, i) == value_number(x);
    } else {
        return err_set(ev->e, ERR_TYPE, "`in` cannot look for %s in %s.", value_kind_words(x.kind),
                       value_kind_words(set.kind));
    }
    return true;
}

static bool is_whole(struct value v) { /* compared as one thing, not element by element */
    return v.kind == V_TEXT || v.kind == V_NONE || v.kind == V_RECORD || v.kind == V_SHAPE ||
           v.kind == V_LIST || v.kind == V_MODEL || v.kind == V_ESTIMATOR || v.kind == V_FUNCTION ||
           v.kind == V_CONFIG;
}

static int text_order(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int r = n ? memcmp(a.p, b.p, n) : 0;
    return r ? r : (a.n > b.n) - (a.n < b.n);
}

static bool not_known_yet(const struct eval *ev, struct value a, struct value b) {
    return ev->domain == DOMAIN_CHECK && (value_has_unknown(a) || value_has_unknown(b));
}

/* type(x) == int, as in Python, where a type is a thing of its own. */
static bool text_and_function(struct eval *ev, enum ast_op op, struct value a, struct value b) {
    struct value f = a.kind == V_BUILTIN ? a : b;
    err_set(ev->e, ERR_TYPE, "`%s` compares a text with the function `%s`: they are never equal.",
            operator_sign(op), f.builtin->name);
    return err_hint(ev->e, "type(x) gives a text: type(x) == \"number\" of whole numbers and "
                           "others, \"text\", \"list\", \"tensor\", \"table\" …");
}

bool apply_compare(struct eval *ev, enum ast_op op, struct value a, struct value b,
                   struct value *out) {
    if (a.kind == V_UNKNOWN || b.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (is_columnar(a) || is_columnar(b)) return column_compare(ev, op, a, b, out);
    if (op == AST_OP_IN || op == AST_OP_NOT_IN) {
        if (a.kind == V_TENSOR && a.tensor->shape.n == 1 && !not_known_yet(ev, a, b))
            return each_in(ev, a, b, op == AST_OP_IN, out);
        if (not_known_yet(ev, a, b)) return *out = value_unknown(), true;
        bool found;
        TRY(is_member(ev, a, b, &found));
        return *out = value_bool(found == (op == AST_OP_IN)), true;
    }
    if (value_is_number(a) && value_is_number(b))
        return *out = value_bool(compare_numbers(op, a, b)), true;
    bool equality = op == AST_OP_EQ || op == AST_OP_NE;
    if (a.kind == V_TEXT && b.kind == V_TEXT && !equality)
        return *out = value_bool(compare_numbers(
                   op, value_int(text_order(value_str(&a), value_str(&b))), value_int(0))),
               true;
    if (a.kind == V_QUANTITY && b.kind == V_QUANTITY) return quantity_compare(ev, op, a, b, out);
    if (equality &&
        ((a.kind == V_TEXT && b.kind == V_BUILTIN) || (a.kind == V_BUILTIN && b.kind == V_TEXT)))
        return text_and_function(ev, op, a, b);
    if (equality && (is_whole(a) || is_whole(b))) {
        bool same;
        if ((a.kind == V_SHAPE && !shape_known(&a.shape->shape)) ||
            (b.kind == V_SHAPE && !shape_known(&b.shape->shape)) || not_known_yet(ev, a, b))
            return *out = value_unknown(), true;
        TRY(values_equal(ev, a, b, &same));
        return *out = value_bool(same == (op == AST_OP_EQ)), true;
    }
    return tensor_binary(ev, op, a, b, out);
}

/* ---- conditions ---- */

/* What is asked of each element, as words after "at least one" and "all of them". */
static const char *asked(const struct ast *x) {
    if (x->kind != AST_COMPARE || x->n != 2) return "True";
    switch ((int)x->ops[0]) {
    case AST_OP_GT: return "above";
    case AST_OP_LT: return "below";
    case AST_OP_EQ: return "equal";
    case AST_OP_NE: return "different";
    default: return "True";
    }
}

static enum truth condition_of_tensor(struct eval *ev, struct value v, const struct ast *x,
                                      const char *word) {
    char shape[128];
    struct desc d;
    value_describe(v, &d);
    struct str text = source_piece(x->span);
    err_set(ev->e, ERR_CONDITION, "`%s` needs one yes or no. Which question did you mean?", word);
    err_at(ev->e, x->span);
    err_label(ev->e, "is %s true-or-false values", shape_print(&d.shape, shape, sizeof shape));
    const char *any = "", *all = "", *each = asked(x);
    if (v.kind == V_TENSOR) {
        bool one = false, every = true;
        for (int64_t i = 0; i < v.tensor->count; i++) {
            bool yes = tensor_get(v.tensor, i) != 0;
            one = one || yes;
            every = every && yes;
        }
        any = one ? "      (here: yes)" : "      (here: no)";
        all = every ? "      (here: yes)" : "      (here: no)";
    }
    err_hint(ev->e,
             "    %s any(%.*s):     is at least one %s?%s\n"
             "    %s all(%.*s):     are all of them %s?%s",
             word, (int)text.n, text.p, each, any, word, (int)text.n, text.p, each, all);
    return TRUTH_ERROR;
}

static enum truth condition_wrong(struct eval *ev, struct value v, const struct ast *x,
                                  const char *word) {
    struct str text = source_piece(x->span);
    int n = text.n < 60 ? (int)text.n : 60;
    err_set(ev->e, ERR_CONDITION, "`%s` needs True or False, and this is %s.", word,
            value_kind_words(v.kind));
    err_at(ev->e, x->span);
    err_label(ev->e, "is not True or False");
    if (v.kind == V_LIST || v.kind == V_TEXT || v.kind == V_RECORD || v.kind == V_TENSOR)
        err_hint(ev->e, "To ask whether there is anything in it: %s len(%.*s) > 0", word, n,
                 text.p);
    else if (value_is_number(v))
        err_hint(ev->e, "Compare it with something: %s %.*s != 0", word, n, text.p);
    else if (v.kind == V_NONE)
        err_hint(ev->e, "To ask whether a value is missing, compare it: %s x == None", word);
    return TRUTH_ERROR;
}

enum truth value_truth(struct eval *ev, struct value v, const struct ast *x, const char *word) {
    if (v.kind == V_BOOL) return v.boolean ? TRUTH_YES : TRUTH_NO;
    if (v.kind == V_UNKNOWN) return TRUTH_UNKNOWN;
    if (v.kind == V_NODE) {
        fail(ev, x->span, ERR_CONDITION,
             "Inside %s the numbers are not known yet, so `%s` cannot decide by them.",
             ev->context ? ev->context : "a model", word);
        err_hint(ev->e, "Use where(condition, a, b), which chooses element by element.");
        return TRUTH_ERROR;
    }
    struct desc d;
    bool bools = value_describe(v, &d) && d.dtype == DT_BOOL;
    if (bools && v.kind == V_DESC && d.shape.n == 0) return TRUTH_UNKNOWN;
    if (bools) return condition_of_tensor(ev, v, x, word);
    return condition_wrong(ev, v, x, word);
}

void hint_where(struct eval *ev, const struct ast *x, struct value condition) {
    struct desc d;
    struct str a = source_piece(x->a->span), b = source_piece(x->b->span),
               c = source_piece(x->c->span);
    if (!value_describe(condition, &d) || d.shape.n == 0 || a.n + b.n + c.n > 100) return;
    char questions[sizeof ev->e->hint];
    snprintf(questions, sizeof questions, "%s", ev->e->hint);
    err_hint(ev->e, "%.*s\n    where(%.*s, %.*s, %.*s):     a choice for each", 400, questions,
             (int)b.n, b.p, (int)a.n, a.p, (int)c.n, c.p);
}
