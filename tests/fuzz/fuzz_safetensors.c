/* Fuzz target: safetensors files. */
#include "target.h"
#include "base/pool.h"
#include "data/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    struct named_tensor *items = NULL;
    int n_items = 0;
    if (parse_safetensors((struct str){(const char *)bytes, n}, &items, &n_items, &e)) {
        for (int i = 0; i < n_items; i++) tensor_unref(items[i].value);
        pool_free(items);
    }
    return 0;
}
