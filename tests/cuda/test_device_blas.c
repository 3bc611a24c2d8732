/* Large products by cuBLAS: which go there, that all forms come out right, that the same kernels as
 * ever compute them where the library is missing or does not start, and what its failures say. */
#include "products.h"

/* The fake library counts. */
static long blas_products(void) {
    long (*count)(void);
    void *library = dlopen("libcublas.so.13", RTLD_NOW | RTLD_LOCAL);
    void *at = library ? dlsym(library, "fake_cublas_products") : NULL;
    if (!at) {
        fprintf(stderr, "the fake cuBLAS is not the one that is found: set LD_LIBRARY_PATH\n");
        exit(1);
    }
    memcpy(&count, &at, sizeof count);
    return count();
}

/* Does this run's library work? */
static bool works(void) {
    const char *words = getenv("AWML_FAKE_CUBLAS");
    return !words || !*words;
}

/* The distance from the processor's; *by_blas: products that went there. */
static double error_of(const struct product *p, enum precision precision, long *by_blas) {
    struct workspace *w = on_gpu();
    workspace_set_precision(w, precision);
    struct tensor *x[2] = {numbers(&p->a, any_number, 1), numbers(&p->b, any_number, 500)};
    long before = blas_products();
    struct tensor *found = multiply(p, x, w), *wanted = multiply(p, x, NULL);
    *by_blas = blas_products() - before;
    double e = distance(found, wanted);
    tensor_unref(found);
    tensor_unref(wanted);
    tensor_unref(x[0]);
    tensor_unref(x[1]);
    workspace_unref(w);
    return e;
}

static void check(const struct product *p, long expected) {
    long by_blas;
    CHECK(error_of(p, PRECISION_FLOAT32, &by_blas) < 1e-5);
    CHECK_EQ(by_blas, works() ? expected : 0);
}

static void test_large_products(void) {
    const struct sliding one = {.size = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    check(&(struct product){OP_matmul, {0}, shape2(260, 256), shape2(256, 264)}, 1);
    check(&(struct product){OP_matmul, {.trans_a = true}, shape2(256, 260), shape2(256, 264)}, 1);
    check(&(struct product){OP_matmul, {.trans_b = true}, shape2(260, 256), shape2(264, 256)}, 1);
    check(&(struct product){OP_matmul, {0}, {.n = 3, .size = {4, 65, 256}}, shape2(256, 264)}, 1);
    check(
        &(struct product){
            OP_matmul, {0}, {.n = 3, .size = {5, 160, 150}}, {.n = 3, .size = {5, 150, 160}}},
        1);
    check(&(struct product){OP_conv, {.window = one}, shape4(4, 9, 8, 256), shape4(1, 1, 256, 256)},
          1);
    check(&(struct product){OP_conv_input,
                            {.window = one, .shape = shape4(4, 9, 8, 256)},
                            shape4(4, 9, 8, 256),
                            shape4(1, 1, 256, 256)},
          1);
    check(&(struct product){OP_conv_kernel,
                            {.window = one, .shape = shape4(1, 1, 256, 256)},
                            shape4(4, 9, 8, 256),
                            shape4(4, 9, 8, 256)},
          1);
}

/* The choice follows from the sizes: small, thin, or with pieces that lie apart. */
static void test_the_others(void) {
    check(&(struct product){OP_matmul, {0}, shape2(128, 784), shape2(784, 128)}, 0);
    check(&(struct product){OP_matmul, {0}, shape2(2000, 2000), shape2(2000, 8)}, 0);
    check(&(struct product){OP_heads_scores,
                            {.axis = 2},
                            {.n = 3, .size = {2, 200, 512}},
                            {.n = 3, .size = {2, 200, 512}}},
          0);
}

/* The library is told what may be cut. */
static void test_precision(void) {
    const struct product p = {OP_matmul, {0}, shape2(260, 256), shape2(256, 264)};
    long by_blas;
    double e = error_of(&p, PRECISION_MIXED, &by_blas);
    CHECK(e < 0x1p-10 && e > 1e-6);
    CHECK_EQ(by_blas, works());
}

static void test_what_is_said(void) {
    struct device *d = device_gpu(&err);
    CHECK(strstr(device_products(d), works() ? "cuBLAS 13.0 (libcublas.so.13)" : "does not start"));
}

/* The plan fails when it is bound; the session goes on. */
static void test_a_product_that_fails(void) {
    const struct product p = {OP_matmul, {0}, shape2(260, 256), shape2(256, 264)};
    if (!works()) return;
    setenv("AWML_FAKE_CUBLAS", "product", 1);
    struct workspace *w = on_gpu();
    struct tensor *x[2] = {numbers(&p.a, any_number, 1), numbers(&p.b, any_number, 500)};
    struct graph *g = graph_new(DT_FLOAT32, &err);
    struct desc d[2] = {tensor_desc(x[0]), tensor_desc(x[1])};
    struct node *in[2] = {graph_input(g, NULL, &d[0], &err), graph_input(g, NULL, &d[1], &err)};
    struct node *out = graph_add(g, OP_matmul, in, 2, &p.attrs, &err);
    struct plan_spec spec = {.graph = g, .outputs = &out, .n_outputs = 1, .workspace = w};
    struct plan *plan = plan_new(&spec, &err);
    struct feed feeds[2] = {{.data = x[0]->data, .dtype = DT_FLOAT32, .scale = 1},
                            {.data = x[1]->data, .dtype = DT_FLOAT32, .scale = 1}};
    struct plan_io io = {.inputs = feeds};
    CHECK(plan && !plan_run(plan, &io, &err) && err.kind == ERR_DEVICE);
    CHECK(strstr(err.what, "error 13 of cuBLAS"));
    plan_free(plan);
    graph_free(g);
    tensor_unref(x[0]);
    tensor_unref(x[1]);
    workspace_unref(w);
    setenv("AWML_FAKE_CUBLAS", "", 1);
    long by_blas;
    CHECK(error_of(&p, PRECISION_FLOAT32, &by_blas) < 1e-6 && by_blas == 1); /* opened anew */
}

TEST_MAIN(test_what_is_said, test_large_products, test_the_others, test_precision,
          test_a_product_that_fails)
