/* All kernels, compiled at once: most of a compilation is the toolkit's own headers, once for each
 * kind of card. */
#include "along.cu"
#include "conv.cu"
#include "elementwise.cu"
#include "index.cu"
#include "learn.cu"
#include "make.cu"
#include "matmul.cu"
#include "move.cu"
#include "norm.cu"
#include "pool.cu"
#include "recur.cu"
#include "reduce.cu"
