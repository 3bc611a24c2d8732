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

static void numbers_print(const struct tensor *t, struct text *out) {
    enum { MOST = 8 };
    for (int64_t i = 0; i < t->count && i < MOST; i++) {
        if (i) text_adds(out, ", ");
        number_print(tensor_get(t, i), out);
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
    numbers_print(s->center, out);
    text_addf(out, "; %s ", scales[s->kind]);
    numbers_print(s->scale, out);
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
