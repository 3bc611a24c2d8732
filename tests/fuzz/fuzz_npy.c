/* Fuzz target: .npy files. */
#include "target.h"
#include "data/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    tensor_unref(parse_npy((struct str){(const char *)bytes, n}, &e));
    return 0;
}
