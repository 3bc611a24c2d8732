/* Numbers as files hold them, whatever their width and byte order, into numbers of a tensor. */
#pragma once
#include "source.h"
#include "tensor.h"

enum raw_type {
    RAW_F64,
    RAW_F32,
    RAW_F16,
    RAW_BF16,
    RAW_I64,
    RAW_I32,
    RAW_I16,
    RAW_I8,
    RAW_U64,
    RAW_U32,
    RAW_U16,
    RAW_U8,
    RAW_BOOL,
    RAW_COUNT
};

struct raw {
    enum raw_type type;
    bool big_endian;
};

size_t raw_bytes(enum raw_type t);
/* The narrowest type of ours that holds them all: float16 -> float32, uint16 -> int32, … */
enum dtype raw_dtype(enum raw_type t);
/* Fill `out` with the next out->count numbers. False: damaged, cut short, or (uint64 only) a
 * number beyond int64. */
bool raw_fill(struct raw raw, struct source *s, struct tensor *out, struct err *e);
/* Swap the bytes of each of n words of `width` bytes. */
void raw_swap(void *bytes, size_t n, size_t width);
/* IEEE half to float. */
float raw_half(uint16_t bits);
