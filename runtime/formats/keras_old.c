/* Whole models in one HDF5 file, as Keras 2 wrote them and Keras 3 still does for the ending .h5:
 * the config is a text at the root, and weights have names ("model_weights/dense/dense/kernel:0")
 * instead of numbered places. Which is whose: Keras' saving/hdf5_format.py. */
#include "keras_parts.h"
#include "keras_read.h"
#include "base/pool.h"
#include "data/hdf5_file.h"
#include <stdio.h>
#include <string.h>

/* The names of a layer's weights, in the order of their numbers. */
static const struct weight_names {
    const char *class_name, *names;
} weight_names[] = {
    {"DepthwiseConv2D", "depthwise_kernel bias"},
    {"SeparableConv1D", "depthwise_kernel pointwise_kernel bias"},
    {"SeparableConv2D", "depthwise_kernel pointwise_kernel bias"},
    {"BatchNormalization", "gamma beta moving_mean moving_variance"},
    {"LayerNormalization", "gamma beta"},
    {"GroupNormalization", "gamma beta"},
    {"Normalization", "mean variance"},
    {"Embedding", "embeddings"},
    {"PReLU", "alpha"},
    {"SimpleRNN", "kernel recurrent_kernel bias"},
    {"GRU", "kernel recurrent_kernel bias"},
    {"LSTM", "kernel recurrent_kernel bias"},
    {"Bidirectional", "kernel recurrent_kernel bias"},
};

/* Weight `i` of the layer, those left out that its switches turn off. */
static bool weight_name(const struct keras_layer *l, int i, char *out, size_t cap) {
    const char *p = "kernel bias";
    for (size_t k = 0; k < ARRAY_LEN(weight_names); k++)
        if (strcmp(weight_names[k].class_name, l->class_name) == 0) p = weight_names[k].names;
    while (*p) {
        int n = (int)strcspn(p, " ");
        snprintf(out, cap, "%.*s", n, p);
        bool off =
            (strcmp(out, "gamma") == 0 && json_is_false(json_object_get(l->config, "scale"))) ||
            (strcmp(out, "beta") == 0 && json_is_false(json_object_get(l->config, "center")));
        if (!off && i-- == 0) return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static bool ends_with(const char *s, size_t n, const char *end) {
    size_t m = strlen(end);
    return m <= n && memcmp(s + n - m, end, m) == 0;
}

/* "/name/" somewhere in the path. */
static bool goes_through(const char *path, const char *name) {
    char piece[128];
    snprintf(piece, sizeof piece, "/%.120s/", name);
    return strstr(path, piece) != NULL;
}

/* How well a path fits weight `name` of the layer; 0 = not at all. Names of weights do not always
 * repeat the layer's (layers can be renamed), so that being the only one in its group is enough. */
static int fit(const char *path, const struct keras_layer *l, const char *group, const char *within,
               const char *name) {
    char end[320];
    size_t n = strlen(path), at = strlen(group);
    if (strncmp(path, group, at) != 0) return 0;
    if (ends_with(path, n, ":0")) n -= 2;
    snprintf(end, sizeof end, "/%s", name);
    bool kernel = ends_with(path, n, "/kernel") && strcmp(name, "depthwise_kernel") == 0;
    if (!ends_with(path, n, end) && !kernel) return 0;
    snprintf(end, sizeof end, "/%.60s", within);
    if (*within && !strstr(path + at - 1, end)) return 0;
    int points = 1;
    if (l->inside && goes_through(path, l->inside->name)) points++;
    snprintf(end, sizeof end, "/%.120s/%s", l->name, kernel ? "kernel" : name);
    if (ends_with(path, n, end)) return points + 6;
    return goes_through(path + at - 1, l->name) ? points + 3 : points;
}

/* "forward_layer/cell/vars/1": which part of the layer, and which of its weights. */
static bool split_place(const char *place, char *within, size_t cap, int *number) {
    static const struct {
        const char *part, *name;
    } parts[] = {{"forward_layer/", "forward"}, {"backward_layer/", "backward"},
                 {"query_dense/", "query/"},    {"key_dense/", "key/"},
                 {"value_dense/", "value/"},    {"output_dense/", "attention_output/"}};
    const char *slash = strrchr(place, '/');
    within[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (strncmp(place, parts[i].part, strlen(parts[i].part)) == 0)
            snprintf(within, cap, "%s", parts[i].name);
    *number = slash && slash[1] >= '0' && slash[1] <= '9' ? slash[1] - '0' : -1;
    return *number >= 0;
}

int keras_old_item(const struct keras_reader *r, const struct keras_layer *l, const char *place) {
    char group[160], within[40], name[40];
    const struct keras_layer *top = l;
    int number, best = -1, most = 0;
    bool twice = false;
    while (top->inside && top->inside->inside) top = top->inside;
    snprintf(group, sizeof group, "model_weights/%.120s/", top->name);
    if (!split_place(place, within, sizeof within, &number)) return -1;
    if (!weight_name(l, number, name, sizeof name)) return -1;
    for (int i = 0; i < r->n_items; i++) {
        int points = fit(r->items[i].name, l, group, within, name);
        if (points && points == most) twice = true;
        if (points <= most) continue;
        most = points;
        best = i;
        twice = false;
    }
    return twice ? -1 : best;
}

struct model *keras_load_h5(const char *path, struct weights **weights, struct err *e) {
    struct text config = {0};
    struct named_tensor *items = NULL;
    struct model *m = NULL;
    int n = 0;
    *weights = NULL;
    bool ok = read_hdf5_text(path, "model_config", &config, e);
    if (ok && !config.n) {
        ok = err_set(e, ERR_DATA, "This file holds weights alone, no model.");
        err_hint(e,
                 "Weights are loaded into a model with the same layers: net = load(\"%.200s\", "
                 "net).",
                 path);
    }
    ok = ok && read_hdf5(path, &items, &n, e);
    if (ok) m = keras_read_old(text_str(&config), assemble_title(path), items, n, weights, e);
    for (int i = 0; i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
    text_clear(&config);
    return m;
}
