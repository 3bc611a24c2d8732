/* Scalers as values: copying, printing, giving back. */
#include "scaler_value.h"
#include "base/pool.h"
#include <inttypes.h>
#include <string.h>

void scaler_value_free(struct value v) {
    tensor_unref(v.scaler->center);
    tensor_unref(v.scaler->scale);
    pool_free(v.scaler);
}

struct scaler_value *scaler_value_copy(const struct scaler_value *s, struct err *e) {
    struct scaler_value *c = pool_need(sizeof *c, e);
    if (!c) return NULL;
    *c = *s;
    c->refs = 1;
    if (c->center) tensor_ref(c->center);
    if (c->scale) tensor_ref(c->scale);
    return c;
}

/* Of MIN_MAX the lowest number and the whole range, as the student knows them. */
static void numbers_print(const struct scaler_value *s, bool scale, struct text *out) {
    const struct tensor *t = scale ? s->scale : s->center;
    enum { MOST = 8 };
    for (int64_t i = 0; i < t->count && i < MOST; i++) {
        if (i) text_adds(out, ", ");
        double x = tensor_get(t, i);
        if (s->kind == SCALER_MIN_MAX)
            x = scale ? x * (s->high - s->low) : x + s->low * tensor_get(s->scale, i);
        number_print(x, out);
    }
    if (t->count > MOST) text_adds(out, ", …");
}

void scaler_value_print(const struct scaler_value *s, struct text *out) {
    static const char *const centers[] = {"mean", "low", "median"};
    static const char *const scales[] = {"deviation", "range", "quartiles apart"};
    text_adds(out, s->name);
    if (s->inverse) text_adds(out, ", taken back");
    if (!s->fitted || !s->center) {
        if (!s->fitted) text_adds(out, ", not fitted yet");
        return;
    }
    if (s->n > 1)
        text_addf(out, ", %" PRId64 " along %s", s->n, s->axis_of ? s->axis_of : "an axis");
    text_addf(out, ": %s ", centers[s->kind]);
    numbers_print(s, false, out);
    text_addf(out, "; %s ", scales[s->kind]);
    numbers_print(s, true, out);
}

static bool same_numbers(const struct tensor *a, const struct tensor *b) {
    if (a == b) return true;
    return a && b && a->count == b->count &&
           memcmp(a->data, b->data, (size_t)a->count * sizeof(double)) == 0;
}

bool scaler_value_same(const struct scaler_value *a, const struct scaler_value *b) {
    return a->name == b->name && a->fitted == b->fitted && a->inverse == b->inverse &&
           a->n == b->n && a->axis_of == b->axis_of && same_numbers(a->center, b->center) &&
           same_numbers(a->scale, b->scale);
}
