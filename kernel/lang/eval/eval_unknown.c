/* Branches and loops whose course is not known while checking. */
#include "eval_unknown.h"
#include "lang/values/names.h"
#include "lang/eval/names/scope.h"
#include "base/pool.h"
#include <string.h>

/* ---- joining values ---- */

/* Numbers from -2 down to the end of the range that the runtime's arithmetic with sizes has. */
int64_t unknown_size(void) {
    enum { FIRST = 2, LAST = (1 << 19) - 2 };
    static int64_t next = FIRST;
    if (++next > LAST) next = FIRST;
    return -next;
}

static enum dtype join_dtype(enum dtype a, enum dtype b) {
    if (a == b) return a;
    return dtype_is_float(a) && !dtype_is_float(b) ? a : dtype_is_float(b) ? b : DT_INT64;
}

static bool join_desc(const struct desc *a, const struct desc *b, struct desc *out) {
    if (a->shape.n != b->shape.n) return false;
    *out = *a;
    out->dtype = join_dtype(a->dtype, b->dtype);
    if (a->content != b->content) out->content = CONTENT_ANY;
    for (int i = 0; i < a->shape.n; i++) {
        if (a->shape.size[i] != b->shape.size[i]) out->shape.size[i] = unknown_size();
        if (a->shape.axis[i] != b->shape.axis[i]) out->shape.axis[i] = NULL;
    }
    return true;
}

static bool identical(struct value a, struct value b) {
    if (a.kind != b.kind) return false;
    if (a.kind == V_BOOL) return a.boolean == b.boolean;
    if (a.kind == V_INT) return a.integer == b.integer;
    if (a.kind == V_FLOAT) return memcmp(&a.number, &b.number, sizeof a.number) == 0;
    if (a.kind == V_TEXT) return str_same(value_str(&a), value_str(&b));
    return a.kind == V_NONE || a.kind == V_MISSING || a.text == b.text;
}

struct value value_join(struct value take_a, struct value take_b, struct err *e) {
    struct value out = value_unknown();
    struct desc a, b, both;
    if (take_a.kind == V_MISSING) return take_b;
    if (take_b.kind == V_MISSING) return take_a;
    if (identical(take_a, take_b)) {
        value_unref(take_b);
        return take_a;
    }
    bool described = value_describe(take_a, &a) && value_describe(take_b, &b);
    if (take_a.kind == V_NODE || take_b.kind == V_NODE) {
        /* in a graph the way from its inputs matters: one of the two stands for both */
        bool same = described && shape_same_sizes(&a.shape, &b.shape) && a.dtype == b.dtype;
        if (same) out = take_b.kind == V_NODE ? take_b : take_a;
    } else if (described && join_desc(&a, &b, &both)) {
        out = value_desc(&both, e);
    }
    value_unref(take_a);
    value_unref(take_b);
    return out.kind == V_MISSING ? value_unknown() : out;
}

/* ---- states: everything that a body can assign ---- */

struct state {
    struct bindings overlay;
    struct value *slots;
    int n_slots;
};

static bool state_save(struct eval *ev, struct state *s) {
    *s = (struct state){.n_slots = ev->frame->scope ? ev->frame->scope->n_slots : 0};
    s->overlay.items = pool_need((size_t)ev->overlay.n * sizeof(struct binding) + 1, ev->e);
    s->slots = pool_need((size_t)s->n_slots * sizeof(struct value) + 1, ev->e);
    if (!s->overlay.items || !s->slots) {
        pool_free(s->overlay.items);
        pool_free(s->slots);
        return false;
    }
    s->overlay.n = s->overlay.cap = ev->overlay.n;
    for (int i = 0; i < s->overlay.n; i++) {
        s->overlay.items[i].name = ev->overlay.items[i].name;
        s->overlay.items[i].value = value_ref(ev->overlay.items[i].value);
    }
    for (int i = 0; i < s->n_slots; i++) s->slots[i] = value_ref(ev->frame->slots[i]);
    return true;
}

static void state_clear(struct state *s) {
    for (int i = 0; i < s->overlay.n; i++) value_unref(s->overlay.items[i].value);
    for (int i = 0; i < s->n_slots; i++) value_unref(s->slots[i]);
    pool_free(s->overlay.items);
    pool_free(s->slots);
    *s = (struct state){0};
}

/* The evaluator's state and *s change places. */
static void state_swap(struct eval *ev, struct state *s) {
    struct bindings o = ev->overlay;
    ev->overlay = s->overlay;
    s->overlay = o;
    for (int i = 0; i < s->n_slots; i++) {
        struct value v = ev->frame->slots[i];
        ev->frame->slots[i] = s->slots[i];
        s->slots[i] = v;
    }
}

static struct value *overlay_find(struct bindings *o, const char *name) {
    for (int i = 0; i < o->n; i++) {
        if (o->items[i].name == name) return &o->items[i].value;
    }
    return NULL;
}

/* A name that only one side assigned: the other side has the session's value, if any. */
static struct value session_value(struct eval *ev, const char *name) {
    const struct value *v = names_peek(engine_names(ev->engine), name);
    return v ? value_ref(*v) : value_missing();
}

static bool join_missing(struct eval *ev, struct bindings *to, const struct bindings *from) {
    for (int i = 0; i < from->n; i++) {
        if (overlay_find(to, from->items[i].name)) continue;
        struct ast name = {.kind = AST_NAME, .name = from->items[i].name, .slot = SLOT_GLOBAL};
        struct value v =
            value_join(session_value(ev, name.name), value_ref(from->items[i].value), ev->e);
        TRY(name_set(ev, &name, v));
    }
    return true;
}

/* The evaluator's state becomes what both states have in common. */
static bool state_join(struct eval *ev, struct state *other) {
    for (int i = 0; i < ev->overlay.n; i++) {
        struct binding *b = &ev->overlay.items[i];
        struct value *v = overlay_find(&other->overlay, b->name);
        struct value o = v ? value_ref(*v) : session_value(ev, b->name);
        b->value = value_join(b->value, o, ev->e);
    }
    for (int i = 0; i < other->n_slots; i++)
        ev->frame->slots[i] = value_join(ev->frame->slots[i], value_ref(other->slots[i]), ev->e);
    return join_missing(ev, &ev->overlay, &other->overlay);
}

/* ---- branches ---- */

/* `return` in an arm that may not be taken: remembered, and the rest is walked too. */
static void keep_return(struct eval *ev) {
    if (!ev->frame->returned) return;
    ev->frame->pending = value_join(ev->frame->pending, *ev->frame->returned, ev->e);
    *ev->frame->returned = value_missing();
}

enum flow exec_unknown_if(struct eval *ev, const struct ast *s) {
    struct state start;
    if (!state_save(ev, &start)) return FLOW_ERROR;
    bool unsure = ev->unsure;
    ev->unsure = true;
    enum flow a = exec_body(ev, s->body, s->n_body);
    if (a == FLOW_ERROR) return state_clear(&start), FLOW_ERROR;
    if (a == FLOW_RETURN) keep_return(ev);
    state_swap(ev, &start); /* now: start in the evaluator, arm a in `start` */
    enum flow b = exec_body(ev, s->orelse, s->n_orelse);
    ev->unsure = unsure;
    enum flow flow = FLOW_NEXT;
    if (b == FLOW_ERROR) {
        flow = FLOW_ERROR;
    } else if (b == FLOW_RETURN && a == FLOW_RETURN) {
        flow = FLOW_RETURN;
    } else {
        if (b == FLOW_RETURN) keep_return(ev);
        if (b == FLOW_RETURN) state_swap(ev, &start); /* only arm a goes on */
        else if (a != FLOW_RETURN && !state_join(ev, &start)) flow = FLOW_ERROR;
        /* an arm that leaves a loop goes on behind the loop: joined as well */
        if (flow == FLOW_NEXT && a != FLOW_NEXT && b != FLOW_NEXT) flow = a == FLOW_RETURN ? b : a;
    }
    state_clear(&start);
    return flow;
}

/* ---- loops ---- */

/* An element of which only the kind is known: loops that are not unrolled. */
static bool unknown_item(struct eval *ev, struct value over, struct value *out) {
    struct desc d;
    if (over.kind == V_TENSOR) {
        d = tensor_desc(over.tensor);
        struct value all = value_desc(&d, ev->e);
        bool ok = all.kind == V_DESC && iterate_item(ev, all, 0, out);
        value_unref(all);
        return ok;
    }
    if (over.kind == V_DESC || over.kind == V_UNKNOWN) return iterate_item(ev, over, 0, out);
    *out = value_unknown();
    return true;
}

/* Run a round, and join with the state before it: it may not have happened. */
static enum flow maybe_round(struct eval *ev, const struct ast *s, struct value over, int round) {
    struct state before;
    if (!state_save(ev, &before)) return FLOW_ERROR;
    enum flow flow;
    if (s->kind == AST_FOR) {
        struct value item;
        flow = unknown_item(ev, over, &item) ? exec_round(ev, s, item, round) : FLOW_ERROR;
    } else {
        flow = exec_body(ev, s->body, s->n_body);
    }
    if (flow == FLOW_RETURN) keep_return(ev);
    if (flow != FLOW_ERROR && !state_join(ev, &before)) flow = FLOW_ERROR;
    state_clear(&before);
    return flow;
}

static enum flow unknown_rounds(struct eval *ev, const struct ast *s, struct value over) {
    bool unsure = ev->unsure;
    ev->unsure = true;
    enum flow flow = FLOW_NEXT;
    for (int i = 0; i < 3 && flow != FLOW_ERROR; i++) flow = maybe_round(ev, s, over, i);
    ev->unsure = unsure;
    return flow == FLOW_ERROR ? FLOW_ERROR : FLOW_NEXT;
}

enum flow exec_unknown_for(struct eval *ev, const struct ast *s, struct value over) {
    return unknown_rounds(ev, s, over);
}

enum flow exec_unknown_while(struct eval *ev, const struct ast *s) {
    return unknown_rounds(ev, s, value_none());
}
