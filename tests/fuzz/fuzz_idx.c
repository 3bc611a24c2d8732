/* Fuzz target: IDX files. */
#include "target.h"
#include "data/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    tensor_unref(parse_idx((struct str){(const char *)bytes, n}, &e));
    return 0;
}
