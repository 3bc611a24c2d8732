/* Writes a noted failure out as the student's error. */
#include "syntax.h"

#define SYNTAX(id, label_, what_, hint_) [SYN_##id] = {#id, label_, what_, hint_},
static const struct {
    const char *name, *label, *what, *hint;
} messages[SYN_N_IDS] = {
    [SYN_NONE] = {"NONE", "", "", ""},
#include "syntax.list"
};
#undef SYNTAX

const char *syntax_name(enum syntax_id id) {
    return messages[id].name;
}

static enum err_kind kind_of(enum syntax_id id) {
    if (id == SYN_TOO_DEEP || id == SYN_TOO_LONG) return ERR_RECURSION;
    return id == SYN_MEMORY ? ERR_MEMORY : ERR_SYNTAX;
}

bool syntax_report(const struct syntax_failure *f, const struct source *s, struct err *e) {
    err_set(e, kind_of(f->id), "%s", messages[f->id].what);
    err_label(e, "%s", messages[f->id].label);
    err_hint(e, "%s", messages[f->id].hint);
    err_name_args(e, f->args, f->n_args);
    uint32_t n = (uint32_t)s->text.n;
    e->at = (struct span){s->id, f->start < n ? f->start : n, f->end < n ? f->end : n};
    if (f->note) err_note(e, (struct span){s->id, f->note_start, f->note_end}, "%s", f->note);
    return false;
}
