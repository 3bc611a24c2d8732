/* Fuzz target: the config of a Keras model. */
#include "target.h"
#include "formats/keras_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    struct weights *w = NULL;
    struct str config = {(const char *)bytes, n};
    struct model *m = keras_read_config(config, "fuzz", NULL, 0, &w, &e);
    weights_unref(w);
    model_unref(m);
    return 0;
}
