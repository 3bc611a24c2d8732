/* The history of a training run. */
#include "history.h"
#include "train.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

int epoch_log_add(struct history *h, const char *prefix, const char *name, int direction,
                  struct err *e) {
    char text[128];
    snprintf(text, sizeof text, "%s%s", prefix, name);
    if (h->n_columns == HISTORY_MAX_COLUMNS) {
        err_set(e, ERR_SETTING, "A history has at most %d columns.", HISTORY_MAX_COLUMNS);
        return -1;
    }
    const char *own = intern_c(text);
    if (!own) return err_memory(e, sizeof text), -1;
    if (epoch_log_find(h, own) >= 0) {
        err_set(e, ERR_SETTING, "Two columns of the history would be called `%s`.", own);
        return -1;
    }
    h->names[h->n_columns] = own;
    h->directions[h->n_columns] = direction;
    return h->n_columns++;
}

int epoch_log_widen(struct history *h, const char *name, struct err *e) {
    int at = epoch_log_add(h, "", name, -1, e), old = h->n_columns - 1;
    if (at < 0 || !h->cap_rows) return at;
    size_t bytes = (size_t)h->cap_rows * (size_t)h->n_columns * sizeof(double);
    double *wider = pool_realloc(h->rows, bytes);
    if (!wider) {
        h->n_columns--;
        return err_memory(e, bytes), -1;
    }
    h->rows = wider;
    for (int64_t r = h->n_rows - 1; r >= 0; r--) {
        memmove(wider + r * h->n_columns, wider + r * old, (size_t)old * sizeof(double));
        wider[r * h->n_columns + at] = NAN;
    }
    return at;
}

int epoch_log_find(const struct history *h, const char *name) {
    for (int i = 0; i < h->n_columns; i++)
        if (strcmp(h->names[i], name) == 0) return i;
    return -1;
}

bool epoch_log_append(struct history *h, const double *row, struct err *e) {
    size_t width = (size_t)h->n_columns * sizeof(double);
    if (h->n_rows == h->cap_rows) {
        int64_t cap = h->cap_rows ? 2 * h->cap_rows : 16;
        double *bigger = pool_realloc(h->rows, (size_t)cap * width);
        if (!bigger) return err_memory(e, (size_t)cap * width);
        h->rows = bigger;
        h->cap_rows = cap;
    }
    memcpy(h->rows + h->n_rows++ * h->n_columns, row, width);
    return true;
}

void epoch_log_clear(struct history *h) {
    pool_free(h->rows);
    *h = (struct history){0};
}

bool epoch_log_better(int direction, double a, double b, double delta) {
    if (isnan(a)) return false;
    if (isnan(b)) return true;
    if (direction > 0) return a > b + delta;
    if (direction < 0) return a < b - delta;
    return fabs(a) < fabs(b) - delta;
}

struct table *epoch_log_table(const struct history *h, const char *note, struct err *e) {
    struct table *t = table_new(h->n_rows, h->n_columns, e);
    if (!t) return NULL;
    t->note = note;
    for (int c = 0; c < h->n_columns; c++) {
        bool whole = strcmp(h->names[c], "epoch") == 0;
        if (!table_set_column(t, c, h->names[c], whole ? COLUMN_INT : COLUMN_NUMBER, e)) {
            table_unref(t);
            return NULL;
        }
        for (int64_t r = 0; r < h->n_rows; r++)
            t->columns[c].numbers[r] = h->rows[r * h->n_columns + c];
    }
    return t;
}

void train_counts_print(const struct train_count *parts, const struct train_count *inner,
                        struct text *out) {
    text_addf(out, "%lld of %lld %s", (long long)parts->done, (long long)parts->n, parts->things);
    if (inner->things)
        text_addf(out, ", %lld of %lld %s", (long long)inner->done, (long long)inner->n,
                  inner->things);
}
