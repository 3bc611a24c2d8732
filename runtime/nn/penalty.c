/* Penalties on weights: their factors, and what they add to the loss. */
#include "penalty.h"
#include <math.h>

void penalty_factors(const struct config *penalty, double *l1, double *l2) {
    *l1 = *l2 = 0;
    if (!penalty) return;
    switch ((enum penalty_kind)penalty->row->kind) {
    case PENALTY_l1: *l1 = penalty->args[0].number; break;
    case PENALTY_l2: *l2 = penalty->args[0].number; break;
    case PENALTY_l1_l2:
        *l1 = penalty->args[0].number;
        *l2 = penalty->args[1].number;
        break;
    case PENALTY_N_KINDS: break;
    }
}

/* Eight sums side by side, so that the compiler may use vectors while the order stays fixed. */
double penalty_value(const float *w, int64_t n, double l1, double l2) {
    double sum[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++) {
            double x = (double)w[i + j];
            sum[j] += l1 * fabs(x) + l2 * x * x;
        }
    for (; i < n; i++) sum[0] += l1 * fabs((double)w[i]) + l2 * (double)w[i] * (double)w[i];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}
