/* Ensembles of any models: Bagging, Voting, Stacking. Members may be networks or classical models;
 * each is fitted by the same road as alone. */
#include "estimator.h"
#include "lang/eval/eval_ops.h"
#include "lang/eval/slow.h"
#include "lang/builtins/fn.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include "rng.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- data for all members ---- */

/* The ensemble's own view: networks read tensors, so tables and names of classes become numbers
 * once, for all members. */
struct shared {
    struct value x, y;
    struct class_names classes; /* n = 0: numbers */
    bool single;
    int64_t n;
};

static void shared_clear(struct shared *s) {
    value_unref(s->x);
    value_unref(s->y);
    class_names_clear(&s->classes);
}

static bool share_inputs(struct fitting *f, bool network, struct value x, struct value *out) {
    struct tensor *t = NULL;
    if (x.kind != V_TABLE || !network) return as_tensorlike(f->ev, x, out);
    t = table_to_tensor(x.table, f->ev->e);
    *out = value_tensor(t);
    return t != NULL;
}

/* Class numbers: True and False as they are, more classes as whole numbers. */
static bool share_targets(struct fitting *f, struct shared *s) {
    struct target_values t;
    TRY(targets_from_value(f->ev, f->y, TASK_BOTH, f->classes, f->y_at, &t));
    s->classes = t.classes;
    s->single = t.single;
    s->n = t.y.n;
    bool ok = true;
    if (t.y.labels) {
        struct shape shape = shape_of(1, &t.y.n);
        struct tensor *codes = tensor_new(t.classes.n == 2 ? DT_BOOL : DT_INT64, &shape, f->ev->e);
        for (int64_t i = 0; codes && i < t.y.n; i++) {
            ok = ok && t.y.labels[i] >= 0;
            tensor_set(codes, i, t.y.labels[i] < 0 ? 0 : t.y.labels[i]);
        }
        s->y = value_tensor(codes);
        if (!ok)
            fail(f->ev, f->y_at, ERR_LABEL,
                 "Some targets are missing: nothing can be learned from them.");
        ok = ok && codes != NULL;
    } else if (f->y.kind == V_TABLE) {
        s->y = value_tensor(table_to_tensor(f->y.table, f->ev->e));
        ok = s->y.kind == V_TENSOR;
    } else {
        ok = as_tensorlike(f->ev, f->y, &s->y);
    }
    targets_clear(&t.y);
    return ok;
}

/* ---- rows ---- */

static struct tensor *row_numbers(struct fitting *f, int64_t n) {
    struct shape s = shape_of(1, &n);
    return tensor_new(DT_INT64, &s, f->ev->e);
}

static struct tensor *bootstrap(struct fitting *f, int64_t n, uint64_t stream) {
    struct tensor *rows = row_numbers(f, n);
    struct rng_key key = {f->block->spec.seed, stream, 0};
    for (int64_t i = 0; rows && i < n; i++)
        ((int64_t *)rows->data)[i] = (int64_t)rng_below(key, (uint64_t)i, (uint64_t)n);
    return rows;
}

/* Fit on some rows; NULL = all. */
static bool fit_rows(struct fitting *f, const struct shared *s, struct tensor *rows,
                     uint64_t stream, struct value model, struct value *out) {
    struct value x = value_missing(), y = value_missing();
    bool ok = rows ? pick_rows(f->ev, s->x, rows, &x) && pick_rows(f->ev, s->y, rows, &y)
                   : (x = value_ref(s->x), y = value_ref(s->y), true);
    struct fitting one = {.block = f->block,
                          .ev = f->ev,
                          .x = x,
                          .y = y,
                          .x_at = f->x_at,
                          .y_at = f->y_at,
                          .classes = s->classes.n ? &s->classes : NULL,
                          .stream = stream,
                          .depth = f->depth + 1,
                          .started = f->started,
                          .shown = f->shown,
                          .done = f->done,
                          .n_parts = f->n_parts};
    ok = ok && fit_any(&one, model, out);
    f->shown = one.shown;
    value_unref(x);
    value_unref(y);
    if (!ok) return false;
    if (fit_stopped_now(f)) {
        value_unref(*out);
        return err_set(f->ev->e, ERR_INTERRUPT, "Stopped.");
    }
    if (f->depth == 0) {
        f->done++;
        fitting_progress(f, 0, 1, NAN, NAN);
    }
    return true;
}

static uint64_t member_stream(const struct fitting *f, int64_t i) {
    return hash_add(hash_mix(f->stream), (uint64_t)i + 1);
}

/* ---- answers as columns ---- */

/* One member's answer as (n, width) doubles with the ensemble's number of columns: new memory. */
static double *answer_of(struct eval *ev, struct value model, struct value x, struct span at,
                         int64_t *n, int64_t *width) {
    struct value y = value_missing(), t;
    struct value input;
    if (model.kind == V_MODEL && x.kind == V_TABLE) {
        input = value_tensor(table_to_tensor(x.table, ev->e));
        if (input.kind != V_TENSOR) return NULL;
    } else {
        input = value_ref(x);
    }
    bool ok = apply_any_model(ev, model, input, at, &y);
    value_unref(input);
    ok = ok && as_tensorlike(ev, y, &t);
    value_unref(y);
    if (!ok) return NULL;
    if (t.kind != V_TENSOR) {
        value_unref(t);
        fail(ev, at, ERR_TYPE, "A member of the ensemble has several outputs.");
        return NULL;
    }
    *n = t.tensor->shape.n ? t.tensor->shape.size[0] : 1;
    *width = *n ? t.tensor->count / *n : 1;
    double *out = pool_need((size_t)(t.tensor->count + 1) * sizeof *out, ev->e);
    for (int64_t i = 0; out && i < t.tensor->count; i++) out[i] = tensor_get(t.tensor, i);
    value_unref(t);
    return out;
}

static void as_vote(double *p, int64_t n, int64_t width) {
    for (int64_t i = 0; i < n; i++, p += width) {
        int64_t best = 0;
        if (width == 1) {
            p[0] = p[0] > 0.5;
            continue;
        }
        for (int64_t k = 1; k < width; k++)
            if (p[k] > p[best]) best = k;
        for (int64_t k = 0; k < width; k++) p[k] = k == best;
    }
}

static bool average(struct eval *ev, const struct estimator_value *m, struct value x,
                    struct span at, double **out, int64_t *n, int64_t *width) {
    bool votes = m->ensemble == ENSEMBLE_VOTING && !m->soft && m->classes.n;
    *out = NULL;
    for (int i = 0; i < m->n_members; i++) {
        int64_t rows, columns;
        slow_part(ev->slow, i, m->n_members);
        double *one = answer_of(ev, m->members[i], x, at, &rows, &columns);
        bool ok = one && (!*out || (rows == *n && columns == *width));
        if (one && !ok)
            fail(ev, at, ERR_SHAPE,
                 "The members of the ensemble give different numbers of outputs.");
        if (!ok) {
            pool_free(one);
            pool_free(*out);
            *out = NULL;
            return false;
        }
        if (votes) as_vote(one, rows, columns);
        for (int64_t k = 0; *out && k < rows * columns; k++) (*out)[k] += one[k];
        if (*out) pool_free(one);
        else *out = one, *n = rows, *width = columns;
    }
    for (int64_t k = 0; *out && k < *n * *width; k++) (*out)[k] /= m->n_members;
    return *out != NULL;
}

/* The members' answers side by side: what the last model of a stack reads. */
static bool side_by_side(struct eval *ev, const struct value *members, int n_members,
                         struct value x, struct span at, struct tensor **out) {
    *out = NULL;
    for (int i = 0; i < n_members; i++) {
        int64_t n, width;
        slow_part(ev->slow, i, n_members);
        double *one = answer_of(ev, members[i], x, at, &n, &width);
        if (!one) return tensor_unref(*out), *out = NULL, false;
        if (!*out) {
            struct shape s = shape_of(2, (int64_t[]){n, width * n_members});
            *out = tensor_new(DT_FLOAT64, &s, ev->e);
        }
        bool fits = *out && (*out)->shape.size[1] == width * n_members;
        for (int64_t k = 0; fits && k < n * width; k++)
            ((double *)(*out)->data)[k / width * width * n_members + i * width + k % width] =
                one[k];
        pool_free(one);
        if (fits) continue;
        if (*out)
            fail(ev, at, ERR_SHAPE, "The members of the stack give different numbers of outputs.");
        tensor_unref(*out);
        return *out = NULL, false;
    }
    return true;
}

static bool as_answer(struct eval *ev, const struct estimator_value *m, const double *numbers,
                      int64_t n, int64_t width, struct value *out) {
    bool flat = width == 1 && (m->classes.n || m->single);
    struct shape s = shape_of(flat ? 1 : 2, (int64_t[]){n, width});
    struct tensor *t = tensor_new(DT_FLOAT64, &s, ev->e);
    if (t) memcpy(t->data, numbers, (size_t)t->count * sizeof *numbers);
    *out = value_tensor(t);
    return t != NULL;
}

static bool members_answer(struct eval *ev, const struct estimator_value *m, struct value x,
                           struct span at, struct value *out) {
    int64_t n, width;
    double *numbers;
    if (m->ensemble != ENSEMBLE_STACKING) {
        TRY(average(ev, m, x, at, &numbers, &n, &width));
        bool ok = as_answer(ev, m, numbers, n, width, out);
        pool_free(numbers);
        return ok;
    }
    struct tensor *columns;
    TRY(side_by_side(ev, m->members, m->n_members, x, at, &columns));
    struct value inner = value_tensor(columns);
    numbers = answer_of(ev, m->final, inner, at, &n, &width);
    bool ok = numbers && as_answer(ev, m, numbers, n, width, out);
    pool_free(numbers);
    value_unref(inner);
    return ok;
}

bool apply_ensemble(struct eval *ev, const struct estimator_value *m, struct value x,
                    struct span at, struct value *out) {
    struct slow slow;
    char what[64];
    snprintf(what, sizeof what, "answers of %d members", (int)m->n_members);
    slow_enter(&slow, ev, what, true);
    bool ok = members_answer(ev, m, x, at, out);
    slow_leave(&slow, ev);
    return ok;
}

/* ---- fitting ---- */

static bool fit_bagging(struct fitting *f, const struct shared *s, struct estimator_value *made) {
    struct value of = made->members[0];
    struct value *members = pool_need((size_t)(made->copies + 1) * sizeof *members, f->ev->e);
    bool ok = members != NULL;
    int32_t n = 0;
    for (; ok && n < made->copies; n++) {
        struct tensor *rows = bootstrap(f, s->n, member_stream(f, n));
        ok = rows && fit_rows(f, s, rows, member_stream(f, n), of, &members[n]);
        tensor_unref(rows);
        if (!ok) break;
    }
    if (!ok) {
        while (n > 0) value_unref(members[--n]);
        pool_free(members);
        return false;
    }
    value_unref(of);
    pool_free(made->members);
    made->members = members;
    made->n_members = n;
    return true;
}

/* Every member on all rows. */
static bool fit_members(struct fitting *f, const struct shared *s, struct estimator_value *made) {
    for (int32_t i = 0; i < made->n_members; i++) {
        struct value fitted;
        TRY(fit_rows(f, s, NULL, member_stream(f, i), made->members[i], &fitted));
        value_unref(made->members[i]);
        made->members[i] = fitted;
    }
    return true;
}

/* Answers of each member for the rows of one fold, fitted on the others. */
static bool fold_answers(struct fitting *f, const struct shared *s, struct estimator_value *made,
                         struct tensor *inside, struct tensor *outside, int fold,
                         struct tensor **all) {
    struct value members[64], x = value_missing();
    struct tensor *columns = NULL;
    int n = 0;
    bool ok = pick_rows(f->ev, s->x, outside, &x);
    for (; ok && n < made->n_members; n++) {
        ok = fit_rows(f, s, inside, member_stream(f, 1000 * (fold + 1) + n), made->members[n],
                      &members[n]);
        if (!ok) break;
    }
    ok = ok && side_by_side(f->ev, members, n, x, f->x_at, &columns);
    if (ok && !*all) {
        struct shape shape = shape_of(2, (int64_t[]){s->n, columns->shape.size[1]});
        *all = tensor_new(DT_FLOAT64, &shape, f->ev->e);
    }
    ok = ok && *all;
    int64_t width = ok ? columns->shape.size[1] : 0;
    for (int64_t i = 0; ok && i < outside->count; i++)
        memcpy((double *)(*all)->data + ((int64_t *)outside->data)[i] * width,
               (double *)columns->data + i * width, (size_t)width * sizeof(double));
    while (n > 0) value_unref(members[--n]);
    tensor_unref(columns);
    value_unref(x);
    return ok;
}

/* The last model when none is named. */
static bool default_final(struct fitting *f, const struct shared *s, struct estimator_value *made) {
    if (made->final.kind != V_MISSING) return true;
    const char *name = s->classes.n ? "LogisticRegression" : "LinearRegression";
    struct config *c = config_default(config_find(str_of(name)), f->ev->e);
    if (c && s->classes.n && !config_set_number(c, "penalty", 1, f->ev->e))
        return config_unref(c), false;
    return c && make_estimator(f->ev, c, &made->final);
}

/* The last model learns from answers for rows that the answering members have not seen (Wolpert,
 * Stacked generalization, 1992); then all members see all rows. */
static bool fit_stacking(struct fitting *f, const struct shared *s, struct estimator_value *made) {
    int64_t folds = made->folds < s->n ? made->folds : s->n;
    struct tensor *order = row_numbers(f, s->n), *all = NULL;
    bool ok = order != NULL;
    if (ok) rng_permutation((struct rng_key){f->block->spec.seed, f->stream, 7}, order->data, s->n);
    for (int64_t k = 0; ok && k < folds; k++) {
        int64_t begin = k * s->n / folds, end = (k + 1) * s->n / folds, at = 0;
        struct tensor *inside = row_numbers(f, s->n - (end - begin));
        struct tensor *outside = inside ? row_numbers(f, end - begin) : NULL;
        for (int64_t i = 0; outside && i < s->n; i++) {
            int64_t row = ((int64_t *)order->data)[i];
            if (i >= begin && i < end) ((int64_t *)outside->data)[i - begin] = row;
            else ((int64_t *)inside->data)[at++] = row;
        }
        ok = outside && fold_answers(f, s, made, inside, outside, (int)k, &all);
        tensor_unref(inside);
        tensor_unref(outside);
    }
    tensor_unref(order);
    struct shared stacked = {.x = value_tensor(all), .y = s->y, .classes = s->classes, .n = s->n};
    struct value final = value_missing();
    ok = ok && default_final(f, s, made) &&
         fit_rows(f, &stacked, NULL, member_stream(f, 999), made->final, &final);
    value_unref(stacked.x);
    if (!ok) return false;
    value_unref(made->final);
    made->final = final;
    return fit_members(f, s, made);
}

static int64_t parts_of(const struct estimator_value *m) {
    if (m->ensemble == ENSEMBLE_BAGGING) return m->copies;
    return m->ensemble == ENSEMBLE_VOTING ? m->n_members : m->n_members * (m->folds + 1) + 1;
}

bool fit_ensemble(struct fitting *f, const struct estimator_value *m, struct value *out) {
    struct shared s = {0};
    struct value self = {.kind = V_ESTIMATOR, .estimator = (struct estimator_value *)(uintptr_t)m};
    if (f->y.kind == V_MISSING)
        return fail(f->ev, f->x_at, ERR_TRAIN,
                    "`train` needs inputs and targets: train model on x -> y");
    struct estimator_value *made = estimator_value_copy(m, f->ev->e);
    bool ok = made && share_inputs(f, estimator_value_has_network(self), f->x, &s.x) &&
              share_targets(f, &s);
    if (ok && f->depth == 0) {
        f->n_parts = parts_of(m);
        fitting_begin(f, m, s.n, &s.classes);
    }
    if (ok && m->ensemble == ENSEMBLE_BAGGING) ok = fit_bagging(f, &s, made);
    else if (ok && m->ensemble == ENSEMBLE_VOTING) ok = fit_members(f, &s, made);
    else ok = ok && fit_stacking(f, &s, made);
    if (ok) {
        ok = class_names_copy(&made->classes, &s.classes, f->ev->e);
        made->single = s.single;
        made->is_fitted = true;
        made->trained_at = f->block->statement->span;
    }
    shared_clear(&s);
    if (ok) return *out = (struct value){.kind = V_ESTIMATOR, .estimator = made}, true;
    if (made) value_unref((struct value){.kind = V_ESTIMATOR, .estimator = made});
    return false;
}
