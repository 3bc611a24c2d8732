/* Fuzz target: Parquet files. */
#include "target.h"
#include "formats/parquet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    table_unref(parse_parquet((struct str){(const char *)bytes, n}, &e));
    return 0;
}
