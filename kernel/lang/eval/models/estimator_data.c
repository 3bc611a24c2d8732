/* What classical models read: tables and tensors as columns, targets as numbers or classes. */
#include "estimator.h"
#include "lang/eval/eval_ops.h"
#include "base/intern.h"
#include "base/pool.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool design_from_value(struct eval *ev, struct value x, struct span at, struct design *out,
                       struct value *hold) {
    *hold = value_missing();
    if (x.kind == V_TABLE || x.kind == V_COLUMN) return design_from_table(out, x.table, ev->e);
    TRY(as_tensorlike(ev, x, hold));
    if (value_is_number(*hold)) {
        struct tensor *t = tensor_scalar(value_number(*hold), ev->e);
        struct shape one = shape_of(1, &(int64_t){1});
        *hold = value_tensor(t ? tensor_with_shape(t, &one, ev->e) : NULL);
        tensor_unref(t);
    }
    if (hold->kind == V_TENSOR) return design_from_tensor(out, hold->tensor, ev->e);
    fail(ev, at, ERR_TYPE, "A classical model reads a tensor or a table, and this is %s.",
         value_kind_words(x.kind));
    if (x.kind == V_RECORD) err_hint(ev->e, "Make one table of it: table(a=…, b=…)");
    return false;
}

/* ---- targets ---- */

static bool make_labels(struct target_values *t, int64_t n, struct err *e) {
    t->y.n = n;
    t->y.labels = pool_need((size_t)(n + 1) * sizeof *t->y.labels, e);
    return t->y.labels != NULL;
}

bool class_names_copy(struct class_names *to, const struct class_names *from, struct err *e) {
    *to = (struct class_names){.n = from->n, .bools = from->bools};
    if (!from->texts) return true;
    to->texts = pool_need((size_t)(from->n + 1) * sizeof *to->texts, e);
    if (to->texts) memcpy(to->texts, from->texts, (size_t)from->n * sizeof *to->texts);
    return to->texts != NULL;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int find_class(const struct class_names *c, const char *text) {
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->texts[i], text) == 0) return i;
    return -1;
}

/* Texts as classes: those of `known`, or all that occur, sorted. */
static bool text_classes(struct eval *ev, const char *const *texts, int64_t n,
                         const struct class_names *known, struct span at,
                         struct target_values *out) {
    TRY(make_labels(out, n, ev->e));
    if (known) TRY(class_names_copy(&out->classes, known, ev->e));
    if (known && !known->texts)
        return fail(ev, at, ERR_LABEL, "The targets are texts here, and were numbers in training.");
    if (!known) {
        out->classes.texts = pool_need((size_t)(n + 1) * sizeof(char *), ev->e);
        if (!out->classes.texts) return false;
        int64_t m = 0, kept = 0;
        for (int64_t i = 0; i < n; i++)
            if (texts[i]) out->classes.texts[m++] = texts[i];
        qsort(out->classes.texts, (size_t)m, sizeof(char *), by_text);
        for (int64_t i = 0; i < m; i++)
            if (!kept || strcmp(out->classes.texts[kept - 1], out->classes.texts[i]) != 0)
                out->classes.texts[kept++] = out->classes.texts[i];
        for (int64_t i = 0; i < kept; i++)
            out->classes.texts[i] = intern(str_of(out->classes.texts[i]));
        out->classes.n = (int32_t)kept;
    }
    out->y.n_classes = out->classes.n;
    for (int64_t i = 0; i < n; i++) {
        out->y.labels[i] = texts[i] ? find_class(&out->classes, texts[i]) : -1;
        if (texts[i] && out->y.labels[i] < 0)
            return fail(ev, at, ERR_LABEL, "The class \"%s\" was not among those in training.",
                        texts[i]);
    }
    return true;
}

static bool list_classes(struct eval *ev, const struct list *l, const struct class_names *known,
                         struct span at, struct target_values *out) {
    const char **texts = pool_need((size_t)(l->n + 1) * sizeof *texts, ev->e);
    bool ok = texts != NULL;
    for (int32_t i = 0; ok && i < l->n; i++) {
        if (l->items[i].kind == V_TEXT) texts[i] = l->items[i].text->bytes;
        else if (l->items[i].kind != V_NONE)
            ok = fail(ev, at, ERR_LABEL,
                      "The targets are %s: numbers, or texts as classes, are needed.",
                      value_kind_words(l->items[i].kind));
    }
    ok = ok && text_classes(ev, texts, l->n, known, at, out);
    pool_free(texts);
    return ok;
}

/* Whole numbers 0 … k - 1, each of which occurs; 0 if they are not such. */
static int32_t whole_classes(const struct tensor *t) {
    bool seen[ESTIMATOR_CLASSES] = {false};
    int32_t k = 0;
    for (int64_t i = 0; i < t->count; i++) {
        double x = tensor_get(t, i);
        if (!(x >= 0 && x < ESTIMATOR_CLASSES) || x != floor(x)) return 0;
        seen[(int)x] = true;
        if (x + 1 > k) k = (int32_t)x + 1;
    }
    for (int32_t i = 0; i < k; i++)
        if (!seen[i]) return 0;
    return k;
}

static bool number_classes(struct eval *ev, const struct tensor *t, int32_t k, bool bools,
                           struct span at, struct target_values *out) {
    TRY(make_labels(out, t->count, ev->e));
    out->classes.n = out->y.n_classes = k;
    out->classes.bools = bools;
    for (int64_t i = 0; i < t->count; i++) {
        double x = tensor_get(t, i);
        if (!(x >= 0 && x < k) || x != floor(x))
            return fail(ev, at, ERR_LABEL,
                        "The classes are numbered 0 to %d, and the targets hold %g.", k - 1, x);
        out->y.labels[i] = (int32_t)x;
    }
    return true;
}

static bool put_numbers(struct eval *ev, const struct tensor *t, struct target_values *out) {
    int64_t n = t->shape.n ? t->shape.size[0] : 1, width = n ? t->count / n : 1;
    out->y.n = n;
    out->y.width = (int32_t)width;
    out->single = t->shape.n <= 1;
    out->y.numbers = pool_need((size_t)(t->count + 1) * sizeof(double), ev->e);
    for (int64_t i = 0; out->y.numbers && i < t->count; i++)
        out->y.numbers[i % width * n + i / width] = tensor_get(t, i);
    return out->y.numbers != NULL;
}

static bool need_classes(struct eval *ev, struct span at) {
    fail(ev, at, ERR_LABEL, "This model tells classes apart, and the targets are numbers.");
    return err_hint(ev->e, "Classes are texts, True and False, or whole numbers from 0. "
                           "To make classes of other numbers: category(y)");
}

static bool need_numbers(struct eval *ev, struct span at) {
    fail(ev, at, ERR_LABEL, "This model estimates numbers, and the targets are classes.");
    return err_hint(ev->e,
                    "For classes: LogisticRegression(), RandomForest(), GradientBoosting() …");
}

static bool tensor_targets(struct eval *ev, const struct tensor *t, enum estimator_task task,
                           const struct class_names *known, struct span at,
                           struct target_values *out) {
    int64_t n = t->shape.n ? t->shape.size[0] : 1;
    bool column = t->count == n, bools = t->dtype == DT_BOOL;
    bool whole = bools || !dtype_is_float(t->dtype) || task == TASK_CLASSES;
    if (known && known->texts && !bools) {
        TRY(number_classes(ev, t, known->n, false, at, out));
        return class_names_copy(&out->classes, known, ev->e);
    }
    if (known) return number_classes(ev, t, known->n, known->bools, at, out);
    if (bools && task == TASK_NUMBERS) return need_numbers(ev, at);
    int32_t k = !column || !whole || task == TASK_NUMBERS ? 0 : bools ? 2 : whole_classes(t);
    if (k) return number_classes(ev, t, k, bools, at, out);
    if (task == TASK_CLASSES) return need_classes(ev, at);
    return put_numbers(ev, t, out);
}

static bool column_targets(struct eval *ev, const struct table *t, enum estimator_task task,
                           const struct class_names *known, struct span at,
                           struct target_values *out) {
    const struct column *c = &t->columns[0];
    const char **texts = (const char **)(uintptr_t)c->texts;
    if (task == TASK_NUMBERS) return need_numbers(ev, at);
    if (c->kind == COLUMN_TEXT) return text_classes(ev, texts, t->n_rows, known, at, out);
    struct class_names levels = {.n = c->levels->n};
    levels.texts = pool_need((size_t)(levels.n + 1) * sizeof *levels.texts, ev->e);
    texts = pool_need((size_t)(t->n_rows + 1) * sizeof *texts, ev->e);
    bool ok = levels.texts && texts;
    for (int i = 0; ok && i < levels.n; i++) levels.texts[i] = intern_c(c->levels->names[i]);
    for (int64_t i = 0; ok && i < t->n_rows; i++)
        texts[i] = isnan(c->numbers[i]) ? NULL : c->levels->names[(int)c->numbers[i]];
    ok = ok && text_classes(ev, texts, t->n_rows, known ? known : &levels, at, out);
    class_names_clear(&levels);
    pool_free(texts);
    return ok;
}

bool targets_from_value(struct eval *ev, struct value y, enum estimator_task task,
                        const struct class_names *known, struct span at,
                        struct target_values *out) {
    *out = (struct target_values){.single = true};
    struct value held = value_missing();
    bool texts = y.kind == V_LIST && y.list->n > 0 && y.list->items[0].kind == V_TEXT, ok;
    bool named = (y.kind == V_TABLE || y.kind == V_COLUMN) && y.table->n_columns == 1 &&
                 (y.table->columns[0].kind == COLUMN_TEXT || y.table->columns[0].levels);
    if (texts && task == TASK_NUMBERS) return need_numbers(ev, at);
    if (texts) return list_classes(ev, y.list, known, at, out);
    if (named) return column_targets(ev, y.table, task, known, at, out);
    if (y.kind == V_TABLE) held = value_tensor(table_to_tensor(y.table, ev->e));
    else TRY(as_tensorlike(ev, y, &held));
    ok = held.kind == V_TENSOR;
    if (!ok && !ev->e->kind)
        fail(ev, at, ERR_TYPE, "The targets are %s: a column of numbers or classes is needed.",
             value_kind_words(y.kind));
    ok = ok && tensor_targets(ev, held.tensor, task, known, at, out);
    value_unref(held);
    if (ok) return true;
    targets_clear(&out->y);
    class_names_clear(&out->classes);
    return err_at(ev->e, at);
}

bool targets_as_tensor(struct eval *ev, const struct class_names *classes, struct value y,
                       struct span at, struct tensor **out) {
    struct target_values t;
    enum estimator_task task = classes->n ? TASK_CLASSES : TASK_NUMBERS;
    TRY(targets_from_value(ev, y, task, classes->n ? classes : NULL, at, &t));
    int64_t width = t.y.labels ? 1 : t.y.width;
    struct shape s = shape_of(t.single ? 1 : 2, (int64_t[]){t.y.n, width});
    *out = tensor_new(t.y.labels ? DT_INT64 : DT_FLOAT64, &s, ev->e);
    for (int64_t i = 0; *out && i < (*out)->count; i++) {
        if (t.y.labels) ((int64_t *)(*out)->data)[i] = t.y.labels[i];
        else ((double *)(*out)->data)[i] = t.y.numbers[i % width * t.y.n + i / width];
    }
    targets_clear(&t.y);
    class_names_clear(&t.classes);
    return *out != NULL;
}
