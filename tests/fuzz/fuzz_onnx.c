/* Fuzz target: ONNX models. */
#include "target.h"
#include "formats/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    struct weights *w = NULL;
    struct model *m = onnx_read_bytes((struct str){(const char *)bytes, n}, NULL, &w, &e);
    weights_unref(w);
    model_unref(m);
    return 0;
}
