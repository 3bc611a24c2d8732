/* Rows by position: gather, its reverse scatter_add, and one_hot. A position outside is a fault
 * that the plan reports. Bound: memory. */
#include "device.h"

KERNEL(gather_run, index_args) {
    EACH(i, a.count) {
        int64_t at = position_at(a.positions, a.position_type, i / a.row);
        if (at < 0 || at >= (int64_t)a.rows) {
            ATOMIC_OR(a.faults, MET_INDEX);
            at = 0;
            if (a.rows == 0) continue;
        }
        int64_t from = at * (int64_t)a.row + i % a.row;
        if (a.bytes == 4) ((uint32_t *)a.out)[i] = ((const uint32_t *)a.in)[from];
        else if (a.bytes == 8) ((uint64_t *)a.out)[i] = ((const uint64_t *)a.in)[from];
        else ((uint8_t *)a.out)[i] = ((const uint8_t *)a.in)[from];
    }
}

/* Each result looks through all positions for its row: no atomic sums, always the same order. */
KERNEL(scatter_run, index_args) {
    EACH(i, a.count) {
        uint32_t row = i / a.row, column = i % a.row;
        float f = 0;
        int64_t w = 0;
        for (uint32_t k = 0; k < a.n_positions; k++) {
            int64_t at = position_at(a.positions, a.position_type, k);
            if (i == 0 && (at < 0 || at >= (int64_t)a.rows)) ATOMIC_OR(a.faults, MET_INDEX);
            if (at != (int64_t)row) continue;
            uint64_t from = (uint64_t)k * a.row + column;
            if (a.dtype == T_F32) f += ((const float *)a.in)[from];
            else w = (int64_t)((uint64_t)w + (uint64_t)((const int64_t *)a.in)[from]);
        }
        if (a.dtype == T_F32) ((float *)a.out)[i] = f;
        else ((int64_t *)a.out)[i] = w;
    }
}

KERNEL(one_hot_run, index_args) {
    EACH(i, a.count) {
        int64_t at = position_at(a.positions, a.position_type, i / a.row);
        if (at < 0 || at >= (int64_t)a.row) ATOMIC_OR(a.faults, MET_INDEX);
        ((float *)a.out)[i] = at == (int64_t)(i % a.row) ? 1.0f : 0.0f;
    }
}
