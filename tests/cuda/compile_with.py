#!/usr/bin/env python3
"""Compiles the GPU's kernels with the run-time compiler (NVRTC) of another toolkit, for every kind of
card: does this release take the sources?

    tests/cuda/compile_with.py FOLDER…

FOLDER is a toolkit (/usr/local/cuda), or what a package manager unpacked of one: some folder below it
has libnvrtc.so and another mma.h. Prints a line for each card; fails when one does not compile.
"""
import ctypes
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# NVRTC has no headers of C: what the kernels read of them.
WHOLE = """#pragma once
typedef signed char int8_t; typedef unsigned char uint8_t; typedef short int16_t;
typedef unsigned short uint16_t; typedef int int32_t; typedef unsigned uint32_t;
typedef long long int64_t; typedef unsigned long long uint64_t; typedef unsigned long uintptr_t;
#define INT32_MIN (-2147483647 - 1)
#define INT32_MAX 2147483647
#define INT64_MIN (-9223372036854775807LL - 1)
#define INT64_MAX 9223372036854775807LL
#define UINT32_MAX 4294967295u
"""
MATHS = """#pragma once
#define HUGE_VALF __int_as_float(0x7f800000)
#define HUGE_VAL __longlong_as_double(0x7ff0000000000000LL)
#define INFINITY HUGE_VALF
#define NAN __int_as_float(0x7fffffff)
"""
HEADERS = {"stdint.h": WHOLE, "math.h": MATHS, "string.h": "", "stdbool.h": "", "stddef.h": ""}
CARDS = ["sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "compute_90"]


def find(folder, pattern):
    found = sorted(p for p in Path(folder).rglob(pattern) if "stubs" not in p.parts)
    if not found:
        sys.exit(f"{folder}: there is no {pattern} in it")
    return found


def library_in(folder):
    """The compiler, its second library first: that one is not on the loader's path."""
    for part in find(folder, "libnvrtc-builtins.so*")[:1]:
        ctypes.CDLL(str(part), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str([p for p in find(folder, "libnvrtc.so*") if "alt" not in p.name][0]))


def options(folder, card):
    here = {p.parent.parent if p.parent.name == "crt" else p.parent
            for name in ("mma.h", "cuda_fp16.h", "cuda_bf16.h") for p in find(folder, name)}
    return [f"--gpu-architecture={card}", "--std=c++17", "--fmad=false", "-default-device", "--device-int128",
            f"-I{ROOT / 'runtime' / 'cuda'}", f"-I{ROOT / 'runtime'}",
            *(f"-I{p}" for p in sorted(here))]


def compile_for(nvrtc, folder, card):
    """The compiler's complaint, or nothing."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    source = b'#include "kernels.cu"\n'
    texts = (ctypes.c_char_p * len(HEADERS))(*(t.encode() for t in HEADERS.values()))
    names = (ctypes.c_char_p * len(HEADERS))(*(n.encode() for n in HEADERS))
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, b"all.cu", len(HEADERS), texts, names)
    words = [w.encode() for w in options(folder, card)]
    failed = nvrtc.nvrtcCompileProgram(program, len(words), (ctypes.c_char_p * len(words))(*words))
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return log.value.decode() or f"error {failed}" if failed else ""


def main():
    bad = False
    for folder in sys.argv[1:]:
        nvrtc = library_in(folder)
        major, minor = ctypes.c_int(), ctypes.c_int()
        nvrtc.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
        for card in CARDS:
            complaint = compile_for(nvrtc, folder, card)
            print(f"{major.value}.{minor.value} {card}: {complaint or 'compiles'}", flush=True)
            bad |= bool(complaint)
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os._exit(bad)  # the compilers' libraries do not like to be unloaded together


if __name__ == "__main__":
    main()
