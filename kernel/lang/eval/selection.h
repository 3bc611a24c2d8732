/* What subscripts ask of each axis: positions, slices, new axes, masks and lists of positions; and
 * its carrying out on tensors. Shared by the files that index and replace. */
#pragma once
#include "eval_parts.h"

enum { NEW_AXIS = -1, MAX_PLACES = 2 * MAX_AXES };

/* What the subscripts ask of each axis of a tensor, and which axes the result has. */
struct selection {
    struct shape from;
    int64_t begin[MAX_AXES], step[MAX_AXES], count[MAX_AXES];
    bool drop[MAX_AXES]; /* a single position: the axis goes */
    bool touched;        /* something other than whole axes */
    bool unknown;        /* checking: a subscript of which not even the kind is known */
    bool vague;          /* checking: one position that is not known */
    struct value pick;   /* positions or mask for axis pick_axis; MISSING = none */
    int pick_axis;
    int order[MAX_PLACES]; /* axes of the result: number of an old one, or NEW_AXIS */
    int n_order;
};

void selection_start(struct selection *sel, const struct shape *from);
/* All subscripts of x[…]; sel->pick is a reference to give back. */
bool select_axes(struct eval *ev, const struct ast *x, struct selection *sel);
bool select_slice(struct eval *ev, const struct ast *s, struct selection *sel, int axis);
bool select_position(struct eval *ev, const struct ast *s, struct selection *sel, int axis,
                     int64_t i);
/* An IndexError for position i of an axis; returns false. */
bool index_out(struct eval *ev, const struct ast *s, const struct shape *from, int axis, int64_t i);

/* What the selection that x asked for gives of v, a tensor, node or description. */
bool selection_apply(struct eval *ev, const struct selection *sel, struct value v,
                     const struct ast *x, struct value *out);
/* The flat positions in a tensor of shape `from` that x[…] means, in the shape that x[…] would
 * have: a tensor of int64. While running only. */
bool selection_places(struct eval *ev, const struct ast *x, const struct shape *from,
                      struct value *out);

bool index_tensor(struct eval *ev, const struct ast *x, struct value v, struct value *out);
/* Where a mask is True; a list of positions with negative ones counted from the end. */
bool mask_positions(struct eval *ev, const struct tensor *mask, struct value *out);
bool normal_positions(struct eval *ev, const struct selection *sel, struct value pick,
                      struct span at, struct value *out);
