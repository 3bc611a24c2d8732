/* ONNX: networks that PyTorch exported (make_onnx.py) give PyTorch's numbers; ours come back; what
 * is damaged or unknown is an error. */
#include "../harness.h"
#include "formats/onnx.h"
#include "base/pool.h"
#include "data/read.h"
#include <stdlib.h>

static bool shown(bool ok, const struct err *e) {
    if (!ok) fprintf(stderr, "%s\n%s\n", e->what, e->facts);
    return ok;
}

static double worst(const struct tensor *a, const struct tensor *b) {
    double most = 0;
    if (!a || !b || !shape_same_sizes(&a->shape, &b->shape)) return INFINITY;
    for (int64_t i = 0; i < a->count; i++) {
        double d = fabs(tensor_get(a, i) - tensor_get(b, i));
        if (!(d <= most)) most = d;
    }
    return most;
}

/* The model's answer to the stored input against the stored output. */
static double difference(const char *file, const char *name, struct err *e) {
    char path[256];
    struct weights *w = NULL;
    struct tensor *y = NULL;
    snprintf(path, sizeof path, "%s_x.npy", name);
    struct tensor *x = read_npy(path, e);
    snprintf(path, sizeof path, "%s_y.npy", name);
    struct tensor *expected = read_npy(path, e);
    struct model *m = onnx_load(file, &w, e);
    struct predict_spec spec = {.model = m, .weights = w, .inputs = &x};
    double d = x && m && model_predict(&spec, &y, e) ? worst(y, expected) : INFINITY;
    tensor_unref(x);
    tensor_unref(y);
    tensor_unref(expected);
    weights_unref(w);
    model_unref(m);
    return d;
}

static void test_pytorch(void) {
    static const char *const names[] = {"residual", "mobile", "joined",   "sequence",
                                        "dense",    "both",   "both_new", "alone_new"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char file[300], base[256];
        struct err e = {0};
        snprintf(base, sizeof base, FILES "%s", names[i]);
        snprintf(file, sizeof file, "%s.onnx", base);
        double d = difference(file, base, &e);
        CHECK(shown(d < 1e-5, &e));
    }
}

/* Read, written, read again. */
static void test_again(void) {
    const char *file = "onnx_again.onnx";
    struct weights *w = NULL;
    struct err e = {0};
    struct model *m = onnx_load(FILES "residual.onnx", &w, &e);
    CHECK(shown(m && onnx_save(m, w, file, &e), &e));
    CHECK(shown(difference(file, FILES "residual", &e) < 1e-5, &e));
    remove(file);
    weights_unref(w);
    model_unref(m);
}

static struct text bytes_of(const char *path) {
    struct text t = {0};
    struct err e = {0};
    CHECK(shown(read_file(path, &t, &e), &e));
    return t;
}

static bool reads(struct str bytes, struct err *e) {
    struct weights *w = NULL;
    *e = (struct err){0};
    struct model *m = onnx_read_bytes(bytes, NULL, &w, e);
    weights_unref(w);
    model_unref(m);
    CHECK(m || e->kind != ERR_NONE);
    return m != NULL;
}

static void test_unknown_operator(void) {
    struct err e;
    struct text t = bytes_of(FILES "dense.onnx");
    for (size_t i = 0; i + 10 < t.n; i++) /* of the same length */
        if (memcmp(t.p + i, "LogSoftmax", 10) == 0) memcpy(t.p + i, "LogSoftmux", 10);
    CHECK(!reads(text_str(&t), &e));
    CHECK_EQ(e.kind, ERR_NOT_YET);
    CHECK(strstr(e.what, "`LogSoftmux`") && strstr(e.hint, "Conv ") && strstr(e.facts, "operator"));
    text_clear(&t);
}

static void test_attention(void) {
    struct err e = {0};
    struct text t = bytes_of(FILES "heads.onnx");
    CHECK(!reads(text_str(&t), &e));
    CHECK(strstr(e.hint, "attention") && strstr(e.hint, "MultiHeadAttention"));
    text_clear(&t);
}

static void test_damaged(void) {
    struct err e;
    struct text t = bytes_of(FILES "mobile.onnx");
    size_t blocks = pool_live_blocks();
    CHECK(reads(text_str(&t), &e));
    for (size_t n = 0; n < t.n; n += 7) reads((struct str){t.p, n}, &e);
    for (size_t i = 0; i < t.n; i += 11) {
        t.p[i] = (char)(t.p[i] ^ 0x55);
        reads(text_str(&t), &e);
        t.p[i] = (char)(t.p[i] ^ 0x55);
    }
    CHECK_EQ(pool_live_blocks(), blocks);
    CHECK(!reads(STR("this is a text"), &e));
    CHECK(!reads(STR(""), &e));
    text_clear(&t);
}

/* Graphs in graphs in graphs: an attribute holds a graph, which holds an operator with an attribute
 * and so on. Written from the inside out. */
static void test_deep(void) {
    struct text inner = {0};
    struct err e;
    for (int depth = 0; depth < 3000; depth++) {
        static const char keys[] = {0x32, 0x2a, 0x0a}; /* attribute.g, node.attribute, graph.node */
        for (int k = 0; k < 3; k++) {
            struct text outer = {0};
            text_addc(&outer, keys[k]);
            for (size_t n = inner.n;; n >>= 7) {
                text_addc(&outer, (char)((n & 0x7f) | (n > 0x7f ? 0x80 : 0)));
                if (n <= 0x7f) break;
            }
            text_add(&outer, text_str(&inner));
            text_clear(&inner);
            inner = outer;
        }
    }
    struct text file = {0};
    text_addc(&file, 0x3a); /* model.graph */
    for (size_t n = inner.n;; n >>= 7) {
        text_addc(&file, (char)((n & 0x7f) | (n > 0x7f ? 0x80 : 0)));
        if (n <= 0x7f) break;
    }
    text_add(&file, text_str(&inner));
    CHECK(!reads(text_str(&file), &e));
    CHECK(strstr(e.what, "without end"));
    text_clear(&inner);
    text_clear(&file);
}

/* Every allocation refused in turn: an error, and nothing left behind. */
static void test_no_memory(void) {
    struct err e;
    struct text t = bytes_of(FILES "dense.onnx");
    CHECK(reads(text_str(&t), &e));
    size_t blocks = pool_live_blocks();
    bool done = false;
    for (int64_t n = 1; n < 5000 && !done; n++) {
        pool_fail_after(n);
        done = reads(text_str(&t), &e);
        pool_fail_after(0);
    }
    CHECK(done);
    CHECK_EQ(pool_live_blocks(), blocks);
    text_clear(&t);
}

TEST_MAIN(test_pytorch, test_again, test_unknown_operator, test_attention, test_damaged, test_deep,
          test_no_memory)
