/* A bar of ipywidgets for what takes long: words above, the bar and words beside it, words below.
 */
#include "session/widget_model.h"
#include "session/widget_state.h"
#include "session/json_text.h"
#include "display/display.h"
#include "base/pool.h"

enum { BAR_MODELS = 10 };

struct widget_bar {
    struct session *session;
    struct origin *parent;
    char ids[BAR_MODELS][WIDGET_ID_BYTES]; /* in the order of opening */
    int n;
    const char *share, *head, *state, *below, *whole; /* which of them are what */
};

/* The next model; NULL when it cannot be opened. Takes the state. */
static const char *open_part(struct widget_bar *b, json_t *take_state) {
    bool ok = b->n < BAR_MODELS;
    if (!ok) return json_decref(take_state), NULL;
    return model_open(b->session, b->parent, NULL, -1, take_state, b->ids[b->n]) ? b->ids[b->n++]
                                                                                 : NULL;
}

static json_t *state_with(enum model_kind kind, const char *layout, const char *style) {
    json_t *v = model_state(kind);
    json_object_set_new(v, "layout", model_reference(layout));
    if (style) json_object_set_new(v, "style", model_reference(style));
    return v;
}

static const char *open_words(struct widget_bar *b, const char *layout, const char *style,
                              const struct text *html) {
    json_t *v = state_with(MODEL_html, layout, style);
    json_object_set_new(v, "value", json_of_text(html));
    return open_part(b, v);
}

/* Front ends draw children in the order in which they are named. */
static const char *open_box(struct widget_bar *b, enum model_kind kind, const char *layout,
                            const char *const children[], int n) {
    json_t *v = state_with(kind, layout, NULL), *list = json_array();
    for (int i = 0; i < n; i++) json_array_append_new(list, model_reference(children[i]));
    json_object_set_new(v, "children", list);
    return open_part(b, v);
}

static bool open_all(struct widget_bar *b, const struct live_bar *now) {
    const char *layout = open_part(b, model_state(MODEL_layout));
    const char *words = open_part(b, model_state(MODEL_html_style));
    const char *style = open_part(b, model_state(MODEL_progress_style));
    const char *narrow = open_part(b, model_state(MODEL_bar_layout));
    if (!layout || !words || !style || !narrow) return false;
    json_t *bar = state_with(MODEL_progress, narrow, style);
    json_object_set_new(bar, "value", json_real(now->share));
    b->share = open_part(b, bar);
    b->head = open_words(b, layout, words, &now->head);
    b->state = open_words(b, layout, words, &now->state);
    b->below = open_words(b, layout, words, &now->below);
    if (!b->share || !b->head || !b->state || !b->below) return false;
    const char *row[] = {b->share, b->state};
    const char *line = open_box(b, MODEL_hbox, layout, row, 2);
    if (!line) return false;
    const char *rows[] = {b->head, line, b->below};
    b->whole = open_box(b, MODEL_vbox, layout, rows, 3);
    return b->whole != NULL;
}

struct widget_bar *widget_bar_open(struct session *s, struct origin *parent,
                                   const struct live_bar *now) {
    struct widget_bar *b = pool_zalloc(sizeof *b);
    if (!b) return NULL;
    *b = (struct widget_bar){.session = s, .parent = parent};
    if (open_all(b, now)) return b;
    widget_bar_close(b);
    return NULL;
}

static void set(struct widget_bar *b, const char *id, json_t *take_value) {
    json_t *state = json_object();
    json_object_set_new(state, "value", take_value);
    model_set(b->session, b->parent, id, state);
}

void widget_bar_move(struct widget_bar *b, const struct live_bar *now) {
    set(b, b->share, json_real(now->share));
    set(b, b->state, json_of_text(&now->state));
    set(b, b->head, json_of_text(&now->head));
    set(b, b->below, json_of_text(&now->below));
}

void widget_bar_show(const struct widget_bar *b, json_t *data) {
    json_object_set_new(data, "application/vnd.jupyter.widget-view+json",
                        model_view_json(b->whole));
}

void widget_bar_close(struct widget_bar *b) {
    while (b->n > 0) model_close(b->session, b->parent, b->ids[--b->n]);
    pool_free(b);
}
