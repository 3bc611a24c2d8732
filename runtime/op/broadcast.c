/* When two shapes go together (language.md 2.5). The result always has the shape of one of the two
 * operands; everything else is refused in broadcast_error.c. */
#include "broadcast.h"
#include "size.h"

bool axis_is_strong(const struct shape *s, int i) {
    return s->axis[i] && !(s->weak >> i & 1);
}

/* Every axis has a name that the student gave, and no two have the same. */
static bool all_named(const struct shape *s) {
    for (int i = 0; i < s->n; i++) {
        if (!axis_is_strong(s, i) || shape_find_axis(s, s->axis[i]) != i) return false;
    }
    return s->n > 0;
}

int broadcast_source(const struct shape *in, const struct shape *out, int i) {
    if (all_named(in) && all_named(out)) return shape_find_axis(in, out->axis[i]);
    int j = i - (out->n - in->n);
    return j >= 0 ? j : -1;
}

static void set_axis(struct shape *out, int i, const char *name, bool weak) {
    out->axis[i] = name;
    out->weak = (uint8_t)((out->weak & ~(1u << i)) | (unsigned)(weak && name) << i);
}

/* The name the result's axis gets: a strong one if there is one, else the base's. */
static void merge_name(struct shape *out, int i, const struct shape *other, int j) {
    if (axis_is_strong(out, i)) return;
    if (axis_is_strong(other, j)) {
        set_axis(out, i, other->axis[j], false);
    } else if (!out->axis[i]) {
        set_axis(out, i, other->axis[j], true);
    }
}

enum fit { FIT_SAME, FIT_FIRST_REPEATS, FIT_SECOND_REPEATS, FIT_NOT };

/* Sizes that may turn out equal count as equal; the better known one is kept. */
static enum fit fit_sizes(int64_t a, int64_t b, int64_t *size) {
    bool conflict = size_conflict(a, b);
    bool take_b = conflict ? a == 1 : (a < 0 && b >= 0 && b != 1) || (a == 1 && b < 0);
    take_b = take_b || (!conflict && b == SIZE_BATCH);
    *size = take_b ? b : a;
    if (!conflict) return FIT_SAME;
    return a == 1 ? FIT_FIRST_REPEATS : b == 1 ? FIT_SECOND_REPEATS : FIT_NOT;
}

/* Sizes and names of `other`, whose axis source[i] meets axis i of out (the base), put into out.
 * Says which of the two would be repeated. */
static void merge(const struct shape *other, const int *source, struct shape *out, bool repeats[2],
                  bool *fits) {
    *fits = true;
    for (int i = 0; i < out->n; i++) {
        if (source[i] < 0) continue;
        enum fit fit = fit_sizes(out->size[i], other->size[source[i]], &out->size[i]);
        repeats[0] = repeats[0] || fit == FIT_FIRST_REPEATS;
        repeats[1] = repeats[1] || fit == FIT_SECOND_REPEATS;
        *fits = *fits && fit != FIT_NOT;
        merge_name(out, i, other, source[i]);
    }
}

/* How many axes of `a` have a name that `b` lacks. */
static int lacks(const struct shape *b, const struct shape *a) {
    int n = 0;
    for (int i = 0; i < a->n; i++) n += shape_find_axis(b, a->axis[i]) < 0;
    return n;
}

/* Rule 2: all axes of both are named. */
static bool by_names(const struct operand_pair *pair, struct shape *out, struct err *e) {
    const struct shape *a = pair->shape[0], *b = pair->shape[1];
    int a_lacks = lacks(a, b), b_lacks = lacks(b, a);
    if (a_lacks && b_lacks) return broadcast_error_names(pair, e);
    const struct shape *base = a_lacks ? b : a, *other = a_lacks ? a : b;
    int source[MAX_AXES];
    bool repeats[2] = {false, false}, fits;
    *out = *base;
    for (int i = 0; i < base->n; i++) source[i] = shape_find_axis(other, base->axis[i]);
    merge(other, source, out, repeats, &fits);
    if (!fits || (repeats[0] && (repeats[1] || a_lacks || b_lacks))) {
        return broadcast_error_named_sizes(pair, e);
    }
    return true;
}

/* In rules 3 and 4: two aligned axes with strong names have the same one, and no axis is met by an
 * unnamed one while its name stands elsewhere. */
static bool names_agree(const struct shape *shorter, const struct shape *longer, int skip) {
    for (int i = 0; i < shorter->n; i++) {
        int j = i + skip;
        if (axis_is_strong(shorter, i)) {
            int other = shape_find_axis(longer, shorter->axis[i]);
            if (other >= 0 && other != j && axis_is_strong(longer, other)) return false;
            if (axis_is_strong(longer, j) && longer->axis[j] != shorter->axis[i]) return false;
        } else if (axis_is_strong(longer, j)) {
            int other = shape_find_axis(shorter, longer->axis[j]);
            if (other >= 0 && other != i && axis_is_strong(shorter, other)) return false;
        }
    }
    return true;
}

/* Rule 3: as many axes, equal sizes, or 1 in one and the same operand. */
static bool same_count(const struct operand_pair *pair, struct shape *out, struct err *e) {
    const struct shape *a = pair->shape[0], *b = pair->shape[1];
    int source[MAX_AXES];
    bool repeats[2] = {false, false}, fits;
    for (int i = 0; i < a->n; i++) source[i] = i;
    *out = *a;
    merge(b, source, out, repeats, &fits);
    if (!names_agree(a, b, 0)) return broadcast_error_alignment(pair, e);
    if (!fits || (repeats[0] && repeats[1])) return broadcast_error_sizes(pair, e);
    return true;
}

static bool certainly_begins(const struct shape *shorter, const struct shape *longer) {
    for (int i = 0; i < shorter->n; i++) {
        if (shorter->size[i] != longer->size[i]) return false;
    }
    return names_agree(shorter, longer, 0);
}

static bool names_prove_end(const struct shape *shorter, const struct shape *longer, int skip) {
    for (int i = 0; i < shorter->n; i++) {
        if (!axis_is_strong(shorter, i) || !axis_is_strong(longer, i + skip)) return false;
    }
    return true;
}

/* Rule 4: the shorter one is the end of the longer one, and only the end. */
static bool shorter_is_end(const struct operand_pair *pair, struct shape *out, struct err *e) {
    bool first_longer = pair->shape[0]->n > pair->shape[1]->n;
    const struct shape *longer = pair->shape[!first_longer], *shorter = pair->shape[first_longer];
    int skip = longer->n - shorter->n, source[MAX_AXES];
    bool repeats[2] = {false, false}, fits;
    for (int i = 0; i < longer->n; i++) source[i] = i < skip ? -1 : i - skip;
    *out = *longer;
    merge(shorter, source, out, repeats, &fits);
    if (!fits || repeats[0] || repeats[1]) return broadcast_error_sizes(pair, e);
    if (!names_agree(shorter, longer, skip)) return broadcast_error_alignment(pair, e);
    if (certainly_begins(shorter, longer) && !names_prove_end(shorter, longer, skip)) {
        return broadcast_error_ambiguous(pair, e);
    }
    return true;
}

bool broadcast_shapes(const struct operand_pair *pair, struct shape *out, struct err *e) {
    const struct shape *a = pair->shape[0], *b = pair->shape[1];
    if (a->n == 0 || b->n == 0) {
        *out = a->n ? *a : *b;
        return true;
    }
    if (all_named(a) && all_named(b)) return by_names(pair, out, e);
    if (a->n == b->n) return same_count(pair, out, e);
    return shorter_is_end(pair, out, e);
}
