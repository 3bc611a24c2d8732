/* Fuzz target: rows of XML. */
#include "target.h"
#include "data/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    struct str file = {(const char *)bytes, n};
    table_unref(parse_xml(file, NULL, &e));
    table_unref(parse_xml(file, "entry", &e));
    return 0;
}
