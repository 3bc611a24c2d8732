/* Small models and data for the tests of nn/. */
#include "nn_tools.h"
#include "base/intern.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct err last_error;

void fill_values(double *out, int64_t n, double salt, double scale, double shift) {
    for (int64_t k = 0; k < n; k++) {
        double i = (double)k;
        out[k] = sin(0.7 * i + 1.3 * salt + 0.001 * i * i) * scale + shift;
    }
}

struct tensor *make_tensor(enum dtype t, int64_t rows, int64_t columns, const double *values) {
    struct shape s = shape_of(columns ? 2 : 1, (int64_t[]){rows, columns});
    struct tensor *out = tensor_new(t, &s, &last_error);
    for (int64_t i = 0; i < out->count; i++) tensor_set(out, i, values[i]);
    return out;
}

struct tensor *make_values(enum dtype t, int64_t rows, int64_t columns, double salt, double scale,
                           double shift) {
    int64_t n = rows * (columns ? columns : 1);
    double *values = pool_alloc((size_t)n * sizeof *values);
    fill_values(values, n, salt, scale, shift);
    struct tensor *out = make_tensor(t, rows, columns, values);
    pool_free(values);
    return out;
}

struct config *config_make(const char *name, ...) {
    const struct config_row *row = config_find(str_of(name));
    struct config *c = config_default(row, &last_error);
    va_list args;
    va_start(args, name);
    for (const char *arg; (arg = va_arg(args, const char *));) {
        double x = va_arg(args, double);
        config_set_number(c, arg, x, &last_error);
    }
    va_end(args);
    return c;
}

struct config *dense(double units, const char *activation) {
    struct config *c = config_make("Dense", "units", units, NULL);
    if (activation)
        config_set_activation(c, "activation", activation_find(str_of(activation)), &last_error);
    return c;
}

static bool walk(struct model *m, bool training, const struct shape *input,
                 struct layer *const *layers, int n) {
    struct builder b;
    struct desc d = {.dtype = DT_FLOAT32, .shape = *input};
    if (!builder_init(&b, m, training, &last_error)) return false;
    struct node *x = builder_input(&b, "x", &d, &last_error);
    for (int i = 0; x && i < n; i++) {
        struct node *same[] = {x, x, x}; /* attention: of a sequence to itself */
        int n_in = 0;
        layer_input_names(layers[i], &n_in);
        x = layer_apply(&b, layers[i], same, n_in ? n_in : 1, &last_error);
    }
    return x && builder_output(&b, "y", x, &last_error) && builder_finish(&b, &last_error);
}

struct model *chain(const struct shape *input, struct config *const *configs, int n) {
    struct layer *layers[16] = {0};
    last_error = (struct err){0};
    struct model *m = model_new("Net", &last_error);
    bool ok = true;
    for (int i = 0; i < n; i++) ok &= (layers[i] = layer_new(configs[i], &last_error)) != NULL;
    ok = ok && walk(m, true, input, layers, n) && walk(m, false, input, layers, n);
    for (int i = 0; i < n; i++) {
        layer_unref(layers[i]);
        config_unref(configs[i]);
    }
    if (ok) return m;
    model_unref(m);
    return NULL;
}

struct model *chain_of(int64_t columns, int n, ...) {
    struct config *layers[16];
    struct shape s = shape_of(2, (int64_t[]){SIZE_BATCH, columns});
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++) layers[i] = va_arg(args, struct config *);
    va_end(args);
    return chain(&s, layers, n);
}

static const struct weight_info *info_of(const struct model *m, const char *name, int64_t *n) {
    for (int i = 0; i < model_n_weights(m); i++) {
        const struct weight_info *w = model_weight(m, i);
        if (strcmp(w->name, name) != 0) continue;
        shape_count(&w->shape, n, &last_error);
        return w;
    }
    return NULL;
}

void set_numbers(const struct model *m, struct weights *w, const char *name, const double *values) {
    int64_t n = 0;
    const struct weight_info *info = info_of(m, name, &n);
    for (int64_t i = 0; i < n; i++) w->data[info->offset + i] = (float)values[i];
}

void set_weight(const struct model *m, struct weights *w, const char *name, double salt,
                double scale) {
    int64_t n = 0;
    if (!info_of(m, name, &n)) return;
    double *values = pool_alloc((size_t)n * sizeof *values + 8);
    fill_values(values, n, salt, scale, 0);
    set_numbers(m, w, name, values);
    pool_free(values);
}

const float *weight_of(const struct model *m, const struct weights *w, const char *name) {
    int64_t n;
    const struct weight_info *info = info_of(m, name, &n);
    return info ? w->data + info->offset : NULL;
}

struct tensor *predict(const struct model *m, struct weights *w, struct tensor *x) {
    struct tensor *out[MODEL_MAX_PORTS] = {0};
    struct predict_spec spec = {.model = m, .weights = w, .inputs = &x, .batch = 4};
    last_error = (struct err){0};
    return model_predict(&spec, out, &last_error) ? out[0] : NULL;
}

struct train_spec train_defaults(struct model *m, const struct weights *w, struct tensor *x,
                                 struct tensor *y) {
    return (struct train_spec){.model = m,
                               .start = w,
                               .data = {.inputs = {x}, .targets = {y}},
                               .epochs = 10,
                               .batch = 32,
                               .seed = 7,
                               .stream = 3};
}

double history_at(const struct table *t, const char *column, int64_t row) {
    int i = table_find(t, str_of(column));
    return i < 0 || row >= t->n_rows ? NAN : t->columns[i].numbers[row];
}

/* ---- a small training ---- */

void result_clear(struct train_result *r) {
    weights_unref(r->weights);
    table_unref(r->history);
    *r = (struct train_result){0};
}

bool train(const struct train_spec *spec, struct train_result *r) {
    last_error = (struct err){0};
    if (train_run(spec, r, &last_error)) return true;
    fprintf(stderr, "%s\n", last_error.what);
    return false;
}

struct tensor *images(enum dtype t) {
    struct tensor *x = make_values(DT_FLOAT32, 70, 12, 20, 0.5, 0.5);
    struct tensor *out = tensor_cast(x, t, &last_error);
    tensor_unref(x);
    return out;
}

struct tensor *digits(void) {
    double classes[70];
    fill_values(classes, 70, 21, 1, 0);
    for (int i = 0; i < 70; i++) classes[i] = floor(fabs(classes[i]) * 4.99);
    return make_tensor(DT_UINT8, 70, 0, classes);
}

struct scene scene_new(void) {
    struct scene s = {.m = chain_of(12, 3, dense(16, "relu"),
                                    config_make("Dropout", "rate", 0.2, NULL), dense(1, NULL))};
    s.w = model_init(s.m, 1, 1, &last_error);
    s.x = images(DT_FLOAT32);
    s.y = make_values(DT_FLOAT64, 70, 1, 25, 1, 0);
    s.vx = make_values(DT_FLOAT64, 30, 12, 26, 0.5, 0.5);
    s.vy = make_values(DT_FLOAT64, 30, 1, 27, 1, 0);
    s.spec = train_defaults(s.m, s.w, s.x, s.y);
    s.spec.validation = (struct examples){.inputs = {s.vx}, .targets = {s.vy}};
    return s;
}

void scene_free(struct scene *s) {
    tensor_unref(s->x);
    tensor_unref(s->y);
    tensor_unref(s->vx);
    tensor_unref(s->vy);
    weights_unref(s->w);
    model_unref(s->m);
}

double best_row(const struct table *t, const char *column, int64_t *row) {
    *row = 0;
    for (int64_t i = 1; i < t->n_rows; i++)
        if (history_at(t, column, i) < history_at(t, column, *row)) *row = i;
    return history_at(t, column, *row);
}
