/* From what the language engine tells to outputs. */
#include "session/output.h"
#include "display/error_view.h"
#include "session/json_text.h"
#include "session/request.h"
#include "lang/interact.h"
#include "session/studio.h"
#include <stdio.h>
#include <string.h>

/* Front ends redraw a changing display at most this often. */
static const int64_t UPDATE_NS = 100 * 1000000LL;

void output_begin(struct output *o, const struct sink *sink, const char *prefix) {
    *o = (struct output){.sink = sink};
    snprintf(o->prefix, sizeof o->prefix, "%s", prefix);
}

void output_end(struct output *o) {
    for (int i = 0; i < o->n_runs; i++) training_view_free(o->runs[i].view);
    o->n_runs = 0;
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

static void send_bundle(struct output *o, enum display_kind kind, const struct bundle *b,
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
        send_bundle(o, is_result ? DISPLAY_RESULT : DISPLAY_SHOW, &b, NULL);
    } else {
        on_text(o, STR("(the value could not be shown: "), true);
        on_text(o, str_of(e.what), true);
        on_text(o, STR(")\n"), true);
    }
    bundle_clear(&b);
}

static void run_clear(struct output_run *r) {
    training_view_free(r->view);
    *r = (struct output_run){0};
}

/* Counted from the start of the machine: what the cell did before is spent as well. */
static void fill_cost(const struct output *o, struct machine_cost *cost) {
    double hours = studio_hours();
    *cost = (struct machine_cost){.budget = o->engine ? engine_budget(o->engine) : 0};
    if (studio_price(&cost->price)) cost->spent = hours < 0 ? -1 : cost->price.usd_per_hour * hours;
}

static void on_money(void *user, double budget, struct text *out) {
    struct output *o = user;
    struct machine_cost cost;
    fill_cost(o, &cost);
    cost.budget = budget;
    budget_words(&cost, studio_hours(), out);
}

/* The display of a training run; the oldest makes room. NULL when memory is out. */
static struct output_run *find_run(struct output *o, int run) {
    for (int i = 0; i < o->n_runs; i++) {
        if (o->runs[i].run == run) return &o->runs[i];
    }
    int i = o->n_runs < OUTPUT_MAX_RUNS ? o->n_runs++ : run % OUTPUT_MAX_RUNS;
    struct err e = {0};
    run_clear(&o->runs[i]);
    o->runs[i].run = run;
    o->runs[i].view = training_view_new(&e);
    struct machine_cost cost;
    fill_cost(o, &cost);
    if (o->runs[i].view) training_view_cost(o->runs[i].view, &cost);
    return o->runs[i].view ? &o->runs[i] : NULL;
}

/* For terminals: a line for each epoch, at most one in UPDATE_NS, and for the end, with its notes.
 */
static void add_line(struct output *o, struct output_run *r, const struct train_event *event) {
    struct bundle b = {0};
    struct err e = {0};
    bool final = event->kind == TRAIN_END;
    if (event->kind != TRAIN_EPOCH && !final) return;
    if (!final && r->line_ns && now_ns() - r->line_ns < UPDATE_NS) return;
    r->line_ns = now_ns();
    if (training_view_show(r->view, &b, &e)) {
        on_text(o, plain_of(&b), false);
        on_text(o, STR("\n"), false);
    }
    bundle_clear(&b);
}

/* Every event is noted; what is shown is at most one view in UPDATE_NS, and always the last. */
static void on_train(void *user, int run, const struct train_event *event) {
    struct output *o = user;
    struct bundle b = {0};
    struct err e = {0};
    struct output_run *r = find_run(o, run);
    bool final = event->kind == TRAIN_END;
    int64_t now = now_ns();
    if (!r || !training_view_note(r->view, event, &e)) return;
    if (o->lines && r->open) add_line(o, r, event);
    if (r->open && !final && now - r->shown_ns < UPDATE_NS) return;
    char id[64];
    snprintf(id, sizeof id, "%s-train-%d", o->prefix, run);
    enum display_kind kind = !r->open ? DISPLAY_LIVE : final ? DISPLAY_FINAL : DISPLAY_UPDATE;
    if (training_view_show(r->view, &b, &e)) send_bundle(o, kind, &b, id);
    r->open = true;
    r->shown_ns = now;
    bundle_clear(&b);
}

static void on_progress(void *user, int run, const struct progress *p) {
    struct output *o = user;
    struct bundle b = {0};
    struct err e = {0};
    struct output_run *r = find_run(o, run);
    struct machine_cost cost;
    int64_t now = now_ns(), rows = p->table ? p->table->n_rows : 0;
    bool line = r && o->lines && r->open && (p->ended || rows > r->rows);
    bool soon = r && r->open && !p->ended && now - r->shown_ns < UPDATE_NS;
    if (!r || (soon && !line)) return;
    char id[64];
    snprintf(id, sizeof id, "%s-search-%d", o->prefix, run);
    enum display_kind kind = !r->open ? DISPLAY_LIVE : p->ended ? DISPLAY_FINAL : DISPLAY_UPDATE;
    fill_cost(o, &cost);
    bool ok = display_progress(p, &cost, &b, &e);
    if (ok && !soon) send_bundle(o, kind, &b, id);
    if (ok && line) {
        on_text(o, plain_of(&b), false);
        on_text(o, STR("\n"), false);
    }
    r->rows = rows;
    r->open = true;
    r->shown_ns = now;
    bundle_clear(&b);
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
