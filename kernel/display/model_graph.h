/* A model as boxes and arrows, taken from its graph of nodes: inputs, applications of layers,
 * operations between them, outputs. Models inside are one box each, unless unfolded. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "nn/model.h"

enum box_kind { BOX_INPUT, BOX_LAYER, BOX_OP, BOX_MODEL, BOX_OUTPUT, BOX_BEND };

struct box {
    enum box_kind kind;
    int row;         /* LAYER: of the summary */
    int entry;       /* MODEL: its name's entry */
    int application; /* MODEL, LAYER used several times: 1, 2, … */
    struct shape gives;
    bool has_shape;
    char label[80];   /* "Dense 64 relu" */
    char detail[160]; /* "height=28 width=28 · 448 weights" */
    int last_row;     /* MODEL: the last layer seen */
    /* layout */
    int rank;    /* 0 = top */
    double x, w; /* centre and width, px */
};

struct arrow {
    int from, to; /* boxes */
};

struct model_graph {
    const struct model *model;
    struct box *boxes;
    int n, cap;
    struct arrow *arrows;
    int n_arrows, cap_arrows;
    int n_ranks;
    double w;
};

/* entry >= 0: only what the model of this name is made of (its first application). */
bool model_graph_make(struct model_graph *g, const struct model *m, bool unfold, int entry,
                      struct err *e);
void model_graph_clear(struct model_graph *g);
/* Ranks, order and positions: arrows point down and cross little (Sugiyama, Tagawa and Toda 1981,
 * "Methods for visual understanding of hierarchical system structures"). Adds bends. */
bool model_graph_layout(struct model_graph *g, struct err *e);

/* The whole drawing. */
bool model_graph_svg(const struct model *m, bool unfold, int entry, struct text *out, int *w,
                     int *h, struct err *e);
/* In words: "graph of Net: 5 boxes; input x → Dense 64 relu → …". */
void model_graph_describe(const struct model *m, bool unfold, struct text *out);
/* The drawing, and the models inside as drawings that unfold. */
bool model_graph_html(const struct model *m, bool unfold, struct text *html, struct err *e);
/* "height=28 width=28", without the examples' axis. */
void shape_of_example(const struct shape *s, char *out, size_t cap);
bool model_graph_add_arrow(struct model_graph *g, int from, int to, struct err *e);
int model_graph_add_box(struct model_graph *g, const struct box *box, struct err *e); /* -1: none */
