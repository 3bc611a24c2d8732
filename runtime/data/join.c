/* Joins: both tables' keys get common codes, the rows of one side are put in order of code, and
 * the other side walks through them. */
#include "join.h"
#include "keys.h"
#include "base/pool.h"
#include "base/stop.h"

void row_pairs_clear(struct row_pairs *p) {
    pool_free(p->left);
    pool_free(p->right);
    *p = (struct row_pairs){0};
}

/* The levels' numbers differ between two categories: b's as a's, unknown ones behind them. */
static bool category_keys(const struct column *a, int64_t na, const struct column *b, int64_t nb,
                          struct keys *out, struct err *e) {
    struct column as = {0};
    double *to = pool_need(((size_t)b->levels->n + 1) * sizeof *to, e);
    if (!to || !column_make(&as, b->name, COLUMN_CATEGORY, nb, e)) return pool_free(to), false;
    for (int32_t i = 0; i < b->levels->n; i++) {
        int at = levels_find(a->levels, str_of(b->levels->names[i]));
        to[i] = at >= 0 ? at : a->levels->n + i;
    }
    for (int64_t i = 0; i < nb; i++) {
        double x = b->numbers[i];
        as.numbers[i] = x >= 0 ? to[(int)x] : x;
    }
    bool ok = keys_of_two(a, na, &as, nb, out, e);
    column_clear(&as);
    pool_free(to);
    return ok;
}

static bool common_keys(const struct column *a, int64_t na, const struct column *b, int64_t nb,
                        struct keys *out, struct err *e) {
    if (a->levels && b->levels && a->levels != b->levels)
        return category_keys(a, na, b, nb, out, e);
    return keys_of_two(a, na, b, nb, out, e);
}

/* Codes of all key columns together, -1 where one of them is missing. */
static bool all_keys(const struct table *a, const int *keys_a, const struct table *b,
                     const int *keys_b, int n, struct keys *out, struct err *e) {
    TRY(common_keys(&a->columns[keys_a[0]], a->n_rows, &b->columns[keys_b[0]], b->n_rows, out, e));
    bool ok = true;
    for (int i = 1; ok && i < n; i++) {
        struct keys next = {0};
        ok = common_keys(&a->columns[keys_a[i]], a->n_rows, &b->columns[keys_b[i]], b->n_rows,
                         &next, e) &&
             keys_combine(out, &next, e);
        keys_clear(&next);
    }
    for (int i = 0; ok && i < n; i++) {
        const struct column *ca = &a->columns[keys_a[i]], *cb = &b->columns[keys_b[i]];
        EACH_ROW(r, a->n_rows)
        if (column_is_missing(ca, r)) out->codes[r] = -1;
        EACH_ROW(r, b->n_rows)
        if (column_is_missing(cb, r)) out->codes[a->n_rows + r] = -1;
    }
    ok = ok && rows_whole(a->n_rows + b->n_rows, e);
    if (!ok) keys_clear(out);
    return ok;
}

/* One side's rows by code. */
struct side {
    const int32_t *codes;
    int64_t n;
    int32_t *only; /* where no code has two rows: the row and 1, or 0 for none; else NULL, and: */
    int64_t *starts, *rows;
};

/* The usual case, a table with a row for each key: one place to look at. */
static bool side_single(struct side *s, int32_t n_codes, struct err *e) {
    s->only = pool_need((size_t)n_codes * sizeof *s->only + 1, e);
    if (!s->only) return false;
    EACH_ROW(i, s->n) {
        if (s->codes[i] < 0) continue;
        int32_t *only = &s->only[s->codes[i]];
        if (*only) {
            pool_free(s->only);
            s->only = NULL;
            return true;
        }
        *only = (int32_t)i + 1;
    }
    return s->only != NULL;
}

static bool side_start(struct side *s, int32_t n_codes, struct err *e) {
    TRY(side_single(s, n_codes, e));
    if (s->only) return true;
    s->starts = pool_need(((size_t)n_codes + 2) * sizeof *s->starts, e);
    s->rows = pool_need((size_t)s->n * sizeof *s->rows + 1, e);
    if (!s->starts || !s->rows) return false;
    int64_t *next = s->starts + 1;
    EACH_ROW(i, s->n)
    if (s->codes[i] >= 0) next[s->codes[i] + 1]++;
    for (int32_t g = 1; g <= n_codes; g++) next[g] += next[g - 1];
    EACH_ROW(i, s->n)
    if (s->codes[i] >= 0) s->rows[next[s->codes[i]]++] = i;
    return true;
}

/* `walk` is gone through in order; the other side's rows are looked up. */
struct walk {
    struct side walked, found;
    bool keep_walked, keep_found; /* rows without a partner */
    int64_t *of_walked, *of_found, n;
    uint8_t *used; /* found rows with a partner */
};

static int64_t partners(const struct walk *w, int64_t i) {
    int32_t code = w->walked.codes[i];
    return code < 0 ? 0 : w->found.starts[code + 1] - w->found.starts[code];
}

static bool count_pairs(const struct walk *w, int64_t *n) {
    *n = w->keep_found ? w->found.n : 0;
    if (w->found.only) return *n += w->walked.n, true; /* at most */
    EACH_ROW(i, w->walked.n) {
        int64_t k = partners(w, i);
        if (__builtin_add_overflow(*n, k || !w->keep_walked ? k : 1, n)) return false;
    }
    return *n < INT64_MAX / 16;
}

static void put_pair(struct walk *w, int64_t walked, int64_t found) {
    w->of_walked[w->n] = walked;
    w->of_found[w->n++] = found;
    if (found >= 0) w->used[found] = 1;
}

/* The same with at most one partner each. */
static void find_single(struct walk *w) {
    EACH_ROW(i, w->walked.n) {
        int32_t code = w->walked.codes[i];
        int64_t found = code < 0 ? -1 : (int64_t)w->found.only[code] - 1;
        w->of_walked[w->n] = i;
        w->of_found[w->n] = found;
        w->n += found >= 0 || w->keep_walked;
        if (found >= 0 && w->keep_found) w->used[found] = 1;
    }
}

static void find_several(struct walk *w) {
    EACH_ROW(i, w->walked.n) {
        int64_t n = partners(w, i);
        const int64_t *rows = n ? w->found.rows + w->found.starts[w->walked.codes[i]] : NULL;
        for (int64_t k = 0; k < n; k++) put_pair(w, i, rows[k]);
        if (n == 0 && w->keep_walked) put_pair(w, i, -1);
    }
}

static void find_pairs(struct walk *w) {
    if (w->found.only) find_single(w);
    else find_several(w);
    for (int64_t r = 0; w->keep_found && r < w->found.n; r++)
        if (!w->used[r]) put_pair(w, -1, r);
}

static bool run_walk(struct walk *w, int32_t n_codes, struct err *e) {
    int64_t n;
    TRY(side_start(&w->found, n_codes, e) && rows_whole(w->found.n, e));
    if (!count_pairs(w, &n)) return err_memory(e, SIZE_MAX);
    w->of_walked = pool_alloc((size_t)n * sizeof(int64_t) + 1);
    w->of_found = pool_alloc((size_t)n * sizeof(int64_t) + 1);
    w->used = pool_need((size_t)w->found.n + 1, e);
    if (!w->of_walked || !w->of_found || !w->used)
        return err_memory(e, (size_t)n * 2 * sizeof(int64_t));
    find_pairs(w);
    return rows_whole(w->walked.n + w->found.n, e);
}

/* Does a code that both sides have occur twice among these? */
static bool codes_repeat(const int32_t *codes, int64_t n, const int32_t *other, int64_t n_other,
                         int32_t n_codes, struct err *e) {
    uint8_t *seen = pool_need((size_t)n_codes + 1, e);
    bool twice = false;
    for (int64_t i = 0; seen && i < n_other; i++)
        if (other[i] >= 0) seen[other[i]] = 1;
    for (int64_t i = 0; seen && !twice && i < n; i++) {
        if (codes[i] < 0 || !seen[codes[i]]) continue;
        twice = seen[codes[i]] == 2;
        seen[codes[i]] = 2;
    }
    pool_free(seen);
    return twice;
}

static bool repeats(const struct side *s, const struct side *others, int32_t n_codes,
                    struct err *e) {
    if (s->only) return false;
    return codes_repeat(s->codes, s->n, others->codes, others->n, n_codes, e);
}

bool join_rows(const struct table *a, const int *keys_a, const struct table *b, const int *keys_b,
               int n_keys, enum join_how how, struct row_pairs *out, struct err *e) {
    struct keys k;
    *out = (struct row_pairs){0};
    TRY(all_keys(a, keys_a, b, keys_b, n_keys, &k, e));
    bool from_right = how == JOIN_RIGHT;
    struct side left = {.codes = k.codes, .n = a->n_rows};
    struct side right = {.codes = k.codes + a->n_rows, .n = b->n_rows};
    struct walk w = {.walked = from_right ? right : left,
                     .found = from_right ? left : right,
                     .keep_walked = how != JOIN_INNER,
                     .keep_found = how == JOIN_OUTER};
    bool ok = run_walk(&w, k.n_codes, e);
    if (ok) {
        *out = (struct row_pairs){.left = from_right ? w.of_found : w.of_walked,
                                  .right = from_right ? w.of_walked : w.of_found,
                                  .n = w.n};
        const struct side *l = from_right ? &w.found : &w.walked;
        const struct side *r = from_right ? &w.walked : &w.found;
        out->left_repeats = repeats(l, r, k.n_codes, e);
        out->right_repeats = repeats(r, l, k.n_codes, e);
    } else {
        pool_free(w.of_walked);
        pool_free(w.of_found);
    }
    pool_free(w.found.only);
    pool_free(w.found.starts);
    pool_free(w.found.rows);
    pool_free(w.used);
    keys_clear(&k);
    return ok;
}
