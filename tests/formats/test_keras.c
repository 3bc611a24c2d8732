/* Keras' own files (make_keras.py): read as models, they give Keras' numbers. */
#include "../harness.h"
#include "formats/keras_read.h"
#include "base/pool.h"

static bool shown(bool ok, const struct err *e) {
    if (!ok) fprintf(stderr, "%s\n%s\n", e->what, e->facts);
    return ok;
}

/* How far the model in "keras_<file>" is from Keras' numbers for "keras_<name>". */
static double difference(const char *name, const char *file, struct err *e) {
    char path[300];
    struct weights *w = NULL;
    struct tensor *y[MODEL_MAX_PORTS] = {NULL};
    snprintf(path, sizeof path, FILES "keras_%s_x.npy", name);
    struct tensor *x = read_npy(path, e);
    snprintf(path, sizeof path, FILES "keras_%s_y.npy", name);
    struct tensor *expected = read_npy(path, e);
    snprintf(path, sizeof path, FILES "keras_%s", file);
    bool old = str_ends(str_of(file), ".h5");
    struct model *m = old ? keras_load_h5(path, &w, e) : keras_load(path, &w, e);
    struct predict_spec spec = {.model = m, .weights = w, .inputs = &x};
    double worst = m && x && expected && model_predict(&spec, y, e) ? 0 : INFINITY;
    if (worst == 0 && y[0]->count != expected->count) worst = INFINITY;
    for (int64_t i = 0; worst < INFINITY && i < expected->count; i++) {
        double d = fabs(tensor_get(y[0], i) - tensor_get(expected, i));
        if (!(d <= worst)) worst = d;
    }
    for (int i = 0; i < MODEL_MAX_PORTS; i++) tensor_unref(y[i]);
    tensor_unref(x);
    tensor_unref(expected);
    weights_unref(w);
    model_unref(m);
    return worst;
}

static void test_files(void) {
    static const char *const names[] = {"sequential", "functional", "sequence", "nested",
                                        "attention"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct err e = {0};
        char file[110], two[100];
        snprintf(file, sizeof file, "%s.keras", names[i]);
        CHECK(shown(difference(names[i], file, &e) < 1e-5, &e));
        snprintf(file, sizeof file, "%s.h5", names[i]);
        CHECK(shown(difference(names[i], file, &e) < 1e-5, &e));
        snprintf(two, sizeof two, "%s_2", names[i]); /* of Keras 2 */
        snprintf(file, sizeof file, "%s.h5", two);
        CHECK(shown(difference(two, file, &e) < 1e-5, &e));
    }
}

static bool fails(const char *config, const char *with) {
    struct err e = {0};
    struct weights *w = NULL;
    struct model *m = keras_read_config(str_of(config), "test", NULL, 0, &w, &e);
    bool right = !m && (strstr(e.what, with) || strstr(e.facts, with));
    if (!right) fprintf(stderr, "%s\n%s\n", e.what, e.facts);
    weights_unref(w);
    model_unref(m);
    return right;
}

#define NET(layer)                                                                                 \
    "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"net\", \"layers\": ["               \
    "{\"class_name\": \"InputLayer\", \"config\": {\"name\": \"in\", \"batch_shape\": [null, "     \
    "4]}}, "                                                                                       \
    "{\"class_name\": " layer "}]}}"

static void check_errors(void) {
    CHECK(fails("{", "JSON"));
    CHECK(fails("[1, 2]", "no Sequential or Functional"));
    CHECK(fails(NET("\"Hopfield\", \"config\": {\"name\": \"h\"}"), "Hopfield"));
    CHECK(fails(NET("\"Dense\", \"config\": {\"name\": \"d\", \"units\": -3}"), "units"));
    CHECK(fails(
        NET("\"Dense\", \"config\": {\"name\": \"d\", \"units\": 3, \"activation\": \"mine\"}"),
        "mine"));
    CHECK(fails(
        NET("\"Conv2D\", \"config\": {\"name\": \"c\", \"filters\": 3, \"kernel_size\": [3, 3]}"),
        "Conv2D"));
}

static void test_errors(void) {
    check_errors(); /* names are kept for good */
    size_t blocks = pool_live_blocks();
    check_errors();
    CHECK_EQ(pool_live_blocks(), blocks);
}

TEST_MAIN(test_files, test_errors)
