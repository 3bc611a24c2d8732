/* The live view of a search, or of anything else that takes long: a bar, where it stands, how long
 * it will take, the best so far, a row per trial. */
#include "display/display.h"
#include "display/svg.h"
#include "display/views.h"
#include "lang/engine.h"

/* Seconds still to go; negative = too early to tell. */
static double seconds_left(const struct progress *p) {
    if (p->ended) return 0;
    return p->share > 0 && p->seconds >= 1 ? p->seconds * (1 - p->share) / p->share : -1;
}

static void add_state(struct text *out, const struct progress *p) {
    text_adds(out, p->state);
    if (p->ended || seconds_left(p) <= 0) return;
    text_adds(out, ", ");
    duration_words(p->seconds, out);
    text_adds(out, ", about ");
    duration_words(seconds_left(p), out);
    text_adds(out, " left");
}

void live_bar_clear(struct live_bar *b) {
    text_clear(&b->head);
    text_clear(&b->state);
    text_clear(&b->below);
}

bool display_kept(const struct live_bar *bar, struct bundle *b, struct err *e) {
    struct text *html = bundle_add(b, "text/html"), *plain = bundle_add(b, "text/plain");
    if (!html || !plain) return err_memory(e, sizeof *b);
    text_add(html, text_str(&bar->head));
    text_addf(html, "<div>%.*s (not ended when this was kept)</div>\n", (int)bar->state.n,
              bar->state.p);
    text_add(html, text_str(&bar->below));
    text_adds(plain, "not ended when this was kept");
    return !html->failed || err_memory(e, html->n);
}

static void add_bar(struct text *html, const struct progress *p, struct str state) {
    text_addf(html,
              "<div><progress value=\"%.4f\" max=\"1\" style=\"width:240px\" "
              "aria-label=\"progress\"></progress> <span role=\"status\">",
              p->share);
    svg_escape(html, state);
    text_adds(html, "</span></div>\n");
}

static void add_cost(struct text *html, const struct progress *p, const struct machine_cost *cost) {
    struct text line = {0};
    if (!cost || cost->price.usd_per_hour <= 0 || p->seconds <= 0) return;
    cost_words(cost, p->seconds, seconds_left(p), &line);
    html_line(html, "opacity:.8", text_str(&line));
    text_clear(&line);
}

static void add_below(struct text *html, const struct progress *p,
                      const struct machine_cost *cost) {
    if (p->best) html_line(html, NULL, str_of(p->best));
    add_cost(html, p, cost);
}

void progress_bar(const struct progress *p, const struct machine_cost *cost, struct live_bar *out) {
    struct text state = {0};
    out->share = p->share;
    add_state(&state, p);
    svg_escape(&out->state, text_str(&state));
    text_clear(&state);
    add_below(&out->below, p, cost);
}

/* `plain`: the rows once more, for who wants them. */
static void add_rows(const struct progress *p, struct text *html, struct text *plain) {
    struct view rows = {0};
    table_view(p->table, true, &rows);
    text_add(html, text_str(&rows.html));
    if (plain) text_add(plain, text_str(&rows.plain));
    text_clear(&rows.plain);
    text_clear(&rows.html);
}

static void add_words(const struct progress *p, const struct machine_cost *cost, struct text *html,
                      struct text *plain) {
    struct text state = {0};
    add_state(&state, p);
    if (p->ended) html_line(html, "font-weight:bold", text_str(&state));
    else add_bar(html, p, text_str(&state));
    add_below(html, p, cost);
    text_add(plain, text_str(&state));
    if (p->best) text_addf(plain, ". %s", p->best);
    text_clear(&state);
}

bool display_progress(const struct progress *p, const struct machine_cost *cost,
                      enum view_part part, struct bundle *b, struct err *e) {
    bool rows = p->table && p->table->n_rows, rest = part == VIEW_REST;
    if (rest && !rows) return true;
    struct text *html = bundle_add(b, "text/html"), *plain = bundle_add(b, "text/plain");
    if (!html || !plain) return err_memory(e, sizeof *b);
    if (!rest) add_words(p, cost, html, plain);
    if (rows && part != VIEW_WORDS) add_rows(p, html, rest ? plain : NULL);
    return !html->failed || err_memory(e, html->n);
}
