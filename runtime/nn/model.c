/* Models: their graphs, ports, weights' descriptions and summary rows. No numbers live here. */
#include "model_parts.h"
#include "../base/intern.h"
#include "../base/pool.h"

struct model *model_new(const char *name, struct err *e) {
    struct model *m = pool_need(sizeof *m, e);
    if (!m) return NULL;
    m->refs = 1;
    m->name = intern_c(name ? name : "model");
    return m;
}

void weight_info_clear(struct weight_info *w) {
    config_unref(w->init);
    tensor_unref(w->start);
}

struct model *model_ref(struct model *m) {
    if (m) m->refs++;
    return m;
}

void model_unref(struct model *m) {
    if (!m || --m->refs > 0) return;
    for (int i = 0; i < m->n_weights; i++) weight_info_clear(&m->weights[i]);
    pool_free(m->weights);
    pool_free(m->uses);
    pool_free(m->names);
    for (int i = 0; i < m->n_layers; i++) config_unref(m->layers[i].config);
    pool_free(m->layers);
    pool_free(m->layer_ends);
    graph_free(m->graphs[0]);
    graph_free(m->graphs[1]);
    pool_free(m);
}

const char *model_name(const struct model *m) {
    return m->name;
}

bool model_is_built(const struct model *m) {
    return m->built;
}

struct graph *model_graph(const struct model *m, bool training) {
    return m->graphs[training];
}

int model_n_inputs(const struct model *m) {
    return m->n_inputs[0];
}

int model_n_outputs(const struct model *m) {
    return m->n_outputs[0];
}

const struct port *model_input(const struct model *m, bool training, int i) {
    return &m->inputs[training][i];
}

const struct port *model_output(const struct model *m, bool training, int i) {
    return &m->outputs[training][i];
}

int model_n_weights(const struct model *m) {
    return m->n_weights;
}

const struct weight_info *model_weight(const struct model *m, int i) {
    return &m->weights[i];
}

int64_t model_block_size(const struct model *m) {
    return m->block;
}

static int64_t count_of(const struct shape *s) {
    int64_t n = 1;
    for (int i = 0; i < s->n; i++) n *= s->size[i];
    return n;
}

int64_t model_n_params(const struct model *m, bool learning_only) {
    int64_t n = 0;
    for (int i = 0; i < m->n_weights; i++)
        if (m->weights[i].learns || !learning_only) n += count_of(&m->weights[i].shape);
    return n;
}

int model_n_layers(const struct model *m) {
    return m->n_layers;
}

const struct layer_info *model_layer(const struct model *m, int i) {
    return &m->layers[i];
}

int model_n_names(const struct model *m) {
    return m->n_names;
}

int model_n_uses(const struct model *m) {
    return m->n_uses;
}

const struct layer_use *model_use(const struct model *m, int i) {
    return &m->uses[i];
}

const struct model_name_entry *model_name_at(const struct model *m, int i) {
    return &m->names[i];
}

const struct model_name_entry *model_find_name(const struct model *m, const char *name) {
    for (int i = 0; i < m->n_names; i++)
        if (m->names[i].name == name) return &m->names[i];
    return NULL;
}

int model_find_layer(const struct model *m, const char *name) {
    for (int i = 0; i < m->n_layers; i++)
        if (m->layers[i].name == name) return i;
    return -1;
}

struct node *model_weight_node(const struct graph *g, int weight) {
    for (int i = 0; i < graph_n_nodes(g); i++) {
        struct node *n = graph_node(g, i);
        if (n->op == OP_weight && n->index == weight) return n;
    }
    return NULL;
}

int model_layer_of(const struct model *m, const struct node *n) {
    for (;;) {
        for (int i = 0; i < m->n_layers; i++) {
            struct str text = str_of(m->layers[i].text);
            bool only_shape = str_starts(text, "Flatten") || str_starts(text, "Reshape");
            if (m->layer_ends[i] == n && !only_shape) return i;
        }
        if (n->op != OP_reshape) return -1;
        n = n->in[0];
    }
}
