/* Last job: a place for every value. Values that are never wanted at the same time share bytes of
 * the arena; best fit, largest first, as in the CPU's plans. */
#include "program.h"

static uint64_t round_up(uint64_t n) {
    return (n + 255) / 256 * 256;
}

static uint64_t bytes_of(const struct program_value *v) {
    return round_up((uint64_t)v->count * dtype_bytes(v->dtype));
}

static void find_lives(struct builder *b) {
    for (int i = 0; i < b->n; i++) b->drafts[i].first = b->drafts[i].last = -1;
    for (int s = 0; s < b->n_steps; s++) {
        for (int k = 0; k < b->steps[s].n_out; k++) {
            struct draft *d = &b->drafts[b->steps[s].out[k]];
            d->first = s;
            if (d->last < s) d->last = s;
        }
        for (int k = 0; k < b->steps[s].n_in; k++)
            b->drafts[b->drafts[b->steps[s].in[k]].root].last = s;
    }
    for (int i = 0; i < b->n; i++)
        if (b->drafts[i].needed) b->drafts[i].last = b->n_steps;
}

static void place_leaves(struct builder *b) {
    for (int i = 0; i < b->n; i++) {
        const struct draft *d = &b->drafts[i];
        struct program_value *v = &b->values[i];
        *v =
            (struct program_value){d->node->desc.dtype, d->node->desc.shape, d->count, IN_ARENA, 0};
        if (d->node->op == OP_weight) {
            v->space = IN_WEIGHTS;
            v->offset = (uint64_t)d->node->offset * dtype_bytes(v->dtype);
        } else if (d->node->op == OP_constant) {
            v->space = IN_CONSTANTS;
            v->offset = b->constant_bytes;
            b->constant_bytes += bytes_of(v);
        }
    }
}

static bool meet(const struct draft *a, const struct draft *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest gap among those already placed, sorted by offset, that are alive together with v. */
static uint64_t find_gap(const struct builder *b, const int32_t *placed, int n, int32_t v) {
    uint64_t at = 0, bytes = bytes_of(&b->values[v]);
    for (int i = 0; i < n; i++) {
        const struct program_value *o = &b->values[placed[i]];
        if (!meet(&b->drafts[placed[i]], &b->drafts[v])) continue;
        if (o->offset >= at + bytes) break;
        if (o->offset + bytes_of(o) > at) at = o->offset + bytes_of(o);
    }
    return at;
}

static void sort_by_size(const struct builder *b, int32_t *list, int n) {
    for (int gap = n / 2; gap > 0; gap /= 2)
        for (int i = gap; i < n; i++) {
            int32_t v = list[i];
            uint64_t bytes = bytes_of(&b->values[v]);
            int j = i;
            for (; j >= gap; j -= gap) {
                uint64_t other = bytes_of(&b->values[list[j - gap]]);
                if (other > bytes || (other == bytes && list[j - gap] < v)) break;
                list[j] = list[j - gap];
            }
            list[j] = v;
        }
}

bool builder_layout(struct builder *b, struct program *p, struct err *e) {
    int32_t *list = builder_alloc(b, (size_t)b->n, sizeof *list, e);
    int32_t *placed = builder_alloc(b, (size_t)b->n, sizeof *placed, e);
    b->values = builder_alloc(b, (size_t)b->n, sizeof *b->values, e);
    if (!list || !placed || !b->values) return false;
    place_leaves(b);
    find_lives(b);
    int n = 0;
    for (int i = 0; i < b->n; i++)
        if (b->drafts[i].first >= 0) list[n++] = i;
    sort_by_size(b, list, n);
    for (int i = 0; i < n; i++) {
        struct program_value *v = &b->values[list[i]];
        v->offset = find_gap(b, placed, i, list[i]);
        int at = i;
        for (; at > 0 && b->values[placed[at - 1]].offset > v->offset; at--)
            placed[at] = placed[at - 1];
        placed[at] = list[i];
        if (v->offset + bytes_of(v) > p->arena_bytes) p->arena_bytes = v->offset + bytes_of(v);
    }
    for (int i = 0; i < b->n; i++) { /* views lie where their roots lie */
        const struct program_value *root = &b->values[b->drafts[i].root];
        b->values[i].space = root->space;
        b->values[i].offset = root->offset;
    }
    return true;
}
