/* Fuzz target: Keras models. A config as it stands in a .keras file, the same with weights that
 * have names, and whole .h5 files, which are read by libhdf5 and therefore lie in a file of memory.
 */
#include "target.h"
#include "data/hdf5_file.h"
#include "formats/keras_read.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void forget(struct model *m, struct weights *w) {
    weights_unref(w);
    model_unref(m);
}

static void read_h5(const uint8_t *bytes, size_t n) {
    struct err e = {0}, later = {0};
    struct weights *w = NULL;
    struct named_tensor *items = NULL;
    int n_items = 0, fd = memfd_create("model", 0);
    char path[64];
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n) return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct model *m = keras_load_h5(path, &w, &e);
    forget(m, w);
    if (!m && read_hdf5(path, &items, &n_items, &later))
        for (int i = 0; i < n_items; i++) tensor_unref(items[i].value);
    pool_free(items);
    close(fd);
}

static void read_config(struct str config) {
    static const char *const names[] = {"model_weights/dense/dense/kernel:0",
                                        "model_weights/dense/dense/bias:0",
                                        "model_weights/base/base/conv2d/kernel"};
    struct err e = {0}, later = {0};
    struct weights *w = NULL;
    struct shape s = shape_of(2, (int64_t[]){4, 3});
    struct tensor *t = tensor_zeros(DT_FLOAT32, &s, &e);
    struct named_tensor items[3];
    for (int i = 0; i < 3; i++) items[i] = (struct named_tensor){names[i], t};
    struct model *m = keras_read_config(config, "fuzz", NULL, 0, &w, &e);
    forget(m, w);
    m = keras_read_old(config, "fuzz", items, t ? 3 : 0, &w, &later);
    forget(m, w);
    tensor_unref(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (n > 8 && memcmp(bytes, "\x89HDF\r\n\x1a\n", 8) == 0) read_h5(bytes, n);
    else read_config((struct str){(const char *)bytes, n});
    return 0;
}
