/* What table verbs share: their table, the columns they name, their results. */
#include "fn_tables.h"
#include <string.h>

bool verb_table(struct call *c, const struct table **t) {
    enum value_kind k = c->args[0].kind;
    if (k == V_TABLE || k == V_HISTORY || k == V_TABLE_DESC) return *t = c->args[0].table, true;
    call_fail(c, 0, ERR_TYPE, "%s works on tables, and this is %s.", c->row->name,
              value_kind_words(k));
    bool list = k == V_LIST || value_is_tensorlike(c->args[0]);
    if (list && strcmp(c->row->name, "filter") == 0)
        err_hint(c->ev->e, "Of a list or tensor: [x for x in xs if x > 2], or xs[xs > 2].");
    if (k == V_FUNCTION && strcmp(c->row->name, "filter") == 0)
        err_hint(c->ev->e, "Of a list or tensor: [x for x in xs if f(x)], or xs[xs > 2].");
    if (k == V_GROUPS)
        err_hint(c->ev->e, "A table in groups is worked on by summarize (one row for each group) "
                           "and assign (one value for each row).");
    return false;
}

bool verb_computes(const struct call *c, const struct table *t) {
    enum { SMALL = 4096 };
    if (table_is_described(t)) return false;
    return c->ev->domain == DOMAIN_RUN || t->n_rows * (t->n_columns + 1) <= SMALL;
}

bool verb_column(struct call *c, const struct table *t, struct value name, struct span at,
                 int *column) {
    *column = name.kind == V_TEXT ? table_find(t, value_str(&name)) : -1;
    if (*column >= 0) return true;
    if (name.kind == V_TEXT) return no_such_column(c->ev, t, value_str(&name), at);
    fail(c->ev, at, ERR_ARGUMENT, "%s takes the names of columns, in quotes, and this is %s.",
         c->row->name, value_kind_words(name.kind));
    if (name.kind == V_TENSOR || name.kind == V_COLUMN)
        err_hint(c->ev->e, "    %s(\"name\")", c->row->name);
    return false;
}

bool named_columns(struct call *c, const struct table *t, struct value names, struct span at,
                   int **columns, int *n) {
    int32_t count = names.kind == V_LIST ? names.list->n : 1;
    int *more = pool_realloc(*columns, (size_t)(*n + count + 1) * sizeof *more);
    if (!more) return err_memory(c->ev->e, (size_t)count * sizeof *more);
    *columns = more;
    for (int32_t i = 0; i < count; i++) {
        struct value name = names.kind == V_LIST ? names.list->items[i] : names;
        TRY(verb_column(c, t, name, at, &more[*n]));
        ++*n;
    }
    return true;
}

bool verb_columns(struct call *c, const struct table *t, bool all, int **columns, int *n) {
    *columns = NULL;
    *n = 0;
    bool ok = true;
    for (int i = 0; ok && i < c->n_rest; i++) {
        const struct actual *a = &c->actuals[c->rest[i]];
        /* as in pandas: drop(columns=["a"]), sort(by="a") */
        bool plain = a->name && (strcmp(a->name, "columns") == 0 || strcmp(a->name, "by") == 0);
        if (a->name && !plain) ok = signature_no_argument(c->signature, a, c->ev->e);
        ok = ok && named_columns(c, t, a->value, a->at, columns, n);
    }
    if (ok && c->n_rest == 0) {
        *columns = pool_need((size_t)t->n_columns * sizeof **columns + 1, c->ev->e);
        ok = *columns != NULL;
        for (int i = 0; ok && all && i < t->n_columns; i++) (*columns)[(*n)++] = i;
    }
    if (!ok) {
        pool_free(*columns);
        *columns = NULL;
    }
    return ok;
}

bool verb_result(struct table *take, struct value *out) {
    if (!take) return false;
    *out = table_value(take);
    return true;
}

bool verb_some_rows(struct call *c, const struct table *t, struct value *out) {
    return verb_result(table_description(t, unknown_size(), c->ev->e), out);
}

bool verb_pick(struct call *c, const struct table *t, int64_t *take_rows, int64_t n,
               struct value *out) {
    bool ok = take_rows && verb_result(table_pick_rows(t, take_rows, n, c->ev->e), out);
    pool_free(take_rows);
    return ok;
}
