/* What a student reads when two shapes do not go together: the two shapes, what NumPy would have
 * done, and the ways to say what was meant (language.md 3.7). */
#include "broadcast.h"
#include "size.h"
#include <stdio.h>
#include <string.h>

/* "one by one" and in `outer`: what an operation is called and how it is written. */
static const struct words {
    const char *verb, *symbol;
} words_of[OP_COUNT] = {
    [OP_add] = {"add", "+"},     [OP_sub] = {"subtract", "-"},     [OP_mul] = {"multiply", "*"},
    [OP_div] = {"divide", "/"},  [OP_floordiv] = {"divide", "//"}, [OP_mod] = {"divide", "%"},
    [OP_pow] = {"raise", "**"},  [OP_lt] = {"compare", "<"},       [OP_le] = {"compare", "<="},
    [OP_gt] = {"compare", ">"},  [OP_ge] = {"compare", ">="},      [OP_eq] = {"compare", "=="},
    [OP_ne] = {"compare", "!="}, [OP_and] = {"combine", "and"},    [OP_or] = {"combine", "or"},
};

static struct words words_for(enum op op) {
    return words_of[op].verb ? words_of[op] : (struct words){"combine", ","};
}

static void add_shapes(const struct operand_pair *pair, struct err *e) {
    for (int k = 0; k < 2; k++) {
        char left[8], right[256];
        snprintf(left, sizeof left, "{%d}", pair->name[k]);
        err_fact(e, left, "%s", shape_print_axes(pair->shape[k], 0, right, sizeof right));
    }
}

bool broadcast_error_names(const struct operand_pair *pair, struct err *e) {
    err_set(e, ERR_BROADCAST, "These two have different axes, and neither has all of the other's.");
    add_shapes(pair, e);
    return err_hint(e,
                    "Axes are matched by their names, and a shape is repeated along the axes it "
                    "lacks.\nDo two names mean the same axis? Rename one of them: "
                    "{%d}.axes(…).\nDid you want all pairs? Say so: outer({%d}, {%d}, f).",
                    pair->name[1], pair->name[0], pair->name[1]);
}

bool broadcast_error_alignment(const struct operand_pair *pair, struct err *e) {
    err_set(e, ERR_BROADCAST, "The axes of these two stand in different places.");
    add_shapes(pair, e);
    return err_hint(e, "Axes with names only go with axes of the same name. Name all axes of both "
                       "with .axes(…), then they are matched by name, whatever their order.");
}

bool broadcast_error_ambiguous(const struct operand_pair *pair, struct err *e) {
    int k = pair->shape[0]->n > pair->shape[1]->n, v = pair->name[k];
    int missing = pair->shape[!k]->n - pair->shape[k]->n;
    err_set(e, ERR_BROADCAST,
            "{%d} fits both the first and the last axes of {%d}, so this could "
            "mean two things.",
            v, pair->name[!k]);
    add_shapes(pair, e);
    if (missing != 1 || pair->shape[k]->n != 1) {
        return err_hint(e, "Name the axes of both with .axes(…); then they are matched by name.");
    }
    return err_hint(e,
                    "The same numbers for every row: {%d}[None, :].\n"
                    "One number for each row: {%d}[:, None].\n"
                    "Or name the axes of both, then they are matched by name.",
                    v, v);
}

/* What NumPy's rule would give; false if it refuses, too. */
static bool numpy_shape(const struct shape *a, const struct shape *b, struct shape *out) {
    const struct shape *longer = a->n >= b->n ? a : b, *shorter = a->n >= b->n ? b : a;
    int skip = longer->n - shorter->n;
    *out = *longer;
    for (int i = 0; i < shorter->n; i++) {
        int64_t x = longer->size[i + skip], y = shorter->size[i];
        if (x != y && x != 1 && y != 1) return false;
        out->size[i + skip] = x == 1 ? y : x;
    }
    return true;
}

/* (n) with (n, 1): the commonest one, a column where a row was meant. */
static bool column_against_row(const struct operand_pair *pair, int *column) {
    for (int k = 0; k < 2; k++) {
        const struct shape *c = pair->shape[k], *r = pair->shape[!k];
        *column = k;
        if (c->n == 2 && r->n == 1 && c->size[1] == 1 && c->size[0] == r->size[0]) return true;
    }
    return false;
}

static bool hint_pairs(const struct operand_pair *pair, struct err *e) {
    struct words w = words_for(pair->op);
    int column, a = pair->name[0], b = pair->name[1];
    if (!column_against_row(pair, &column)) {
        return err_hint(e,
                        "Did you mean to %s one by one? Give both the same shape with reshape.\n"
                        "Did you want all pairs? Lay both flat and say so: "
                        "outer({%d}.flatten(), {%d}.flatten(), lambda a, b: a %s b).",
                        w.verb, a, b, w.symbol);
    }
    const char *first = column == 0 ? "[:, 0]" : "", *second = column == 1 ? "[:, 0]" : "";
    return err_hint(e,
                    "Did you mean to %s one by one? Take the single column: {%d}[:, 0].\n"
                    "Did you want all pairs? Say so: outer({%d}%s, {%d}%s, lambda a, b: a %s b).",
                    w.verb, pair->name[column], a, first, b, second, w.symbol);
}

/* The shorter one is the beginning of the longer one: one number for each row. */
static bool hint_beginning(const struct operand_pair *pair, struct err *e) {
    int k = pair->shape[0]->n > pair->shape[1]->n;
    const struct shape *shorter = pair->shape[k], *longer = pair->shape[!k];
    char index[64] = ":";
    bool begins = shorter->n < longer->n;
    for (int i = 0; i < shorter->n; i++) {
        begins = begins && !size_conflict(shorter->size[i], longer->size[i]);
    }
    if (!begins) return false;
    for (int i = 1; i < longer->n; i++) {
        size_t used = strlen(index);
        snprintf(index + used, sizeof index - used, "%s", i < shorter->n ? ", :" : ", None");
    }
    err_hint(e,
             "{%d} has one number for each of the first axes of {%d}. To repeat it along the "
             "others, add them with size 1: {%d}[%s].",
             pair->name[k], pair->name[!k], pair->name[k], index);
    return true;
}

/* Matched by names, but one axis has two sizes. */
bool broadcast_error_named_sizes(const struct operand_pair *pair, struct err *e) {
    const struct shape *a = pair->shape[0], *b = pair->shape[1];
    const char *name = "?";
    for (int i = 0; i < a->n; i++) {
        int j = shape_find_axis(b, a->axis[i]);
        if (j >= 0 && size_conflict(a->size[i], b->size[j])) name = a->axis[i];
    }
    err_set(e, ERR_BROADCAST, "The axis `%s` does not have the same size in these two.", name);
    add_shapes(pair, e);
    return err_hint(e, "Axes are matched by their names, and one shape may only lack axes of the "
                       "other, or have size 1 there.");
}

/* NumPy would repeat a size of 1 although the shapes have different numbers of axes. */
static bool one_in_shorter(const struct operand_pair *pair, struct err *e) {
    int k = pair->shape[0]->n > pair->shape[1]->n;
    err_set(e, ERR_BROADCAST,
            "These two have different numbers of axes, and the shorter shape is "
            "not the end of the longer one.");
    add_shapes(pair, e);
    if (pair->shape[k]->n == 1) {
        return err_hint(e, "Is {%d} meant as a single number? Take it out: {%d}[0].", pair->name[k],
                        pair->name[k]);
    }
    return err_hint(e,
                    "A size of 1 is repeated only between shapes with the same number of axes. "
                    "Add the missing axis in front: {%d}[None].",
                    pair->name[k]);
}

bool broadcast_error_sizes(const struct operand_pair *pair, struct err *e) {
    struct shape numpy;
    char text[256];
    bool numpy_does = numpy_shape(pair->shape[0], pair->shape[1], &numpy);
    const struct shape *longer = pair->shape[pair->shape[0]->n < pair->shape[1]->n];
    if (numpy_does && shape_same_sizes(&numpy, longer)) return one_in_shorter(pair, e);
    if (numpy_does) {
        err_set(e, ERR_BROADCAST,
                "These two do not have the same shape, and the result would be "
                "larger than both.");
        add_shapes(pair, e);
        char line[320];
        numpy.weak = 0;
        for (int i = 0; i < numpy.n; i++) numpy.axis[i] = NULL;
        snprintf(line, sizeof line, "NumPy would pair every {%d} with every {%d} and give %s.",
                 pair->name[0], pair->name[1], shape_print(&numpy, text, sizeof text));
        err_fact(e, line, "%s", "");
        return hint_pairs(pair, e);
    }
    err_set(e, ERR_BROADCAST, "These two do not have the same shape.");
    add_shapes(pair, e);
    if (hint_beginning(pair, e)) return false;
    return err_hint(e, "Element by element needs the same shape on both sides, a single number on "
                       "one side, or one shape that is the end of the other: [10] with [200, 10].");
}
