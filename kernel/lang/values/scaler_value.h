/* A scaler: numbers are moved by a centre and divided by a scale, each position along one axis by
 * its own. All kinds differ only in how these two are found (fn_scalers.c). Never changed: fitting
 * makes another one. */
#pragma once
#include "value.h"

enum scaler_kind { SCALER_STANDARD, SCALER_MIN_MAX, SCALER_ROBUST };

struct scaler_value {
    _Atomic int32_t refs;
    const char *name; /* "StandardScaler" */
    enum scaler_kind kind;
    const char *axis_name; /* the axis that was asked for: by name, or NULL: by number */
    int axis;
    bool one;         /* axis=None: one centre for all numbers */
    double low, high; /* MIN_MAX: where the numbers shall lie */
    bool fitted;
    bool inverse;          /* made by Unscale(…): applied, it takes the scaling back */
    int64_t n;             /* fitted: how many centres; negative while checking: unknown */
    const char *axis_of;   /* fitted: the axis's name in the rows it has seen, or NULL */
    struct tensor *center; /* float64 [n]; NULL before fitting and while checking */
    struct tensor *scale;
    uint64_t key; /* equal for all copies of a fitted one */
};

void scaler_value_free(struct value v);
void scaler_value_print(const struct scaler_value *s, struct text *out);
bool scaler_value_same(const struct scaler_value *a, const struct scaler_value *b);
/* A copy that may be filled; NULL when memory is out. */
struct scaler_value *scaler_value_copy(const struct scaler_value *s, struct err *e);
