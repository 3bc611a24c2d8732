/* Recurrent cells as operations: what a step keeps for the way back, and the codes in the
 * attributes. Shared by the rules, the kernels (cpu/recur.h) and the layers (nn/recurrent.c).
 *
 *   simple  h' = f(x + h U + b)
 *   gru     z, r = g(x + h U + b + c), a = f(x + b + r (h U + c)), h' = z h + (1 - z) a
 *           (reset after the product, two biases b and c: Cho et al. 2014 as Keras and cuDNN have
 * it) lstm    i, f, o = g(x + h U + b), a likewise with f, c' = f c + i a, h' = o f(c') (Hochreiter
 * and Schmidhuber 1997, with the forget gate of Gers et al. 2000)
 *
 * x is already multiplied by its kernel. The gates stand in Keras' order: z r a, and i f a o. */
#pragma once
#include <stdint.h>

enum recur_cell { RECUR_SIMPLE, RECUR_GRU, RECUR_LSTM, RECUR_N_CELLS };
enum recur_fn { RECUR_TANH, RECUR_SIGMOID, RECUR_RELU, RECUR_LINEAR, RECUR_HARD_SIGMOID };
enum recur_form { RECUR_ALL, RECUR_LAST, RECUR_LAST_CELL };

/* In units of the number of units: gates of x and of its derivative; what a step of the record
 * keeps (before, h' | before, z, r, a, h U + c | before, c, i, f, a, o, f(c')); biases. */
static const int32_t recur_gates[RECUR_N_CELLS] = {1, 3, 4};
static const int32_t recur_kept[RECUR_N_CELLS] = {2, 5, 7};
static const int32_t recur_biases[RECUR_N_CELLS] = {1, 6, 4};
