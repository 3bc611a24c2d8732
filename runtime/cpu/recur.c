/* Recurrent cells, compiled once per instruction set: see recur.h. */
#include "recur.h"
#include "isa.h"

#if defined(__AVX512F__)
enum { PANEL_BYTES = 192 };
#elif defined(__AVX2__)
enum { PANEL_BYTES = 64 };
#else
enum { PANEL_BYTES = 32 };
#endif

/* Examples whose steps are folded at a time when a weight's derivative needs a product first. */
enum { FOLD_ROWS = 256 };

#define T double
#define F(name) name##_f64
#define M(name) fm_##name
#define DTYPE DT_FLOAT64
#include "recur_cell.h"
#include "recur_loop.h"
#undef T
#undef F
#undef M
#undef DTYPE
#define T float
#define F(name) name##_f32
#define M(name) fm_##name##_f
#define DTYPE DT_FLOAT32
#include "recur_cell.h"
#include "recur_loop.h"

#define RECUR_ROW(t)                                                                               \
    { run_##t, states_##t, slopes_##t, bias_##t, weight_##t, scratch_bytes_##t }
const struct recur_kernels ISA_NAME(recur_table)[2] = {RECUR_ROW(f64), RECUR_ROW(f32)};
