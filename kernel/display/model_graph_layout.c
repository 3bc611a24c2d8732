/* Where boxes go: ranks from the longest path, an order in each rank by the middle of neighbours,
 * positions near them. Arrows over several ranks get bends to pass through. */
#include "display/model_graph.h"
#include "display/svg.h"
#include "base/pool.h"
#include <math.h>
#include <stdlib.h>

static const double BEND_W = 14, BOX_GAP = 18, BOX_LEAST = 110, TEXT_ROOM = 24;
/* Widths are known for Helvetica; what a reader has instead (DejaVu) may be wider, and so is bold.
 */
static const double OTHER_FONT = 1.13, BOLD = 1.12;
enum { ROUNDS = 12 };

static void set_widths(struct model_graph *g) {
    for (int i = 0; i < g->n; i++) {
        struct box *b = &g->boxes[i];
        double label = font_width(str_of(b->label), 13) * OTHER_FONT * BOLD;
        double detail = font_width(str_of(b->detail), 11) * OTHER_FONT;
        b->w = b->kind == BOX_BEND ? BEND_W : fmax(BOX_LEAST, fmax(label, detail) + TEXT_ROOM);
    }
}

/* The longest path from a source. Boxes stand in the order in which they were made, which may not
 * be that of the arrows: so until nothing moves. */
static void set_ranks(struct model_graph *g) {
    bool moved = true;
    for (int round = 0; moved && round <= g->n; round++) {
        moved = false;
        for (int i = 0; i < g->n_arrows; i++) {
            struct box *from = &g->boxes[g->arrows[i].from], *to = &g->boxes[g->arrows[i].to];
            if (to->rank > from->rank) continue;
            to->rank = from->rank + 1;
            moved = true;
        }
    }
    g->n_ranks = 1;
    for (int i = 0; i < g->n; i++)
        if (g->boxes[i].rank >= g->n_ranks) g->n_ranks = g->boxes[i].rank + 1;
}

/* Sources move down to right above what they feed: a second input does not float at the top. */
static void pull_sources(struct model_graph *g) {
    for (int b = 0; b < g->n; b++) {
        int nearest = g->n_ranks;
        bool source = g->boxes[b].kind != BOX_OUTPUT;
        for (int i = 0; i < g->n_arrows; i++) {
            if (g->arrows[i].to == b) source = false;
            if (g->arrows[i].from == b && g->boxes[g->arrows[i].to].rank < nearest)
                nearest = g->boxes[g->arrows[i].to].rank;
        }
        if (source && nearest < g->n_ranks && g->boxes[b].kind == BOX_OP)
            g->boxes[b].rank = nearest - 1;
    }
}

static bool add_bends(struct model_graph *g, struct err *e) {
    int n = g->n_arrows;
    for (int i = 0; i < n; i++) {
        struct arrow a = g->arrows[i];
        int from = a.from, last = g->boxes[a.to].rank;
        for (int rank = g->boxes[from].rank + 1; rank < last; rank++) {
            struct box bend = {.kind = BOX_BEND, .rank = rank};
            int b = model_graph_add_box(g, &bend, e);
            if (b < 0) return false;
            if (from == a.from) g->arrows[i].to = b;
            else if (!model_graph_add_arrow(g, from, b, e)) return false;
            from = b;
        }
        if (from != a.from && !model_graph_add_arrow(g, from, a.to, e)) return false;
    }
    return true;
}

/* ---- order and positions ---- */

/* The boxes by rank: those of rank r are at[begin[r]] … at[begin[r + 1] - 1], left to right. */
struct ranks {
    int *at, *begin;
    double *wish;
};

static bool ranks_open(struct ranks *r, const struct model_graph *g, struct err *e) {
    *r = (struct ranks){0};
    r->at = pool_need((size_t)g->n * sizeof(int) + 1, e);
    r->begin = r->at ? pool_need((size_t)(g->n_ranks + 1) * sizeof(int), e) : NULL;
    r->wish = r->begin ? pool_need((size_t)g->n * sizeof(double) + 1, e) : NULL;
    if (!r->wish) return false;
    int n = 0;
    for (int rank = 0; rank < g->n_ranks; rank++) {
        r->begin[rank] = n;
        for (int i = 0; i < g->n; i++)
            if (g->boxes[i].rank == rank) r->at[n++] = i;
    }
    r->begin[g->n_ranks] = n;
    return true;
}

static void ranks_close(struct ranks *r) {
    pool_free(r->at);
    pool_free(r->begin);
    pool_free(r->wish);
}

/* Where every box of a rank would like to be: the mean of its neighbours above, below or both. */
static void set_wishes(struct ranks *r, const struct model_graph *g, int rank, bool above,
                       bool below) {
    for (int k = r->begin[rank]; k < r->begin[rank + 1]; k++) {
        int b = r->at[k];
        double sum = 0;
        int n = 0;
        for (int i = 0; i < g->n_arrows; i++) {
            bool up = above && g->arrows[i].to == b, down = below && g->arrows[i].from == b;
            if (!up && !down) continue;
            sum += g->boxes[up ? g->arrows[i].from : g->arrows[i].to].x;
            n++;
        }
        r->wish[b] = n ? sum / n : g->boxes[b].x;
    }
}

static void pack(const struct ranks *r, struct model_graph *g, int rank) {
    double x = 0;
    for (int i = r->begin[rank]; i < r->begin[rank + 1]; i++) {
        struct box *b = &g->boxes[r->at[i]];
        b->x = x + b->w / 2;
        x += b->w + BOX_GAP;
    }
    for (int i = r->begin[rank]; i < r->begin[rank + 1]; i++) g->boxes[r->at[i]].x -= x / 2;
}

/* Sort a rank by wishes (few boxes: by insertion, which keeps equals in order). */
static void sort_rank(struct ranks *r, int rank) {
    for (int i = r->begin[rank] + 1; i < r->begin[rank + 1]; i++) {
        int b = r->at[i], k = i;
        for (; k > r->begin[rank] && r->wish[r->at[k - 1]] > r->wish[b]; k--)
            r->at[k] = r->at[k - 1];
        r->at[k] = b;
    }
}

/* As near to the wishes as the neighbours allow: the mean of pushing right and pushing left. */
static void settle(struct ranks *r, struct model_graph *g, int rank) {
    int begin = r->begin[rank], end = r->begin[rank + 1];
    double edge = -1e18;
    for (int i = begin; i < end; i++) {
        struct box *b = &g->boxes[r->at[i]];
        b->x = fmax(r->wish[r->at[i]], edge + b->w / 2);
        edge = b->x + b->w / 2 + BOX_GAP;
    }
    edge = 1e18;
    for (int i = end - 1; i >= begin; i--) {
        struct box *b = &g->boxes[r->at[i]];
        double left = fmin(r->wish[r->at[i]], edge - b->w / 2);
        b->x = (b->x + left) / 2;
        edge = left - b->w / 2 - BOX_GAP;
    }
    edge = -1e18; /* the mean may overlap again by rounding of unequal pushes */
    for (int i = begin; i < end; i++) {
        struct box *b = &g->boxes[r->at[i]];
        b->x = fmax(b->x, edge + b->w / 2);
        edge = b->x + b->w / 2 + BOX_GAP;
    }
}

static void place_all(struct ranks *r, struct model_graph *g) {
    for (int rank = 0; rank < g->n_ranks; rank++) pack(r, g, rank);
    for (int round = 0; round < ROUNDS; round++) {
        bool down = round % 2 == 0;
        for (int k = 0; k < g->n_ranks; k++) {
            int rank = down ? k : g->n_ranks - 1 - k;
            set_wishes(r, g, rank, down, !down);
            if (round < ROUNDS / 2) sort_rank(r, rank);
            if (round < ROUNDS / 2) pack(r, g, rank);
        }
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int k = 0; k < g->n_ranks; k++) {
            int rank = round % 2 ? g->n_ranks - 1 - k : k;
            set_wishes(r, g, rank, true, true);
            settle(r, g, rank);
        }
}

bool model_graph_layout(struct model_graph *g, struct err *e) {
    struct ranks r;
    set_ranks(g);
    pull_sources(g);
    TRY(add_bends(g, e));
    set_widths(g);
    bool ok = ranks_open(&r, g, e);
    if (ok) place_all(&r, g);
    ranks_close(&r);
    double left = INFINITY, right = -INFINITY;
    for (int i = 0; i < g->n; i++) {
        left = fmin(left, g->boxes[i].x - g->boxes[i].w / 2);
        right = fmax(right, g->boxes[i].x + g->boxes[i].w / 2);
    }
    for (int i = 0; i < g->n; i++) g->boxes[i].x -= left;
    g->w = g->n ? right - left : 0;
    return ok;
}
