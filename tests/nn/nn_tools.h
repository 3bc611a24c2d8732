/* Small models and data for the tests of nn/: the same formulas as in reference.py. */
#pragma once
#include "base/pool.h"
#include "nn/train.h"

/* sin(0.7 i + 1.3 salt + 0.001 i i) * scale + shift as float64: n numbers. */
void fill_values(double *out, int64_t n, double salt, double scale, double shift);
/* A tensor of them; columns 0 = one axis. */
struct tensor *make_values(enum dtype t, int64_t rows, int64_t columns, double salt, double scale,
                           double shift);
struct tensor *make_tensor(enum dtype t, int64_t rows, int64_t columns, const double *values);

/* A config from pairs (argument, double), ended by NULL: config_make("Dense", "units", 3.0, NULL).
 */
struct config *config_make(const char *name, ...);
struct config *dense(double units, const char *activation);
/* A model of layers one after the other, built; takes the configs. name of in- and output: "x",
 * "y". NULL, with the error kept in last_error, if it cannot be built. */
struct model *chain(const struct shape *input, struct config *const *layers, int n);
extern struct err last_error;
/* rows-less input of one axis */
struct model *chain_of(int64_t columns, int n, ...);
/* First weights for the weight named so: the formula. */
void set_weight(const struct model *m, struct weights *w, const char *name, double salt,
                double scale);
void set_numbers(const struct model *m, struct weights *w, const char *name, const double *values);
const float *weight_of(const struct model *m, const struct weights *w, const char *name);
/* Prediction as float32 numbers; the caller unrefs. */
struct tensor *predict(const struct model *m, struct weights *w, struct tensor *x);
/* A train_spec with the defaults of the language. */
struct train_spec train_defaults(struct model *m, const struct weights *w, struct tensor *x,
                                 struct tensor *y);
double history_at(const struct table *t, const char *column, int64_t row);
/* train_run; failures are printed and kept in last_error. */
bool train(const struct train_spec *spec, struct train_result *r);
void result_clear(struct train_result *r);
/* [70, 12] numbers from 0 to 1, and 70 classes from 0 to 4. */
struct tensor *images(enum dtype t);
struct tensor *digits(void);
/* A small regression with dropout, and something to validate on. */
struct scene {
    struct model *m;
    struct weights *w;
    struct tensor *x, *y, *vx, *vy;
    struct train_spec spec;
};
struct scene scene_new(void);
void scene_free(struct scene *s);
/* The smallest number of a column and its row. */
double best_row(const struct table *t, const char *column, int64_t *row);

/* As the last test of a file: run each test again and see that nothing is left. The first run has
 * interned its names by then, which stay. */
#define CHECK_NO_LEAKS(...)                                                                        \
    do {                                                                                           \
        void (*again_[])(void) = {__VA_ARGS__};                                                    \
        for (size_t i_ = 0; i_ < sizeof again_ / sizeof again_[0]; i_++) {                         \
            size_t before_ = pool_live_blocks();                                                   \
            again_[i_]();                                                                          \
            CHECK_EQ(pool_live_blocks(), before_);                                                 \
        }                                                                                          \
    } while (0)
