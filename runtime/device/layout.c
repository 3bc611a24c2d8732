/* Last job: a place for every value (places.h). */
#include "places.h"
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

bool builder_layout(struct builder *b, struct program *p, struct err *e) {
    struct place *list = builder_alloc(b, (size_t)b->n, sizeof *list, e);
    struct place **sorted = builder_alloc(b, (size_t)b->n, sizeof *sorted, e);
    b->values = builder_alloc(b, (size_t)b->n, sizeof *b->values, e);
    if (!list || !sorted || !b->values) return false;
    place_leaves(b);
    find_lives(b);
    int n = 0;
    for (int i = 0; i < b->n; i++) {
        const struct draft *d = &b->drafts[i];
        if (d->first < 0) continue;
        list[n++] = (struct place){bytes_of(&b->values[i]), d->first, d->last, i, 0};
    }
    p->arena_bytes = places_find(list, n, sorted);
    for (int i = 0; i < n; i++) b->values[list[i].number].offset = list[i].offset;
    for (int i = 0; i < b->n; i++) { /* views lie where their roots lie */
        const struct program_value *root = &b->values[b->drafts[i].root];
        b->values[i].space = root->space;
        b->values[i].offset = root->offset;
    }
    return true;
}
