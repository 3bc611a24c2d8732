/* Fuzz target: zip archives and their members. */
#include "target.h"
#include "data/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    struct zip *z = zip_of((struct str){(const char *)bytes, n}, &e);
    for (int64_t i = 0; z && i < zip_count(z) && i < 16; i++) {
        struct text out = {0};
        if (zip_at(z, i)->size < 1 << 22) zip_read(z, i, &out, &e);
        zip_is_safe(zip_at(z, i)->name);
        text_clear(&out);
    }
    zip_unref(z);
    return 0;
}
