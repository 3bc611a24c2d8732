/* Named data sets: the shipped one is there and whole; a missing or wrong one says what to do. */
#include "files.h"
#include "base/intern.h"
#include <sys/stat.h>

static void check_part(const struct tensor *x, const struct desc *d) {
    CHECK(x && x->dtype == d->dtype && shape_same_sizes(&x->shape, &d->shape));
    CHECK(x && x->shape.axis[0] == intern_c("image"));
}

static void check_set(const char *name) {
    struct err e = {0};
    struct dataset d;
    bool ok = dataset_load(str_of(name), &d, &e);
    CHECK(shown(ok, &e));
    if (!ok) return;
    const struct dataset_row *row = NULL;
    for (int i = 0; i < dataset_n_rows(); i++) {
        if (strcmp(dataset_row_at(i)->name, name) == 0) row = dataset_row_at(i);
    }
    check_part(d.train_x, &row->train_x);
    check_part(d.train_y, &row->train_y);
    check_part(d.test_x, &row->test_x);
    check_part(d.test_y, &row->test_y);
    CHECK(d.train_x->is_image && d.test_x->shape.axis[1] == intern_c("height"));
    CHECK(d.n_classes == 10 && strcmp(d.classes[9], "Ankle boot") == 0);
    int64_t seen[10] = {0};
    for (int64_t i = 0; i < d.train_y->count; i++)
        seen[((const uint8_t *)d.train_y->data)[i] % 10]++;
    for (int i = 0; i < 10; i++) CHECK_EQ(seen[i], d.train_y->count / 10);
    dataset_clear(&d);
}

/* Its images are images of the full set: mean brightness of the two agrees within 1 of 255. */
static void test_shipped(void) {
    struct err e = {0};
    struct dataset d;
    check_set("fashion_mnist_small");
    CHECK(dataset_load(STR("fashion_mnist_small"), &d, &e));
    double sum = 0;
    for (int64_t i = 0; i < d.train_x->count; i++) sum += ((const uint8_t *)d.train_x->data)[i];
    CHECK_NEAR(sum / (double)d.train_x->count / 72.94, 1, 0.014);
    dataset_clear(&d);
}

static void test_unknown(void) {
    struct err e = {0};
    struct dataset d;
    CHECK(!dataset_load(STR("fashon_mnist"), &d, &e));
    CHECK_EQ(e.kind, ERR_VALUE);
    CHECK_STR(e.hint, "Did you mean \"fashion_mnist\"?");
    CHECK(strstr(e.facts, "fashion_mnist_small\t") != NULL);
}

/* With a folder of its own first in line: damaged and foreign files there are told from good ones.
 */
static void test_own_folder(void) {
    struct err e = {0};
    struct dataset d;
    char folder[256], inner[300], file[400];
    snprintf(folder, sizeof folder, "%s", scratch("data"));
    snprintf(inner, sizeof inner, "%s/fashion-mnist-small", folder);
    snprintf(file, sizeof file, "%s/train-images-idx3-ubyte", inner);
    CHECK(mkdir(folder, 0700) == 0 && mkdir(inner, 0700) == 0 &&
          setenv("AWML_DATA", folder, 1) == 0);
    check_set("fashion_mnist_small"); /* an empty folder is passed over */
    put_file(file, "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01xy", 18);
    CHECK(!dataset_load(STR("fashion_mnist_small"), &d, &e));
    CHECK_EQ(e.kind, ERR_DATA);
    CHECK(strstr(e.what, file) != NULL && strstr(e.facts, "uint8 [2, 1, 1]") != NULL);
    put_file(file, "\0\0\x08\x03\0\0", 6);
    CHECK(!dataset_load(STR("fashion_mnist_small"), &d, &e));
    CHECK(strstr(e.what, "cut short") != NULL && strstr(e.facts, file) != NULL);
    unsetenv("AWML_DATA");
    CHECK(unlink(file) == 0 && rmdir(inner) == 0 && rmdir(folder) == 0);
}

/* The full set is loaded where it is installed; where it is not, the error says how to get it. */
static void test_full(void) {
    if (access("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz", R_OK) == 0) {
        check_set("fashion_mnist");
        return;
    }
    struct err e = {0};
    struct dataset d;
    if (dataset_load(STR("fashion_mnist"), &d, &e)) {
        dataset_clear(&d);
        return;
    }
    CHECK_EQ(e.kind, ERR_FILE);
    CHECK(strstr(e.hint, "dataset-fashion-mnist") != NULL);
}

TEST_MAIN(test_shipped, test_unknown, test_own_folder, test_full)
