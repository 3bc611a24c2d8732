/* Weights in safetensors files, one tensor per weight, by name. */
#include "../data/read.h"
#include "../base/pool.h"
#include "model.h"
#include <string.h>

static int64_t weight_count(const struct weight_info *w) {
    int64_t n = 1;
    for (int i = 0; i < w->shape.n; i++) n *= w->shape.size[i];
    return n;
}

static bool fill_items(const struct model *m, const struct weights *w, struct named_tensor *items,
                       struct err *e) {
    for (int i = 0; i < model_n_weights(m); i++) {
        const struct weight_info *info = model_weight(m, i);
        TRY(items[i].value = tensor_new(DT_FLOAT32, &info->shape, e));
        items[i].name = info->name;
        memcpy(items[i].value->data, w->data + info->offset,
               (size_t)weight_count(info) * sizeof(float));
    }
    return true;
}

static void free_items(struct named_tensor *items, int n) {
    for (int i = 0; items && i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
}

bool model_save_weights(const struct model *m, const struct weights *w, const char *path,
                        struct err *e) {
    int n = model_n_weights(m);
    struct named_tensor *items = pool_need((size_t)n * sizeof *items + 1, e);
    bool ok = items && fill_items(m, w, items, e) && write_safetensors(items, n, path, e);
    free_items(items, n);
    return ok;
}

/* One weight out of the file's tensors. */
static bool load_weight(const struct weight_info *info, const struct named_tensor *items, int n,
                        const char *path, struct weights *w, struct err *e) {
    const struct tensor *found = NULL;
    for (int i = 0; i < n; i++)
        if (strcmp(items[i].name, info->name) == 0) found = items[i].value;
    char there[128], needed[128];
    shape_print(&info->shape, needed, sizeof needed);
    if (!found) {
        err_set(e, ERR_DATA, "%s holds no weight called `%s`, so it belongs to another model.",
                path, info->name);
        return err_fact(e, "the model needs", "%s  %s", info->name, needed);
    }
    if (!shape_same_sizes(&found->shape, &info->shape)) {
        err_set(e, ERR_SHAPE, "The weight `%s` has another shape in %s.", info->name, path);
        err_fact(e, "in the file", "%s", shape_print(&found->shape, there, sizeof there));
        return err_fact(e, "the model needs", "%s", needed);
    }
    for (int64_t i = 0; i < found->count; i++)
        w->data[info->offset + i] = (float)tensor_get(found, i);
    return true;
}

struct weights *model_load_weights(const struct model *m, const char *path, struct err *e) {
    struct named_tensor *items;
    int n;
    if (!read_safetensors(path, &items, &n, e)) return NULL;
    struct weights *w = weights_new(model_block_size(m), e);
    bool ok = w != NULL;
    for (int i = 0; ok && i < model_n_weights(m); i++)
        ok = load_weight(model_weight(m, i), items, n, path, w, e);
    free_items(items, n);
    if (ok) return w;
    weights_unref(w);
    return NULL;
}
