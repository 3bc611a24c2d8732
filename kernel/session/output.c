/* From what the language engine tells to outputs. */
#include "session/output.h"
#include "display/error_view.h"
#include "session/json_text.h"
#include "session/live.h"
#include "session/studio.h"
#include "lang/interact.h"
#include <stdio.h>
#include <string.h>

void output_begin(struct output *o, const struct sink *sink, const char *prefix) {
    *o = (struct output){.sink = sink};
    snprintf(o->prefix, sizeof o->prefix, "%s", prefix);
}

void output_end(struct output *o) {
    live_clear(o);
    text_clear(&o->result);
}

static bool is_json_type(const char *mime) {
    struct str s = str_of(mime);
    return str_is(s, "application/json") || str_ends(s, "+json");
}

/* JSON types travel unpacked, everything else as text. */
static json_t *mime_data(const struct mime *m) {
    bool repaired;
    json_t *v = is_json_type(m->type) ? json_read(text_str(&m->data), &repaired) : NULL;
    return v ? v : json_of_text(&m->data);
}

static struct str plain_of(const struct bundle *b) {
    for (int i = 0; i < b->n; i++)
        if (strcmp(b->items[i].type, "text/plain") == 0) return text_str(&b->items[i].data);
    return STR("");
}

/* Size, and in words what a picture shows: nbconvert and readers of the file use `alt`. */
static json_t *mime_metadata(const struct bundle *b, const struct mime *m) {
    json_t *v = json_pack("{s:i,s:i}", "width", m->width, "height", m->height);
    struct str alt = m->alt.n ? text_str(&m->alt) : plain_of(b);
    if (alt.n) json_object_set_new(v, "alt", json_of(alt));
    return v;
}

void bundle_json(const struct bundle *b, json_t **data, json_t **metadata) {
    *data = json_object();
    *metadata = json_object();
    for (int i = 0; i < b->n; i++) {
        const struct mime *m = &b->items[i];
        json_object_set_new(*data, m->type, mime_data(m));
        if (m->width > 0) json_object_set_new(*metadata, m->type, mime_metadata(b, m));
    }
}

/* The traceback in one string per line, so that front ends can fold it. */
static json_t *traceback_json(const struct err *e, bool color) {
    json_t *lines = json_array();
    struct text view = {0};
    error_view_text(e, color, &view);
    struct str rest = text_str(&view);
    while (rest.n && rest.p[rest.n - 1] == '\n') rest.n--;
    while (rest.n) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        json_array_append_new(lines, json_of((struct str){rest.p, n}));
        size_t skip = end ? n + 1 : n;
        rest = (struct str){rest.p + skip, rest.n - skip};
    }
    text_clear(&view);
    return lines;
}

json_t *error_json(const struct err *e, bool color) {
    struct text line = {0};
    error_view_line(e, &line);
    json_t *v = json_object();
    json_object_set_new(v, "ename", json_string(err_title(e->kind)));
    json_object_set_new(v, "evalue", json_of_text(&line));
    json_object_set_new(v, "traceback", traceback_json(e, color));
    text_clear(&line);
    return v;
}

void output_bundle(struct output *o, enum display_kind kind, const struct bundle *b,
                   const char *display_id) {
    json_t *data, *metadata;
    bundle_json(b, &data, &metadata);
    if (o->sink->display) o->sink->display(o->sink->user, kind, data, metadata, display_id);
    json_decref(data);
    json_decref(metadata);
}

static void on_text(void *user, struct str utf8, bool is_error) {
    struct output *o = user;
    if (o->sink->stream) o->sink->stream(o->sink->user, is_error, utf8);
}

void output_line(struct output *o, const struct bundle *b) {
    on_text(o, plain_of(b), false);
    on_text(o, STR("\n"), false);
}

void output_settle(struct output *o) {
    live_settle(o);
}

static void keep_result(struct output *o, const struct bundle *b) {
    text_clear(&o->result);
    text_add(&o->result, plain_of(b));
}

static void on_show(void *user, struct value v, const char *title, bool is_result) {
    struct output *o = user;
    struct bundle b = {0};
    struct err e = {0};
    if (display_value(v, title, &b, &e)) {
        if (is_result) keep_result(o, &b);
        output_bundle(o, is_result ? DISPLAY_RESULT : DISPLAY_SHOW, &b, NULL);
    } else {
        on_text(o, STR("(the value could not be shown: "), true);
        on_text(o, str_of(e.what), true);
        on_text(o, STR(")\n"), true);
    }
    bundle_clear(&b);
}

static void on_money(void *user, double budget, struct text *out) {
    struct output *o = user;
    struct machine_cost cost;
    live_cost(o, &cost);
    cost.budget = budget;
    budget_words(&cost, studio_hours(), out);
}

static void on_train(void *user, int run, const struct train_event *event) {
    live_train(user, run, event);
}

static void on_progress(void *user, int run, const struct progress *p) {
    live_progress(user, run, p);
}

static void on_note(void *user, struct str utf8) {
    struct text line = {0};
    text_adds(&line, "note: ");
    text_add(&line, utf8);
    if (!str_ends(utf8, "\n")) text_addc(&line, '\n');
    on_text(user, text_str(&line), false);
    text_clear(&line);
}

static bool on_ask(void *user, struct str prompt, bool hidden, struct text *answer, struct err *e) {
    struct output *o = user;
    if (o->sink->ask) return o->sink->ask(o->sink->user, prompt, hidden, answer, e);
    return err_set(e, ERR_INPUT, "questions cannot be asked here");
}

static void on_page(void *user, struct str markdown) {
    struct output *o = user;
    if (o->sink->page) o->sink->page(o->sink->user, markdown);
}

static void on_clear(void *user, bool wait) {
    struct output *o = user;
    if (o->sink->clear) o->sink->clear(o->sink->user, wait);
}

static void on_plain(void *user, struct value v, struct text *out) {
    (void)user;
    struct bundle b = {0};
    struct err e = {0};
    if (display_value(v, NULL, &b, &e))
        for (int i = 0; i < b.n; i++)
            if (strcmp(b.items[i].type, "text/plain") == 0)
                text_add(out, text_str(&b.items[i].data));
    bundle_clear(&b);
}

static bool on_interact(void *user, int interaction, struct err *e) {
    struct output *o = user;
    if (o->sink->interact) return o->sink->interact(o->sink->user, interaction, e);
    struct engine_observer observer = output_observer(o);
    bool ok = engine_interact(o->engine, interaction, NULL, &observer, e);
    engine_interaction_drop(o->engine, interaction);
    return ok;
}

static bool on_draw(void *user, struct value v, const char *path, double dpi, struct err *e) {
    (void)user;
    return display_save(v, path, dpi, e);
}

static void on_exit_cell(void *user) {
    struct output *o = user;
    if (o->sink->exit) o->sink->exit(o->sink->user);
}

struct engine_observer output_observer(struct output *o) {
    return (struct engine_observer){.user = o,
                                    .text = on_text,
                                    .plain = on_plain,
                                    .show = on_show,
                                    .train = on_train,
                                    .progress = on_progress,
                                    .note = on_note,
                                    .ask = on_ask,
                                    .page = on_page,
                                    .clear = on_clear,
                                    .exit = on_exit_cell,
                                    .interact = on_interact,
                                    .money = on_money,
                                    .draw = on_draw};
}
