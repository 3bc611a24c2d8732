/* Fuzz target: tables from JSON. */
#include "target.h"
#include "formats/json_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    struct text out = {0};
    json_t *j = json_tree_parse((struct str){(const char *)bytes, n}, &e);
    if (!j) return 0;
    if (json_is_rows(j) || json_is_columns(j)) table_unref(json_table(j, &e));
    json_tree_write(j, &out);
    text_clear(&out);
    json_decref(j);
    return 0;
}
