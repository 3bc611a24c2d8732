/* Mistakes with places, stopping, and random streams: what every part of the evaluator uses. */
#include "eval_parts.h"
#include "base/hash.h"
#include "base/pool.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

bool fail(struct eval *ev, struct span at, enum err_kind kind, const char *format, ...) {
    char what[sizeof ev->e->what];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    err_set(ev->e, kind, "%s", what);
    return err_at(ev->e, at);
}

bool fail_later(struct eval *ev, struct span at, const char *feature) {
    fail(ev, at, ERR_NOT_YET, "This release does not have it yet: %s.", feature);
    err_label(ev->e, "comes in a later release");
    return false;
}

bool fail_later_name(struct eval *ev, struct span at, const char *name, const char *feature) {
    bool same = strcmp(name, feature) == 0;
    fail(ev, at, ERR_NOT_YET, "This release does not have `%s` yet%s%s.", name, same ? "" : ": ",
         same ? "" : feature);
    if (strcmp(name, "filter") == 0)
        err_hint(ev->e, "Until then, rows are picked by a mask: t[t.height > 3]");
    return err_label(ev->e, "comes in a later release");
}

struct span span_between(struct span a, struct span b, struct span within) {
    if (b.start < a.start) return span_between(b, a, within);
    struct span whole = {a.source, a.start, b.end > a.end ? b.end : a.end};
    bool inside = a.source == within.source && b.source == within.source &&
                  a.start >= within.start && whole.end <= within.end;
    struct str text = inside ? source_piece(whole) : (struct str){0};
    int open = 0;
    for (size_t i = 0; i < text.n && open >= 0; i++)
        open += (text.p[i] == '(') - (text.p[i] == ')');
    return inside && open == 0 ? whole : within;
}

enum { LONGEST_NAME = 40 };

bool fail_from(struct eval *ev, struct span at, const struct span *args, int n) {
    struct str names[10];
    static const char *const places[] = {"the first", "the second", "the third", "the next",
                                         "the next",  "the next",   "the next",  "the next",
                                         "the next",  "the next"};
    if (n > 10) n = 10;
    for (int i = 0; i < n; i++) {
        names[i] = source_piece(args[i]);
        bool plain =
            names[i].n > 0 && names[i].n <= LONGEST_NAME && !memchr(names[i].p, '\n', names[i].n);
        if (!plain) names[i] = str_of(places[i]);
    }
    err_name_args(ev->e, names, n);
    return err_at(ev->e, at);
}

bool stopped_fails(struct eval *ev, struct span at) {
    fail(ev, at, ERR_INTERRUPT,
         "Stopped. Names that finished statements assigned keep their new "
         "values.");
    return true;
}

uint64_t next_stream(struct eval *ev) {
    return hash_add(place_stream(ev->place), 0x9d2c + ev->draws++);
}

void bindings_clear(struct bindings *o) {
    for (int i = 0; i < o->n; i++) value_unref(o->items[i].value);
    pool_free(o->items);
    *o = (struct bindings){0};
}
