/* Tables side by side and one below the other. */
#include "fn_tables.h"
#include "data/join.h"
#include "data/names.h"
#include <stdio.h>
#include <string.h>

/* ---- join ---- */

struct joining {
    const struct table *left, *right;
    int *keys_left, *keys_right, n_keys, n_right;
    enum join_how how;
    bool many;
    struct str suffix;
};

static bool read_how(struct call *c, enum join_how *how) {
    int word;
    TRY(call_choice(c, 3, &word));
    *how = (enum join_how)word;
    return true;
}

/* Keys of the table on the right: an error says which table it speaks of. */
static bool right_columns(struct call *c, struct joining *j, struct value names, struct span at) {
    struct err *e = c->ev->e;
    if (named_columns(c, j->right, names, at, &j->keys_right, &j->n_right)) return true;
    struct err was = *e;
    if (was.kind == ERR_COLUMN && strncmp(was.what, "The table ", 10) == 0)
        snprintf(e->what, sizeof e->what, "The other %.700s", was.what + 4);
    if (names.kind != V_TEXT || c->args[2].kind != V_TEXT || e->hint[0]) return false;
    struct str name = value_str(&names);
    return err_hint(e,
                    "Where the two tables call it differently: on={%.*s: \"…\"}, with the other's "
                    "name in quotes.",
                    name.n < 60 ? (int)name.n : 60, name.p);
}

/* One name in both tables, or a record {left: "right"}. */
static bool read_keys(struct call *c, struct joining *j) {
    struct value on = c->args[2];
    struct span at = c->spans[2];
    if (!call_has(c, 2)) {
        call_fail(c, -1, ERR_ARGUMENT, "By which column do the rows belong together?");
        return err_hint(c->ev->e, "    t.join(other, on=\"id\")");
    }
    if (on.kind != V_RECORD)
        return named_columns(c, j->left, on, at, &j->keys_left, &j->n_keys) &&
               right_columns(c, j, on, at);
    for (int i = 0; i < on.record->n; i++) {
        struct value name = value_text(str_of(on.record->keys[i]), c->ev->e);
        bool ok = name.kind == V_TEXT &&
                  named_columns(c, j->left, name, at, &j->keys_left, &j->n_keys) &&
                  right_columns(c, j, on.record->items[i], at);
        value_unref(name);
        TRY(ok);
    }
    return j->n_keys == j->n_right ||
           call_fail(c, 2, ERR_ARGUMENT, "Each column of the left table needs one on the right.");
}

static bool same_sort(const struct column *a, const struct column *b) {
    bool na = a->kind <= COLUMN_BOOL, nb = b->kind <= COLUMN_BOOL;
    return a->kind == COLUMN_UNKNOWN || b->kind == COLUMN_UNKNOWN || a->kind == b->kind ||
           (na && nb);
}

static bool keys_fit(struct call *c, const struct joining *j) {
    for (int i = 0; i < j->n_keys; i++) {
        const struct column *a = &j->left->columns[j->keys_left[i]];
        const struct column *b = &j->right->columns[j->keys_right[i]];
        if (same_sort(a, b)) continue;
        call_fail(c, 2, ERR_TYPE,
                  "The key columns hold different kinds of values, so no two are "
                  "equal.");
        err_fact(c->ev->e, "left", "`%.60s`: %s", a->name, column_kind_words(a->kind));
        err_fact(c->ev->e, "right", "`%.60s`: %s", b->name, column_kind_words(b->kind));
        if (a->kind == COLUMN_TEXT || b->kind == COLUMN_TEXT)
            err_hint(c->ev->e,
                     "Numbers written as texts are read by to_number, dates by to_time:\n"
                     "    t.assign(%.60s=to_number(.%.60s))",
                     a->kind == COLUMN_TEXT ? a->name : b->name,
                     a->kind == COLUMN_TEXT ? a->name : b->name);
        return false;
    }
    return true;
}

/* Is column i of the right table a key that the left column of the same row stands for? */
static bool is_right_key(const struct joining *j, int column) {
    for (int i = 0; i < j->n_keys; i++)
        if (j->keys_right[i] == column) return true;
    return false;
}

static bool right_name(struct call *c, const struct joining *j, const struct table *made, int i,
                       const char **name) {
    *name = j->right->columns[i].name;
    struct text t = {0};
    if (table_find(j->left, str_of(*name)) < 0) return true;
    text_adds(&t, *name);
    text_add(&t, j->suffix);
    *name = intern(text_str(&t));
    text_clear(&t);
    if (!*name) return err_memory(c->ev->e, 64);
    for (int k = 0; k < made->n_columns; k++)
        if (made->columns[k].name == *name)
            return call_fail(c, -1, ERR_COLUMN, "Both tables have `%s`: choose another suffix.",
                             *name);
    return true;
}

/* Names and kinds of the result, and its cells if `pairs` is there. */
static bool fill_join(struct call *c, const struct joining *j, const struct row_pairs *pairs,
                      struct table *to) {
    int at = 0;
    for (int i = 0; i < j->left->n_columns; i++, at++) {
        const struct column *from = &j->left->columns[i];
        if (pairs) TRY(column_pick(&to->columns[at], from, pairs->left, pairs->n, c->ev->e));
        else
            to->columns[at] = (struct column){
                .name = from->name, .kind = from->kind, .levels = levels_ref(from->levels)};
    }
    for (int i = 0; i < j->right->n_columns; i++) {
        const struct column *from = &j->right->columns[i];
        const char *name;
        if (is_right_key(j, i)) continue;
        TRY(right_name(c, j, to, i, &name));
        if (pairs) TRY(column_pick(&to->columns[at], from, pairs->right, pairs->n, c->ev->e));
        else
            to->columns[at] =
                (struct column){.kind = from->kind, .levels = levels_ref(from->levels)};
        to->columns[at++].name = name;
    }
    return true;
}

/* A row without a left partner has its key on the right. */
static bool keys_from_right(struct call *c, const struct joining *j, const struct row_pairs *pairs,
                            struct table *to) {
    for (int i = 0; i < j->n_keys; i++) {
        struct column *key = &to->columns[j->keys_left[i]];
        const struct column *right = &j->right->columns[j->keys_right[i]];
        for (int64_t r = 0; r < pairs->n; r++) {
            int64_t row = pairs->right[r];
            if (pairs->left[r] >= 0 || row < 0 || column_is_missing(right, row)) continue;
            if (key->texts)
                TRY(table_set_text(to, j->keys_left[i], r, str_of(right->texts[row]), c->ev->e));
            else if (key->levels) {
                const char *name = right->levels->names[(int)right->numbers[row]];
                int level = levels_find(key->levels, str_of(name));
                if (level >= 0) key->numbers[r] = level;
            } else key->numbers[r] = right->numbers[row];
        }
    }
    return true;
}

static bool multiplies(struct call *c, const struct joining *j, int64_t n) {
    call_fail(c, 2, ERR_VALUE,
              "Both tables have several rows with the same key, so each would be "
              "paired with each: %lld rows.",
              (long long)n);
    err_fact(c->ev->e, "left", "%lld rows", (long long)j->left->n_rows);
    err_fact(c->ev->e, "right", "%lld rows", (long long)j->right->n_rows);
    return err_hint(c->ev->e, "Name more key columns, so that a row has one partner; or summarize "
                              "one table first. If all pairs are wanted: many=True.");
}

static bool run_join(struct call *c, const struct joining *j, struct value *out) {
    int columns = j->left->n_columns + j->right->n_columns;
    for (int i = 0; i < j->right->n_columns; i++) columns -= is_right_key(j, i);
    bool known = verb_computes(c, j->left) && verb_computes(c, j->right);
    struct row_pairs pairs = {0};
    if (known && !join_rows(j->left, j->keys_left, j->right, j->keys_right, j->n_keys, j->how,
                            &pairs, c->ev->e))
        return false;
    bool ok = !known || j->many || !pairs.left_repeats || !pairs.right_repeats ||
              multiplies(c, j, pairs.n);
    struct table *to = ok ? table_new(known ? pairs.n : unknown_size(), columns, c->ev->e) : NULL;
    ok = to && fill_join(c, j, known ? &pairs : NULL, to) &&
         (!known || keys_from_right(c, j, &pairs, to));
    row_pairs_clear(&pairs);
    if (!ok) return table_unref(to), false;
    return verb_result(to, out);
}

bool join_tables(struct call *c, struct value *out) {
    struct joining j = {.suffix = STR("_right")};
    struct value other = c->args[1];
    TRY(verb_table(c, &j.left));
    if (other.kind == V_UNKNOWN) return *out = value_unknown(), true;
    if (other.kind != V_TABLE && other.kind != V_TABLE_DESC)
        return call_fail(c, 1, ERR_TYPE, "A table is joined with another table, and this is %s.",
                         value_kind_words(other.kind));
    j.right = other.table;
    if (call_has(c, 4)) TRY(call_text(c, 4, &j.suffix));
    TRY(call_bool(c, 5, false, &j.many));
    bool ok = read_how(c, &j.how) && read_keys(c, &j) && keys_fit(c, &j) && run_join(c, &j, out);
    pool_free(j.keys_left);
    pool_free(j.keys_right);
    return ok;
}

/* ---- concat ---- */

static bool concat_fits(struct call *c, const struct table *first, const struct table *t, int k) {
    for (int i = 0; i < t->n_columns; i++) {
        const struct column *col = &t->columns[i];
        int at = table_find(first, str_of(col->name));
        if (at < 0) {
            call_fail(c, 0, ERR_COLUMN,
                      "Table %d of the list has a column `%s`, and the first has "
                      "not.",
                      k + 1, col->name);
            return err_hint(c->ev->e, "select and rename make them alike.");
        }
        if (same_sort(&first->columns[at], col)) continue;
        call_fail(c, 0, ERR_TYPE, "The column `%s` holds %s in the first table and %s in table %d.",
                  col->name, column_kind_words(first->columns[at].kind),
                  column_kind_words(col->kind), k + 1);
        return false;
    }
    if (t->n_columns == first->n_columns) return true;
    for (int i = 0; i < first->n_columns; i++)
        if (table_find(t, str_of(first->columns[i].name)) < 0)
            return call_fail(c, 0, ERR_COLUMN, "Table %d of the list has no column `%s`.", k + 1,
                             first->columns[i].name);
    return true;
}

/* Equal texts that follow each other are kept once. */
static bool append_texts(struct call *c, struct table *to, int i, int64_t at,
                         const struct column *from, int64_t n) {
    const char *last = NULL, *copy = NULL;
    for (int64_t r = 0; r < n; r++) {
        if (!from->texts[r]) continue;
        if (from->texts[r] == last) {
            to->columns[i].texts[at + r] = copy;
            continue;
        }
        TRY(table_set_text(to, i, at + r, str_of(from->texts[r]), c->ev->e));
        last = from->texts[r];
        copy = to->columns[i].texts[at + r];
    }
    return true;
}

static bool append_levels(struct call *c, struct column *to, int64_t at, const struct column *from,
                          int64_t n) {
    for (int64_t r = 0; r < n; r++) {
        if (column_is_missing(from, r)) continue;
        const char *name = from->levels->names[(int)from->numbers[r]];
        int level = to->levels == from->levels ? (int)from->numbers[r]
                                               : levels_find(to->levels, str_of(name));
        if (level < 0)
            return call_fail(c, 0, ERR_VALUE, "\"%.60s\" is no level of `%s` in the first table.",
                             name, to->name);
        to->numbers[at + r] = level;
    }
    return true;
}

static bool append_column(struct call *c, struct table *to, int i, int64_t at,
                          const struct table *t) {
    struct column *col = &to->columns[i];
    const struct column *from = &t->columns[table_find(t, str_of(col->name))];
    if (col->texts) return append_texts(c, to, i, at, from, t->n_rows);
    if (col->levels) return append_levels(c, col, at, from, t->n_rows);
    if (from->kind != col->kind) col->kind = COLUMN_NUMBER;
    if (t->n_rows)
        memcpy(col->numbers + at, from->numbers, (size_t)t->n_rows * sizeof *col->numbers);
    return true;
}

static bool fill_concat(struct call *c, const struct list *l, struct table *to) {
    const struct table *first = l->items[0].table;
    for (int i = 0; i < first->n_columns; i++) {
        const struct column *col = &first->columns[i];
        TRY(table_set_column(to, i, col->name, col->kind, c->ev->e));
        to->columns[i].levels = levels_ref(col->levels);
        int64_t at = 0;
        for (int32_t k = 0; k < l->n; k++) {
            TRY(append_column(c, to, i, at, l->items[k].table));
            at += l->items[k].table->n_rows;
        }
    }
    return true;
}

bool concat_tables(struct call *c, struct value *out) {
    const struct list *l = c->args[0].list;
    int64_t rows = 0;
    bool known = true;
    for (int32_t k = 0; k < l->n; k++) {
        enum value_kind kind = l->items[k].kind;
        if (kind == V_UNKNOWN) return *out = value_unknown(), true;
        if (kind != V_TABLE && kind != V_TABLE_DESC)
            return call_fail(c, 0, ERR_TYPE, "Number %d of the list is %s, not a table.", k + 1,
                             value_kind_words(kind));
        TRY(concat_fits(c, l->items[0].table, l->items[k].table, k));
        known = known && verb_computes(c, l->items[k].table);
        rows += l->items[k].table->n_rows;
    }
    const struct table *first = l->items[0].table;
    if (!known) return verb_some_rows(c, first, out);
    struct table *to = table_new(rows, first->n_columns, c->ev->e);
    if (to && fill_concat(c, l, to)) return verb_result(to, out);
    return table_unref(to), false;
}
