/* A plan as text. */
#include "build.h"
#include "device/device_plan.h"

static void print_value(const struct plan *p, int32_t i, struct text *out) {
    const struct value *v = &p->values[i];
    char shape[256];
    text_addf(out, " %%%d", i);
    if (v->node->name) text_addf(out, ":%s", v->node->name);
    text_addf(out, "%s", shape_print(&v->node->desc.shape, shape, sizeof shape));
}

static void print_group(const struct plan *p, const struct step *s, struct text *out) {
    text_adds(out, "group(");
    const char *gap = "";
    for (int i = 0; i < p->n_values; i++) {
        const struct value *v = &p->values[i];
        bool member = s->n_out > 0 && v->root == i && v->unit >= 0 && is_groupable(v->node) &&
                      v->unit == p->values[s->out[0]].unit;
        if (!member) continue;
        text_addf(out, "%s%s", gap, op_name(v->node->op));
        gap = " ";
    }
    text_adds(out, ")");
}

static void print_step(const struct plan *p, const struct step *s, struct text *out) {
    static const char *const names[] = {
        [STEP_FEED] = "feed",     [STEP_CALL] = "",         [STEP_OUTPUT] = "output",
        [STEP_NORM] = "norm",     [STEP_UPDATE] = "update", [STEP_LEARN] = "learn",
        [STEP_PARTIAL] = "sums",  [STEP_COMBINE] = "total", [STEP_ASSIGN] = "assign",
        [STEP_KERNEL] = "kernel", [STEP_ADD] = "add"};
    text_addf(out, "  %-7s", names[s->kind]);
    if (s->kind != STEP_CALL) text_addf(out, "%d", s->index);
    if (s->group) print_group(p, s, out);
    if (s->kind == STEP_CALL && !s->group) text_adds(out, op_name(s->call.op));
    for (int i = 0; i < s->n_in; i++) print_value(p, s->in[i], out);
    if (s->n_out) text_adds(out, "  ->");
    for (int i = 0; i < s->n_out; i++) {
        print_value(p, s->out[i], out);
        text_addf(out, "@%zu", p->values[s->out[i]].offset);
    }
    int64_t units = step_units(p, s);
    text_addf(out, "  lanes %lld+%lld\n", (long long)s->cut, (long long)(units - s->cut));
}

void plan_print(const struct plan *p, struct text *out) {
    if (p->device) {
        device_plan_print(p->device, out);
        return;
    }
    text_addf(out, "%d steps in %d phases, batch %lld, arena %zu bytes\n", p->n_steps, p->n_phases,
              (long long)p->batch, p->arena_bytes);
    for (int i = 0; i < p->n_steps; i++) {
        if (i == 0 || p->steps[i].phase != p->steps[i - 1].phase)
            text_addf(out, "phase %d\n", p->steps[i].phase);
        if (p->steps[i].run > 1)
            text_addf(out, " %d steps, %lld rows at a time\n", p->steps[i].run,
                      (long long)p->steps[i].run_rows);
        print_step(p, &p->steps[i], out);
    }
}
