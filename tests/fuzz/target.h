/* What a fuzz target is: bytes in, nothing out, and no crash. libFuzzer calls it with inputs of its
 * own making; replay.c with the files of the kept corpus. */
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
/* Optional, before the first input: libFuzzer's own arguments may be changed. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
