/* Fuzz target: PNG and JPEG pictures, whole and reduced on the way. */
#include "target.h"
#include "data/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    struct str file = {(const char *)bytes, n};
    struct image_wish wishes[] = {{3, 0, 0}, {1, 8, 8}};
    struct image_info info;
    if (image_info(file, &info, &e) && info.height * info.width > 1 << 22) return 0;
    for (size_t i = 0; i < 2; i++) tensor_unref(image_decode(file, &wishes[i], &e));
    return 0;
}
