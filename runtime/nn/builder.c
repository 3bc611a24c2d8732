/* Building a model's two graphs by walking its description twice. */
#include "model_parts.h"
#include "../base/hash.h"
#include "../base/intern.h"
#include "../base/pool.h"
#include <string.h>

/* Offsets of weights in the block are multiples of this many floats (one cache line). */
enum { WEIGHT_ALIGN = 16 };

/* Forget what an earlier, failed walk has left. */
static void model_restart(struct model *m) {
    for (int i = 0; i < m->n_weights; i++) weight_info_clear(&m->weights[i]);
    for (int i = 0; i < m->n_layers; i++) config_unref(m->layers[i].config);
    m->n_weights = m->n_layers = m->n_assigns = m->n_statistics = 0;
    m->n_uses = m->n_names = 0;
    m->block = 0;
    m->training_only = false;
    m->walk++;
}

bool builder_init(struct builder *b, struct model *m, bool training, struct err *e) {
    *b = (struct builder){.model = m, .training = training, .stream = 1};
    if (m->built || (!training && !m->training_only))
        return err_set(e, ERR_BUG, "The walks of model %s are out of order.", m->name);
    if (training) model_restart(m);
    graph_free(m->graphs[training]); /* the model owns its graphs from the first moment */
    m->graphs[training] = b->graph = graph_new(DT_FLOAT32, e);
    m->next_use = 0;
    m->n_inputs[training] = m->n_outputs[training] = 0;
    return b->graph != NULL;
}

static bool port_add(struct port *ports, int *n, const char *what, const char *name,
                     struct node *node, struct err *e) {
    if (!node) return false;
    if (*n == MODEL_MAX_PORTS)
        return err_set(e, ERR_NOT_YET, "A model can have at most %d %ss.", MODEL_MAX_PORTS, what);
    const char *own = intern_c(name);
    if (!own) return err_memory(e, strlen(name) + 1);
    for (int i = 0; i < *n; i++)
        if (ports[i].name == own)
            return err_set(e, ERR_NAME, "The model has two %ss called `%s`.", what, name);
    ports[(*n)++] = (struct port){.name = own, .node = node, .desc = node->desc};
    return true;
}

struct node *builder_input(struct builder *b, const char *name, const struct desc *d,
                           struct err *e) {
    struct model *m = b->model;
    struct node *n = graph_input(b->graph, intern_c(name), d, e);
    int t = b->training;
    return port_add(m->inputs[t], &m->n_inputs[t], "input", name, n, e) ? n : NULL;
}

bool builder_output(struct builder *b, const char *name, struct node *n, struct err *e) {
    struct model *m = b->model;
    int t = b->training;
    return port_add(m->outputs[t], &m->n_outputs[t], "output", name, n, e);
}

/* One more element at the end of an array that grows; NULL when memory is out. */
static void *grow(void *array, int n, int *cap, size_t element, struct err *e) {
    if (n < *cap) return array;
    int wanted = *cap ? 2 * *cap : 16;
    void *bigger = pool_realloc(array, (size_t)wanted * element);
    if (!bigger) err_memory(e, (size_t)wanted * element);
    else *cap = wanted;
    return bigger;
}

/* Room for the weight in the block. */
static bool place_weight(struct model *m, struct weight_info *w, struct err *e) {
    int64_t count;
    TRY(shape_count(&w->shape, &count, e));
    w->offset = m->block;
    if (__builtin_add_overflow(m->block, (count + WEIGHT_ALIGN - 1) / WEIGHT_ALIGN * WEIGHT_ALIGN,
                               &m->block) ||
        m->block > INT64_MAX / 8)
        return err_memory(e, SIZE_MAX);
    return true;
}

static bool declare_weight(struct model *m, const struct weight_info *info, struct err *e) {
    const char *name = intern_c(info->name);
    if (!name) return err_memory(e, strlen(info->name) + 1);
    for (int i = 0; i < m->n_weights; i++)
        if (m->weights[i].name == name)
            return err_set(e, ERR_NAME, "The model has two weights called `%s`.", name);
    void *array = grow(m->weights, m->n_weights, &m->cap_weights, sizeof *m->weights, e);
    if (!array) return false;
    m->weights = array;
    struct weight_info w = *info;
    w.name = name;
    if (!w.stream) w.stream = hash_bytes(name, strlen(name), 0);
    TRY(place_weight(m, &w, e));
    w.init = config_ref(info->init);
    w.start = info->start ? tensor_ref(info->start) : NULL;
    m->weights[m->n_weights++] = w;
    return true;
}

struct node *builder_weight(struct builder *b, int32_t *place, const struct weight_info *info,
                            struct err *e) {
    struct model *m = b->model;
    if (*place < 0) {
        if (!b->training) {
            err_set(e, ERR_BUG, "The weight %s appears in the second walk only.", info->name);
            return NULL;
        }
        if (!declare_weight(m, info, e)) return NULL;
        *place = m->n_weights - 1;
    }
    struct node *known = model_weight_node(b->graph, *place);
    if (known) return known;
    const struct weight_info *w = &m->weights[*place];
    return graph_weight(b->graph, w->name, &w->shape, *place, w->offset, e);
}

bool builder_add_layer(struct builder *b, const struct layer_info *info, int32_t *place,
                       struct err *e) {
    struct model *m = b->model;
    int cap = m->cap_layers;
    void *layers = grow(m->layers, m->n_layers, &cap, sizeof *m->layers, e);
    if (!layers) return false;
    m->layers = layers;
    void *ends = grow(m->layer_ends, m->n_layers, &m->cap_layers, sizeof *m->layer_ends, e);
    if (!ends) return false;
    m->layer_ends = ends;
    m->layer_ends[m->n_layers] = NULL;
    m->layers[m->n_layers] = *info;
    if (info->config) config_ref(info->config);
    *place = m->n_layers++;
    return true;
}

bool builder_add_use(struct builder *b, int32_t row, int32_t first, struct node *const *in,
                     int n_in, struct node *out, struct err *e) {
    struct model *m = b->model;
    int t = b->training, i = m->next_use++;
    if (i >= m->n_uses) {
        if (!t) return err_set(e, ERR_BUG, "The two walks of model %s differ.", m->name);
        void *uses = grow(m->uses, m->n_uses, &m->cap_uses, sizeof *m->uses, e);
        if (!uses) return false;
        m->uses = uses;
        m->uses[m->n_uses++] = (struct layer_use){.row = row};
    }
    struct layer_use *u = &m->uses[i];
    u->n_in = n_in < LAYER_MAX_INPUTS ? n_in : LAYER_MAX_INPUTS;
    for (int k = 0; k < u->n_in; k++) u->in[t][k] = in[k];
    u->out[t] = out;
    u->first[t] = first;
    u->end[t] = graph_n_nodes(b->graph);
    return true;
}

bool builder_name(struct builder *b, const struct model_name_entry *entry, struct err *e) {
    struct model *m = b->model;
    int t = b->training, i = 0;
    while (i < m->n_names && m->names[i].name != entry->name) i++;
    if (i == m->n_names) {
        if (!t) return true;
        void *names = grow(m->names, m->n_names, &m->cap_names, sizeof *m->names, e);
        if (!names) return false;
        m->names = names;
        m->names[m->n_names++] = *entry;
    }
    m->names[i].node[t] = entry->node[t];
    return true;
}

bool builder_finish(struct builder *b, struct err *e) {
    struct model *m = b->model;
    int t = b->training;
    if (!m->n_outputs[t]) return err_set(e, ERR_SYNTAX, "The model %s has no output.", m->name);
    if (!t && m->n_outputs[0] != m->n_outputs[1])
        return err_set(e, ERR_BUG, "The two walks of model %s differ.", m->name);
    if (t) {
        m->n_assigns = b->n_assigns;
        memcpy(m->assigns, b->assigns, sizeof m->assigns);
        m->training_only = true;
    } else {
        m->built = true;
    }
    return true;
}
