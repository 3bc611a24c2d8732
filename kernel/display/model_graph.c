/* Boxes and arrows of a model, from the nodes of its training graph: the one in which dropout and
 * noise are there. */
#include "display/model_graph.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

void model_graph_clear(struct model_graph *g) {
    pool_free(g->boxes);
    pool_free(g->arrows);
    *g = (struct model_graph){0};
}

int model_graph_add_box(struct model_graph *g, const struct box *box, struct err *e) {
    if (g->n == g->cap) {
        int cap = g->cap ? 2 * g->cap : 32;
        struct box *grown = pool_realloc(g->boxes, (size_t)cap * sizeof *grown);
        if (!grown) return err_memory(e, (size_t)cap * sizeof *grown), -1;
        g->boxes = grown;
        g->cap = cap;
    }
    g->boxes[g->n] = *box;
    return g->n++;
}

bool model_graph_add_arrow(struct model_graph *g, int from, int to, struct err *e) {
    for (int i = g->n_arrows - 1; i >= 0 && i >= g->n_arrows - 64; i--)
        if (g->arrows[i].from == from && g->arrows[i].to == to) return true;
    if (g->n_arrows == g->cap_arrows) {
        int cap = g->cap_arrows ? 2 * g->cap_arrows : 64;
        struct arrow *grown = pool_realloc(g->arrows, (size_t)cap * sizeof *grown);
        if (!grown) return err_memory(e, (size_t)cap * sizeof *grown);
        g->arrows = grown;
        g->cap_arrows = cap;
    }
    g->arrows[g->n_arrows++] = (struct arrow){from, to};
    return true;
}

void shape_of_example(const struct shape *s, char *out, size_t cap) {
    size_t n = 0;
    out[0] = 0;
    for (int a = 1; a < s->n && n + 32 < cap; a++) {
        if (a > 1) n += (size_t)snprintf(out + n, cap - n, "  ");
        if (s->axis[a]) n += (size_t)snprintf(out + n, cap - n, "%.16s=", s->axis[a]);
        if (s->size[a] >= 0) n += (size_t)snprintf(out + n, cap - n, "%lld", (long long)s->size[a]);
        else n += (size_t)snprintf(out + n, cap - n, "?");
    }
}

/* ---- walking the nodes ---- */

enum { TRAINING = 1 };

struct walk {
    struct model_graph *g;
    const struct model *m;
    struct graph *graph;
    bool unfold;
    int only;      /* entry whose inside is drawn, or -1 */
    int low, high; /* of its nodes */
    int *owner;    /* by node: the box that gives it, or -1 */
    int *use_box;  /* by use */
    int *box_of;   /* by node: the box it is part of, or -1 */
    bool *needed;  /* by node */
    bool *inside;  /* by node: of the application at hand */
    struct err *e;
};

/* The widest model of the body that has this layer inside; -1 if none. Of the inside of `only`,
 * the widest that is smaller than it. */
static int entry_of(const struct walk *w, int row) {
    int best = -1;
    const struct model_name_entry *outer = w->only >= 0 ? model_name_at(w->m, w->only) : NULL;
    for (int i = 0; !w->unfold && i < model_n_names(w->m); i++) {
        const struct model_name_entry *n = model_name_at(w->m, i);
        bool inside =
            n->n_layers > 1 && row >= n->first_layer && row < n->first_layer + n->n_layers;
        if (!inside || (outer && n->n_layers >= outer->n_layers)) continue;
        if (n->n_layers == model_n_layers(w->m)) continue; /* everything: nothing to fold */
        if (best < 0 || n->n_layers > model_name_at(w->m, best)->n_layers) best = i;
    }
    return best;
}

static void add_weights(char *out, size_t cap, int64_t n, int64_t learning) {
    char count[32];
    size_t at = strlen(out);
    snprintf(out + at, cap - at, "%s%s weights%s", at ? " · " : "",
             with_commas(n, count, sizeof count), learning == 0 ? ", frozen" : "");
}

static int layer_box(struct walk *w, int i_use) {
    const struct layer_use *u = model_use(w->m, i_use);
    const struct layer_info *layer = model_layer(w->m, u->row);
    struct box b = {.kind = BOX_LAYER, .row = u->row, .entry = -1};
    bool shared = layer->times_used > 1;
    snprintf(b.label, sizeof b.label, "%s%s", layer->text, shared ? " (shared)" : "");
    const struct shape *gives = u->out[TRAINING] ? &u->out[TRAINING]->desc.shape : &layer->output;
    shape_of_example(gives, b.detail, sizeof b.detail);
    if (layer->n_weights > 0)
        add_weights(b.detail, sizeof b.detail, layer->n_weights, layer->n_learning);
    for (int k = 0; shared && k <= i_use; k++) b.application += model_use(w->m, k)->row == u->row;
    return model_graph_add_box(w->g, &b, w->e);
}

static int nested_box(struct walk *w, int entry, int row) {
    const struct model_name_entry *n = model_name_at(w->m, entry);
    struct box b = {.kind = BOX_MODEL, .entry = entry, .row = -1, .last_row = row};
    int64_t all = 0, learning = 0;
    for (int k = n->first_layer; k < n->first_layer + n->n_layers; k++) {
        all += model_layer(w->m, k)->n_weights;
        learning += model_layer(w->m, k)->n_learning;
    }
    snprintf(b.label, sizeof b.label, "%s", n->name);
    shape_of_example(&model_layer(w->m, n->first_layer + n->n_layers - 1)->output, b.detail,
                     sizeof b.detail);
    size_t at = strlen(b.detail);
    snprintf(b.detail + at, sizeof b.detail - at, "%s%d layers", at ? " · " : "", n->n_layers);
    if (all > 0) add_weights(b.detail, sizeof b.detail, all, learning);
    b.application = 1;
    for (int k = 0; k < w->g->n; k++)
        b.application += w->g->boxes[k].kind == BOX_MODEL && w->g->boxes[k].entry == entry;
    return model_graph_add_box(w->g, &b, w->e);
}

/* A model that is applied again begins with a layer that it had already. */
static int open_nested(struct walk *w, int entry, int row, int before) {
    struct box *last = before >= 0 ? &w->g->boxes[before] : NULL;
    if (last && last->kind == BOX_MODEL && last->entry == entry && row > last->last_row) {
        last->last_row = row;
        return before;
    }
    return nested_box(w, entry, row);
}

static bool in_only(const struct walk *w, int row) {
    if (w->only < 0) return true;
    const struct model_name_entry *n = model_name_at(w->m, w->only);
    return row >= n->first_layer && row < n->first_layer + n->n_layers;
}

static bool is_leaf(const struct node *n) {
    return n->op == OP_input || n->op == OP_weight || n->op == OP_constant || n->n_in == 0;
}

/* The nodes of an application: from what it gives back to what it takes. (Ranges of ids do not do:
 * those of a model inside begin with weights that others made.) */
static void take_nodes(struct walk *w, const struct layer_use *u, int box) {
    struct node *out = u->out[TRAINING];
    for (int id = 0; id < graph_n_nodes(w->graph); id++) w->inside[id] = false;
    if (out) w->inside[out->id] = true;
    for (int id = out ? out->id : -1; id >= 0; id--) {
        const struct node *n = graph_node(w->graph, id);
        bool taken = false;
        for (int k = 0; k < u->n_in; k++) taken |= u->in[TRAINING][k] == n;
        if (!w->inside[id] || taken || is_leaf(n)) continue;
        w->box_of[id] = box;
        for (int k = 0; k < n->n_in; k++) w->inside[n->in[k]->id] = true;
    }
}

/* A box for every application of a layer or of a model inside. */
static bool make_uses(struct walk *w) {
    int before = -1, last_row = -1;
    for (int i = 0; i < model_n_uses(w->m); i++) {
        const struct layer_use *u = model_use(w->m, i);
        w->use_box[i] = -1;
        if (!in_only(w, u->row)) continue;
        if (w->only >= 0 && u->row <= last_row) break; /* its first application is enough */
        last_row = u->row;
        int entry = entry_of(w, u->row);
        int box = entry >= 0 ? open_nested(w, entry, u->row, before) : layer_box(w, i);
        if (box < 0) return false;
        if (entry >= 0 && u->out[TRAINING]) w->g->boxes[box].gives = u->out[TRAINING]->desc.shape;
        if (entry >= 0) w->g->boxes[box].has_shape = true;
        w->use_box[i] = before = box;
        take_nodes(w, u, box);
    }
    return true;
}

/* Models that are applied several times say so. */
static void mark_shared(struct walk *w) {
    for (int i = 0; i < w->g->n; i++) {
        struct box *b = &w->g->boxes[i];
        int n = 0;
        for (int k = 0; b->kind == BOX_MODEL && k < w->g->n; k++)
            n += w->g->boxes[k].kind == BOX_MODEL && w->g->boxes[k].entry == b->entry;
        size_t at = strlen(b->label);
        if (n > 1) snprintf(b->label + at, sizeof b->label - at, " (shared)");
    }
}

/* Does an operation put two results of a box together, as after a branch inside? From outside only
 * one of them can be seen. */
static bool ends_inside(const struct walk *w, const struct node *n, int box) {
    int count = 0;
    for (int k = 0; k < n->n_in; k++) {
        if (w->box_of[n->in[k]->id] != box) return false;
        bool again = false;
        for (int j = 0; j < k; j++) again |= n->in[j] == n->in[k];
        count += !again;
    }
    return count > 1;
}

/* The node that a model inside gives; -1 where it is not known: it is applied several times. */
static int last_node(const struct walk *w, int entry) {
    const struct model_name_entry *n = model_name_at(w->m, entry);
    int applications = 0;
    for (int i = 0; i < model_n_uses(w->m); i++)
        applications += model_use(w->m, i)->row == n->first_layer;
    return applications == 1 && n->node[TRAINING] ? n->node[TRAINING]->id : -1;
}

/* What lies between the layers of a model inside, and between them and its end, belongs to it. */
static void fill_nested(struct walk *w) {
    for (int b = 0; b < w->g->n; b++) {
        if (w->g->boxes[b].kind != BOX_MODEL) continue;
        int low = INT32_MAX, high = -1;
        for (int id = 0; id < graph_n_nodes(w->graph); id++) {
            if (w->box_of[id] != b) continue;
            if (id < low) low = id;
            high = id;
        }
        int last = last_node(w, w->g->boxes[b].entry);
        if (high >= 0 && last > high) high = last;
        for (int id = low; id <= high; id++)
            if (w->box_of[id] < 0) w->box_of[id] = b;
        for (int id = high + 1; high >= 0 && id < graph_n_nodes(w->graph); id++)
            if (w->box_of[id] < 0 && ends_inside(w, graph_node(w->graph, id), b)) w->box_of[id] = b;
    }
}

static void mark_needed(struct walk *w) {
    for (int i = 0; i < model_n_outputs(w->m); i++)
        w->needed[model_output(w->m, true, i)->node->id] = true;
    for (int id = graph_n_nodes(w->graph) - 1; id >= 0; id--) {
        const struct node *n = graph_node(w->graph, id);
        for (int k = 0; w->needed[id] && k < n->n_in; k++) w->needed[n->in[k]->id] = true;
    }
}

/* An operation that the student wrote between layers. Chains of them are one box. */
static int op_box(struct walk *w, const struct node *n, const int *from, int n_from) {
    struct box *last = n_from == 1 ? &w->g->boxes[from[0]] : NULL;
    const char *name = op_name(n->op);
    char shape[80];
    shape_of_example(&n->desc.shape, shape, sizeof shape);
    if (last && last->kind == BOX_OP && from[0] == w->g->n - 1 &&
        strlen(last->label) + strlen(name) + 4 < 40) {
        size_t at = strlen(last->label);
        snprintf(last->label + at, sizeof last->label - at, ", %s", name);
        snprintf(last->detail, sizeof last->detail, "%s", shape);
        return from[0];
    }
    struct box b = {.kind = BOX_OP, .row = -1, .entry = -1};
    snprintf(b.label, sizeof b.label, "%s", name);
    snprintf(b.detail, sizeof b.detail, "%s", shape);
    return model_graph_add_box(w->g, &b, w->e);
}

/* The boxes that give the inputs of a node. */
static int sources_of(const struct walk *w, const struct node *n, int own, int *from) {
    int count = 0;
    for (int k = 0; k < n->n_in; k++) {
        int box = w->owner[n->in[k]->id];
        bool known = box < 0 || box == own;
        for (int j = 0; j < count; j++) known |= from[j] == box;
        if (!known && count < 16) from[count++] = box;
    }
    return count;
}

/* Of the inside of a model: the operations between its layers, and one after a branch. */
static bool in_range(const struct walk *w, const struct node *n) {
    if (w->only < 0 || (n->id >= w->low && n->id <= w->high)) return true;
    int count = 0;
    for (int k = 0; k < n->n_in; k++) {
        if (n->in[k]->id < w->low || n->in[k]->id > w->high) return false;
        count += k == 0 || n->in[k] != n->in[0];
    }
    return count > 1;
}

/* What comes into the inside of a model from outside is one box. */
static bool open_input(struct walk *w, const struct node *n) {
    if (w->only < 0 || !in_range(w, n) || (n->id < w->low && w->box_of[n->id] < 0)) return true;
    for (int k = 0; k < n->n_in; k++) {
        const struct node *in = n->in[k];
        bool outside = in->id < w->low && w->box_of[in->id] < 0 && w->owner[in->id] < 0;
        if (!outside || (is_leaf(in) && in->op != OP_input)) continue;
        struct box b = {.kind = BOX_INPUT, .row = -1, .entry = -1, .label = "what comes in"};
        shape_of_example(&in->desc.shape, b.detail, sizeof b.detail);
        int box = model_graph_add_box(w->g, &b, w->e);
        if (box < 0) return false;
        w->owner[in->id] = box;
    }
    return true;
}

static void find_range(struct walk *w) {
    w->low = INT32_MAX;
    w->high = -1;
    for (int id = 0; id < graph_n_nodes(w->graph); id++) {
        if (w->box_of[id] < 0) continue;
        if (id < w->low) w->low = id;
        w->high = id;
    }
    int last = w->only >= 0 ? last_node(w, w->only) : -1;
    if (last > w->high) w->high = last;
}

static bool own_node(struct walk *w, const struct node *n) {
    int box = w->box_of[n->id];
    TRY(open_input(w, n));
    int from[16], count = sources_of(w, n, box, from);
    if (box < 0 && (is_leaf(n) || count == 0 || !in_range(w, n))) return true;
    bool view = op_flags(n->op) & OP_VIEW || n->op == OP_cast || n->op == OP_expand;
    if (box < 0 && view && count == 1) {
        w->owner[n->id] = from[0];
        return true;
    }
    if (box < 0) box = op_box(w, n, from, count);
    if (box < 0) return false;
    w->owner[n->id] = box;
    for (int k = 0; k < count; k++)
        if (from[k] != box) TRY(model_graph_add_arrow(w->g, from[k], box, w->e));
    return true;
}

/* Layers that hand on what they get (no padding, no dropout at rate 0) have no nodes. */
static bool own_empty_uses(struct walk *w, int id) {
    for (int i = 0; i < model_n_uses(w->m); i++) {
        const struct layer_use *u = model_use(w->m, i);
        struct node *out = u->out[TRAINING];
        bool empty = out && u->n_in > 0 && u->in[TRAINING][0] == out;
        if (!empty || out->id != id - 1 || w->use_box[i] < 0) continue;
        int before = w->owner[out->id];
        if (before >= 0 && before != w->use_box[i])
            TRY(model_graph_add_arrow(w->g, before, w->use_box[i], w->e));
        w->owner[out->id] = w->use_box[i];
    }
    return true;
}

static bool make_port(struct walk *w, const struct port *p, enum box_kind kind) {
    struct box b = {.kind = kind, .row = -1, .entry = -1};
    snprintf(b.label, sizeof b.label, "%s", p->name);
    shape_of_example(&p->desc.shape, b.detail, sizeof b.detail);
    int box = model_graph_add_box(w->g, &b, w->e);
    if (box < 0) return false;
    int before = w->owner[p->node->id];
    if (kind == BOX_OUTPUT && before >= 0) return model_graph_add_arrow(w->g, before, box, w->e);
    if (kind == BOX_INPUT) w->owner[p->node->id] = box;
    return true;
}

static bool walk_nodes(struct walk *w) {
    int n = graph_n_nodes(w->graph);
    for (int i = 0; w->only < 0 && i < model_n_inputs(w->m); i++)
        TRY(make_port(w, model_input(w->m, true, i), BOX_INPUT));
    TRY(make_uses(w));
    mark_shared(w);
    fill_nested(w);
    mark_needed(w);
    find_range(w);
    for (int id = 0; id < n; id++) {
        TRY(own_empty_uses(w, id));
        const struct node *node = graph_node(w->graph, id);
        if (w->needed[id] && node->op != OP_input) TRY(own_node(w, node));
    }
    TRY(own_empty_uses(w, n));
    for (int i = 0; w->only < 0 && i < model_n_outputs(w->m); i++)
        TRY(make_port(w, model_output(w->m, true, i), BOX_OUTPUT));
    return true;
}

bool model_graph_make(struct model_graph *g, const struct model *m, bool unfold, int entry,
                      struct err *e) {
    *g = (struct model_graph){.model = m};
    struct walk w = {
        .g = g, .m = m, .graph = model_graph(m, true), .unfold = unfold, .only = entry, .e = e};
    size_t n = (size_t)graph_n_nodes(w.graph) + 1, uses = (size_t)model_n_uses(m) + 1;
    w.owner = pool_need(n * sizeof(int), e);
    w.box_of = w.owner ? pool_need(n * sizeof(int), e) : NULL;
    w.use_box = w.box_of ? pool_need(uses * sizeof(int), e) : NULL;
    w.needed = w.use_box ? pool_need(n, e) : NULL;
    w.inside = w.needed ? pool_need(n, e) : NULL;
    for (size_t i = 0; w.inside && i < n; i++) w.owner[i] = w.box_of[i] = -1;
    bool ok = w.inside && walk_nodes(&w);
    pool_free(w.owner);
    pool_free(w.box_of);
    pool_free(w.use_box);
    pool_free(w.needed);
    pool_free(w.inside);
    if (!ok) model_graph_clear(g);
    return ok;
}
